/* gc.h - heap.c: allocation and limits; gc.c: precise mark and sweep.
 *
 * Every interpreter allocation goes through kw_alloc/kw_realloc/kw_free, which count bytes.  When the count
 * passes the threshold the vm is asked to collect at its next safepoint (vm->budget is set to 0).  With
 * GC stress every allocation asks for that.
 * Roots: the fibers that can run or wait, globals, caches of interned names, pinned values, host hooks. */
#ifndef KW_GC_H
#define KW_GC_H

#include "vm/object.h"

typedef struct kw_heap kw_heap;

/* Allocate a heap object of `size` bytes and link it.  Never fails for small sizes (a reserve is spent,
 * then a MemoryError is raised at the next safepoint; when the reserve is gone, too, the process ends
 * with a message). */
void *kw_new_obj(kw_vm *vm, kw_kind kind, size_t size);
/* The same with nothing but the header set: the caller fills in the rest. */
void *kw_new_raw_obj(kw_vm *vm, kw_kind kind, size_t size);
/* Plain memory that belongs to objects.  try_: NULL when the memory limit or the system says no; the
 * error is thrown.  The others follow the rule of kw_new_obj.  old_size lets the count be exact. */
void *kw_realloc(kw_vm *vm, void *p, size_t old_size, size_t new_size);
void *kw_try_realloc(kw_vm *vm, void *p, size_t old_size, size_t new_size);
void kw_free(kw_vm *vm, void *p, size_t size);
/* Memory adopted from elsewhere (buffers of received bytes) is counted from here on. */
void kw_gc_adopt(kw_vm *vm, size_t size);

kw_heap *kw_heap_new(void); /* NULL: no memory; the limit comes from KIWI_MEMORY_LIMIT (bytes; k, m, g) */
void kw_heap_free(kw_vm *vm);
/* The bytes that a text such as "64m" (k, m, g) stands for; 0: it is no size. */
size_t kw_heap_size(const char *text);
void kw_heap_limit(kw_vm *vm, size_t limit); /* another limit, in bytes */
/* As kw_new_obj, but for objects of any size: NULL when there is no memory, the error is thrown. */
void *kw_try_new_obj(kw_vm *vm, kw_kind kind, size_t size);
/* Is there room for so many bytes?  It throws nothing. */
bool kw_gc_fits(kw_vm *vm, size_t size);
/* May `count` things of `size` bytes be allocated?  false: MemoryError thrown. */
bool kw_gc_room(kw_vm *vm, size_t count, size_t size);
/* A count that a script named (not negative), as a size: one that no size can hold stays too much for
 * kw_gc_room(). */
static inline size_t kw_to_size(int64_t count)
{
    return (uint64_t)count > SIZE_MAX ? SIZE_MAX : (size_t)count;
}
size_t kw_gc_bytes(const kw_vm *vm); /* counted memory in use */
uint64_t kw_gc_count(const kw_vm *vm); /* collections so far */

bool kw_gc_due(kw_vm *vm); /* is a collection wanted? */
void kw_gc_collect(kw_vm *vm);
/* After a collection: is there still more in use than the limit allows?  Then MemoryError is thrown, once
 * per overdraft. */
bool kw_gc_overdrawn(kw_vm *vm);
void kw_gc_mark_value(kw_vm *vm, kw_value v);
void kw_gc_mark_obj(kw_vm *vm, void *obj); /* any kw_obj; NULL is allowed */
void kw_gc_free_all(kw_vm *vm);            /* at the end of the vm */

#endif
