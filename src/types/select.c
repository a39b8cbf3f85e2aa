/* select.c - methods of lists that search, choose or compute, and those that take lambdas.
 *
 * The loops that call lambdas are in src/stdlib/prelude.kiwi, so that a lambda may suspend. */
#include "config.h"

#include "types/types.h"

#include <stdlib.h>

#include "vm/chunk.h"

static kw_list *self_of(const kw_call *call)
{
    return call->self.as.list;
}

static kw_result list_contains(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    for (size_t i = 0; i < l->count; i++)
        if (kw_strict(l->items[i], call->args[0]))
            return kw_return(call, kw_bool(true));
    return kw_return(call, kw_bool(false));
}

static kw_result list_index(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    for (size_t i = 0; i < l->count; i++)
        if (kw_strict(l->items[i], call->args[0]))
            return kw_return(call, kw_int((int64_t)i));
    return kw_return(call, kw_int(-1));
}

static kw_result list_lastindex(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    for (size_t i = l->count; i > 0; i--)
        if (kw_strict(l->items[i - 1], call->args[0]))
            return kw_return(call, kw_int((int64_t)i - 1));
    return kw_return(call, kw_int(-1));
}

static kw_result list_count(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    int64_t count = 0;
    for (size_t i = 0; i < l->count; i++)
        count += kw_strict(l->items[i], call->args[0]) ? 1 : 0;
    return kw_return(call, kw_int(count));
}

static kw_list *copy_range(kw_vm *vm, const kw_list *l, size_t from, size_t to)
{
    kw_list *out = kw_list_new(vm, to - from);
    for (size_t i = from; out != NULL && i < to; i++)
        if (!kw_list_push(vm, out, l->items[i]))
            return NULL;
    return out;
}

static kw_result list_replace(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 2))
        return KW_THROWN;
    kw_list *out = copy_range(vm, l, 0, l->count);
    for (size_t i = 0; out != NULL && i < out->count; i++)
        if (kw_strict(out->items[i], call->args[0]))
            out->items[i] = call->args[1];
    return kw_give_list(call, out);
}

static kw_result list_unique(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_map *seen = kw_map_new(vm, l->count);
    kw_list *out = seen != NULL ? kw_list_new(vm, 0) : NULL;
    for (size_t i = 0; out != NULL && i < l->count; i++) {
        if (kw_map_find(seen, l->items[i]) != NULL)
            continue;
        if (!kw_map_set(vm, seen, l->items[i], kw_null()) || !kw_list_push(vm, out, l->items[i]))
            return KW_THROWN;
    }
    return kw_give_list(call, out);
}

/* A list that is being opened, and the next of its elements. */
typedef struct opened {
    kw_list *list;
    size_t at;
} opened;

typedef struct nesting { /* a stack of its own: lists may nest deeper than the C stack is */
    opened *levels;
    size_t count, cap;
} nesting;

enum { BEING_OPENED = 4 /* in the header's spare byte */ };

static bool open_list(kw_vm *vm, nesting *n, kw_list *list)
{
    if (list->header.spare & BEING_OPENED) {
        kw_throw(vm, "InvalidOperationError", "The list contains itself.");
        return false;
    }
    if (n->count == n->cap) {
        size_t cap = n->cap == 0 ? 16 : n->cap * 2;
        opened *grown = realloc(n->levels, cap * sizeof(*grown));
        if (grown == NULL) {
            kw_throw_memory(vm, cap * sizeof(*grown));
            return false;
        }
        n->levels = grown;
        n->cap = cap;
    }
    list->header.spare |= BEING_OPENED;
    n->levels[n->count++] = (opened){.list = list};
    return true;
}

static void close_list(nesting *n)
{
    n->levels[--n->count].list->header.spare &= (uint8_t)~BEING_OPENED;
}

static bool flatten(kw_vm *vm, nesting *n, kw_list *out)
{
    while (n->count > 0) {
        opened *at = &n->levels[n->count - 1];
        if (at->at == at->list->count) {
            close_list(n);
            continue;
        }
        kw_value v = at->list->items[at->at++];
        if (!(kw_is(v, KW_LIST) ? open_list(vm, n, v.as.list) : kw_list_push(vm, out, v)))
            return false;
    }
    return true;
}

static kw_result list_flatten(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_list *out = kw_list_new(vm, self_of(call)->count);
    nesting n = {.levels = NULL};
    bool ok = out != NULL && open_list(vm, &n, self_of(call)) && flatten(vm, &n, out);
    while (n.count > 0)
        close_list(&n);
    free(n.levels);
    return ok ? kw_return(call, kw_of_list(out)) : KW_THROWN;
}

static kw_result list_zip(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 1) || !kw_arg_is(vm, call, 0, KW_LIST))
        return KW_THROWN;
    const kw_list *other = call->args[0].as.list;
    size_t count = l->count < other->count ? l->count : other->count;
    kw_list *out = kw_list_new(vm, count);
    for (size_t i = 0; out != NULL && i < count; i++) {
        kw_list *pair = kw_list_new(vm, 2);
        if (pair == NULL || !kw_list_push(vm, pair, l->items[i]) ||
            !kw_list_push(vm, pair, other->items[i]) || !kw_list_push(vm, out, kw_of_list(pair)))
            return KW_THROWN;
    }
    return kw_give_list(call, out);
}

static kw_result list_slice(kw_vm *vm, kw_call *call)
{
    size_t from, to;
    if (!kw_slice_range(vm, call, self_of(call)->count, &from, &to))
        return KW_THROWN;
    return kw_give_list(call, copy_range(vm, self_of(call), from, to));
}

/* ---- Specialised list methods ---------------------------------------------------------------- */

static kw_result bad_invocation(kw_vm *vm)
{
    return kw_throw(vm, "InvalidOperationError", "Invalid specialized list builtin invocation.");
}

static kw_result with_lambda(kw_vm *vm, kw_call *call, const char *name)
{
    if (call->argc != 1 || !kw_is(call->args[0], KW_LAMBDA))
        return bad_invocation(vm);
    kw_value args[2] = {call->self, call->args[0]};
    return kw_hand_over(vm, call, name, 2, args);
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
    while (f.as.obj->kind == KW_K_BOUND)
        f = ((kw_bound *)f.as.obj)->callable;
    return f.as.obj->kind == KW_K_CLOSURE ? ((kw_closure *)f.as.obj)->proto->param_count : 1;
}

static kw_result list_each(kw_vm *vm, kw_call *call)
{
    bool indexed = call->argc == 1 && kw_is(call->args[0], KW_LAMBDA) &&
                   parameter_count(call->args[0]) > 1;
    return with_lambda(vm, call, indexed ? "__list_each_index__" : "__list_each__");
}

static kw_result list_reduce(kw_vm *vm, kw_call *call)
{
    if (call->argc != 2)
        return bad_invocation(vm);
    if (!kw_is(call->args[1], KW_LAMBDA))
        return kw_throw(vm, "InvalidOperationError",
                        "Expected a lambda in specialized list builtin.");
    kw_value args[3] = {call->self, call->args[0], call->args[1]};
    return kw_hand_over(vm, call, "__list_reduce__", 3, args);
}

static kw_result list_sum(kw_vm *vm, kw_call *call)
{
    (void)vm;
    const kw_list *l = self_of(call);
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
    for (size_t i = 0; i < l->count; i++)
        if (kw_is(l->items[i], KW_OBJECT))
            return kw_hand_over(vm, call, prelude, 1, &call->self);
    if (l->count == 0)
        return kw_return(call, kw_null());
    kw_value best = l->items[0];
    for (size_t i = 1; i < l->count; i++)
        if (kw_ordered(op, l->items[i], best))
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
    return kw_give_list(call, copy_range(vm, self_of(call), n, self_of(call)->count));
}

static kw_result list_take(kw_vm *vm, kw_call *call)
{
    size_t n;
    if (!amount(vm, call, &n))
        return KW_THROWN;
    return kw_give_list(call, copy_range(vm, self_of(call), 0, n));
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
        kw_value *field = kw_is(l->items[i], KW_MAP)
                              ? kw_map_find_string(l->items[i].as.map, call->args[0].as.string)
                              : NULL;
        if (field == NULL)
            continue;
        kw_string *key = kw_to_display(vm, *field);
        if (key == NULL)
            return KW_THROWN;
        kw_value *group = kw_map_find_string(groups, key);
        kw_list *rows = group != NULL ? group->as.list : kw_list_new(vm, 4);
        if (rows == NULL || !kw_list_push(vm, rows, l->items[i]))
            return KW_THROWN;
        if (group == NULL && !kw_map_set(vm, groups, kw_of_string(key), kw_of_list(rows)))
            return KW_THROWN;
    }
    return kw_return(call, kw_of_map(groups));
}

static const kw_native_def methods[] = {
    {"contains", list_contains, 1, 1, "is an element strictly equal?"},
    {"index", list_index, 1, 1, "position of the first equal element or -1"},
    {"lastindex", list_lastindex, 1, 1, "position of the last equal element or -1"},
    {"count", list_count, 1, 1, "number of equal elements"},
    {"replace", list_replace, 2, 2, "new list with equal elements replaced"},
    {"unique", list_unique, 0, 0, "new list of first occurrences"},
    {"flatten", list_flatten, 0, 0, "new list with nested lists opened"},
    {"zip", list_zip, 1, 1, "new list of pairs"},
    {"slice", list_slice, 2, 2, "new list of the elements a to b - 1"},
    {"map", list_map, 1, 1, "new list of results"},
    {"filter", list_filter, 1, 1, "new list of the elements with a truthy result"},
    {"each", list_each, 1, 1, "call for every element"},
    {"all", list_all, 1, 1, "are all results truthy?"},
    {"none", list_none, 1, 1, "is no result truthy?"},
    {"reduce", list_reduce, 2, 2, "fold from a start value"},
    {"sum", list_sum, 0, KW_ARGC_ANY, "sum of the numbers"},
    {"min", list_min, 0, KW_ARGC_ANY, "least element"},
    {"max", list_max, 0, KW_ARGC_ANY, "greatest element"},
    {"skip", list_skip, 1, 1, "new list without the first n"},
    {"take", list_take, 1, 1, "new list of the first n"},
    {"group_by_field", list_group_by_field, 1, 1, "hashmap of rows by a field"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_select_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_LIST, methods);
}
