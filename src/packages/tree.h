/* tree.h - folders with all that is in them: listed, copied, removed.  No symbolic link is
 * followed on the way.
 *
 * Place: packages layer, without the interpreter.  Threads: any; all of this may block.
 * Functions give 0 or an errno; ELOOP: deeper than KP_TREE_DEPTH folders. */
#ifndef KP_TREE_H
#define KP_TREE_H

#include <stdint.h>

#include "packages/disk.h"

enum { KP_TREE_DEPTH = 500 };

/* Add to `files` and `folders` what is in `path`, each name with `path` before it and a NUL behind it; `recursive`: in
 * the folders below, too. */
int kp_tree_list(const char *path, bool recursive, kp_disk_bytes *files, kp_disk_bytes *folders);
/* Copy the folder `from`; files that are there are replaced. */
int kp_tree_copy(const char *from, const char *to);
/* Remove `path` with all that is in it; *count: of files and folders that were removed. */
int kp_tree_remove(const char *path, int64_t *count);

#endif
