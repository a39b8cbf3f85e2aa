/* slab.h - memory for small heap objects: slabs of equal blocks.
 *
 * Place: inside the vm layer; heap.c allocates from it and counts.  A slab is a piece of memory
 * that is aligned, so that a block finds its slab by its address.  Blocks of one slab have one size
 * class.  Slabs without used blocks are kept for what comes next, until kw_slab_trim() leaves about
 * as many as are in use.  Under the address sanitizer every block comes from malloc(), so that its
 * use after free is found.  Threads: the interpreter thread only. */
#ifndef KW_SLAB_H
#define KW_SLAB_H

#include <stddef.h>

/* The largest block holds a fiber: malloc() takes longer for a hundred thousand of them. */
enum { KW_SLAB_STEP = 16, KW_SLAB_CLASSES = 16, KW_SLAB_MAX = KW_SLAB_STEP * KW_SLAB_CLASSES };

typedef struct kw_slab kw_slab;
typedef struct kw_slabs {
    kw_slab *open[KW_SLAB_CLASSES]; /* slabs with a free block; the first one is taken from */
    size_t count, empty;            /* slabs; those of them without used blocks */
} kw_slabs;

/* A block of `size` bytes (1 to KW_SLAB_MAX), not cleared.  NULL: the system has no memory. */
void *kw_slab_take(kw_slabs *slabs, size_t size);
/* Give back a block that was taken with this size. */
void kw_slab_give(kw_slabs *slabs, void *block, size_t size);
/* Free most of the slabs without used blocks: for the end of a collection. */
void kw_slab_trim(kw_slabs *slabs);
/* What is wrong with the lists of slabs: a static text, or NULL. */
const char *kw_slab_flaw(const kw_slabs *slabs);
/* Free what is left when all blocks were given back. */
void kw_slab_fini(kw_slabs *slabs);

#endif
