/* bytes_methods.c - methods of bytes (TYPES.md section 13). */
#include "config.h"

#include "types/bytes_methods.h"

#include <assert.h>
#include <string.h>

#include "types/filling.h"
#include "types/give.h"
#include "types/slice.h"
#include "types/types.h"
#include "vm/bytes_store.h"

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

bool kw_bytes_check(kw_vm *vm, int64_t n)
{
    if (n >= 0 && n <= 255)
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "Byte range is from 0 to 255 inclusive, but received %lld",
                   (long long)n);
    return false;
}

/* An argument that must be an integer, with the short TypeError, and a byte. */
static bool byte_arg(kw_vm *vm, const kw_call *call, uint32_t at, int64_t *out)
{
    kw_value v = call->args[at];
    *out = 0;
    if (!kw_is(v, KW_INT)) {
        (void)kw_throw_expected(vm, "integer", v);
        return false;
    }
    *out = v.as.i;
    return kw_bytes_check(vm, *out);
}

static kw_result bytes_size(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_int((int64_t)self_of(call)->size));
}

static kw_result bytes_first(kw_vm *vm, kw_call *call)
{
    (void)vm;
    const kw_bytes *b = self_of(call);
    return kw_return(call, b->size > 0 ? byte_value(b->data[0]) : kw_null());
}

static kw_result bytes_last(kw_vm *vm, kw_call *call)
{
    (void)vm;
    const kw_bytes *b = self_of(call);
    return kw_return(call, b->size > 0 ? byte_value(b->data[b->size - 1]) : kw_null());
}

static kw_result bytes_get(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    int64_t at = call->args[0].as.i;
    if (at >= 0 && at < (int64_t)b->size)
        return kw_return(call, byte_value(b->data[at]));
    if (call->argc < 2 || !kw_is(call->args[1], KW_INT))
        return bad_index(vm);
    if (!kw_bytes_check(vm, call->args[1].as.i))
        return KW_THROWN;
    return kw_return(call, call->args[1]);
}

static kw_result bytes_set(kw_vm *vm, kw_call *call)
{
    kw_bytes *b = self_of(call);
    int64_t at = call->args[0].as.i, n = call->args[1].as.i;
    if (at < 0 || at >= (int64_t)b->size)
        return bad_index(vm);
    if (!kw_bytes_check(vm, n) || !kw_bytes_own(vm, b))
        return KW_THROWN;
    assert(b->store == NULL && (size_t)at < b->size); /* own memory of the same size */
    b->data[at] = (uint8_t)n;
    return kw_return(call, call->self);
}

static kw_result bytes_push(kw_vm *vm, kw_call *call)
{
    int64_t n;
    if (!byte_arg(vm, call, 0, &n) || !kw_bytes_push(vm, self_of(call), (uint8_t)n))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result bytes_pop(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_bytes *b = self_of(call);
    return kw_return(call, b->size > 0 ? byte_value(b->data[--b->size]) : kw_null());
}

static kw_result bytes_swap(kw_vm *vm, kw_call *call)
{
    kw_bytes *b = self_of(call);
    int64_t i = kw_arith_whole(call->args[0]), j = kw_arith_whole(call->args[1]);
    if (i < 0 || j < 0 || i >= (int64_t)b->size || j >= (int64_t)b->size)
        return kw_throw(vm, "RangeError", "Invalid range.");
    if (!kw_bytes_own(vm, b))
        return KW_THROWN;
    uint8_t byte = b->data[i];
    b->data[i] = b->data[j];
    b->data[j] = byte;
    return kw_return(call, call->self);
}

static kw_result bytes_clear(kw_vm *vm, kw_call *call)
{
    (void)vm;
    self_of(call)->size = 0;
    return kw_return(call, call->self);
}

static kw_result bytes_concat(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_put(&buf, (const char *)b->data, b->size);
    for (uint32_t i = 0; i < call->argc; i++) {
        kw_value v = call->args[i];
        if (!kw_is(v, KW_BYTES)) {
            kw_buf_free(&buf);
            return kw_throw(vm, "InvalidOperationError",
                            "Expected bytes when concatenating bytes, but instead received `%s`.",
                            kw_display_type_title((kw_type)v.tag));
        }
        kw_buf_put(&buf, (const char *)v.as.bytes->data, v.as.bytes->size);
    }
    return kw_give_bytes(call, kw_buf_bytes(vm, &buf));
}

static kw_result bytes_remove_at(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    int64_t at = call->args[0].as.i;
    if (at < 0)
        at += (int64_t)b->size;
    if (at < 0 || at >= (int64_t)b->size)
        return kw_throw(vm, "IndexError", "Index out of bounds.");
    kw_bytes *out = kw_bytes_new(vm, b->data, b->size);
    if (out != NULL) {
        out->size--;
        assert(out->store == NULL && (size_t)at <= out->size); /* a copy that is changed before anybody has it */
        memmove(out->data + at, out->data + at + 1, out->size - (size_t)at);
    }
    return kw_give_bytes(call, out);
}

static kw_result bytes_reverse(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    kw_bytes *out = kw_bytes_new(vm, b->data, b->size);
    for (size_t i = 0; out != NULL && i < b->size; i++)
        out->data[i] = b->data[b->size - 1 - i];
    return kw_give_bytes(call, out);
}

/* The list of the bytes [from, to) as integers. */
static kw_result give_integers(kw_vm *vm, kw_call *call, size_t from, size_t to)
{
    const kw_bytes *b = self_of(call);
    assert(from <= to && to <= b->size);
    kw_list *list = call->kept != NULL ? kw_kept(call, 0).as.list : kw_list_new(vm, to - from);
    if (list == NULL)
        return KW_THROWN;
    for (size_t i = from + list->count; i < to; i++) { /* nobody else has the list during a pause */
        if (!kw_list_push(vm, list, byte_value(b->data[i])) || !kw_go_on(vm))
            return KW_THROWN;
        if (kw_slice_over(vm))
            return kw_call_again(vm, call, (kw_value[]){kw_of_list(list)}, 1);
    }
    return kw_return(call, kw_of_list(list));
}

static kw_result bytes_slice(kw_vm *vm, kw_call *call)
{
    size_t from, to;
    if (!kw_slice_range(vm, call, self_of(call)->size, &from, &to))
        return KW_THROWN;
    return give_integers(vm, call, from, to);
}

static kw_result bytes_to_list(kw_vm *vm, kw_call *call)
{
    return give_integers(vm, call, 0, self_of(call)->size);
}

static kw_result bytes_count(kw_vm *vm, kw_call *call)
{
    const kw_bytes *b = self_of(call);
    int64_t n, count = 0;
    if (!byte_arg(vm, call, 0, &n))
        return KW_THROWN;
    kw_before_scan(vm, b->size);
    for (size_t i = 0; i < b->size; i++)
        count += b->data[i] == n ? 1 : 0;
    return kw_return(call, kw_int(count));
}

/* The width argument of to_hex; false: thrown. */
static bool hex_width(kw_vm *vm, const kw_call *call, size_t *width)
{
    int64_t n = 2;
    *width = 2;
    if (call->argc == 1) {
        kw_value v = call->args[0];
        if (!kw_is_number(v)) {
            kw_throw_param(vm, "to_integer", 0, "Number", v); /* Kiwi 1.4.3's name, wrong as it is */
            return false;
        }
        n = kw_arith_whole(v);
    }
    if (n < 2) {
        kw_throw(vm, "InvalidOperationError", "Width must be >= 2.");
        return false;
    }
    *width = kw_to_size(n);
    return true;
}

kw_result kw_bytes_hex(kw_vm *vm, kw_call *call, kw_filling *f, const uint8_t *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t width;
    if (size == 0) {
        (void)kw_throw(vm, "InvalidOperationError", "Cannot convert empty bytes to hex.");
        return kw_filling_thrown(f);
    }
    if (!hex_width(vm, call, &width) || !kw_heap_room(vm, width, size))
        return kw_filling_thrown(f);
    assert(width >= 2); /* of which two are the digits */
    for (; f->at < size && kw_filling_go_on(vm, f); f->at++) {
        const char pair[2] = {digits[data[f->at] >> 4], digits[data[f->at] & 15]};
        if (!kw_filling_repeat(vm, f, "0", 1, width - 2, &f->count[0]))
            break;
        f->count[0] = 0;
        kw_buf_put(&f->buf, pair, sizeof(pair));
    }
    return kw_filling_string(vm, call, f);
}

static kw_result bytes_to_hex(kw_vm *vm, kw_call *call)
{
    kw_filling first;
    return kw_bytes_hex(vm, call, kw_filling_begin(call, &first), self_of(call)->data, self_of(call)->size);
}

static kw_result bytes_copy(kw_vm *vm, kw_call *call)
{
    return kw_give_bytes(call, kw_bytes_new(vm, self_of(call)->data, self_of(call)->size));
}

/* clang-format off */
const kw_native_def kw_bytes_methods[] = {
    {"size(): integer", bytes_size, "The number of bytes.",
     "println b\"abc\".size()  # => 3"},
    {"length(): integer", bytes_size, "The number of bytes.",
     "println b\"abc\".length()  # => 3"},
    {"first(): integer?", bytes_first, "The first byte; null where there is none.",
     "println b\"abc\".first()  # => 97"},
    {"last(): integer?", bytes_last, "The last byte; null where there is none.",
     "println b\"abc\".last()  # => 99"},
    {"get(index: integer, default: any = null): integer", bytes_get,
     "The byte at a position; beyond the ends `default`, if that is an integer, else an error.",
     "println b\"abc\".get(1)  # => 98\nprintln b\"abc\".get(5, 0)  # => 0"},
    {"set(index: integer, byte: integer): bytes", bytes_set, "Replace the byte at a position.",
     "b = b\"abc\"\nb.set(0, 65)\nprintln b.to_string()  # => Abc"},
    {"push(byte: integer): bytes", bytes_push, "Append a byte.",
     "println b\"ab\".push(99)  # => [97, 98, 99]", NULL, KW_CHECK_COUNT},
    {"append(byte: integer): bytes", bytes_push, "Append a byte.",
     "println b\"ab\".append(99)  # => [97, 98, 99]", "push", KW_CHECK_COUNT},
    {"pop(): integer?", bytes_pop, "Remove the last byte and give it; null where there is none.",
     "b = b\"abc\"\nprintln b.pop()  # => 99\nprintln b  # => [97, 98]"},
    {"swap(first: number, second: number): bytes", bytes_swap, "Exchange the bytes at two positions.",
     "println b\"abc\".swap(0, 2).to_string()  # => cba"},
    {"clear(): bytes", bytes_clear, "Remove all bytes.",
     "println b\"abc\".clear()  # => []"},
    {"concat(other: bytes, more...: bytes): bytes", bytes_concat, "New bytes: these and those of the others.",
     "println b\"ab\".concat(b\"c\", b\"d\").to_string()  # => abcd", NULL, KW_CHECK_COUNT},
    {"remove_at(index: integer): bytes", bytes_remove_at,
     "New bytes without the one at a position; a negative one counts from the end.",
     "println b\"abc\".remove_at(-1).to_string()  # => ab"},
    {"reverse(): bytes", bytes_reverse, "New bytes in the reverse order.",
     "println b\"abc\".reverse().to_string()  # => cba"},
    {"slice(start: number, end: number): list", bytes_slice, "A list of the bytes from `start` to before `end`.",
     "println b\"abcd\".slice(1, 3)  # => [98, 99]"},
    {"count(byte: integer): integer", bytes_count, "How often the byte occurs.",
     "println b\"abca\".count(97)  # => 2", NULL, KW_CHECK_COUNT},
    {"to_list(): list", bytes_to_list, "A list of the bytes as integers.",
     "println b\"abc\".to_list()  # => [97, 98, 99]"},
    {"to_hex(width: number = 2): string", bytes_to_hex,
     "The bytes as hexadecimal digits, with zeros before them up to `width` for each.",
     "println b\"abc\".to_hex()  # => 616263\nprintln b\"a\".to_hex(4)  # => 0061", NULL, KW_CHECK_COUNT},
    {"to_bytes(): bytes", bytes_copy, "A copy.",
     "println b\"abc\".to_bytes()  # => [97, 98, 99]"},
    {"clone(): bytes", bytes_copy, "A copy.",
     "a = b\"abc\"\nb = a.clone()\nb.clear()\nprintln a  # => [97, 98, 99]"},
    {NULL},
};
/* clang-format on */
