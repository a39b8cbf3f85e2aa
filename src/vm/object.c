/* object.c - making the small objects: closures, cells, bound methods, packages, pointers. */
#include "config.h"

#include "vm/object.h"

#include "vm/chunk.h"
#include "vm/vm.h"

kw_closure *kw_closure_new(kw_vm *vm, kw_proto *p)
{
    kw_closure *c =
        kw_new_raw_obj(vm, KW_K_CLOSURE, sizeof(*c) + p->capture_count * sizeof(kw_cell *));
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
    kw_cell *c = kw_new_raw_obj(vm, KW_K_CELL, sizeof(*c));
    kw_copy(&c->value, &v);
    return c;
}

kw_value kw_bound_new(kw_vm *vm, kw_value callable, kw_value self, kw_class *home)
{
    kw_bound *b = kw_new_obj(vm, KW_K_BOUND, sizeof(*b));
    b->callable = callable;
    b->self = self;
    b->home = home;
    return kw_of_obj(KW_LAMBDA, b);
}

kw_value kw_package_new(kw_vm *vm, kw_string *name)
{
    kw_package *p = kw_new_obj(vm, KW_K_PACKAGE, sizeof(*p));
    p->name = name;
    return kw_of_obj(KW_PACKAGE, p);
}

kw_value kw_pointer_new(kw_vm *vm, const char *type, void *data, void (*mark)(kw_vm *, void *),
                        void (*release)(kw_vm *, void *))
{
    kw_pointer *p = kw_new_obj(vm, KW_K_POINTER, sizeof(*p));
    p->type = type;
    p->data = data;
    p->mark = mark;
    p->free = release;
    return kw_of_obj(KW_POINTER, p);
}
