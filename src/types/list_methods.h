/* list_methods.h - parts of lists, for the files of their methods and for other types that give some.
 *
 * Place: types layer.  Threads: the interpreter thread only. */
#ifndef KW_LIST_METHODS_H
#define KW_LIST_METHODS_H

#include "vm/vm.h"

/* A new list of the elements [from, to).  NULL: thrown. */
kw_list *kw_list_part(kw_vm *vm, const kw_list *l, size_t from, size_t to);
/* list.to_bytes().  NULL: thrown. */
kw_bytes *kw_list_bytes(kw_vm *vm, const kw_list *l);
/* list.flatten() */
kw_result kw_list_flatten(kw_vm *vm, kw_call *call);

#endif
