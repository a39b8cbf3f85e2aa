/* dump.h - bytecode as text, for people who work on the compiler. */
#ifndef KW_DUMP_H
#define KW_DUMP_H

#include <stdio.h>

#include "vm/chunk.h"

/* Write `p` and the functions inside it to `out`. */
void kw_dump(kw_vm *vm, const kw_proto *p, FILE *out);

#endif
