/* disk.h - files: whole ones read, written and copied.
 *
 * Place: packages layer, without the interpreter.  Threads: any; all of this may block.
 * Functions give 0 or an errno.  New files have the modes that the umask leaves. */
#ifndef KP_DISK_H
#define KP_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "packages/account.h"

/* Bytes that grow. */
typedef struct kp_disk_bytes {
    unsigned char *data; /* malloc'ed */
    size_t size, room;
    kp_claim *claim; /* of which they are taken; NULL: they do not count */
} kp_disk_bytes;

/* Make room for `more` bytes behind those that are there.  ENOMEM: the claim or the system has none. */
int kp_disk_reserve(kp_disk_bytes *bytes, size_t more);
/* Free the bytes; there are none then. */
void kp_disk_release(kp_disk_bytes *bytes);
int kp_disk_append(kp_disk_bytes *bytes, const void *data, size_t size);

/* Read `path` from `offset`, at most `most` bytes. */
int kp_disk_read(const char *path, int64_t offset, size_t most, kp_disk_bytes *out);

typedef enum kp_disk_how {
    KP_DISK_REPLACE,
    KP_DISK_APPEND,
    KP_DISK_ATOMIC, /* replace, so that there is always either the old file or the new one, whole */
    KP_DISK_AT,     /* write at `offset`; folders that are missing are made */
} kp_disk_how;

int kp_disk_write(const char *path, kp_disk_how how, int64_t offset, const void *data, size_t size);
/* Copy a file with its mode.  EEXIST: there is `to`, and it must stay. */
int kp_disk_copy(const char *from, const char *to, bool overwrite);
/* Rename, or copy to another disk and remove. */
int kp_disk_move(const char *from, const char *to, bool overwrite);
/* Make a folder and those above it that are missing. */
int kp_disk_mkdirs(const char *path);

/* Calls that a signal may interrupt, taken up again; `size` bytes all of them. */
int kp_disk_put(int fd, const void *data, size_t size);
ssize_t kp_disk_get(int fd, void *data, size_t size);

#endif
