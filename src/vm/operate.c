/* operate.c - truth, hashing and order of any value.
 *
 * Values can contain themselves: what recurses carries its depth and stops. */
#include "config.h"

#include "vm/object.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vm/text.h"
#include "vm/vm.h"

enum {
    ORDER_DEPTH = 500, /* nesting up to which values are put in order */
    HASH_DEPTH = 3,    /* nesting that hashes look at: deeper differences collide */
    HASH_ITEMS = 64,   /* elements of a list that hashes look at */
};

bool kw_truthy(kw_value v)
{
    switch ((kw_type)v.tag) {
    case KW_INT:
    case KW_DATE: return v.as.i != 0;
    case KW_FLOAT: return v.as.f != 0.0;
    case KW_BOOL: return v.as.i != 0;
    case KW_STRING: return v.as.string->size != 0;
    case KW_LIST: return v.as.list->count != 0;
    case KW_MAP: return v.as.map->count != 0;
    case KW_BYTES: return v.as.bytes->size != 0;
    case KW_OBJECT:
    case KW_LAMBDA: return true;
    default: return false;
    }
}

bool kw_not(kw_value v)
{
    switch ((kw_type)v.tag) {
    case KW_STRUCT:
    case KW_POINTER:
    case KW_GENERATOR:
    case KW_PACKAGE: return false;
    default: return !kw_truthy(v);
    }
}

/* ---- Hashing --------------------------------------------------------------------------------- */

static uint32_t mix(uint64_t x)
{
    x ^= kw_hash_seed();
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return (uint32_t)(x >> 32);
}

static uint32_t hash_in(kw_value v, unsigned depth);

static uint32_t hash_list(const kw_list *list, unsigned depth)
{
    uint64_t h = list->count * 0x9E3779B97F4A7C15u;
    for (size_t i = 0; depth < HASH_DEPTH && i < list->count && i < HASH_ITEMS; i++)
        h = h * 31 + hash_in(list->items[i], depth + 1);
    return mix(h + KW_LIST);
}

/* Sums, since the order does not matter. */
static uint32_t hash_map(kw_map *map, unsigned depth)
{
    uint64_t h = map->count * 0x9E3779B97F4A7C15u;
    const kw_entry *e;
    for (uint32_t i = 0; depth < HASH_DEPTH && (e = kw_map_next(map, &i)) != NULL;)
        h += mix((uint64_t)e->hash << 32 | hash_in(e->value, depth + 1));
    return mix(h + KW_MAP);
}

static uint32_t hash_object(const kw_object *o, unsigned depth)
{
    uint64_t h = kw_string_hash(o->klass->name);
    for (const kw_shape *s = o->shape; depth < HASH_DEPTH && s->name != NULL; s = s->parent)
        h += mix((uint64_t)kw_string_hash(s->name) << 32 |
                 hash_in(o->slots[s->count - 1], depth + 1));
    return mix(h + KW_OBJECT);
}

static uint32_t hash_float(double f)
{
    uint64_t bits = 0x7FF8000000000000u; /* all NaN are one key, and so are the zeroes */
    if (f == 0.0)
        bits = 0;
    else if (!isnan(f))
        memcpy(&bits, &f, sizeof(bits));
    return mix(bits + 0x1234567u);
}

static uint32_t hash_lambda(const kw_obj *o)
{
    if (o->kind == KW_K_BOUND)
        return mix((uint64_t)(uintptr_t)((const kw_bound *)o)->callable.as.obj);
    return mix((uint64_t)(uintptr_t)o);
}

static uint32_t hash_in(kw_value v, unsigned depth)
{
    switch ((kw_type)v.tag) {
    case KW_INT: return mix((uint64_t)v.as.i);
    case KW_DATE: return mix((uint64_t)v.as.i + KW_DATE);
    case KW_FLOAT: return hash_float(v.as.f);
    case KW_BOOL: return mix(v.as.i != 0 ? 0xB001u : 0xB000u);
    case KW_STRING: return kw_string_hash(v.as.string);
    case KW_BYTES: return kw_text_hash(v.as.bytes->size == 0 ? "" : (const char *)v.as.bytes->data,
                                       v.as.bytes->size) ^ 0x55u;
    case KW_LIST: return hash_list(v.as.list, depth);
    case KW_MAP: return hash_map(v.as.map, depth);
    case KW_OBJECT: return hash_object(v.as.object, depth);
    case KW_LAMBDA: return hash_lambda(v.as.obj);
    case KW_NULL:
    case KW_UNDEF:
    case KW_TYPE_COUNT: return mix(v.tag);
    default: return mix((uint64_t)(uintptr_t)v.as.obj);
    }
}

uint32_t kw_hash(kw_value v)
{
    return hash_in(v, 0);
}

/* ---- Order ----------------------------------------------------------------------------------- */

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

bool kw_ordered(kw_order op, kw_value a, kw_value b)
{
    if (kw_is_number(a) && kw_is_number(b)) {
        if ((a.tag == KW_FLOAT && isnan(a.as.f)) || (b.tag == KW_FLOAT && isnan(b.as.f)))
            return false;
        if (a.tag == b.tag)
            return decide(op, a.tag == KW_INT ? compare_int(a.as.i, b.as.i)
                                              : (a.as.f > b.as.f) - (a.as.f < b.as.f));
        return decide(op, a.tag == KW_INT ? compare_mixed(a.as.i, b.as.f)
                                          : -compare_mixed(b.as.i, a.as.f));
    }
    if (a.tag != b.tag)
        return decide(op, compare_int(a.tag, b.tag));
    switch ((kw_type)a.tag) {
    case KW_BOOL: return decide(op, compare_int(a.as.i, b.as.i));
    case KW_DATE: return decide(op, compare_int(a.as.i, b.as.i));
    case KW_STRING: return decide(op, kw_string_collate(a.as.string, b.as.string));
    case KW_LIST: return decide(op, compare_size(a.as.list->count, b.as.list->count));
    case KW_MAP: return decide(op, compare_size(a.as.map->count, b.as.map->count));
    case KW_NULL: return decide(op, 0);
    default: return false;
    }
}

static int total(kw_value a, kw_value b, unsigned depth);

static int total_numbers(kw_value a, kw_value b)
{
    bool a_nan = a.tag == KW_FLOAT && isnan(a.as.f), b_nan = b.tag == KW_FLOAT && isnan(b.as.f);
    if (a_nan || b_nan) /* before every other float, and so before every number */
        return (int)b_nan - (int)a_nan;
    if (a.tag == b.tag)
        return a.tag == KW_INT ? compare_int(a.as.i, b.as.i)
                               : (a.as.f > b.as.f) - (a.as.f < b.as.f);
    return a.tag == KW_INT ? compare_mixed(a.as.i, b.as.f) : -compare_mixed(b.as.i, a.as.f);
}

static int total_text(const void *a, size_t a_size, const void *b, size_t b_size)
{
    size_t n = a_size < b_size ? a_size : b_size;
    int order = n == 0 ? 0 : memcmp(a, b, n); /* UTF-8 keeps the order of code points */
    return order != 0 ? order : compare_size(a_size, b_size);
}

static int total_lists(const kw_list *a, const kw_list *b, unsigned depth)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = total(a->items[i], b->items[i], depth);
        if (order != 0)
            return order;
    }
    return compare_size(a->count, b->count);
}

/* Names or keys of the two sides, sorted, with their values. */
typedef struct row {
    kw_value key, value;
} row;

static int compare_rows(const void *a, const void *b)
{
    return total(((const row *)a)->key, ((const row *)b)->key, ORDER_DEPTH - 8);
}

static int total_rows(row *a, row *b, size_t count, unsigned depth)
{
    qsort(a, count, sizeof(*a), compare_rows);
    qsort(b, count, sizeof(*b), compare_rows);
    for (size_t i = 0; i < count; i++) {
        int order = total(a[i].key, b[i].key, depth);
        if (order == 0)
            order = total(a[i].value, b[i].value, depth);
        if (order != 0)
            return order;
    }
    return 0;
}

static int total_maps(kw_map *a, kw_map *b, unsigned depth)
{
    if (a->count != b->count || a->count == 0)
        return compare_size(a->count, b->count);
    row *rows = malloc(2 * (size_t)a->count * sizeof(*rows));
    if (rows == NULL)
        return 0; /* without memory they stay where they are */
    const kw_entry *e;
    size_t n = 0;
    for (uint32_t i = 0; (e = kw_map_next(a, &i)) != NULL;)
        rows[n++] = (row){e->key, e->value};
    for (uint32_t i = 0; (e = kw_map_next(b, &i)) != NULL;)
        rows[n++] = (row){e->key, e->value};
    int order = total_rows(rows, rows + a->count, a->count, depth);
    free(rows);
    return order;
}

static int total_objects(const kw_object *a, const kw_object *b, unsigned depth)
{
    const kw_string *x = a->klass->name, *y = b->klass->name;
    int order = total_text(x->text, x->size, y->text, y->size);
    if (order == 0)
        order = compare_size(a->shape->count, b->shape->count);
    if (order != 0 || a->shape->count == 0)
        return order;
    size_t count = a->shape->count;
    row *rows = malloc(2 * count * sizeof(*rows));
    if (rows == NULL)
        return 0;
    for (const kw_shape *s = a->shape; s->name != NULL; s = s->parent)
        rows[s->count - 1] = (row){kw_of_string(s->name), a->slots[s->count - 1]};
    for (const kw_shape *s = b->shape; s->name != NULL; s = s->parent)
        rows[count + s->count - 1] = (row){kw_of_string(s->name), b->slots[s->count - 1]};
    order = total_rows(rows, rows + count, count, depth);
    free(rows);
    return order;
}

static int total(kw_value a, kw_value b, unsigned depth)
{
    if (kw_is_number(a) && kw_is_number(b))
        return total_numbers(a, b);
    if (a.tag != b.tag)
        return compare_int(a.tag, b.tag);
    if (depth >= ORDER_DEPTH || (kw_is_heap(a) && a.as.obj == b.as.obj))
        return 0;
    switch ((kw_type)a.tag) {
    case KW_BOOL: return compare_int(a.as.i, b.as.i);
    case KW_DATE: return compare_int(a.as.i, b.as.i);
    case KW_STRING:
        return total_text(a.as.string->text, a.as.string->size, b.as.string->text,
                          b.as.string->size);
    case KW_BYTES:
        if (a.as.bytes->size != b.as.bytes->size)
            return compare_size(a.as.bytes->size, b.as.bytes->size);
        return total_text(a.as.bytes->data, a.as.bytes->size, b.as.bytes->data, b.as.bytes->size);
    case KW_LIST: return total_lists(a.as.list, b.as.list, depth + 1);
    case KW_MAP: return total_maps(a.as.map, b.as.map, depth + 1);
    case KW_OBJECT: return total_objects(a.as.object, b.as.object, depth + 1);
    default: return 0;
    }
}

int kw_total_order(kw_value a, kw_value b)
{
    return total(a, b, 0);
}
