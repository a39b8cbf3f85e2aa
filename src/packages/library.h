/* library.h - the library's code in Kiwi: the embedded files (library_source.c), or a folder in their place (library.c).
 *
 * Place: packages layer, below the packages, whose natives go on with its functions.  Threads: the interpreter thread. */
#ifndef KP_LIBRARY_H
#define KP_LIBRARY_H

#include "vm/vm.h"

/* Each function here may run code of the library; kp_library_run_folder() and _program() may collect and run any script. */

/* Run the files of a library in the folder `path`, by name, or the one file `path`.  Returns the
 * exit code; not 0 also after an error, which vm->error has, and vm->exiting says whether the
 * program is over. */
int kp_library_run_folder(kw_vm *vm, const char *path);
/* Run `p` as the main program (NULL: it did not compile).  Returns the exit code. */
int kp_library_run_program(kw_vm *vm, kw_proto *p);
/* Run the embedded library file `name`, once.  false: there is none, it ran before, or thrown; then
 * it is run again when it is needed next. */
bool kp_library_run(kw_vm *vm, const char *name);
/* The function `name`, which begins with "__", of the embedded library file `source`, as it was
 * when that ran: a script may have given the name to something else.  KW_UNDEF: thrown. */
kw_value kp_library_function(kw_vm *vm, const char *source, const char *name);
/* kw_hooks.prelude: the function `name` of those that the compiled code itself goes on with. */
kw_value kp_library_prelude(kw_vm *vm, const char *name);

#endif
