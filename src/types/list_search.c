/* list_search.c - methods of lists that look for elements that are strictly equal to a value. */
#include "config.h"

#include "types/types.h"

#include <assert.h>

#include "types/give.h"
#include "types/list_methods.h"

static kw_list *self_of(const kw_call *call)
{
    return call->self.as.list;
}

/* The first (or last) element that is strictly equal to the argument: its position or -1. */
static kw_result find(kw_vm *vm, kw_call *call, bool last, int64_t *found)
{
    const kw_list *l = self_of(call);
    bool same = false;
    *found = -1;
    for (size_t n = kw_kept_size(call, 0); n < l->count; n++) {
        size_t at = last ? l->count - 1 - n : n;
        if (!kw_differ(l->items[at], call->args[0]) && !kw_equal_try_strict(vm, l->items[at], call->args[0], &same))
            return KW_THROWN;
        if (same) {
            *found = (int64_t)at;
            break;
        }
        kw_value next = kw_int((int64_t)n + 1);
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, &next, 1);
    }
    return KW_DONE;
}

static kw_result list_contains(kw_vm *vm, kw_call *call)
{
    int64_t at;
    kw_result result = find(vm, call, false, &at);
    return result != KW_DONE ? result : kw_return(call, kw_bool(at >= 0));
}

static kw_result list_index(kw_vm *vm, kw_call *call)
{
    int64_t at;
    kw_result result = find(vm, call, false, &at);
    return result != KW_DONE ? result : kw_return(call, kw_int(at));
}

static kw_result list_lastindex(kw_vm *vm, kw_call *call)
{
    int64_t at;
    kw_result result = find(vm, call, true, &at);
    return result != KW_DONE ? result : kw_return(call, kw_int(at));
}

static kw_result list_remove(kw_vm *vm, kw_call *call)
{
    int64_t at;
    kw_result result = find(vm, call, false, &at);
    if (result != KW_DONE)
        return result;
    if (at >= 0)
        kw_list_remove_at(self_of(call), (size_t)at);
    return kw_return(call, call->self);
}

static kw_result list_count(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    bool same;
    size_t count = kw_kept_size(call, 1);
    for (size_t i = kw_kept_size(call, 0); i < l->count; i++) {
        same = false;
        if (!kw_differ(l->items[i], call->args[0]) && !kw_equal_try_strict(vm, l->items[i], call->args[0], &same))
            return KW_THROWN;
        count += same;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_int((int64_t)i + 1), kw_int((int64_t)count)}, 2);
    }
    return kw_return(call, kw_int((int64_t)count));
}

static kw_result list_replace(kw_vm *vm, kw_call *call)
{
    bool same;
    kw_list *out = call->kept != NULL ? kw_kept(call, 1).as.list
                                      : kw_list_part(vm, self_of(call), 0, self_of(call)->count);
    assert(out == NULL || kw_kept_size(call, 0) <= out->count); /* the copy is no script's yet */
    for (size_t i = kw_kept_size(call, 0); out != NULL && i < out->count; i++) {
        same = false;
        if (!kw_differ(out->items[i], call->args[0]) && !kw_equal_try_strict(vm, out->items[i], call->args[0], &same))
            return KW_THROWN;
        if (same)
            out->items[i] = call->args[1];
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_int((int64_t)i + 1), kw_of_list(out)}, 2);
    }
    return kw_give_list(call, out);
}

static kw_result list_unique(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    kw_map *seen = call->kept != NULL ? kw_kept(call, 1).as.map : kw_map_new(vm, l->count);
    kw_list *out = call->kept != NULL ? kw_kept(call, 2).as.list : kw_list_new(vm, 0);
    assert(out != NULL && seen->count == out->count); /* both grow by one together, also over a pause */
    for (size_t i = kw_kept_size(call, 0); i < l->count; i++) {
        bool known = kw_map_find(seen, l->items[i]) != NULL;
        if (!known && (!kw_map_set(vm, seen, l->items[i], kw_null()) || !kw_list_push(vm, out, l->items[i])))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_int((int64_t)i + 1), kw_of_map(seen), kw_of_list(out)}, 3);
    }
    return kw_give_list(call, out);
}

/* clang-format off */
const kw_native_def kw_list_search_methods[] = {
    {"contains(value: any): boolean", list_contains, "Is an element of the same type and content?",
     "println [1, 2].contains(2)  # => true"},
    {"index(value: any): integer", list_index, "The position of the first element that is equal to the value; else -1.",
     "println [5, 6, 5].index(5)  # => 0"},
    {"lastindex(value: any): integer", list_lastindex,
     "The position of the last element that is equal to the value; else -1.",
     "println [5, 6, 5].lastindex(5)  # => 2"},
    {"count(value: any): integer", list_count, "How many elements are equal to the value.",
     "println [5, 6, 5].count(5)  # => 2"},
    {"remove(value: any): list", list_remove, "Remove the first element that is equal to the value, if there is one.",
     "println [5, 6, 5].remove(5)  # => [6, 5]"},
    {"replace(old: any, new: any): list", list_replace,
     "A new list with `new` in place of each element equal to `old`.",
     "println [5, 6, 5].replace(5, 0)  # => [0, 6, 0]"},
    {"unique(): list", list_unique, "A new list without the elements that are equal to an earlier one.",
     "println [1, 2, 1].unique()  # => [1, 2]"},
    {NULL},
};
/* clang-format on */
