/* names.h - the table of interned strings and the records of global names.
 *
 * Place: vm layer.  The table holds its strings weakly: the collector takes dead ones out before it
 * frees them.  Records of globals that mean something are roots; the others live as long as code
 * that mentions them: what evaluated text mentions goes with its code. */
#ifndef KW_NAMES_H
#define KW_NAMES_H

#include "vm/vm.h"

bool kw_names_new(kw_vm *vm); /* fills vm->names; false: no memory */
void kw_names_free(kw_vm *vm);
/* Collector: mark the records of globals that mean something. */
void kw_names_mark(kw_vm *vm);
/* Collector: mark a record that code refers to, with what it holds. */
void kw_names_global_mark(kw_vm *vm, kw_global *g);
/* Collector: forget records and interned strings that were not marked. */
void kw_names_sweep(kw_vm *vm);
/* What is wrong with the tables: kw_heap_flaw(), which has listed all objects. */
const char *kw_names_flaw(kw_vm *vm);

/* Call `take` with every record of a global name; it must not make new ones. */
void kw_names_each(kw_vm *vm, void (*take)(const kw_global *g, void *context), void *context);

#endif
