/* faults.h - makes system calls of src/net fail, one call at a time.
 *
 * The test program is linked with --wrap for every function below (see local.mk), so calls of the
 * code under test and of the test itself come here first; libraries that are linked dynamically
 * are not touched.  While nothing is armed every call goes through.
 * Threads: arm and disarm from the test's thread; calls are counted over all threads.  No
 * assertion of check may be made while something is armed: check makes system calls, too. */
#ifndef FAULTS_H
#define FAULTS_H

#include <stdbool.h>
#include <stddef.h>

/* X(type, function, parameters, arguments): those that give -1 and errno.  The functions which
 * need more than that stand in the enumeration below. */
#define FAULT_CALLS(X)                                                                                                 \
    X(int, bind, (int fd, const struct sockaddr *addr, socklen_t size), (fd, addr, size))                              \
    X(int, fstat, (int fd, struct stat *info), (fd, info))                                                             \
    X(int, fsync, (int fd), (fd))                                                                                      \
    X(int, getpeername, (int fd, struct sockaddr *addr, socklen_t *size), (fd, addr, size))                            \
    X(int, getsockname, (int fd, struct sockaddr *addr, socklen_t *size), (fd, addr, size))                            \
    X(int, getsockopt, (int fd, int level, int name, void *value, socklen_t *size), (fd, level, name, value, size))    \
    X(int, link, (const char *from, const char *to), (from, to))                                                       \
    X(int, listen, (int fd, int backlog), (fd, backlog))                                                               \
    X(int, mkdir, (const char *path, mode_t mode), (path, mode))                                                       \
    X(int, mkstemp, (char *path), (path))                                                                              \
    X(int, pipe, (int fds[2]), (fds))                                                                                  \
    X(int, poll, (struct pollfd * fds, nfds_t count, int wait_ms), (fds, count, wait_ms))                              \
    X(int, rename, (const char *from, const char *to), (from, to))                                                     \
    X(int, setsockopt, (int fd, int level, int name, const void *value, socklen_t size),                               \
      (fd, level, name, value, size))                                                                                  \
    X(int, shutdown, (int fd, int how), (fd, how))                                                                     \
    X(int, socket, (int domain, int type, int protocol), (domain, type, protocol))                                     \
    X(int, stat, (const char *path, struct stat *info), (path, info))

/* The same where the system has epoll. */
#define FAULT_EPOLL_CALLS(X)                                                                                           \
    X(int, epoll_create1, (int flags), (flags))                                                                        \
    X(int, epoll_ctl, (int room, int op, int fd, struct epoll_event *event), (room, op, fd, event))                    \
    X(int, epoll_wait, (int room, struct epoll_event *events, int count, int wait_ms), (room, events, count, wait_ms))

#define FAULT_ENUMERATOR(type, name, parameters, arguments) FAULT_##name,
typedef enum fault_site {
    FAULT_NONE,
    FAULT_memory,  /* malloc, calloc, realloc, strdup */
    FAULT_accept,  /* accept, accept4 */
    FAULT_close,   /* the descriptor is closed all the same */
    FAULT_connect, /* EINTR: the connection is made all the same */
    FAULT_fcntl,
    FAULT_open,
    FAULT_read,
    FAULT_write,
    FAULT_recv, /* recv, recvmsg */
    FAULT_send,
    FAULT_sendmsg,
    FAULT_getaddrinfo, /* the error is an EAI_ value */
    FAULT_pthread_create,
    FAULT_pthread_mutex_init,
    FAULT_pthread_cond_init,
    FAULT_CALLS(FAULT_ENUMERATOR) FAULT_EPOLL_CALLS(FAULT_ENUMERATOR)
} fault_site;

enum { FAULT_SHORT = -1000 }; /* as an error: read, write, recv, recvmsg, send, sendmsg move one byte only */

/* From now on calls number `first` to `last` (from 1) of `site` fail with `error`. */
void fault_arm(fault_site site, int error, long first, long last);

/* Let all calls through again.  Returns how many calls failed. */
long fault_disarm(void);

long fault_count(void); /* how many calls have failed so far */

/* The number of open descriptors below 256. */
int fault_descriptors(void);

#endif
