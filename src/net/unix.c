/* unix.c - see unix.h. */
#include "config.h"

#include "net/unix.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/fd.h"

_Static_assert(sizeof(struct sockaddr_un) <= sizeof(struct sockaddr_storage), "an address holds a path");

#if defined(HAVE_ABSTRACT_SOCKETS)
enum { HAS_ABSTRACT = 1 };
#else
enum { HAS_ABSTRACT = 0 };
#endif

int kn_unix_address(const char *path, kn_addresses **out)
{
    struct sockaddr_un *name;
    size_t size = strlen(path);
    if (size == 0)
        return ENOENT;
    if (size >= sizeof(name->sun_path))
        return ENAMETOOLONG;
    kn_addresses *one = calloc(1, sizeof(*one) + sizeof(one->at[0]));
    if (one == NULL)
        return ENOMEM;
    bool is_abstract = HAS_ABSTRACT && path[0] == '@';
    name = (struct sockaddr_un *)(void *)&one->at[0].addr;
    name->sun_family = AF_UNIX;
    memcpy(name->sun_path, path, size);
    if (is_abstract)
        name->sun_path[0] = '\0';
    one->count = 1; /* an abstract name ends where the address does, a path with its NUL */
    one->at[0].size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + !is_abstract);
    *out = one;
    return 0;
}

/* ---- Files that are left over ------------------------------------------------------------------ */

/* Is there nobody behind the socket's file?  A datagram socket asks: one that listens refuses it as the wrong sort,
 * without noticing; and so does one that is about to. */
static bool nobody_there(const struct kn_address *to)
{
    int fd = -1;
    if (kn_fd_socket(AF_UNIX, SOCK_DGRAM, &fd) != 0)
        return false;
    bool nobody = connect(fd, (const struct sockaddr *)&to->addr, to->size) != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return nobody;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Take the file `old` away from `path`.  Another program may do the same, and have put its own there meanwhile: so
 * the file gets another name first, and comes back if it was not `old`. */
static int take_away(const char *path, const struct stat *old)
{
    struct stat taken;
    size_t size = strlen(path) + sizeof("..old") + 3 * sizeof(long);
    char *aside = malloc(size);
    if (aside == NULL)
        return ENOMEM;
    (void)snprintf(aside, size, "%s.%ld.old", path, (long)getpid());
    int error = rename(path, aside) != 0 ? errno : 0;
    if (error == 0 && (lstat(aside, &taken) != 0 || !same_file(&taken, old))) {
        (void)link(aside, path);
        error = EADDRINUSE;
    }
    if (error != ENOENT)
        (void)unlink(aside);
    free(aside);
    return error == ENOENT ? 0 : error;
}

static int make_way(const char *path, const struct kn_address *to)
{
    struct stat old;
    if (lstat(path, &old) != 0)
        return errno == ENOENT ? 0 : errno;
    return S_ISSOCK(old.st_mode) && nobody_there(to) ? take_away(path, &old) : EADDRINUSE;
}

/* ---- Binding ----------------------------------------------------------------------------------- */

static int bind_at(int fd, const struct kn_address *to)
{
    return bind(fd, (const struct sockaddr *)&to->addr, to->size) != 0 ? errno : 0;
}

/* What was made at `path`, with its mode.  A relative path is noted as an absolute one: the program may be elsewhere when
 * the file is to be removed. */
static int note_file(const char *path, int mode, kn_file **file)
{
    struct stat made;
    char folder[PATH_MAX] = "";
    if (path[0] != '/' && getcwd(folder, sizeof(folder)) == NULL)
        folder[0] = '\0';
    size_t size = strlen(folder) + 1 + strlen(path) + 1;
    kn_file *f = malloc(sizeof(*f) + size);
    int error = f == NULL                                                                  ? ENOMEM
                : (mode >= 0 && chmod(path, (mode_t)mode) != 0) || lstat(path, &made) != 0 ? errno
                                                                                           : 0;
    if (error != 0) {
        free(f);
        (void)unlink(path);
        return error;
    }
    *f = (kn_file){.device = made.st_dev, .number = made.st_ino};
    (void)snprintf(f->path, size, "%s%s%s", folder, folder[0] != '\0' ? "/" : "", path);
    *file = f;
    return 0;
}

int kn_unix_bind(int fd, const struct kn_address *to, int mode, kn_file **file)
{
    const struct sockaddr_un *name = (const struct sockaddr_un *)(const void *)&to->addr;
    const char *path = name->sun_path;
    *file = NULL;
    if (path[0] == '\0')
        return bind_at(fd, to);
    if (mode >= 0) /* on Linux the file has it from the start: nobody gets in before chmod() */
        (void)fchmod(fd, (mode_t)mode);
    int error = bind_at(fd, to);
    if (error == EADDRINUSE && (error = make_way(path, to)) == 0)
        error = bind_at(fd, to);
    return error == 0 ? note_file(path, mode, file) : error;
}

void kn_unix_remove(kn_file *file)
{
    struct stat there;
    if (file != NULL && lstat(file->path, &there) == 0 && there.st_dev == file->device && there.st_ino == file->number)
        (void)unlink(file->path);
    free(file);
}
