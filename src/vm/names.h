/* names.h - the table of interned strings and the records of global names.
 *
 * Place: vm layer.  The table holds its strings weakly: the collector takes dead ones out before it
 * frees them.  Records of globals live until the vm ends and are roots. */
#ifndef KW_NAMES_H
#define KW_NAMES_H

#include "vm/vm.h"

bool kw_names_new(kw_vm *vm); /* fills vm->names; false: no memory */
void kw_names_free(kw_vm *vm);
/* Collector: mark what the records of globals hold. */
void kw_names_mark(kw_vm *vm);
/* Collector: forget interned strings that were not marked. */
void kw_names_sweep(kw_vm *vm);

/* Call `take` with every record of a global name; it must not make new ones. */
void kw_names_each(kw_vm *vm, void (*take)(const kw_global *g, void *context), void *context);

#endif
