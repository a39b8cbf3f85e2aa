/* list_lambda.c - methods that lists alone know: those that take lambdas, and sums, extremes and groups.
 *
 * The loops that call lambdas are in src/stdlib/prelude.kiwi, so that a lambda may suspend. */
#include "config.h"

#include "types/types.h"

#include <assert.h>

#include "types/give.h"
#include "types/list_methods.h"
#include "vm/chunk.h"

static kw_list *self_of(const kw_call *call)
{
    return call->self.as.list;
}

static kw_result bad_invocation(kw_vm *vm)
{
    return kw_throw(vm, "InvalidOperationError", "Invalid specialized list builtin invocation.");
}

static kw_result with_lambda(kw_vm *vm, kw_call *call, const char *name)
{
    if (call->argc != 1 || !kw_is(call->args[0], KW_LAMBDA))
        return bad_invocation(vm);
    kw_value args[2] = {call->self, call->args[0]};
    return kw_give_prelude(vm, call, name, 2, args);
}

static kw_result list_map(kw_vm *vm, kw_call *call)
{
    return with_lambda(vm, call, "__list_map__");
}

static kw_result list_filter(kw_vm *vm, kw_call *call)
{
    return with_lambda(vm, call, "__list_filter__");
}

static kw_result list_all(kw_vm *vm, kw_call *call)
{
    return with_lambda(vm, call, "__list_all__");
}

static kw_result list_none(kw_vm *vm, kw_call *call)
{
    return with_lambda(vm, call, "__list_none__");
}

static uint32_t parameter_count(kw_value f)
{
    while (f.as.obj->kind == KW_KIND_BOUND)
        f = ((kw_bound *)f.as.obj)->callable;
    return f.as.obj->kind == KW_KIND_CLOSURE ? ((kw_closure *)f.as.obj)->proto->param_count : 1;
}

static kw_result list_each(kw_vm *vm, kw_call *call)
{
    bool indexed = call->argc == 1 && kw_is(call->args[0], KW_LAMBDA) && parameter_count(call->args[0]) > 1;
    return with_lambda(vm, call, indexed ? "__list_each_index__" : "__list_each__");
}

static kw_result list_reduce(kw_vm *vm, kw_call *call)
{
    if (call->argc != 2)
        return bad_invocation(vm);
    if (!kw_is(call->args[1], KW_LAMBDA))
        return kw_throw(vm, "InvalidOperationError", "Expected a lambda in specialized list builtin.");
    kw_value args[3] = {call->self, call->args[0], call->args[1]};
    return kw_give_prelude(vm, call, "__list_reduce__", 3, args);
}

static kw_result list_sum(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    kw_before_long(vm, l->count);
    uint64_t whole = 0; /* wraps like the operator + */
    double sum = 0;
    bool any_float = false;
    for (size_t i = 0; i < l->count; i++) {
        kw_value v = l->items[i];
        if (!kw_is_number(v))
            continue;
        sum += kw_to_double(v);
        if (kw_is(v, KW_INT))
            whole += (uint64_t)v.as.i;
        else
            any_float = true;
    }
    return kw_return(call, any_float ? kw_float(sum) : kw_int((int64_t)whole));
}

/* The least or greatest element.  Objects may define < and >, so a list with objects is the
 * prelude's. */
static kw_result extreme(kw_vm *vm, kw_call *call, kw_order op, const char *prelude)
{
    const kw_list *l = self_of(call);
    kw_before_long(vm, l->count);
    for (size_t i = 0; i < l->count; i++)
        if (kw_is(l->items[i], KW_OBJECT))
            return kw_give_prelude(vm, call, prelude, 1, &call->self);
    if (l->count == 0)
        return kw_return(call, kw_null());
    kw_value best = l->items[0];
    for (size_t i = 1; i < l->count; i++)
        if (kw_order_has(op, l->items[i], best))
            best = l->items[i];
    return kw_return(call, best);
}

static kw_result list_min(kw_vm *vm, kw_call *call)
{
    return extreme(vm, call, KW_ORD_LT, "__list_min__");
}

static kw_result list_max(kw_vm *vm, kw_call *call)
{
    return extreme(vm, call, KW_ORD_GT, "__list_max__");
}

/* The integer argument clamped to 0..size; false: thrown. */
static bool amount(kw_vm *vm, kw_call *call, size_t *out)
{
    if (call->argc != 1 || !kw_is(call->args[0], KW_INT)) {
        bad_invocation(vm);
        return false;
    }
    int64_t n = call->args[0].as.i, size = (int64_t)self_of(call)->count;
    *out = (size_t)(n < 0 ? 0 : n > size ? size : n);
    return true;
}

static kw_result list_skip(kw_vm *vm, kw_call *call)
{
    size_t n;
    if (!amount(vm, call, &n))
        return KW_THROWN;
    return kw_give_list(call, kw_list_part(vm, self_of(call), n, self_of(call)->count));
}

static kw_result list_take(kw_vm *vm, kw_call *call)
{
    size_t n;
    if (!amount(vm, call, &n))
        return KW_THROWN;
    return kw_give_list(call, kw_list_part(vm, self_of(call), 0, n));
}

static kw_result list_group_by_field(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (call->argc != 1 || !kw_is(call->args[0], KW_STRING))
        return bad_invocation(vm);
    kw_map *groups = kw_map_new(vm, 8);
    if (groups == NULL)
        return KW_THROWN;
    for (size_t i = 0; i < l->count; i++) {
        kw_value *field = kw_is(l->items[i], KW_MAP) ? kw_map_find_string(l->items[i].as.map, call->args[0].as.string)
                                                     : NULL;
        if (field == NULL)
            continue;
        kw_string *key = kw_display_text(vm, *field);
        if (key == NULL)
            return KW_THROWN;
        kw_value *group = kw_map_find_string(groups, key);
        assert(group == NULL || kw_is(*group, KW_LIST)); /* `groups` is seen by nobody else so far */
        kw_list *rows = group != NULL ? group->as.list : kw_list_new(vm, 4);
        if (rows == NULL || !kw_list_push(vm, rows, l->items[i]))
            return KW_THROWN;
        if (!kw_go_on(vm) || (group == NULL && !kw_map_set(vm, groups, kw_of_string(key), kw_of_list(rows))))
            return KW_THROWN;
    }
    return kw_return(call, kw_of_map(groups));
}

/* clang-format off */
const kw_native_def kw_list_lambda_methods[] = {
    {"map(function: lambda): list", list_map, "A new list of what the function gives for each element.",
     "println [1, 2].map(with (n) do return n * 2 end)  # => [2, 4]", NULL, KW_CHECK_NONE},
    {"filter(predicate: lambda): list", list_filter, "A new list of the elements for which the predicate is true.",
     "println [1, 2, 3].filter(with (n) do return n > 1 end)  # => [2, 3]", NULL, KW_CHECK_NONE},
    {"each(function: lambda)", list_each, "Call the function with each element, and its position if it takes that.",
     "[\"a\", \"b\"].each(with (s, i) do println \"${i} ${s}\" end)\n# => 0 a\n# => 1 b", NULL, KW_CHECK_NONE},
    {"all(predicate: lambda): boolean", list_all, "Is the predicate true for all elements?",
     "println [1, 2].all(with (n) do return n > 0 end)  # => true", NULL, KW_CHECK_NONE},
    {"none(predicate: lambda): boolean", list_none, "Is the predicate true for no element?",
     "println [1, 2].none(with (n) do return n > 5 end)  # => true", NULL, KW_CHECK_NONE},
    {"reduce(start: any, function: lambda): any", list_reduce,
     "What the function makes of the start value and the elements, one after the other.",
     "println [1, 2, 3].reduce(0, with (sum, n) do return sum + n end)  # => 6", NULL, KW_CHECK_NONE},
    {"sum(): number", list_sum, "The sum of its numbers; other elements do not count.",
     "println [1, 2.5, \"x\"].sum()  # => 3.5", NULL, KW_CHECK_NONE},
    {"min(): any", list_min, "The least element; null where there is none.",
     "println [3, 1, 2].min()  # => 1", NULL, KW_CHECK_NONE},
    {"max(): any", list_max, "The greatest element; null where there is none.",
     "println [3, 1, 2].max()  # => 3", NULL, KW_CHECK_NONE},
    {"skip(count: integer): list", list_skip, "A new list without the first elements.",
     "println [1, 2, 3].skip(1)  # => [2, 3]", NULL, KW_CHECK_NONE},
    {"take(count: integer): list", list_take, "A new list of the first elements.",
     "println [1, 2, 3].take(2)  # => [1, 2]", NULL, KW_CHECK_NONE},
    {"group_by_field(name: string): hashmap", list_group_by_field,
     "Its hashmaps in lists, by what their values of one key display as.",
     "println [{k: 1, n: 1}, {k: 2, n: 2}].group_by_field(\"k\").keys()  # => [\"1\", \"2\"]", NULL, KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */
