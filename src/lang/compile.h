/* compile.h - from the syntax tree to bytecode.
 *
 * Place: lang; uses vm.  Runs between safepoints: nothing is collected while it works.
 * Robustness: a tree that cannot be compiled (too many locals, an expression too complex, code too long) gives
 * a SyntaxError, never wrong code. */
#ifndef KW_COMPILE_H
#define KW_COMPILE_H

#include "lang/arena.h"
#include "lang/ast.h"
#include "vm/chunk.h"
#include "vm/vm.h"

typedef struct kw_compile_options {
    kw_string *file; /* absolute path; "" or "<...>" if there is none */
    bool is_main;    /* a program or file; false: an eval text, which returns the value of its last statement */
    kw_arena *arena; /* where the tree lives; scopes are added to it */
} kw_compile_options;

/* The code of a PROGRAM node: a function without parameters.  Its undecorated top-level functions are defined
 * before anything else.  NULL: SyntaxError or MemoryError thrown, with its position in vm->error. */
kw_proto *kw_compile(kw_vm *vm, const kw_compile_options *options, const kw_node *program);
/* Parse and compile a text: kw_hooks.compile.  NULL: thrown. */
kw_proto *kw_compile_text(kw_vm *vm, kw_string *file, const char *text, size_t size, bool is_main);

#endif
