/* object.c - the objects of structs, with their attributes, and the small objects: closures, cells, bound methods,
 * packages, pointers. */
#include "config.h"

#include "vm/object.h"

#include <string.h>

#include "vm/chunk.h"
#include "vm/vm.h"

enum {
    INLINE_SLOTS = 4, /* attributes that lie in the object itself at first */
    TABLE_FROM = 9,   /* attributes from which on a shape is searched by a table */
};

/* ---- Shapes ---------------------------------------------------------------------------------- */

kw_shape *kw_object_shape(kw_vm *vm, kw_shape *parent, kw_string *name)
{
    kw_shape *s = kw_heap_realloc(vm, NULL, 0, sizeof(*s));
    *s = (kw_shape){.parent = parent, .name = name};
    if (parent != NULL) {
        s->count = parent->count + 1;
        s->sibling = parent->child;
        parent->child = s;
    }
    return s;
}

int64_t kw_object_slot(kw_shape *shape, kw_string *name)
{
    if (shape->table != NULL) { /* shared along a line of shapes: later attributes are in it, too */
        const kw_value *v = kw_map_find_string(shape->table, name);
        return v == NULL || v->as.i >= (int64_t)shape->count ? -1 : v->as.i;
    }
    for (const kw_shape *s = shape; s->name != NULL; s = s->parent)
        if (s->name == name || kw_string_same(s->name, name))
            return (int64_t)s->count - 1;
    return -1;
}

static void make_table(kw_vm *vm, kw_shape *shape)
{
    shape->table = kw_map_new(vm, 0);
    for (const kw_shape *s = shape; s->name != NULL; s = s->parent)
        kw_map_put(vm, shape->table, kw_of_string(s->name), kw_int((int64_t)s->count - 1));
}

/* The shape with attribute `name` (interned, not in `shape`) added. */
static kw_shape *extend(kw_vm *vm, kw_shape *shape, kw_string *name)
{
    for (kw_shape *s = shape->child; s != NULL; s = s->sibling)
        if (s->name == name)
            return s;
    kw_shape *s = kw_object_shape(vm, shape, name);
    if (s->count < TABLE_FROM)
        return s;
    if (shape->table != NULL && shape->table->count == shape->count) {
        s->table = shape->table; /* the first to go on from here shares the table */
        kw_map_put(vm, s->table, kw_of_string(name), kw_int((int64_t)s->count - 1));
    } else {
        make_table(vm, s);
    }
    return s;
}

/* ---- Objects --------------------------------------------------------------------------------- */

kw_object *kw_object_new(kw_vm *vm, kw_class *c)
{
    kw_object *o = kw_heap_new_obj(vm, KW_KIND_OBJECT, sizeof(*o) + INLINE_SLOTS * sizeof(kw_value));
    o->klass = c;
    o->shape = c->empty;
    o->slots = o->first;
    o->cap = INLINE_SLOTS;
    o->header.spare32 = INLINE_SLOTS; /* for the count of bytes, when it is freed */
    return o;
}

kw_value kw_object_get(kw_object *o, kw_string *name)
{
    int64_t slot = kw_object_slot(o->shape, name);
    return slot < 0 ? kw_undef() : o->slots[slot];
}

static void grow(kw_vm *vm, kw_object *o)
{
    uint32_t cap = o->cap * 2;
    if (o->slots == o->first) {
        o->slots = kw_heap_realloc(vm, NULL, 0, cap * sizeof(kw_value));
        memcpy(o->slots, o->first, o->cap * sizeof(kw_value));
    } else {
        o->slots = kw_heap_realloc(vm, o->slots, o->cap * sizeof(kw_value), cap * sizeof(kw_value));
    }
    o->cap = cap;
}

void kw_object_set(kw_vm *vm, kw_object *o, kw_string *name, kw_value v)
{
    int64_t slot = kw_object_slot(o->shape, name);
    if (slot < 0) {
        slot = o->shape->count;
        if ((uint32_t)slot == o->cap)
            grow(vm, o);
        o->shape = extend(vm, o->shape, kw_names_intern_string(vm, name));
    }
    o->slots[slot] = v;
}

/* ---- Small objects --------------------------------------------------------------------------- */

kw_closure *kw_closure_new(kw_vm *vm, kw_proto *p)
{
    kw_closure *c = kw_heap_new_raw_obj(vm, KW_KIND_CLOSURE, sizeof(*c) + p->capture_count * sizeof(kw_cell *));
    c->proto = p;
    c->self = kw_undef();
    c->home = NULL;
    c->count = p->capture_count;
    for (uint32_t i = 0; i < c->count; i++)
        c->cells[i] = NULL;
    if (!p->variadic && !(p->header.flags & KW_PROTO_GENERATOR))
        c->header.flags = KW_CLOSURE_PLAIN;
    return c;
}

kw_cell *kw_cell_new(kw_vm *vm, kw_value v)
{
    kw_cell *c = kw_heap_new_raw_obj(vm, KW_KIND_CELL, sizeof(*c));
    kw_copy(&c->value, &v);
    return c;
}

kw_value kw_bound_new(kw_vm *vm, kw_value callable, kw_value self, kw_class *home)
{
    kw_bound *b = kw_heap_new_obj(vm, KW_KIND_BOUND, sizeof(*b));
    b->callable = callable;
    b->self = self;
    b->home = home;
    return kw_of_obj(KW_LAMBDA, b);
}

kw_value kw_package_new(kw_vm *vm, kw_string *name)
{
    kw_package *p = kw_heap_new_obj(vm, KW_KIND_PACKAGE, sizeof(*p));
    p->name = name;
    return kw_of_obj(KW_PACKAGE, p);
}

kw_value kw_pointer_new(kw_vm *vm, const char *type, void *data, void (*mark)(kw_vm *, void *),
                        void (*release)(kw_vm *, void *))
{
    kw_pointer *p = kw_heap_new_obj(vm, KW_KIND_POINTER, sizeof(*p));
    p->type = type;
    p->data = data;
    p->mark = mark;
    p->free = release;
    return kw_of_obj(KW_POINTER, p);
}
