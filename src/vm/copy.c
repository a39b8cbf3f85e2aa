/* copy.c - deep copies of lists and hashmaps.
 *
 * A copy is made depth first with a stack of its own.  A container that is met while it is being
 * copied is a cycle and becomes a reference to its copy; one that is merely met twice is copied
 * twice. */
#include "config.h"

#include "vm/object.h"

#include <stdlib.h>

#include "vm/vm.h"

typedef struct level {
    kw_value from, to;
    size_t at; /* next element */
} level;

typedef struct walk {
    level *levels;
    size_t count, cap;
} walk;

enum { BEING_COPIED = 1 /* in the header's spare byte */ };

static bool is_container(kw_value v)
{
    return v.tag == KW_LIST || v.tag == KW_MAP;
}

/* Begin the copy of `from`; KW_UNDEF: thrown. */
static kw_value begin(kw_vm *vm, walk *w, kw_value from)
{
    if (from.as.obj->spare & BEING_COPIED) {
        for (size_t i = w->count; i-- > 0;)
            if (w->levels[i].from.as.obj == from.as.obj)
                return w->levels[i].to;
    }
    if (w->count == w->cap) {
        size_t cap = w->cap == 0 ? 16 : w->cap * 2;
        level *grown = realloc(w->levels, cap * sizeof(*grown));
        if (grown == NULL) {
            kw_throw_memory(vm, cap * sizeof(*grown));
            return kw_undef();
        }
        w->levels = grown;
        w->cap = cap;
    }
    kw_value to;
    if (from.tag == KW_LIST) {
        kw_list *list = kw_list_new(vm, from.as.list->count);
        if (list == NULL)
            return kw_undef();
        to = kw_of_list(list);
    } else {
        to = kw_of_map(kw_map_new(vm, from.as.map->count));
    }
    from.as.obj->spare |= BEING_COPIED;
    w->levels[w->count++] = (level){.from = from, .to = to};
    return to;
}

/* The next element of the innermost container, with its key for hashmaps; false: no more. */
static bool next(level *l, kw_value *key, kw_value *v)
{
    if (l->from.tag == KW_LIST) {
        if (l->at >= l->from.as.list->count)
            return false;
        *v = l->from.as.list->items[l->at++];
        return true;
    }
    uint32_t at = (uint32_t)l->at;
    const kw_entry *e = kw_map_next(l->from.as.map, &at);
    l->at = at;
    if (e == NULL)
        return false;
    *key = e->key;
    *v = e->value;
    return true;
}

static bool run(kw_vm *vm, walk *w)
{
    while (w->count > 0) {
        level *l = &w->levels[w->count - 1];
        kw_value key = kw_null(), v = kw_null(), into = l->to;
        if (!kw_go_on(vm))
            return false;
        if (!next(l, &key, &v)) {
            l->from.as.obj->spare &= (uint8_t)~BEING_COPIED;
            w->count--;
            continue;
        }
        if (is_container(v)) {
            v = begin(vm, w, v); /* may move the levels */
            if (v.tag == KW_UNDEF)
                return false;
        }
        if (into.tag == KW_LIST ? !kw_list_push(vm, into.as.list, v) : !kw_map_set(vm, into.as.map, key, v))
            return false;
    }
    return true;
}

kw_value kw_copy_deep(kw_vm *vm, kw_value v)
{
    if (!is_container(v))
        return v;
    walk w = {.levels = NULL};
    kw_value copy = begin(vm, &w, v);
    if (copy.tag != KW_UNDEF && !run(vm, &w))
        copy = kw_undef();
    for (size_t i = 0; i < w.count; i++)
        w.levels[i].from.as.obj->spare &= (uint8_t)~BEING_COPIED;
    free(w.levels);
    return copy;
}
