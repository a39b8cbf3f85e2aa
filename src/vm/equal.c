/* equal.c - when two values are equal (TYPES.md section 5). */
#include "config.h"

#include "vm/object.h"

#include <math.h>
#include <string.h>

#include "vm/compare.h"
#include "vm/vm.h"

/* ---- Values without parts -------------------------------------------------------------------- */

static bool bytes_same(const kw_bytes *a, const kw_bytes *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

/* A method that is taken from an object twice gives two lambdas, which are the same. */
static bool lambdas_same(const kw_obj *a, const kw_obj *b)
{
    if (a == b)
        return true;
    if (a->kind != KW_KIND_BOUND || b->kind != KW_KIND_BOUND)
        return false;
    const kw_bound *x = (const kw_bound *)a, *y = (const kw_bound *)b;
    return x->callable.as.obj == y->callable.as.obj && x->self.tag == y->self.tag && x->self.as.i == y->self.as.i;
}

static bool simple_same(kw_value a, kw_value b)
{
    if (a.tag != b.tag)
        return false;
    switch ((kw_type)a.tag) {
    case KW_INT:
    case KW_DATE: return a.as.i == b.as.i;
    case KW_FLOAT: return a.as.f == b.as.f || (isnan(a.as.f) && isnan(b.as.f));
    case KW_BOOL: return a.as.i == b.as.i;
    case KW_NULL:
    case KW_UNDEF: return true;
    case KW_STRING: return kw_string_same(a.as.string, b.as.string);
    case KW_BYTES: return bytes_same(a.as.bytes, b.as.bytes);
    case KW_LAMBDA: return lambdas_same(a.as.obj, b.as.obj);
    default: return a.as.obj == b.as.obj;
    }
}

static int simple(kw_value a, kw_value b)
{
    return !simple_same(a, b);
}

/* ---- Containers ------------------------------------------------------------------------------ */

static bool counts_same(kw_value a, kw_value b)
{
    switch ((kw_type)a.tag) {
    case KW_LIST: return a.as.list->count == b.as.list->count;
    case KW_MAP: return a.as.map->count == b.as.map->count;
    default:
        return a.as.object->shape->count == b.as.object->shape->count &&
               (a.as.object->klass == b.as.object->klass ||
                kw_string_same(a.as.object->klass->name, b.as.object->klass->name));
    }
}

static int begin(kw_vm *vm, kw_level *l)
{
    (void)vm;
    if (l->a.tag == KW_OBJECT)
        l->more = l->a.as.object->shape; /* where its next attribute is */
    return !counts_same(l->a, l->b);
}

/* Passes over what is the same, but not over much in one step. */
static bool next_items(kw_level *l, kw_value *x, kw_value *y)
{
    const kw_list *a = l->a.as.list, *b = l->b.as.list;
    size_t end = a->count < b->count ? a->count : b->count, at = l->at;
    if (at == end)
        return false;
    if (end - at > KW_AT_ONCE)
        end = at + KW_AT_ONCE;
    do {
        *x = a->items[at];
        *y = b->items[at++];
    } while (at < end && !kw_has_parts(*x) && simple_same(*x, *y));
    l->at = at;
    return true;
}

static bool next_values(kw_level *l, kw_value *x, kw_value *y, int *order)
{
    uint32_t at = (uint32_t)l->at;
    const kw_entry *e = kw_map_next(l->a.as.map, &at);
    l->at = at;
    const kw_value *other = e != NULL ? kw_map_find(l->b.as.map, e->key) : NULL;
    *order = e != NULL && other == NULL;
    if (other == NULL)
        return false;
    *x = e->value;
    *y = *other;
    return true;
}

static bool next_attributes(kw_level *l, kw_value *x, kw_value *y, int *order)
{
    const kw_shape *s = l->more;
    int64_t slot = s->name != NULL ? kw_object_slot(l->b.as.object->shape, s->name) : -1;
    *order = s->name != NULL && slot < 0;
    if (slot < 0)
        return false;
    *x = l->a.as.object->slots[s->count - 1];
    *y = l->b.as.object->slots[slot];
    l->more = s->parent;
    return true;
}

static bool next(kw_level *l, kw_value *x, kw_value *y, int *order)
{
    switch ((kw_type)l->a.tag) {
    case KW_LIST: return next_items(l, x, y);
    case KW_MAP: return next_values(l, x, y, order);
    default: return next_attributes(l, x, y, order);
    }
}

static const kw_comparison strictly = {.simple = simple, .begin = begin, .next = next, .too_deep = 1};

/* Two lists that differ early, or are short: true. */
static bool lists_at_once(const kw_list *a, const kw_list *b, bool *same)
{
    *same = a->count == b->count;
    for (size_t i = 0; *same && i < a->count; i++) {
        if (i == KW_AT_ONCE || kw_has_parts(a->items[i]))
            return false;
        *same = simple_same(a->items[i], b->items[i]);
    }
    return true;
}

/* Can it be told without a walk? */
static bool at_once(kw_value a, kw_value b, bool *same)
{
    if (a.tag == KW_LIST && b.tag == KW_LIST)
        return lists_at_once(a.as.list, b.as.list, same);
    if (a.tag == b.tag && kw_has_parts(a))
        return false;
    *same = simple_same(a, b);
    return true;
}

bool kw_equal_strict(kw_value a, kw_value b)
{
    bool same;
    return at_once(a, b, &same) ? same : kw_compare(NULL, &strictly, a, b) == 0;
}

bool kw_equal_try_strict(kw_vm *vm, kw_value a, kw_value b, bool *same)
{
    if (at_once(a, b, same))
        return true;
    *same = kw_compare(vm, &strictly, a, b) == 0;
    return vm->error.type == NULL;
}

/* ---- The operator ---------------------------------------------------------------------------- */

static bool same_number(int64_t i, double f)
{
    return f >= -9223372036854775808.0 && f < 9223372036854775808.0 && (int64_t)f == i && (double)(int64_t)f == f;
}

/* Can it be told without a walk? */
static bool told(kw_value a, kw_value b, bool *same)
{
    if (kw_is_number(a) && kw_is_number(b)) {
        *same = a.tag == b.tag    ? (a.tag == KW_INT ? a.as.i == b.as.i : a.as.f == b.as.f)
                : a.tag == KW_INT ? same_number(a.as.i, b.as.f)
                                  : same_number(b.as.i, a.as.f);
        return true;
    }
    *same = false;
    if (a.tag != b.tag)
        return true;
    if (kw_has_parts(a))
        return false;
    switch ((kw_type)a.tag) {
    case KW_LAMBDA:
    case KW_STRUCT:
    case KW_GENERATOR:
    case KW_POINTER:
    case KW_PACKAGE: return true;
    default: *same = simple_same(a, b); return true;
    }
}

bool kw_equal(kw_value a, kw_value b)
{
    bool same;
    return told(a, b, &same) ? same : kw_equal_strict(a, b);
}

bool kw_equal_try(kw_vm *vm, kw_value a, kw_value b, bool *same)
{
    return told(a, b, same) || kw_equal_try_strict(vm, a, b, same);
}
