/* convert.c - conversions between types (types.md section 6) and number formats (section 8). */
#include "config.h"

#include "types/types.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/unicode.h"

/* Narrow text[*from, *to) by the white space at its ends. */
static void strip(const char *text, size_t *from, size_t *to)
{
    while (*from < *to) {
        const char *at = text + *from;
        if (!kw_char_space(kw_utf8_next(&at)))
            break;
        *from = (size_t)(at - text);
    }
    while (*to > *from) {
        size_t last = *to - 1;
        while (last > *from && !kw_utf8_starts(text[last]))
            last--;
        const char *at = text + last;
        if (!kw_char_space(kw_utf8_next(&at)))
            break;
        *to = last;
    }
}

/* ---- To integer ------------------------------------------------------------------------------ */

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 10;
    return 99;
}

static bool parse_integer(const char *text, size_t size, int base, int64_t *out)
{
    size_t at = 0;
    strip(text, &at, &size);
    bool negative = at < size && text[at] == '-';
    if (negative)
        at++;
    if (at == size)
        return false;
    uint64_t limit = (uint64_t)INT64_MAX + (negative ? 1 : 0), n = 0;
    for (; at < size; at++) {
        int digit = digit_of(text[at]);
        if (digit >= base || n > (limit - (uint64_t)digit) / (uint64_t)base)
            return false;
        n = n * (uint64_t)base + (uint64_t)digit;
    }
    *out = (int64_t)(negative ? 0 - n : n);
    return true;
}

static kw_result any_to_integer(kw_vm *vm, kw_call *call)
{
    int64_t base = 10, n;
    if (!kw_argc_in(vm, call, 0, 1) || (call->argc == 1 && !kw_arg_whole(vm, call, 0, &base)))
        return KW_THROWN;
    if (base < 2 || base > 36)
        return kw_throw(vm, "InvalidOperationError", "Base must be between 2 and 36, inclusive.");
    switch ((kw_type)call->self.tag) {
    case KW_INT: return kw_return(call, call->self);
    case KW_FLOAT: return kw_return(call, kw_int(kw_truncate(call->self.as.f)));
    case KW_STRING: break;
    default:
        return kw_throw(vm, "ConversionError", "Cannot convert non-numeric value to an integer.");
    }
    const kw_string *s = call->self.as.string;
    if (!parse_integer(s->text, s->size, (int)base, &n))
        return kw_throw(vm, "ConversionError",
                        "Cannot convert non-numeric string to an integer: `%s`", s->text);
    return kw_return(call, kw_int(n));
}

/* ---- To float -------------------------------------------------------------------------------- */

static bool same_word(const char *text, size_t size, const char *word)
{
    if (strlen(word) != size)
        return false;
    for (size_t i = 0; i < size; i++)
        if (tolower((unsigned char)text[i]) != word[i])
            return false;
    return true;
}

static bool special_float(const char *text, size_t size, double *out)
{
    if (same_word(text, size, "nan") || same_word(text, size, "-nan") ||
        same_word(text, size, "+nan"))
        *out = (double)NAN;
    else if (same_word(text, size, "infinity") || same_word(text, size, "+infinity"))
        *out = HUGE_VAL;
    else if (same_word(text, size, "-infinity"))
        *out = -HUGE_VAL;
    else
        return false;
    return true;
}

/* Copy the digits at text[*at..end) to buf, without commas if they are allowed; returns how
 * many. */
static size_t take_digits(kw_buf *buf, const char *text, size_t *at, size_t end, bool commas)
{
    size_t count = 0;
    for (; *at < end; (*at)++) {
        if (text[*at] >= '0' && text[*at] <= '9') {
            kw_buf_putc(buf, text[*at]);
            count++;
        } else if (!commas || text[*at] != ',' || count == 0) {
            break;
        }
    }
    return count;
}

/* Check the grammar and leave a form that strtod() reads in `buf`. */
static bool float_form(kw_buf *buf, const char *text, size_t at, size_t end)
{
    if (at < end && (text[at] == '+' || text[at] == '-'))
        kw_buf_putc(buf, text[at++]);
    size_t count = take_digits(buf, text, &at, end, true);
    if (at < end && text[at] == '.') {
        kw_buf_putc(buf, '.');
        at++;
        count += take_digits(buf, text, &at, end, false);
    }
    if (count == 0)
        return false;
    if (at < end && (text[at] == 'e' || text[at] == 'E')) {
        kw_buf_putc(buf, 'e');
        at++;
        if (at < end && (text[at] == '+' || text[at] == '-'))
            kw_buf_putc(buf, text[at++]);
        if (take_digits(buf, text, &at, end, false) == 0)
            return false;
    }
    kw_buf_putc(buf, '\0');
    return at == end && !buf->failed;
}

static bool parse_float(const char *text, size_t size, double *out)
{
    size_t from = 0;
    strip(text, &from, &size);
    if (special_float(text + from, size - from, out))
        return true;
    kw_buf buf;
    kw_buf_init(&buf);
    bool ok = float_form(&buf, text, from, size);
    if (ok)
        *out = strtod(buf.text, NULL); /* the process keeps the "C" locale for numbers */
    kw_buf_free(&buf);
    return ok;
}

static kw_result any_to_float(kw_vm *vm, kw_call *call)
{
    double d;
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    if (kw_is_number(call->self))
        return kw_return(call, kw_float(kw_to_double(call->self)));
    if (!kw_is(call->self, KW_STRING))
        return kw_throw(vm, "ConversionError", "Cannot convert non-numeric value to a float.");
    const kw_string *s = call->self.as.string;
    if (!parse_float(s->text, s->size, &d))
        return kw_throw(vm, "ConversionError", "Cannot convert non-numeric value to a float: `%s`",
                        s->text);
    return kw_return(call, kw_float(d));
}

/* ---- To string ------------------------------------------------------------------------------- */

/* `shift` bits per digit, at least `width` digits. */
static kw_result in_base(kw_vm *vm, kw_call *call, int64_t n, unsigned shift, int width, bool upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char out[64];
    int at = 64;
    uint64_t rest = (uint64_t)n;
    while (rest != 0 || 64 - at < width || at == 64) {
        out[--at] = digits[rest & ((1u << shift) - 1)];
        rest >>= shift;
    }
    return kw_give_string(call,
                          kw_string_valid(vm, out + at, (size_t)(64 - at), (size_t)(64 - at)));
}

void kw_buf_fill(kw_buf *buf, char c, size_t count)
{
    char block[256];
    memset(block, c, sizeof(block));
    for (size_t part; count > 0 && !buf->failed; count -= part) {
        part = count < sizeof(block) ? count : sizeof(block);
        kw_buf_put(buf, block, part);
    }
}

enum { EXACT_DECIMALS = 1080, MAX_DECIMALS = 999999999 }; /* a double has at most 1074 decimals */

static kw_result fixed_point(kw_vm *vm, kw_call *call, const char *format, size_t size)
{
    int64_t decimals = 0;
    bool ok = size <= 10;
    for (size_t i = 1; i < size && ok; i++) {
        ok = format[i] >= '0' && format[i] <= '9';
        decimals = decimals * 10 + (format[i] - '0');
    }
    if (!ok || decimals > MAX_DECIMALS)
        return kw_throw(vm, "InvalidOperationError", "Invalid fixed-point format `%.*s`.",
                        (int)size, format);
    double d = kw_to_double(call->self);
    if (isnan(d) || isinf(d))
        return kw_give_string(call, kw_to_display(vm, call->self));
    if (!kw_gc_room(vm, (size_t)decimals + 1, 1))
        return KW_THROWN;
    char out[EXACT_DECIMALS + 400];
    int exact = (int)(decimals < EXACT_DECIMALS ? decimals : EXACT_DECIMALS);
    int written = snprintf(out, sizeof(out), "%.*f", exact, d);
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_put(&buf, out, (size_t)written);
    kw_buf_fill(&buf, '0', (size_t)(decimals - exact));
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result format_number(kw_vm *vm, kw_call *call, const char *format, size_t size)
{
    if (!kw_is_number(call->self))
        return kw_throw(vm, "InvalidOperationError", "Expected an integer or float.");
    if (format[0] == 'f' || format[0] == 'F')
        return fixed_point(vm, call, format, size);
    kw_value v = call->self;
    int64_t n = kw_is(v, KW_INT) ? v.as.i : kw_truncate(v.as.f);
    switch (format[0]) {
    case 'b': case 'B': return in_base(vm, call, n, 1, 16, false);
    case 'o': case 'O': return in_base(vm, call, n, 3, 0, false);
    default: return in_base(vm, call, n, 4, 0, format[0] == 'X');
    }
}

static kw_result any_to_string(kw_vm *vm, kw_call *call)
{
    kw_string *format = NULL;
    if (!kw_argc_in(vm, call, 0, 1) || (call->argc == 1 && !kw_arg_string(vm, call, 0, &format)))
        return KW_THROWN;
    size_t from = 0, to = format != NULL ? format->size : 0;
    if (format != NULL)
        strip(format->text, &from, &to);
    if (from == to) {
        const kw_bytes *b = call->self.as.bytes;
        if (kw_is(call->self, KW_BYTES))
            return kw_give_string(call, kw_string_new(vm, (const char *)b->data, b->size));
        return kw_give_string(call, kw_to_display(vm, call->self));
    }
    const char *text = format->text + from;
    size_t size = to - from;
    if (text[0] == 'f' || text[0] == 'F' || (size == 1 && strchr("bBxXoO", text[0]) != NULL))
        return format_number(vm, call, text, size);
    if (kw_is(call->self, KW_DATE)) {
        kw_buf buf;
        kw_buf_init(&buf);
        if (kw_date_format(&buf, call->self.as.i, text, size))
            return kw_give_string(call, kw_buf_string(vm, &buf));
        kw_buf_free(&buf);
    }
    return kw_throw(vm, "InvalidOperationError", "Unable to format type: %s",
                    kw_typeof(vm, call->self)->text);
}

/* ---- To bytes, list, date -------------------------------------------------------------------- */

static kw_result any_to_bytes(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    if (!kw_is(call->self, KW_STRING))
        return kw_throw(vm, "InvalidOperationError",
                        "Expected a string or list of strings to convert to bytes.");
    const kw_string *s = call->self.as.string;
    return kw_give_bytes(call, kw_bytes_new(vm, s->text, s->size));
}

static kw_result any_to_list(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_throw(vm, "InvalidOperationError", "Expected a string, list, or bytes.");
}

static kw_result any_to_date(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_in(vm, call, 0, 1))
        return KW_THROWN;
    if (kw_is(call->self, KW_STRING) && (call->argc == 0 || kw_is(call->args[0], KW_STRING)))
        return kw_string_to_date(vm, call);
    int64_t limit = (KW_MAX_TICKS - KW_EPOCH_TICKS) / KW_TICKS_PER_MS, ms = call->self.as.i;
    if (kw_is(call->self, KW_INT) && call->argc == 0 && ms <= limit &&
        ms >= -(KW_EPOCH_TICKS / KW_TICKS_PER_MS))
        return kw_return(call, kw_date(KW_EPOCH_TICKS + ms * KW_TICKS_PER_MS));
    return kw_throw(vm, "InvalidOperationError", "Invalid date expression.");
}

static const kw_native_def methods[] = {
    {"to_integer", any_to_integer, 0, 1, "as an integer"},
    {"to_float", any_to_float, 0, 0, "as a float"},
    {"to_string", any_to_string, 0, 1, "as a string"},
    {"to_bytes", any_to_bytes, 0, 0, "as bytes"},
    {"to_list", any_to_list, 0, 0, "as a list"},
    {"to_date", any_to_date, 0, 1, "as a date"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_convert_register(kw_vm *vm)
{
    for (int type = KW_INT; type <= KW_GENERATOR; type++)
        if (type != KW_STRUCT)
            kw_define_methods(vm, (kw_type)type, methods);
}
