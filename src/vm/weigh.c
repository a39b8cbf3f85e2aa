/* weigh.c - about how many bytes kept values hold.
 *
 * Breadth first, each object once, whatever refers to it: one that weighs is marked in its header,
 * until its value is not kept any more, and lies in a row, which is also the queue of what is to be
 * opened.  When the row is full, or enough elements were looked at, the rest is taken to weigh as
 * much as those: never more than the whole heap, so that a guess about elements that are all the
 * same is bounded, too. */
#include "config.h"

#include "vm/fiber.h"
#include "vm/gc.h"

enum {
    WEIGHED = 16, /* in the header's spare byte */
    MET_MAX = 2048,
    LOOKS_MAX = 16384,
};

typedef struct scales {
    uint8_t before; /* WEIGHED or 0: which objects are met; afterwards they are the others */
    size_t met_count, looks, bytes;
    size_t rest; /* elements that were not looked at */
    size_t cut;  /* own weight of what was opened in part: it is no measure for the rest */
    kw_obj *met[MET_MAX];
} scales;

/* Without what it refers to.  What belongs to the program rather than to the value, as its
 * functions and names do, weighs nothing. */
static size_t own_weight(const kw_obj *o)
{
    const void *it = o;
    switch ((kw_kind)o->kind) {
    case KW_KIND_STRING: return o->flags & KW_STR_INTERNED ? 0 : sizeof(kw_string) + ((const kw_string *)it)->size;
    case KW_KIND_BYTES: return sizeof(kw_bytes) + ((const kw_bytes *)it)->size;
    case KW_KIND_LIST: return sizeof(kw_list) + ((const kw_list *)it)->cap * sizeof(kw_value);
    case KW_KIND_MAP:
        return sizeof(kw_map) + ((const kw_map *)it)->cap * sizeof(kw_entry) +
               ((const kw_map *)it)->index_cap * sizeof(uint32_t);
    case KW_KIND_OBJECT: return sizeof(kw_object) + ((const kw_object *)it)->cap * sizeof(kw_value);
    case KW_KIND_CLOSURE: return sizeof(kw_closure) + ((const kw_closure *)it)->count * sizeof(kw_cell *);
    case KW_KIND_BOUND: return sizeof(kw_bound);
    case KW_KIND_CELL: return sizeof(kw_cell);
    case KW_KIND_POINTER: return sizeof(kw_pointer);
    case KW_KIND_FIBER: return sizeof(kw_fiber) + ((const kw_fiber *)it)->stack_cap * sizeof(kw_value);
    case KW_KIND_CLASS:
    case KW_KIND_NATIVE:
    case KW_KIND_PACKAGE:
    case KW_KIND_PROTO:
    case KW_KIND_COUNT: break;
    }
    return 0;
}

static void meet(scales *s, kw_value v)
{
    s->looks++;
    if (!kw_is_heap(v) || v.as.obj == NULL || (v.as.obj->spare & WEIGHED) != s->before)
        return;
    size_t weight = own_weight(v.as.obj);
    if (weight == 0)
        return;
    s->bytes += weight;
    v.as.obj->spare ^= WEIGHED;
    s->met[s->met_count++] = v.as.obj;
}

static bool has_room(const scales *s)
{
    return s->looks < LOOKS_MAX && s->met_count + 1 < MET_MAX; /* for two: a key and its value */
}

static void meet_values(scales *s, const kw_value *v, size_t count)
{
    size_t i = 0;
    for (; i < count && has_room(s); i++)
        meet(s, v[i]);
    s->rest += count - i;
}

static void meet_entries(scales *s, const kw_map *m)
{
    size_t i = 0;
    for (; i < m->used && has_room(s); i++) {
        meet(s, m->entries[i].key);
        meet(s, m->entries[i].value);
    }
    s->rest += 2 * (m->used - i);
}

static void meet_cells(scales *s, const kw_closure *c)
{
    for (uint32_t i = 0; i < c->count && has_room(s); i++)
        meet(s, kw_of_obj(KW_CELL, c->cells[i]));
}

static void open_up(scales *s, const kw_obj *o)
{
    const void *it = o;
    switch ((kw_kind)o->kind) {
    case KW_KIND_LIST: meet_values(s, ((const kw_list *)it)->items, ((const kw_list *)it)->count); break;
    case KW_KIND_MAP: meet_entries(s, it); break;
    case KW_KIND_OBJECT: meet_values(s, ((const kw_object *)it)->slots, ((const kw_object *)it)->shape->count); break;
    case KW_KIND_CLOSURE: meet_cells(s, it); break;
    case KW_KIND_BOUND: meet_values(s, &((const kw_bound *)it)->self, 1); break;
    case KW_KIND_CELL: meet_values(s, &((const kw_cell *)it)->value, 1); break;
    default: break; /* of the other kinds it is not known, or not theirs */
    }
}

static void weigh(scales *s, kw_value v, uint8_t before)
{
    s->before = before;
    s->met_count = s->looks = s->bytes = s->rest = s->cut = 0;
    meet(s, v);
    for (size_t i = 0; i < s->met_count; i++) {
        size_t looks = s->looks, rest = s->rest;
        open_up(s, s->met[i]);
        if (s->looks > looks && s->rest > rest)
            s->cut = own_weight(s->met[i]);
    }
}

size_t kw_weigh(kw_vm *vm, kw_value v)
{
    if (!kw_is_heap(v))
        return 0;
    scales s;
    weigh(&s, v, 0);
    double each = (double)(s.bytes - s.cut) / (double)s.looks;
    double guess = (double)s.bytes + each * (double)s.rest;
    size_t heap = kw_heap_bytes(vm);
    return guess < (double)heap ? (size_t)guess : heap;
}

size_t kw_weigh_undo(kw_value v)
{
    scales s;
    weigh(&s, v, WEIGHED);
    return s.bytes;
}
