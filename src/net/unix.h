/* unix.h - Unix sockets: addresses that are paths, and the files that listeners make there.
 *
 * Place: net layer, below everything; knows the system only.  Threads: any.  Functions that return int give 0 or an
 * errno.  None of them waits for a peer, but the file system may be slow: without locks. */
#ifndef KN_UNIX_H
#define KN_UNIX_H

#include <stddef.h>
#include <sys/types.h>

#include "net/resolve.h"

typedef struct kn_file { /* malloc'ed: what a listener has made */
    dev_t device;
    ino_t number;
    char path[];
} kn_file;

/* The one address of `path`; `@NAME` is the abstract name NAME where the system has such (Linux). */
int kn_unix_address(const char *path, kn_addresses **out);
/* Bind `fd`.  A socket's file that is left over, with nobody behind it, gives way.  `mode`: of the file; < 0: as the
 * umask leaves it.  *file: NULL for an abstract name. */
int kn_unix_bind(int fd, const struct kn_address *to, int mode, kn_file **file);
/* Remove the file, unless another one has taken its place, and free *file (may be NULL). */
void kn_unix_remove(kn_file *file);

#endif
