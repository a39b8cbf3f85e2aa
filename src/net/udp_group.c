/* udp_group.c - what is set of a datagram socket: groups that it is in, how far its datagrams go, broadcasts.  The contracts are
 * in kiwi/net.h. */
#include "config.h"

/* Groups of IPv4 are not in POSIX.1-2008. */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/fault.h"
#include "net/sock.h"
#include "net/wake.h"

/* A group, and the interface by which it is reached. */
typedef struct membership {
    int family;
    struct in_addr four;
    struct in6_addr six;
    unsigned index;           /* of the interface; 0: the system chooses, or `address` says */
    struct in_addr interface; /* of IPv4, where it is given by its address */
} membership;

static int set(int fd, int level, int option, const void *value, size_t size)
{
    return setsockopt(fd, level, option, value, (socklen_t)size) != 0 ? errno : 0;
}

static int family_of(int fd)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(own);
    (void)getsockname(fd, (struct sockaddr *)&own, &size);
    return own.ss_family;
}

/* ---- Groups ------------------------------------------------------------------------------------ */

static bool read_group(const char *text, membership *out)
{
    if (inet_pton(AF_INET, text, &out->four) == 1) {
        out->family = AF_INET;
        return ntohl(out->four.s_addr) >> 28 == 0xE;
    }
    out->family = AF_INET6;
    return inet_pton(AF_INET6, text, &out->six) == 1 && IN6_IS_ADDR_MULTICAST(&out->six);
}

static bool read_interface(const char *text, membership *out)
{
    if (text[0] == '\0')
        return true;
    if (out->family == AF_INET && inet_pton(AF_INET, text, &out->interface) == 1)
        return true;
    out->index = if_nametoindex(text);
    return out->index != 0;
}

/* Of IPv4.  An interface that was named is also the one by which the socket's own datagrams to groups leave. */
static int change_four(int fd, const membership *m, bool join)
{
    int option = join ? IP_ADD_MEMBERSHIP : IP_DROP_MEMBERSHIP;
#if defined(HAVE_STRUCT_IP_MREQN)
    const struct ip_mreqn wanted = {
        .imr_multiaddr = m->four, .imr_address = m->interface, .imr_ifindex = (int)m->index};
    const void *interface = &wanted;
    size_t size = sizeof(wanted);
#else
    const struct ip_mreq wanted = {.imr_multiaddr = m->four, .imr_interface = m->interface};
    const void *interface = &m->interface;
    size_t size = sizeof(m->interface);
    if (m->index != 0)
        return EOPNOTSUPP; /* by its address alone */
#endif
    int error = set(fd, IPPROTO_IP, option, &wanted, sizeof(wanted));
    if (error == 0 && join && (m->index != 0 || m->interface.s_addr != 0))
        error = set(fd, IPPROTO_IP, IP_MULTICAST_IF, interface, size);
    return error;
}

static int change_six(int fd, const membership *m, bool join)
{
    const struct ipv6_mreq wanted = {.ipv6mr_multiaddr = m->six, .ipv6mr_interface = m->index};
    int error = set(fd, IPPROTO_IPV6, join ? IPV6_JOIN_GROUP : IPV6_LEAVE_GROUP, &wanted, sizeof(wanted));
    if (error == 0 && join && m->index != 0)
        error = set(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &m->index, sizeof(m->index));
    return error;
}

/* ---- Sockets ----------------------------------------------------------------------------------- */

/* The socket `id`, with a reference; NULL: there is none, and *why says so. */
static kn_sock *take(kiwi_net *net, kiwi_id id, kiwi_result *why)
{
    kn_lock(net);
    kn_sock *sock = kn_sock_any(net, id);
    if (sock != NULL && !sock->udp)
        sock = NULL;
    if (sock != NULL)
        sock->refs++;
    kn_wake_unlock(net);
    *why = (kiwi_result){.state = KIWI_TASK_COMPLETED};
    if (sock != NULL)
        return sock;
    why->state = KIWI_TASK_FAULTED;
    kn_fault(why, KIWI_FAULT_INVALID, 0, "Invalid socket");
    return NULL;
}

static void give_back(kiwi_net *net, kn_sock *sock)
{
    kn_lock(net);
    kn_sock_unref(net, sock);
    kn_wake_unlock(net);
}

static int invalid(kiwi_result *why, const char *format, const char *text)
{
    why->state = KIWI_TASK_FAULTED;
    kn_fault(why, KIWI_FAULT_INVALID, EINVAL, "%s '%.100s'.", format, text);
    return EINVAL;
}

int kiwi_udp_group(kiwi_net *net, kiwi_id socket, const char *group, const char *interface, bool join, kiwi_result *why)
{
    kiwi_result unseen;
    membership m = {.index = 0};
    char text[64];
    why = why == NULL ? &unseen : why;
    kn_sock *sock = take(net, socket, why);
    if (sock == NULL)
        return ENOENT;
    int error = 0;
    if (group == NULL || !read_group(group, &m)) {
        error = invalid(why, "No address of a group:", group == NULL ? "" : group);
    } else if (interface != NULL && !read_interface(interface, &m)) {
        error = invalid(why, "No such interface:", interface);
    } else {
        bool six = m.family == AF_INET6;
        error = six && family_of(sock->fd) != AF_INET6 ? EAFNOSUPPORT
                : six                                  ? change_six(sock->fd, &m, join)
                                                       : change_four(sock->fd, &m, join);
        if (error != 0) {
            why->state = KIWI_TASK_FAULTED;
            kn_fault(why, KIWI_FAULT_SYSTEM, error, "Cannot %s %.100s: %s", join ? "join" : "leave", group,
                     kb_error_errno_text(error, text, sizeof(text)));
        }
    }
    give_back(net, sock);
    return error;
}

/* Of datagrams to one peer and to groups, over both kinds where the socket has both. */
static int set_ttl(int fd, int hops)
{
    const unsigned char to_groups = (unsigned char)hops; /* its type on every system */
    bool six = family_of(fd) == AF_INET6;
    int error = set(fd, IPPROTO_IP, IP_TTL, &hops, sizeof(hops));
    if (error == 0)
        error = set(fd, IPPROTO_IP, IP_MULTICAST_TTL, &to_groups, sizeof(to_groups));
    if (!six)
        return error;
    error = set(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &hops, sizeof(hops)); /* that of IPv4 is not for it everywhere */
    return error != 0 ? error : set(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof(hops));
}

int kiwi_udp_set(kiwi_net *net, kiwi_id socket, kiwi_udp_option option, int value, kiwi_result *why)
{
    kiwi_result unseen;
    char text[64];
    why = why == NULL ? &unseen : why;
    kn_sock *sock = take(net, socket, why);
    if (sock == NULL)
        return ENOENT;
    int error = EINVAL;
    if (option == KIWI_UDP_TTL && value >= 1 && value <= 255)
        error = set_ttl(sock->fd, value);
    else if (option == KIWI_UDP_BROADCAST && (value == 0 || value == 1))
        error = set(sock->fd, SOL_SOCKET, SO_BROADCAST, &value, sizeof(value));
    if (error != 0) {
        why->state = KIWI_TASK_FAULTED;
        kn_fault(why, KIWI_FAULT_SYSTEM, error, "Cannot set option '%s': %s",
                 option == KIWI_UDP_TTL ? "ttl" : "broadcast", kb_error_errno_text(error, text, sizeof(text)));
    }
    give_back(net, sock);
    return error;
}
