/* member.c - members of values: X.NAME, its assignment, `super`, decorators. */
#include "config.h"

#include "vm/interp.h"

static bool package_member(kw_vm *vm, kw_package *package, kw_string *name, kw_value *out)
{
    *out = kw_global_value(vm, kw_names_global_member(vm, package->name->text, name->text));
    if (kw_is(*out, KW_UNDEF))
        *out = kw_null();
    return vm->error.type == NULL;
}

bool kw_member_get(kw_vm *vm, kw_value x, kw_string *name, kw_value *out)
{
    switch ((kw_type)x.tag) {
    case KW_OBJECT: *out = kw_object_get(x.as.object, name); break;
    case KW_MAP: {
        kw_value *v = kw_map_find_string(x.as.map, name);
        *out = v != NULL ? *v : kw_null();
        break;
    }
    case KW_STRUCT: *out = kw_map_get(x.as.klass->statics, kw_of_string(name)); break;
    case KW_PACKAGE: return package_member(vm, x.as.package, name, out);
    default: (void)kw_throw_known(vm, KW_E_NO_MEMBER, name, NULL); return false;
    }
    if (kw_is(*out, KW_UNDEF))
        *out = kw_null();
    return true;
}

bool kw_member_get_decorator(kw_vm *vm, kw_value x, kw_string *name, kw_value *out)
{
    if (!kw_member_get(vm, x, name, out))
        return false;
    if (!kw_is(*out, KW_NULL) || !(kw_is(x, KW_OBJECT) || kw_is(x, KW_STRUCT)))
        return true;
    kw_found found;
    if (!kw_call_find_method(vm, x, name, &found))
        return false;
    *out = kw_is(found.callable, KW_STRUCT) /* its `new` makes the object that it is bound to */
               ? found.callable
               : kw_bound_new(vm, found.callable, found.self, found.home);
    return true;
}

bool kw_member_set(kw_vm *vm, kw_value x, kw_string *name, kw_value v)
{
    switch ((kw_type)x.tag) {
    case KW_OBJECT: kw_object_set(vm, x.as.object, name, v); return true;
    case KW_MAP: return kw_map_set(vm, x.as.map, kw_of_string(name), v);
    case KW_STRUCT: return kw_map_set(vm, x.as.klass->statics, kw_of_string(name), v);
    case KW_PACKAGE: return true;
    default: kw_throw(vm, "InvalidOperationError", "Cannot set member '%s' on this type.", name->text); return false;
    }
}

bool kw_member_get_super(kw_vm *vm, kw_frame *frame, kw_string *name, kw_value *out)
{
    if (frame->home == NULL || kw_is(frame->self, KW_UNDEF)) {
        kw_throw(vm, "RuntimeError", "super called outside of a struct method.");
        return false;
    }
    if (frame->home->base == NULL) {
        kw_throw(vm, "RuntimeError", "Struct '%s' has no base struct; cannot call super.", frame->home->name->text);
        return false;
    }
    const kw_method *m = kw_class_find(frame->home->base, name);
    if (m == NULL) {
        kw_throw(vm, "RuntimeError", "Method '%s' not found in base of '%s'.", name->text, frame->home->name->text);
        return false;
    }
    *out = kw_bound_new(vm, m->callable, frame->self, m->home);
    return true;
}
