/* hint.c - what people mean when they write something else.  The contract is in hint.h. */
#include "config.h"

#include "lang/hint.h"

#include <assert.h>
#include <string.h>

/* ---- Nearest name ------------------------------------------------------------------------------------------------ */

enum { MOST_EDITS = 2 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned low = a < b ? a : b;
    return low < c ? low : c;
}

/* Insertions, deletions, replacements and swaps of neighbouring bytes that make `a` into `b`; both at most
 * KW_HINT_NAME_MAX. */
static unsigned edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned rows[3][KW_HINT_NAME_MAX + 1];
    assert(a_size <= KW_HINT_NAME_MAX && b_size <= KW_HINT_NAME_MAX);
    for (unsigned j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= a_size; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= b_size; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
    }
    return rows[a_size % 3][b_size];
}

void kw_hint_nearest_init(kw_nearest *n, const char *wanted, size_t size)
{
    *n = (kw_nearest){.wanted = wanted, .wanted_size = size, .distance = MOST_EDITS + 1};
}

void kw_hint_nearest_offer(kw_nearest *n, const char *known, size_t size)
{
    if (size > KW_HINT_NAME_MAX || n->wanted_size > KW_HINT_NAME_MAX || (known[0] == '_' && n->wanted[0] != '_'))
        return;
    unsigned distance = edits(n->wanted, n->wanted_size, known, size);
    /* more than half of the letters changed is another word */
    if (distance == 0 || distance >= n->distance || distance * 2 > n->wanted_size)
        return;
    n->best = known;
    n->best_size = size;
    n->distance = distance;
}

/* ---- Other languages --------------------------------------------------------------------------------------------- */

typedef struct foreign {
    const char *name, *hint;
} foreign;

static const foreign names[] = {
    {"elif", "write `elsif`"},
    {"elseif", "write `elsif`"},
    {"then", "leave it out: the condition ends with the line"},
    {"unless", "write `if !CONDITION`"},
    {"switch", "write `case VALUE when A ... else ... end`"},
    {"nil", "write `null`"},
    {"None", "write `null`"},
    {"NULL", "write `null`"},
    {"undefined", "write `null`"},
    {"True", "write `true`"},
    {"False", "write `false`"},
    {"puts", "write `println VALUE`"},
    {"echo", "write `println VALUE`"},
    {"printf", "write `print VALUE` or `println VALUE`"},
    {"console", "write `println VALUE`"},
    {"len", "write `VALUE.size()`"},
    {"str", "write `VALUE.to_string()`"},
    {"int", "write `VALUE.to_integer()`"},
    {"range", "write `[FIRST..LAST]`"},
    {"let", "a variable needs no word before it: `NAME = VALUE`"},
    {"function", "write `fn NAME(...) ... end`"},
    {"func", "write `fn NAME(...) ... end`"},
    {"class", "write `struct NAME ... end`"},
    {"new", "write `NAME(...)`: a struct is called to make an object"},
    {"this", "write `@` for the object, `@NAME` for its attributes"},
    {"self", "write `@` for the object, `@NAME` for its attributes"},
    {"async", "write `task::spawn(FUNCTION)`"},
    {"await", "write `task::await(TASK)`"},
    {"sleep", "write `task::sleep(MILLISECONDS)`"},
    {"pass", "leave it out: a block may be empty"},
};

/* To be suggested for values that have the method. */
static const foreign methods[] = {
    {"len", "size"},
    {"upper", "uppercase"},
    {"lower", "lowercase"},
    {"toUpperCase", "uppercase"},
    {"toLowerCase", "lowercase"},
    {"upcase", "uppercase"},
    {"downcase", "lowercase"},
    {"strip", "trim"},
    {"indexOf", "index"},
    {"includes", "contains"},
    {"include", "contains"},
    {"has", "has_key"},
    {"containsKey", "has_key"},
    {"starts_with", "begins_with"},
    {"startswith", "begins_with"},
    {"startsWith", "begins_with"},
    {"endswith", "ends_with"},
    {"endsWith", "ends_with"},
    {"forEach", "each"},
    {"foreach", "each"},
    {"select", "filter"},
    {"collect", "map"},
    {"fold", "reduce"},
    {"inject", "reduce"},
    {"add", "push"},
    {"extend", "concat"},
    {"delete", "remove"},
    {"toString", "to_string"},
    {"str", "to_string"},
    {"to_s", "to_string"},
    {"to_str", "to_string"},
    {"to_i", "to_integer"},
    {"to_int", "to_integer"},
    {"to_f", "to_float"},
    {"any", "filter"},
    {"substr", "substring"},
    {"encode", "to_bytes"},
    {"decode", "to_string"},
};

static const char *look_up(const foreign *rows, size_t count, const char *name, size_t size)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(rows[i].name) == size && memcmp(rows[i].name, name, size) == 0)
            return rows[i].hint;
    return NULL;
}

const char *kw_hint_foreign(const char *name, size_t size)
{
    return look_up(names, sizeof(names) / sizeof(names[0]), name, size);
}

const char *kw_hint_foreign_method(const char *name, size_t size)
{
    return look_up(methods, sizeof(methods) / sizeof(methods[0]), name, size);
}

void kw_hint_offer_words(kw_nearest *n)
{
    static const char *const words[] = {"print", "println", "return", "while",  "repeat",  "elsif",
                                        "else",  "struct",  "throw",  "import", "include", "package",
                                        "break", "next",    "null",   "true",   "false",   "typeof",
                                        "const", "case",    "when",   "catch",  "finally", "yield"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        kw_hint_nearest_offer(n, words[i], strlen(words[i]));
}
