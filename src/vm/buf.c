/* buf.c - a growing text.
 *
 * What does not fit into the buffer itself lies behind room for the head of a string, so that the
 * block can become one. */
#include "config.h"

#include "vm/object.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "vm/heap.h"
#include "vm/text.h"

static const size_t buf_max = (size_t)1 << 31; /* as much as a string can hold */

enum {
    HEAD = sizeof(kw_string),
    ADOPTED_FROM = 1 << 10, /* bytes; shorter texts are copied into the blocks of small objects */
    DOUBLED_TO = 1 << 20,   /* bytes; beyond, a buffer grows by the half */
    SMALLEST_STEP = 16,     /* and by this part at least, whatever is put into it */
};

void kw_buf_init(kw_buf *buf)
{
    buf->text = buf->small;
    buf->size = 0;
    buf->cap = sizeof(buf->small);
    buf->heap = NULL;
    buf->failed = false;
}

/* Bytes of the block behind a text of so many, with the NUL of a string. */
static size_t block_size(size_t cap)
{
    return HEAD + cap + 1;
}

static bool resize(kw_buf *buf, size_t cap)
{
    bool small = buf->text == buf->small;
    assert(cap >= buf->size);
    if (small)
        buf->heap = kw_heap_present();
    char *block =
        kw_heap_resize(buf->heap, small ? NULL : buf->text - HEAD, small ? 0 : block_size(buf->cap), block_size(cap));
    if (block == NULL)
        return false;
    if (small)
        memcpy(block + HEAD, buf->small, buf->size);
    buf->text = block + HEAD;
    buf->cap = cap;
    return true;
}

static bool grow(kw_buf *buf, size_t more)
{
    if (more >= buf_max || buf->size + more >= buf_max) {
        buf->failed = true;
        return false;
    }
    size_t least = buf->size + more;
    size_t cap = buf->cap < DOUBLED_TO ? buf->cap * 2 : buf->cap + buf->cap / 2;
    /* Near the limit what is needed may still fit, but there are no steps so small that all time
     * goes there. */
    size_t step = more > least / SMALLEST_STEP ? more : least / SMALLEST_STEP;
    buf->failed = !(cap > least && resize(buf, cap)) && !resize(buf, buf->size + step);
    return !buf->failed;
}

char *kw_buf_room(kw_buf *buf, size_t size)
{
    if (buf->failed || (size > buf->cap - buf->size && !grow(buf, size)))
        return NULL;
    return buf->text + buf->size;
}

void kw_buf_put(kw_buf *buf, const char *text, size_t size)
{
    if (size == 0 || kw_buf_room(buf, size) == NULL)
        return;
    assert(size <= buf->cap - buf->size);
    memcpy(buf->text + buf->size, text, size);
    buf->size += size;
}

void kw_buf_put_reversed(kw_buf *buf, const char *text, size_t size)
{
    for (size_t end = size, at = end; at > 0;) {
        at--;
        if (!kw_utf8_starts(text[at]))
            continue;
        kw_buf_put(buf, text + at, end - at);
        end = at;
    }
}

void kw_buf_putc(kw_buf *buf, char c)
{
    kw_buf_put(buf, &c, 1);
}

void kw_buf_fill(kw_buf *buf, char c, size_t count)
{
    char *room = kw_buf_room(buf, count);
    if (room == NULL)
        return;
    memset(room, c, count);
    buf->size += count;
}

void kw_buf_puts(kw_buf *buf, const char *text)
{
    kw_buf_put(buf, text, strlen(text));
}

void kw_buf_free(kw_buf *buf)
{
    if (buf->text != buf->small && buf->text != NULL) /* NULL: all zero, it was never begun */
        (void)kw_heap_resize(buf->heap, buf->text - HEAD, block_size(buf->cap), 0);
    kw_buf_init(buf);
}

/* ---- What becomes of it ---------------------------------------------------------------------- */

/* false: thrown, and the buffer is free. */
static bool complete(kw_vm *vm, kw_buf *buf)
{
    if (!buf->failed)
        return true;
    if (vm->error.type == NULL) /* else kw_buf_go_on() has thrown */
        kw_throw_memory(vm, buf->size);
    kw_buf_free(buf);
    return false;
}

/* May its block be given to an object of the vm? */
static bool adoptable(const kw_vm *vm, const kw_buf *buf)
{
    return buf->text != buf->small && buf->heap == vm->heap && buf->size >= ADOPTED_FROM;
}

/* Give back what the text does not need; that it cannot be moved for this is no failure. */
static void trim(kw_buf *buf)
{
    if (buf->cap > buf->size)
        (void)resize(buf, buf->size);
}

static kw_string *adopted(kw_vm *vm, kw_buf *buf, size_t length)
{
    trim(buf);
    if (buf->cap != buf->size)
        return NULL;
    kw_string *s = kw_heap_link(vm, KW_KIND_STRING, buf->text - HEAD);
    kw_string_fill(s, buf->size, length);
    kw_buf_init(buf);
    return s;
}

static kw_string *string_of(kw_vm *vm, kw_buf *buf, size_t length)
{
    kw_string *s = adoptable(vm, buf) ? adopted(vm, buf, length) : NULL;
    if (s == NULL)
        s = kw_string_valid(vm, buf->text, buf->size, length);
    kw_buf_free(buf);
    return s;
}

kw_string *kw_buf_string(kw_vm *vm, kw_buf *buf)
{
    return complete(vm, buf) ? string_of(vm, buf, kw_text_count(buf->text, buf->size)) : NULL;
}

/* One that is no larger than the blocks of small objects, or has to be mended, is copied. */
kw_string *kw_string_adopt(kw_vm *vm, void **text, size_t size)
{
    size_t length;
    kw_string *s = NULL;
    if (size < ADOPTED_FROM || kw_text_valid_part(*text, size, &length) < size) {
        size_t mended = size < ADOPTED_FROM || size > SIZE_MAX / 3 ? size : size * 3; /* at most: of U+FFFD */
        bool room = size < ADOPTED_FROM || kw_heap_fits(vm, mended); /* beyond the limit it would be lost at once */
        if (room)
            s = kw_string_new(vm, size > 0 ? *text : "", size);
        else
            (void)kw_throw_memory(vm, mended);
        if (s != NULL)
            free(*text);
    } else {
        char *block = size >= (size_t)1 << 31 && !kw_heap_room(vm, size, 1) ? NULL : realloc(*text, block_size(size));
        if (block == NULL && vm->error.type == NULL)
            (void)kw_throw_memory(vm, size);
        if (block == NULL)
            return NULL;
        memmove(block + HEAD, block, size);
        kw_heap_adopt(vm, block_size(size));
        s = kw_heap_link(vm, KW_KIND_STRING, block);
        kw_string_fill(s, size, length);
    }
    if (s != NULL)
        *text = NULL;
    return s;
}

kw_string *kw_buf_text(kw_vm *vm, kw_buf *buf)
{
    size_t length;
    if (!complete(vm, buf))
        return NULL;
    if (kw_text_valid_part(buf->text, buf->size, &length) == buf->size)
        return string_of(vm, buf, length);
    kw_string *s = kw_string_new(vm, buf->text, buf->size);
    kw_buf_free(buf);
    return s;
}

kw_bytes *kw_buf_bytes(kw_vm *vm, kw_buf *buf)
{
    kw_bytes *b = NULL;
    if (!complete(vm, buf))
        return NULL;
    if (!adoptable(vm, buf)) {
        b = kw_bytes_new(vm, buf->text, buf->size);
        kw_buf_free(buf);
        return b;
    }
    trim(buf);
    b = kw_bytes_new(vm, NULL, 0);
    b->size = buf->size;
    b->cap = block_size(buf->cap);
    b->data = (uint8_t *)memmove(buf->text - HEAD, buf->text, buf->size);
    kw_buf_init(buf);
    return b;
}
