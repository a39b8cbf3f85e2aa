/* order.c - the order of any two values (TYPES.md section 5). */
#include "config.h"

#include "vm/object.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vm/compare.h"
#include "vm/heap.h"
#include "vm/vm.h"

/* An integer and a float, without rounding the integer. */
static int compare_mixed(int64_t i, double f)
{
    if (f >= 9223372036854775808.0)
        return -1;
    if (f < -9223372036854775808.0)
        return 1;
    int64_t whole = (int64_t)f;
    if (i != whole)
        return i < whole ? -1 : 1;
    double rest = f - (double)whole;
    return rest > 0 ? -1 : rest < 0 ? 1 : 0;
}

static bool decide(kw_order op, int order)
{
    switch (op) {
    case KW_ORD_LT: return order < 0;
    case KW_ORD_LE: return order <= 0;
    case KW_ORD_GT: return order > 0;
    case KW_ORD_GE: return order >= 0;
    }
    return false;
}

static int compare_int(int64_t a, int64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_size(size_t a, size_t b)
{
    return a < b ? -1 : a > b;
}

bool kw_order_has(kw_order op, kw_value a, kw_value b)
{
    if (kw_is_number(a) && kw_is_number(b)) {
        if ((a.tag == KW_FLOAT && isnan(a.as.f)) || (b.tag == KW_FLOAT && isnan(b.as.f)))
            return false;
        if (a.tag == b.tag)
            return decide(op, a.tag == KW_INT ? compare_int(a.as.i, b.as.i) : (a.as.f > b.as.f) - (a.as.f < b.as.f));
        return decide(op, a.tag == KW_INT ? compare_mixed(a.as.i, b.as.f) : -compare_mixed(b.as.i, a.as.f));
    }
    if (a.tag != b.tag)
        return decide(op, compare_int(a.tag, b.tag));
    switch ((kw_type)a.tag) {
    case KW_BOOL: return decide(op, compare_int(a.as.i, b.as.i));
    case KW_DATE: return decide(op, compare_int(a.as.i, b.as.i));
    case KW_STRING: return decide(op, kw_collate_strings(a.as.string, b.as.string));
    case KW_LIST: return decide(op, compare_size(a.as.list->count, b.as.list->count));
    case KW_MAP: return decide(op, compare_size(a.as.map->count, b.as.map->count));
    case KW_NULL: return decide(op, 0);
    default: return false;
    }
}

/* ---- The order of sort() --------------------------------------------------------------------- */

static int total_numbers(kw_value a, kw_value b)
{
    bool a_nan = a.tag == KW_FLOAT && isnan(a.as.f), b_nan = b.tag == KW_FLOAT && isnan(b.as.f);
    if (a_nan || b_nan) /* before every other float, and so before every number */
        return (int)b_nan - (int)a_nan;
    if (a.tag == b.tag)
        return a.tag == KW_INT ? compare_int(a.as.i, b.as.i) : (a.as.f > b.as.f) - (a.as.f < b.as.f);
    return a.tag == KW_INT ? compare_mixed(a.as.i, b.as.f) : -compare_mixed(b.as.i, a.as.f);
}

static int total_text(const void *a, size_t a_size, const void *b, size_t b_size)
{
    size_t n = a_size < b_size ? a_size : b_size;
    int order = n == 0 ? 0 : memcmp(a, b, n); /* UTF-8 keeps the order of code points */
    return order != 0 ? order : compare_size(a_size, b_size);
}

static int simple(kw_value a, kw_value b)
{
    if (kw_is_number(a) && kw_is_number(b))
        return total_numbers(a, b);
    if (a.tag != b.tag)
        return compare_int(a.tag, b.tag);
    switch ((kw_type)a.tag) {
    case KW_BOOL: return compare_int(a.as.i, b.as.i);
    case KW_DATE: return compare_int(a.as.i, b.as.i);
    case KW_STRING: return total_text(a.as.string->text, a.as.string->size, b.as.string->text, b.as.string->size);
    case KW_BYTES:
        if (a.as.bytes->size != b.as.bytes->size)
            return compare_size(a.as.bytes->size, b.as.bytes->size);
        return total_text(a.as.bytes->data, a.as.bytes->size, b.as.bytes->data, b.as.bytes->size);
    default: return 0;
    }
}

/* The keys of two hashmaps, or the names of the attributes of two objects, with their values: rows
 * are sorted, and then compared in pairs, key and value. */
typedef struct row {
    kw_value key, value;
} row;

typedef struct rows {
    kw_heap *heap; /* counts them */
    size_t count;
    row row[]; /* of the one, then of the other, and room for as many as one has */
} rows;

static size_t rows_size(size_t count)
{
    return sizeof(rows) + 3 * count * sizeof(row);
}

static int order_of(kw_vm *vm, kw_value a, kw_value b);

/* Merge sort, bottom-up.  Stops in the middle when an error was thrown. */
static void sort_rows(kw_vm *vm, row *from, size_t count, row *spare)
{
    row *start = from, *to = spare;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t low = 0; low < count; low += 2 * width) {
            size_t middle = low + width < count ? low + width : count;
            size_t high = middle + width < count ? middle + width : count;
            for (size_t at = low, left = low, right = middle; at < high; at++) {
                bool take_right = left == middle || (right < high && order_of(vm, from[right].key, from[left].key) < 0);
                to[at] = from[take_right ? right++ : left++];
            }
        }
        row *swapped = from;
        from = to;
        to = swapped;
    }
    if (from != start)
        memcpy(start, from, count * sizeof(*from));
}

static void put_entries(kw_map *map, row *to)
{
    const kw_entry *e;
    for (uint32_t i = 0; (e = kw_map_next(map, &i)) != NULL;)
        *to++ = (row){e->key, e->value};
}

static void put_attributes(const kw_object *o, row *to)
{
    for (const kw_shape *s = o->shape; s->name != NULL; s = s->parent)
        to[s->count - 1] = (row){kw_of_string(s->name), o->slots[s->count - 1]};
}

static int begin_rows(kw_vm *vm, kw_level *l, size_t count)
{
    kw_heap *heap = vm != NULL ? vm->heap : kw_heap_present();
    rows *r = kw_heap_resize(heap, NULL, 0, rows_size(count));
    if (r == NULL) { /* who cannot be told takes them as the same */
        if (vm != NULL)
            kw_throw_memory(vm, rows_size(count));
        return vm != NULL;
    }
    r->heap = heap;
    r->count = count;
    l->more = r;
    if (l->a.tag == KW_MAP) {
        put_entries(l->a.as.map, r->row);
        put_entries(l->b.as.map, r->row + count);
    } else {
        put_attributes(l->a.as.object, r->row);
        put_attributes(l->b.as.object, r->row + count);
    }
    sort_rows(vm, r->row, count, r->row + 2 * count);
    sort_rows(vm, r->row + count, count, r->row + 2 * count);
    return vm != NULL && vm->error.type != NULL;
}

static int begin(kw_vm *vm, kw_level *l)
{
    size_t x, y;
    int order = 0;
    if (l->a.tag == KW_LIST)
        return 0;
    if (l->a.tag == KW_MAP) {
        x = l->a.as.map->count;
        y = l->b.as.map->count;
    } else {
        const kw_string *s = l->a.as.object->klass->name, *t = l->b.as.object->klass->name;
        order = total_text(s->text, s->size, t->text, t->size);
        x = l->a.as.object->shape->count;
        y = l->b.as.object->shape->count;
    }
    if (order == 0)
        order = compare_size(x, y);
    return order != 0 || x == 0 ? order : begin_rows(vm, l, x);
}

static bool next(kw_level *l, kw_value *x, kw_value *y, int *order)
{
    const rows *r = l->more;
    if (l->a.tag == KW_LIST) {
        const kw_list *a = l->a.as.list, *b = l->b.as.list;
        if (l->at >= a->count || l->at >= b->count) {
            *order = compare_size(a->count, b->count);
            return false;
        }
        *x = a->items[l->at];
        *y = b->items[l->at++];
        return true;
    }
    if (r == NULL || l->at >= 2 * r->count)
        return false;
    const row *a = &r->row[l->at / 2], *b = a + r->count;
    *x = l->at % 2 == 0 ? a->key : a->value;
    *y = l->at % 2 == 0 ? b->key : b->value;
    l->at++;
    return true;
}

static void end(kw_level *l)
{
    rows *r = l->more;
    if (r != NULL)
        (void)kw_heap_resize(r->heap, r, rows_size(r->count), 0);
}

/* Two lists that differ early, or are short: true. */
static bool at_once(const kw_list *a, const kw_list *b, int *order)
{
    size_t count = a->count < b->count ? a->count : b->count;
    *order = 0;
    for (size_t i = 0; i < count && *order == 0; i++) {
        kw_value x = a->items[i], y = b->items[i];
        if (i == KW_AT_ONCE || (x.tag == y.tag && kw_has_parts(x)))
            return false;
        *order = (x.tag | y.tag) == KW_INT ? compare_int(x.as.i, y.as.i) : simple(x, y);
    }
    if (*order == 0)
        *order = compare_size(a->count, b->count);
    return true;
}

static int order_of(kw_vm *vm, kw_value a, kw_value b)
{
    int order;
    if (a.tag == KW_LIST && b.tag == KW_LIST && at_once(a.as.list, b.as.list, &order))
        return order;
    static const kw_comparison totally = {.simple = simple, .begin = begin, .next = next, .end = end, .too_deep = 0};
    return kw_compare(vm, &totally, a, b);
}

int kw_order_total(kw_value a, kw_value b)
{
    return order_of(NULL, a, b);
}

bool kw_order_try_total(kw_vm *vm, kw_value a, kw_value b, int *order)
{
    *order = order_of(vm, a, b);
    return vm->error.type == NULL;
}
