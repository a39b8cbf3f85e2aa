/* class.c - structs, their methods, and the shapes and attributes of their objects. */
#include "config.h"

#include "vm/object.h"

#include <string.h>

#include "vm/vm.h"

enum {
    INLINE_SLOTS = 4, /* attributes that lie in the object itself at first */
    TABLE_FROM = 9,   /* attributes from which on a shape is searched by a table */
};

/* ---- Structs --------------------------------------------------------------------------------- */

static kw_shape *new_shape(kw_vm *vm, kw_shape *parent, kw_string *name)
{
    kw_shape *s = kw_realloc(vm, NULL, 0, sizeof(*s));
    *s = (kw_shape){.parent = parent, .name = name};
    if (parent != NULL) {
        s->count = parent->count + 1;
        s->sibling = parent->child;
        parent->child = s;
    }
    return s;
}

kw_class *kw_class_new(kw_vm *vm, kw_string *name)
{
    kw_class *c = kw_new_obj(vm, KW_K_CLASS, sizeof(*c));
    c->name = name;
    c->methods = kw_map_new(vm, 0);
    c->statics = kw_map_new(vm, 0);
    c->empty = new_shape(vm, NULL, NULL);
    return c;
}

static const char method_type[] = "method";

static void mark_method(kw_vm *vm, void *data)
{
    const kw_method *m = data;
    kw_gc_mark_value(vm, m->callable);
    kw_gc_mark_obj(vm, m->home);
}

static void free_method(kw_vm *vm, void *data)
{
    kw_free(vm, data, sizeof(kw_method));
}

void kw_class_add(kw_vm *vm, kw_class *c, kw_string *name, kw_value callable, bool is_static,
                  bool is_abstract)
{
    kw_method *m = kw_realloc(vm, NULL, 0, sizeof(*m));
    *m = (kw_method){.callable = callable, .home = c, .is_static = is_static, .is_abstract = is_abstract};
    kw_value held = kw_pointer_new(vm, method_type, m, mark_method, free_method);
    (void)kw_map_set(vm, c->methods, kw_of_string(kw_intern_string(vm, name)), held);
    vm->method_epoch++;
}

static const kw_method *own(const kw_class *c, kw_string *name)
{
    const kw_value *v = kw_map_find_string(c->methods, name);
    return v == NULL ? NULL : v->as.pointer->data;
}

const kw_method *kw_class_find(kw_class *c, kw_string *name)
{
    for (; c != NULL; c = c->base) {
        const kw_method *m = own(c, name);
        if (m != NULL)
            return m;
    }
    return NULL;
}

kw_string *kw_class_missing(kw_class *c)
{
    if (c->header.flags & KW_CLASS_ABSTRACT)
        return NULL;
    for (kw_class *base = c; base != NULL; base = base->base) {
        const kw_entry *e;
        for (uint32_t i = 0; (e = kw_map_next(base->methods, &i)) != NULL;) {
            const kw_method *m = e->value.as.pointer->data;
            if (m->is_abstract && kw_class_find(c, e->key.as.string)->is_abstract)
                return e->key.as.string;
        }
    }
    return NULL;
}

bool kw_class_is_a(const kw_class *c, const kw_class *ancestor)
{
    while (c != NULL && c != ancestor)
        c = c->base;
    return c != NULL;
}

void kw_class_replace(kw_vm *vm, kw_class *old, kw_class *fresh)
{
    kw_entry *e;
    for (uint32_t i = 0; (e = kw_map_next(fresh->methods, &i)) != NULL;) {
        kw_method *m = e->value.as.pointer->data;
        if (m->home == fresh)
            m->home = old;
    }
    old->base = fresh->base;
    old->methods = fresh->methods;
    old->statics = fresh->statics;
    old->header.flags = fresh->header.flags;
    fresh->methods = kw_map_new(vm, 0); /* nothing may be changed through two structs */
    fresh->statics = kw_map_new(vm, 0);
    vm->method_epoch++;
}

/* ---- Shapes ---------------------------------------------------------------------------------- */

int64_t kw_shape_slot(kw_shape *shape, kw_string *name)
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
        (void)kw_map_set(vm, shape->table, kw_of_string(s->name), kw_int((int64_t)s->count - 1));
}

/* The shape with attribute `name` (interned, not in `shape`) added. */
static kw_shape *extend(kw_vm *vm, kw_shape *shape, kw_string *name)
{
    for (kw_shape *s = shape->child; s != NULL; s = s->sibling)
        if (s->name == name)
            return s;
    kw_shape *s = new_shape(vm, shape, name);
    if (s->count < TABLE_FROM)
        return s;
    if (shape->table != NULL && shape->table->count == shape->count) {
        s->table = shape->table; /* the first to go on from here shares the table */
        (void)kw_map_set(vm, s->table, kw_of_string(name), kw_int((int64_t)s->count - 1));
    } else {
        make_table(vm, s);
    }
    return s;
}

/* ---- Objects --------------------------------------------------------------------------------- */

kw_object *kw_object_new(kw_vm *vm, kw_class *c)
{
    kw_object *o = kw_new_obj(vm, KW_K_OBJECT, sizeof(*o) + INLINE_SLOTS * sizeof(kw_value));
    o->klass = c;
    o->shape = c->empty;
    o->slots = o->first;
    o->cap = INLINE_SLOTS;
    o->header.spare32 = INLINE_SLOTS; /* for the count of bytes, when it is freed */
    return o;
}

kw_value kw_object_get(kw_object *o, kw_string *name)
{
    int64_t slot = kw_shape_slot(o->shape, name);
    return slot < 0 ? kw_undef() : o->slots[slot];
}

static void grow(kw_vm *vm, kw_object *o)
{
    uint32_t cap = o->cap * 2;
    if (o->slots == o->first) {
        o->slots = kw_realloc(vm, NULL, 0, cap * sizeof(kw_value));
        memcpy(o->slots, o->first, o->cap * sizeof(kw_value));
    } else {
        o->slots = kw_realloc(vm, o->slots, o->cap * sizeof(kw_value), cap * sizeof(kw_value));
    }
    o->cap = cap;
}

void kw_object_set(kw_vm *vm, kw_object *o, kw_string *name, kw_value v)
{
    int64_t slot = kw_shape_slot(o->shape, name);
    if (slot < 0) {
        slot = o->shape->count;
        if ((uint32_t)slot == o->cap)
            grow(vm, o);
        o->shape = extend(vm, o->shape, kw_intern_string(vm, name));
    }
    o->slots[slot] = v;
}
