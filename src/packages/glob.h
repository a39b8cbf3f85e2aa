/* glob.h - files whose names match patterns: `*` is any text without a slash, a part `**` any number of folders.
 *
 * Place: packages layer, without the interpreter.  Threads: any; looking for files may block. */
#ifndef KP_GLOB_H
#define KP_GLOB_H

#include "packages/disk.h"

bool kp_glob_matches(const char *pattern, const char *name);
/* Add to `found` the files below the folder `path` whose names from there on match one of `includes` and none of
 * `excludes`, as kp_tree_list() does.  0 or an errno. */
int kp_glob_find(const char *path, const char *const *includes, const char *const *excludes, kp_disk_bytes *found);

#endif
