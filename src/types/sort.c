/* sort.c - list.sort(): a stable merge sort, specialised for rows of one type.
 *
 * sort() uses the total order of types.md section 5; sort(f) is a function of the prelude. */
#include "config.h"

#include "types/types.h"

#include <math.h>
#include <string.h>

typedef bool (*is_less)(kw_value a, kw_value b);

static bool less_int(kw_value a, kw_value b)
{
    return a.as.i < b.as.i;
}

static bool less_float(kw_value a, kw_value b)
{
    if (isnan(a.as.f) || isnan(b.as.f)) /* NaN comes before every other float */
        return isnan(a.as.f) && !isnan(b.as.f);
    return a.as.f < b.as.f;
}

static bool less_string(kw_value a, kw_value b)
{
    /* Bytes of UTF-8 have the order of the code points. */
    const kw_string *s = a.as.string, *t = b.as.string;
    size_t size = s->size < t->size ? s->size : t->size;
    int order = memcmp(s->text, t->text, size);
    return order != 0 ? order < 0 : s->size < t->size;
}

static bool less_any(kw_value a, kw_value b)
{
    return kw_total_order(a, b) < 0;
}

/* The comparison that fits all elements. */
static is_less comparison(const kw_value *items, size_t count)
{
    uint32_t tag = items[0].tag;
    for (size_t i = 1; i < count; i++)
        if (items[i].tag != tag)
            return less_any;
    switch ((kw_type)tag) {
    case KW_INT: return less_int;
    case KW_FLOAT: return less_float;
    case KW_STRING: return less_string;
    default: return less_any;
    }
}

enum { RUN = 12 }; /* shorter rows are sorted by insertion */

static void insertion(kw_value *items, size_t count, is_less less)
{
    for (size_t i = 1; i < count; i++) {
        kw_value v = items[i];
        size_t at = i;
        for (; at > 0 && less(v, items[at - 1]); at--)
            items[at] = items[at - 1];
        items[at] = v;
    }
}

/* Sort items[0..count) with `spare` as room for half of them. */
static void merge_sort(kw_value *items, size_t count, kw_value *spare, is_less less)
{
    if (count <= RUN) {
        insertion(items, count, less);
        return;
    }
    size_t half = count / 2;
    merge_sort(items, half, spare, less);
    merge_sort(items + half, count - half, spare, less);
    if (!less(items[half], items[half - 1])) /* in order already */
        return;
    memcpy(spare, items, half * sizeof(kw_value));
    size_t left = 0, right = half, out = 0;
    while (left < half && right < count)
        items[out++] = less(items[right], spare[left]) ? items[right++] : spare[left++];
    memcpy(items + out, spare + left, (half - left) * sizeof(kw_value));
}

static kw_result list_sort(kw_vm *vm, kw_call *call)
{
    kw_list *l = call->self.as.list;
    if (call->argc == 1 && kw_is(call->args[0], KW_LAMBDA)) {
        kw_value args[2] = {call->self, call->args[0]};
        return kw_hand_over(vm, call, "__list_sort_by__", 2, args);
    }
    if (call->argc != 0)
        return kw_throw(vm, "InvalidOperationError",
                        "Invalid specialized list builtin invocation.");
    if (l->count > 1) {
        size_t size = (l->count / 2) * sizeof(kw_value);
        kw_value *spare = kw_try_realloc(vm, NULL, 0, size);
        if (spare == NULL)
            return KW_THROWN;
        merge_sort(l->items, l->count, spare, comparison(l->items, l->count));
        kw_free(vm, spare, size);
    }
    return kw_return(call, call->self);
}

static const kw_native_def methods[] = {
    {"sort", list_sort, 0, 1, "sort in place, stable"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_sort_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_LIST, methods);
}
