/* number_methods.h - what the error for clamp() of other types needs of that of numbers.
 *
 * Place: types layer.  Threads: the interpreter thread only. */
#ifndef KW_NUMBER_METHODS_H
#define KW_NUMBER_METHODS_H

#include "vm/vm.h"

/* May clamp() be called with so many arguments?  false: thrown. */
bool kw_number_clamp_takes(kw_vm *vm, uint32_t count);

#endif
