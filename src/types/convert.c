/* convert.c - conversions between types (TYPES.md section 6) and number formats (section 8). */
#include "config.h"

#include "types/types.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/date.h"
#include "types/give.h"
#include "types/unicode.h"

/* Narrow text[*from, *to) by the white space at its ends. */
static void strip(const char *text, size_t *from, size_t *to)
{
    *from = kw_unicode_ltrim(text, *from, *to);
    *to = kw_unicode_rtrim(text, *from, *to);
    assert(*from <= *to); /* of white space alone nothing is left */
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
    assert(base >= 2 && base <= 36); /* so that no digit is worth more than a letter can say */
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
    int64_t base = kw_arith_whole(kw_native_argument(call, 0)), n;
    if (base < 2 || base > 36)
        return kw_throw(vm, "InvalidOperationError", "Base must be between 2 and 36, inclusive.");
    switch ((kw_type)call->self.tag) {
    case KW_INT: return kw_return(call, call->self);
    case KW_FLOAT: return kw_return(call, kw_int(kw_arith_truncate(call->self.as.f)));
    case KW_STRING: break;
    default: return kw_throw(vm, "ConversionError", "Cannot convert non-numeric value to an integer.");
    }
    const kw_string *s = call->self.as.string;
    if (!parse_integer(s->text, s->size, (int)base, &n))
        return kw_throw(vm, "ConversionError", "Cannot convert non-numeric string to an integer: `%s`", s->text);
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
    if (same_word(text, size, "nan") || same_word(text, size, "-nan") || same_word(text, size, "+nan"))
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
static size_t take_digits(kw_vm *vm, kw_buf *buf, const char *text, size_t *at, size_t end, bool commas)
{
    size_t count = 0;
    for (; *at < end && kw_buf_go_on(vm, buf); (*at)++) {
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
static bool float_form(kw_vm *vm, kw_buf *buf, const char *text, size_t at, size_t end)
{
    if (at < end && (text[at] == '+' || text[at] == '-'))
        kw_buf_putc(buf, text[at++]);
    size_t count = take_digits(vm, buf, text, &at, end, true);
    if (at < end && text[at] == '.') {
        kw_buf_putc(buf, '.');
        at++;
        count += take_digits(vm, buf, text, &at, end, false);
    }
    if (count == 0)
        return false;
    if (at < end && (text[at] == 'e' || text[at] == 'E')) {
        kw_buf_putc(buf, 'e');
        at++;
        if (at < end && (text[at] == '+' || text[at] == '-'))
            kw_buf_putc(buf, text[at++]);
        if (take_digits(vm, buf, text, &at, end, false) == 0)
            return false;
    }
    kw_buf_putc(buf, '\0');
    return at == end && !buf->failed;
}

static bool parse_float(kw_vm *vm, const char *text, size_t size, double *out)
{
    size_t from = 0;
    strip(text, &from, &size);
    if (special_float(text + from, size - from, out))
        return true;
    kw_buf buf;
    kw_buf_init(&buf);
    bool ok = float_form(vm, &buf, text, from, size);
    if (ok) {
        assert(buf.size > 0 && buf.text[buf.size - 1] == '\0');
        *out = strtod(buf.text, NULL); /* the process keeps the "C" locale for numbers */
    }
    kw_buf_free(&buf);
    return ok;
}

static kw_result any_to_float(kw_vm *vm, kw_call *call)
{
    double d;
    if (kw_is_number(call->self))
        return kw_return(call, kw_float(kw_to_double(call->self)));
    if (!kw_is(call->self, KW_STRING))
        return kw_throw(vm, "ConversionError", "Cannot convert non-numeric value to a float.");
    const kw_string *s = call->self.as.string;
    bool ok = parse_float(vm, s->text, s->size, &d);
    if (vm->error.type != NULL)
        return KW_THROWN;
    if (!ok)
        return kw_throw(vm, "ConversionError", "Cannot convert non-numeric value to a float: `%s`", s->text);
    return kw_return(call, kw_float(d));
}

/* ---- To string ------------------------------------------------------------------------------- */

/* `shift` bits per digit, at least `width` digits. */
static kw_result in_base(kw_vm *vm, kw_call *call, int64_t n, unsigned shift, int width, bool upper)
{
    assert(shift >= 1 && shift <= 4 && width <= 64); /* `out` has room for 64 digits of one bit */
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char out[64];
    int at = 64;
    uint64_t rest = (uint64_t)n;
    while (rest != 0 || 64 - at < width || at == 64) {
        out[--at] = digits[rest & ((1u << shift) - 1)];
        rest >>= shift;
    }
    return kw_give_string(call, kw_string_valid(vm, out + at, (size_t)(64 - at), (size_t)(64 - at)));
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
        return kw_throw(vm, "InvalidOperationError", "Invalid fixed-point format `%.*s`.", (int)size, format);
    double d = kw_to_double(call->self);
    if (isnan(d) || isinf(d))
        return kw_give_string(call, kw_display_text(vm, call->self));
    if (!kw_heap_room(vm, (size_t)decimals + 1, 1))
        return KW_THROWN;
    char out[EXACT_DECIMALS + 400];
    int exact = (int)(decimals < EXACT_DECIMALS ? decimals : EXACT_DECIMALS);
    int written = snprintf(out, sizeof(out), "%.*f", exact, d);
    assert(written > 0 && (size_t)written < sizeof(out)); /* 309 digits before the point at most */
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
    int64_t n = kw_is(v, KW_INT) ? v.as.i : kw_arith_truncate(v.as.f);
    switch (format[0]) {
    case 'b':
    case 'B': return in_base(vm, call, n, 1, 16, false);
    case 'o':
    case 'O': return in_base(vm, call, n, 3, 0, false);
    default: return in_base(vm, call, n, 4, 0, format[0] == 'X');
    }
}

static kw_result any_to_string(kw_vm *vm, kw_call *call)
{
    const kw_string *format = kw_native_argument(call, 0).as.string;
    size_t from = 0, to = format->size;
    strip(format->text, &from, &to);
    if (from == to) {
        const kw_bytes *b = call->self.as.bytes;
        if (kw_is(call->self, KW_BYTES))
            return kw_give_string(call, kw_string_new(vm, (const char *)b->data, b->size));
        return kw_give_string(call, kw_display_text(vm, call->self));
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
    return kw_throw(vm, "InvalidOperationError", "Unable to format type: %s", kw_display_typeof(vm, call->self)->text);
}

/* ---- To bytes, list, date -------------------------------------------------------------------- */

static kw_result any_to_bytes(kw_vm *vm, kw_call *call)
{
    if (!kw_is(call->self, KW_STRING))
        return kw_throw(vm, "InvalidOperationError", "Expected a string or list of strings to convert to bytes.");
    const kw_string *s = call->self.as.string;
    return kw_give_bytes(call, kw_bytes_new(vm, s->text, s->size));
}

static kw_result any_to_list(kw_vm *vm, kw_call *call)
{
    (void)call;
    return kw_throw(vm, "InvalidOperationError", "Expected a string, list, or bytes.");
}

static kw_result string_to_date(kw_call *call)
{
    const kw_string *text = call->self.as.string, *format = call->argc == 1 ? call->args[0].as.string : NULL;
    int64_t ticks = 0;
    bool ok = format == NULL ? kw_date_parse(text->text, text->size, &ticks)
                             : kw_date_parse_exact(text->text, text->size, format->text, format->size, &ticks);
    return kw_return(call, kw_date(ok ? ticks : 0));
}

static kw_result any_to_date(kw_vm *vm, kw_call *call)
{
    if (kw_is(call->self, KW_STRING) && (call->argc == 0 || kw_is(call->args[0], KW_STRING)))
        return string_to_date(call);
    int64_t limit = (KW_MAX_TICKS - KW_EPOCH_TICKS) / KW_TICKS_PER_MS, ms = call->self.as.i;
    if (kw_is(call->self, KW_INT) && call->argc == 0 && ms <= limit && ms >= -(KW_EPOCH_TICKS / KW_TICKS_PER_MS))
        return kw_return(call, kw_date(KW_EPOCH_TICKS + ms * KW_TICKS_PER_MS));
    return kw_throw(vm, "InvalidOperationError", "Invalid date expression.");
}

/* clang-format off */
const kw_native_def kw_convert_methods[] = {
    {"to_integer(base: number = 10): integer", any_to_integer,
     "The value as an integer: floats are truncated, strings are read in the base, which is 2 to 36.",
     "println \"42\".to_integer()  # => 42\nprintln \"ff\".to_integer(16)  # => 255\n"
     "println (2.9).to_integer()  # => 2"},
    {"to_float(): float", any_to_float, "The value as a float; strings are read.",
     "println \"2.5\".to_float()  # => 2.5"},
    {"to_string(format: string = \"\"): string", any_to_string,
     "The value as text.  Formats of numbers: `b`, `o`, `x`, `X` for the base, `fN` for N decimals.  Those of dates "
     "are patterns such as `yyyy-MM-dd`.",
     "println (255).to_string(\"x\")  # => ff\nprintln (3.14159).to_string(\"f2\")  # => 3.14\n"
     "println d(2024, 3, 5).to_string(\"yyyy-MM-dd\")  # => 2024-03-05"},
    {"to_bytes(): bytes", any_to_bytes, "The bytes of a string in UTF-8.",
     "println \"abc\".to_bytes()  # => [97, 98, 99]"},
    {"to_list(): list", any_to_list, "The elements as a list; only strings, lists and bytes have some.",
     "println \"abc\".to_list()  # => [\"a\", \"b\", \"c\"]"},
    {"to_date(format: string = null): date", any_to_date,
     "The date that a string tells, or that is so many milliseconds after 1970; the zero date if there is none.",
     "println \"2024-03-05\".to_date()  # => 03/05/2024 00:00:00\n"
     "println \"05.03.2024\".to_date(\"dd.MM.yyyy\")  # => 03/05/2024 00:00:00\n"
     "println (86400000).to_date()  # => 01/02/1970 00:00:00", NULL, KW_CHECK_COUNT},
    {NULL},
};
/* clang-format on */
