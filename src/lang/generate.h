/* generate.h - from text or syntax tree to bytecode.
 *
 * Place: lang.  Threads: the interpreter thread.  Nothing collects while code is being made. */
#ifndef KW_GENERATE_H
#define KW_GENERATE_H

#include "lang/ast.h"
#include "vm/vm.h"

typedef struct kw_compile_options {
    kw_string *file; /* absolute path; empty for standard input and -e; "<name>" for library text */
    kw_text_kind kind;
} kw_compile_options;

/* The code of a program.  NULL: thrown in the vm, with the position of the error. */
kw_proto *kw_generate(kw_vm *vm, const kw_compile_options *options, kw_arena *arena, const kw_node *program);

/* Parse and compile.  NULL: thrown in the vm (SyntaxError and the like), with the position of the
 * error. */
kw_proto *kw_generate_text(kw_vm *vm, kw_string *file, const char *text, size_t size, kw_text_kind kind);

#endif
