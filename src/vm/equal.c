/* equal.c - when two values are equal (types.md section 5).
 *
 * Containers are compared with a stack of their own, so that no nesting is too deep.  They can contain
 * themselves: a pair that is met again inside itself is taken as equal, which is right unless another
 * part differs.  To find such a pair one of those being compared is remembered, at twice the depth each
 * time (Brent's method); whatever descends for ever comes by it again. */
#include "config.h"

#include "vm/object.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vm/levels.h"
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
    if (a->kind != KW_K_BOUND || b->kind != KW_K_BOUND)
        return false;
    const kw_bound *x = (const kw_bound *)a, *y = (const kw_bound *)b;
    return x->callable.as.obj == y->callable.as.obj && x->self.tag == y->self.tag &&
           x->self.as.i == y->self.as.i;
}

static bool simple_same(kw_value a, kw_value b)
{
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

/* ---- Containers ------------------------------------------------------------------------------ */

typedef struct level { /* two containers that are being compared */
    kw_value a, b;
    size_t at;             /* next element of `a`; of an object: */
    const kw_shape *shape; /* where its next attribute is */
} level;

typedef struct walk {
    level *levels; /* the innermost last */
    size_t count, cap;
    const void *marked_a, *marked_b; /* the pair that is remembered, */
    size_t marked_at;                /* which is levels[marked_at - 1]; 0: none */
    level few[8];
} walk;

static bool is_container(kw_value v)
{
    return v.tag == KW_LIST || v.tag == KW_MAP || v.tag == KW_OBJECT;
}

/* Can two containers of one type be equal, as far as can be seen without their parts? */
static bool may_be_same(kw_value a, kw_value b)
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

static bool make_room(walk *w)
{
    if (w->count < w->cap)
        return true;
    level *grown = kw_more_levels(w->levels, w->few, &w->cap, sizeof(*grown));
    if (grown != NULL)
        w->levels = grown;
    return grown != NULL;
}

/* Begin to compare the parts of two containers of one type.  False: they differ (or there is no memory to
 * find out). */
static bool descend(walk *w, kw_value a, kw_value b)
{
    if (a.as.obj == b.as.obj ||
        (w->marked_at > 0 && a.as.obj == w->marked_a && b.as.obj == w->marked_b))
        return true;
    if (!may_be_same(a, b) || !make_room(w))
        return false;
    level *l = &w->levels[w->count++];
    *l = (level){.a = a, .b = b};
    if (a.tag == KW_OBJECT)
        l->shape = a.as.object->shape;
    if ((w->count & (w->count - 1)) == 0) {
        w->marked_a = a.as.obj;
        w->marked_b = b.as.obj;
        w->marked_at = w->count;
    }
    return true;
}

static void ascend(walk *w)
{
    if (w->marked_at == w->count--)
        w->marked_at = 0;
}

typedef enum step { STEP_PAIR, STEP_END, STEP_DIFFERENT } step;

/* The next part of `a` and its counterpart in `b`. */
static step next_parts(level *l, kw_value *x, kw_value *y)
{
    if (l->a.tag == KW_LIST) {
        if (l->at >= l->a.as.list->count || l->at >= l->b.as.list->count)
            return STEP_END;
        *x = l->a.as.list->items[l->at];
        *y = l->b.as.list->items[l->at++];
        return STEP_PAIR;
    }
    if (l->a.tag == KW_MAP) {
        uint32_t at = (uint32_t)l->at;
        const kw_entry *e = kw_map_next(l->a.as.map, &at);
        l->at = at;
        const kw_value *other = e != NULL ? kw_map_find(l->b.as.map, e->key) : NULL;
        if (other == NULL)
            return e == NULL ? STEP_END : STEP_DIFFERENT;
        *x = e->value;
        *y = *other;
        return STEP_PAIR;
    }
    const kw_shape *s = l->shape;
    if (s->name == NULL)
        return STEP_END;
    int64_t slot = kw_shape_slot(l->b.as.object->shape, s->name);
    if (slot < 0)
        return STEP_DIFFERENT;
    *x = l->a.as.object->slots[s->count - 1];
    *y = l->b.as.object->slots[slot];
    l->shape = s->parent;
    return STEP_PAIR;
}

static bool parts_same(walk *w)
{
    while (w->count > 0) {
        kw_value x, y;
        switch (next_parts(&w->levels[w->count - 1], &x, &y)) {
        case STEP_DIFFERENT: return false;
        case STEP_END: ascend(w); continue;
        case STEP_PAIR: break;
        }
        if (x.tag != y.tag || !(is_container(x) ? descend(w, x, y) : simple_same(x, y)))
            return false;
    }
    return true;
}

/* A key that is a hashmap is looked up by comparing it, and so are the keys in that: this alone recurses. */
static _Thread_local unsigned keys_inside_keys;
enum { MOST_KEYS_INSIDE_KEYS = 1000 }; /* deeper ones are taken as different: bounds the C stack */

static bool containers_same(kw_value a, kw_value b)
{
    walk w;
    if (a.as.obj == b.as.obj)
        return true;
    if (keys_inside_keys >= MOST_KEYS_INSIDE_KEYS)
        return false;
    w.levels = w.few;
    w.cap = sizeof(w.few) / sizeof(w.few[0]);
    w.count = w.marked_at = 0;
    keys_inside_keys++;
    bool same = descend(&w, a, b) && parts_same(&w);
    keys_inside_keys--;
    if (w.levels != w.few)
        free(w.levels);
    return same;
}

bool kw_strict(kw_value a, kw_value b)
{
    if (a.tag != b.tag)
        return false;
    return is_container(a) ? containers_same(a, b) : simple_same(a, b);
}

/* ---- The operator ---------------------------------------------------------------------------- */

static bool same_number(int64_t i, double f)
{
    return f >= -9223372036854775808.0 && f < 9223372036854775808.0 && (int64_t)f == i &&
           (double)(int64_t)f == f;
}

bool kw_equal(kw_value a, kw_value b)
{
    if (a.tag == KW_FLOAT && b.tag == KW_FLOAT)
        return a.as.f == b.as.f;
    if (a.tag == KW_INT && b.tag == KW_FLOAT)
        return same_number(a.as.i, b.as.f);
    if (a.tag == KW_FLOAT && b.tag == KW_INT)
        return same_number(b.as.i, a.as.f);
    switch ((kw_type)a.tag) {
    case KW_LAMBDA:
    case KW_STRUCT:
    case KW_GENERATOR:
    case KW_POINTER:
    case KW_PACKAGE: return false;
    default: return kw_strict(a, b);
    }
}
