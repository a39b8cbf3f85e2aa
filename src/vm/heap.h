/* heap.h - the state of the collected heap, shared by heap.c and gc.c.
 *
 * Place: inside the vm layer only. */
#ifndef KW_HEAP_H
#define KW_HEAP_H

#include "vm/slab.h"
#include "vm/vm.h"

struct kw_heap {
    kw_vm *vm;
    kw_obj *all;         /* every heap object */
    kw_slabs slabs;      /* memory of the small ones */
    atomic_size_t bytes; /* counted memory in use; written by the vm's thread, read by any */
    atomic_size_t lent;  /* bytes that no object has any more, and whoever they were lent to still reads */
    size_t threshold;    /* a collection is asked for beyond this */
    size_t limit;        /* what may be in use after a collection */
    bool limit_known;    /* false: when `limit` is passed the system is asked for the real one */
    /* what may be in use, garbage included; 0: not worked out since `limit` changed */
    size_t ceiling;
    atomic_size_t live;        /* what was in use after the last collection; as `bytes` */
    size_t freed;              /* what that collection freed */
    size_t peak;               /* most that was in use since memory was last given back to the system */
    size_t idle_bytes;         /* what was in use when kw_gc_idle() was called last */
    bool due;                  /* a collection is wanted at the next safepoint */
    atomic_bool short_outside; /* so it is, because another thread could not keep what it wanted to */
    bool overdrawn;            /* a small request passed the limit: MemoryError at the next safepoint */
    size_t grace;              /* after that error: bytes in use up to which the script may go on and clean up */
    void *reserve;             /* given back to the system when that has no memory left */
    kw_obj **gray;             /* reached but not traced yet */
    size_t gray_count, gray_cap;
    bool gray_lost; /* the stack could not grow: objects are gray only by their mark */
    uint64_t collections;
};

enum {
    KW_LEAST_ROOM = 64, /* the part 1/64 of the limit: what a collection should leave, at least */
    /* Bytes in use below which nothing is collected.  With twice as much a program that makes and
     * drops small objects takes 0.5 MB more and no less time; with half, it takes longer. */
    KW_LEAST_THRESHOLD = 640 << 10,
};
enum { KW_WHITE, KW_GRAY, KW_BLACK, KW_LISTED /* by kw_heap_flaw() */ }; /* kw_obj.mark; white between collections */

/* Relaxed: what other threads see may be a moment old. */
static inline size_t kw_heap_counted(kw_heap *heap)
{
    return atomic_load_explicit(&heap->bytes, memory_order_relaxed);
}

static inline size_t kw_heap_live(kw_heap *heap)
{
    return atomic_load_explicit(&heap->live, memory_order_relaxed);
}

/* No other thread writes: that needs no locked instruction. */
static inline void kw_heap_count(kw_heap *heap, size_t more, size_t less)
{
    atomic_store_explicit(&heap->bytes, kw_heap_counted(heap) + more - less, memory_order_relaxed);
}

/* What counts against the limit beside `bytes`: lent rows that no object has any more, and what the port holds.
 * Any thread. */
size_t kw_heap_outside(kw_heap *heap);

/* Memory of a buffer that grows: counted by `heap` (NULL: by none).  NULL: the limit or the system
 * says no, and nothing has changed; nothing is thrown.  new_size 0: freed. */
void *kw_heap_resize(kw_heap *heap, void *p, size_t old_size, size_t new_size);
/* The same where there is no way back: the reserve is spent, and then the process ends with a
 * message. */
void *kw_heap_must(kw_heap *heap, void *p, size_t old_size, size_t new_size);
/* A block of kw_heap_realloc() is kept for as long as the vm: it does not count. */
void kw_heap_uncount(kw_vm *vm, size_t size);
/* Make a block larger than KW_SLAB_MAX, which is counted, an object; its header is filled in here. */
void *kw_heap_link(kw_vm *vm, kw_kind kind, void *block);
/* Give back the memory of an object of `size` bytes. */
void kw_heap_give(kw_vm *vm, kw_obj *o, size_t size);
/* What is wrong in the heap - counters, bounds, a reference to what is not in the heap or of another kind, tables of
 * names, slabs -, a static text, or NULL.  Between collections; takes about as long as one. */
const char *kw_heap_flaw(kw_vm *vm);
/* End the program with a message if there is such.  when: "before" or "after". */
void kw_heap_must_be_sound(kw_vm *vm, const char *when);
/* Free one object with all that it owns. */
void kw_gc_free_obj(kw_vm *vm, kw_obj *o);
/* Trace the children of one object. */
void kw_gc_trace_obj(kw_vm *vm, kw_obj *o);

#endif
