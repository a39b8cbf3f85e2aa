/* map.c - methods of hashmaps (types.md section 12). */
#include "config.h"

#include "types/types.h"

static kw_map *self_of(const kw_call *call)
{
    return call->self.as.map;
}

static kw_result map_size(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, kw_int((int64_t)self_of(call)->count));
}

static kw_result listed(kw_vm *vm, kw_call *call, bool keys)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_list *list = kw_list_new(vm, self_of(call)->count);
    kw_entry *e;
    for (uint32_t i = 0; list != NULL && (e = kw_map_next(self_of(call), &i)) != NULL;)
        if (!kw_list_push(vm, list, keys ? e->key : e->value))
            return KW_THROWN;
    return kw_give_list(call, list);
}

static kw_result map_keys(kw_vm *vm, kw_call *call)
{
    return listed(vm, call, true);
}

static kw_result map_values(kw_vm *vm, kw_call *call)
{
    return listed(vm, call, false);
}

static kw_result map_has_key(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    return kw_return(call, kw_bool(kw_map_find(self_of(call), call->args[0]) != NULL));
}

static kw_result map_get(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_in(vm, call, 1, 2))
        return KW_THROWN;
    const kw_value *v = kw_map_find(self_of(call), call->args[0]);
    return kw_return(call, v != NULL ? *v : kw_arg(call, 1));
}

static kw_result map_set(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 2))
        return KW_THROWN;
    kw_value v = kw_deep_copy(vm, call->args[1]);
    if (kw_is(v, KW_UNDEF) || !kw_map_set(vm, self_of(call), call->args[0], v))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result map_remove(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    kw_map_remove(self_of(call), call->args[0]);
    return kw_return(call, call->self);
}

static kw_result map_merge(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 1) || !kw_arg_is(vm, call, 0, KW_MAP))
        return KW_THROWN;
    kw_map *other = call->args[0].as.map;
    kw_entry *e;
    if (other == self_of(call))
        return kw_return(call, call->self);
    for (uint32_t i = 0; (e = kw_map_next(other, &i)) != NULL;)
        if (!kw_map_set(vm, self_of(call), e->key, e->value))
            return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result map_clear(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_map_clear(self_of(call));
    return kw_return(call, call->self);
}

static const kw_native_def methods[] = {
    {"size", map_size, 0, 0, "number of keys"},
    {"length", map_size, 0, 0, "number of keys"},
    {"keys", map_keys, 0, 0, "list of the keys"},
    {"values", map_values, 0, 0, "list of the values"},
    {"has_key", map_has_key, 1, 1, "does the key exist?"},
    {"get", map_get, 1, 2, "value of a key, or a default"},
    {"set", map_set, 2, 2, "store a copy under a key"},
    {"remove", map_remove, 1, 1, "remove a key"},
    {"merge", map_merge, 1, 1, "take over the entries of another hashmap"},
    {"clear", map_clear, 0, 0, "remove all keys"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_map_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_MAP, methods);
}
