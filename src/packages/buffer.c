/* buffer.c - struct Buffer of package bytes: bytes that come at the end and are taken from the front (PACKAGES.md,
 * "bytes").  Each byte is copied a constant number of times, however small the pieces are that come and go. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "packages/buffer.h"
#include "packages/piece.h"
#include "types/give.h"
#include "vm/search.h"

enum { REMEMBERED = 16, KEPT = 1 << 16 };

typedef struct buffer {
    uint8_t *data; /* counted by the heap */
    size_t from, to, room;
    /* what take_until() looked for last, and how far from `from` on it is not to be found */
    unsigned char delimiter[REMEMBERED];
    size_t delimiter_size, seen;
} buffer;

static void free_buffer(kw_vm *vm, void *data)
{
    buffer *b = data;
    kw_heap_release(vm, b->data, b->room);
    kw_heap_release(vm, b, sizeof(*b));
}

static buffer *self_of(kw_vm *vm, const kw_call *call)
{
    return kp_struct_handle(vm, call, &kp_bytes_buffer);
}

static size_t size_of(const buffer *b)
{
    assert(b->from <= b->to && b->to <= b->room);
    return b->to - b->from;
}

/* Room for `more` bytes at the end.  What is there goes to the front once that is the smaller half.  false: thrown. */
static bool reserve(kw_vm *vm, buffer *b, size_t more)
{
    enum { LEAST = 64 };
    size_t size = size_of(b);
    if (b->room - b->to >= more)
        return true;
    if (b->from >= size && b->room - size >= more) {
        memmove(b->data, b->data + b->from, size);
    } else {
        size_t wanted = size + more, room = wanted > LEAST ? wanted + wanted / 2 : LEAST;
        if (!kw_heap_room(vm, room, 1))
            return false;
        uint8_t *data = kw_heap_try_realloc(vm, NULL, 0, room);
        if (data == NULL)
            return false;
        if (size > 0)
            memcpy(data, b->data + b->from, size);
        kw_heap_release(vm, b->data, b->room);
        b->data = data;
        b->room = room;
    }
    b->from = 0;
    b->to = size;
    return true;
}

static bool append(kw_vm *vm, buffer *b, kp_piece p)
{
    if (p.size == 0)
        return true;
    if (!reserve(vm, b, p.size))
        return false;
    assert(b->room - b->to >= p.size);
    memcpy(b->data + b->to, p.data, p.size);
    b->to += p.size;
    return true;
}

/* Forget the first `size` bytes; when nothing is left, much memory, too. */
static void drop(kw_vm *vm, buffer *b, size_t size)
{
    assert(size <= size_of(b));
    b->from += size;
    b->seen = b->seen > size ? b->seen - size : 0;
    if (b->from < b->to)
        return;
    b->from = b->to = 0;
    if (b->room <= KEPT)
        return;
    kw_heap_release(vm, b->data, b->room);
    b->data = NULL;
    b->room = 0;
}

/* The first `size` bytes, and forget `more` behind them, too. */
static kw_result take(kw_vm *vm, kw_call *call, buffer *b, size_t size, size_t more)
{
    assert(size <= size_of(b) && more <= size_of(b) - size);
    kw_bytes *bytes = kw_bytes_new(vm, size > 0 ? b->data + b->from : NULL, size);
    if (bytes != NULL)
        drop(vm, b, size + more);
    return kw_give_bytes(call, bytes);
}

static kw_result buffer_new(kw_vm *vm, kw_call *call)
{
    kw_value data = kw_native_argument(call, 0);
    buffer *b = kw_heap_realloc(vm, NULL, 0, sizeof(*b));
    *b = (buffer){.data = NULL};
    kp_struct_give_handle(vm, call->self.as.object, &kp_bytes_buffer, b);
    return kw_is(data, KW_NULL) || append(vm, b, kp_piece_of(data)) ? KW_DONE : KW_THROWN;
}

static kw_result buffer_append(kw_vm *vm, kw_call *call)
{
    buffer *b = self_of(vm, call);
    if (b == NULL || !append(vm, b, kp_piece_of(call->args[0])))
        return KW_THROWN;
    return kw_return(call, call->self);
}

static kw_result buffer_size(kw_vm *vm, kw_call *call)
{
    const buffer *b = self_of(vm, call);
    return b == NULL ? KW_THROWN : kw_return(call, kw_int((int64_t)size_of(b)));
}

/* A number of bytes that a script asks for; false: thrown. */
static bool count_of(kw_vm *vm, int64_t n, size_t *out)
{
    *out = n > 0 ? (size_t)n : 0;
    if (n >= 0)
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "A number of bytes must not be negative, but is %lld.", (long long)n);
    return false;
}

static kw_result buffer_take(kw_vm *vm, kw_call *call)
{
    size_t n;
    buffer *b = self_of(vm, call);
    if (b == NULL || !count_of(vm, call->args[0].as.i, &n))
        return KW_THROWN;
    return n > size_of(b) ? KW_DONE : take(vm, call, b, n, 0);
}

static kw_result buffer_peek(kw_vm *vm, kw_call *call)
{
    kw_value most = kw_native_argument(call, 0);
    const buffer *b = self_of(vm, call);
    size_t n = SIZE_MAX;
    if (b == NULL || (!kw_is(most, KW_NULL) && !count_of(vm, most.as.i, &n)))
        return KW_THROWN;
    n = n < size_of(b) ? n : size_of(b);
    return kw_give_bytes(call, kw_bytes_new(vm, n > 0 ? b->data + b->from : NULL, n));
}

/* Where to begin to look for `p`: what was looked through before has none. */
static size_t start_of(const buffer *b, kp_piece p)
{
    bool same = p.size == b->delimiter_size && memcmp(p.data, b->delimiter, p.size) == 0;
    return same ? b->seen : 0;
}

static void remember(buffer *b, kp_piece p)
{
    b->delimiter_size = 0;
    if (p.size > REMEMBERED)
        return;
    memcpy(b->delimiter, p.data, p.size);
    b->delimiter_size = p.size;
    b->seen = size_of(b) >= p.size ? size_of(b) - p.size + 1 : 0;
}

static kw_result buffer_take_until(kw_vm *vm, kw_call *call)
{
    buffer *b = self_of(vm, call);
    kp_piece p = kp_piece_of(call->args[0]);
    if (b == NULL)
        return KW_THROWN;
    if (p.size == 0)
        return kw_throw(vm, "InvalidOperationError", "The delimiter must not be empty.");
    size_t from = start_of(b, p), at = SIZE_MAX;
    assert(from <= size_of(b)); /* drop() moves `seen`, too */
    kw_before_scan(vm, size_of(b) - from);
    if (size_of(b) > 0)
        at = kw_search_first((const char *)b->data + b->from, size_of(b), from, p.data, p.size);
    if (at != SIZE_MAX)
        return take(vm, call, b, at, p.size);
    remember(b, p);
    return KW_DONE;
}

/* clang-format off */
static const kw_native_def methods[] = {
    {"new(data: bytes|string? = null)", buffer_new,
     "A buffer with nothing in it, or with these bytes.",
     "println Buffer.new(b\"abc\").size()  # => 3"},
    {"append(data: bytes|string): Buffer", buffer_append,
     "Put bytes at the end; the buffer itself.",
     "println Buffer.new().append(b\"ab\").append(\"c\").size()  # => 3"},
    {"take(count: integer): bytes?", buffer_take,
     "Take `count` bytes from the front; null, and nothing is taken, while there are fewer.",
     "b = Buffer.new(b\"abc\")\nprintln b.take(2).to_string()  # => ab\nprintln b.take(2) == null  # => true"},
    {"take_until(delimiter: bytes|string): bytes?", buffer_take_until,
     "Take the bytes up to the delimiter, which is taken, too, and not given; null, and nothing is taken, while there is "
     "none.",
     "b = Buffer.new(b\"one\\r\\ntw\")\nprintln b.take_until(b\"\\r\\n\").to_string()  # => one\n"
     "println b.take_until(b\"\\r\\n\") == null  # => true\nprintln b.size()  # => 2"},
    {"peek(count: integer? = null): bytes", buffer_peek,
     "The first `count` bytes, fewer if there are fewer, or all; they stay.",
     "b = Buffer.new(b\"abc\")\nprintln b.peek(2).to_string()  # => ab\nprintln b.size()  # => 3"},
    {"size(): integer", buffer_size, "How many bytes there are.",
     "println Buffer.new(b\"abc\").size()  # => 3"},
    {NULL},
};
/* clang-format on */

const kp_struct kp_bytes_buffer = {
    .package = &kp_bytes,
    .name = "Buffer",
    .about = "Bytes that come at the end and are taken from the front.",
    .methods = methods,
    .noun = "buffer",
    .field = "buffer",
    .free = free_buffer,
};
