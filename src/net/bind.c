/* bind.c - descriptors bound to an address, of listeners and of UDP sockets.  The contract is in
 * state.h. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static int bind_one(const struct sockaddr_storage *addr, socklen_t size, int backlog, int *out)
{
    int on = 1, off = 0;
    bool stream = backlog > 0;
    int fd = -1, error = kn_fd_socket(addr->ss_family, stream ? SOCK_STREAM : SOCK_DGRAM, &fd);
    if (error != 0)
        return error;
    /* With SO_REUSEADDR two sockets of UDP could share a port, and nobody would notice. */
    (void)setsockopt(fd, SOL_SOCKET, stream ? SO_REUSEADDR : SO_BROADCAST, &on, sizeof(on));
    if (addr->ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, (const struct sockaddr *)addr, size) != 0 ||
        (stream && listen(fd, backlog) != 0)) {
        error = errno;
        (void)close(fd);
        return error;
    }
    *out = fd;
    return 0;
}

/* The addresses of one family in turn, until one can be bound. */
static int bind_family(const kn_addresses *all, int family, int backlog, int *fd)
{
    int error = EADDRNOTAVAIL;
    for (size_t i = 0; i < all->count; i++) {
        if (all->at[i].addr.ss_family != family)
            continue;
        error = bind_one(&all->at[i].addr, all->at[i].size, backlog, fd);
        if (error == 0 || error == EADDRINUSE)
            return error; /* another address would hide that the port is taken */
    }
    return error;
}

/* A name binds its IPv4 address first; all addresses are one IPv6 socket for both kinds first. */
int kn_bind(const kn_addresses *all, bool every, int backlog, int *fd)
{
    const int first = every ? AF_INET6 : AF_INET, second = every ? AF_INET : AF_INET6;
    int error = bind_family(all, first, backlog, fd);
    if (error == 0 || error == EADDRINUSE || error == EACCES)
        return error;
    int other = bind_family(all, second, backlog, fd);
    return other == 0 || error == EADDRNOTAVAIL ? other : error;
}
