/* heap.h - the state of the collected heap, shared by heap.c and gc.c.
 *
 * Place: inside the vm layer only. */
#ifndef KW_HEAP_H
#define KW_HEAP_H

#include "vm/slab.h"
#include "vm/vm.h"

struct kw_heap {
    kw_obj *all;           /* every heap object */
    kw_slabs slabs;        /* memory of the small ones */
    size_t bytes;          /* counted memory in use */
    size_t threshold;      /* a collection is asked for beyond this */
    size_t limit;          /* what may be in use after a collection */
    size_t live;           /* what was in use after the last one */
    bool due;              /* a collection is wanted at the next safepoint */
    bool overdrawn;        /* a small request passed the limit: MemoryError at the next safepoint */
    size_t grace;          /* after that error: bytes in use up to which the script may go on and clean up */
    void *reserve;         /* given back to the system when that has no memory left */
    kw_obj **gray;         /* reached but not traced yet */
    size_t gray_count, gray_cap;
    bool gray_lost;        /* the stack could not grow: objects are gray only by their mark */
    uint64_t collections;
};

enum {
    KW_LEAST_ROOM = 64, /* the part 1/64 of the limit: what a collection should leave, at least */
    /* Bytes in use below which nothing is collected.  With twice as much a program that makes and drops
     * small objects takes 0.5 MB more and no less time; with half, it takes longer. */
    KW_LEAST_THRESHOLD = 512 << 10,
};
enum { KW_WHITE = 0, KW_GRAY = 1, KW_BLACK = 2 }; /* kw_obj.mark */

/* Give back the memory of an object of `size` bytes. */
void kw_heap_give(kw_vm *vm, kw_obj *o, size_t size);
/* Free one object with all that it owns. */
void kw_obj_free(kw_vm *vm, kw_obj *o);
/* Trace the children of one object. */
void kw_obj_trace(kw_vm *vm, kw_obj *o);

#endif
