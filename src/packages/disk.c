/* disk.c - see disk.h. */
#define _XOPEN_SOURCE 700 /* realpath() belongs to the XSI part of POSIX */
#include "config.h"

#include "packages/disk.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.h"
#include "base/relief.h"

enum { PIECE = 1 << 18, FILE_MODE = 0666, FOLDER_MODE = 0777 };

/* ---- Bytes ------------------------------------------------------------------------------------- */

static int resize(kp_disk_bytes *b, size_t room)
{
    size_t more = room - b->room;
    if (!kp_account_take(b->claim, more))
        return ENOMEM;
    unsigned char *data = realloc(b->data, room);
    if (data == NULL) {
        kp_account_give(b->claim, more);
        return ENOMEM;
    }
    b->data = data;
    b->room = room;
    return 0;
}

int kp_disk_reserve(kp_disk_bytes *b, size_t more)
{
    assert(b->size <= b->room);
    if (b->room - b->size >= more)
        return 0;
    if (more > SIZE_MAX / 2 - b->size)
        return ENOMEM;
    size_t least = b->size + more, twice = b->room * 2;
    return twice > least && resize(b, twice) == 0 ? 0 : resize(b, least);
}

void kp_disk_release(kp_disk_bytes *b)
{
    free(b->data);
    kp_account_give(b->claim, b->room);
    *b = (kp_disk_bytes){.claim = b->claim};
}

int kp_disk_append(kp_disk_bytes *b, const void *data, size_t size)
{
    int error = kp_disk_reserve(b, size);
    if (error != 0 || size == 0)
        return error;
    memcpy(b->data + b->size, data, size);
    b->size += size;
    return 0;
}

/* ---- Descriptors ------------------------------------------------------------------------------- */

ssize_t kp_disk_get(int fd, void *data, size_t size)
{
    ssize_t n;
    do
        n = read(fd, data, size);
    while (n < 0 && errno == EINTR);
    return n;
}

int kp_disk_put(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0) {
            at += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

static int open_file(const char *path, int flags, mode_t mode, int *fd)
{
    do
        *fd = open(path, flags | O_CLOEXEC | O_NOCTTY, mode);
    while (*fd < 0 && (errno == EINTR || kb_relief_ask(errno)));
    return *fd < 0 ? errno : 0;
}

/* Close `fd`; a failure is told if there was none before. */
static int close_file(int fd, int error)
{
    return close(fd) != 0 && error == 0 && errno != EINTR ? errno : error;
}

/* ---- Reading ----------------------------------------------------------------------------------- */

/* Is `fd` a file that can be read?  *left: how many bytes there may be behind `offset`. */
static int look(int fd, int64_t offset, size_t *left)
{
    struct stat s;
    if (fstat(fd, &s) != 0)
        return errno;
    if (S_ISDIR(s.st_mode))
        return EISDIR;
    *left = S_ISREG(s.st_mode) && s.st_size > offset ? (size_t)(s.st_size - offset) : 0;
    return offset > 0 && lseek(fd, offset, SEEK_SET) < 0 ? errno : 0;
}

static int read_open(int fd, int64_t offset, size_t most, kp_disk_bytes *out)
{
    size_t left = 0;
    int error = look(fd, offset, &left);
    size_t first = left < most ? left : most;
    if (error == 0)
        error = kp_disk_reserve(out, first + 1); /* + 1: sees the end without growing */
    while (error == 0 && out->size < most) {
        if (out->size == out->room && (error = kp_disk_reserve(out, PIECE)) != 0)
            break;
        size_t room = out->room - out->size, want = most - out->size;
        ssize_t n = kp_disk_get(fd, out->data + out->size, room < want ? room : want);
        if (n <= 0)
            return n < 0 ? errno : 0;
        out->size += (size_t)n;
    }
    return error;
}

int kp_disk_read(const char *path, int64_t offset, size_t most, kp_disk_bytes *out)
{
    int fd, error = open_file(path, O_RDONLY, 0, &fd);
    if (error != 0)
        return error;
    error = read_open(fd, offset, most, out);
    (void)close(fd);
    return error;
}

/* ---- Writing ----------------------------------------------------------------------------------- */

/* What `path` leads to when it is a link, so that the link stays; malloc'ed.  NULL: errno. */
static char *behind_links(const char *path)
{
    struct stat s;
    if (lstat(path, &s) != 0 || !S_ISLNK(s.st_mode))
        return strdup(path);
    char *real = realpath(path, NULL);
    return real != NULL || errno != ENOENT ? real : strdup(path);
}

/* A new file beside `path`, whose name goes to `temporary`, with the mode that the umask leaves. */
static int open_beside(const char *path, char *temporary, size_t room, int *fd)
{
    int error;
    do {
        uint64_t number;
        kb_random(&number, sizeof(number));
        (void)snprintf(temporary, room, "%s.%016llx", path, (unsigned long long)number);
        error = open_file(temporary, O_WRONLY | O_CREAT | O_EXCL, FILE_MODE, fd);
    } while (error == EEXIST);
    return error;
}

/* A file that is there passes its mode on. */
static int fill_temporary(int fd, const char *path, const void *data, size_t size)
{
    struct stat s;
    int error = kp_disk_put(fd, data, size);
    if (error == 0 && stat(path, &s) == 0 && fchmod(fd, s.st_mode & 07777) != 0)
        error = errno;
    return error == 0 && fsync(fd) != 0 ? errno : error;
}

static int write_beside(const char *path, const void *data, size_t size)
{
    enum { SUFFIX = 18 };
    int fd;
    size_t room = strlen(path) + SUFFIX;
    char *temporary = malloc(room);
    int error = temporary == NULL ? ENOMEM : open_beside(path, temporary, room, &fd);
    if (error == 0) {
        error = close_file(fd, fill_temporary(fd, path, data, size));
        if (error == 0 && rename(temporary, path) != 0)
            error = errno;
        if (error != 0)
            (void)unlink(temporary);
    }
    free(temporary);
    return error;
}

static int write_atomic(const char *path, const void *data, size_t size)
{
    char *real = behind_links(path);
    int error = real == NULL ? errno : write_beside(real, data, size);
    free(real);
    return error;
}

/* Make the folder that `path` is in. */
static int make_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path)
        return 0;
    char *folder = strndup(path, (size_t)(slash - path));
    int error = folder == NULL ? ENOMEM : kp_disk_mkdirs(folder);
    free(folder);
    return error;
}

int kp_disk_write(const char *path, kp_disk_how how, int64_t offset, const void *data, size_t size)
{
    static const int flags[] = {[KP_DISK_REPLACE] = O_TRUNC, [KP_DISK_APPEND] = O_APPEND, [KP_DISK_AT] = 0};
    int fd, error = 0;
    if (how == KP_DISK_ATOMIC)
        return write_atomic(path, data, size);
    if (how == KP_DISK_AT)
        error = make_parent(path);
    if (error == 0)
        error = open_file(path, O_WRONLY | O_CREAT | flags[how], FILE_MODE, &fd);
    if (error != 0)
        return error;
    if (offset > 0 && lseek(fd, offset, SEEK_SET) < 0)
        error = errno;
    if (error == 0)
        error = kp_disk_put(fd, data, size);
    return close_file(fd, error);
}

/* ---- Copying ----------------------------------------------------------------------------------- */

static int copy_all(int from, int to)
{
    unsigned char *piece = malloc(PIECE);
    int error = piece == NULL ? ENOMEM : 0;
    while (error == 0) {
        ssize_t n = kp_disk_get(from, piece, PIECE);
        if (n <= 0) {
            error = n < 0 ? errno : 0;
            break;
        }
        error = kp_disk_put(to, piece, (size_t)n);
    }
    free(piece);
    return error;
}

/* Copy to `to`, which is not truncated before it is known to be another file. */
static int copy_open(int from, const char *to, bool overwrite)
{
    struct stat a, b;
    int fd, error = fstat(from, &a) != 0 ? errno : S_ISDIR(a.st_mode) ? EISDIR : 0;
    if (error == 0)
        error = open_file(to, O_WRONLY | O_CREAT | (overwrite ? 0 : O_EXCL), a.st_mode & 0777, &fd);
    if (error != 0)
        return error;
    if (fstat(fd, &b) != 0)
        error = errno;
    else if (a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        error = EINVAL; /* the same file */
    else if (S_ISREG(b.st_mode) && ftruncate(fd, 0) != 0)
        error = errno;
    if (error == 0)
        error = copy_all(from, fd);
    return close_file(fd, error);
}

int kp_disk_copy(const char *from, const char *to, bool overwrite)
{
    int fd, error = open_file(from, O_RDONLY, 0, &fd);
    if (error != 0)
        return error;
    error = copy_open(fd, to, overwrite);
    (void)close(fd);
    return error;
}

int kp_disk_move(const char *from, const char *to, bool overwrite)
{
    struct stat s;
    if (!overwrite && lstat(to, &s) == 0)
        return EEXIST;
    if (rename(from, to) == 0)
        return 0;
    if (errno != EXDEV)
        return errno;
    int error = kp_disk_copy(from, to, true);
    return error == 0 && unlink(from) != 0 ? errno : error;
}

int kp_disk_mkdirs(const char *path)
{
    struct stat s;
    if (mkdir(path, FOLDER_MODE) == 0)
        return 0;
    int error = errno;
    if (error == EEXIST)
        return stat(path, &s) == 0 && S_ISDIR(s.st_mode) ? 0 : EEXIST;
    if (error != ENOENT || path[0] == '\0')
        return error;
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    while (size > 0 && path[size - 1] != '/')
        size--;
    char *parent = size <= 1 ? NULL : strndup(path, size - 1);
    if (parent == NULL)
        return error;
    error = kp_disk_mkdirs(parent);
    free(parent);
    if (error != 0)
        return error;
    return mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST ? 0 : errno;
}
