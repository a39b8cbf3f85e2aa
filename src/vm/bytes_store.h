/* bytes_store.h - memory of rows of bytes that more than one holds: slices of one row, and operations under way that read
 * the row on other threads.
 *
 * A row has its memory for itself until it is shared; whoever changes a row that is shared copies it first
 * (kw_bytes_own()).
 * Place: vm layer.  Threads: the vm's own, but for kw_bytes_store_return(). */
#ifndef KW_BYTES_STORE_H
#define KW_BYTES_STORE_H

#include "vm/object.h"

typedef struct kw_store kw_store;

/* Lend the bytes of `b`: they stay as they are and where they are until the loan is given back, whatever becomes of
 * `b`.  NULL: no memory, nothing is thrown. */
kw_store *kw_bytes_lend(kw_vm *vm, kw_bytes *b);
/* Give a loan back.  Any thread; the vm's heap must still exist. */
void kw_bytes_store_return(void *loan);

/* Before a change of `b`: its memory becomes its own.  false: no memory, thrown. */
bool kw_bytes_own(kw_vm *vm, kw_bytes *b);
/* The `count` bytes of `b` from `at` on, as a row of its own.  NULL: no memory, thrown. */
kw_bytes *kw_bytes_part(kw_vm *vm, kw_bytes *b, size_t at, size_t count);
/* Free the memory of `b`: it is swept. */
void kw_bytes_drop(kw_vm *vm, kw_bytes *b);

#endif
