/* object.c - methods that every object and every enum has (types.md sections 17 and 18). */
#include "config.h"

#include "types/types.h"

static kw_object *self_of(const kw_call *call)
{
    return call->self.as.object;
}

/* Names of the attributes in order of their first assignment. */
static kw_list *attribute_names(kw_vm *vm, const kw_object *o)
{
    kw_list *list = kw_list_new(vm, o->shape->count);
    for (uint32_t i = 0; list != NULL && i < o->shape->count; i++)
        if (!kw_list_push(vm, list, kw_null()))
            return NULL;
    for (const kw_shape *s = o->shape; list != NULL && s->name != NULL; s = s->parent)
        list->items[s->count - 1] = kw_of_string(s->name);
    return list;
}

static kw_result object_keys(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_give_list(call, attribute_names(vm, self_of(call)));
}

static kw_result object_values(kw_vm *vm, kw_call *call)
{
    const kw_object *o = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_list *list = kw_list_new(vm, o->shape->count);
    for (uint32_t i = 0; list != NULL && i < o->shape->count; i++)
        if (!kw_list_push(vm, list, o->slots[i]))
            return KW_THROWN;
    return kw_give_list(call, list);
}

/* Names of attributes are compared as interned strings. */
static kw_string *interned(kw_vm *vm, const kw_string *s)
{
    bool marked = s->size > 0 && s->text[0] == '@';
    return kw_intern(vm, s->text + (marked ? 1 : 0), s->size - (marked ? 1 : 0));
}

static kw_result object_get(kw_vm *vm, kw_call *call)
{
    kw_string *name;
    if (call->argc < 1 || call->argc > 2)
        return kw_throw(vm, "ParameterCountMismatchError",
                        "The parameter count for function `get` does not match parameters passed. "
                        "Expected within 1 and 2 but received %u.",
                        (unsigned)call->argc);
    if (!kw_arg_string(vm, call, 0, &name))
        return KW_THROWN;
    kw_value v = kw_object_get(self_of(call), interned(vm, name));
    return kw_return(call, kw_is(v, KW_UNDEF) ? kw_arg(call, 1) : v);
}

static kw_result object_set(kw_vm *vm, kw_call *call)
{
    kw_string *name;
    if (!kw_argc_is(vm, call, 2) || !kw_arg_string(vm, call, 0, &name))
        return KW_THROWN;
    kw_string *plain = interned(vm, name);
    if (kw_is(kw_object_get(self_of(call), plain), KW_UNDEF))
        return kw_throw(vm, "VariableUndefinedError", "The variable has not been declared: '%s'",
                        name->text);
    kw_object_set(vm, self_of(call), plain, call->args[1]);
    return KW_DONE;
}

static kw_result object_has_key(kw_vm *vm, kw_call *call)
{
    kw_string *name;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_string(vm, call, 0, &name))
        return KW_THROWN;
    kw_value v = kw_object_get(self_of(call), interned(vm, name));
    return kw_return(call, kw_bool(!kw_is(v, KW_UNDEF)));
}

static kw_result object_is_a(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    kw_value t = call->args[0];
    if (!kw_is(t, KW_STRUCT) && !kw_is(t, KW_STRING))
        return kw_throw_param(vm, "is_a", 0, "Struct or String", t);
    bool found = false;
    for (kw_class *c = self_of(call)->klass; c != NULL && !found; c = c->base)
        found = kw_is(t, KW_STRUCT) ? c == t.as.klass : kw_string_same(c->name, t.as.string);
    return kw_return(call, kw_bool(found));
}

static kw_result object_clone(kw_vm *vm, kw_call *call)
{
    const kw_object *o = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_list *names = attribute_names(vm, o);
    kw_object *copy = names != NULL ? kw_object_new(vm, o->klass) : NULL;
    if (copy == NULL)
        return KW_THROWN;
    for (size_t i = 0; i < names->count; i++)
        kw_object_set(vm, copy, names->items[i].as.string, o->slots[i]);
    copy->cloned = true;
    return kw_return(call, kw_of_obj(KW_OBJECT, copy));
}

static const kw_native_def object_methods[] = {
    {"keys", object_keys, 0, 0, "names of the attributes"},
    {"values", object_values, 0, 0, "values of the attributes"},
    {"get", object_get, 1, 2, "an attribute, or a default"},
    {"set", object_set, 2, 2, "change an attribute"},
    {"has_key", object_has_key, 1, 1, "is there such an attribute?"},
    {"is_a", object_is_a, 1, 1, "instance of the struct or of one derived from it?"},
    {"clone", object_clone, 0, 0, "a copy with the same attributes"},
    {NULL, NULL, 0, 0, NULL},
};

/* ---- Enums: their members are static variables ----------------------------------------------- */

static kw_map *members(const kw_call *call)
{
    return call->self.as.klass->statics;
}

static kw_result enum_size(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, kw_int(members(call) != NULL ? (int64_t)members(call)->count : 0));
}

static kw_result enum_list(kw_vm *vm, kw_call *call, bool keys)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_list *list = kw_list_new(vm, 8);
    kw_entry *e;
    for (uint32_t i = 0; list != NULL && members(call) != NULL &&
                         (e = kw_map_next(members(call), &i)) != NULL;)
        if (!kw_list_push(vm, list, keys ? e->key : e->value))
            return KW_THROWN;
    return kw_give_list(call, list);
}

static kw_result enum_keys(kw_vm *vm, kw_call *call)
{
    return enum_list(vm, call, true);
}

static kw_result enum_values(kw_vm *vm, kw_call *call)
{
    return enum_list(vm, call, false);
}

static kw_result enum_to_hashmap(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_map *map = kw_map_new(vm, 8);
    kw_entry *e;
    for (uint32_t i = 0; map != NULL && members(call) != NULL &&
                         (e = kw_map_next(members(call), &i)) != NULL;)
        if (!kw_map_set(vm, map, e->key, e->value))
            return KW_THROWN;
    return map != NULL ? kw_return(call, kw_of_map(map)) : KW_THROWN;
}

static kw_result enum_get(kw_vm *vm, kw_call *call)
{
    kw_string *name;
    if (!kw_argc_in(vm, call, 1, 2) || !kw_arg_string(vm, call, 0, &name))
        return KW_THROWN;
    const kw_value *v = members(call) != NULL ? kw_map_find_string(members(call), name) : NULL;
    if (v != NULL)
        return kw_return(call, *v);
    if (call->argc == 2)
        return kw_return(call, call->args[1]);
    return kw_throw(vm, "InvalidOperationError", "Enum member '%s' not found", name->text);
}

static const kw_native_def enum_methods[] = {
    {"size", enum_size, 0, 0, "number of members"},
    {"keys", enum_keys, 0, 0, "names of the members"},
    {"values", enum_values, 0, 0, "values of the members"},
    {"to_hashmap", enum_to_hashmap, 0, 0, "values by name"},
    {"get", enum_get, 1, 2, "value of a member, or a default"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_object_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_OBJECT, object_methods);
    kw_define_methods(vm, KW_STRUCT, enum_methods);
}
