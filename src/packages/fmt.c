/* fmt.c - package fmt: texts by formats (FUNCTIONS.md, "fmt"); what has to be converted by methods of its own goes
 * through fmt.kiwi first. */
#include "config.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "packages/library.h"
#include "packages/package.h"
#include "types/bytes_methods.h"
#include "types/give.h"
#include "vm/text.h"

/* ---- Formats ----------------------------------------------------------------------------------------- */

/* A part of a format: text up to `from`, then a placeholder [from, to) unless its letter is NUL. */
typedef struct part {
    const char *from, *to;
    char letter; /* '%': a percent sign; '?': unknown, to be copied */
    bool left, zero, plus;
    size_t width;
    int precision; /* -1: not given */
} part;

enum { MOST = 1 << 30 /* of a width or precision; more is more than any text can have */ };

static size_t with_digit(size_t n, char c)
{
    return n < MOST / 10 ? n * 10 + (size_t)(c - '0') : MOST;
}

/* Flags, width and precision, from `p` on; returns where they end. */
static const char *read_settings(const char *p, part *out)
{
    static const char allowed[] = "0123456789.-+ #";
    for (; *p != '\0' && strchr(allowed, *p) != NULL; p++) {
        out->left |= *p == '-';
        out->plus |= *p == '+';
        if (*p == '.')
            out->precision = 0;
        if (*p < '0' || *p > '9')
            continue;
        if (out->precision >= 0)
            out->precision = (int)with_digit((size_t)out->precision, *p);
        else if (*p == '0' && out->width == 0)
            out->zero = true;
        else
            out->width = with_digit(out->width, *p);
    }
    return p;
}

/* The next placeholder from `p` on; letter NUL: there is none before the end. */
static part next_part(const char *p, const char *end)
{
    const char *from = memchr(p, '%', (size_t)(end - p));
    part out = {.from = from != NULL ? from : end, .to = end, .precision = -1};
    if (from == NULL)
        return out;
    p = read_settings(from + 1, &out);
    assert(p > from && p <= end);
    if (p == end && p == from + 1) { /* a single one at the very end */
        out.letter = '%';
    } else if (p < end) {
        out.letter = *p != '\0' && strchr("sdifexXobc%", *p) != NULL ? *p : '?';
        out.to = p + 1;
    }
    return out;
}

static bool takes_value(const part *p)
{
    return p->letter != '\0' && p->letter != '%' && p->letter != '?';
}

/* Is the value formatted as it is, rather than what a method makes of it? */
static bool is_plain(const part *p, kw_value v)
{
    bool text = v.tag <= KW_MAP || kw_is(v, KW_NULL);
    return p->letter == 's' ? text : kw_is_number(v);
}

/* ---- Values ------------------------------------------------------------------------------------------ */

/* A text within its width. */
static void put_padded(kw_buf *buf, const part *p, const char *text, size_t size, char fill)
{
    size_t length = kw_text_count(text, size), missing = p->width > length ? p->width - length : 0;
    if (!p->left)
        kw_buf_fill(buf, fill, missing);
    kw_buf_put(buf, text, size);
    if (p->left)
        kw_buf_fill(buf, ' ', missing);
}

/* A decimal number, `text` having room for a sign before it; zeros stand before the sign, too. */
static void put_decimal(kw_buf *buf, const part *p, char *text, size_t size)
{
    if (p->plus && *text != '-') {
        *--text = '+';
        size++;
    }
    put_padded(buf, p, text, size, p->zero && p->letter != 'e' ? '0' : ' ');
}

static void put_float(kw_buf *buf, const part *p, double d)
{
    enum { ALL_DECIMALS = 1100, LONGEST = ALL_DECIMALS + 330 }; /* no double has more that are not zero */
    char text[LONGEST];
    int decimals = p->precision < 0 ? 6 : p->precision < ALL_DECIMALS ? p->precision : ALL_DECIMALS;
    size_t size = 0;
    if (!isfinite(d))
        size = kw_display_double(d, text + 1);
    else if (p->letter == 'f')
        size = (size_t)snprintf(text + 1, sizeof(text) - 1, "%.*f", decimals, d);
    else
        size = (size_t)snprintf(text + 1, sizeof(text) - 1, "%.*e", decimals, d);
    assert(size < sizeof(text) - 1);
    put_decimal(buf, p, text + 1, size);
}

/* The digits of n to a base of 1 << shift, at least `least` of them. */
static void put_digits(kw_buf *buf, const part *p, uint64_t n, unsigned shift, int least, bool negative)
{
    const char *digits = p->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[66], *end = text + sizeof(text), *at = end;
    for (; n != 0 || end - at < least; n >>= shift)
        *--at = digits[n & ((1u << shift) - 1)];
    assert(at > text); /* there is room for the sign */
    if (negative)
        *--at = '-';
    put_padded(buf, p, at, (size_t)(end - at), ' ');
}

/* Numbers of one byte, with a sign or without, have two digits; others all that they have. */
static void put_hex(kw_buf *buf, const part *p, int64_t n)
{
    bool byte = n >= INT8_MIN && n <= UINT8_MAX;
    put_digits(buf, p, byte ? (uint8_t)n : (uint64_t)n, 4, 2, false);
}

static bool put_char(kw_vm *vm, kw_buf *buf, const part *p, int64_t n)
{
    char byte = (char)(unsigned char)(n & 0xFF);
    if (!kw_bytes_check(vm, n))
        return false;
    if (n < 0x80)
        put_padded(buf, p, &byte, 1, ' ');
    else
        put_padded(buf, p, "\xEF\xBF\xBD", 3, ' '); /* no character by itself */
    return true;
}

static bool put_integer(kw_vm *vm, kw_buf *buf, const part *p, int64_t n)
{
    char text[24];
    uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    switch (p->letter) {
    case 'x':
    case 'X': put_hex(buf, p, n); return true;
    case 'o': put_digits(buf, p, size, 3, 1, n < 0); return true;
    case 'b': put_digits(buf, p, size, 1, 1, n < 0); return true;
    case 'c': return put_char(vm, buf, p, n);
    default: put_decimal(buf, p, text + 1, kw_display_int(n, text + 1)); return true;
    }
}

static bool put_text(kw_vm *vm, kw_buf *buf, const part *p, kw_value v)
{
    kw_string *s = kw_display_text(vm, v);
    if (s != NULL && p->precision >= 0)
        s = kw_string_sub(vm, s, 0, (size_t)p->precision);
    if (s != NULL)
        put_padded(buf, p, s->text, s->size, ' ');
    return s != NULL;
}

/* A plain value.  false: thrown. */
static bool put_value(kw_vm *vm, kw_buf *buf, const part *p, kw_value v)
{
    switch (p->letter) {
    case 's': return put_text(vm, buf, p, v);
    case 'f':
    case 'e': put_float(buf, p, kw_to_double(v)); return true;
    default: return put_integer(vm, buf, p, kw_is(v, KW_INT) ? v.as.i : kw_arith_truncate(v.as.f));
    }
}

/* ---- Texts ------------------------------------------------------------------------------------------- */

typedef enum outcome { TOLD, NOT_PLAIN, WRONG } outcome;

/* Append `format` with the values in their places.  NOT_PLAIN: one of them has to be converted first; WRONG: thrown. */
static outcome tell(kw_vm *vm, kw_buf *buf, const kw_string *format, const kw_list *values)
{
    const char *p = format->text, *end = p + format->size;
    size_t used = 0;
    while (p < end && kw_buf_go_on(vm, buf)) {
        part next = next_part(p, end);
        kw_buf_put(buf, p, (size_t)(next.from - p));
        p = next.to;
        if (next.letter == '%') {
            kw_buf_putc(buf, '%');
        } else if (next.letter == '?' || (takes_value(&next) && used == values->count)) {
            kw_buf_put(buf, next.from, (size_t)(next.to - next.from));
        } else if (takes_value(&next)) {
            kw_value v = values->items[used++];
            if (!is_plain(&next, v))
                return NOT_PLAIN;
            if (!put_value(vm, buf, &next, v))
                return WRONG;
        }
    }
    return TOLD;
}

/* What is done with the text. */
typedef kw_result (*use)(kw_vm *vm, kw_call *call, kw_buf *buf);

static kw_result give(kw_vm *vm, kw_call *call, kw_buf *buf)
{
    return kw_give_string(call, kw_buf_text(vm, buf));
}

static kw_result print(kw_vm *vm, kw_call *call, kw_buf *buf)
{
    const kw_string *s = kw_buf_text(vm, buf);
    (void)call;
    return s != NULL && kw_out(vm, 1, s->text, s->size) ? KW_DONE : KW_THROWN;
}

static kw_result print_line(kw_vm *vm, kw_call *call, kw_buf *buf)
{
    kw_buf_putc(buf, '\n');
    return print(vm, call, buf);
}

/* `otherwise`: the function in fmt.kiwi that does the same after converting the values. */
static kw_result formatted(kw_vm *vm, kw_call *call, use then, const char *otherwise)
{
    kw_value format = kw_native_operand(call, 0), values = kw_native_operand(call, 1);
    if (!kw_is(values, KW_LIST)) /* it is missing */
        values = kw_of_list(kw_list_new(vm, 0));
    kw_buf buf;
    kw_buf_init(&buf);
    outcome came = tell(vm, &buf, format.as.string, values.as.list);
    if (came == TOLD)
        return then(vm, call, &buf);
    kw_buf_free(&buf);
    if (came == WRONG)
        return KW_THROWN;
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "fmt", otherwise), (kw_value[]){format, values}, 2);
}

static kw_result fmt_sprintf(kw_vm *vm, kw_call *call)
{
    return formatted(vm, call, give, "fmt::__text__");
}

static kw_result fmt_printf(kw_vm *vm, kw_call *call)
{
    return formatted(vm, call, print, "fmt::__print__");
}

static kw_result fmt_printlnf(kw_vm *vm, kw_call *call)
{
    return formatted(vm, call, print_line, "fmt::__println__");
}

/* ---- For fmt.kiwi ------------------------------------------------------------------------------------ */

/* The letters of the placeholders that take a value, at most `most` of them. */
static kw_result fmt_letters(kw_vm *vm, kw_call *call)
{
    const kw_string *format = kw_native_operand(call, 0).as.string;
    size_t most = (size_t)kw_native_operand(call, 1).as.i;
    const char *p = format->text, *end = p + format->size;
    kw_list *letters = kw_list_new(vm, 0);
    while (letters != NULL && p < end && letters->count < most) {
        part next = next_part(p, end);
        p = next.to;
        if (takes_value(&next) &&
            (!kw_list_push(vm, letters, kw_of_string(kw_intern(vm, &next.letter, 1))) || !kw_go_on(vm)))
            return KW_THROWN;
    }
    return kw_give_list(call, letters);
}

/* sprintf of values that were converted: a method that gave something else is to blame. */
static kw_result fmt_format(kw_vm *vm, kw_call *call)
{
    const kw_list *values = kw_native_operand(call, 1).as.list;
    kw_buf buf;
    kw_buf_init(&buf);
    outcome came = tell(vm, &buf, kw_native_operand(call, 0).as.string, values);
    if (came == TOLD)
        return give(vm, call, &buf);
    kw_buf_free(&buf);
    if (came == NOT_PLAIN)
        (void)kw_throw(vm, "ConversionError", "A value's method gave what cannot be formatted.");
    return KW_THROWN;
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"sprintf(format: string, values: list = []): string", fmt_sprintf,
     "The format with the values in the places of `%s %d %i %f %e %x %X %o %b %c`, in which `-` (left), `+`, `0`, a "
     "width and a precision may stand behind the percent sign; `%%` is one itself.",
     "println fmt::sprintf(\"%-5s|%5.2f|%03d\", [\"ab\", 3.14159, 7])  # => ab   | 3.14|007"},
    {"printf(format: string, values: list = [])", fmt_printf, "Print what sprintf gives.",
     "fmt::printf(\"%s is %d\", [\"x\", 1])"},
    {"printlnf(format: string, values: list = [])", fmt_printlnf, "Print what sprintf gives, and a newline.",
     "fmt::printlnf(\"%x\", [255])"},
    {"__letters__(format: string, most: integer): list", fmt_letters, "The placeholders that take a value.", NULL},
    {"__format__(format: string, values: list): string", fmt_format, "sprintf of converted values.", NULL},
    {NULL},
};
/* clang-format on */

const kp_package kp_fmt = {
    .name = "fmt",
    .about = "Text by formats like those of printf.",
    .functions = functions,
};
