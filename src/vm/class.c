/* class.c - structs and their methods. */
#include "config.h"

#include "vm/object.h"

#include "vm/vm.h"

kw_class *kw_class_new(kw_vm *vm, kw_string *name)
{
    kw_class *c = kw_heap_new_obj(vm, KW_KIND_CLASS, sizeof(*c));
    c->name = name;
    c->methods = kw_map_new(vm, 0);
    c->statics = kw_map_new(vm, 0);
    c->empty = kw_object_shape(vm, NULL, NULL);
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
    kw_heap_release(vm, data, sizeof(kw_method));
}

void kw_class_add(kw_vm *vm, kw_class *c, kw_string *name, kw_value callable, bool is_static, bool is_abstract)
{
    kw_method *m = kw_heap_realloc(vm, NULL, 0, sizeof(*m));
    *m = (kw_method){.callable = callable, .home = c, .is_static = is_static, .is_abstract = is_abstract};
    kw_value held = kw_pointer_new(vm, method_type, m, mark_method, free_method);
    kw_map_put(vm, c->methods, kw_of_string(kw_names_intern_string(vm, name)), held);
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
