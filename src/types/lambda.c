/* lambda.c - methods of functions and lambdas (types.md section 16). */
#include "config.h"

#include "types/types.h"

#include "vm/chunk.h"

/* The compiled function behind a callable, or NULL for a native one. */
static const kw_proto *proto_of(kw_value f)
{
    while (f.as.obj->kind == KW_K_BOUND)
        f = ((kw_bound *)f.as.obj)->callable;
    return f.as.obj->kind == KW_K_CLOSURE ? ((kw_closure *)f.as.obj)->proto : NULL;
}

static kw_result lambda_call(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
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
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
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
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    const kw_proto *p = proto_of(call->self);
    if (p != NULL && p->returns != NULL)
        return kw_return(call, kw_of_string(p->returns));
    return kw_return(call, kw_string_c(vm, "any"));
}

static kw_result lambda_to_lambda(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static const kw_native_def methods[] = {
    {"call", lambda_call, 1, 1, "call with the elements of a list"},
    {"parameters", lambda_parameters, 0, 0, "list of the parameters"},
    {"returns", lambda_returns, 0, 0, "hinted type of the result"},
    {"to_lambda", lambda_to_lambda, 0, 0, "the function as a value"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_lambda_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_LAMBDA, methods);
}
