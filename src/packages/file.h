/* file.h - reading program files.
 *
 * A file may lie where the system has to wait for it: what scripts have submitted is begun before.
 * Place: packages.  Threads: the interpreter thread. */
#ifndef KP_FILE_H
#define KP_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "vm/vm.h"

/* The whole file into the malloc'ed *text.  false: errno says why, *text is NULL. */
bool kp_file_read(kw_vm *vm, const char *path, char **text, size_t *size);
/* Is there a regular file `path`, by itself or behind a link? */
bool kp_file_is_file(kw_vm *vm, const char *path);
/* The absolute path without links, malloc'ed; a copy of `path` if there is no such file; NULL: no
 * memory. */
char *kp_file_real_path(kw_vm *vm, const char *path);

#endif
