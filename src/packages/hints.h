/* hints.h - advice below the report of an uncaught error, from what the interpreter knows.
 *
 * Place: packages.  Threads: the interpreter thread. */
#ifndef KP_HINTS_H
#define KP_HINTS_H

#include "vm/vm.h"

enum { KP_HINT_SIZE = 256 };

/* Write advice about vm->error into `out`; false: none.  `source` is the text of its file, or
 * NULL. */
bool kp_hints_advise(kw_vm *vm, const char *source, size_t size, char out[KP_HINT_SIZE]);

#endif
