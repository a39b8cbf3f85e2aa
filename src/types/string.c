/* string.c - methods of strings: size, case, trimming, cutting, joining (types.md section 9). */
#include "config.h"

#include "types/types.h"

#include <string.h>

#include "types/unicode.h"

static kw_string *self_of(const kw_call *call)
{
    return call->self.as.string;
}

static bool is_ascii(const kw_string *s)
{
    return (s->header.flags & KW_STR_ASCII) != 0;
}

kw_string *kw_string_piece(kw_vm *vm, kw_string *s, size_t from, size_t to)
{
    if (from == 0 && to == s->size)
        return s;
    if (!is_ascii(s))
        return kw_string_valid(vm, s->text + from, to - from, SIZE_MAX);
    if (to - from == 1)
        return kw_string_at(vm, s, from);
    return kw_string_valid(vm, s->text + from, to - from, to - from);
}

kw_list *kw_string_chars(kw_vm *vm, kw_string *s, size_t from, size_t to)
{
    kw_list *list = kw_list_new(vm, to - from);
    if (list == NULL)
        return NULL;
    const char *at = s->text + kw_string_offset(s, from);
    for (size_t i = from; i < to; i++) {
        const char *start = at;
        kw_utf8_next(&at);
        kw_string *c = is_ascii(s) ? kw_string_at(vm, s, i)
                                   : kw_string_valid(vm, start, (size_t)(at - start), 1);
        if (c == NULL || !kw_list_push(vm, list, kw_of_string(c)))
            return NULL;
    }
    return list;
}

static kw_result string_size(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, kw_int((int64_t)self_of(call)->length));
}

static kw_result string_chars(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_give_list(call, kw_string_chars(vm, self_of(call), 0, self_of(call)->length));
}

static kw_result map_chars(kw_vm *vm, kw_call *call, uint32_t (*map)(uint32_t))
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    const kw_string *s = self_of(call);
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = s->text, *end = s->text + s->size; at < end;) {
        char out[4];
        size_t size = kw_text_encode(map(kw_utf8_next(&at)), out);
        kw_buf_put(&buf, out, size);
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_uppercase(kw_vm *vm, kw_call *call)
{
    return map_chars(vm, call, kw_char_upper);
}

static kw_result string_lowercase(kw_vm *vm, kw_call *call)
{
    return map_chars(vm, call, kw_char_lower);
}

static kw_result trim(kw_vm *vm, kw_call *call, bool left, bool right)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_string *s = self_of(call);
    const char *from = s->text, *to = s->text + s->size;
    while (left && from < to) {
        const char *next = from;
        if (!kw_char_space(kw_utf8_next(&next)))
            break;
        from = next;
    }
    while (right && to > from) {
        const char *last = to - 1;
        while (!kw_utf8_starts(*last))
            last--;
        const char *at = last;
        if (!kw_char_space(kw_utf8_next(&at)))
            break;
        to = last;
    }
    return kw_give_string(call,
                          kw_string_piece(vm, s, (size_t)(from - s->text), (size_t)(to - s->text)));
}

static kw_result string_trim(kw_vm *vm, kw_call *call)
{
    return trim(vm, call, true, true);
}

static kw_result string_ltrim(kw_vm *vm, kw_call *call)
{
    return trim(vm, call, true, false);
}

static kw_result string_rtrim(kw_vm *vm, kw_call *call)
{
    return trim(vm, call, false, true);
}

static kw_result string_chomp(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_string *s = self_of(call);
    size_t size = s->size;
    if (size >= 2 && s->text[size - 2] == '\r' && s->text[size - 1] == '\n')
        size -= 2;
    else if (size >= 1 && (s->text[size - 1] == '\n' || s->text[size - 1] == '\r'))
        size -= 1;
    return kw_give_string(call, kw_string_piece(vm, s, 0, size));
}

/* Cut at every `sep` (not empty). */
static kw_list *cut(kw_vm *vm, kw_string *s, const char *sep, size_t sep_size)
{
    kw_list *list = kw_list_new(vm, 8);
    for (size_t from = 0; list != NULL;) {
        size_t at = kw_find_text(s->text, s->size, from, sep, sep_size);
        kw_string *piece = kw_string_piece(vm, s, from, at == SIZE_MAX ? s->size : at);
        if (piece == NULL || !kw_list_push(vm, list, kw_of_string(piece)))
            return NULL;
        if (at == SIZE_MAX)
            break;
        from = at + sep_size;
    }
    return list;
}

static kw_result string_lines(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_give_list(call, cut(vm, self_of(call), "\n", 1));
}

static kw_result string_split(kw_vm *vm, kw_call *call)
{
    kw_string *s = self_of(call), *sep;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_string(vm, call, 0, &sep))
        return KW_THROWN;
    if (s->size == 0 || sep->size == 0)
        return kw_give_list(call, kw_string_chars(vm, s, 0, s->length));
    return kw_give_list(call, cut(vm, s, sep->text, sep->size));
}

static kw_result string_substring(kw_vm *vm, kw_call *call)
{
    int64_t from, count = INT64_MAX;
    kw_string *s = self_of(call);
    if (!kw_argc_in(vm, call, 1, 2) || !kw_arg_int(vm, call, 0, &from) ||
        (call->argc == 2 && !kw_arg_int(vm, call, 1, &count)))
        return KW_THROWN;
    int64_t length = (int64_t)s->length;
    if (from < 0 || from > length || count < 0)
        return kw_throw(vm, "IndexError", "String index out of bounds.");
    int64_t to = count > length - from ? length : from + count;
    return kw_give_string(call, kw_string_sub(vm, s, (size_t)from, (size_t)to));
}

static kw_result string_slice(kw_vm *vm, kw_call *call)
{
    size_t from, to;
    if (!kw_slice_range(vm, call, self_of(call)->length, &from, &to))
        return KW_THROWN;
    return kw_give_list(call, kw_string_chars(vm, self_of(call), from, to));
}

static kw_result string_remove_at(kw_vm *vm, kw_call *call)
{
    int64_t at;
    kw_string *s = self_of(call);
    if (!kw_argc_is(vm, call, 1) || !kw_arg_int(vm, call, 0, &at))
        return KW_THROWN;
    if (at < 0)
        at += (int64_t)s->length;
    if (at < 0 || at >= (int64_t)s->length)
        return kw_throw(vm, "IndexError", "Index out of bounds.");
    size_t from = kw_string_offset(s, (size_t)at), to = kw_string_offset(s, (size_t)at + 1);
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_put(&buf, s->text, from);
    kw_buf_put(&buf, s->text + to, s->size - to);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_reverse(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    const kw_string *s = self_of(call);
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_put_reversed(&buf, s->text, s->size);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_concat(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_in(vm, call, 1, UINT32_MAX))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_put(&buf, self_of(call)->text, self_of(call)->size);
    for (uint32_t i = 0; i < call->argc; i++)
        kw_display(vm, &buf, call->args[i]);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_between(kw_vm *vm, kw_call *call)
{
    kw_string *a, *b, *s = self_of(call);
    if (!kw_argc_is(vm, call, 2) || !kw_arg_string(vm, call, 0, &a) ||
        !kw_arg_string(vm, call, 1, &b))
        return KW_THROWN;
    bool ordered = kw_string_collate(a, b) <= 0;
    kw_string *low = ordered ? a : b, *high = ordered ? b : a;
    return kw_return(call,
                     kw_bool(kw_string_collate(low, s) <= 0 && kw_string_collate(s, high) <= 0));
}

static kw_result string_ord(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    const char *at = self_of(call)->text;
    if (self_of(call)->size == 0)
        return kw_throw(vm, "ValueError", "Expected a non-empty string.");
    return kw_return(call, kw_int((int64_t)kw_utf8_next(&at)));
}

/* With "\\" before what means something in a regular expression (types.md section 10). */
static kw_result string_regex_escape(kw_vm *vm, kw_call *call)
{
    static const char special[] = "\\*+?|{[()^$.# \t\n\f\r", after[] = "\\*+?|{[()^$.# tnfr";
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    const kw_string *s = self_of(call);
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < s->size; i++) {
        const char *at = memchr(special, s->text[i], sizeof(special) - 1);
        if (at != NULL)
            kw_buf_putc(&buf, '\\');
        kw_buf_putc(&buf, at != NULL ? after[at - special] : s->text[i]);
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

/* The variable of a plain receiver is emptied by code around the call (gen_call.c); strings never
 * change. */
static kw_result string_clear(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, kw_string_c(vm, ""));
}

static kw_result parse_pairs(kw_vm *vm, kw_call *call, const char *digits, size_t count,
                             kw_bytes *out)
{
    for (size_t i = 0; i < count; i += 2) {
        int high = kw_hex_digit(digits[i]), low = kw_hex_digit(digits[i + 1]);
        if (high < 0)
            return kw_throw(
                vm, "ValueError",
                "Invalid hex character in string: Could not find any recognizable digits.");
        if (low < 0)
            return kw_throw(
                vm, "ValueError",
                "Invalid hex character in string: Additional non-parsable characters are "
                "at the end of the string.");
        if (!kw_bytes_push(vm, out, (uint8_t)(high * 16 + low)))
            return KW_THROWN;
    }
    return kw_return(call, kw_of_bytes(out));
}

static kw_result string_hex_bytes(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    const kw_string *s = self_of(call);
    kw_buf buf;
    kw_buf_init(&buf);
    size_t from = 0, to = s->size;
    while (from < to && kw_char_space((unsigned char)s->text[from]))
        from++;
    while (to > from && kw_char_space((unsigned char)s->text[to - 1]))
        to--;
    for (size_t i = from; i < to; i++)
        if (s->text[i] != ' ' && s->text[i] != '\t')
            kw_buf_putc(&buf, s->text[i]);
    kw_bytes *out = kw_bytes_new(vm, NULL, 0);
    kw_result result = KW_THROWN;
    if (buf.failed)
        kw_throw_memory(vm, s->size);
    else if (kw_text_count(buf.text, buf.size) % 2 != 0)
        kw_throw(vm, "ValueError", "Hex string must have even length (after removing whitespace)");
    else if (out != NULL)
        result = parse_pairs(vm, call, buf.text, buf.size & ~(size_t)1, out);
    kw_buf_free(&buf);
    return result;
}

static const kw_native_def methods[] = {
    {"size", string_size, 0, 0, "number of characters"},
    {"length", string_size, 0, 0, "number of characters"},
    {"chars", string_chars, 0, 0, "list of the characters"},
    {"to_list", string_chars, 0, 0, "list of the characters"},
    {"uppercase", string_uppercase, 0, 0, "in upper case"},
    {"lowercase", string_lowercase, 0, 0, "in lower case"},
    {"trim", string_trim, 0, 0, "without white space at both ends"},
    {"ltrim", string_ltrim, 0, 0, "without white space at the start"},
    {"rtrim", string_rtrim, 0, 0, "without white space at the end"},
    {"chomp", string_chomp, 0, 0, "without one line end"},
    {"lines", string_lines, 0, 0, "list of the lines"},
    {"split", string_split, 1, 1, "list of the pieces between separators"},
    {"substring", string_substring, 1, 2, "part from a position on"},
    {"slice", string_slice, 2, 2, "list of the characters a to b - 1"},
    {"remove_at", string_remove_at, 1, 1, "without one character"},
    {"reverse", string_reverse, 0, 0, "characters in reverse order"},
    {"concat", string_concat, 1, KW_ARGC_ANY, "joined with other values"},
    {"between", string_between, 2, 2, "in dictionary order between a and b?"},
    {"ord", string_ord, 0, 0, "code point of the first character"},
    {"regex_escape", string_regex_escape, 0, 0, "text as a pattern that matches it"},
    {"clear", string_clear, 0, 0, "the empty string"},
    {"hex_bytes", string_hex_bytes, 0, 0, "bytes of hexadecimal text"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_string_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_STRING, methods);
}
