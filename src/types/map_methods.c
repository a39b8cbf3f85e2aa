/* map_methods.c - methods of hashmaps (TYPES.md section 12). */
#include "config.h"

#include "types/types.h"

#include <assert.h>

#include "types/give.h"

static kw_map *self_of(const kw_call *call)
{
    return call->self.as.map;
}

static kw_result map_size(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_int((int64_t)self_of(call)->count));
}

static kw_result listed(kw_vm *vm, kw_call *call, bool keys)
{
    kw_list *list = kw_list_new(vm, self_of(call)->count);
    kw_entry *e;
    for (uint32_t i = 0; list != NULL && (e = kw_map_next(self_of(call), &i)) != NULL;)
        if (!kw_list_push(vm, list, keys ? e->key : e->value) || !kw_go_on(vm))
            return KW_THROWN;
    assert(list == NULL || list->count == self_of(call)->count); /* removed entries are not told */
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
    (void)vm;
    return kw_return(call, kw_bool(kw_map_find(self_of(call), call->args[0]) != NULL));
}

static kw_result map_get(kw_vm *vm, kw_call *call)
{
    (void)vm;
    const kw_value *v = kw_map_find(self_of(call), call->args[0]);
    return kw_return(call, v != NULL ? *v : kw_arg(call, 1));
}

static kw_result map_set(kw_vm *vm, kw_call *call)
{
    kw_value v = kw_copy_deep(vm, call->args[1]);
    if (kw_is(v, KW_UNDEF) || !kw_map_set(vm, self_of(call), call->args[0], v))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result map_remove(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_map_remove(self_of(call), call->args[0]);
    return kw_return(call, call->self);
}

static kw_result map_merge(kw_vm *vm, kw_call *call)
{
    kw_map *other = call->args[0].as.map;
    kw_entry *e;
    if (other == self_of(call))
        return kw_return(call, call->self);
    for (uint32_t i = 0; (e = kw_map_next(other, &i)) != NULL;)
        if (!kw_map_set(vm, self_of(call), e->key, e->value) || !kw_go_on(vm))
            return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result map_clear(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_map_clear(self_of(call));
    return kw_return(call, call->self);
}

/* clang-format off */
const kw_native_def kw_map_methods[] = {
    {"size(): integer", map_size, "The number of keys.",
     "println {a: 1, b: 2}.size()  # => 2"},
    {"length(): integer", map_size, "The number of keys.",
     "println {a: 1, b: 2}.length()  # => 2"},
    {"keys(): list", map_keys, "A list of the keys, in the order in which they came.",
     "println {a: 1, b: 2}.keys()  # => [\"a\", \"b\"]"},
    {"values(): list", map_values, "A list of the values, in the order of their keys.",
     "println {a: 1, b: 2}.values()  # => [1, 2]"},
    {"has_key(key: any): boolean", map_has_key, "Does the key exist?",
     "println {a: null}.has_key(\"a\")  # => true"},
    {"get(key: any, default: any = null): any", map_get, "The value of a key; `default` where the key does not exist.",
     "println {a: 1}.get(\"b\", 0)  # => 0"},
    {"set(key: any, value: any): hashmap", map_set, "Store a copy of the value under the key.",
     "println {a: 1}.set(\"b\", 2)  # => {\"a\": 1, \"b\": 2}"},
    {"remove(key: any): hashmap", map_remove, "Remove a key, if it exists.",
     "println {a: 1, b: 2}.remove(\"a\")  # => {\"b\": 2}"},
    {"merge(other: hashmap): hashmap", map_merge, "Take over the keys and values of another hashmap.",
     "println {a: 1}.merge({a: 2, b: 3})  # => {\"a\": 2, \"b\": 3}"},
    {"clear(): hashmap", map_clear, "Remove all keys.",
     "println {a: 1}.clear()  # => {}"},
    {NULL},
};
/* clang-format on */
