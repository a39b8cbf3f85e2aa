/* fd.c - descriptors as the runtime wants them: close-on-exec, without delay, blocking or not.  The
 * contracts are in fd.h.
 *
 * Where the system can say all that in the call that makes the descriptor, three calls are saved
 * for each connection, and no program that another thread starts meanwhile inherits it. */
#include "config.h"

/* accept4() and pipe2() are younger than POSIX.1-2008; IPV6_PKTINFO is not in it (RFC 3542). */
#define _GNU_SOURCE
#define __APPLE_USE_RFC_3542

#include "net/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>
#if defined(HAVE_SYS_SYSCALL_H)
#include <sys/syscall.h>
#endif
#if defined(HAVE_LINUX_FILTER_H)
#include <linux/filter.h>
#endif
#if defined(HAVE_LINUX_SOCKIOS_H)
#include <linux/sockios.h>
#endif
#if defined(HAVE_SYS_FILIO_H)
#include <sys/filio.h>
#endif
#if defined(HAVE_SYS_IOCTL_H)
#include <sys/ioctl.h>
#endif

#include "base/clock.h"
#include "net/option.h"

/* Set or clear O_NONBLOCK.  The descriptors here are new: no other status flag is set. */
static int set_blocking(int fd, bool blocking)
{
    return fcntl(fd, F_SETFL, blocking ? 0 : O_NONBLOCK) != 0 ? errno : 0;
}

static int set_flags(int fd, bool blocking)
{
    int error = set_blocking(fd, blocking);
    return error == 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 ? errno : error;
}

static void silence(int fd)
{
#if defined(SO_NOSIGPIPE) /* refused for a peer that is gone already: then nothing is sent either */
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof(on));
#else
    (void)fd;
#endif
}

/* `fd` is new, or -1 with errno set. */
static int finish(int fd, bool flags_set, bool blocking, int *out)
{
    if (fd < 0)
        return errno;
    int error = flags_set ? 0 : set_flags(fd, blocking);
    if (error != 0) {
        (void)close(fd);
        return error;
    }
    silence(fd);
    *out = fd;
    return 0;
}

int kn_fd_socket(int family, int type, int *out)
{
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
    int error = finish(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), true, false, out);
#else
    int error = finish(socket(family, type, 0), false, false, out);
#endif
    if (error == 0)
        kn_option_begin(*out);
    return error;
}

int kn_fd_pair(int fds[2])
{
    int made[2];
#if defined(SOCK_NONBLOCK) && defined(SOCK_CLOEXEC)
    const int flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
#else
    const int flags = 0;
#endif
    if (socketpair(AF_UNIX, SOCK_STREAM | flags, 0, made) != 0)
        return errno;
    int error = finish(made[0], flags != 0, false, &fds[0]);
    if (error != 0) {
        (void)close(made[1]);
        return error;
    }
    error = finish(made[1], flags != 0, false, &fds[1]);
    if (error != 0)
        (void)close(fds[0]);
    return error;
}

int kn_fd_adopt(int fd, bool blocking)
{
    int error = set_flags(fd, blocking);
    silence(fd);
    kn_option_begin(fd);
    kn_option_keepalive_times(fd); /* of a listener its connections may have them */
    return error;
}

int kn_fd_block(int fd)
{
    return set_blocking(fd, true);
}

/* Some systems hand the listener's O_NONBLOCK on. */
int kn_fd_accept(int listener, int *out, struct sockaddr_in6 *peer)
{
    struct sockaddr *from = (struct sockaddr *)peer;
    socklen_t size = sizeof(*peer);
    *peer = (struct sockaddr_in6){.sin6_family = AF_UNSPEC};
#if defined(HAVE_ACCEPT4)
    int flags = SOCK_CLOEXEC | (KN_FD_BLOCKS ? 0 : SOCK_NONBLOCK);
    int error = finish(accept4(listener, from, &size, flags), true, KN_FD_BLOCKS, out);
#else
    int error = finish(accept(listener, from, &size), false, KN_FD_BLOCKS, out);
#endif
    if (error == 0)
        kn_option_begin_accepted(*out);
    return error;
}

int kn_fd_limit(int fd, bool sending, int64_t us)
{
    struct timespec t = kb_clock_timespec(us);
    struct timeval limit = {.tv_sec = t.tv_sec, .tv_usec = (suseconds_t)(t.tv_nsec / 1000)};
    return setsockopt(fd, SOL_SOCKET, sending ? SO_SNDTIMEO : SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ? errno : 0;
}

int kn_fd_stop_new(int listener)
{
#if defined(HAVE_LINUX_FILTER_H) && defined(SO_ATTACH_FILTER)
    enum { FLAGS = 13, SYN = 2 }; /* where the flags are in the header of TCP, which is all that a filter sees */
    struct sock_filter drop_syn[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, 0xFFFFFFFF),
    };
    const struct sock_fprog program = {.len = sizeof(drop_syn) / sizeof(drop_syn[0]), .filter = drop_syn};
    return setsockopt(listener, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) != 0 ? errno : 0;
#else
    (void)listener;
    return ENOTSUP;
#endif
}

int kn_fd_peek(int fd)
{
    char byte;
    ssize_t n;
    do
        n = recv(fd, &byte, 1, MSG_PEEK | KN_FD_NOW);
    while (n < 0 && errno == EINTR);
    return (int)n;
}

int kn_fd_unsent(int fd)
{
    int bytes = -1;
#if defined(SIOCOUTQ)
    if (ioctl(fd, SIOCOUTQ, &bytes) != 0)
        bytes = -1;
#elif defined(FIONWRITE)
    if (ioctl(fd, FIONWRITE, &bytes) != 0)
        bytes = -1;
#elif defined(SO_NWRITE)
    socklen_t size = sizeof(bytes);
    if (getsockopt(fd, SOL_SOCKET, SO_NWRITE, &bytes, &size) != 0)
        bytes = -1;
#elif defined(TIOCOUTQ) /* Linux has one number for both; musl's headers know this name */
    if (ioctl(fd, TIOCOUTQ, &bytes) != 0)
        bytes = -1;
#else
    (void)fd;
#endif
    return bytes;
}

void kn_fd_will_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

/* ---- Which address was asked ------------------------------------------------------------------- */

/* Room for the one control message of each kind that is used here. */
typedef union control {
    struct cmsghdr align;
    unsigned char bytes[64];
} control;

static struct in6_addr mapped(struct in_addr four)
{
    struct in6_addr six = {.s6_addr = {[10] = 0xFF, [11] = 0xFF}};
    memcpy(&six.s6_addr[12], &four, sizeof(four));
    return six;
}

void kn_fd_tell_asked(int fd, int family)
{
    int on = 1;
#if defined(IP_PKTINFO)
    if (family == AF_INET)
        (void)setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
#elif defined(IP_RECVDSTADDR)
    if (family == AF_INET)
        (void)setsockopt(fd, IPPROTO_IP, IP_RECVDSTADDR, &on, sizeof(on));
#endif
#if defined(IPV6_RECVPKTINFO)
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
#endif
    (void)fd;
    (void)family;
    (void)on;
}

static void read_asked(const struct cmsghdr *c, struct in6_addr *asked)
{
#if defined(IPV6_PKTINFO)
    if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
        struct in6_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        *asked = info.ipi6_addr;
    }
#endif
#if defined(IP_PKTINFO)
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
        struct in_pktinfo info;
        memcpy(&info, CMSG_DATA(c), sizeof(info));
        *asked = mapped(info.ipi_addr);
    }
#elif defined(IP_RECVDSTADDR)
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVDSTADDR) {
        struct in_addr four;
        memcpy(&four, CMSG_DATA(c), sizeof(four));
        *asked = mapped(four);
    }
#endif
    (void)c;
    (void)asked;
}

ssize_t kn_fd_recv_from(int fd, void *buf, size_t size, struct sockaddr_storage *from, struct in6_addr *asked)
{
    control room;
    struct iovec part = {buf, size};
    struct msghdr message = {.msg_name = from, .msg_iov = &part, .msg_control = room.bytes};
    message.msg_namelen = sizeof(*from);
    message.msg_iovlen = 1;
    message.msg_controllen = sizeof(room.bytes);
    *asked = in6addr_any;
    ssize_t got = recvmsg(fd, &message, 0);
    for (struct cmsghdr *c = got < 0 ? NULL : CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c))
        read_asked(c, asked);
    return got;
}

/* Put one control message into `message`. */
static void add_control(struct msghdr *message, control *room, int level, int type, const void *data, size_t size)
{
    struct cmsghdr *c;
    memset(room, 0, sizeof(*room));
    message->msg_control = room->bytes;
    message->msg_controllen = sizeof(room->bytes);
    c = CMSG_FIRSTHDR(message);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = (socklen_t)CMSG_LEN(size);
    memcpy(CMSG_DATA(c), data, size);
    message->msg_controllen = (socklen_t)CMSG_SPACE(size);
}

/* Let `message` go out from `asked`.  false: this system cannot. */
static bool send_from(struct msghdr *message, control *room, int family, const struct in6_addr *asked)
{
#if defined(IPV6_PKTINFO)
    if (family == AF_INET6) {
        const struct in6_pktinfo info = {.ipi6_addr = *asked};
        add_control(message, room, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof(info));
        return true;
    }
#endif
#if defined(IP_PKTINFO)
    if (family == AF_INET && IN6_IS_ADDR_V4MAPPED(asked)) {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, &asked->s6_addr[12], sizeof(info.ipi_spec_dst));
        add_control(message, room, IPPROTO_IP, IP_PKTINFO, &info, sizeof(info));
        return true;
    }
#endif
    (void)message;
    (void)room;
    (void)family;
    (void)asked;
    return false;
}

ssize_t kn_fd_send_to(int fd, int family, const void *data, size_t size, const struct sockaddr *to, socklen_t to_size,
                      const struct in6_addr *asked)
{
    control room;
    struct iovec part = {(void *)(uintptr_t)data, size};
    struct msghdr message = {.msg_name = (void *)(uintptr_t)to, .msg_iov = &part};
    message.msg_namelen = to_size;
    message.msg_iovlen = 1;
    if (!IN6_IS_ADDR_UNSPECIFIED(asked) && send_from(&message, &room, family, asked)) {
        ssize_t sent = sendmsg(fd, &message, 0);
        if (sent >= 0 || (errno != EADDRNOTAVAIL && errno != EINVAL && errno != ENETUNREACH))
            return sent;
        message.msg_control = NULL; /* the address is not this machine's any more */
        message.msg_controllen = 0;
    }
    return sendmsg(fd, &message, 0);
}

/* ---- Pipes --------------------------------------------------------------------------------------- */

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
    int error = set_flags(fds[0], false);
    if (error == 0)
        error = set_flags(fds[1], false);
    if (error != 0) {
        (void)close(fds[0]);
        (void)close(fds[1]);
    }
    return error;
}
#endif

int kn_fd_pipe(int fds[2])
{
    int error = make_pipe(fds);
    if (error != 0)
        fds[0] = fds[1] = -1;
    return error;
}

/* A full pipe is as good as a byte more: the reader wakes in any case. */
void kn_fd_signal(int fd)
{
    while (write(fd, "", 1) < 0 && errno == EINTR)
        continue;
}

void kn_fd_drain(int fd)
{
    char bytes[64];
    ssize_t count;
    do
        count = read(fd, bytes, sizeof(bytes));
    while (count == (ssize_t)sizeof(bytes) || (count < 0 && errno == EINTR));
}

int kn_fd_process(pid_t pid)
{
#if defined(SYS_pidfd_open) /* always close-on-exec */
    return (int)syscall(SYS_pidfd_open, pid, 0);
#else
    (void)pid;
    return -1;
#endif
}

int kn_fd_now(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ? errno : 0;
}
