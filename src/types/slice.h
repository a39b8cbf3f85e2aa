/* slice.h - what slice() of lists, strings and bytes has in common.
 *
 * Place: types layer, below the files of methods.  Threads: the interpreter thread only. */
#ifndef KW_SLICE_H
#define KW_SLICE_H

#include "vm/vm.h"

/* The two arguments of slice(), checked against `size`, the number of elements: [*from, *to).  false: thrown. */
bool kw_slice_range(kw_vm *vm, kw_call *call, size_t size, size_t *from, size_t *to);

#endif
