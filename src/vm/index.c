/* index.c - x[i], x[a:b:c], their assignment, and ranges (TYPES.md sections 9 and 11). */
#include "config.h"

#include "vm/object.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vm/bytes_store.h"
#include "vm/vm.h"

/* ---- Single elements ------------------------------------------------------------------------- */

/* A float index is rounded, halves to even; -1 stands for all that lies outside. */
static bool position(kw_vm *vm, kw_value i, int64_t *out)
{
    if (i.tag == KW_INT) {
        *out = i.as.i;
        return true;
    }
    if (i.tag == KW_FLOAT) {
        double f = i.as.f;
        *out = f >= -1e15 && f <= 1e15 ? (int64_t)nearbyint(f) : -1;
        return true;
    }
    kw_throw(vm, "ConversionError", "Expected an integer value.");
    return false;
}

static bool outside(kw_vm *vm, const char *what)
{
    kw_throw(vm, "IndexError", "%s index out of bounds.", what);
    return false;
}

static bool index_map(kw_value x, kw_value i, kw_value *out)
{
    const kw_value *v = kw_map_find(x.as.map, i);
    *out = v == NULL ? kw_null() : *v;
    return true;
}

bool kw_index(kw_vm *vm, kw_value x, kw_value i, kw_value *out)
{
    int64_t at = 0;
    switch ((kw_type)x.tag) {
    case KW_MAP: return index_map(x, i, out);
    case KW_LIST:
        if (!position(vm, i, &at))
            return false;
        if (at < 0 || (uint64_t)at >= x.as.list->count)
            return outside(vm, "List");
        *out = x.as.list->items[at];
        return true;
    case KW_STRING:
        if (!position(vm, i, &at))
            return false;
        if (at < 0 || (uint64_t)at >= x.as.string->length)
            return outside(vm, "String");
        *out = kw_of_string(kw_string_at(vm, x.as.string, (size_t)at));
        return true;
    case KW_BYTES:
        if (!position(vm, i, &at))
            return false;
        if (at < 0 || (uint64_t)at >= x.as.bytes->size)
            return outside(vm, "Bytes");
        *out = kw_int(x.as.bytes->data[at]);
        return true;
    default: kw_throw(vm, "InvalidOperationError", "Cannot index this type."); return false;
    }
}

bool kw_index_set(kw_vm *vm, kw_value x, kw_value i, kw_value v)
{
    if (x.tag == KW_MAP)
        return kw_map_set(vm, x.as.map, i, v);
    if (x.tag != KW_LIST) {
        kw_throw(vm, "InvalidOperationError", "Cannot index-assign this type.");
        return false;
    }
    int64_t at = 0;
    if (!position(vm, i, &at))
        return false;
    if (at < 0 || (uint64_t)at >= x.as.list->count)
        return outside(vm, "List");
    x.as.list->items[at] = v;
    return true;
}

/* ---- Slices ---------------------------------------------------------------------------------- */

/* start, stop, step as given; defaults 0, size, 1. */
static bool parts(kw_vm *vm, const kw_value part[3], int64_t size, int64_t out[3])
{
    static const char *const names[3] = {"Start index", "Stop index", "Step value"};
    const int64_t defaults[3] = {0, size, 1};
    for (int i = 0; i < 3; i++) {
        if (part[i].tag != KW_UNDEF && part[i].tag != KW_INT) {
            kw_throw(vm, "IndexError", "%s must be an integer.", names[i]);
            return false;
        }
        out[i] = part[i].tag == KW_UNDEF ? defaults[i] : part[i].as.i;
    }
    if (out[2] == 0) {
        kw_throw(vm, "IndexError", "Step value must not be zero.");
        return false;
    }
    return true;
}

typedef struct span { /* positions at, at + step, ... : count of them, all inside */
    int64_t at, step;
    size_t count;
} span;

/* Kiwi 1.4.3's algorithm: with a negative step the stop is included, and a start of 0 means the
 * last. */
static bool make_span(kw_vm *vm, const kw_value part[3], size_t length, span *out)
{
    int64_t p[3], size = (int64_t)length;
    if (!parts(vm, part, size, p))
        return false;
    int64_t start = p[0], stop = p[1], step = p[2], last;
    if (start < 0)
        start = start < -size ? 0 : start + size;
    if (stop < 0)
        stop = stop < INT64_MIN + size ? stop : stop + size;
    else if (stop > size)
        stop = size;
    if (step < 0 && stop == size)
        stop = -1;
    *out = (span){.at = start, .step = step};
    if (step > 0) {
        last = stop - 1; /* stop <= size */
        if (start <= last)
            out->count = (size_t)((last - start) / step) + 1;
        return true;
    }
    if (start == 0)
        out->at = start = size - 1;
    last = stop < 0 ? 0 : stop;
    if (start < size && start >= last && size > 0) {
        uint64_t stride = 0 - (uint64_t)step;
        out->count = (size_t)((uint64_t)(start - last) / stride) + 1;
    }
    return true;
}

/* Position of the n-th element; the product cannot overflow, since all positions are inside. */
static size_t nth(const span *s, size_t n)
{
    return n == 0 ? (size_t)s->at : (size_t)(s->at + (int64_t)n * s->step);
}

static bool slice_list(kw_vm *vm, const kw_list *list, const span *s, kw_value *out)
{
    kw_list *r = kw_list_new(vm, s->count);
    if (r == NULL)
        return false;
    if (s->step == 1 && s->count > 0)
        memcpy(r->items, list->items + s->at, s->count * sizeof(kw_value));
    else
        for (size_t n = 0; n < s->count; n++)
            r->items[n] = list->items[nth(s, n)];
    r->count = s->count;
    *out = kw_of_list(r);
    return true;
}

static bool slice_bytes(kw_vm *vm, kw_bytes *b, const span *s, kw_value *out)
{
    bool whole = s->step == 1 && s->count > 0;
    kw_bytes *r = whole ? kw_bytes_part(vm, b, (size_t)s->at, s->count) : kw_bytes_new(vm, NULL, s->count);
    if (r == NULL)
        return false;
    for (size_t n = 0; !whole && n < s->count; n++)
        r->data[n] = b->data[nth(s, n)];
    *out = kw_of_bytes(r);
    return true;
}

static bool slice_string(kw_vm *vm, kw_string *str, const span *s, kw_value *out)
{
    kw_string *r;
    if (s->count == 0) {
        r = kw_intern(vm, "", 0);
    } else if (s->step == 1) {
        r = kw_string_sub(vm, str, (size_t)s->at, (size_t)s->at + s->count);
    } else {
        kw_buf buf;
        kw_buf_init(&buf);
        for (size_t n = 0; n < s->count && kw_buf_go_on(vm, &buf); n++) {
            size_t at = kw_string_offset(str, nth(s, n));
            unsigned char c = (unsigned char)str->text[at];
            kw_buf_put(&buf, str->text + at, c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4);
        }
        r = kw_buf_string(vm, &buf);
    }
    *out = kw_of_string(r);
    return r != NULL;
}

bool kw_index_slice(kw_vm *vm, kw_value x, const kw_value part[3], kw_value *out)
{
    size_t size = x.tag == KW_LIST     ? x.as.list->count
                  : x.tag == KW_STRING ? x.as.string->length
                  : x.tag == KW_BYTES  ? x.as.bytes->size
                                       : SIZE_MAX;
    if (size == SIZE_MAX) {
        kw_throw(vm, "InvalidOperationError", "Cannot slice this type.");
        return false;
    }
    span s;
    if (!make_span(vm, part, size, &s))
        return false;
    if (x.tag == KW_LIST)
        return slice_list(vm, x.as.list, &s, out);
    if (x.tag == KW_STRING)
        return slice_string(vm, x.as.string, &s, out);
    return slice_bytes(vm, x.as.bytes, &s, out);
}

/* Insert the values before position `at`. */
static bool splice(kw_vm *vm, kw_list *list, size_t at, const kw_value *values, size_t count)
{
    if (!kw_list_reserve(vm, list, list->count + count))
        return false;
    memmove(list->items + at + count, list->items + at, (list->count - at) * sizeof(kw_value));
    memcpy(list->items + at, values, count * sizeof(kw_value));
    list->count += count;
    return true;
}

static bool assign(kw_vm *vm, kw_list *list, const int64_t p[3], const kw_value *values, size_t count)
{
    int64_t size = (int64_t)list->count, a = p[0], b = p[1], step = p[2];
    if (a < 0)
        a = a < -size ? 0 : a + size;
    if (b < 0)
        b = b < -size ? -1 : b + size;
    if (b > size)
        b = size;
    if (step == 1 && a >= b)
        return splice(vm, list, (size_t)(a > size ? size : a), values, count);
    int64_t end = step == 1 ? size : b; /* in single steps it goes on to the end of the list */
    for (size_t n = 0; n < count && a >= 0 && a < end; n++) {
        list->items[a] = values[n];
        if (step > size || step < -size)
            break;
        a += step;
    }
    return true;
}

bool kw_index_set_slice(kw_vm *vm, kw_value x, const kw_value part[3], kw_value v)
{
    if (x.tag == KW_STRING || x.tag == KW_BYTES)
        return true; /* Kiwi 1.4.3 ignores it silently */
    if (x.tag != KW_LIST) {
        kw_throw(vm, "InvalidOperationError", "Cannot slice this type.");
        return false;
    }
    int64_t p[3];
    if (!parts(vm, part, (int64_t)x.as.list->count, p))
        return false;
    if (v.tag != KW_LIST || v.as.list->count == 0)
        return true;
    const kw_value *values = v.as.list->items;
    kw_value *copy = NULL;
    if (v.as.list == x.as.list) { /* a list into itself: its elements move */
        copy = malloc(v.as.list->count * sizeof(*copy));
        if (copy == NULL) {
            kw_throw_memory(vm, v.as.list->count * sizeof(*copy));
            return false;
        }
        memcpy(copy, values, v.as.list->count * sizeof(*copy));
        values = copy;
    }
    bool ok = assign(vm, x.as.list, p, values, v.as.list->count);
    free(copy);
    return ok;
}

/* ---- Ranges ---------------------------------------------------------------------------------- */

bool kw_index_range(kw_vm *vm, kw_value a, kw_value b, kw_value *out)
{
    if (a.tag != KW_INT || b.tag != KW_INT) {
        kw_throw(vm, "RangeError", "Range values must be integers.");
        return false;
    }
    bool up = a.as.i <= b.as.i;
    uint64_t distance = up ? (uint64_t)b.as.i - (uint64_t)a.as.i : (uint64_t)a.as.i - (uint64_t)b.as.i;
    if (distance >= SIZE_MAX / sizeof(kw_value) / 2) {
        kw_throw_memory(vm, SIZE_MAX / 2);
        return false;
    }
    size_t count = (size_t)distance + 1;
    if (!kw_heap_room(vm, count, sizeof(kw_value)))
        return false;
    kw_list *list = kw_list_new(vm, count);
    if (list == NULL)
        return false;
    uint64_t i = (uint64_t)a.as.i;
    for (; list->count < count; i += up ? 1 : UINT64_MAX) {
        list->items[list->count++] = kw_int((int64_t)i);
        if (!kw_go_on(vm))
            return false;
    }
    *out = kw_of_list(list);
    return true;
}
