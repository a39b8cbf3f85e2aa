/* addr.c - see addr.h. */
#include "config.h"

#include "net/addr.h"

#include <arpa/inet.h>
#include <string.h>

void kn_addr_describe(const struct sockaddr_storage *addr, char *host, size_t size, int *port)
{
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
        (void)inet_ntop(AF_INET, &in->sin_addr, host, (socklen_t)size);
        *port = ntohs(in->sin_port);
    } else if (addr->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr;
        (void)inet_ntop(AF_INET6, &in6->sin6_addr, host, (socklen_t)size);
        *port = ntohs(in6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) /* an IPv4 peer of a socket for both kinds */
            (void)inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, (socklen_t)size);
    }
}

bool kn_addr_is_loopback(const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_UNIX)
        return true;
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr;
    return addr->ss_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
            (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == 127));
}

bool kn_addr_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET) {
        const struct sockaddr_in *x = (const struct sockaddr_in *)(const void *)a;
        const struct sockaddr_in *y = (const struct sockaddr_in *)(const void *)b;
        return x->sin_port == y->sin_port && x->sin_addr.s_addr == y->sin_addr.s_addr;
    }
    const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)(const void *)a;
    const struct sockaddr_in6 *y = (const struct sockaddr_in6 *)(const void *)b;
    return a->ss_family == AF_INET6 && x->sin6_port == y->sin6_port &&
           memcmp(&x->sin6_addr, &y->sin6_addr, sizeof(x->sin6_addr)) == 0;
}

bool kn_addr_is_any(const struct sockaddr_storage *addr)
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr;
    return addr->ss_family == AF_INET ? in->sin_addr.s_addr == htonl(INADDR_ANY)
                                      : addr->ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
}

struct sockaddr_in6 kn_addr_mapped(const struct sockaddr *addr)
{
    if (addr->sa_family != AF_INET)
        return *(const struct sockaddr_in6 *)(const void *)addr;
    const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
    struct sockaddr_in6 out = {.sin6_family = AF_INET6, .sin6_port = in->sin_port};
    out.sin6_addr.s6_addr[10] = out.sin6_addr.s6_addr[11] = 0xFF;
    memcpy(&out.sin6_addr.s6_addr[12], &in->sin_addr, sizeof(in->sin_addr));
    return out;
}
