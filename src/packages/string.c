/* string.c - package string: its functions are methods of strings, too (PACKAGES.md, "string").
 *
 * Most accept any value first and take its display form.  Operands that are not of the types meant
 * go on to a function of string.kiwi, whose operators and methods fail, or do not, as those of the
 * library of Kiwi 1.4.3. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "packages/encode.h"
#include "packages/library.h"
#include "packages/package.h"
#include "types/filling.h"
#include "types/give.h"
#include "types/string_methods.h"
#include "types/unicode.h"
#include "vm/search.h"

/* ---- Operands ------------------------------------------ */

/* Operand `at` as text: its display form.  NULL: thrown. */
static kw_string *text_of(kw_vm *vm, const kw_call *call, uint32_t at)
{
    kw_value v = kw_native_operand(call, at);
    return kw_is(v, KW_STRING) ? v.as.string : kw_display_text(vm, v);
}

/* The same, as it was at the start of the native. */
static kw_string *held_text(kw_vm *vm, const kw_call *call, kw_filling *f, uint32_t at)
{
    kw_string *s = kw_is(f->held[at], KW_UNDEF) ? text_of(vm, call, at) : f->held[at].as.string;
    if (s != NULL)
        f->held[at] = kw_of_string(s);
    return s;
}

/* Operand 0, which must be a string.  NULL: thrown. */
static kw_string *string_of(kw_vm *vm, const kw_call *call)
{
    kw_value v = kw_native_operand(call, 0);
    if (kw_is(v, KW_STRING))
        return v.as.string;
    kw_throw_expected(vm, "string", v);
    return NULL;
}

/* A function of string.kiwi. */
static kw_value own(kw_vm *vm, const char *name)
{
    return kp_library_function(vm, "string", name);
}

/* A number of characters; negative ones count as 0. */
static size_t count_of(kw_value integer)
{
    int64_t n = integer.as.i;
    return n <= 0 ? 0 : (uint64_t)n > SIZE_MAX / 4 ? SIZE_MAX / 4 : (size_t)n; /* no text is longer */
}

static void put_char(kw_buf *buf, uint32_t c)
{
    char out[4];
    kw_buf_put(buf, out, kw_text_encode(c, out));
}

/* ---- Padding and repeating ------------------------------------------ */

typedef enum side { PAD_START, PAD_END, PAD_BOTH } side;

static kw_result pad(kw_vm *vm, kw_call *call, side where)
{
    static const char *const odd_names[] = {"string::__padstart__", "string::__padend__", "string::__center__"};
    kw_value size = kw_native_operand(call, 1), padding = kw_native_operand(call, 2);
    kw_filling first, *f = kw_filling_begin(call, &first);
    kw_string *s = held_text(vm, call, f, 0);
    if (s == NULL)
        return KW_THROWN;
    if (!kw_is(size, KW_INT) || (!kw_is(padding, KW_STRING) && !kw_is(padding, KW_NULL))) {
        const kw_value args[] = {kw_of_string(s), size, padding};
        return kp_host_go_on_with(vm, call, own(vm, odd_names[where]), args, 3);
    }
    size_t width = count_of(size);
    if (width <= s->length)
        return kw_give_string(call, s);
    kw_string *c = kw_is(padding, KW_STRING) && padding.as.string->length == 1 ? padding.as.string
                                                                               : kw_intern_c(vm, " ");
    size_t all = width - s->length;
    size_t left = where == PAD_START ? all : where == PAD_END ? 0 : all / 2;
    if (f == &first && !kw_heap_room(vm, all, c->size))
        return KW_THROWN;
    if (f == &first && kw_buf_room(&f->buf, all * c->size + s->size) == NULL) /* all at once: it is not moved */
        return kw_filling_string(vm, call, f);
    if (f->at == 0 && !kw_filling_repeat(vm, f, c->text, c->size, left, &f->count[0]))
        return kw_filling_string(vm, call, f);
    if (f->at++ == 0) /* between the two */
        kw_buf_put(&f->buf, s->text, s->size);
    (void)kw_filling_repeat(vm, f, c->text, c->size, all - left, &f->count[1]);
    return kw_filling_string(vm, call, f);
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
    kw_filling first, *f = kw_filling_begin(call, &first);
    kw_string *s = held_text(vm, call, f, 0);
    if (s == NULL)
        return KW_THROWN;
    if (!kw_is(kw_native_operand(call, 1), KW_INT)) {
        const kw_value args[] = {kw_of_string(s), kw_native_operand(call, 1)};
        return kp_host_go_on_with(vm, call, own(vm, "string::__echo__"), args, 2);
    }
    size_t times = count_of(kw_native_operand(call, 1));
    if (f == &first && !kw_heap_room(vm, times, s->size))
        return KW_THROWN;
    while (f->at < s->size && kw_filling_go_on(vm, f)) {
        const char *c = s->text + f->at, *next = c;
        (void)kw_utf8_next(&next);
        if (!kw_filling_repeat(vm, f, c, (size_t)(next - c), times, &f->count[0]))
            break;
        f->count[0] = 0;
        f->at += (size_t)(next - c);
    }
    return kw_filling_string(vm, call, f);
}

static kw_result string_interweave(kw_vm *vm, kw_call *call)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    kw_string *a = held_text(vm, call, f, 0), *b = held_text(vm, call, f, 1);
    if (a == NULL || b == NULL)
        return KW_THROWN;
    if (a->size == 0 && b->size == 0)
        return kw_throw(vm, "IndexError", "String index out of bounds.");
    const char *at = a->text + f->count[0], *a_end = a->text + a->size;
    const char *bt = b->text + f->count[1], *b_end = b->text + b->size;
    while ((at < a_end || bt < b_end) && kw_filling_go_on(vm, f)) {
        if (at < a_end)
            put_char(&f->buf, kw_utf8_next(&at));
        if (bt < b_end)
            put_char(&f->buf, kw_utf8_next(&bt));
    }
    f->count[0] = (size_t)(at - a->text);
    f->count[1] = (size_t)(bt - b->text);
    return kw_filling_string(vm, call, f);
}

static kw_result string_mirror(kw_vm *vm, kw_call *call)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    kw_string *s = held_text(vm, call, f, 0), *middle = NULL;
    bool given = !kw_is(kw_native_operand(call, 1), KW_NULL);
    if (s == NULL || (given && (middle = held_text(vm, call, f, 1)) == NULL))
        return KW_THROWN;
    if (f == &first) {
        kw_buf_put(&f->buf, s->text, s->size);
        if (given)
            kw_buf_put(&f->buf, middle->text, middle->size);
    }
    if (!f->buf.failed)
        (void)kw_filling_reverse(vm, f, s, &f->at);
    return kw_filling_string(vm, call, f);
}

/* A number for shuffling, not for secrets (splitmix64). */
static uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* The code points of the characters, in memory of bytes. */
static uint32_t code_at(const kw_bytes *codes, size_t i)
{
    uint32_t c;
    memcpy(&c, codes->data + i * sizeof(c), sizeof(c));
    return c;
}

static void set_code(kw_bytes *codes, size_t i, uint32_t c)
{
    memcpy(codes->data + i * sizeof(c), &c, sizeof(c));
}

enum { TO_READ, TO_SWAP, TO_WRITE }; /* f->count[0]: what is done with the characters; f->at: with which one */

static void read_codes(kw_vm *vm, kw_filling *f, const kw_string *s, kw_bytes *codes)
{
    const char *at = s->text + f->count[1];
    for (; f->at < s->length && kw_filling_go_on(vm, f); f->at++)
        set_code(codes, f->at, kw_utf8_next(&at));
    f->count[1] = (size_t)(at - s->text);
}

static void swap_codes(kw_vm *vm, kw_filling *f, size_t count, kw_bytes *codes)
{
    uint64_t state = f->count[2];
    for (; f->at < count && kw_filling_go_on(vm, f); f->at++) {
        size_t left = count - f->at, other = (size_t)(random_next(&state) % left);
        uint32_t c = code_at(codes, left - 1);
        set_code(codes, left - 1, code_at(codes, other));
        set_code(codes, other, c);
    }
    f->count[2] = (size_t)state;
}

static void write_codes(kw_vm *vm, kw_filling *f, size_t count, const kw_bytes *codes)
{
    for (; f->at < count && kw_filling_go_on(vm, f); f->at++)
        put_char(&f->buf, code_at(codes, f->at));
}

static kw_result string_shuffle(kw_vm *vm, kw_call *call)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = held_text(vm, call, f, 0);
    if (s == NULL || (f == &first && !kw_heap_room(vm, s->length, sizeof(uint32_t))))
        return KW_THROWN;
    if (f == &first) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        kw_bytes *codes = kw_bytes_new(vm, NULL, s->length * sizeof(uint32_t));
        if (codes == NULL)
            return KW_THROWN;
        f->held[1] = kw_of_bytes(codes);
        f->count[2] = (size_t)now.tv_sec * 1000000000u + (size_t)now.tv_nsec;
    }
    while (f->count[0] <= TO_WRITE && !f->paused && !f->buf.failed) {
        kw_bytes *codes = f->held[1].as.bytes;
        if (f->count[0] == TO_READ)
            read_codes(vm, f, s, codes);
        else if (f->count[0] == TO_SWAP)
            swap_codes(vm, f, s->length, codes);
        else
            write_codes(vm, f, s->length, codes);
        if (f->at < s->length)
            break;
        f->at = 0;
        f->count[0]++;
    }
    return kw_filling_string(vm, call, f);
}

/* ---- Letters ------------------------------------------ */

static kw_result change_case(kw_vm *vm, kw_call *call, uint32_t (*change)(uint32_t))
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = held_text(vm, call, f, 0);
    if (s == NULL)
        return KW_THROWN;
    const char *at = s->text + f->at, *end = s->text + s->size;
    while (at < end && kw_filling_go_on(vm, f))
        put_char(&f->buf, change(kw_utf8_next(&at)));
    f->at = (size_t)(at - s->text);
    return kw_filling_string(vm, call, f);
}

static kw_result string_to_upper(kw_vm *vm, kw_call *call)
{
    return change_case(vm, call, kw_unicode_upper);
}

static kw_result string_to_lower(kw_vm *vm, kw_call *call)
{
    return change_case(vm, call, kw_unicode_lower);
}

static kw_result string_slug(kw_vm *vm, kw_call *call)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = held_text(vm, call, f, 0);
    if (s == NULL)
        return KW_THROWN;
    const char *at = s->text + f->at, *end = s->text + s->size;
    while (at < end && kw_filling_go_on(vm, f)) {
        uint32_t c = kw_unicode_lower(kw_utf8_next(&at));
        if (c == ' ' || c == '-' || (c >= 'a' && c <= 'z'))
            kw_buf_putc(&f->buf, c == ' ' ? '-' : (char)c);
    }
    f->at = (size_t)(at - s->text);
    return kw_filling_string(vm, call, f);
}

/* Append the word at [*at, end) up to white space, its first letter by `first` and the rest
 * in lower case. */
static void put_word(kw_buf *buf, const char **at, const char *end, uint32_t (*first)(uint32_t))
{
    for (bool start = true; *at < end; start = false) {
        const char *next = *at;
        uint32_t c = kw_utf8_next(&next);
        if (kw_unicode_is_space(c))
            return;
        put_char(buf, start ? first(c) : kw_unicode_lower(c));
        *at = next;
    }
}

static kw_result string_capitalize(kw_vm *vm, kw_call *call)
{
    kw_value given = kw_native_operand(call, 0);
    if (!kw_is(given, KW_STRING))
        return kp_host_go_on_with(vm, call, own(vm, "string::__capitalize__"), &given, 1);
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = given.as.string;
    const char *at = s->text + f->at, *end = s->text + s->size;
    while (at < end && kw_filling_go_on(vm, f)) {
        bool start = at == s->text;
        uint32_t c = kw_utf8_next(&at);
        put_char(&f->buf, start ? kw_unicode_upper(c) : kw_unicode_lower(c));
    }
    f->at = (size_t)(at - s->text);
    return kw_filling_string(vm, call, f);
}

/* The list `small` has the word at text[0..size) in lower case. */
static bool is_small(kw_vm *vm, const kw_list *small, const char *text, size_t size)
{
    for (size_t i = 0; i < small->count && kw_go_on(vm); i++) {
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
    while (last < end && !kw_unicode_is_space(kw_utf8_next(&next)))
        last = next;
    return (size_t)(last - at);
}

/* Words capitalized and joined by single spaces, but those of `small` (may be NULL) in
 * lower case. */
static kw_result title(kw_vm *vm, kw_call *call, kw_filling *f, const kw_string *s, const kw_list *small)
{
    const char *at = s->text + f->at, *end = s->text + s->size;
    while (at < end && kw_filling_go_on(vm, f)) {
        size_t size = word_size(at, end);
        if (size == 0) {
            (void)kw_utf8_next(&at);
            continue;
        }
        bool start = f->buf.size == 0;
        if (!start)
            kw_buf_putc(&f->buf, ' ');
        bool low = !start && small != NULL && is_small(vm, small, at, size);
        f->buf.failed |= vm->error.type != NULL;
        put_word(&f->buf, &at, end, low ? kw_unicode_lower : kw_unicode_upper);
        if (!kw_filling_spend(vm, f, size))
            break;
    }
    f->at = (size_t)(at - s->text);
    return kw_filling_string(vm, call, f);
}

static kw_result string_titleize(kw_vm *vm, kw_call *call)
{
    kw_value given = kw_native_operand(call, 0);
    kw_filling first, *f = kw_filling_begin(call, &first);
    return kw_is(given, KW_STRING) ? title(vm, call, f, given.as.string, NULL)
                                   : kp_host_go_on_with(vm, call, own(vm, "string::__titleize__"), &given, 1);
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
    kw_value words = kw_native_operand(call, 1);
    if (!kw_is(words, KW_NULL) && !kw_is(words, KW_LIST))
        return kw_throw_param(vm, "smart_titleize", 1, "List", words);
    kw_filling first, *f = kw_filling_begin(call, &first);
    kw_list *small = kw_is(words, KW_NULL) ? default_small_words(vm) : words.as.list;
    return small != NULL ? title(vm, call, f, s, small) : kw_filling_thrown(f);
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
    return kw_unicode_upper(c) == c;
}

static bool stays_lower(uint32_t c)
{
    return kw_unicode_lower(c) == c;
}

static kw_result all_chars(kw_vm *vm, kw_call *call, bool (*is)(uint32_t))
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = held_text(vm, call, f, 0);
    if (s == NULL)
        return KW_THROWN;
    bool all = true;
    const char *at = s->text + f->at, *end = s->text + s->size;
    while (all && at < end && kw_filling_go_on(vm, f))
        all = is(kw_utf8_next(&at));
    f->at = (size_t)(at - s->text);
    return kw_filling_value(vm, call, f, kw_bool(all));
}

#define QUESTION(name, is)                                                                                             \
    static kw_result string_##name(kw_vm *vm, kw_call *call)                                                           \
    {                                                                                                                  \
        return all_chars(vm, call, is);                                                                                \
    }
QUESTION(is_numeric, is_digit)
QUESTION(is_alpha, is_letter)
QUESTION(is_alphanumeric, is_letter_or_digit)
QUESTION(is_upper, stays_upper)
QUESTION(is_lower, stays_lower)

/* Look for one of many texts: each look goes through the whole text.  false: stop. */
static bool look(kw_vm *vm, kw_filling *f, const kw_string *s, const char *text, size_t size, bool *found)
{
    enum { BYTES_A_STEP = 8 };
    *found = kw_search_first(s->text, s->size, 0, text, size) != SIZE_MAX;
    return kw_filling_spend(vm, f, s->size / BYTES_A_STEP);
}

static kw_result string_contains_any(kw_vm *vm, kw_call *call)
{
    kw_value given = kw_native_operand(call, 0), m = kw_native_operand(call, 1);
    kw_filling first, *f = kw_filling_begin(call, &first);
    bool found = false, more = true;
    if (!kw_is(given, KW_STRING)) {
        const kw_value args[] = {given, m};
        return kp_host_go_on_with(vm, call, own(vm, "string::__contains_any__"), args, 2);
    }
    const kw_string *s = given.as.string;
    if (kw_is(m, KW_STRING)) {
        const char *at = m.as.string->text + f->at, *end = m.as.string->text + m.as.string->size;
        while (more && at < end && !found) {
            const char *start = at;
            (void)kw_utf8_next(&at);
            more = look(vm, f, s, start, (size_t)(at - start), &found);
        }
        f->at = (size_t)(at - m.as.string->text);
    } else if (kw_is(m, KW_LIST)) {
        while (more && f->at < m.as.list->count && !found) {
            kw_value v = m.as.list->items[f->at++];
            if (!kw_is(v, KW_STRING)) {
                (void)kw_throw_param(vm, "contains", 0, "String", v);
                return kw_filling_thrown(f);
            }
            more = look(vm, f, s, v.as.string->text, v.as.string->size, &found);
        }
    } else if (!kw_is(m, KW_NULL)) {
        return kw_throw(vm, "KiwiError", "matches must be a list");
    }
    f->paused = f->paused && !found;
    return kw_filling_value(vm, call, f, kw_bool(found));
}

/* ---- White space ------------------------------------------ */

static kw_result string_squish(kw_vm *vm, kw_call *call)
{
    kw_string *s = string_of(vm, call);
    if (s == NULL)
        return KW_THROWN;
    kw_filling first, *f = kw_filling_begin(call, &first);
    size_t kept = f->count[0]; /* size up to the last character that is no white space */
    bool after_space = f->count[1] != 0;
    const char *at = s->text + f->at, *end = s->text + s->size;
    while (at < end && kw_filling_go_on(vm, f)) {
        uint32_t c = kw_utf8_next(&at);
        if ((kw_unicode_is_space(c) && kept == 0) || (c == ' ' && after_space))
            continue;
        put_char(&f->buf, c);
        after_space = c == ' ';
        if (!kw_unicode_is_space(c))
            kept = f->buf.size;
    }
    assert(kept <= f->buf.size);
    f->at = (size_t)(at - s->text);
    f->count[0] = kept;
    f->count[1] = after_space;
    if (!f->buf.failed && !f->paused)
        f->buf.size = kept;
    return kw_filling_string(vm, call, f);
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
    assert(at <= end);
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
    kw_filling first, *f = kw_filling_begin(call, &first);
    const char *end = s->text + s->size;
    if (f == &first) {
        kw_before_scan(vm, s->size);
        f->count[0] = common_indent(s->text, end);
        line l = line_at(s->text, end);
        f->at = l.indent == l.size && !l.last ? l.size + 1 : 0; /* behind a blank first line */
    }
    size_t indent = f->count[0];
    if (indent == 0)
        return kw_give_string(call, s);
    while (kw_filling_go_on(vm, f)) {
        line l = line_at(s->text + f->at, end);
        size_t cut = l.indent < indent ? l.indent : indent;
        kw_buf_put(&f->buf, l.at + cut, l.size - cut);
        if (l.last)
            break;
        kw_buf_putc(&f->buf, '\n');
        f->at += l.size + 1;
    }
    return kw_filling_string(vm, call, f);
}

/* ---- Encodings ------------------------------------------ */

static kw_result string_base64encode(kw_vm *vm, kw_call *call)
{
    return kp_encode_base64(vm, call, kw_native_operand(call, 0));
}

static kw_result string_base64decode(kw_vm *vm, kw_call *call)
{
    return kp_encode_base64_decode(vm, call, kw_native_operand(call, 0).as.string, kw_filling_text);
}

static kw_result url(kw_vm *vm, kw_call *call,
                     kw_result (*convert)(kw_vm *, kw_call *, kw_filling *, const kw_string *))
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = held_text(vm, call, f, 0);
    return s != NULL ? convert(vm, call, f, s) : KW_THROWN;
}

static kw_result string_urlencode(kw_vm *vm, kw_call *call)
{
    return url(vm, call, kp_encode_url);
}

static kw_result string_urldecode(kw_vm *vm, kw_call *call)
{
    return url(vm, call, kp_encode_url_decode);
}

/* Most take any value, as their display form. */
/* clang-format off */
static const kw_native_def functions[] = {
    {"padstart(text: any, size: integer, padding: any = \" \"): string", string_padstart, "The text, padded at the start to `size` characters.",
     "println string::padstart(\"7\", 3, \"0\")  # => 007", NULL, KW_CHECK_NONE},
    {"padend(text: any, size: integer, padding: any = \" \"): string", string_padend, "The text, padded at the end to `size` characters.",
     "println string::padend(\"7\", 3, \"0\")  # => 700", NULL, KW_CHECK_NONE},
    {"center(text: any, size: integer, padding: any = \" \"): string", string_center, "The text, padded at both ends to `size` characters.",
     "println string::center(\"x\", 5, \"*\")  # => **x**", NULL, KW_CHECK_NONE},
    {"echo(text: any, count: integer): string", string_echo, "Each character so many times.",
     "println string::echo(\"ab\", 2)  # => aabb", NULL, KW_CHECK_NONE},
    {"interweave(text: any, other: any): string", string_interweave, "The characters of both in turn.",
     "println string::interweave(\"ace\", \"bdf\")  # => abcdef", NULL, KW_CHECK_NONE},
    {"mirror(text: any, middle: any = \"\"): string", string_mirror, "The text, `middle`, and the text reversed.",
     "println string::mirror(\"ab\", \"-\")  # => ab-ba", NULL, KW_CHECK_NONE},
    {"shuffle(text: any): string", string_shuffle, "The characters in random order.",
     "println string::shuffle(\"abc\").size()  # => 3", NULL, KW_CHECK_NONE},
    {"slug(text: any): string", string_slug, "The text as part of a URL: lower-case letters and hyphens.",
     "println string::slug(\"Hello World\")  # => hello-world", NULL, KW_CHECK_NONE},
    {"capitalize(text: string): string", string_capitalize, "The first character in upper case, the others in lower case.",
     "println string::capitalize(\"kIWI\")  # => Kiwi", NULL, KW_CHECK_NONE},
    {"titleize(text: string): string", string_titleize, "Each word capitalized, with single spaces between them.",
     "println string::titleize(\"the kiwi bird\")  # => The Kiwi Bird", NULL, KW_CHECK_NONE},
    {"smart_titleize(text: string, small: list = []): string", string_smart_titleize, "Each word capitalized but those of `small`.",
     "println string::smart_titleize(\"war and peace\", [\"and\"])  # => War and Peace", NULL, KW_CHECK_NONE},
    {"is_numeric(text: any): boolean", string_is_numeric, "Only the digits 0 to 9?",
     "println string::is_numeric(\"2026\")  # => true", NULL, KW_CHECK_NONE},
    {"is_alpha(text: any): boolean", string_is_alpha, "Only ASCII letters?",
     "println string::is_alpha(\"kiwi\")  # => true", NULL, KW_CHECK_NONE},
    {"is_alphanumeric(text: any): boolean", string_is_alphanumeric, "Only ASCII letters and digits?",
     "println string::is_alphanumeric(\"kiwi2\")  # => true", NULL, KW_CHECK_NONE},
    {"is_upper(text: any): boolean", string_is_upper, "Is there nothing to put in upper case?",
     "println string::is_upper(\"KIWI\")  # => true", NULL, KW_CHECK_NONE},
    {"is_lower(text: any): boolean", string_is_lower, "Is there nothing to put in lower case?",
     "println string::is_lower(\"kiwi\")  # => true", NULL, KW_CHECK_NONE},
    {"to_upper(text: any): string", string_to_upper, "All in upper case.",
     "println string::to_upper(\"kiwi\")  # => KIWI", NULL, KW_CHECK_NONE},
    {"to_lower(text: any): string", string_to_lower, "All in lower case.",
     "println string::to_lower(\"KIWI\")  # => kiwi", NULL, KW_CHECK_NONE},
    {"squish(text: any): string", string_squish, "Trimmed, with single spaces for all white space.",
     "println string::squish(\"  a   b \")  # => a b", NULL, KW_CHECK_NONE},
    {"dedent(text: any): string", string_dedent, "Without the indentation that all lines share.",
     "println string::dedent(\"  a\\n  b\").lines().size()  # => 2", NULL, KW_CHECK_NONE},
    {"contains_any(text: any, others: any): boolean", string_contains_any, "Does one of the others occur in it?",
     "println string::contains_any(\"kiwi\", [\"x\", \"w\"])  # => true", NULL, KW_CHECK_NONE},
    {"base64encode(data: any): string", string_base64encode, "Base64 of a string, bytes or a list of integers.",
     "println string::base64encode(\"kiwi\")  # => a2l3aQ==", NULL, KW_CHECK_NONE},
    {"base64decode(text: string): string", string_base64decode, "The text that base64 stands for.",
     "println string::base64decode(\"a2l3aQ==\")  # => kiwi", "__base64decode__"},
    {"urlencode(text: any): string", string_urlencode, "The form encoding of URLs.",
     "println string::urlencode(\"a b\")  # => a+b", NULL, KW_CHECK_NONE},
    {"urldecode(text: any): string", string_urldecode, "The text that form encoding stands for.",
     "println string::urldecode(\"a+b\")  # => a b", NULL, KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */

const kp_package kp_string = {
    .name = "string",
    .about = "Text: these functions are methods of strings, too.",
    .functions = functions,
};
