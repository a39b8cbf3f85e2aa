/* bytes.c - rows of bytes. */
#include "config.h"

#include "vm/object.h"

#include <stdlib.h>
#include <string.h>

#include "vm/bytes_store.h"
#include "vm/vm.h"

kw_bytes *kw_bytes_new(kw_vm *vm, const void *data, size_t size)
{
    if (size >= (size_t)1 << 31 && !kw_heap_room(vm, size, 1))
        return NULL;
    uint8_t *copy = NULL;
    if (size > 0) {
        copy = kw_heap_try_realloc(vm, NULL, 0, size);
        if (copy == NULL)
            return NULL;
        if (data != NULL)
            memcpy(copy, data, size);
        else
            memset(copy, 0, size);
    }
    kw_bytes *b = kw_heap_new_obj(vm, KW_KIND_BYTES, sizeof(*b));
    b->data = copy;
    b->size = b->cap = size;
    return b;
}

kw_bytes *kw_bytes_adopt(kw_vm *vm, void *data, size_t size)
{
    kw_bytes *b = kw_heap_new_obj(vm, KW_KIND_BYTES, sizeof(*b));
    if (size == 0) {
        free(data);
        return b;
    }
    kw_heap_adopt(vm, size);
    b->data = data;
    b->size = b->cap = size;
    return b;
}

bool kw_bytes_push(kw_vm *vm, kw_bytes *b, uint8_t byte)
{
    if (!kw_bytes_own(vm, b))
        return false;
    if (b->size == b->cap) {
        size_t cap = b->cap < 16 ? 16 : b->cap * 2;
        if (cap >= (size_t)1 << 31 && !kw_heap_room(vm, cap, 1))
            return false;
        uint8_t *data = kw_heap_try_realloc(vm, b->data, b->cap, cap);
        if (data == NULL)
            return false;
        b->data = data;
        b->cap = cap;
    }
    b->data[b->size++] = byte;
    return true;
}
