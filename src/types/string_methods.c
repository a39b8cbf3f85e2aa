/* string_methods.c - methods of strings: size, case, trimming, cutting, joining (TYPES.md section 9). */
#include "config.h"

#include "types/string_methods.h"

#include <assert.h>
#include <string.h>

#include "types/filling.h"
#include "types/give.h"
#include "types/slice.h"
#include "types/types.h"
#include "types/unicode.h"
#include "vm/search.h"

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
    assert(from <= to && to <= s->size && kw_utf8_starts(s->text[from]) && kw_utf8_starts(s->text[to]));
    if (from == 0 && to == s->size)
        return s;
    if (!is_ascii(s))
        return kw_string_valid(vm, s->text + from, to - from, SIZE_MAX);
    if (to - from == 1)
        return kw_string_at(vm, s, from);
    return kw_string_valid(vm, s->text + from, to - from, to - from);
}

/* The list of the characters [from, to). */
static kw_result give_chars(kw_vm *vm, kw_call *call, kw_string *s, size_t from, size_t to)
{
    assert(from <= to && to <= s->length);
    kw_list *list = call->kept != NULL ? kw_kept(call, 0).as.list : kw_list_new(vm, to - from);
    if (list == NULL)
        return KW_THROWN;
    const char *at = s->text + kw_string_offset(s, from + list->count);
    for (size_t i = from + list->count; i < to; i++) { /* nobody else has the list during a pause */
        const char *start = at;
        kw_utf8_next(&at);
        kw_string *c = is_ascii(s) ? kw_string_at(vm, s, i) : kw_string_valid(vm, start, (size_t)(at - start), 1);
        if (c == NULL || !kw_list_push(vm, list, kw_of_string(c)) || !kw_go_on(vm))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_of_list(list)}, 1);
    }
    return kw_return(call, kw_of_list(list));
}

static kw_result string_size(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_int((int64_t)self_of(call)->length));
}

static kw_result string_chars(kw_vm *vm, kw_call *call)
{
    return give_chars(vm, call, self_of(call), 0, self_of(call)->length);
}

static kw_result map_chars(kw_vm *vm, kw_call *call, uint32_t (*map)(uint32_t))
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = self_of(call);
    const char *at = s->text + f->at, *end = s->text + s->size;
    while (at < end && kw_filling_go_on(vm, f)) {
        char out[4];
        size_t size = kw_text_encode(map(kw_utf8_next(&at)), out);
        kw_buf_put(&f->buf, out, size);
    }
    f->at = (size_t)(at - s->text);
    return kw_filling_string(vm, call, f);
}

static kw_result string_uppercase(kw_vm *vm, kw_call *call)
{
    return map_chars(vm, call, kw_unicode_upper);
}

static kw_result string_lowercase(kw_vm *vm, kw_call *call)
{
    return map_chars(vm, call, kw_unicode_lower);
}

static kw_result trim(kw_vm *vm, kw_call *call, bool left, bool right)
{
    kw_string *s = self_of(call);
    size_t from = left ? kw_unicode_ltrim(s->text, 0, s->size) : 0;
    size_t to = right ? kw_unicode_rtrim(s->text, from, s->size) : s->size;
    return kw_give_string(call, kw_string_piece(vm, s, from, to));
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
    kw_string *s = self_of(call);
    size_t size = s->size;
    if (size >= 2 && s->text[size - 2] == '\r' && s->text[size - 1] == '\n')
        size -= 2;
    else if (size >= 1 && (s->text[size - 1] == '\n' || s->text[size - 1] == '\r'))
        size -= 1;
    return kw_give_string(call, kw_string_piece(vm, s, 0, size));
}

/* The list of the pieces between every `sep` (not empty). */
static kw_result cut(kw_vm *vm, kw_call *call, const char *sep, size_t sep_size)
{
    assert(sep_size > 0); /* else it would not come to an end */
    kw_string *s = self_of(call);
    kw_list *list = call->kept != NULL ? kw_kept(call, 1).as.list : kw_list_new(vm, 8);
    for (size_t from = kw_kept_size(call, 0); list != NULL;) {
        size_t at = kw_search_first(s->text, s->size, from, sep, sep_size);
        kw_string *piece = kw_string_piece(vm, s, from, at == SIZE_MAX ? s->size : at);
        if (piece == NULL || !kw_list_push(vm, list, kw_of_string(piece)) || !kw_go_on(vm))
            return KW_THROWN;
        if (at == SIZE_MAX)
            break;
        from = at + sep_size;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_int((int64_t)from), kw_of_list(list)}, 2);
    }
    return kw_give_list(call, list);
}

static kw_result string_lines(kw_vm *vm, kw_call *call)
{
    return cut(vm, call, "\n", 1);
}

static kw_result string_split(kw_vm *vm, kw_call *call)
{
    kw_string *s = self_of(call);
    const kw_string *sep = call->args[0].as.string;
    if (s->size == 0 || sep->size == 0)
        return give_chars(vm, call, s, 0, s->length);
    return cut(vm, call, sep->text, sep->size);
}

static kw_result string_substring(kw_vm *vm, kw_call *call)
{
    kw_string *s = self_of(call);
    int64_t from = call->args[0].as.i, count = call->argc == 2 ? call->args[1].as.i : INT64_MAX;
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
    return give_chars(vm, call, self_of(call), from, to);
}

static kw_result string_remove_at(kw_vm *vm, kw_call *call)
{
    int64_t at = call->args[0].as.i;
    kw_string *s = self_of(call);
    if (at < 0)
        at += (int64_t)s->length;
    if (at < 0 || at >= (int64_t)s->length)
        return kw_throw(vm, "IndexError", "Index out of bounds.");
    size_t from = kw_string_offset(s, (size_t)at), to = kw_string_offset(s, (size_t)at + 1);
    assert(from < to && to <= s->size);
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_put(&buf, s->text, from);
    kw_buf_put(&buf, s->text + to, s->size - to);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_reverse(kw_vm *vm, kw_call *call)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    (void)kw_filling_reverse(vm, f, self_of(call), &f->at);
    return kw_filling_string(vm, call, f);
}

static kw_result string_concat(kw_vm *vm, kw_call *call)
{
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_put(&buf, self_of(call)->text, self_of(call)->size);
    for (uint32_t i = 0; i < call->argc && kw_buf_go_on(vm, &buf); i++)
        kw_display(vm, &buf, call->args[i]);
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result string_between(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_string *a = call->args[0].as.string, *b = call->args[1].as.string, *s = self_of(call);
    bool ordered = kw_collate_strings(a, b) <= 0;
    kw_string *low = ordered ? a : b, *high = ordered ? b : a;
    return kw_return(call, kw_bool(kw_collate_strings(low, s) <= 0 && kw_collate_strings(s, high) <= 0));
}

static kw_result string_ord(kw_vm *vm, kw_call *call)
{
    const char *at = self_of(call)->text;
    if (self_of(call)->size == 0)
        return kw_throw(vm, "ValueError", "Expected a non-empty string.");
    return kw_return(call, kw_int((int64_t)kw_utf8_next(&at)));
}

/* With "\\" before what means something in a regular expression (TYPES.md section 10). */
static kw_result string_regex_escape(kw_vm *vm, kw_call *call)
{
    static const char special[] = "\\*+?|{[()^$.# \t\n\f\r", after[] = "\\*+?|{[()^$.# tnfr";
    _Static_assert(sizeof(special) == sizeof(after), "each of them has what stands for it");
    kw_filling first, *f = kw_filling_begin(call, &first);
    const kw_string *s = self_of(call);
    for (; f->at < s->size && kw_filling_go_on(vm, f); f->at++) {
        const char *at = memchr(special, s->text[f->at], sizeof(special) - 1);
        if (at != NULL)
            kw_buf_putc(&f->buf, '\\');
        kw_buf_putc(&f->buf, at != NULL ? after[at - special] : s->text[f->at]);
    }
    return kw_filling_string(vm, call, f);
}

/* The variable of a plain receiver is emptied by code around the call (gen_call.c); strings never
 * change. */
static kw_result string_clear(kw_vm *vm, kw_call *call)
{
    return kw_return(call, kw_string_c(vm, ""));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The byte of two digits; -1: thrown. */
static int parse_pair(kw_vm *vm, char first, char second)
{
    int high = kw_text_hex_digit(first), low = kw_text_hex_digit(second);
    if (high >= 0 && low >= 0)
        return high * 16 + low;
    (void)kw_throw(vm, "ValueError",
                   high < 0 ? "Invalid hex character in string: Could not find any recognizable digits."
                            : "Invalid hex character in string: Additional non-parsable characters are "
                              "at the end of the string.");
    return -1;
}

/* Of the text without white space at its ends, and without blanks and tabs. */
static kw_result string_hex_bytes(kw_vm *vm, kw_call *call)
{
    enum { TO, FIRST }; /* FIRST: the place of the first digit of a pair, plus one; 0: it is still to come */
    kw_filling start, *f = kw_filling_begin(call, &start);
    const kw_string *s = self_of(call);
    if (f == &start) {
        size_t digits = 0;
        kw_before_scan(vm, s->size);
        f->at = kw_unicode_ltrim(s->text, 0, s->size);
        f->count[TO] = kw_unicode_rtrim(s->text, f->at, s->size);
        for (size_t i = f->at; i < f->count[TO]; i++)
            digits += kw_utf8_starts(s->text[i]) && !is_blank(s->text[i]) ? 1 : 0;
        if (digits % 2 != 0)
            return kw_throw(vm, "ValueError", "Hex string must have even length (after removing whitespace)");
    }
    for (; f->at < f->count[TO] && kw_filling_go_on(vm, f); f->at++) {
        if (is_blank(s->text[f->at]))
            continue;
        if (f->count[FIRST] == 0) {
            f->count[FIRST] = f->at + 1;
            continue;
        }
        int byte = parse_pair(vm, s->text[f->count[FIRST] - 1], s->text[f->at]);
        if (byte < 0)
            return kw_filling_thrown(f);
        kw_buf_putc(&f->buf, (char)(unsigned char)byte);
        f->count[FIRST] = 0;
    }
    return kw_filling_bytes(vm, call, f);
}

/* clang-format off */
const kw_native_def kw_string_methods[] = {
    {"size(): integer", string_size, "The number of characters.",
     "println \"abc\".size()  # => 3"},
    {"length(): integer", string_size, "The number of characters.",
     "println \"abc\".length()  # => 3"},
    {"chars(): list", string_chars, "A list of the characters.",
     "println \"abc\".chars()  # => [\"a\", \"b\", \"c\"]"},
    {"to_list(): list", string_chars, "A list of the characters.",
     "println \"abc\".to_list()  # => [\"a\", \"b\", \"c\"]"},
    {"uppercase(): string", string_uppercase, "The string in upper case.",
     "println \"aBc\".uppercase()  # => ABC"},
    {"lowercase(): string", string_lowercase, "The string in lower case.",
     "println \"aBc\".lowercase()  # => abc"},
    {"trim(): string", string_trim, "The string without the white space at both ends.",
     "println \"[\" + \" a \".trim() + \"]\"  # => [a]"},
    {"ltrim(): string", string_ltrim, "The string without the white space at its start.",
     "println \"[\" + \" a \".ltrim() + \"]\"  # => [a ]"},
    {"rtrim(): string", string_rtrim, "The string without the white space at its end.",
     "println \"[\" + \" a \".rtrim() + \"]\"  # => [ a]"},
    {"chomp(): string", string_chomp, "The string without one line end at its end.",
     "println \"[\" + \"abc\\n\".chomp() + \"]\"  # => [abc]"},
    {"lines(): list", string_lines, "A list of the pieces between line ends.",
     "println \"a\\nb\".lines()  # => [\"a\", \"b\"]"},
    {"split(separator: string): list", string_split,
     "A list of the pieces between separators; with an empty separator of the characters.",
     "println \"a,b,,c\".split(\",\")  # => [\"a\", \"b\", \"\", \"c\"]"},
    {"substring(start: integer, count: integer = null): string", string_substring,
     "At most `count` characters from a position on; all that follow without a count.",
     "println \"abcdef\".substring(2, 3)  # => cde\nprintln \"abcdef\".substring(4)  # => ef"},
    {"slice(start: number, end: number): list", string_slice, "A list of the characters from `start` to before `end`.",
     "println \"abcd\".slice(1, 3)  # => [\"b\", \"c\"]"},
    {"remove_at(index: integer): string", string_remove_at,
     "The string without the character at a position; a negative one counts from the end.",
     "println \"abc\".remove_at(-1)  # => ab"},
    {"reverse(): string", string_reverse, "The characters in the reverse order.",
     "println \"abc\".reverse()  # => cba"},
    {"concat(value: any, more...: any): string", string_concat, "The string and the values as text, in one.",
     "println \"a\".concat(1, [2])  # => a1[2]"},
    {"between(a: string, b: string): boolean", string_between,
     "Is it `a`, `b` or between them in the dictionary's order, whichever comes first?",
     "println \"kiwi\".between(\"apple\", \"pear\")  # => true"},
    {"ord(): integer", string_ord, "The code point of the first character.",
     "println \"A\".ord()  # => 65"},
    {"regex_escape(): string", string_regex_escape, "A pattern that matches this text.",
     "println \"a.b\".regex_escape()  # => a\\.b"},
    {"clear(): string", string_clear, "The empty string; a variable that it is called on becomes that, too.",
     "s = \"abc\"\ns.clear()\nprintln s.size()  # => 0"},
    {"hex_bytes(): bytes", string_hex_bytes, "The bytes that hexadecimal digits stand for.",
     "println \"6b 69\".hex_bytes()  # => [107, 105]"},
    {NULL},
};
/* clang-format on */
