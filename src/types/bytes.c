/* bytes.c - methods of bytes (types.md section 13). */
#include "config.h"

#include "types/types.h"

#include <string.h>

static kw_bytes *self_of(const kw_call *call)
{
    return call->self.as.bytes;
}

static kw_value byte_value(uint8_t byte)
{
    return kw_int((int64_t)byte);
}

static kw_result bad_index(kw_vm *vm)
{
    return kw_throw(vm, "IndexError", "Invalid index.");
}

/* An argument that must be an integer, with the short TypeError. */
static bool byte_arg(kw_vm *vm, const kw_call *call, uint32_t at, int64_t *out)
{
    kw_value v = kw_arg(call, at);
    *out = 0;
    if (!kw_is(v, KW_INT)) {
        kw_throw(vm, "TypeError", "Expected an integer but instead received `%s`.",
                 kw_type_title((kw_type)v.tag));
        return false;
    }
    *out = v.as.i;
    return kw_check_byte(vm, *out);
}

static kw_result bytes_size(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, kw_int((int64_t)self_of(call)->size));
}

static kw_result bytes_first(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, b->size > 0 ? byte_value(b->data[0]) : kw_null());
}

static kw_result bytes_last(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, b->size > 0 ? byte_value(b->data[b->size - 1]) : kw_null());
}

static kw_result bytes_get(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    int64_t at;
    if (!kw_argc_in(vm, call, 1, 2) || !kw_arg_int(vm, call, 0, &at))
        return KW_THROWN;
    if (at >= 0 && at < (int64_t)b->size)
        return kw_return(call, byte_value(b->data[at]));
    if (call->argc < 2 || !kw_is(call->args[1], KW_INT))
        return bad_index(vm);
    if (!kw_check_byte(vm, call->args[1].as.i))
        return KW_THROWN;
    return kw_return(call, call->args[1]);
}

static kw_result bytes_set(kw_vm *vm, kw_call *call)
{
    kw_bytes *b = self_of(call);
    int64_t at, n;
    if (!kw_argc_is(vm, call, 2) || !kw_arg_int(vm, call, 0, &at) || !kw_arg_int(vm, call, 1, &n))
        return KW_THROWN;
    if (at < 0 || at >= (int64_t)b->size)
        return bad_index(vm);
    if (!kw_check_byte(vm, n))
        return KW_THROWN;
    b->data[at] = (uint8_t)n;
    return kw_return(call, call->self);
}

static kw_result bytes_push(kw_vm *vm, kw_call *call)
{
    int64_t n;
    if (!kw_argc_named(vm, call, "push", 1) || !byte_arg(vm, call, 0, &n) ||
        !kw_bytes_push(vm, self_of(call), (uint8_t)n))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result bytes_pop(kw_vm *vm, kw_call *call)
{
    kw_bytes *b = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_return(call, b->size > 0 ? byte_value(b->data[--b->size]) : kw_null());
}

static kw_result bytes_swap(kw_vm *vm, kw_call *call)
{
    kw_bytes *b = self_of(call);
    int64_t i, j;
    if (!kw_argc_is(vm, call, 2) || !kw_arg_whole(vm, call, 0, &i) ||
        !kw_arg_whole(vm, call, 1, &j))
        return KW_THROWN;
    if (i < 0 || j < 0 || i >= (int64_t)b->size || j >= (int64_t)b->size)
        return kw_throw(vm, "RangeError", "Invalid range.");
    uint8_t byte = b->data[i];
    b->data[i] = b->data[j];
    b->data[j] = byte;
    return kw_return(call, call->self);
}

static kw_result bytes_clear(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    self_of(call)->size = 0;
    return kw_return(call, call->self);
}

static kw_result bytes_concat(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    if (!kw_argc_in(vm, call, 1, UINT32_MAX))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_put(&buf, (const char *)b->data, b->size);
    for (uint32_t i = 0; i < call->argc; i++) {
        kw_value v = call->args[i];
        if (!kw_is(v, KW_BYTES)) {
            kw_buf_free(&buf);
            return kw_throw(vm, "InvalidOperationError",
                            "Expected bytes when concatenating bytes, but instead received `%s`.",
                            kw_type_title((kw_type)v.tag));
        }
        kw_buf_put(&buf, (const char *)v.as.bytes->data, v.as.bytes->size);
    }
    kw_bytes *out = NULL;
    if (buf.failed)
        kw_throw_memory(vm, b->size);
    else
        out = kw_bytes_new(vm, buf.text, buf.size);
    kw_buf_free(&buf);
    return kw_give_bytes(call, out);
}

static kw_result bytes_remove_at(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    int64_t at;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_int(vm, call, 0, &at))
        return KW_THROWN;
    if (at < 0)
        at += (int64_t)b->size;
    if (at < 0 || at >= (int64_t)b->size)
        return kw_throw(vm, "IndexError", "Index out of bounds.");
    kw_bytes *out = kw_bytes_new(vm, b->data, b->size);
    if (out != NULL) {
        out->size--;
        memmove(out->data + at, out->data + at + 1, out->size - (size_t)at);
    }
    return kw_give_bytes(call, out);
}

static kw_result bytes_reverse(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    kw_bytes *out = kw_bytes_new(vm, b->data, b->size);
    for (size_t i = 0; out != NULL && i < b->size; i++)
        out->data[i] = b->data[b->size - 1 - i];
    return kw_give_bytes(call, out);
}

static kw_list *integers(kw_vm *vm, const kw_bytes *b, size_t from, size_t to)
{
    kw_list *list = kw_list_new(vm, to - from);
    for (size_t i = from; list != NULL && i < to; i++)
        if (!kw_list_push(vm, list, byte_value(b->data[i])))
            return NULL;
    return list;
}

static kw_result bytes_slice(kw_vm *vm, kw_call *call)
{
    size_t from, to;
    if (!kw_slice_range(vm, call, self_of(call)->size, &from, &to))
        return KW_THROWN;
    return kw_give_list(call, integers(vm, self_of(call), from, to));
}

static kw_result bytes_to_list(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_give_list(call, integers(vm, self_of(call), 0, self_of(call)->size));
}

static kw_result bytes_contains(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    int64_t n;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_int(vm, call, 0, &n) || !kw_check_byte(vm, n))
        return KW_THROWN;
    return kw_return(call, kw_bool(b->size > 0 && memchr(b->data, (int)n, b->size) != NULL));
}

static kw_result bytes_count(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    int64_t n, count = 0;
    if (!kw_argc_is(vm, call, 1) || !byte_arg(vm, call, 0, &n))
        return KW_THROWN;
    for (size_t i = 0; i < b->size; i++)
        count += b->data[i] == n ? 1 : 0;
    return kw_return(call, kw_int(count));
}

static kw_result bytes_to_hex(kw_vm *vm, kw_call *call)
{
    size_t width;
    if (!kw_hex_width(vm, call, &width))
        return KW_THROWN;
    return kw_hex_of(vm, call, self_of(call)->data, self_of(call)->size);
}

static kw_result bytes_copy(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 0))
        return KW_THROWN;
    return kw_give_bytes(call, kw_bytes_new(vm, self_of(call)->data, self_of(call)->size));
}

static const kw_native_def methods[] = {
    {"size", bytes_size, 0, 0, "number of bytes"},
    {"length", bytes_size, 0, 0, "number of bytes"},
    {"first", bytes_first, 0, 0, "first byte or null"},
    {"last", bytes_last, 0, 0, "last byte or null"},
    {"get", bytes_get, 1, 2, "byte at a position"},
    {"set", bytes_set, 2, 2, "replace the byte at a position"},
    {"push", bytes_push, 1, 1, "append a byte"},
    {"append", bytes_push, 1, 1, "append a byte"},
    {"pop", bytes_pop, 0, 0, "remove the last byte"},
    {"swap", bytes_swap, 2, 2, "exchange two bytes"},
    {"clear", bytes_clear, 0, 0, "remove all bytes"},
    {"concat", bytes_concat, 1, KW_ARGC_ANY, "new bytes, joined with others"},
    {"remove_at", bytes_remove_at, 1, 1, "new bytes without one"},
    {"reverse", bytes_reverse, 0, 0, "new bytes in reverse order"},
    {"slice", bytes_slice, 2, 2, "list of the bytes a to b - 1"},
    {"contains", bytes_contains, 1, 1, "does the byte occur?"},
    {"count", bytes_count, 1, 1, "number of occurrences"},
    {"to_list", bytes_to_list, 0, 0, "list of integers"},
    {"to_hex", bytes_to_hex, 0, 1, "hexadecimal text"},
    {"to_bytes", bytes_copy, 0, 0, "a copy"},
    {"clone", bytes_copy, 0, 0, "a copy"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_bytes_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_BYTES, methods);
}
