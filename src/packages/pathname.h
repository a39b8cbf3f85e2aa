/* pathname.h - paths as texts, by the rules of FUNCTIONS.md, "fio"; nothing here looks at the disk.
 *
 * Place: packages layer, without the interpreter.  Threads: any.  Texts that are returned are malloc'ed; NULL: no
 * memory. */
#ifndef KP_PATHNAME_H
#define KP_PATHNAME_H

#include <stdbool.h>
#include <stddef.h>

/* `name` inside `folder`: a slash between them unless there is one, or one of them is empty; an absolute name stands
 * alone. */
char *kp_pathname_join(const char *folder, const char *name);
/* `path` from `folder` (absolute), without `.`, `..` and doubled slashes; a slash at the end is kept. */
char *kp_pathname_absolute(const char *folder, const char *path);
/* Where the last part begins: behind the last slash. */
const char *kp_pathname_name(const char *path);
/* The extension in the last part, with its dot; "" if there is none. */
const char *kp_pathname_extension(const char *path);
/* The length of the folder that an absolute path without doubled slashes is in; 0: it is the root. */
size_t kp_pathname_parent(const char *path);

#endif
