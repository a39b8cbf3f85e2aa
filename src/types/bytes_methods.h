/* bytes_methods.h - bytes in other types: what must be one, and rows of them as text.
 *
 * Place: types layer.  Threads: the interpreter thread only. */
#ifndef KW_BYTES_METHODS_H
#define KW_BYTES_METHODS_H

#include "types/filling.h"

/* Is it 0 to 255?  false: thrown (BYTE of TYPES.md section 3). */
bool kw_bytes_check(kw_vm *vm, int64_t n);
/* to_hex of a row of bytes: two digits each, lower case, or as many as the argument of the call says. */
kw_result kw_bytes_hex(kw_vm *vm, kw_call *call, kw_filling *f, const uint8_t *data, size_t size);

#endif
