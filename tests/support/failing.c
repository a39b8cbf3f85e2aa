/* failing.c - preloaded into kiwi: KIWI_TEST_FAIL="recv 2" makes the second call of recv() fail, once.
 *
 * So that scripts can be run with a part that fails: accept, connect, recv, recvfrom, send, sendmsg or
 * sendto.  The error is EIO, which none of them gives otherwise. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

static bool must_fail(const char *name)
{
    static atomic_long calls;
    const char *plan = getenv("KIWI_TEST_FAIL");
    size_t size = strlen(name);
    if (plan == NULL || strncmp(plan, name, size) != 0 || plan[size] != ' ')
        return false;
    return atomic_fetch_add(&calls, 1) + 1 == strtol(plan + size, NULL, 10);
}

/* NAME of the next library, or EIO if this call is the one that PLANNED says.  ISO C has no conversion to a
 * function, so the bytes are copied. */
#define FAIL_AS(planned, type, name, parameters, arguments)                                                            \
    type name parameters                                                                                               \
    {                                                                                                                  \
        type(*next) parameters = NULL;                                                                                 \
        void *found = dlsym(RTLD_NEXT, #name);                                                                         \
        memcpy(&next, &found, sizeof(found));                                                                          \
        if (!must_fail(planned))                                                                                       \
            return next arguments;                                                                                     \
        errno = EIO;                                                                                                   \
        return -1;                                                                                                     \
    }

FAIL_AS("accept", int, accept, (int fd, struct sockaddr *from, socklen_t *size), (fd, from, size))
FAIL_AS("accept", int, accept4, (int fd, struct sockaddr *from, socklen_t *size, int flags), (fd, from, size, flags))
FAIL_AS("connect", int, connect, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
FAIL_AS("recv", ssize_t, recv, (int fd, void *buf, size_t size, int flags), (fd, buf, size, flags))
FAIL_AS("recvfrom", ssize_t, recvfrom,
        (int fd, void *restrict buf, size_t size, int flags, struct sockaddr *restrict from,
         socklen_t *restrict from_size),
        (fd, buf, size, flags, from, from_size))
FAIL_AS("send", ssize_t, send, (int fd, const void *buf, size_t size, int flags), (fd, buf, size, flags))
FAIL_AS("sendmsg", ssize_t, sendmsg, (int fd, const struct msghdr *message, int flags), (fd, message, flags))
FAIL_AS("sendto", ssize_t, sendto,
        (int fd, const void *buf, size_t size, int flags, const struct sockaddr *to, socklen_t to_size),
        (fd, buf, size, flags, to, to_size))
