/* display.c - the display form of values (types.md section 4). */
#include "config.h"

#include "vm/object.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/chunk.h"
#include "vm/vm.h"

enum {
    DEPTH = 400,    /* nesting that is shown: bounds the C stack; deeper values are cut with "..." */
    BEING_SHOWN = 2 /* in the header's spare byte */
};

const char *kw_type_name(kw_type type)
{
    static const char *const names[] = {
#define KW_TYPE_NAME(tag, name, title) name,
        KW_TYPES(KW_TYPE_NAME)
#undef KW_TYPE_NAME
    };
    return type < KW_TYPE_COUNT ? names[type] : "";
}

const char *kw_type_title(kw_type type)
{
    static const char *const titles[] = {
#define KW_TYPE_TITLE(tag, name, title) title,
        KW_TYPES(KW_TYPE_TITLE)
#undef KW_TYPE_TITLE
    };
    return type < KW_TYPE_COUNT ? titles[type] : "";
}

kw_string *kw_typeof(kw_vm *vm, kw_value v)
{
    if (v.tag == KW_OBJECT)
        return v.as.object->klass->name;
    return kw_intern_c(vm, kw_type_name((kw_type)v.tag));
}

/* ---- Floats ---------------------------------------------------------------------------------- */

/* The shortest decimal digits that read back as d (finite, > 0); returns their number, and the
 * exponent of the first in *exponent.  Fifteen digits are enough for most and always survive; only
 * where doubles are sparse, below the normal range, fewer can do. */
static int shortest(double d, char digits[20], int *exponent)
{
    char text[40];
    for (int count = d < 2.3e-308 ? 1 : 15; count <= 17; count++) {
        (void)snprintf(text, sizeof(text), "%.*e", count - 1, d);
        if (count == 17 || strtod(text, NULL) == d)
            break;
    }
    int n = 0;
    const char *p = text;
    for (; *p != 'e'; p++) /* whatever the locale's decimal point is */
        if (*p >= '0' && *p <= '9')
            digits[n++] = *p;
    *exponent = (int)strtol(p + 1, NULL, 10);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    return n;
}

static size_t put_plain(char *out, const char *digits, int n, int exponent)
{
    size_t size = 0;
    if (exponent < 0) {
        out[size++] = '0';
        out[size++] = '.';
        for (int i = -1; i > exponent; i--)
            out[size++] = '0';
        memcpy(out + size, digits, (size_t)n);
        return size + (size_t)n;
    }
    for (int i = 0; i <= exponent; i++)
        out[size++] = i < n ? digits[i] : '0';
    if (n > exponent + 1) {
        out[size++] = '.';
        memcpy(out + size, digits + exponent + 1, (size_t)(n - exponent - 1));
        size += (size_t)(n - exponent - 1);
    }
    return size;
}

static size_t put_scientific(char *out, const char *digits, int n, int exponent)
{
    size_t size = 0;
    out[size++] = digits[0];
    if (n > 1) {
        out[size++] = '.';
        memcpy(out + size, digits + 1, (size_t)(n - 1));
        size += (size_t)(n - 1);
    }
    out[size++] = 'E';
    out[size++] = exponent < 0 ? '-' : '+';
    int e = exponent < 0 ? -exponent : exponent;
    if (e >= 100)
        out[size++] = (char)('0' + e / 100);
    out[size++] = (char)('0' + e / 10 % 10);
    out[size++] = (char)('0' + e % 10);
    return size;
}

size_t kw_format_double(double d, char *buf)
{
    if (isnan(d) || isinf(d)) {
        const char *text = isnan(d) ? "NaN" : d > 0 ? "Infinity" : "-Infinity";
        size_t size = strlen(text);
        memcpy(buf, text, size + 1);
        return size;
    }
    size_t size = 0;
    if (signbit(d)) {
        buf[size++] = '-';
        d = -d;
    }
    if (d < 1e15 && d == floor(d)) {
        char reversed[20];
        int n = 0;
        uint64_t whole = (uint64_t)d;
        do {
            reversed[n++] = (char)('0' + whole % 10);
            whole /= 10;
        } while (whole != 0);
        while (n > 0)
            buf[size++] = reversed[--n];
    } else {
        char digits[20] = "0";
        int exponent = 0;
        int n = shortest(d, digits, &exponent);
        size += exponent > -5 && exponent < 17 ? put_plain(buf + size, digits, n, exponent)
                                               : put_scientific(buf + size, digits, n, exponent);
    }
    buf[size] = '\0';
    return size;
}

/* ---- Pieces ---------------------------------------------------------------------------------- */

static void put_int(kw_buf *buf, int64_t i)
{
    char text[24], *p = text + sizeof(text);
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do {
        *--p = (char)('0' + u % 10);
        u /= 10;
    } while (u != 0);
    if (i < 0)
        *--p = '-';
    kw_buf_put(buf, p, (size_t)(text + sizeof(text) - p));
}

static void put_string(kw_buf *buf, const kw_string *s)
{
    kw_buf_put(buf, s->text, s->size);
}

/* MM/dd/yyyy HH:mm:ss of 100 ns ticks since 0001-01-01. */
static void put_date(kw_buf *buf, int64_t ticks)
{
    int64_t seconds = ticks / 10000000, day = seconds / 86400, rest = seconds % 86400;
    /* Count from 0000-03-01, so that a leap day is the last of its year (the usual civil calendar
     * trick). */
    int64_t z = day + 306, era = z / 146097, in_era = z % 146097;
    int64_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int64_t m = (5 * in_year + 2) / 153, d = in_year - (153 * m + 2) / 5 + 1;
    int64_t month = m < 10 ? m + 3 : m - 9;
    char text[64];
    (void)snprintf(text, sizeof(text), "%02d/%02d/%04d %02d:%02d:%02d", (int)month, (int)d,
                   (int)(era * 400 + year + (month <= 2)), (int)(rest / 3600),
                   (int)(rest / 60 % 60), (int)(rest % 60));
    kw_buf_puts(buf, text);
}

static void put_lambda(kw_buf *buf, const kw_obj *o)
{
    while (o->kind == KW_K_BOUND)
        o = ((const kw_bound *)o)->callable.as.obj;
    kw_buf_puts(buf, "<lambda(identifier=");
    if (o->kind == KW_K_CLOSURE && ((const kw_closure *)o)->proto->name != NULL)
        put_string(buf, ((const kw_closure *)o)->proto->name);
    else if (o->kind == KW_K_NATIVE)
        put_string(buf, ((const kw_native *)o)->name);
    kw_buf_puts(buf, ")>");
}

static void put_object(kw_buf *buf, const kw_object *o)
{
    kw_buf_puts(buf, "<struct(name=");
    put_string(buf, o->klass->name);
    if (o->cloned) {
        kw_buf_puts(buf, ")>");
        return;
    }
    kw_buf_puts(buf, ", identifier=");
    put_string(buf, o->klass->name);
    kw_buf_putc(buf, '>'); /* the reference leaves the closing bracket out */
}

static void put_bytes(kw_buf *buf, const kw_bytes *b)
{
    kw_buf_putc(buf, '[');
    for (size_t i = 0; i < b->size; i++) {
        if (i > 0)
            kw_buf_put(buf, ", ", 2);
        put_int(buf, b->data[i]);
    }
    kw_buf_putc(buf, ']');
}

/* ---- Containers ------------------------------------------------------------------------------ */

static void show(kw_buf *buf, kw_value v, unsigned depth);

static void show_quoted(kw_buf *buf, kw_value v, bool quoted, unsigned depth)
{
    if (quoted)
        kw_buf_putc(buf, '"');
    show(buf, v, depth);
    if (quoted)
        kw_buf_putc(buf, '"');
}

static void show_list(kw_buf *buf, const kw_list *list, unsigned depth)
{
    kw_buf_putc(buf, '[');
    for (size_t i = 0; i < list->count && !buf->failed; i++) {
        if (i > 0)
            kw_buf_put(buf, ", ", 2);
        show_quoted(buf, list->items[i], list->items[i].tag == KW_STRING, depth);
    }
    kw_buf_putc(buf, ']');
}

static bool quoted_in_map(kw_value v)
{
    return v.tag == KW_STRING || v.tag == KW_DATE;
}

static void show_map(kw_buf *buf, kw_map *map, unsigned depth)
{
    const kw_entry *e;
    bool first = true;
    kw_buf_putc(buf, '{');
    for (uint32_t i = 0; !buf->failed && (e = kw_map_next(map, &i)) != NULL; first = false) {
        if (!first)
            kw_buf_put(buf, ", ", 2);
        show_quoted(buf, e->key, quoted_in_map(e->key), depth);
        kw_buf_put(buf, ": ", 2);
        show_quoted(buf, e->value, quoted_in_map(e->value), depth);
    }
    kw_buf_putc(buf, '}');
}

static void show_container(kw_buf *buf, kw_value v, unsigned depth)
{
    if (depth >= DEPTH || (v.as.obj->spare & BEING_SHOWN)) {
        kw_buf_put(buf, "...", 3);
        return;
    }
    v.as.obj->spare |= BEING_SHOWN;
    if (v.tag == KW_LIST)
        show_list(buf, v.as.list, depth + 1);
    else
        show_map(buf, v.as.map, depth + 1);
    v.as.obj->spare &= (uint8_t)~BEING_SHOWN;
}

static void show(kw_buf *buf, kw_value v, unsigned depth)
{
    char number[40];
    switch ((kw_type)v.tag) {
    case KW_INT: put_int(buf, v.as.i); break;
    case KW_FLOAT: kw_buf_put(buf, number, kw_format_double(v.as.f, number)); break;
    case KW_BOOL: kw_buf_puts(buf, v.as.i != 0 ? "true" : "false"); break;
    case KW_NULL: kw_buf_put(buf, "null", 4); break;
    case KW_STRING: put_string(buf, v.as.string); break;
    case KW_LIST:
    case KW_MAP: show_container(buf, v, depth); break;
    case KW_OBJECT: put_object(buf, v.as.object); break;
    case KW_LAMBDA: put_lambda(buf, v.as.obj); break;
    case KW_POINTER: put_int(buf, (int64_t)(intptr_t)v.as.pointer->data); break;
    case KW_DATE: put_date(buf, v.as.i); break;
    case KW_BYTES: put_bytes(buf, v.as.bytes); break;
    case KW_STRUCT:
    case KW_GENERATOR:
    case KW_PACKAGE:
    case KW_CELL:
    case KW_UNDEF:
    case KW_TYPE_COUNT: break;
    }
}

void kw_display(kw_vm *vm, kw_buf *buf, kw_value v)
{
    (void)vm;
    show(buf, v, 0);
}

kw_string *kw_to_display(kw_vm *vm, kw_value v)
{
    if (v.tag == KW_STRING)
        return v.as.string;
    kw_buf buf;
    kw_buf_init(&buf);
    kw_display(vm, &buf, v);
    return kw_buf_string(vm, &buf);
}
