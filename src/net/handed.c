/* handed.c - see handed.h. */
#include "config.h"

#include "net/handed.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/locks.h"
#include "base/size.h"
#include "net/fd.h"

/* ---- The list --------------------------------------------------------------------------------- */

/* There is none, because of the variable `name`, whose text may be as long as it likes. */
static bool no_list(kn_handed_list *out, const char *name, const char *text, const char *more)
{
    if (text == NULL)
        (void)snprintf(out->none, sizeof(out->none), "%s is not set", name);
    else
        (void)snprintf(out->none, sizeof(out->none), "%s is '%.40s'%s", name, text, more);
    return true;
}

bool kn_handed_read(const char *pid, const char *fds, const char *names, pid_t self, kn_handed_list *out)
{
    *out = (kn_handed_list){0};
    if (pid == NULL || fds == NULL)
        return no_list(out, fds == NULL ? "LISTEN_FDS" : "LISTEN_PID", NULL, "");
    if (kb_size_number(pid) != self) /* meant for the process that has started this one, say */
        return no_list(out, "LISTEN_PID", pid, ", another process");
    int64_t count = kb_size_number(fds);
    if (count < 1 || count > KN_HANDED_MAX)
        return no_list(out, "LISTEN_FDS", fds, "");
    out->taken = calloc((size_t)count, sizeof(*out->taken));
    out->names = names == NULL ? NULL : strdup(names);
    if (out->taken != NULL && (names == NULL || out->names != NULL)) {
        out->count = (int)count;
        return true;
    }
    kn_handed_fini(out);
    return false;
}

void kn_handed_fini(kn_handed_list *list)
{
    free(list->names);
    free(list->taken);
    *list = (kn_handed_list){0};
}

/* The name at *at, which moves on to the next one; its length. */
static size_t next_name(const char **at, const char **name)
{
    size_t size = strcspn(*at, ":");
    *name = *at;
    *at += size + ((*at)[size] == ':');
    return size;
}

static int find_name(const kn_handed_list *list, const char *name)
{
    int found = -1;
    const char *at = list->names != NULL ? list->names : "", *is;
    for (int i = 0; i < list->count; i++) {
        size_t size = next_name(&at, &is);
        if (size == 0 || size != strlen(name) || memcmp(is, name, size) != 0)
            continue;
        if (!list->taken[i])
            return i;
        found = found < 0 ? i : found;
    }
    return found;
}

/* What there is, as far as there is room for it. */
static void describe(const kn_handed_list *list, char *why, size_t size)
{
    size_t used = strlen(why);
    const char *at = list->names != NULL ? list->names : "", *name;
    for (int i = 0; i < list->count && used + 1 < size; i++) {
        int length = (int)next_name(&at, &name);
        int n = length > 0 ? snprintf(why + used, size - used, "%s %d '%.*s'", i > 0 ? "," : ":", i, length, name)
                           : snprintf(why + used, size - used, "%s %d", i > 0 ? "," : ":", i);
        used += (size_t)n; /* beyond `size`: cut there */
    }
}

int kn_handed_find(const kn_handed_list *list, const char *name, int64_t index, char *why, size_t size)
{
    int found = name != NULL ? find_name(list, name) : index >= 0 && index < list->count ? (int)index : -1;
    if (found >= 0)
        return found;
    if (list->count == 0) {
        (void)snprintf(why, size, "No socket was handed over: %s", list->none);
        return -1;
    }
    if (name != NULL)
        (void)snprintf(why, size, "No inherited socket '%.40s', there are %d", name, list->count);
    else
        (void)snprintf(why, size, "No inherited socket %lld, there are %d", (long long)index, list->count);
    describe(list, why, size);
    return -1;
}

/* ---- Those of this process --------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* a leaf */
static kn_handed_list own;                               /* guarded by lock */
static pid_t owner;                                      /* guarded by lock: whose list it is; 0: not read yet */

static bool is_stream(int fd)
{
    int type = 0;
    socklen_t size = sizeof(type);
    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/* inetd knows no variables: what it has accepted is there instead of a terminal. */
static bool read_standard(kn_handed_list *out)
{
    if (!is_stream(STDIN_FILENO)) {
        size_t used = strlen(out->none);
        (void)snprintf(out->none + used, sizeof(out->none) - used, ", and standard input is no socket");
        return true;
    }
    out->taken = calloc(1, sizeof(*out->taken));
    out->standard = true;
    out->count = out->taken != NULL;
    return out->taken != NULL;
}

/* Read the list unless it has been: each process of a family that has only forked has its own, and no child shall have
 * these descriptors.  Locked.  false: memory is short. */
static bool know(void)
{
    if (owner == getpid())
        return true;
    kn_handed_fini(&own);
    owner = 0;
    const char *fds = getenv("LISTEN_FDS");
    if (!kn_handed_read(getenv("LISTEN_PID"), fds, getenv("LISTEN_FDNAMES"), getpid(), &own))
        return false;
    if (own.count == 0 && !read_standard(&own))
        return false;
    for (int i = 0; i < own.count && !own.standard; i++)
        (void)fcntl(KN_HANDED_FIRST + i, F_SETFD, FD_CLOEXEC); /* one that is not open is found when it is taken */
    owner = getpid();
    return true;
}

void kn_handed_keep(void)
{
    kb_lock(&lock);
    (void)know();
    kb_unlock(&lock);
}

/* Standard input, which becomes an empty one: nobody shall read there what is the socket's. */
static int take_standard(int *fd)
{
    int empty = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (empty < 0)
        return errno;
    *fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, KN_HANDED_FIRST);
    int error = *fd < 0 || dup2(empty, STDIN_FILENO) < 0 ? errno : 0;
    (void)close(empty);
    if (error != 0 && *fd >= 0)
        (void)close(*fd);
    return error;
}

/* What `fd` is; an errno if it is nothing that can be used here, *what says why not. */
static int look_at(int fd, kn_handed *out, const char **what)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    int listens = 0;
    socklen_t size = sizeof(address), listens_size = sizeof(listens);
    if (fcntl(fd, F_GETFD) < 0) {
        *what = "its descriptor is not open";
        return EBADF;
    }
    if (!is_stream(fd)) {
        *what = "it is no stream socket";
        return EINVAL;
    }
    if (getsockname(fd, (struct sockaddr *)&address, &size) == 0)
        out->local = address.ss_family == AF_UNIX;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_size) == 0)
        out->listener = listens != 0;
    size = sizeof(address);
    if (out->listener || getpeername(fd, (struct sockaddr *)&address, &size) == 0)
        return 0;
    *what = "it neither listens nor is connected";
    return EINVAL;
}

/* Number `at` of the list, which is not taken.  Locked. */
static int take(int at, bool listening, kn_handed *out, const char **what)
{
    int fd = own.standard ? STDIN_FILENO : KN_HANDED_FIRST + at;
    int error = look_at(fd, out, what);
    if (error == 0 && listening && !out->listener) {
        *what = "it is a connection, not a listener";
        error = EINVAL;
    }
    if (error == 0 && own.standard)
        error = take_standard(&fd);
    if (error == 0) {
        own.taken[at] = true; /* the descriptor is the caller's, whatever becomes of it */
        out->fd = fd;
        error = kn_fd_adopt(fd, !out->listener && KN_FD_BLOCKS);
    }
    return error;
}

int kn_handed_take(const char *name, int64_t index, bool listening, kn_handed *out, char *why, size_t size)
{
    char text[64];
    const char *what = NULL;
    *out = (kn_handed){.fd = -1};
    kb_lock(&lock);
    int error = know() ? 0 : ENOMEM, at = -1;
    if (error == 0 && (at = kn_handed_find(&own, name, index, why, size)) < 0) {
        kb_unlock(&lock);
        return ENOENT;
    }
    if (error == 0 && own.taken[at]) {
        what = "it has been taken before";
        error = EBUSY;
    } else if (error == 0) {
        error = take(at, listening, out, &what);
    }
    kb_unlock(&lock);
    if (error != 0)
        (void)snprintf(why, size, "Cannot take inherited socket %d: %s", at,
                       what != NULL ? what : kb_error_errno_text(error, text, sizeof(text)));
    return error;
}
