/* bytes_store.c - see bytes_store.h. */
#include "config.h"

#include "vm/bytes_store.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "vm/heap.h"

struct kw_store {
    atomic_size_t holders; /* loans, and one for all rows together */
    size_t rows;           /* the vm's thread only */
    uint8_t *data;
    size_t size;
    atomic_size_t *lent; /* kw_heap.lent */
};

/* Make the memory of `b` a store, which it is the first to hold.  NULL: no memory. */
static kw_store *share(kw_vm *vm, kw_bytes *b)
{
    if (b->store != NULL)
        return b->store;
    kw_store *s = malloc(sizeof(*s));
    if (s == NULL)
        return NULL;
    *s = (kw_store){.rows = 1, .data = b->data, .size = b->cap, .lent = &vm->heap->lent};
    atomic_init(&s->holders, 1);
    b->store = s;
    b->cap = 0;
    return s;
}

kw_store *kw_bytes_lend(kw_vm *vm, kw_bytes *b)
{
    kw_store *s = share(vm, b);
    if (s != NULL)
        (void)atomic_fetch_add_explicit(&s->holders, 1, memory_order_relaxed);
    return s;
}

/* acq_rel: whoever frees the bytes does so after all others have read them. */
void kw_bytes_store_return(void *loan)
{
    kw_store *s = loan;
    assert(atomic_load_explicit(&s->holders, memory_order_relaxed) > 0);
    if (atomic_fetch_sub_explicit(&s->holders, 1, memory_order_acq_rel) != 1)
        return;
    (void)atomic_fetch_sub_explicit(s->lent, s->size, memory_order_relaxed);
    free(s->data);
    free(s);
}

/* One row fewer holds `s`.  After the last one the heap does not count the memory any more, though it is there
 * until the last loan is given back. */
static void leave(kw_vm *vm, kw_store *s)
{
    assert(s->rows > 0);
    if (--s->rows > 0)
        return;
    kw_heap_uncount(vm, s->size);
    (void)atomic_fetch_add_explicit(s->lent, s->size, memory_order_relaxed);
    kw_bytes_store_return(s);
}

/* Nobody else holds the store of `b`, and it begins where `b` does: take the memory back. */
static bool take_back(kw_bytes *b)
{
    kw_store *s = b->store;
    if (s->rows > 1 || b->data != s->data || atomic_load_explicit(&s->holders, memory_order_acquire) > 1)
        return false;
    b->cap = s->size;
    b->store = NULL;
    free(s);
    return true;
}

bool kw_bytes_own(kw_vm *vm, kw_bytes *b)
{
    if (b->store == NULL || take_back(b))
        return true;
    uint8_t *copy = b->size == 0 ? NULL : kw_heap_try_realloc(vm, NULL, 0, b->size);
    if (copy == NULL && b->size > 0)
        return false;
    if (b->size > 0)
        memcpy(copy, b->data, b->size);
    leave(vm, b->store);
    b->store = NULL;
    b->data = copy;
    b->cap = b->size;
    return true;
}

/* A part that is at least half of what it keeps alive is shared: so no row holds more than twice what it needs, and
 * taking piece after piece from the front of a row costs no more than going through it twice. */
kw_bytes *kw_bytes_part(kw_vm *vm, kw_bytes *b, size_t at, size_t count)
{
    assert(at <= b->size && count <= b->size - at);
    enum { LEAST = 512 };
    size_t whole = b->store != NULL ? b->store->size : b->cap;
    kw_store *s = count >= LEAST && count >= whole / 2 ? share(vm, b) : NULL;
    if (s == NULL)
        return kw_bytes_new(vm, b->data == NULL ? NULL : b->data + at, count);
    kw_bytes *part = kw_bytes_new(vm, NULL, 0);
    s->rows++;
    part->store = s;
    part->data = b->data + at;
    part->size = count;
    return part;
}

void kw_bytes_drop(kw_vm *vm, kw_bytes *b)
{
    if (b->store != NULL)
        leave(vm, b->store);
    else
        kw_heap_release(vm, b->data, b->cap);
}
