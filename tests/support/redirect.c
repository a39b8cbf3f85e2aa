/* redirect.c - preloaded into kiwi by tests/peers: sends addresses that scripts name to the loopback.
 *
 *   getaddrinfo("example.com") gives 127.0.0.1
 *   connect() to port 443 of any IPv4 address goes to 127.0.0.1, port KIWI_TEST_PORT
 *
 * So that the specification's scripts, which name example.com and 203.0.113.10, run as they are. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* A symbol of the next library as a function; ISO C has no conversion, so the bytes are copied. */
#define NEXT(function, symbol)                                                                                         \
    do {                                                                                                               \
        void *found = dlsym(RTLD_NEXT, symbol);                                                                        \
        memcpy(&(function), &found, sizeof(found));                                                                    \
    } while (0)

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out)
{
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = NULL;
    NEXT(next, "getaddrinfo");
    if (node != NULL && strcmp(node, "example.com") == 0)
        node = "127.0.0.1";
    return next(node, service, hints, out);
}

int connect(int fd, const struct sockaddr *to, socklen_t size)
{
    int (*next)(int, const struct sockaddr *, socklen_t) = NULL;
    NEXT(next, "connect");
    const char *port = getenv("KIWI_TEST_PORT");
    struct sockaddr_in address;
    if (port == NULL || to->sa_family != AF_INET || size < (socklen_t)sizeof(address))
        return next(fd, to, size);
    memcpy(&address, to, sizeof(address));
    if (address.sin_port != htons(443))
        return next(fd, to, size);
    address.sin_port = htons((unsigned short)strtol(port, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return next(fd, (const struct sockaddr *)&address, (socklen_t)sizeof(address));
}
