/* lambda_methods.c - methods of functions and lambdas (TYPES.md section 16). */
#include "config.h"

#include "types/types.h"

#include <assert.h>

#include "types/give.h"
#include "vm/chunk.h"

/* The compiled function behind a callable, or NULL for a native one. */
static const kw_proto *proto_of(kw_value f)
{
    while (f.as.obj->kind == KW_KIND_BOUND)
        f = ((kw_bound *)f.as.obj)->callable;
    assert(f.as.obj->kind == KW_KIND_CLOSURE || f.as.obj->kind == KW_KIND_NATIVE); /* no other can be called */
    return f.as.obj->kind == KW_KIND_CLOSURE ? ((kw_closure *)f.as.obj)->proto : NULL;
}

static kw_result lambda_call(kw_vm *vm, kw_call *call)
{
    if (!kw_is(call->args[0], KW_LIST))
        return kw_throw_expected(vm, "list", call->args[0]);
    const kw_list *from = call->args[0].as.list;
    kw_list *args = kw_list_new(vm, from->count);
    for (size_t i = 0; args != NULL && i < from->count; i++)
        if (!kw_list_push(vm, args, from->items[i]))
            return KW_THROWN;
    if (args == NULL)
        return KW_THROWN;
    call->result = call->self;
    call->tail_args = args;
    return KW_CALL;
}

static kw_map *describe(kw_vm *vm, const kw_param *p, uint32_t position)
{
    kw_map *map = kw_map_new(vm, 4);
    kw_value constant = p->has_default && !kw_is(p->constant, KW_UNDEF) ? p->constant : kw_null();
    if (map == NULL || !kw_map_set_c(vm, map, "name", kw_of_string(p->name)) ||
        !kw_map_set_c(vm, map, "default_value", constant) ||
        (p->hint != NULL && !kw_map_set_c(vm, map, "type", kw_of_string(p->hint))) ||
        !kw_map_set_c(vm, map, "position", kw_int((int64_t)position)))
        return NULL;
    return map;
}

static kw_result lambda_parameters(kw_vm *vm, kw_call *call)
{
    const kw_proto *p = proto_of(call->self);
    uint32_t count = p == NULL ? 0 : (uint32_t)p->param_count + (p->variadic ? 1 : 0);
    kw_list *list = kw_list_new(vm, count);
    for (uint32_t i = 0; list != NULL && i < count; i++) {
        kw_map *map = describe(vm, &p->params[i], i);
        if (map == NULL || !kw_list_push(vm, list, kw_of_map(map)))
            return KW_THROWN;
    }
    return kw_give_list(call, list);
}

static kw_result lambda_returns(kw_vm *vm, kw_call *call)
{
    const kw_proto *p = proto_of(call->self);
    if (p != NULL && p->returns != NULL)
        return kw_return(call, kw_of_string(p->returns));
    return kw_return(call, kw_string_c(vm, "any"));
}

static kw_result lambda_to_lambda(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, call->self);
}

/* clang-format off */
const kw_native_def kw_lambda_methods[] = {
    {"call(arguments: list): any", lambda_call, "Call it with the elements of a list as its arguments.",
     "add = with (a, b) do return a + b end\nprintln add.call([1, 2])  # => 3", NULL, KW_CHECK_COUNT},
    {"parameters(): list", lambda_parameters,
     "A hashmap for each parameter, with its name, default, type and position.",
     "fn add(a, b = 1)\n  return a + b\nend\nprintln add.parameters()[1].name  # => b"},
    {"returns(): string", lambda_returns, "The type of the result that the function's head tells; else `any`.",
     "fn half(n: integer): float\n  return n / 2.0\nend\nprintln half.returns()  # => float"},
    {"to_lambda(): lambda", lambda_to_lambda, "The function itself, as a value.",
     "fn twice(n)\n  return 2 * n\nend\nprintln [1, 2].map(twice.to_lambda())  # => [2, 4]"},
    {NULL},
};
/* clang-format on */
