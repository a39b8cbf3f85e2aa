/* slab.c - blocks are taken from the free list of a slab, or from its part that was never used. */
#include "config.h"

#include "vm/slab.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define KW_SLAB_BYPASS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KW_SLAB_BYPASS 1
#endif
#endif

#ifdef KW_SLAB_BYPASS

void *kw_slab_take(kw_slabs *slabs, size_t size)
{
    (void)slabs;
    return malloc(size);
}

void kw_slab_give(kw_slabs *slabs, void *block, size_t size)
{
    (void)slabs;
    (void)size;
    free(block);
}

void kw_slab_fini(kw_slabs *slabs)
{
    (void)slabs;
}

#else

enum {
    ALIGNMENT = 16 << 10,
    SLAB_SIZE = ALIGNMENT - 16, /* malloc() keeps its words before the next slab: no gap */
    KEEP = 32,
};

struct kw_slab {
    kw_slab *next, *prev; /* in the list of open slabs of its class */
    void *free;           /* blocks given back, linked through their first word */
    uint32_t used;        /* blocks in use */
    uint32_t fresh;       /* offset of the part that was never used */
    uint32_t block;       /* bytes of a block */
    uint32_t spare;       /* blocks begin at a multiple of 16 */
    uint64_t spare64;
};

static kw_slab *slab_of(void *block)
{
    return (kw_slab *)(void *)((char *)block - ((uintptr_t)block & (ALIGNMENT - 1)));
}

static size_t class_of(size_t size)
{
    return (size - 1) / KW_SLAB_STEP;
}

static void open_slab(kw_slabs *slabs, size_t class, kw_slab *s)
{
    s->prev = NULL;
    s->next = slabs->open[class];
    if (s->next != NULL)
        s->next->prev = s;
    slabs->open[class] = s;
}

static void close_slab(kw_slabs *slabs, size_t class, kw_slab *s)
{
    if (s->prev != NULL)
        s->prev->next = s->next;
    else
        slabs->open[class] = s->next;
    if (s->next != NULL)
        s->next->prev = s->prev;
}

static kw_slab *new_slab(kw_slabs *slabs, size_t class)
{
    void *memory;
    if (posix_memalign(&memory, ALIGNMENT, SLAB_SIZE) != 0)
        return NULL;
    kw_slab *s = memory;
    size_t first = (sizeof(*s) + KW_SLAB_STEP - 1) / KW_SLAB_STEP * KW_SLAB_STEP;
    *s = (kw_slab){.fresh = (uint32_t)first, .block = (uint32_t)(class + 1) * KW_SLAB_STEP};
    open_slab(slabs, class, s);
    slabs->count++;
    slabs->empty++;
    return s;
}

void *kw_slab_take(kw_slabs *slabs, size_t size)
{
    assert(size > 0 && size <= KW_SLAB_MAX);
    size_t class = class_of(size);
    kw_slab *s = slabs->open[class];
    if (s == NULL && (s = new_slab(slabs, class)) == NULL)
        return NULL;
    void *block = s->free;
    if (block != NULL) {
        s->free = *(void **)block;
    } else {
        block = (char *)s + s->fresh;
        s->fresh += s->block;
    }
    slabs->empty -= s->used++ == 0;
    if (s->free == NULL && s->fresh + s->block > SLAB_SIZE)
        close_slab(slabs, class, s);
    return block;
}

void kw_slab_give(kw_slabs *slabs, void *block, size_t size)
{
    kw_slab *s = slab_of(block);
    size_t class = class_of(size);
    assert(s->block == (class + 1) * KW_SLAB_STEP && s->used > 0);
    if (s->free == NULL && s->fresh + s->block > SLAB_SIZE) /* it was full */
        open_slab(slabs, class, s);
    *(void **)block = s->free;
    s->free = block;
    if (--s->used > 0)
        return;
    if (slabs->empty < KEEP + slabs->count / 2) {
        slabs->empty++;
        return;
    }
    close_slab(slabs, class, s);
    slabs->count--;
    free(s);
}

void kw_slab_fini(kw_slabs *slabs)
{
    for (size_t class = 0; class < KW_SLAB_CLASSES; class++) {
        while (slabs->open[class] != NULL) {
            kw_slab *s = slabs->open[class];
            slabs->open[class] = s->next;
            free(s);
        }
    }
}

#endif
