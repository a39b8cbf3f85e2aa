/* hint.c - what people mean when they write something else.  The contract is in hint.h. */
#include "config.h"

#include "lang/hint.h"

#include <string.h>

/* ---- Nearest name ------------------------------------------------------------------------------------------------ */

enum { MOST_EDITS = 2 };

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned low = a < b ? a : b;
    return low < c ? low : c;
}

/* Insertions, deletions and replacements of bytes that make `a` into `b`; both at most KW_HINT_NAME_MAX. */
static unsigned edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned row[KW_HINT_NAME_MAX + 1];
    for (unsigned j = 0; j <= b_size; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_size; i++) {
        unsigned corner = row[0]; /* of the row above, one to the left */
        row[0] = i;
        for (unsigned j = 1; j <= b_size; j++) {
            unsigned above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, corner + (a[i - 1] != b[j - 1]));
            corner = above;
        }
    }
    return row[b_size];
}

void kw_nearest_init(kw_nearest *n, const char *wanted, size_t size)
{
    *n = (kw_nearest){.wanted = wanted, .wanted_size = size, .distance = MOST_EDITS + 1};
}

void kw_nearest_offer(kw_nearest *n, const char *known, size_t size)
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

static const struct {
    const char *name, *hint;
} foreign[] = {
    {"elif", "write `elsif`"},
    {"elseif", "write `elsif`"},
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
    {"let", "a variable needs no word before it: `NAME = VALUE`"},
    {"function", "write `fn NAME(...) ... end`"},
    {"func", "write `fn NAME(...) ... end`"},
    {"class", "write `struct NAME ... end`"},
    {"this", "write `@` for the object, `@NAME` for its attributes"},
    {"self", "write `@` for the object, `@NAME` for its attributes"},
};

const char *kw_hint_foreign(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        if (strlen(foreign[i].name) == size && memcmp(foreign[i].name, name, size) == 0)
            return foreign[i].hint;
    return NULL;
}

void kw_hint_offer_words(kw_nearest *n)
{
    static const char *const words[] = {"print", "println", "return", "while", "repeat", "elsif", "else", "struct",
                                        "throw", "import", "include", "package", "break", "next", "null", "true",
                                        "false", "typeof", "const", "case", "when", "catch", "finally", "yield"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        kw_nearest_offer(n, words[i], strlen(words[i]));
}

/* ---- Syntax ------------------------------------------------------------------------------------------------------ */

#define ARROW_FORM "an arrow lambda is written `do (x) => VALUE`"

/* The first row fits whose `message` begins the message and whose `text` (NULL: any) is in the source. */
static const struct {
    const char *message, *text, *hint;
} mistakes[] = {
    {"Expected 'do' in while-loop.", NULL, "write `while CONDITION do ... end`"},
    {"Expected 'do' in for-loop.", NULL, "write `for NAME in VALUES do ... end`"},
    {"Expected identifier in for-loop.", NULL, "write `for NAME in VALUES do ... end`"},
    {"Expected 'do' in lambda expression.", NULL, "a lambda is `with (x) do ... end` or `do (x) => VALUE`"},
    {"Unexpected token in statement: Arrow", NULL, ARROW_FORM},
    {"Expected ')' or ','", "=>", ARROW_FORM},
    {"Unexpected token `>`", "->", ARROW_FORM},
    {"Unexpected token ';'", NULL, "statements need nothing between them: leave out the `;`"},
    {"Expected a type name in return type hint.", NULL, "no `:` begins a block; after `)` it begins a return type"},
    {"Unclosed '", "else if", "`else if` opens another `if` with an `end` of its own; write `elsif`"},
    {"Unclosed '", "=>", "an `end` is missing; note that an arrow lambda takes the next `end` with it"},
    {"Unclosed '", NULL, "an `end` is missing for the block opened at that line, or for one inside it"},
    {"Expected if-statement or case-statement.", "function ", "write `fn NAME(...) ... end`"},
    {"Expected if-statement or case-statement.", NULL, "no block is open here: is there an `end` too many above?"},
};

static bool contains(const char *source, size_t size, const char *text)
{
    size_t wanted = strlen(text);
    for (size_t i = 0; source != NULL && i + wanted <= size; i++)
        if (memcmp(source + i, text, wanted) == 0)
            return true;
    return false;
}

const char *kw_hint_syntax(const char *message, const char *source, size_t size)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++)
        if (strncmp(message, mistakes[i].message, strlen(mistakes[i].message)) == 0 &&
            (mistakes[i].text == NULL || contains(source, size, mistakes[i].text)))
            return mistakes[i].hint;
    return NULL;
}
