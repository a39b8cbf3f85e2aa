/* fd.c - descriptors as the runtime wants them: non-blocking, close-on-exec, without delay.  The
 * contracts are in state.h.
 *
 * Where the system can say all that in the call that makes the descriptor, three calls are saved
 * for each connection, and no program that another thread starts meanwhile inherits it. */
#include "config.h"

#if defined(HAVE_ACCEPT4) || defined(HAVE_PIPE2)
#define _GNU_SOURCE /* accept4() and pipe2() are younger than POSIX.1-2008 */
#endif

#include "net/state.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static int set_flags(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
        fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return errno;
    return 0;
}

static void set_options(int fd)
{
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
#if defined(SO_NOSIGPIPE) /* refused for a peer that is gone already: then nothing is sent either */
    (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#endif
}

/* `fd` is new, or -1 with errno set. */
static int finish(int fd, bool flags_set, int *out)
{
    if (fd < 0)
        return errno;
    int error = flags_set ? 0 : set_flags(fd);
    if (error != 0) {
        (void)close(fd);
        return error;
    }
    set_options(fd);
    *out = fd;
    return 0;
}

int kn_fd_socket(int family, int type, int *out)
{
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
    return finish(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), true, out);
#else
    return finish(socket(family, type, 0), false, out);
#endif
}

int kn_fd_accept(int listener, int *out)
{
#if defined(HAVE_ACCEPT4)
    return finish(accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC), true, out);
#else
    return finish(accept(listener, NULL, NULL), false, out);
#endif
}

/* A pipe that blocks would stop whoever drains it. */
#if defined(HAVE_PIPE2)
static int make_pipe(int fds[2])
{
    return pipe2(fds, O_NONBLOCK | O_CLOEXEC) != 0 ? errno : 0;
}
#else
static int make_pipe(int fds[2])
{
    if (pipe(fds) != 0)
        return errno;
    int error = set_flags(fds[0]);
    if (error == 0)
        error = set_flags(fds[1]);
    if (error != 0) {
        (void)close(fds[0]);
        (void)close(fds[1]);
    }
    return error;
}
#endif

int kn_pipe_open(int fds[2])
{
    int error = make_pipe(fds);
    if (error != 0)
        fds[0] = fds[1] = -1;
    return error;
}
