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
#include "types/filling.h"
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

/* Where the text goes.  In f->count: values that are used up; padding that is still to be put, how much of it is there,
 * and its character; f->held[0]: the text behind that; f->at: how far the format is done. */
typedef struct writer {
    kw_vm *vm;
    kw_filling *f;
} writer;

enum { USED, MISSING, DONE, WITH };

/* Put padding, if some is due.  false: the native returns. */
static bool put_padding(writer *w)
{
    kw_filling *f = w->f;
    char c = (char)f->count[WITH];
    if (!kw_filling_repeat(w->vm, f, &c, 1, f->count[MISSING], &f->count[DONE]))
        return false;
    f->count[MISSING] = f->count[DONE] = 0;
    if (kw_is(f->held[0], KW_STRING))
        kw_buf_put(&f->buf, f->held[0].as.string->text, f->held[0].as.string->size);
    f->held[0] = kw_undef();
    return true;
}

/* A text within its width; what is much is left to put_padding(). */
static void put_padded(writer *w, const part *p, const char *text, size_t size, char fill)
{
    enum { AT_ONCE = 1024 };
    size_t length = kw_text_count(text, size), missing = p->width > length ? p->width - length : 0;
    bool later = missing > AT_ONCE;
    if (p->left || !later) {
        if (!p->left)
            kw_buf_fill(&w->f->buf, fill, missing);
        kw_buf_put(&w->f->buf, text, size);
        if (p->left && !later)
            kw_buf_fill(&w->f->buf, ' ', missing);
    }
    if (!later)
        return;
    kw_string *behind = p->left ? NULL : kw_string_valid(w->vm, text, size, SIZE_MAX);
    if (behind != NULL)
        w->f->held[0] = kw_of_string(behind);
    w->f->count[MISSING] = missing;
    w->f->count[WITH] = (unsigned char)(p->left ? ' ' : fill);
    w->f->buf.failed |= (!p->left && behind == NULL) || !kw_heap_room(w->vm, missing, 1);
}

/* A decimal number, `text` having room for a sign before it; zeros stand before the sign, too. */
static void put_decimal(writer *w, const part *p, char *text, size_t size)
{
    if (p->plus && *text != '-') {
        *--text = '+';
        size++;
    }
    put_padded(w, p, text, size, p->zero && p->letter != 'e' ? '0' : ' ');
}

static void put_float(writer *w, const part *p, double d)
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
    put_decimal(w, p, text + 1, size);
}

/* The digits of n to a base of 1 << shift, at least `least` of them. */
static void put_digits(writer *w, const part *p, uint64_t n, unsigned shift, int least, bool negative)
{
    const char *digits = p->letter == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[66], *end = text + sizeof(text), *at = end;
    for (; n != 0 || end - at < least; n >>= shift)
        *--at = digits[n & ((1u << shift) - 1)];
    assert(at > text); /* there is room for the sign */
    if (negative)
        *--at = '-';
    put_padded(w, p, at, (size_t)(end - at), ' ');
}

/* Numbers of one byte, with a sign or without, have two digits; others all that they have. */
static void put_hex(writer *w, const part *p, int64_t n)
{
    bool byte = n >= INT8_MIN && n <= UINT8_MAX;
    put_digits(w, p, byte ? (uint8_t)n : (uint64_t)n, 4, 2, false);
}

static bool put_char(writer *w, const part *p, int64_t n)
{
    char byte = (char)(unsigned char)(n & 0xFF);
    if (!kw_bytes_check(w->vm, n))
        return false;
    if (n < 0x80)
        put_padded(w, p, &byte, 1, ' ');
    else
        put_padded(w, p, "\xEF\xBF\xBD", 3, ' '); /* no character by itself */
    return true;
}

static bool put_integer(writer *w, const part *p, int64_t n)
{
    char text[24];
    uint64_t size = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    switch (p->letter) {
    case 'x':
    case 'X': put_hex(w, p, n); return true;
    case 'o': put_digits(w, p, size, 3, 1, n < 0); return true;
    case 'b': put_digits(w, p, size, 1, 1, n < 0); return true;
    case 'c': return put_char(w, p, n);
    default: put_decimal(w, p, text + 1, kw_display_int(n, text + 1)); return true;
    }
}

static bool put_text(writer *w, const part *p, kw_value v)
{
    kw_string *s = kw_display_text(w->vm, v);
    if (s != NULL && p->precision >= 0)
        s = kw_string_sub(w->vm, s, 0, (size_t)p->precision);
    if (s != NULL)
        put_padded(w, p, s->text, s->size, ' ');
    return s != NULL;
}

/* A plain value.  false: thrown. */
static bool put_value(writer *w, const part *p, kw_value v)
{
    switch (p->letter) {
    case 's': return put_text(w, p, v);
    case 'f':
    case 'e': put_float(w, p, kw_to_double(v)); return true;
    default: return put_integer(w, p, kw_is(v, KW_INT) ? v.as.i : kw_arith_truncate(v.as.f));
    }
}

/* ---- Texts ------------------------------------------------------------------------------------------- */

typedef enum outcome { TOLD, NOT_PLAIN, WRONG } outcome;

/* Append `format` with the values in their places.  TOLD: or paused, or failed; NOT_PLAIN: one of them has to be made
 * plain first; WRONG: thrown. */
static outcome tell(kw_vm *vm, kw_filling *f, const kw_string *format, const kw_list *values)
{
    writer w = {.vm = vm, .f = f};
    const char *end = format->text + format->size;
    while (put_padding(&w) && f->at < format->size && kw_filling_go_on(vm, f)) {
        const char *p = format->text + f->at;
        part next = next_part(p, end);
        kw_buf_put(&f->buf, p, (size_t)(next.from - p));
        f->at = (size_t)(next.to - format->text);
        if (next.letter == '%') {
            kw_buf_putc(&f->buf, '%');
        } else if (next.letter == '?' || (takes_value(&next) && f->count[USED] >= values->count)) {
            kw_buf_put(&f->buf, next.from, (size_t)(next.to - next.from));
        } else if (takes_value(&next)) {
            kw_value v = values->items[f->count[USED]++];
            if (!is_plain(&next, v))
                return NOT_PLAIN;
            if (!put_value(&w, &next, v))
                return WRONG;
        }
    }
    return TOLD;
}

/* What is done with the text. */
typedef kw_result (*use)(kw_vm *vm, kw_call *call, kw_filling *f);

static kw_result print(kw_vm *vm, kw_call *call, kw_filling *f)
{
    if (f->paused)
        return kw_filling_text(vm, call, f);
    const kw_string *s = kw_buf_text(vm, &f->buf);
    return s != NULL && kw_out(vm, 1, s->text, s->size) ? KW_DONE : KW_THROWN;
}

static kw_result print_line(kw_vm *vm, kw_call *call, kw_filling *f)
{
    if (!f->paused)
        kw_buf_putc(&f->buf, '\n');
    return print(vm, call, f);
}

/* `otherwise`: the function in fmt.kiwi that does the same after converting the values. */
static kw_result formatted(kw_vm *vm, kw_call *call, use then, const char *otherwise)
{
    kw_filling first, *f = kw_filling_begin(call, &first);
    kw_value format = kw_native_operand(call, 0), values = kw_native_operand(call, 1);
    if (!kw_is(values, KW_LIST)) /* it is missing */
        values = kw_of_list(kw_list_new(vm, 0));
    outcome came = tell(vm, f, format.as.string, values.as.list);
    if (came == TOLD)
        return then(vm, call, f);
    kw_buf_free(&f->buf);
    if (came == WRONG)
        return KW_THROWN;
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "fmt", otherwise), (kw_value[]){format, values}, 2);
}

static kw_result fmt_sprintf(kw_vm *vm, kw_call *call)
{
    return formatted(vm, call, kw_filling_text, "fmt::__text__");
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
    kw_filling first, *f = kw_filling_begin(call, &first);
    outcome came = tell(vm, f, kw_native_operand(call, 0).as.string, values);
    if (came == TOLD)
        return kw_filling_text(vm, call, f);
    if (came == NOT_PLAIN)
        (void)kw_throw(vm, "ConversionError", "A value's method gave what cannot be formatted.");
    return kw_filling_thrown(f);
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
