/* list_sort.c - list.sort(): a stable merge sort, specialised for rows of one type.
 *
 * sort() uses the total order of TYPES.md section 5; sort(f) is a function of the prelude.  What
 * may take long is sorted in a copy, by merging ever longer rows, so that others can run meanwhile;
 * the list gets the result at the end. */
#include "config.h"

#include "types/types.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "types/give.h"

/* ---- Comparing ------------------------------------------------------------------------------- */

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

/* The comparison for a row of elements that all have this type; NULL: one that may take long. */
static is_less comparison(uint32_t tag)
{
    switch (tag) {
    case KW_INT: return less_int;
    case KW_FLOAT: return less_float;
    case KW_STRING: return less_string;
    default: return NULL;
    }
}

/* The type of all elements; KW_UNDEF: they have several. */
static uint32_t common_tag(const kw_list *l)
{
    for (size_t i = 1; i < l->count; i++)
        if (l->items[i].tag != l->items[0].tag)
            return KW_UNDEF;
    return l->count > 0 ? l->items[0].tag : KW_UNDEF;
}

/* ---- At once --------------------------------------------------------------------------------- */

enum {
    RUN = 12,         /* shorter rows are sorted by insertion */
    BLOCK = 4096,     /* elements that are sorted without looking whether others want to run */
    AT_ONCE = 1 << 15 /* lists up to here are sorted in place: some milliseconds */
};

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
    assert(out + (half - left) == right); /* what is left fills the gap, whose end stands already */
    memcpy(items + out, spare + left, (half - left) * sizeof(kw_value));
}

static kw_result sort_at_once(kw_vm *vm, kw_call *call, is_less less)
{
    kw_list *l = call->self.as.list;
    assert(l->count >= 2); /* else there would be no spare at all */
    size_t size = (l->count / 2) * sizeof(kw_value);
    kw_value *spare = kw_heap_try_realloc(vm, NULL, 0, size);
    if (spare == NULL)
        return KW_THROWN;
    merge_sort(l->items, l->count, spare, less);
    kw_heap_release(vm, spare, size);
    return kw_return(call, call->self);
}

/* ---- Step by step ---------------------------------------------------------------------------- */

/* Rows of elements in order: `run` elements are sorted at once and then merged with what stands
 * before them, as long as that is a row of the same length: so the elements of a merge are those
 * that were looked at last. */
typedef struct sorting {
    kw_list *list;      /* the copy that is sorted */
    kw_list *spare;     /* the left row during a merge */
    size_t run, done;   /* done: elements from the start on that are parts of rows */
    size_t width;       /* of the row that ends there; 0: the next run is due */
    bool merging;       /* with the row before it, if there is one: */
    size_t left, right; /* its next elements, in the spare and in the list */
    is_less less;       /* or NULL */
} sorting;

enum { KEPT_TAG, KEPT_LIST, KEPT_SPARE, KEPT_DONE, KEPT_WIDTH, KEPT_MERGING, KEPT_LEFT, KEPT_RIGHT, KEPT_COUNT };

static kw_value number(size_t n)
{
    return kw_int((int64_t)n);
}

static void set_comparison(sorting *s, uint32_t tag)
{
    s->less = comparison(tag);
    s->run = s->less != NULL ? BLOCK : 1;
}

static bool begin(kw_vm *vm, const kw_list *l, sorting *s)
{
    *s = (sorting){.list = kw_list_new(vm, l->count)};
    s->spare = s->list != NULL ? kw_list_new(vm, l->count) : NULL;
    if (s->spare == NULL)
        return false;
    set_comparison(s, common_tag(l));
    memcpy(s->list->items, l->items, l->count * sizeof(kw_value));
    s->list->count = l->count;
    return true;
}

static void resume(const kw_call *call, sorting *s)
{
    assert(call->kept->count == KEPT_COUNT);
    *s = (sorting){.list = kw_kept(call, KEPT_LIST).as.list,
                   .spare = kw_kept(call, KEPT_SPARE).as.list,
                   .done = kw_kept_size(call, KEPT_DONE),
                   .width = kw_kept_size(call, KEPT_WIDTH),
                   .merging = kw_kept_size(call, KEPT_MERGING) != 0,
                   .left = kw_kept_size(call, KEPT_LEFT),
                   .right = kw_kept_size(call, KEPT_RIGHT)};
    set_comparison(s, (uint32_t)kw_kept_size(call, KEPT_TAG));
    assert(s->done <= s->list->count && s->spare->cap >= s->list->count);
}

static kw_result pause(kw_vm *vm, kw_call *call, const sorting *s)
{
    const kw_value kept[KEPT_COUNT] = {[KEPT_TAG] = number(s->less != NULL ? s->list->items[0].tag : KW_UNDEF),
                                       [KEPT_LIST] = kw_of_list(s->list),
                                       [KEPT_SPARE] = kw_of_list(s->spare),
                                       [KEPT_DONE] = number(s->done),
                                       [KEPT_WIDTH] = number(s->width),
                                       [KEPT_MERGING] = number(s->merging),
                                       [KEPT_LEFT] = number(s->left),
                                       [KEPT_RIGHT] = number(s->right)};
    return kw_call_again(vm, call, kept, KEPT_COUNT);
}

static void next_run(kw_vm *vm, sorting *s)
{
    assert(s->done < s->list->count);
    size_t left = s->list->count - s->done;
    s->width = s->run;
    if (s->less == NULL) {
        s->done++;
        return;
    }
    size_t count = left < s->run ? left : s->run;
    merge_sort(s->list->items + s->done, count, s->spare->items, s->less);
    s->done += count;
    kw_spend(vm, count);
}

/* Is items[right] less than `than`?  false: thrown. */
static bool is_before(kw_vm *vm, const sorting *s, size_t right, kw_value than, bool *before)
{
    int order;
    if (s->less != NULL) {
        *before = s->less(s->list->items[right], than);
        return true;
    }
    if (!kw_order_try_total(vm, s->list->items[right], than, &order))
        return false;
    *before = order < 0;
    return true;
}

/* Where the row that ends at `done` begins, and the one before it; false: that has another length. */
static bool pair(const sorting *s, size_t *start, size_t *middle)
{
    assert(s->width > 0 && s->done > 0); /* a row ends there */
    size_t row = (s->done - 1) / s->width;
    *middle = row * s->width;
    *start = row % 2 != 0 ? *middle - s->width : *middle;
    return row % 2 != 0;
}

/* Begin to merge two rows, unless they are in order as they stand.  false: thrown. */
static bool begin_merge(kw_vm *vm, sorting *s, size_t start, size_t middle)
{
    assert(start < middle && middle < s->done && middle - start <= s->spare->cap);
    if (!is_before(vm, s, middle, s->list->items[middle - 1], &s->merging))
        return false;
    if (!s->merging)
        return true;
    memcpy(s->spare->items, s->list->items + start, (middle - start) * sizeof(kw_value));
    s->spare->count = middle - start > s->spare->count ? middle - start : s->spare->count;
    s->left = 0;
    s->right = middle;
    return true;
}

/* Move at most BLOCK elements of two rows to their places. */
static void merge_some(kw_vm *vm, sorting *s, size_t start, size_t middle)
{
    const kw_value *left = s->spare->items + s->left, *left_end = s->spare->items + (middle - start);
    const kw_value *right = s->list->items + s->right, *right_end = s->list->items + s->done;
    kw_value *first = s->list->items + start + s->left + (s->right - middle), *to = first;
    is_less less = s->less;
    assert(first + (left_end - left) == right); /* the gap is as wide as what is left of the left row */
    while (left < left_end && right < right_end && to < first + BLOCK)
        *to++ = less(*right, *left) ? *right++ : *left++;
    s->left = (size_t)(left - s->spare->items);
    s->right = (size_t)(right - s->list->items);
    kw_spend(vm, (size_t)(to - first));
}

/* The same for one element, whose comparison may take long.  false: thrown. */
static bool merge_one(kw_vm *vm, sorting *s, size_t start, size_t middle)
{
    bool before;
    if (!is_before(vm, s, s->right, s->spare->items[s->left], &before))
        return false;
    size_t to = start + s->left + (s->right - middle);
    s->list->items[to] = before ? s->list->items[s->right++] : s->spare->items[s->left++];
    return true;
}

/* Go on with the merge.  KW_AGAIN: not to its end. */
static kw_result merge(kw_vm *vm, sorting *s, size_t start, size_t middle)
{
    while (s->left < middle - start && s->right < s->done) {
        if (s->less != NULL)
            merge_some(vm, s, start, middle);
        else if (!merge_one(vm, s, start, middle))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return KW_AGAIN;
    }
    memcpy(s->list->items + start + s->left + (s->right - middle), s->spare->items + s->left,
           (middle - start - s->left) * sizeof(kw_value));
    s->merging = false;
    return KW_DONE;
}

/* A run, or a merge.  KW_AGAIN: there is more to do, or that was not done to its end. */
static kw_result step(kw_vm *vm, sorting *s)
{
    size_t start, middle;
    if (s->width == 0) {
        next_run(vm, s);
    } else {
        bool is_pair = pair(s, &start, &middle);
        if (is_pair && !s->merging && !begin_merge(vm, s, start, middle))
            return KW_THROWN;
        kw_result result = s->merging ? merge(vm, s, start, middle) : KW_DONE;
        if (result != KW_DONE)
            return result;
        s->width = is_pair || s->done == s->list->count ? s->width * 2 : 0;
    }
    return s->done == s->list->count && s->width >= s->done ? KW_DONE : KW_AGAIN;
}

static kw_result sort_by_steps(kw_vm *vm, kw_call *call)
{
    sorting s;
    if (call->kept != NULL)
        resume(call, &s);
    else if (!begin(vm, call->self.as.list, &s))
        return KW_THROWN;
    for (;;) {
        kw_result result = step(vm, &s);
        if (result == KW_THROWN)
            return KW_THROWN;
        if (result == KW_DONE)
            break;
        if (kw_slice_over(vm))
            return pause(vm, call, &s);
    }
    kw_list_take(vm, call->self.as.list, s.list);
    return kw_return(call, call->self);
}

static kw_result list_sort(kw_vm *vm, kw_call *call)
{
    kw_list *l = call->self.as.list;
    if (call->argc == 1 && kw_is(call->args[0], KW_LAMBDA)) {
        kw_value args[2] = {call->self, call->args[0]};
        return kw_give_prelude(vm, call, "__list_sort_by__", 2, args);
    }
    if (call->argc != 0)
        return kw_throw(vm, "InvalidOperationError", "Invalid specialized list builtin invocation.");
    if (call->kept == NULL && l->count < 2)
        return kw_return(call, call->self);
    kw_before_long(vm, l->count);
    is_less less = call->kept == NULL && l->count <= AT_ONCE ? comparison(common_tag(l)) : NULL;
    return less != NULL ? sort_at_once(vm, call, less) : sort_by_steps(vm, call);
}

/* clang-format off */
const kw_native_def kw_list_sort_methods[] = {
    {"sort(before: lambda = null): list", list_sort,
     "Sort in place; equal elements keep their order.  With a function: by whether its first argument comes first.",
     "println [3, 1].sort()  # => [1, 3]\nprintln [1, 3].sort(with (a, b) do return a > b end)  # => [3, 1]", NULL,
     KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */
