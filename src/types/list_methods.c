/* list_methods.c - methods of lists that read or change single elements or the whole list (TYPES.md section
 * 11). */
#include "config.h"

#include "types/list_methods.h"

#include <assert.h>
#include <string.h>

#include "types/bytes_methods.h"
#include "types/filling.h"
#include "types/give.h"
#include "types/slice.h"
#include "types/types.h"

static kw_list *self_of(const kw_call *call)
{
    return call->self.as.list;
}

static kw_result bad_index(kw_vm *vm)
{
    return kw_throw(vm, "IndexError", "Invalid index.");
}

static kw_result list_size(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_int((int64_t)self_of(call)->count));
}

static kw_result list_push(kw_vm *vm, kw_call *call)
{
    kw_value v = call->args[0];
    if (kw_is(v, KW_LIST) || kw_is(v, KW_MAP))
        v = kw_copy_deep(vm, v);
    if (kw_is(v, KW_UNDEF) || !kw_list_push(vm, self_of(call), v))
        return KW_THROWN;
    return kw_return(call, call->self);
}

/* Append the value itself, without a copy: for the prelude. */
static kw_result list_add_alias(kw_vm *vm, kw_call *call)
{
    if (!kw_list_push(vm, self_of(call), call->args[0]))
        return KW_THROWN;
    return kw_return(call, call->self);
}

/* Take over the elements of another list: for the prelude. */
static kw_result list_assign(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    const kw_list *from = call->args[0].as.list;
    if (!kw_list_reserve(vm, l, from->count))
        return KW_THROWN;
    if (from->count > 0)
        memmove(l->items, from->items, from->count * sizeof(kw_value));
    l->count = from->count;
    return kw_return(call, call->self);
}

static kw_result list_unshift(kw_vm *vm, kw_call *call)
{
    kw_value v = kw_copy_deep(vm, call->args[0]);
    if (kw_is(v, KW_UNDEF) || !kw_list_insert(vm, self_of(call), 0, v))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result list_insert(kw_vm *vm, kw_call *call)
{
    kw_value i = call->args[0];
    if (!kw_is(i, KW_INT))
        return kw_throw(vm, "InvalidOperationError", "Expected an integer.");
    if (i.as.i < 0 || (uint64_t)i.as.i >= self_of(call)->count)
        return bad_index(vm);
    if (!kw_list_insert(vm, self_of(call), (size_t)i.as.i, call->args[1]))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result list_pop(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_list *l = self_of(call);
    return kw_return(call, l->count > 0 ? l->items[--l->count] : kw_null());
}

static kw_result list_shift(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_list *l = self_of(call);
    if (l->count == 0)
        return kw_return(call, kw_null());
    kw_value first = l->items[0];
    kw_list_remove_at(l, 0);
    return kw_return(call, first);
}

static kw_result list_remove_at(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    int64_t at = call->args[0].as.i;
    if (at < 0)
        at += (int64_t)l->count;
    if (at < 0 || at >= (int64_t)l->count)
        return kw_throw(vm, "IndexError", "Index out of bounds.");
    kw_list_remove_at(l, (size_t)at);
    return kw_return(call, call->self);
}

static kw_result list_clear(kw_vm *vm, kw_call *call)
{
    (void)vm;
    self_of(call)->count = 0;
    return kw_return(call, call->self);
}

static kw_result list_set(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    int64_t at = call->args[0].as.i;
    if (at < 0 || at >= (int64_t)l->count)
        return bad_index(vm);
    kw_value v = kw_copy_deep(vm, call->args[1]);
    if (kw_is(v, KW_UNDEF))
        return KW_THROWN;
    assert((size_t)at < l->count); /* the copy was made without running a script */
    l->items[at] = v;
    return kw_return(call, call->self);
}

static kw_result list_get(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    int64_t at = call->args[0].as.i;
    if (at >= 0 && at < (int64_t)l->count)
        return kw_return(call, l->items[at]);
    return call->argc == 2 ? kw_return(call, call->args[1]) : bad_index(vm);
}

static kw_result list_first(kw_vm *vm, kw_call *call)
{
    (void)vm;
    const kw_list *l = self_of(call);
    return kw_return(call, l->count > 0 ? l->items[0] : kw_null());
}

static kw_result list_last(kw_vm *vm, kw_call *call)
{
    (void)vm;
    const kw_list *l = self_of(call);
    return kw_return(call, l->count > 0 ? l->items[l->count - 1] : kw_null());
}

static bool push_copy(kw_vm *vm, kw_list *l, kw_value v)
{
    v = kw_copy_deep(vm, v);
    return !kw_is(v, KW_UNDEF) && kw_list_push(vm, l, v) && kw_go_on(vm);
}

static kw_result list_concat(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    uint32_t i = (uint32_t)kw_kept_size(call, 0);
    size_t k = kw_kept_size(call, 1), count = kw_kept_size(call, 2);
    for (; i < call->argc; i++, k = 0) {
        kw_value v = call->args[i];
        if (!kw_is(v, KW_LIST)) {
            if (!push_copy(vm, l, v))
                return KW_THROWN;
            continue;
        }
        if (k == 0)
            count = v.as.list->count; /* fixed here: the list may be added to itself */
        while (k < count && k < v.as.list->count) {
            if (!push_copy(vm, l, v.as.list->items[k++]))
                return KW_THROWN;
            if (kw_slice_over(vm) && k < count)
                return kw_call_again(vm, call, (kw_value[]){kw_int(i), kw_int((int64_t)k), kw_int((int64_t)count)}, 3);
        }
    }
    return kw_return(call, call->self);
}

static void reverse_items(kw_value *items, size_t from, size_t to)
{
    while (from + 1 < to) {
        kw_value v = items[from];
        items[from++] = items[--to];
        items[to] = v;
    }
}

static kw_result list_reverse(kw_vm *vm, kw_call *call)
{
    kw_before_long(vm, self_of(call)->count);
    reverse_items(self_of(call)->items, 0, self_of(call)->count);
    return kw_return(call, call->self);
}

static kw_result list_rotate(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_list *l = self_of(call);
    if (l->count < 2)
        return kw_return(call, call->self);
    int64_t by = kw_arith_whole(call->args[0]) % (int64_t)l->count;
    size_t right = (size_t)(by < 0 ? by + (int64_t)l->count : by);
    kw_before_long(vm, l->count);
    reverse_items(l->items, 0, l->count); /* three reversals turn a row in place */
    reverse_items(l->items, 0, right);
    reverse_items(l->items, right, l->count);
    return kw_return(call, call->self);
}

static kw_result list_swap(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    int64_t i = kw_arith_whole(call->args[0]), j = kw_arith_whole(call->args[1]);
    if (i < 0 || j < 0 || i >= (int64_t)l->count || j >= (int64_t)l->count)
        return kw_throw(vm, "RangeError", "Invalid range.");
    kw_value v = l->items[i];
    l->items[i] = l->items[j];
    l->items[j] = v;
    return kw_return(call, call->self);
}

static kw_result list_to_list(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, call->self);
}

static kw_result list_join(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    const kw_string *sep = kw_native_argument(call, 0).as.string;
    kw_filling first, *f = kw_filling_begin(call, &first);
    for (; f->at < l->count && kw_filling_go_on(vm, f); f->at++) {
        kw_value v = l->items[f->at];
        if (f->at > 0)
            kw_buf_put(&f->buf, sep->text, sep->size);
        if (kw_is(v, KW_STRING))
            kw_buf_put(&f->buf, v.as.string->text, v.as.string->size);
        else
            kw_display(vm, &f->buf, v);
    }
    return kw_filling_string(vm, call, f);
}

kw_bytes *kw_list_bytes(kw_vm *vm, const kw_list *l)
{
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < l->count && kw_buf_go_on(vm, &buf); i++) {
        kw_value v = l->items[i];
        if (kw_is(v, KW_STRING)) {
            kw_buf_put(&buf, v.as.string->text, v.as.string->size);
        } else if (kw_is(v, KW_INT)) {
            if (!kw_bytes_check(vm, v.as.i)) {
                kw_buf_free(&buf);
                return NULL;
            }
            kw_buf_putc(&buf, (char)(unsigned char)v.as.i);
        }
    }
    return kw_buf_bytes(vm, &buf);
}

static kw_result list_to_bytes(kw_vm *vm, kw_call *call)
{
    return kw_give_bytes(call, kw_list_bytes(vm, self_of(call)));
}

static kw_result list_to_hex(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    kw_filling first, *f = kw_filling_begin(call, &first);
    kw_bytes *bytes = f == &first ? kw_bytes_new(vm, NULL, 0) : f->held[0].as.bytes;
    if (bytes == NULL)
        return KW_THROWN;
    f->held[0] = kw_of_bytes(bytes);
    for (; f->count[1] == 0 && bytes->size < l->count && kw_filling_go_on(vm, f);) { /* as many as the list had */
        kw_value v = l->items[bytes->size];
        bool good = kw_is(v, KW_INT);
        if (!good)
            (void)kw_throw(vm, "InvalidOperationError", "Expected a list of integers.");
        if (!good || !kw_bytes_check(vm, v.as.i) || !kw_bytes_push(vm, bytes, (uint8_t)v.as.i))
            return kw_filling_thrown(f);
    }
    if (f->paused || f->buf.failed)
        return kw_filling_string(vm, call, f);
    f->count[1] = 1;
    return kw_bytes_hex(vm, call, f, bytes->data, bytes->size);
}

kw_list *kw_list_part(kw_vm *vm, const kw_list *l, size_t from, size_t to)
{
    assert(from <= to && to <= l->count);
    kw_list *out = kw_list_new(vm, to - from);
    if (out != NULL && to > from) {
        memcpy(out->items, l->items + from, (to - from) * sizeof(kw_value));
        out->count = to - from;
    }
    return out;
}

static kw_result list_zip(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    const kw_list *other = call->args[0].as.list;
    kw_list *out = call->kept != NULL ? kw_kept(call, 0).as.list : kw_list_new(vm, 0);
    if (out == NULL)
        return KW_THROWN;
    for (size_t i; (i = out->count) < l->count && i < other->count;) {
        kw_list *pair = kw_list_new(vm, 2);
        if (pair == NULL || !kw_list_push(vm, pair, l->items[i]) || !kw_list_push(vm, pair, other->items[i]) ||
            !kw_list_push(vm, out, kw_of_list(pair)) || !kw_go_on(vm))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_of_list(out)}, 1);
    }
    return kw_return(call, kw_of_list(out));
}

static kw_result list_slice(kw_vm *vm, kw_call *call)
{
    size_t from, to;
    if (!kw_slice_range(vm, call, self_of(call)->count, &from, &to))
        return KW_THROWN;
    return kw_give_list(call, kw_list_part(vm, self_of(call), from, to));
}

/* clang-format off */
const kw_native_def kw_list_methods[] = {
    {"size(): integer", list_size, "The number of elements.",
     "println [1, 2].size()  # => 2"},
    {"length(): integer", list_size, "The number of elements.",
     "println [1, 2].length()  # => 2"},
    {"push(value: any): list", list_push, "Append a copy of the value.",
     "println [1].push(2)  # => [1, 2]"},
    {"append(value: any): list", list_push, "Append a copy of the value.",
     "println [1].append(2)  # => [1, 2]", "push"},
    {"enqueue(value: any): list", list_push, "Append a copy of the value.",
     "println [1].enqueue(2)  # => [1, 2]"},
    {"__add__(value: any): list", list_add_alias, "Append the value itself."},
    {"__assign__(other: list): list", list_assign, "Take over the elements of another list."},
    {"unshift(value: any): list", list_unshift, "Insert a copy of the value at the front.",
     "println [1].unshift(0)  # => [0, 1]"},
    {"insert(index: integer, value: any): list", list_insert, "Insert the value before the element at a position.",
     "println [1, 3].insert(1, 2)  # => [1, 2, 3]", NULL, KW_CHECK_COUNT},
    {"pop(): any", list_pop, "Remove the last element and give it; null where there is none.",
     "a = [1, 2]\nprintln a.pop()  # => 2\nprintln a  # => [1]"},
    {"shift(): any", list_shift, "Remove the first element and give it; null where there is none.",
     "a = [1, 2]\nprintln a.shift()  # => 1\nprintln a  # => [2]"},
    {"dequeue(): any", list_shift, "Remove the first element and give it; null where there is none.",
     "println [1, 2].dequeue()  # => 1"},
    {"remove_at(index: integer): list", list_remove_at,
     "Remove the element at a position; a negative one counts from the end.",
     "println [1, 2, 3].remove_at(-1)  # => [1, 2]"},
    {"clear(): list", list_clear, "Remove all elements.",
     "println [1, 2].clear()  # => []"},
    {"set(index: integer, value: any): list", list_set, "Store a copy of the value at a position.",
     "println [1, 2].set(0, 5)  # => [5, 2]"},
    {"get(index: integer, default: any = null): any", list_get,
     "The element at a position; beyond the ends `default`, or an error without one.",
     "println [1, 2].get(1)  # => 2\nprintln [1, 2].get(5, 0)  # => 0"},
    {"first(): any", list_first, "The first element; null where there is none.",
     "println [1, 2].first()  # => 1"},
    {"last(): any", list_last, "The last element; null where there is none.",
     "println [1, 2].last()  # => 2"},
    {"concat(value: any, more...: any): list", list_concat, "Append copies of the values, or of the elements of lists.",
     "println [1].concat([2, 3], 4)  # => [1, 2, 3, 4]"},
    {"reverse(): list", list_reverse, "Reverse the order of the elements, in place.",
     "println [1, 2, 3].reverse()  # => [3, 2, 1]"},
    {"rotate(count: number): list", list_rotate,
     "Move each element to the right, round the end; to the left if negative.",
     "println [1, 2, 3].rotate(1)  # => [3, 1, 2]"},
    {"swap(first: number, second: number): list", list_swap, "Exchange the elements at two positions.",
     "println [1, 2, 3].swap(0, 2)  # => [3, 2, 1]"},
    {"to_list(): list", list_to_list, "The list itself.",
     "println [1, 2].to_list()  # => [1, 2]"},
    {"join(separator: string = \"\"): string", list_join, "The elements as one text, with a separator between two.",
     "println [1, 2].join(\", \")  # => 1, 2"},
    {"to_bytes(): bytes", list_to_bytes, "The bytes of its strings, and of its integers up to 255.",
     "println [\"ab\", 99].to_bytes().to_string()  # => abc"},
    {"to_hex(width: number = 2): string", list_to_hex,
     "Integers up to 255 as hexadecimal digits, with zeros before them up to `width` for each.",
     "println [1, 255].to_hex()  # => 01ff", NULL, KW_CHECK_COUNT},
    {"flatten(): list", kw_list_flatten, "A new list with the elements of nested lists in their place, at every depth.",
     "println [1, [2, [3]]].flatten()  # => [1, 2, 3]"},
    {"zip(other: list): list", list_zip, "A new list of pairs of elements, as long as the shorter list.",
     "println [1, 2].zip([\"a\", \"b\"])  # => [[1, \"a\"], [2, \"b\"]]"},
    {"slice(start: number, end: number): list", list_slice, "A new list of the elements from `start` to before `end`.",
     "println [1, 2, 3, 4].slice(1, 3)  # => [2, 3]"},
    {NULL},
};
/* clang-format on */
