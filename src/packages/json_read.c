/* json_read.c - from JSON text to values.  See json_read.h. */
#include "config.h"

#include "packages/json_read.h"

#include <assert.h>
#include <float.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/text.h"

/* ---- Errors ------------------------------------------------------------------------------------------ */

/* Throw a JsonError with the place of `at`, which the reader then stands at.  Always false. */
static bool fail(kp_json_reader *r, const char *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool fail(kp_json_reader *r, const char *at, const char *format, ...)
{
    assert(r->text <= at && at <= r->end);
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    size_t line = 0;
    const char *start = r->text;
    for (const char *p = start; (p = memchr(p, '\n', (size_t)(at - p))) != NULL; line++)
        start = ++p;
    (void)kw_throw(r->vm, "JsonError", "%s LineNumber: %zu | BytePositionInLine: %zu.", text, line,
                   (size_t)(at - start));
    return false;
}

/* The character at `at` does not fit; `why` follows its name. */
static bool wrong(kp_json_reader *r, const char *at, const char *why)
{
    char c = *at;
    if (c >= ' ' && c < 0x7F)
        return fail(r, at, "'%c' %s", c, why);
    return fail(r, at, "'0x%02X' %s", (unsigned)(unsigned char)c, why);
}

static bool at_end(const kp_json_reader *r, const char *at)
{
    return at >= r->end;
}

/* The text is over before the value is. */
static bool unfinished(kp_json_reader *r)
{
    if (r->depth > 0)
        return fail(r, r->end,
                    "Expected depth to be zero at the end of the JSON payload. There is an open JSON "
                    "object or array that should be closed.");
    return fail(r, r->end,
                "The input does not contain any JSON tokens. Expected the input to start with a valid "
                "JSON token, when isFinalBlock is true.");
}

/* ---- Between tokens ---------------------------------------------------------------------------------- */

/* Pass the comment that begins at r->at.  false: thrown. */
static bool skip_comment(kp_json_reader *r)
{
    const char *p = r->at + 1;
    if (*p == '/') {
        p = memchr(p, '\n', (size_t)(r->end - p));
        r->at = p != NULL ? p : r->end;
        return true;
    }
    if (*p != '*')
        return at_end(r, p) ? fail(r, p, "Expected end of comment, but instead reached end of data.")
                            : wrong(r, p,
                                    "is invalid after '/' at the beginning of the comment. Expected either "
                                    "'/' or '*'.");
    do
        p = memchr(p + 1, '*', (size_t)(r->end - p - 1));
    while (p != NULL && p[1] != '/');
    if (p == NULL || p == r->at + 1)
        return fail(r, r->end, "Expected end of comment, but instead reached end of data.");
    r->at = p + 2;
    return true;
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Pass white space and comments: *c is the next character, NUL at the end, too.  false: thrown. */
static inline bool skip(kp_json_reader *r, char *c)
{
    for (;;) {
        while (is_blank(*r->at))
            r->at++;
        *c = *r->at;
        if (*c != '/')
            return true;
        if (!skip_comment(r))
            return false;
    }
}

/* ---- Strings ----------------------------------------------------------------------------------------- */

/* Which of the eight bytes of `w` may be a quotation mark, a backslash or a control character: bit 7 of each is set
 * where it is, and the lowest one that is set is right. */
static inline uint64_t special_bytes(uint64_t w)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
    return (((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((w - ones * ' ') & ~w)) & high;
}

/* The first byte from `p` on that does not stand for itself in a string; *any gathers all bits before it. */
static inline const char *plain_end(const char *p, const char *end, uint64_t *any)
{
    uint64_t w;
    for (; end - p >= 8 && (memcpy(&w, p, 8), special_bytes(w) == 0); p += 8)
        *any |= w;
    while (*p != '"' && *p != '\\' && (unsigned char)*p >= ' ')
        *any |= (unsigned char)*p++;
    return p;
}

/* There is no hexadecimal digit at `p`.  Always -1. */
static int32_t no_hex(kp_json_reader *r, const char *p)
{
    if (at_end(r, p))
        (void)fail(r, p, "Expected end of string, but instead reached end of data.");
    else
        (void)wrong(r, p,
                    "is not a hex digit following '\\u' within a JSON string. The string should be correctly "
                    "escaped.");
    return -1;
}

/* The number that four hexadecimal digits at `p` are; -1: thrown. */
static inline int32_t hex_unit(kp_json_reader *r, const char *p)
{
    int32_t unit = 0;
    for (int i = 0; i < 4; i++) {
        unsigned digit = (unsigned)(unsigned char)p[i] - '0', letter = ((unsigned)(unsigned char)p[i] | 0x20) - 'a';
        if (digit > 9 && letter > 5)
            return no_hex(r, p + i);
        unit = unit * 16 + (int32_t)(digit <= 9 ? digit : letter + 10);
    }
    return unit;
}

static bool is_high(int32_t unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

static bool is_low(int32_t unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

/* \uXXXX with its digits at *p: the character, of two of them where they are a pair.  false: thrown. */
static bool unicode_escape(kp_json_reader *r, const char **p, char **to)
{
    int32_t unit = hex_unit(r, *p);
    if (unit < 0)
        return false;
    *p += 4;
    if (is_high(unit) && (*p)[0] == '\\' && (*p)[1] == 'u') {
        int32_t low = hex_unit(r, *p + 2);
        if (low < 0)
            return false;
        if (is_low(low)) {
            *p += 6;
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    bool half = is_high(unit) || is_low(unit); /* no character by itself */
    *to += kw_text_encode(half ? 0xFFFD : (uint32_t)unit, *to);
    return true;
}

/* The character behind a backslash at *p.  false: thrown. */
static bool escape(kp_json_reader *r, const char **p, char **to)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = **p;
    if (c == 'u') {
        (*p)++;
        return unicode_escape(r, p, to);
    }
    const char *at = c != '\0' ? strchr(names, c) : NULL;
    if (at == NULL)
        return at_end(r, *p) ? fail(r, *p, "Expected end of string, but instead reached end of data.")
                             : wrong(r, *p,
                                     "is an invalid escapable character within a JSON string. The string "
                                     "should be correctly escaped.");
    *(*to)++ = meant[at - names];
    (*p)++;
    return true;
}

/* `p` stands at what ends the plain part of a string: is that an end?  false: thrown. */
static bool ends_well(kp_json_reader *r, const char *p)
{
    assert(p <= r->end); /* the NUL there is not plain */
    if (*p == '"')
        return true;
    if (at_end(r, p))
        return fail(r, p, "Expected end of string, but instead reached end of data.");
    return wrong(r, p, "is invalid within a JSON string. The string should be correctly escaped.");
}

/* A string with escapes: its text begins at `start`, the first of them is at `p`.  NULL: thrown. */
static kw_string *escaped_string(kp_json_reader *r, const char *start, const char *p)
{
    enum { LONGEST = 4 }; /* character that an escape stands for */
    kw_buf buf;
    uint64_t any = 0;
    bool more = true, ok = true;
    kw_buf_init(&buf);
    while (ok && more) {
        size_t plain = (size_t)(p - start);
        char *to = kw_buf_room(&buf, plain + LONGEST);
        if (to == NULL)
            return kw_buf_string(r->vm, &buf);
        memcpy(to, start, plain);
        to += plain;
        more = *p == '\\';
        if (more) {
            start = p + 1;
            ok = escape(r, &start, &to);
            p = plain_end(start, r->end, &any);
        }
        buf.size = (size_t)(to - buf.text);
        assert(buf.size <= buf.cap); /* no escape stands for more than LONGEST bytes */
    }
    if (!ok || !ends_well(r, p)) {
        kw_buf_free(&buf);
        return NULL;
    }
    r->at = p + 1;
    return kw_buf_string(r->vm, &buf);
}

/* The key of these bytes. */
static kw_string *known_key(kp_json_reader *r, const char *text, size_t size, size_t length)
{
    enum { LONGEST = 48 };
    if (size == 0 || size > LONGEST)
        return kw_string_valid(r->vm, text, size, length);
    const unsigned char *p = (const unsigned char *)text;
    size_t hash = size * 7 + p[0] * 31u + p[size / 2] * 5u + p[size - 1] * 17u;
    kw_string **slot = &r->keys->recent[hash % KP_JSON_KEYS];
    if (*slot == NULL || (*slot)->size != size || memcmp((*slot)->text, text, size) != 0)
        *slot = kw_string_valid(r->vm, text, size, length);
    return *slot;
}

/* The string whose quotation mark is at r->at.  NULL: thrown. */
static kw_string *read_string(kp_json_reader *r, bool is_key)
{
    uint64_t any = 0;
    const char *start = r->at + 1, *p = plain_end(start, r->end, &any);
    if (*p == '\\')
        return escaped_string(r, start, p);
    if (!ends_well(r, p))
        return NULL;
    r->at = p + 1;
    size_t size = (size_t)(p - start), length = (any & 0x8080808080808080u) == 0 ? size : SIZE_MAX;
    return is_key ? known_key(r, start, size, length) : kw_string_valid(r->vm, start, size, length);
}

/* ---- Numbers ----------------------------------------------------------------------------------------- */

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Pass digits, of which there must be one; *n takes them behind those that it has.  false: thrown. */
static inline bool digits(kp_json_reader *r, const char **at, uint64_t *n, const char *after)
{
    const char *p = *at;
    if (!is_digit(*p))
        return at_end(r, p) ? fail(r, p, "Expected a digit ('0'-'9'), but instead reached end of data.")
                            : wrong(r, p, after);
    for (; is_digit(*p); p++)
        *n = *n * 10 + (uint64_t)(*p - '0');
    *at = p;
    return true;
}

/* n * 10^exponent, of the number of `count` digits at `text`. */
static double to_float(const char *text, uint64_t n, bool negative, size_t count, int64_t exponent)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    enum { EXACT_POWER = 22, MOST_DIGITS = 19 };
    bool exact = FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 1;
    if (!exact || count > MOST_DIGITS || n > (uint64_t)1 << 53 || exponent > EXACT_POWER || exponent < -EXACT_POWER)
        return strtod(text, NULL);
    /* both are doubles without error, so that their product or quotient is rounded once */
    double d = exponent < 0 ? (double)n / powers[-exponent] : (double)n * powers[exponent];
    return negative ? -d : d;
}

/* The exponent behind a mantissa; 0 if there is none.  false: thrown. */
static bool read_exponent(kp_json_reader *r, const char **p, int64_t *exponent)
{
    if (**p != 'e' && **p != 'E')
        return true;
    (*p)++;
    bool negative = **p == '-';
    if (negative || **p == '+')
        (*p)++;
    uint64_t n = 0;
    const char *first = *p;
    if (!digits(r, p, &n, "is an invalid end of a number. Expected a digit ('0'-'9')."))
        return false;
    enum { SURE = 18 }; /* more digits may not fit; to_float() leaves them to the library */
    int64_t size = *p - first > SURE ? INT32_MAX : (int64_t)n;
    *exponent = negative ? -size : size;
    return true;
}

/* A number that is no integer for one of 64 bits. */
static bool read_float(kp_json_reader *r, const char *p, uint64_t n, size_t count, bool negative, kw_value *out)
{
    int64_t exponent = 0, decimals = 0;
    if (*p == '.') {
        const char *first = ++p;
        if (!digits(r, &p, &n,
                    "is invalid within a number, immediately after a decimal point ('.'). Expected a "
                    "digit ('0'-'9')."))
            return false;
        decimals = p - first;
    }
    if (!read_exponent(r, &p, &exponent))
        return false;
    *out = kw_float(to_float(r->at, n, negative, count + (size_t)decimals, exponent - decimals));
    r->at = p;
    return true;
}

static bool read_number(kp_json_reader *r, kw_value *out)
{
    const char *p = r->at;
    bool negative = *p == '-';
    const char *first = p += negative ? 1 : 0;
    uint64_t n = 0;
    if (!digits(r, &p, &n,
                "is invalid within a number, immediately after a sign character ('+' or '-'). Expected "
                "a digit ('0'-'9')."))
        return false;
    if (*first == '0' && p - first > 1)
        return fail(r, first + 1, "Invalid leading zero before '%c'.", first[1]);
    enum { MOST_DIGITS = 19 };
    size_t count = (size_t)(p - first);
    bool whole = *p != '.' && *p != 'e' && *p != 'E';
    if (whole && count <= MOST_DIGITS && n <= (uint64_t)INT64_MAX + (negative ? 1 : 0)) {
        *out = kw_int((int64_t)(negative ? 0 - n : n));
        r->at = p;
    } else if (!read_float(r, p, n, count, negative, out)) {
        return false;
    }
    char next = *r->at;
    if (next == ',' || next == ']' || next == '}' || next == '/' || is_blank(next) || at_end(r, r->at))
        return true;
    return wrong(r, r->at, "is an invalid end of a number. Expected a delimiter.");
}

/* ---- Values ------------------------------------------------------------------------------------------ */

/* Twice the room for values.  false: thrown. */
static bool grow(kp_json_reader *r)
{
    bool few = r->values == r->few;
    size_t size = r->cap * sizeof(kw_value);
    kw_value *grown = kw_heap_try_realloc(r->vm, few ? NULL : r->values, few ? 0 : size, 2 * size);
    if (grown == NULL)
        return false;
    if (few)
        memcpy(grown, r->few, size);
    r->values = grown;
    r->cap *= 2;
    return true;
}

static inline bool push(kp_json_reader *r, kw_value v)
{
    if (r->count == r->cap && !grow(r))
        return false;
    kw_copy(&r->values[r->count++], &v);
    return true;
}

static inline bool in_map(const kp_json_reader *r)
{
    return r->depth > 0 && (r->maps >> (r->depth - 1) & 1) != 0;
}

static bool open_container(kp_json_reader *r, bool is_map)
{
    if (r->depth == KP_JSON_DEPTH)
        return fail(r, r->at, "The maximum configured depth of %d has been exceeded. Cannot read next JSON %s.",
                    KP_JSON_DEPTH, is_map ? "object" : "array");
    uint64_t bit = (uint64_t)1 << r->depth;
    r->maps = is_map ? r->maps | bit : r->maps & ~bit;
    r->open[r->depth++] = r->count;
    r->at++;
    return true;
}

/* Make the innermost container of its elements, in their place.  false: thrown. */
static bool close_container(kp_json_reader *r)
{
    assert(r->depth > 0);
    bool is_map = in_map(r);
    size_t from = r->open[--r->depth], count = r->count - from;
    assert(from <= r->count && (!is_map || count % 2 == 0)); /* each key has its value */
    const kw_value *values = r->values + from;
    kw_value made;
    if (is_map) {
        kw_map *map = kw_map_of(r->vm, values, count / 2);
        if (map == NULL)
            return false;
        made = kw_of_map(map);
    } else {
        kw_list *list = kw_list_new(r->vm, count);
        if (list == NULL)
            return false;
        if (count > 0)
            memcpy(list->items, values, count * sizeof(*values));
        list->count = count;
        made = kw_of_list(list);
    }
    r->count = from;
    r->at++;
    return push(r, made);
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool read_literal(kp_json_reader *r, char c, kw_value *out)
{
    static const struct {
        const char *text;
        kw_value value;
    } literals[] = {{"null", {.tag = KW_NULL}}, {"true", {.tag = KW_BOOL, .as.i = 1}}, {"false", {.tag = KW_BOOL}}};
    size_t at = c == 'n' ? 0 : c == 't' ? 1 : 2, same = 0, shown = 0;
    const char *text = literals[at].text;
    while (text[same] != '\0' && r->at[same] == text[same])
        same++;
    if (text[same] == '\0') {
        r->at += same;
        *out = literals[at].value;
        return true;
    }
    enum { MOST_SHOWN = 32 };
    while (shown < MOST_SHOWN && is_word(r->at[shown]))
        shown++;
    return fail(r, r->at + same, "'%.*s' is an invalid JSON literal. Expected the literal '%s'.", (int)shown, r->at,
                text);
}

/* A value that is not in parts, `c` being its first character. */
static bool read_scalar(kp_json_reader *r, char c, kw_value *out)
{
    if (c == '"') {
        kw_string *s = read_string(r, false);
        *out = s != NULL ? kw_of_string(s) : kw_undef();
        return s != NULL;
    }
    if (is_digit(c) || c == '-')
        return read_number(r, out);
    if (c == 'n' || c == 't' || c == 'f')
        return read_literal(r, c, out);
    return at_end(r, r->at) ? unfinished(r) : wrong(r, r->at, "is an invalid start of a value.");
}

/* A key with its colon. */
static bool read_key(kp_json_reader *r)
{
    char c;
    if (*r->at != '"')
        return at_end(r, r->at) ? unfinished(r)
                                : wrong(r, r->at, "is an invalid start of a property name. Expected a '\"'.");
    kw_string *key = read_string(r, true);
    if (key == NULL || !push(r, kw_of_string(key)) || !skip(r, &c))
        return false;
    if (c != ':')
        return at_end(r, r->at) ? unfinished(r) : wrong(r, r->at, "is invalid after a property name. Expected a ':'.");
    r->at++;
    return true;
}

/* What follows a value: the ends of containers, and a comma or the end of the text.  false: thrown. */
static bool read_end(kp_json_reader *r)
{
    char c;
    while (skip(r, &c)) {
        if (r->depth == 0)
            return at_end(r, r->at) || wrong(r, r->at, "is invalid after a single JSON value. Expected end of data.");
        if (c == ',') {
            r->at++;
            return true;
        }
        if (c == (in_map(r) ? '}' : ']')) {
            if (!close_container(r))
                return false;
        } else if (at_end(r, r->at)) {
            return unfinished(r);
        } else if (c == '}' || c == ']') {
            return wrong(r, r->at, "is invalid without a matching open.");
        } else {
            return wrong(r, r->at, "is invalid after a value. Expected either ',', '}', or ']'.");
        }
    }
    return false;
}

/* One value with what leads to it and what follows: false: thrown. */
static inline bool step(kp_json_reader *r)
{
    char c;
    kw_value v = kw_undef();
    if (!skip(r, &c))
        return false;
    if (r->depth > 0 && c == (in_map(r) ? '}' : ']'))
        return close_container(r) && read_end(r);
    if (in_map(r) && (!read_key(r) || !skip(r, &c)))
        return false;
    if (c == '{' || c == '[')
        return open_container(r, c == '{');
    return read_scalar(r, c, &v) && push(r, v) && read_end(r);
}

/* ---- The whole --------------------------------------------------------------------------------------- */

void kp_json_read_begin(kp_json_reader *r, kw_vm *vm, kp_json_keys *keys, const char *text, size_t size)
{
    assert(text[size] == '\0');
    r->vm = vm;
    r->keys = keys;
    r->text = r->at = text;
    r->end = text + size;
    r->values = r->few;
    r->count = 0;
    r->cap = sizeof(r->few) / sizeof(r->few[0]);
    r->maps = 0;
    r->depth = 0;
}

kp_json_status kp_json_read_go_on(kp_json_reader *r)
{
    do {
        if (!step(r) || !kw_go_on(r->vm))
            return KP_JSON_FAILED;
        if (r->depth == 0) {
            assert(r->count == 1); /* all else has become part of the value */
            return KP_JSON_DONE;
        }
    } while (!kw_slice_over(r->vm));
    return KP_JSON_MORE;
}

void kp_json_read_end(kp_json_reader *r)
{
    if (r->values != r->few)
        kw_heap_release(r->vm, r->values, r->cap * sizeof(kw_value));
    r->values = r->few;
    r->count = 0;
    r->cap = sizeof(r->few) / sizeof(r->few[0]);
}

kp_json_reader *kp_json_read_keep(kp_json_reader *r)
{
    kp_json_reader *kept = kw_heap_realloc(r->vm, NULL, 0, sizeof(*kept));
    *kept = *r;
    if (r->values == r->few)
        kept->values = kept->few;
    r->values = r->few;
    return kept;
}

void kp_json_read_drop(kw_vm *vm, void *reader)
{
    kp_json_read_end(reader);
    kw_heap_release(vm, reader, sizeof(kp_json_reader));
}

void kp_json_read_mark(kw_vm *vm, void *reader)
{
    const kp_json_reader *r = reader;
    for (size_t i = 0; i < r->count; i++)
        kw_gc_mark_value(vm, r->values[i]);
}

void kp_json_read_mark_keys(kw_vm *vm, void *keys)
{
    kp_json_keys *k = keys;
    for (size_t i = 0; i < KP_JSON_KEYS; i++)
        kw_gc_mark_obj(vm, k->recent[i]);
}
