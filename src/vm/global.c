/* global.c - what a global name means, and definitions of global names. */
#include "config.h"

#include "vm/interp.h"

#include <assert.h>

void kw_global_define(kw_vm *vm, kw_global *g, int means, kw_value v)
{
    kw_value *field = means == KW_MEANS_VARIABLE   ? &g->variable
                      : means == KW_MEANS_FUNCTION ? &g->function
                      : means == KW_MEANS_CONSTANT ? &g->constant
                      : means == KW_MEANS_DECL     ? &g->decl
                                                   : &g->package;
    assert((means & (means - 1)) == 0 && !kw_is(v, KW_UNDEF)); /* one meaning, and it is one */
    *field = v;
    g->means |= (uint8_t)means;
    if (means != KW_MEANS_VARIABLE)
        vm->method_epoch++;
}

static void load_library(kw_vm *vm, kw_global *g)
{
    if (g->missing || vm->hooks.load == NULL)
        return;
    g->missing = true;
    (void)vm->hooks.load(vm, g->owner, g->plain != NULL ? g->plain->name : g->name);
    if (vm->error.type != NULL)
        g->missing = false; /* there was no memory for it, say: the next time there may be */
}

/* What a name means, in the order of LANGUAGE.md 7.3. */
static kw_value meaning(const kw_global *g)
{
    bool variable = (g->means & KW_MEANS_VARIABLE) != 0;
    bool callable = variable && kw_is(g->variable, KW_LAMBDA);
    if ((g->means & KW_MEANS_FUNCTION) && variable && !kw_is(g->variable, KW_NULL))
        return g->variable;
    if (g->means & KW_MEANS_FUNCTION)
        return g->function;
    if (callable)
        return g->variable;
    if (g->means & KW_MEANS_CONSTANT)
        return g->constant;
    if (g->means & KW_MEANS_DECL)
        return g->decl;
    if (variable)
        return g->variable;
    return (g->means & KW_MEANS_PACKAGE) ? g->package : kw_undef();
}

kw_value kw_global_value(kw_vm *vm, kw_global *g)
{
    kw_value v = meaning(g);
    if (!kw_is(v, KW_UNDEF))
        return v;
    load_library(vm, g);
    return vm->error.type != NULL ? kw_undef() : meaning(g);
}

/* `name` as a method of the current object, bound to it. */
static bool own_method(kw_vm *vm, const kw_frame *frame, kw_string *name, kw_value *out)
{
    kw_class *c = kw_is(frame->self, KW_OBJECT)   ? frame->self.as.object->klass
                  : kw_is(frame->self, KW_STRUCT) ? frame->self.as.klass
                                                  : NULL;
    const kw_method *m = c != NULL ? kw_class_find(c, name) : NULL;
    if (m == NULL)
        return false;
    *out = kw_bound_new(vm, m->callable, m->is_static ? kw_of_class(c) : frame->self, m->home);
    return true;
}

bool kw_global_get(kw_vm *vm, kw_frame *frame, kw_global *g, bool sibling, kw_value *out)
{
    assert(vm->error.type == NULL && (!sibling || g->plain != NULL));
    kw_value v = kw_global_value(vm, g);
    if (vm->error.type == NULL && kw_is(v, KW_UNDEF) && sibling)
        v = kw_global_value(vm, g->plain);
    if (vm->error.type != NULL)
        return false;
    kw_string *name = sibling ? g->plain->name : g->name;
    if (!kw_is(v, KW_UNDEF)) {
        *out = v;
        return true;
    }
    if (own_method(vm, frame, name, out))
        return true;
    (void)kw_throw_undeclared(vm, name->text);
    return false;
}

bool kw_global_set(kw_vm *vm, kw_global *g, kw_value v)
{
    if (g->means & KW_MEANS_CONSTANT) {
        const kw_string *written = g->plain != NULL ? g->plain->name : g->name;
        kw_throw(vm, "InvalidOperationError", "Cannot reassign constant '%s'.", written->text);
        return false;
    }
    kw_global_define(vm, g, KW_MEANS_VARIABLE, v);
    return true;
}

void kw_global_define_package(kw_vm *vm, kw_global *g)
{
    if (g->means & KW_MEANS_PACKAGE)
        return;
    kw_global_define(vm, g, KW_MEANS_PACKAGE, kw_package_new(vm, g->name));
}

bool kw_global_open_package(kw_vm *vm, kw_global *g)
{
    load_library(vm, g); /* a package of the library is extended, not hidden */
    kw_global_define_package(vm, g);
    return vm->error.type == NULL;
}

bool kw_global_define_decl(kw_vm *vm, kw_global *g, kw_value *v)
{
    assert(kw_is(*v, KW_STRUCT));
    kw_class *c = v->as.klass, *old = g->means & KW_MEANS_DECL ? g->decl.as.klass : c;
    kw_string *missing = kw_class_missing(c);
    if (missing != NULL) {
        kw_throw(vm, "AbstractMethodError", "Struct `%s` must implement abstract method `%s`.", c->name->text,
                 missing->text);
        return false;
    }
    uint8_t both = old->header.flags | c->header.flags;
    if ((c->header.flags & ~old->header.flags) & KW_CLASS_LIBRARY)
        return true; /* the name is the script's; the library goes by that of its package */
    if (old != c && !(both & (KW_CLASS_ENUM | KW_CLASS_LIBRARY))) {
        if (kw_class_is_a(c->base, old)) {
            kw_throw(vm, "InvalidOperationError", "Struct `%s` cannot inherit from itself.", c->name->text);
            return false;
        }
        kw_class_replace(vm, old, c); /* existing objects get the new methods, too */
        *v = g->decl;
    }
    kw_global_define(vm, g, KW_MEANS_DECL, *v);
    return true;
}
