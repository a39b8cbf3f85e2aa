/* slab.c - blocks are taken from the free list of a slab, or from its part that was never used. */
#include "config.h"

#include "vm/slab.h"

#include <assert.h>
#include <stdbool.h>
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

void kw_slab_trim(kw_slabs *slabs)
{
    (void)slabs;
}

const char *kw_slab_flaw(const kw_slabs *slabs)
{
    (void)slabs;
    return NULL;
}

void kw_slab_fini(kw_slabs *slabs)
{
    (void)slabs;
}

#else

enum {
    ALIGNMENT = 16 << 10,
    SLAB_SIZE = ALIGNMENT - 16, /* malloc() keeps its words before the next slab: no gap */
    KEEP = 64,                  /* more than a heap that is collected at its least threshold needs */
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
    slabs->empty += --s->used == 0;
}

/* Free the empty slabs of one class, but for `most` of all. */
static void trim_class(kw_slabs *slabs, size_t class, size_t most)
{
    for (kw_slab *s = slabs->open[class], *next; s != NULL && slabs->empty > most; s = next) {
        next = s->next;
        if (s->used > 0)
            continue;
        close_slab(slabs, class, s);
        slabs->count--;
        slabs->empty--;
        free(s);
    }
}

void kw_slab_trim(kw_slabs *slabs)
{
    size_t most = KEEP + (slabs->count - slabs->empty);
    for (size_t class = 0; class < KW_SLAB_CLASSES && slabs->empty > most; class ++)
        trim_class(slabs, class, most);
}

/* A slab with a free block, in the list of its class. */
static bool is_open(const kw_slab *s, size_t class)
{
    return s->block == (class + 1) * KW_SLAB_STEP && (s->free != NULL || s->fresh + s->block <= SLAB_SIZE) &&
           s->used <= (s->fresh - sizeof(*s)) / s->block && (s->next == NULL || s->next->prev == s);
}

const char *kw_slab_flaw(const kw_slabs *slabs)
{
    size_t open = 0, empty = 0;
    for (size_t class = 0; class < KW_SLAB_CLASSES; class ++)
        for (const kw_slab *s = slabs->open[class]; s != NULL; s = s->next) {
            if (++open > slabs->count || !is_open(s, class))
                return "a slab";
            empty += s->used == 0;
        }
    return empty != slabs->empty ? "the number of empty slabs" : NULL;
}

void kw_slab_fini(kw_slabs *slabs)
{
    for (size_t class = 0; class < KW_SLAB_CLASSES; class ++) {
        while (slabs->open[class] != NULL) {
            kw_slab *s = slabs->open[class];
            slabs->open[class] = s->next;
            free(s);
        }
    }
}

#endif
