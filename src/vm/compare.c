/* compare.c - the containers that are taken as the same (union-find). */
#include "config.h"

#include "vm/compare.h"

#include <string.h>

#include "vm/heap.h"
#include "vm/vm.h"

_Thread_local unsigned kw_walks_inside;

struct kw_node {
    const void *container;
    uint32_t parent; /* a node of its class, itself for one of them; numbers count from 1 */
};

static uint32_t *place_of(const kw_classes *c, const void *container)
{
    uint32_t mask = c->cap * 2 - 1;
    uint32_t at = (uint32_t)(((uintptr_t)container >> 4) * 0x9E3779B1u);
    for (at ^= at >> 15;; at++) {
        uint32_t *place = &c->table[at & mask];
        if (*place == 0 || c->nodes[*place].container == container)
            return place;
    }
}

void kw_compare_classes_fini(kw_classes *c)
{
    (void)kw_heap_resize(c->heap, c->nodes, c->cap * sizeof(*c->nodes), 0);
    (void)kw_heap_resize(c->heap, c->table, c->cap * 2 * sizeof(*c->table), 0);
}

static bool classes_grow(kw_classes *c)
{
    enum { FIRST = 1024, LAST = 1 << 30 };
    size_t cap = c->cap == 0 ? FIRST : (size_t)c->cap * 2;
    kw_classes larger = {.heap = c->heap, .count = c->count, .cap = (uint32_t)cap};
    if (cap <= LAST)
        larger.nodes = kw_heap_resize(c->heap, NULL, 0, cap * sizeof(*c->nodes));
    if (larger.nodes != NULL)
        larger.table = kw_heap_resize(c->heap, NULL, 0, cap * 2 * sizeof(*c->table));
    if (larger.table == NULL) {
        (void)kw_heap_resize(c->heap, larger.nodes, cap * sizeof(*c->nodes), 0);
        return false;
    }
    memset(larger.table, 0, cap * 2 * sizeof(*c->table));
    for (uint32_t i = 1; i < c->count; i++) {
        larger.nodes[i] = c->nodes[i];
        *place_of(&larger, larger.nodes[i].container) = i;
    }
    if (c->cap == 0)
        larger.count = 1;
    kw_compare_classes_fini(c);
    *c = larger;
    return true;
}

/* The number of the one node that stands for the class of `container`; 0: no memory. */
static uint32_t class_of(kw_classes *c, const void *container)
{
    if (c->count == c->cap && !classes_grow(c))
        return 0;
    uint32_t *place = place_of(c, container), at = *place;
    if (at == 0) {
        at = *place = c->count++;
        c->nodes[at] = (struct kw_node){.container = container, .parent = at};
    }
    /* halves the way for the next time */
    for (; c->nodes[at].parent != at; at = c->nodes[at].parent)
        c->nodes[at].parent = c->nodes[c->nodes[at].parent].parent;
    return at;
}

bool kw_compare_classes_unite(kw_classes *c, const void *a, const void *b)
{
    if (c->full)
        return false;
    uint32_t x = class_of(c, a), y = class_of(c, b);
    c->full = x == 0 || y == 0;
    if (!c->full)
        c->nodes[x].parent = y;
    return !c->full && x == y;
}
