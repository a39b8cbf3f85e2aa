/* string_methods.h - parts of strings.
 *
 * Place: types layer.  Threads: the interpreter thread only. */
#ifndef KW_STRING_METHODS_H
#define KW_STRING_METHODS_H

#include "vm/vm.h"

/* A string of the bytes [from, to) of the valid text of `s`, cut at character borders.  NULL: thrown. */
kw_string *kw_string_piece(kw_vm *vm, kw_string *s, size_t from, size_t to);

#endif
