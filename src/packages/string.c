/* string.c - package string: its functions are methods of strings, too (packages.md, "string").
 *
 * Most accept any value first and take its display form. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "packages/encode.h"
#include "packages/operand.h"
#include "packages/packages.h"
#include "types/types.h"
#include "types/unicode.h"

/* ---- Operands ------------------------------------------ */

/* Operand `at` as text: its display form.  NULL: thrown. */
static kw_string *text_of(kw_vm *vm, const kw_call *call, uint32_t at)
{
    kw_value v = kp_operand(call, at);
    return kw_is(v, KW_STRING) ? v.as.string : kw_to_display(vm, v);
}

/* Operand 0, which must be a string.  NULL: thrown. */
static kw_string *string_of(kw_vm *vm, const kw_call *call)
{
    kw_value v = kp_operand(call, 0);
    if (kw_is(v, KW_STRING))
        return v.as.string;
    kw_throw_expected(vm, "string", v);
    return NULL;
}

/* Operand `at`, a number of characters; negative ones count as 0. */
static bool count_of(kw_vm *vm, const kw_call *call, uint32_t at, size_t *out)
{
    double d;
    *out = 0;
    if (!kp_operand_number(vm, call, at, kw_call_name(call), &d))
        return false;
    int64_t n = kw_truncate(d);
    *out = n <= 0 ? 0 : (uint64_t)n > SIZE_MAX / 4 ? SIZE_MAX / 4 : (size_t)n; /* no text is longer */
    return true;
}

static void put_string(kw_buf *buf, const kw_string *s)
{
    kw_buf_put(buf, s->text, s->size);
}

static void put_char(kw_buf *buf, uint32_t c)
{
    char out[4];
    kw_buf_put(buf, out, kw_text_encode(c, out));
}

/* ---- Padding and repeating ------------------------------------------ */

/* `count` times `c`. */
static void put_padding(kw_buf *buf, const kw_string *c, size_t count)
{
    if (c->size == 1)
        kw_buf_fill(buf, c->text[0], count);
    else
        for (size_t i = 0; i < count && !buf->failed; i++)
            put_string(buf, c);
}

typedef enum side { PAD_START, PAD_END, PAD_BOTH } side;

static kw_result pad(kw_vm *vm, kw_call *call, side where)
{
    kw_string *s = text_of(vm, call, 0), *c = text_of(vm, call, 2);
    size_t width;
    if (s == NULL || c == NULL || !count_of(vm, call, 1, &width))
        return KW_THROWN;
    if (width <= s->length)
        return kw_give_string(call, s);
    if (c->length != 1)
        c = kw_intern_c(vm, " ");
    size_t all = width - s->length;
    if (!kw_gc_room(vm, all, c->size))
        return KW_THROWN;
    size_t left = where == PAD_START ? all : where == PAD_END ? 0 : all / 2;
    kw_buf buf;
    kw_buf_init(&buf);
    put_padding(&buf, c, left);
    put_string(&buf, s);
    put_padding(&buf, c, all - left);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_padstart(kw_vm *vm, kw_call *call)
{
    return pad(vm, call, PAD_START);
}

static kw_result string_padend(kw_vm *vm, kw_call *call)
{
    return pad(vm, call, PAD_END);
}

static kw_result string_center(kw_vm *vm, kw_call *call)
{
    return pad(vm, call, PAD_BOTH);
}

static kw_result string_echo(kw_vm *vm, kw_call *call)
{
    kw_string *s = text_of(vm, call, 0);
    size_t times;
    if (s == NULL || !count_of(vm, call, 1, &times) || !kw_gc_room(vm, times, s->size))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = s->text, *end = at + s->size; at < end && !buf.failed;) {
        uint32_t c = kw_utf8_next(&at);
        for (size_t i = 0; i < times && !buf.failed; i++)
            put_char(&buf, c);
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_interweave(kw_vm *vm, kw_call *call)
{
    kw_string *a = text_of(vm, call, 0), *b = text_of(vm, call, 1);
    if (a == NULL || b == NULL)
        return KW_THROWN;
    if (a->size == 0 && b->size == 0)
        return kw_throw(vm, "IndexError", "String index out of bounds.");
    const char *at = a->text, *a_end = at + a->size, *bt = b->text, *b_end = bt + b->size;
    kw_buf buf;
    kw_buf_init(&buf);
    while (at < a_end || bt < b_end) {
        if (at < a_end)
            put_char(&buf, kw_utf8_next(&at));
        if (bt < b_end)
            put_char(&buf, kw_utf8_next(&bt));
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_mirror(kw_vm *vm, kw_call *call)
{
    kw_string *s = text_of(vm, call, 0), *middle = NULL;
    bool given = !kw_is(kp_operand(call, 1), KW_NULL);
    if (s == NULL || (given && (middle = text_of(vm, call, 1)) == NULL))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    put_string(&buf, s);
    if (given)
        put_string(&buf, middle);
    kw_buf_put_reversed(&buf, s->text, s->size);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* A number for shuffling, not for secrets (splitmix64). */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static kw_result string_shuffle(kw_vm *vm, kw_call *call)
{
    kw_string *s = text_of(vm, call, 0);
    kw_list *chars = s != NULL ? kw_string_chars(vm, s, 0, s->length) : NULL;
    if (chars == NULL)
        return KW_THROWN;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t state = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    for (size_t i = chars->count; i > 1; i--) {
        size_t other = (size_t)(random_next(&state) % i);
        kw_value swapped = chars->items[i - 1];
        chars->items[i - 1] = chars->items[other];
        chars->items[other] = swapped;
    }
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < chars->count; i++)
        put_string(&buf, chars->items[i].as.string);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* ---- Letters ------------------------------------------ */

static kw_result change_case(kw_vm *vm, kw_call *call, uint32_t (*change)(uint32_t))
{
    kw_string *s = text_of(vm, call, 0);
    if (s == NULL)
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = s->text, *end = at + s->size; at < end;)
        put_char(&buf, change(kw_utf8_next(&at)));
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_to_upper(kw_vm *vm, kw_call *call)
{
    return change_case(vm, call, kw_char_upper);
}

static kw_result string_to_lower(kw_vm *vm, kw_call *call)
{
    return change_case(vm, call, kw_char_lower);
}

static kw_result string_slug(kw_vm *vm, kw_call *call)
{
    kw_string *s = text_of(vm, call, 0);
    if (s == NULL)
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = s->text, *end = at + s->size; at < end;) {
        uint32_t c = kw_char_lower(kw_utf8_next(&at));
        if (c == ' ' || c == '-' || (c >= 'a' && c <= 'z'))
            kw_buf_putc(&buf, c == ' ' ? '-' : (char)c);
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* Append the word at [*at, end) up to white space, its first letter by `first` and the rest
 * in lower case. */
static void put_word(kw_buf *buf, const char **at, const char *end, uint32_t (*first)(uint32_t))
{
    for (bool start = true; *at < end; start = false) {
        const char *next = *at;
        uint32_t c = kw_utf8_next(&next);
        if (kw_char_space(c))
            return;
        put_char(buf, start ? first(c) : kw_char_lower(c));
        *at = next;
    }
}

static kw_result string_capitalize(kw_vm *vm, kw_call *call)
{
    kw_string *s = string_of(vm, call);
    if (s == NULL)
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = s->text, *end = at + s->size; at < end;) {
        bool start = at == s->text;
        uint32_t c = kw_utf8_next(&at);
        put_char(&buf, start ? kw_char_upper(c) : kw_char_lower(c));
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* The list `small` has the word at text[0..size) in lower case. */
static bool is_small(const kw_list *small, const char *text, size_t size)
{
    for (size_t i = 0; i < small->count; i++) {
        kw_value v = small->items[i];
        if (!kw_is(v, KW_STRING) || v.as.string->size != size)
            continue;
        size_t same = 0;
        while (same < size && (text[same] | 0x20) == (v.as.string->text[same] | 0x20))
            same++;
        if (same == size)
            return true;
    }
    return false;
}

static size_t word_size(const char *at, const char *end)
{
    const char *next = at, *last = at;
    while (last < end && !kw_char_space(kw_utf8_next(&next)))
        last = next;
    return (size_t)(last - at);
}

/* Words capitalized and joined by single spaces, but those of `small` (may be NULL) in
 * lower case. */
static kw_result title(kw_vm *vm, kw_call *call, const kw_string *s, const kw_list *small)
{
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = s->text, *end = at + s->size; at < end;) {
        size_t size = word_size(at, end);
        if (size == 0) {
            (void)kw_utf8_next(&at);
            continue;
        }
        bool first = buf.size == 0;
        if (!first)
            kw_buf_putc(&buf, ' ');
        bool low = !first && small != NULL && is_small(small, at, size);
        put_word(&buf, &at, end, low ? kw_char_lower : kw_char_upper);
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_titleize(kw_vm *vm, kw_call *call)
{
    kw_string *s = string_of(vm, call);
    return s != NULL ? title(vm, call, s, NULL) : KW_THROWN;
}

static kw_list *default_small_words(kw_vm *vm)
{
    static const char *const words[] = {"a",   "an", "and", "but", "by",  "for", "in",
                                        "nor", "of", "on",  "or",  "the", "to",  "with"};
    size_t count = sizeof(words) / sizeof(words[0]);
    kw_list *list = kw_list_new(vm, count);
    for (size_t i = 0; list != NULL && i < count; i++)
        if (!kw_list_push(vm, list, kw_string_c(vm, words[i])))
            return NULL;
    return list;
}

static kw_result string_smart_titleize(kw_vm *vm, kw_call *call)
{
    kw_string *s = string_of(vm, call);
    if (s == NULL)
        return KW_THROWN;
    kw_value words = kp_operand(call, 1);
    kw_list *small = NULL;
    if (kw_is(words, KW_NULL))
        small = default_small_words(vm);
    else if (kp_operand_is(vm, call, 1, KW_LIST, "smart_titleize"))
        small = words.as.list;
    return small != NULL ? title(vm, call, s, small) : KW_THROWN;
}

/* ---- Questions about characters ------------------------------------------ */

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_letter_or_digit(uint32_t c)
{
    return is_letter(c) || is_digit(c);
}

static bool stays_upper(uint32_t c)
{
    return kw_char_upper(c) == c;
}

static bool stays_lower(uint32_t c)
{
    return kw_char_lower(c) == c;
}

static kw_result all_chars(kw_vm *vm, kw_call *call, bool (*is)(uint32_t))
{
    kw_string *s = text_of(vm, call, 0);
    if (s == NULL)
        return KW_THROWN;
    for (const char *at = s->text, *end = at + s->size; at < end;)
        if (!is(kw_utf8_next(&at)))
            return kw_return(call, kw_bool(false));
    return kw_return(call, kw_bool(true));
}

#define QUESTION(name, is)                                                                         \
    static kw_result string_##name(kw_vm *vm, kw_call *call)                                       \
    {                                                                                              \
        return all_chars(vm, call, is);                                                            \
    }
QUESTION(is_numeric, is_digit)
QUESTION(is_alpha, is_letter)
QUESTION(is_alphanumeric, is_letter_or_digit)
QUESTION(is_upper, stays_upper)
QUESTION(is_lower, stays_lower)

static bool has_text(const kw_string *s, const char *text, size_t size)
{
    return kw_find_text(s->text, s->size, 0, text, size) != SIZE_MAX;
}

static kw_result string_contains_any(kw_vm *vm, kw_call *call)
{
    kw_string *s = text_of(vm, call, 0);
    kw_value m = kp_operand(call, 1);
    bool found = false;
    if (s == NULL)
        return KW_THROWN;
    if (kw_is(m, KW_STRING)) {
        const char *at = m.as.string->text, *end = at + m.as.string->size;
        while (at < end && !found) {
            const char *start = at;
            (void)kw_utf8_next(&at);
            found = has_text(s, start, (size_t)(at - start));
        }
    } else if (kw_is(m, KW_LIST)) {
        for (size_t i = 0; i < m.as.list->count && !found; i++) {
            kw_value v = m.as.list->items[i];
            if (!kw_is(v, KW_STRING))
                return kw_throw_param(vm, "contains", 0, "String", v);
            found = has_text(s, v.as.string->text, v.as.string->size);
        }
    } else if (!kw_is(m, KW_NULL)) {
        return kw_throw(vm, "KiwiError", "matches must be a list");
    }
    return kw_return(call, kw_bool(found));
}

/* ---- White space ------------------------------------------ */

static kw_result string_squish(kw_vm *vm, kw_call *call)
{
    kw_string *s = string_of(vm, call);
    if (s == NULL)
        return KW_THROWN;
    size_t kept = 0; /* size up to the last character that is no white space */
    bool after_space = false;
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = s->text, *end = at + s->size; at < end;) {
        uint32_t c = kw_utf8_next(&at);
        if ((kw_char_space(c) && kept == 0) || (c == ' ' && after_space))
            continue;
        put_char(&buf, c);
        after_space = c == ' ';
        if (!kw_char_space(c))
            kept = buf.size;
    }
    buf.size = buf.failed ? buf.size : kept;
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

typedef struct line {
    const char *at;
    size_t size;   /* without the line end */
    size_t indent; /* blanks at the start */
    bool last;
} line;

/* The line at `at`; the text ends at `end`. */
static line line_at(const char *at, const char *end)
{
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    line l = {.at = at, .last = stop == NULL};
    l.size = (size_t)((stop != NULL ? stop : end) - at);
    while (l.indent < l.size && (at[l.indent] == ' ' || at[l.indent] == '\t'))
        l.indent++;
    return l;
}

/* The smallest indentation above 0 of the lines that are not blank; 0: there is none. */
static size_t common_indent(const char *at, const char *end)
{
    size_t least = 0;
    for (line l = line_at(at, end);; l = line_at(l.at + l.size + 1, end)) {
        if (l.indent > 0 && l.indent < l.size && (least == 0 || l.indent < least))
            least = l.indent;
        if (l.last)
            return least;
    }
}

static kw_result string_dedent(kw_vm *vm, kw_call *call)
{
    kw_string *s = string_of(vm, call);
    if (s == NULL)
        return KW_THROWN;
    const char *at = s->text, *end = at + s->size;
    size_t indent = common_indent(at, end);
    if (indent == 0)
        return kw_give_string(call, s);
    line l = line_at(at, end);
    if (l.indent == l.size && !l.last) /* a blank first line */
        l = line_at(l.at + l.size + 1, end);
    kw_buf buf;
    kw_buf_init(&buf);
    for (;; l = line_at(l.at + l.size + 1, end)) {
        size_t cut = l.indent < indent ? l.indent : indent;
        kw_buf_put(&buf, l.at + cut, l.size - cut);
        if (l.last)
            break;
        kw_buf_putc(&buf, '\n');
    }
    if (end[-1] == '\n') /* as the reference does */
        kw_buf_putc(&buf, '\n');
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* ---- Encodings ------------------------------------------ */

static kw_result string_base64encode(kw_vm *vm, kw_call *call)
{
    kw_buf buf;
    kw_buf_init(&buf);
    if (kp_base64_encode(vm, kp_operand(call, 0), &buf))
        return kp_give_text(vm, call, &buf);
    kw_buf_free(&buf);
    return KW_THROWN;
}

static kw_result string_base64decode(kw_vm *vm, kw_call *call)
{
    if (!kp_operand_is(vm, call, 0, KW_STRING, "__base64decode__"))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    if (kp_base64_decode(vm, kp_operand(call, 0).as.string, &buf))
        return kp_give_text(vm, call, &buf);
    kw_buf_free(&buf);
    return KW_THROWN;
}

static kw_result url(kw_vm *vm, kw_call *call, void (*convert)(const kw_string *, kw_buf *))
{
    kw_string *s = text_of(vm, call, 0);
    if (s == NULL)
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    convert(s, &buf);
    return kp_give_text(vm, call, &buf);
}

static kw_result string_urlencode(kw_vm *vm, kw_call *call)
{
    return url(vm, call, kp_url_encode);
}

static kw_result string_urldecode(kw_vm *vm, kw_call *call)
{
    return url(vm, call, kp_url_decode);
}

void kp_string_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"padstart", string_padstart, 2, 3, "padstart(s, n, c = \" \"): padded at the start"},
        {"padend", string_padend, 2, 3, "padend(s, n, c = \" \"): padded at the end"},
        {"center", string_center, 2, 3, "center(s, n, c = \" \"): padded at both ends"},
        {"echo", string_echo, 2, 2, "echo(s, n): each character n times"},
        {"interweave", string_interweave, 2, 2, "interweave(s, t): characters in turn"},
        {"mirror", string_mirror, 1, 2, "mirror(s, mid = \"\"): s + mid + reversed s"},
        {"shuffle", string_shuffle, 1, 1, "shuffle(s): characters in random order"},
        {"slug", string_slug, 1, 1, "slug(s): for a URL"},
        {"capitalize", string_capitalize, 1, 1, "capitalize(s): first character upper"},
        {"titleize", string_titleize, 1, 1, "titleize(s): each word capitalized"},
        {"smart_titleize", string_smart_titleize, 1, 2,
         "smart_titleize(s, small): but small words"},
        {"is_numeric", string_is_numeric, 1, 1, "is_numeric(s): only 0 to 9?"},
        {"is_alpha", string_is_alpha, 1, 1, "is_alpha(s): only ASCII letters?"},
        {"is_alphanumeric", string_is_alphanumeric, 1, 1, "is_alphanumeric(s)"},
        {"is_upper", string_is_upper, 1, 1, "is_upper(s): nothing to put in upper case?"},
        {"is_lower", string_is_lower, 1, 1, "is_lower(s): nothing to put in lower case?"},
        {"to_upper", string_to_upper, 1, 1, "to_upper(s)"},
        {"to_lower", string_to_lower, 1, 1, "to_lower(s)"},
        {"squish", string_squish, 1, 1, "squish(s): trimmed, with single spaces"},
        {"dedent", string_dedent, 1, 1, "dedent(s): without the common indentation"},
        {"contains_any", string_contains_any, 1, 2, "contains_any(s, m): any of m in s?"},
        {"base64encode", string_base64encode, 1, 1, "base64encode(s)"},
        {"base64decode", string_base64decode, 1, 1, "base64decode(s): a string"},
        {"urlencode", string_urlencode, 1, 1, "urlencode(s)"},
        {"urldecode", string_urldecode, 1, 1, "urldecode(s)"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "string", functions);
}
