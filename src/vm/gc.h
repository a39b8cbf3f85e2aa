/* gc.h - heap.c: allocation and limits; gc.c: precise mark and sweep.
 *
 * Every interpreter allocation goes through this header, which counts bytes.  When
 * the count passes the threshold the vm is asked to collect at its next safepoint (vm->budget is
 * set to 0).  Nothing else collects: what may do so is kw_gc_collect(), kw_gc_idle(), and what calls them -
 * kw_sched_safepoint(), kw_loop_run(), kw_sched_run() -; tests/check_includes knows the files that may call these.  All
 * other C code, natives and hooks included, may hold plain pointers until it returns.  Where it runs library code itself
 * (vm->loading) no safepoint collects.  Code of scripts runs in kw_loop_run() alone, which the scheduler calls: natives and
 * hooks do not call it, they give the loop what it is to go on with.  packages/library.h is the exception, for definitions
 * that do not wait; its functions say so.  With GC stress every allocation asks for that.  Roots: the fibers that can run or
 * wait, globals, caches of interned names, pinned values, host hooks. */
#ifndef KW_GC_H
#define KW_GC_H

#include "vm/object.h"

typedef struct kw_heap kw_heap;

/* Allocate a heap object of `size` bytes and link it.  Never fails for small sizes (a reserve is
 * spent, then a MemoryError is raised at the next safepoint; when the reserve is gone, too, the
 * process ends with a message). */
void *kw_heap_new_obj(kw_vm *vm, kw_kind kind, size_t size);
/* The same with nothing but the header set: the caller fills in the rest. */
void *kw_heap_new_raw_obj(kw_vm *vm, kw_kind kind, size_t size);
/* Plain memory that belongs to objects.  try_: NULL when the memory limit or the system says no;
 * the error is thrown.  The others follow the rule of kw_heap_new_obj.  old_size lets the count be
 * exact. */
void *kw_heap_realloc(kw_vm *vm, void *p, size_t old_size, size_t new_size);
void *kw_heap_try_realloc(kw_vm *vm, void *p, size_t old_size, size_t new_size);
void kw_heap_release(kw_vm *vm, void *p, size_t size);
/* The same for elements that belong to one list or hashmap and move only through these: small blocks come from where
 * small objects do, which is faster than malloc(). */
void *kw_heap_resize_elements(kw_vm *vm, void *p, size_t old_size, size_t new_size);
void *kw_heap_try_resize_elements(kw_vm *vm, void *p, size_t old_size, size_t new_size);
void kw_heap_free_elements(kw_vm *vm, void *p, size_t size);
/* Memory adopted from elsewhere (buffers of received bytes) is counted from here on. */
void kw_heap_adopt(kw_vm *vm, size_t size);

/* NULL: no memory; the limit comes from KIWI_MEMORY_LIMIT (bytes; k, m, g) */
kw_heap *kw_heap_new(kw_vm *vm);
void kw_heap_free(kw_vm *vm);
/* The vm of this heap runs on this thread from here on: buffers (kw_buf) that begin to grow count
 * there.  Returns the one before; NULL: none. */
kw_heap *kw_heap_enter(kw_heap *heap);
kw_heap *kw_heap_present(void);
void kw_heap_limit(kw_vm *vm, size_t limit); /* another limit, in bytes; before kw_heap_know_limit() */
/* As kw_heap_new_obj, but for objects of any size: NULL when there is no memory, the error is thrown. */
void *kw_heap_try_new_obj(kw_vm *vm, kw_kind kind, size_t size);
/* May `count` things of `size` bytes be allocated?  false: MemoryError thrown. */
bool kw_heap_room(kw_vm *vm, size_t count, size_t size);
/* Would `more` bytes, which the heap will not count, fit now, garbage included?  A handler of MemoryError has its
 * grace.  false: a collection was asked for. */
bool kw_heap_fits(kw_vm *vm, size_t more);
/* May another thread keep `more` bytes for the vm, which its port will count as held?  What fits beside the garbage
 * or without it; in the second case, and if not even then, a collection is asked for.  Any thread, once
 * kw_heap_know_limit() was called on the vm's own; no lock is taken. */
bool kw_heap_affords(kw_vm *vm, size_t more);
void kw_heap_know_limit(kw_vm *vm);
/* A count that a script named (not negative), as a size: one that no size can hold stays too much
 * for kw_heap_room(). */
static inline size_t kw_to_size(int64_t count)
{
    return (uint64_t)count > SIZE_MAX ? SIZE_MAX : (size_t)count;
}
/* Has the heap grown beyond what a native may take?  Then MemoryError is thrown. */
bool kw_heap_strained(kw_vm *vm);
/* Bytes up to the limit; it may have to be asked for, which takes some files to be read. */
size_t kw_heap_left(kw_vm *vm);
/* The limit if it is known, as one of the user's is; else SIZE_MAX. */
size_t kw_heap_limit_bytes(const kw_vm *vm);
size_t kw_heap_bytes(const kw_vm *vm); /* counted memory in use */
/* About how many bytes would be free if `v`, which is kept for somebody, were not: each object weighs
 * in the first of the kept values that has it.  Of a large one only a part is looked at, so that
 * this takes no longer than some 10,000 elements do. */
size_t kw_weigh(kw_vm *vm, kw_value v);
/* A value that weighed something is not kept any more.  Returns what was looked at of it, in bytes. */
size_t kw_weigh_undo(kw_value v);
/* So many bytes are garbage from here on, for all that is known, and as many are likely to lie beside them: the next
 * collection comes the sooner, but after no less than a quarter of what is in use was dropped. */
void kw_heap_dropped(kw_vm *vm, size_t bytes);
uint64_t kw_heap_collections(const kw_vm *vm); /* collections so far */

bool kw_heap_due(kw_vm *vm); /* is a collection wanted? */
void kw_gc_collect(kw_vm *vm);
/* Nothing can run and the thread is about to sleep for `timeout_us` (< 0: until something
 * happens).  Collects if there is enough garbage and nothing has happened since the last call, a
 * moment ago.  Returns how long to sleep, which may be shorter. */
int64_t kw_gc_idle(kw_vm *vm, int64_t timeout_us);
/* After a collection: is there still more in use than the limit allows?  Then MemoryError is
 * thrown, once per overdraft. */
bool kw_heap_overdrawn(kw_vm *vm);
void kw_gc_mark_value(kw_vm *vm, kw_value v);
void kw_gc_mark_obj(kw_vm *vm, void *obj); /* any kw_obj; NULL is allowed */
void kw_gc_free_all(kw_vm *vm);            /* at the end of the vm */

#endif
