/* faults.c - the wrappers; see faults.h.  The linker sends calls of NAME to __wrap_NAME, and calls
 * of __real_NAME to the function itself. */
#include "config.h"

#if defined(HAVE_LINK_WRAP)

#include "faults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>
#if defined(HAVE_SYS_EPOLL_H)
#include <sys/epoll.h>
#endif

static struct {
    atomic_int site; /* stored last when arming (release), loaded first (acquire) */
    atomic_int error;
    atomic_long first, last, calls, failed;
} plan;

void fault_arm(fault_site site, int error, long first, long last)
{
    atomic_store(&plan.error, error);
    atomic_store(&plan.first, first);
    atomic_store(&plan.last, last);
    atomic_store(&plan.calls, 0);
    atomic_store(&plan.failed, 0);
    atomic_store_explicit(&plan.site, (int)site, memory_order_release);
}

long fault_disarm(void)
{
    atomic_store_explicit(&plan.site, FAULT_NONE, memory_order_release);
    return fault_count();
}

long fault_count(void)
{
    return atomic_load(&plan.failed);
}

int fault_descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Count a call of `site`.  True: it has to fail with *error. */
static bool must_fail(fault_site site, int *error)
{
    if (atomic_load_explicit(&plan.site, memory_order_acquire) != (int)site)
        return false;
    long call = atomic_fetch_add(&plan.calls, 1) + 1;
    if (call < atomic_load(&plan.first) || call > atomic_load(&plan.last))
        return false;
    (void)atomic_fetch_add(&plan.failed, 1);
    *error = atomic_load(&plan.error);
    return true;
}

/* Declare the function itself and begin its wrapper. */
#define WRAP(type, name, parameters)                                                                                   \
    type __real_##name parameters;                                                                                     \
    type __wrap_##name parameters;                                                                                     \
    type __wrap_##name parameters

/* Inside a wrapper: return `result` with errno set if this call has to fail. */
#define FAIL(site, result)                                                                                             \
    do {                                                                                                               \
        int fail_error;                                                                                                \
        if (must_fail(FAULT_##site, &fail_error)) {                                                                    \
            errno = fail_error;                                                                                        \
            return (result);                                                                                           \
        }                                                                                                              \
    } while (0)

#define WRAP_SIMPLE(type, name, parameters, arguments)                                                                 \
    WRAP(type, name, parameters)                                                                                       \
    {                                                                                                                  \
        FAIL(name, -1);                                                                                                \
        return __real_##name arguments;                                                                                \
    }

FAULT_CALLS(WRAP_SIMPLE)
#if defined(HAVE_SYS_EPOLL_H)
FAULT_EPOLL_CALLS(WRAP_SIMPLE)
#endif

/* ---- Memory --------------------------------------------------------------------------------- */

WRAP(void *, malloc, (size_t size))
{
    FAIL(memory, NULL);
    return __real_malloc(size);
}

WRAP(void *, calloc, (size_t count, size_t size))
{
    FAIL(memory, NULL);
    return __real_calloc(count, size);
}

WRAP(void *, realloc, (void *old, size_t size))
{
    FAIL(memory, NULL);
    return __real_realloc(old, size);
}

WRAP(char *, strdup, (const char *text))
{
    FAIL(memory, NULL);
    return __real_strdup(text);
}

/* ---- Calls that move bytes ------------------------------------------------------------------ */

#define WRAP_BYTES(name, parameters, whole, one_byte)                                                                  \
    WRAP(ssize_t, name, parameters)                                                                                    \
    {                                                                                                                  \
        int error;                                                                                                     \
        if (!must_fail(FAULT_##name, &error))                                                                          \
            return __real_##name whole;                                                                                \
        if (error == FAULT_SHORT)                                                                                      \
            return __real_##name one_byte;                                                                             \
        errno = error;                                                                                                 \
        return -1;                                                                                                     \
    }

WRAP_BYTES(read, (int fd, void *buf, size_t size), (fd, buf, size), (fd, buf, size > 0))
WRAP_BYTES(write, (int fd, const void *buf, size_t size), (fd, buf, size), (fd, buf, size > 0))
WRAP_BYTES(recv, (int fd, void *buf, size_t size, int flags), (fd, buf, size, flags), (fd, buf, size > 0, flags))
WRAP_BYTES(send, (int fd, const void *buf, size_t size, int flags), (fd, buf, size, flags), (fd, buf, size > 0, flags))

/* *first and *shorter become the first byte of `message`. */
static void shorten(const struct msghdr *message, struct iovec *first, struct msghdr *shorter)
{
    *first = message->msg_iov[0];
    *shorter = *message;
    first->iov_len = first->iov_len > 0;
    shorter->msg_iov = first;
    shorter->msg_iovlen = 1;
}

#define WRAP_MESSAGE(name, site, message_type)                                                                         \
    WRAP(ssize_t, name, (int fd, message_type *message, int flags))                                                    \
    {                                                                                                                  \
        int error;                                                                                                     \
        struct iovec first;                                                                                            \
        struct msghdr shorter;                                                                                         \
        if (!must_fail(site, &error))                                                                                  \
            return __real_##name(fd, message, flags);                                                                  \
        shorten(message, &first, &shorter);                                                                            \
        if (error == FAULT_SHORT)                                                                                      \
            return __real_##name(fd, &shorter, flags);                                                                 \
        errno = error;                                                                                                 \
        return -1;                                                                                                     \
    }

WRAP_MESSAGE(sendmsg, FAULT_sendmsg, const struct msghdr)
WRAP_MESSAGE(recvmsg, FAULT_recv, struct msghdr)

/* Some compilers' hardening calls these instead, to check the size of the buffer. */
ssize_t __wrap___read_chk(int fd, void *buf, size_t size, size_t room);
ssize_t __wrap___read_chk(int fd, void *buf, size_t size, size_t room)
{
    return size > room ? (abort(), -1) : __wrap_read(fd, buf, size);
}

ssize_t __wrap___recv_chk(int fd, void *buf, size_t size, size_t room, int flags);
ssize_t __wrap___recv_chk(int fd, void *buf, size_t size, size_t room, int flags)
{
    return size > room ? (abort(), -1) : __wrap_recv(fd, buf, size, flags);
}

int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int wait_ms, size_t room);
int __wrap___poll_chk(struct pollfd *fds, nfds_t count, int wait_ms, size_t room)
{
    return count * sizeof(*fds) > room ? (abort(), -1) : __wrap_poll(fds, count, wait_ms);
}

/* ---- Calls with ways of their own ----------------------------------------------------------- */

WRAP(int, accept, (int fd, struct sockaddr *addr, socklen_t *size))
{
    FAIL(accept, -1);
    return __real_accept(fd, addr, size);
}

#if defined(HAVE_ACCEPT4)
WRAP(int, accept4, (int fd, struct sockaddr *addr, socklen_t *size, int flags))
{
    FAIL(accept, -1);
    return __real_accept4(fd, addr, size, flags);
}
#endif

#if defined(HAVE_PIPE2)
WRAP(int, pipe2, (int fds[2], int flags))
{
    FAIL(pipe, -1);
    return __real_pipe2(fds, flags);
}
#endif

WRAP(int, close, (int fd))
{
    int result = __real_close(fd);
    FAIL(close, -1);
    return result;
}

WRAP(int, connect, (int fd, const struct sockaddr *addr, socklen_t size))
{
    int error;
    if (!must_fail(FAULT_connect, &error))
        return __real_connect(fd, addr, size);
    if (error == EINTR)
        (void)__real_connect(fd, addr, size);
    errno = error;
    return -1;
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *); /* an int is passed alike where --wrap exists */
    va_end(args);
    FAIL(fcntl, -1);
    return __real_fcntl(fd, command, argument);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
    mode_t mode = 0;
    if ((flags & O_CREAT) != 0) {
        va_list args;
        va_start(args, flags);
        mode = (mode_t)va_arg(args, unsigned int);
        va_end(args);
    }
    FAIL(open, -1);
    return __real_open(path, flags, mode);
}

/* ---- Calls that return their error ---------------------------------------------------------- */

#define WRAP_RETURNS(name, parameters, arguments)                                                                      \
    WRAP(int, name, parameters)                                                                                        \
    {                                                                                                                  \
        int error;                                                                                                     \
        return must_fail(FAULT_##name, &error) ? error : __real_##name arguments;                                      \
    }

WRAP_RETURNS(pthread_create, (pthread_t * thread, const pthread_attr_t *attr, void *(*main)(void *), void *arg),
             (thread, attr, main, arg))
WRAP_RETURNS(pthread_mutex_init, (pthread_mutex_t * lock, const pthread_mutexattr_t *attr), (lock, attr))
WRAP_RETURNS(pthread_cond_init, (pthread_cond_t * cond, const pthread_condattr_t *attr), (cond, attr))

WRAP(int, getaddrinfo, (const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **out))
{
    int error;
    if (!must_fail(FAULT_getaddrinfo, &error))
        return __real_getaddrinfo(host, service, hints, out);
    errno = EMFILE; /* what EAI_SYSTEM is about */
    return error;
}

#else

typedef int faults_need_wrap; /* an empty file is no C */

#endif
