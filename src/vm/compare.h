/* compare.h - going through two values at the same time, as equality and order do.
 *
 * Place: inside the vm layer only.  Containers are compared with a stack of their own, so that no
 * nesting is too deep.  They can contain themselves, and a few of them can stand for any number of
 * parts (each holds the next one twice): the containers that were met as counterparts are taken as
 * the same from then on, which is right unless another part differs, and that is the result then.
 * So the time grows with the number of containers alone. */
#ifndef KW_COMPARE_H
#define KW_COMPARE_H

#include <string.h>

#include "vm/heap.h"
#include "vm/object.h"
#include "vm/vm.h"

/* ---- Containers that are taken as the same --------------------------------------------------- */

typedef struct kw_classes {
    kw_heap *heap;         /* counts them */
    struct kw_node *nodes; /* nodes[0] is not used */
    uint32_t count, cap;
    uint32_t *table; /* hash table of numbers; 0: free; twice as many places as nodes */
    bool full;       /* no memory for more: then a comparison may take longer */
} kw_classes;

/* Are they of one class already?  From here on they are. */
bool kw_compare_classes_unite(kw_classes *c, const void *a, const void *b);
void kw_compare_classes_fini(kw_classes *c);

/* ---- Kinds of comparison --------------------------------------------------------------------- */

typedef struct kw_level { /* two containers of one type that are being compared */
    kw_value a, b;
    size_t at;  /* the next part */
    void *more; /* of the kind of comparison */
} kw_level;

/* A kind of comparison.  Results are 0 (the same so far), or what the whole comparison comes to. */
typedef struct kw_comparison {
    int (*simple)(kw_value a, kw_value b);    /* of values that are not containers of one type */
    int (*begin)(kw_vm *vm, kw_level *level); /* what can be told without the parts */
    /* The next parts in *x and *y: true; else there are no more, and *order is what that tells. */
    bool (*next)(kw_level *level, kw_value *x, kw_value *y, int *order);
    void (*end)(kw_level *level); /* frees `more`; may be NULL */
    int too_deep;                 /* the result for keys inside keys inside keys ..., which alone recurse */
} kw_comparison;

/* ---- The walk: here, so that a comparison is compiled for its kind --------------------------- */

static inline bool kw_has_parts(kw_value v)
{
    return v.tag == KW_LIST || v.tag == KW_MAP || v.tag == KW_OBJECT;
}

enum {
    /* elements of lists that are compared without a walk, if they have no parts */
    KW_AT_ONCE = 32,
    KW_REMEMBERED_FROM = 256,   /* containers: most comparisons end before, or are of few parts */
    KW_KEYS_INSIDE_KEYS = 1000, /* bounds the C stack */
    KW_BETWEEN_LOOKS = 256,     /* steps */
};

extern _Thread_local unsigned kw_walks_inside; /* each other */

typedef struct kw_walk {
    kw_vm *vm;
    kw_level *levels; /* the innermost last */
    size_t count, cap, met;
    kw_classes same;
    kw_level few[8];
} kw_walk;

/* There is always memory for this: a comparison cannot be given up half-way. */
static inline void kw_walk_make_room(kw_walk *w)
{
    size_t size = w->cap * sizeof(*w->levels);
    bool few = w->levels == w->few;
    kw_level *grown = kw_heap_must(w->same.heap, few ? NULL : w->levels, few ? 0 : size, size * 2);
    if (few)
        memcpy(grown, w->few, size);
    w->levels = grown;
    w->cap *= 2;
}

static inline int kw_walk_enter(kw_walk *w, const kw_comparison *how, kw_value a, kw_value b)
{
    if (a.as.obj == b.as.obj ||
        (++w->met > KW_REMEMBERED_FROM && kw_compare_classes_unite(&w->same, a.as.obj, b.as.obj)))
        return 0;
    if (w->count == w->cap)
        kw_walk_make_room(w);
    kw_level *level = &w->levels[w->count++];
    *level = (kw_level){.a = a, .b = b};
    return how->begin(w->vm, level);
}

static inline void kw_walk_leave(kw_walk *w, const kw_comparison *how)
{
    kw_level *level = &w->levels[--w->count];
    if (how->end != NULL)
        how->end(level);
}

static inline int kw_walk_step(kw_walk *w, const kw_comparison *how)
{
    kw_value x, y;
    int order = 0;
    if (!how->next(&w->levels[w->count - 1], &x, &y, &order))
        kw_walk_leave(w, how);
    else if (x.tag == y.tag && kw_has_parts(x))
        order = kw_walk_enter(w, how, x, y);
    else
        order = how->simple(x, y);
    return order;
}

/* Compare `a` with `b`.  With a vm it may throw (an interrupt, no memory): then the result is not 0
 * and vm->error is set.  Without one it does not, and cannot be interrupted. */
static inline int kw_compare(kw_vm *vm, const kw_comparison *how, kw_value a, kw_value b)
{
    if (a.tag != b.tag || !kw_has_parts(a))
        return how->simple(a, b);
    if (kw_walks_inside >= KW_KEYS_INSIDE_KEYS)
        return how->too_deep;
    ++kw_walks_inside;
    kw_walk w;
    w.vm = vm;
    w.levels = w.few;
    w.cap = sizeof(w.few) / sizeof(w.few[0]);
    w.count = w.met = 0;
    w.same = (kw_classes){.heap = vm != NULL ? vm->heap : kw_heap_present()};
    int order = kw_walk_enter(&w, how, a, b);
    unsigned steps = 0;
    while (order == 0 && w.count > 0) {
        order = kw_walk_step(&w, how);
        if (++steps % KW_BETWEEN_LOOKS == 0 && vm != NULL) {
            kw_spend(vm, KW_BETWEEN_LOOKS);
            order = kw_sched_may_go_on(vm) ? order : 1;
        }
    }
    if (vm != NULL)
        kw_spend(vm, steps % KW_BETWEEN_LOOKS);
    while (w.count > 0)
        kw_walk_leave(&w, how);
    if (w.levels != w.few)
        (void)kw_heap_resize(w.same.heap, w.levels, w.cap * sizeof(*w.levels), 0);
    if (w.same.cap > 0)
        kw_compare_classes_fini(&w.same);
    --kw_walks_inside;
    return order;
}

#endif
