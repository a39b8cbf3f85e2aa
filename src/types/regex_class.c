/* regex_class.c - character classes, properties and escapes of a pattern (regex_scan.h). */
#include "config.h"

#include "types/regex_scan.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "types/unicode.h"

enum { MAX_SUBTRACTIONS = 50 }; /* classes inside classes: each is a call on our stack */

/* ---- Escapes that are one character ---------------------------------------------------------- */

static bool hex_digits(kw_regex_scan *s, unsigned count, uint32_t *out)
{
    *out = 0;
    if (s->size - s->pos >= count)
        for (; count > 0; count--, s->pos++) {
            int digit = kw_text_hex_digit(s->text[s->pos]);
            if (digit < 0)
                break;
            *out = *out << 4 | (uint32_t)digit;
        }
    return count == 0 || kw_regex_fail_plain(s, "Insufficient or invalid hexadecimal digits.");
}

/* \uXXXX; two of them may be the halves of one character. */
static bool utf16_escape(kw_regex_scan *s, uint32_t *out)
{
    if (!hex_digits(s, 4, out))
        return false;
    if (*out < 0xD800 || *out > 0xDBFF || kw_regex_peek(s, 0) != '\\' || kw_regex_peek(s, 1) != 'u')
        return true;
    size_t here = s->pos;
    uint32_t low;
    s->pos += 2;
    if (!hex_digits(s, 4, &low))
        return false;
    if (low >= 0xDC00 && low <= 0xDFFF)
        *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    else
        s->pos = here;
    return true;
}

static bool control_escape(kw_regex_scan *s, uint32_t *out)
{
    if (s->pos == s->size)
        return kw_regex_fail_plain(s, "Missing control character.");
    unsigned char c = (unsigned char)s->text[s->pos++];
    if (c >= 'a' && c <= 'z')
        c = (unsigned char)(c - 'a' + 'A');
    *out = (uint32_t)c - '@';
    return *out < 32 || kw_regex_fail_plain(s, "Unrecognized control character.");
}

bool kw_regex_char_escape(kw_regex_scan *s, uint32_t *out)
{
    assert(s->pos < s->size);
    static const char letters[] = "abefnrtv", meanings[] = "\a\b\033\f\n\r\t\v";
    char c = s->text[s->pos];
    *out = 0;
    if (c >= '0' && c <= '7') {
        for (int i = 0; i < 3 && kw_regex_peek(s, 0) >= '0' && kw_regex_peek(s, 0) <= '7'; i++)
            *out = *out * 8 + (uint32_t)(s->text[s->pos++] - '0');
        *out &= 0xFF;
        return true;
    }
    const char *at = s->text + s->pos;
    *out = kw_utf8_next(&at);
    s->pos = (size_t)(at - s->text);
    if (c == 'x')
        return hex_digits(s, 2, out);
    if (c == 'u')
        return utf16_escape(s, out);
    if (c == 'c')
        return control_escape(s, out);
    const char *letter = c == '\0' ? NULL : strchr(letters, c);
    if (letter != NULL)
        *out = (uint32_t)meanings[letter - letters];
    else if (*out < 0x80 && kw_regex_is_word(c))
        return kw_regex_fail(s, "Unrecognized escape sequence \\", &c, 1, ".");
    return true;
}

/* ---- Shorthands ------------------------------------------------------------------------------ */

/* Word characters are letters, marks that need no space, decimal digits and connectors; at a border
 * of words the two joiners, too.  The complements cannot be written as "not" inside a class. */
#define WORD   "\\p{L}\\p{Mn}\\p{Nd}\\p{Pc}"
#define BORDER "[" WORD "\\x{200c}\\x{200d}]"
static const struct shorthand {
    char letter;
    const char *ascii; /* anywhere, for ASCII subjects */
    const char *outside;
    const char *inside; /* in a class */
} shorthands[] = {
    {'d', "\\d", "\\p{Nd}", "\\p{Nd}"},
    {'D', "\\D", "\\P{Nd}", "\\P{Nd}"},
    {'w', "\\w", "[" WORD "]", WORD},
    {'W', "\\W", "[^" WORD "]",
     "\\p{Mc}\\p{Me}\\p{Nl}\\p{No}\\p{Pd}\\p{Ps}\\p{Pe}\\p{Pi}\\p{Pf}\\p{Po}\\p{S}\\p{Z}\\p{C}"},
    {'s', "\\s", "[\\x{9}-\\x{d}\\x{85}\\p{Z}]", "\\x{9}-\\x{d}\\x{85}\\p{Z}"},
    {'S', "\\S", "[^\\x{9}-\\x{d}\\x{85}\\p{Z}]",
     "\\x{0}-\\x{8}\\x{e}-\\x{1f}\\x{7f}-\\x{84}\\x{86}-\\x{9f}\\p{Cf}\\p{Cn}\\p{Co}\\p{L}\\p{M}\\p{N}\\p{P}"
     "\\p{S}"},
};

static const struct shorthand *find_shorthand(char letter)
{
    for (size_t i = 0; i < sizeof(shorthands) / sizeof(shorthands[0]); i++)
        if (shorthands[i].letter == letter)
            return &shorthands[i];
    return NULL;
}

const char *kw_regex_boundary(const kw_regex_scan *s, bool negated)
{
    if (s->ascii)
        return negated ? "\\B" : "\\b";
    return negated ? "(?:(?<=" BORDER ")(?=" BORDER ")|(?<!" BORDER ")(?!" BORDER "))"
                   : "(?:(?<=" BORDER ")(?!" BORDER ")|(?<!" BORDER ")(?=" BORDER "))";
}

/* ---- Properties ------------------------------------------------------------------------------ */

static bool is_category(const char *name, size_t size)
{
    static const char names[] = " L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So"
                                " Z Zl Zp Zs C Cc Cf Cn Co Cs ";
    if (size == 0 || size > 2)
        return false;
    for (const char *at = names; (at = strchr(at, ' ')) != NULL && at[1] != '\0'; at++)
        if (memcmp(at + 1, name, size) == 0 && at[1 + size] == ' ')
            return true;
    return false;
}

static void put_range(kw_buf *out, uint32_t first, uint32_t last)
{
    assert(last <= 0x10FFFF); /* or `text` may be too short */
    char text[40];
    if (first >= 0xD800 && first <= 0xDFFF) /* halves of characters: no text has them */
        first = 0xE000;
    if (last >= 0xD800 && last <= 0xDFFF)
        last = 0xD7FF;
    if (first > last)
        return;
    int size = first == last ? snprintf(text, sizeof(text), "\\x{%x}", (unsigned)first)
                             : snprintf(text, sizeof(text), "\\x{%x}-\\x{%x}", (unsigned)first, (unsigned)last);
    kw_buf_put(out, text, (size_t)size);
}

static void put_block(kw_buf *out, uint32_t first, uint32_t last, bool negated)
{
    if (!negated) {
        put_range(out, first, last);
        return;
    }
    if (first > 0)
        put_range(out, 0, first - 1);
    put_range(out, last + 1, 0x10FFFF);
}

static bool property_name(kw_regex_scan *s, const char **name, size_t *size)
{
    *name = s->text + s->pos;
    *size = 0;
    if (s->size - s->pos < 3)
        return kw_regex_fail_plain(s, "Incomplete \\p{X} character escape.");
    if (s->text[s->pos++] != '{')
        return kw_regex_fail_plain(s, "Malformed \\p{X} character escape.");
    *name = s->text + s->pos;
    while (s->pos < s->size && (kw_regex_is_word(s->text[s->pos]) || s->text[s->pos] == '-'))
        s->pos++;
    *size = (size_t)(s->text + s->pos - *name);
    if (s->pos == s->size || s->text[s->pos++] != '}')
        return kw_regex_fail_plain(s, "Incomplete \\p{X} character escape.");
    return true;
}

static void write_set(kw_buf *out, const kw_buf *items, bool negated)
{
    if (items->size == 0) { /* nothing but halves of characters */
        kw_buf_puts(out, negated ? "[\\x{0}-\\x{10ffff}]" : "(?!)");
        return;
    }
    kw_buf_puts(out, negated ? "[^" : "[");
    kw_buf_put(out, items->text, items->size);
    kw_buf_puts(out, "]");
}

/* After \p or \P: write what may stand in a class. */
static bool property(kw_regex_scan *s, kw_buf *out, bool negated)
{
    const char *name;
    size_t size;
    if (!property_name(s, &name, &size))
        return false;
    uint32_t first, last;
    if (s->counting)
        return true;
    if (kw_regex_block(name, size, &first, &last)) {
        put_block(out, first, last, negated);
        return true;
    }
    if (!is_category(name, size))
        return kw_regex_fail(s, "Unknown property '", name, size, "'.");
    if ((s->options & KW_REGEX_I) && size == 2 && name[0] == 'L' && strchr("lut", name[1]) != NULL)
        name = "L&"; /* letters of either case */
    kw_buf_puts(out, negated ? "\\P{" : "\\p{");
    kw_buf_put(out, name, size);
    kw_buf_puts(out, "}");
    return true;
}

bool kw_regex_shorthand(kw_regex_scan *s)
{
    char letter = s->text[s->pos++];
    kw_buf *out = &s->p->out;
    if (letter != 'p' && letter != 'P') {
        const struct shorthand *h = find_shorthand(letter);
        assert(h != NULL); /* kw_regex_backslash() has looked at the letter */
        if (!s->counting)
            kw_buf_puts(out, s->ascii ? h->ascii : h->outside);
        return true;
    }
    kw_buf items;
    kw_buf_init(&items);
    bool ok = property(s, &items, letter == 'P');
    if (ok && !s->counting)
        write_set(out, &items, false);
    s->p->no_memory |= items.failed;
    kw_buf_free(&items);
    return ok;
}

/* ---- Classes --------------------------------------------------------------------------------- */

typedef struct class_state {
    kw_buf *items;
    kw_buf *minus; /* the class subtracted */
    unsigned depth;
    bool in_range; /* after "a-" */
    uint32_t from; /* where that range begins */
    bool first, subtracted;
} class_state;

static bool add_range(kw_regex_scan *s, class_state *c, uint32_t first, uint32_t last)
{
    if (s->counting)
        return true;
    if (first > last)
        return kw_regex_fail_plain(s, "[x-y] range in reverse order.");
    put_range(c->items, first, last);
    return true;
}

static bool subtract(kw_regex_scan *s, class_state *c)
{
    if (c->depth >= MAX_SUBTRACTIONS)
        return kw_regex_fail_plain(s, "Too many nested subtractions.");
    if (!kw_regex_class(s, c->minus, c->depth + 1))
        return false;
    c->subtracted = true;
    if (!s->counting && s->pos < s->size && s->text[s->pos] != ']')
        return kw_regex_fail_plain(s, "A subtraction must be the last element in a character class.");
    return true;
}

/* After "\" in a class.  *done: it was no single character and is dealt with. */
static bool class_escape(kw_regex_scan *s, class_state *c, uint32_t *ch, bool *done)
{
    char letter = s->text[s->pos];
    const struct shorthand *h = find_shorthand(letter);
    *done = true;
    if (h != NULL || letter == 'p' || letter == 'P') {
        s->pos++;
        if (c->in_range && !s->counting)
            return kw_regex_fail(s, "Cannot include class \\", &letter, 1, " in character range.");
        if (h == NULL)
            return property(s, c->items, letter == 'P');
        if (!s->counting)
            kw_buf_puts(c->items, s->ascii ? h->ascii : h->inside);
        return true;
    }
    if (letter == '-') {
        s->pos++;
        bool ok = add_range(s, c, c->in_range ? c->from : '-', '-');
        c->in_range = false;
        return ok;
    }
    *done = false;
    return kw_regex_char_escape(s, ch);
}

/* A character of a class: it begins or ends a range, begins a subtraction, or stands for itself. */
static bool class_char(kw_regex_scan *s, class_state *c, uint32_t ch, bool escaped)
{
    if (c->in_range) {
        c->in_range = false;
        if (ch == '[' && !escaped && !c->first && !s->counting)
            return add_range(s, c, c->from, c->from) && subtract(s, c);
        return add_range(s, c, c->from, ch);
    }
    if (s->pos + 1 < s->size && s->text[s->pos] == '-' && s->text[s->pos + 1] != ']') {
        c->from = ch;
        c->in_range = true;
        s->pos++;
        return true;
    }
    if (ch == '-' && !escaped && !c->first && kw_regex_peek(s, 0) == '[') {
        s->pos++;
        return subtract(s, c);
    }
    return add_range(s, c, ch, ch);
}

static bool class_items(kw_regex_scan *s, class_state *c)
{
    for (c->first = true; s->pos < s->size; c->first = false) {
        const char *at = s->text + s->pos;
        uint32_t ch = kw_utf8_next(&at);
        s->pos = (size_t)(at - s->text);
        if (ch == ']' && !c->first)
            return true;
        bool escaped = false, done = false;
        if (ch == '\\' && s->pos < s->size) {
            escaped = true;
            if (!class_escape(s, c, &ch, &done))
                return false;
        } else if (ch == '[' && !c->in_range && kw_regex_peek(s, 0) == ':' && kw_regex_peek(s, 1) == ':' &&
                   kw_regex_peek(s, 2) == ']') {
            s->pos += 3; /* all that is left of POSIX names there: they are skipped */
        }
        if (!done && !class_char(s, c, ch, escaped))
            return false;
    }
    return kw_regex_fail_plain(s, "Unterminated [] set.");
}

/* base - minus is written as: not minus here, and base. */
static void write_class(kw_buf *out, const class_state *c, bool negated)
{
    if (c->subtracted) {
        kw_buf_puts(out, "(?:(?!");
        kw_buf_put(out, c->minus->text, c->minus->size);
        kw_buf_puts(out, ")");
    }
    write_set(out, c->items, negated);
    if (c->subtracted)
        kw_buf_puts(out, ")");
}

bool kw_regex_class(kw_regex_scan *s, kw_buf *out, unsigned depth)
{
    assert(depth <= MAX_SUBTRACTIONS);
    kw_buf items, minus;
    kw_buf_init(&items);
    kw_buf_init(&minus);
    class_state c = {.items = &items, .minus = &minus, .depth = depth};
    bool negated = kw_regex_peek(s, 0) == '^';
    s->pos += negated;
    bool ok = class_items(s, &c);
    if (ok && !s->counting)
        write_class(out, &c, negated);
    s->p->no_memory |= items.failed || minus.failed;
    kw_buf_free(&items);
    kw_buf_free(&minus);
    return ok;
}
