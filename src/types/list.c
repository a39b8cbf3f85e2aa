/* list.c - methods of lists that read or change single elements or the whole list (types.md section
 * 11). */
#include "config.h"

#include "types/types.h"

#include <string.h>

static kw_list *self_of(const kw_call *call)
{
    return call->self.as.list;
}

bool kw_slice_range(kw_vm *vm, kw_call *call, size_t size, size_t *from, size_t *to)
{
    int64_t a, b;
    if (!kw_argc_is(vm, call, 2) || !kw_arg_whole(vm, call, 0, &a) ||
        !kw_arg_whole(vm, call, 1, &b))
        return false;
    if (a < 0)
        kw_throw(vm, "IndexError", "Start position %lld is less than 0.", (long long)a);
    else if (b < 0)
        kw_throw(vm, "IndexError", "End position %lld is less than 0.", (long long)b);
    else if (a > b)
        kw_throw(vm, "IndexError", "Start position %lld is after end position %lld.", (long long)a,
                 (long long)b);
    else if ((uint64_t)b > size)
        kw_throw(vm, "IndexError", "End position %lld is beyond the number of elements %zu.",
                 (long long)b, size);
    else {
        *from = (size_t)a;
        *to = (size_t)b;
        return true;
    }
    return false;
}

static kw_result bad_index(kw_vm *vm)
{
    return kw_throw(vm, "IndexError", "Invalid index.");
}

static kw_result list_size(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, kw_int((int64_t)self_of(call)->count));
}

/* Append a copy of the only argument. */
static kw_result push_as(kw_vm *vm, kw_call *call, const char *name)
{
    if (!kw_argc_named(vm, call, name, 1))
        return KW_THROWN;
    kw_value v = call->args[0];
    if (kw_is(v, KW_LIST) || kw_is(v, KW_MAP))
        v = kw_deep_copy(vm, v);
    if (kw_is(v, KW_UNDEF) || !kw_list_push(vm, self_of(call), v))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result list_push(kw_vm *vm, kw_call *call)
{
    return push_as(vm, call, "push");
}

static kw_result list_enqueue(kw_vm *vm, kw_call *call)
{
    return push_as(vm, call, "enqueue");
}

/* Append the value itself, without a copy: for the prelude. */
static kw_result list_add_alias(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 1) || !kw_list_push(vm, self_of(call), call->args[0]))
        return KW_THROWN;
    return kw_return(call, call->self);
}

/* Take over the elements of another list: for the prelude. */
static kw_result list_assign(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 1) || !kw_arg_is(vm, call, 0, KW_LIST))
        return KW_THROWN;
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
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    kw_value v = kw_deep_copy(vm, call->args[0]);
    if (kw_is(v, KW_UNDEF) || !kw_list_insert(vm, self_of(call), 0, v))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result list_insert(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 2))
        return KW_THROWN;
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
    kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, l->count > 0 ? l->items[--l->count] : kw_null());
}

static kw_result list_shift(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    if (l->count == 0)
        return kw_return(call, kw_null());
    kw_value first = l->items[0];
    kw_list_remove_at(l, 0);
    return kw_return(call, first);
}

static kw_result list_remove(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    for (size_t i = 0; i < l->count; i++) {
        if (!kw_strict(l->items[i], call->args[0]))
            continue;
        kw_list_remove_at(l, i);
        break;
    }
    return kw_return(call, call->self);
}

static kw_result list_remove_at(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    int64_t at;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_int(vm, call, 0, &at))
        return KW_THROWN;
    if (at < 0)
        at += (int64_t)l->count;
    if (at < 0 || at >= (int64_t)l->count)
        return kw_throw(vm, "IndexError", "Index out of bounds.");
    kw_list_remove_at(l, (size_t)at);
    return kw_return(call, call->self);
}

static kw_result list_clear(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    self_of(call)->count = 0;
    return kw_return(call, call->self);
}

static kw_result list_set(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    int64_t at;
    if (!kw_argc_is(vm, call, 2) || !kw_arg_int(vm, call, 0, &at))
        return KW_THROWN;
    if (at < 0 || at >= (int64_t)l->count)
        return bad_index(vm);
    kw_value v = kw_deep_copy(vm, call->args[1]);
    if (kw_is(v, KW_UNDEF))
        return KW_THROWN;
    l->items[at] = v;
    return kw_return(call, call->self);
}

static kw_result list_get(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    int64_t at;
    if (!kw_argc_in(vm, call, 1, 2) || !kw_arg_int(vm, call, 0, &at))
        return KW_THROWN;
    if (at >= 0 && at < (int64_t)l->count)
        return kw_return(call, l->items[at]);
    return call->argc == 2 ? kw_return(call, call->args[1]) : bad_index(vm);
}

static kw_result list_first(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, l->count > 0 ? l->items[0] : kw_null());
}

static kw_result list_last(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, l->count > 0 ? l->items[l->count - 1] : kw_null());
}

static bool push_copy(kw_vm *vm, kw_list *l, kw_value v)
{
    v = kw_deep_copy(vm, v);
    return !kw_is(v, KW_UNDEF) && kw_list_push(vm, l, v);
}

static kw_result list_concat(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    if (!kw_argc_in(vm, call, 1, UINT32_MAX))
        return KW_THROWN;
    for (uint32_t i = 0; i < call->argc; i++) {
        kw_value v = call->args[i];
        if (!kw_is(v, KW_LIST)) {
            if (!push_copy(vm, l, v))
                return KW_THROWN;
            continue;
        }
        size_t count = v.as.list->count; /* fixed here: the list may be added to itself */
        for (size_t k = 0; k < count; k++)
            if (!push_copy(vm, l, v.as.list->items[k]))
                return KW_THROWN;
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
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    reverse_items(self_of(call)->items, 0, self_of(call)->count);
    return kw_return(call, call->self);
}

static kw_result list_rotate(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    int64_t n;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_whole(vm, call, 0, &n))
        return KW_THROWN;
    if (l->count < 2)
        return kw_return(call, call->self);
    int64_t by = n % (int64_t)l->count;
    size_t right = (size_t)(by < 0 ? by + (int64_t)l->count : by);
    reverse_items(l->items, 0, l->count); /* three reversals turn a row in place */
    reverse_items(l->items, 0, right);
    reverse_items(l->items, right, l->count);
    return kw_return(call, call->self);
}

static kw_result list_swap(kw_vm *vm, kw_call *call)
{
    kw_list *l = self_of(call);
    int64_t i, j;
    if (!kw_argc_is(vm, call, 2) || !kw_arg_whole(vm, call, 0, &i) ||
        !kw_arg_whole(vm, call, 1, &j))
        return KW_THROWN;
    if (i < 0 || j < 0 || i >= (int64_t)l->count || j >= (int64_t)l->count)
        return kw_throw(vm, "RangeError", "Invalid range.");
    kw_value v = l->items[i];
    l->items[i] = l->items[j];
    l->items[j] = v;
    return kw_return(call, call->self);
}

static kw_result list_to_list(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result list_join(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    kw_string *sep = NULL;
    if (!kw_argc_in(vm, call, 0, 1) || (call->argc == 1 && !kw_arg_string(vm, call, 0, &sep)))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < l->count; i++) {
        if (i > 0 && sep != NULL)
            kw_buf_put(&buf, sep->text, sep->size);
        if (kw_is(l->items[i], KW_STRING))
            kw_buf_put(&buf, l->items[i].as.string->text, l->items[i].as.string->size);
        else
            kw_display(vm, &buf, l->items[i]);
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result list_to_bytes(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < l->count; i++) {
        kw_value v = l->items[i];
        if (kw_is(v, KW_STRING)) {
            kw_buf_put(&buf, v.as.string->text, v.as.string->size);
        } else if (kw_is(v, KW_INT)) {
            if (!kw_check_byte(vm, v.as.i)) {
                kw_buf_free(&buf);
                return KW_THROWN;
            }
            kw_buf_putc(&buf, (char)(unsigned char)v.as.i);
        }
    }
    if (buf.failed) {
        kw_buf_free(&buf);
        return kw_throw_memory(vm, l->count);
    }
    kw_bytes *bytes = kw_bytes_new(vm, buf.text, buf.size);
    kw_buf_free(&buf);
    return kw_give_bytes(call, bytes);
}

static kw_result list_to_hex(kw_vm *vm, kw_call *call)
{
    const kw_list *l = self_of(call);
    size_t width;
    if (!kw_hex_width(vm, call, &width))
        return KW_THROWN;
    kw_bytes *bytes = kw_bytes_new(vm, NULL, 0);
    for (size_t i = 0; bytes != NULL && i < l->count; i++) {
        if (!kw_is(l->items[i], KW_INT))
            return kw_throw(vm, "InvalidOperationError", "Expected a list of integers.");
        if (!kw_check_byte(vm, l->items[i].as.i) ||
            !kw_bytes_push(vm, bytes, (uint8_t)l->items[i].as.i))
            return KW_THROWN;
    }
    return bytes != NULL ? kw_hex_of(vm, call, bytes->data, bytes->size) : KW_THROWN;
}

static const kw_native_def methods[] = {
    {"size", list_size, 0, 0, "number of elements"},
    {"length", list_size, 0, 0, "number of elements"},
    {"push", list_push, 1, 1, "append a copy"},
    {"append", list_push, 1, 1, "append a copy"},
    {"enqueue", list_enqueue, 1, 1, "append a copy"},
    {"__add__", list_add_alias, 1, 1, "append the value itself"},
    {"__assign__", list_assign, 1, 1, "take over the elements of another list"},
    {"unshift", list_unshift, 1, 1, "insert a copy at the front"},
    {"insert", list_insert, 2, 2, "insert before a position"},
    {"pop", list_pop, 0, 0, "remove the last element"},
    {"shift", list_shift, 0, 0, "remove the first element"},
    {"dequeue", list_shift, 0, 0, "remove the first element"},
    {"remove", list_remove, 1, 1, "remove the first equal element"},
    {"remove_at", list_remove_at, 1, 1, "remove the element at a position"},
    {"clear", list_clear, 0, 0, "remove all elements"},
    {"set", list_set, 2, 2, "store a copy at a position"},
    {"get", list_get, 1, 2, "element at a position"},
    {"first", list_first, 0, 0, "first element or null"},
    {"last", list_last, 0, 0, "last element or null"},
    {"concat", list_concat, 1, KW_ARGC_ANY, "append copies"},
    {"reverse", list_reverse, 0, 0, "reverse in place"},
    {"rotate", list_rotate, 1, 1, "rotate to the right in place"},
    {"swap", list_swap, 2, 2, "exchange two elements"},
    {"to_list", list_to_list, 0, 0, "the list itself"},
    {"join", list_join, 0, 1, "elements as one string"},
    {"to_bytes", list_to_bytes, 0, 0, "strings and integers as bytes"},
    {"to_hex", list_to_hex, 0, 1, "integers as hexadecimal text"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_list_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_LIST, methods);
}
