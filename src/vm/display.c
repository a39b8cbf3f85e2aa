/* display.c - the display form of values (TYPES.md section 4). */
#include "config.h"

#include "vm/object.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/chunk.h"
#include "vm/gc.h"
#include "vm/levels.h"
#include "vm/text.h"
#include "vm/vm.h"

enum { BEING_SHOWN = 2 /* in the header's spare byte */ };

const char *kw_display_type_name(kw_type type)
{
    static const char *const names[] = {
#define KW_TYPE_NAME(tag, name, title) name,
        KW_TYPES(KW_TYPE_NAME)
#undef KW_TYPE_NAME
    };
    return type < KW_TYPE_COUNT ? names[type] : "";
}

const char *kw_display_type_title(kw_type type)
{
    static const char *const titles[] = {
#define KW_TYPE_TITLE(tag, name, title) title,
        KW_TYPES(KW_TYPE_TITLE)
#undef KW_TYPE_TITLE
    };
    return type < KW_TYPE_COUNT ? titles[type] : "";
}

kw_string *kw_display_typeof(kw_vm *vm, kw_value v)
{
    if (v.tag == KW_OBJECT)
        return v.as.object->klass->name;
    return kw_intern_c(vm, kw_display_type_name((kw_type)v.tag));
}

/* ---- Numbers --------------------------------------------------------------------------------- */

size_t kw_display_int(int64_t i, char *buf)
{
    char text[20], *end = text + sizeof(text), *p = end;
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do {
        *--p = (char)('0' + u % 10);
        u /= 10;
    } while (u != 0);
    if (i < 0)
        *--p = '-';
    memcpy(buf, p, (size_t)(end - p));
    return (size_t)(end - p);
}

/* The digits of d > 0 if at most fifteen say what it is, as they do for what people write: returns their
 * number, and the exponent of the first in *exponent; 0: they do not, or it is hard to tell.  Of so few
 * digits no two rows stand for one double, so those found with the fewest decimals are the shortest. */
static int few_digits(double d, char digits[20], int *exponent)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
    if (FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 1)
        return 0;
    for (int decimals = 1; decimals < (int)(sizeof(powers) / sizeof(powers[0])); decimals++) {
        double whole = floor(d * powers[decimals] + 0.5);
        if (whole >= 1e15)
            break;
        if (whole / powers[decimals] != d) /* both are exact, so that this is rounded as reading would */
            continue;
        int n = (int)kw_display_int((int64_t)whole, digits);
        *exponent = n - 1 - decimals;
        return n;
    }
    return 0;
}

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

size_t kw_display_double(double d, char *buf)
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
        int n = few_digits(d, digits, &exponent);
        if (n == 0)
            n = shortest(d, digits, &exponent);
        size += exponent > -5 && exponent < 17 ? put_plain(buf + size, digits, n, exponent)
                                               : put_scientific(buf + size, digits, n, exponent);
    }
    buf[size] = '\0';
    return size;
}

/* ---- Pieces ---------------------------------------------------------------------------------- */

static void put_int(kw_buf *buf, int64_t i)
{
    char text[20];
    kw_buf_put(buf, text, kw_display_int(i, text));
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
                   (int)(era * 400 + year + (month <= 2)), (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
    kw_buf_puts(buf, text);
}

static void put_lambda(kw_buf *buf, const kw_obj *o)
{
    while (o->kind == KW_KIND_BOUND)
        o = ((const kw_bound *)o)->callable.as.obj;
    kw_buf_puts(buf, "<lambda(identifier=");
    if (o->kind == KW_KIND_CLOSURE && ((const kw_closure *)o)->proto->name != NULL)
        put_string(buf, ((const kw_closure *)o)->proto->name);
    else if (o->kind == KW_KIND_NATIVE)
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
    kw_buf_putc(buf, '>'); /* Kiwi 1.4.3 leaves the closing bracket out */
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

/* Anything but lists and hashmaps. */
static void show_simple(kw_buf *buf, kw_value v)
{
    char number[40];
    switch ((kw_type)v.tag) {
    case KW_INT: put_int(buf, v.as.i); break;
    case KW_FLOAT: kw_buf_put(buf, number, kw_display_double(v.as.f, number)); break;
    case KW_BOOL: kw_buf_puts(buf, v.as.i != 0 ? "true" : "false"); break;
    case KW_NULL: kw_buf_put(buf, "null", 4); break;
    case KW_STRING: put_string(buf, v.as.string); break;
    case KW_OBJECT: put_object(buf, v.as.object); break;
    case KW_LAMBDA: put_lambda(buf, v.as.obj); break;
    case KW_POINTER: put_int(buf, (int64_t)(intptr_t)v.as.pointer->data); break;
    case KW_DATE: put_date(buf, v.as.i); break;
    case KW_BYTES: put_bytes(buf, v.as.bytes); break;
    case KW_LIST:
    case KW_MAP:
    case KW_STRUCT:
    case KW_GENERATOR:
    case KW_PACKAGE:
    case KW_CELL:
    case KW_UNDEF:
    case KW_TYPE_COUNT: break;
    }
}

/* ---- Containers ------------------------------------------------------------------------------ */

/* Lists and hashmaps are written with a stack of their own, so that no nesting is too deep. */
typedef struct level { /* one that is being written */
    kw_value of;
    size_t at;             /* its next element */
    const kw_entry *entry; /* of a hashmap: the entry whose value comes next; NULL: a key comes */
} level;

typedef struct walk {
    kw_buf *buf;
    level *levels; /* the innermost last */
    size_t count, cap;
    level few[8];
} walk;

static bool make_room(walk *w)
{
    if (w->count < w->cap)
        return true;
    level *grown = kw_more_levels(w->levels, w->few, &w->cap, sizeof(*grown));
    if (grown != NULL)
        w->levels = grown;
    return grown != NULL;
}

static void open_container(walk *w, kw_value v)
{
    if (v.as.obj->spare & BEING_SHOWN) { /* inside itself */
        kw_buf_put(w->buf, "...", 3);
        return;
    }
    if (!make_room(w)) {
        w->buf->failed = true;
        return;
    }
    v.as.obj->spare |= BEING_SHOWN;
    w->levels[w->count++] = (level){.of = v};
    kw_buf_putc(w->buf, v.tag == KW_LIST ? '[' : '{');
}

static void close_container(walk *w)
{
    kw_value v = w->levels[--w->count].of;
    v.as.obj->spare &= (uint8_t)~BEING_SHOWN;
    kw_buf_putc(w->buf, v.tag == KW_LIST ? ']' : '}');
}

static void show_element(walk *w, kw_value v, bool quoted)
{
    if (v.tag == KW_LIST || v.tag == KW_MAP) {
        open_container(w, v);
        return;
    }
    if (quoted)
        kw_buf_putc(w->buf, '"');
    show_simple(w->buf, v);
    if (quoted)
        kw_buf_putc(w->buf, '"');
}

static bool quoted_in_map(kw_value v)
{
    return v.tag == KW_STRING || v.tag == KW_DATE;
}

/* Write the next key or value of the innermost container, or end it.  The levels may move. */
static void show_next(walk *w)
{
    level *l = &w->levels[w->count - 1];
    const char *before = l->at > 0 ? ", " : "";
    if (l->of.tag == KW_LIST) {
        const kw_list *list = l->of.as.list;
        if (l->at >= list->count) {
            close_container(w);
            return;
        }
        kw_value v = list->items[l->at++];
        kw_buf_puts(w->buf, before);
        show_element(w, v, v.tag == KW_STRING);
        return;
    }
    if (l->entry != NULL) {
        kw_value v = l->entry->value;
        l->entry = NULL;
        kw_buf_put(w->buf, ": ", 2);
        show_element(w, v, quoted_in_map(v));
        return;
    }
    uint32_t at = (uint32_t)l->at;
    const kw_entry *e = l->entry = kw_map_next(l->of.as.map, &at);
    l->at = at;
    if (e == NULL) {
        close_container(w);
        return;
    }
    kw_buf_puts(w->buf, before);
    show_element(w, e->key, quoted_in_map(e->key));
}

void kw_display(kw_vm *vm, kw_buf *buf, kw_value v)
{
    if (v.tag != KW_LIST && v.tag != KW_MAP) {
        show_simple(buf, v);
        return;
    }
    walk w;
    w.buf = buf;
    w.levels = w.few;
    w.cap = sizeof(w.few) / sizeof(w.few[0]);
    w.count = 0;
    open_container(&w, v);
    while (w.count > 0) { /* a few lists in each other can stand for any amount of text */
        if (kw_buf_go_on(vm, buf))
            show_next(&w);
        else
            close_container(&w);
    }
    if (w.levels != w.few)
        free(w.levels);
}

kw_string *kw_display_text(kw_vm *vm, kw_value v)
{
    if (v.tag == KW_STRING)
        return v.as.string;
    kw_buf buf;
    kw_buf_init(&buf);
    kw_display(vm, &buf, v);
    return kw_buf_string(vm, &buf);
}

/* Strings are copied once, from where they are; the forms of other values are collected first. */
kw_string *kw_display_joined(kw_vm *vm, const kw_value *from, unsigned count)
{
    kw_buf others;
    size_t ends[KW_MOST_JOINED]; /* in `others` */
    uint64_t size = 0, length = 0;
    assert(count <= KW_MOST_JOINED);
    kw_buf_init(&others);
    for (unsigned i = 0; i < count; i++) {
        if (from[i].tag == KW_STRING) {
            size += from[i].as.string->size;
            length += from[i].as.string->length;
        } else {
            kw_display(vm, &others, from[i]);
        }
        ends[i] = others.size;
    }
    size += others.size;
    length += kw_text_count(others.text, others.size);
    kw_string *s = NULL;
    if (!others.failed && size <= SIZE_MAX / 2)
        s = kw_string_blank(vm, (size_t)size, (size_t)length);
    else if (vm->error.type == NULL)
        kw_throw_memory(vm, (size_t)size);
    size_t taken = 0;
    char *to = s != NULL ? s->text : NULL;
    for (unsigned i = 0; s != NULL && i < count; i++) {
        bool text = from[i].tag == KW_STRING;
        size_t part = text ? from[i].as.string->size : ends[i] - taken;
        memcpy(to, text ? from[i].as.string->text : others.text + taken, part);
        to += part;
        taken = ends[i];
    }
    kw_buf_free(&others);
    return s;
}
