/* enum_methods.c - methods of enums, whose members are static variables (TYPES.md section 18). */
#include "config.h"

#include "types/types.h"

#include "types/give.h"

static kw_map *members(const kw_call *call)
{
    return call->self.as.klass->statics;
}

static kw_result enum_size(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_int(members(call) != NULL ? (int64_t)members(call)->count : 0));
}

static kw_result enum_list(kw_vm *vm, kw_call *call, bool keys)
{
    kw_list *list = kw_list_new(vm, 8);
    kw_entry *e;
    for (uint32_t i = 0; list != NULL && members(call) != NULL && (e = kw_map_next(members(call), &i)) != NULL;)
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
    kw_map *map = kw_map_new(vm, 8);
    kw_entry *e;
    for (uint32_t i = 0; map != NULL && members(call) != NULL && (e = kw_map_next(members(call), &i)) != NULL;)
        if (!kw_map_set(vm, map, e->key, e->value))
            return KW_THROWN;
    return kw_give_map(call, map);
}

static kw_result enum_get(kw_vm *vm, kw_call *call)
{
    kw_string *name = call->args[0].as.string;
    const kw_value *v = members(call) != NULL ? kw_map_find_string(members(call), name) : NULL;
    if (v != NULL)
        return kw_return(call, *v);
    if (call->argc == 2)
        return kw_return(call, call->args[1]);
    return kw_throw(vm, "InvalidOperationError", "Enum member '%s' not found", name->text);
}

/* What examples begin with. */
#define COLOUR "enum Colour\n  Red\n  Green\nend\n"

/* clang-format off */
const kw_native_def kw_enum_methods[] = {
    {"size(): integer", enum_size, "The number of members.",
     COLOUR "println Colour.size()  # => 2"},
    {"keys(): list", enum_keys, "The names of the members, in the order of their declaration.",
     COLOUR "println Colour.keys()  # => [\"Red\", \"Green\"]"},
    {"values(): list", enum_values, "The values of the members, in the order of their declaration.",
     COLOUR "println Colour.values()  # => [0, 1]"},
    {"to_hashmap(): hashmap", enum_to_hashmap, "A hashmap of the values by name.",
     COLOUR "println Colour.to_hashmap()  # => {\"Red\": 0, \"Green\": 1}"},
    {"get(name: string, default: any = null): any", enum_get,
     "The value of a member; `default` where there is none of this name, or an error without one.",
     COLOUR "println Colour.get(\"Green\")  # => 1\nprintln Colour.get(\"Blue\", -1)  # => -1"},
    {NULL},
};
/* clang-format on */
