/* data.h - is a text data, and nothing that acts?
 *
 * Place: lang.  Threads: the interpreter thread. */
#ifndef KW_DATA_H
#define KW_DATA_H

#include "lang/ast.h"
#include "vm/vm.h"

/* Does the program consist of literals, containers and operators on them?  false: thrown, for the first thing that is
 * something else.  Source: TYPES.md section 22, deserialize. */
bool kw_data_check(kw_vm *vm, const kw_node *program);

#endif
