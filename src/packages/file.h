/* file.h - reading program files. */
#ifndef KP_FILE_H
#define KP_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* The whole file into the malloc'ed *text.  false: errno says why, *text is NULL. */
bool kp_read_file(const char *path, char **text, size_t *size);
/* The absolute path without links, malloc'ed; a copy of `path` if there is no such file; NULL: no
 * memory. */
char *kp_real_path(const char *path);

#endif
