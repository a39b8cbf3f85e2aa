/* resolve.c - see resolve.h. */
#include "config.h"

#include "net/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/relief.h"

kn_resolver kn_resolve_ask = getaddrinfo;

static kn_addresses *copy_addresses(const struct addrinfo *list)
{
    size_t count = 0;
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next)
        count++;
    kn_addresses *out = calloc(1, sizeof(*out) + count * sizeof(out->at[0]));
    if (out == NULL)
        return NULL;
    for (const struct addrinfo *a = list; a != NULL && out->count < count; a = a->ai_next) {
        if (a->ai_addrlen > sizeof(out->at[0].addr))
            continue;
        memcpy(&out->at[out->count].addr, a->ai_addr, a->ai_addrlen);
        out->at[out->count++].size = a->ai_addrlen;
    }
    return out;
}

bool kn_resolve_is_localhost(const char *host)
{
    static const char local[] = "localhost";
    size_t size = strlen(host), own = sizeof(local) - 1;
    if (size > 0 && host[size - 1] == '.')
        size--; /* of a full name */
    if (size < own || strncasecmp(host + size - own, local, own) != 0)
        return false;
    return size == own || (host[size - own - 1] == '.' && host[0] != '.' && strstr(host, "..") == NULL);
}

static kn_addresses *loopback_addresses(int port)
{
    const struct sockaddr_in four = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct sockaddr_in6 six = {
        .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    kn_addresses *out = calloc(1, sizeof(*out) + 2 * sizeof(out->at[0]));
    if (out == NULL)
        return NULL;
    out->count = 2;
    memcpy(&out->at[0].addr, &four, out->at[0].size = sizeof(four)); /* first, as a name is bound */
    memcpy(&out->at[1].addr, &six, out->at[1].size = sizeof(six));
    return out;
}

int kn_resolve(const char *host, int port, bool numeric, bool passive, kn_addresses **out, int *sys)
{
    *out = NULL;
    *sys = 0;
    if (kn_resolve_is_localhost(host)) {
        *out = loopback_addresses(port);
        return *out == NULL ? EAI_MEMORY : 0;
    }
    char service[16];
    (void)snprintf(service, sizeof(service), "%d", port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    hints.ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0) | (passive ? AI_PASSIVE : 0);
    struct addrinfo *list = NULL;
    const char *name = passive && host[0] == '\0' ? NULL : host;
    errno = 0;
    if (!numeric)
        kb_relief_ahead(2); /* a file of the system, and a socket to a server of names */
    int code = numeric ? getaddrinfo(name, service, &hints, &list) : kn_resolve_ask(name, service, &hints, &list);
    *sys = errno;
    if (code != 0)
        return code;
    *out = copy_addresses(list);
    freeaddrinfo(list);
    if (*out == NULL)
        return EAI_MEMORY;
    if ((*out)->count > 0)
        return 0;
    free(*out);
    *out = NULL;
    return EAI_NONAME;
}

kn_addresses *kn_resolve_copy(const kn_addresses *from, int port)
{
    size_t size = sizeof(*from) + from->count * sizeof(from->at[0]);
    kn_addresses *out = malloc(size);
    if (out == NULL)
        return NULL;
    memcpy(out, from, size);
    for (size_t i = 0; i < out->count; i++) {
        struct sockaddr_storage *addr = &out->at[i].addr;
        if (addr->ss_family == AF_INET)
            ((struct sockaddr_in *)(void *)addr)->sin_port = htons((uint16_t)port);
        else if (addr->ss_family == AF_INET6)
            ((struct sockaddr_in6 *)(void *)addr)->sin6_port = htons((uint16_t)port);
    }
    return out;
}

/* Move element `from` to the earlier place `to`. */
static void move_up(kn_addresses *addresses, size_t from, size_t to)
{
    struct kn_address moved = addresses->at[from];
    memmove(&addresses->at[to + 1], &addresses->at[to], (from - to) * sizeof(moved));
    addresses->at[to] = moved;
}

void kn_resolve_alternate(kn_addresses *addresses)
{
    for (size_t i = 1; i < addresses->count; i++) {
        size_t other = i;
        while (other < addresses->count && addresses->at[other].addr.ss_family == addresses->at[i - 1].addr.ss_family)
            other++;
        if (other == addresses->count)
            return; /* one family is left */
        move_up(addresses, other, i);
    }
}

int kn_resolve_errno(int code, int sys)
{
    return code == EAI_SYSTEM ? sys : code == EAI_MEMORY ? ENOMEM : 0;
}

const char *kn_resolve_text(int code, int sys, char *buf, unsigned size)
{
    int error = kn_resolve_errno(code, sys);
    return error != 0 ? kb_error_errno_text(error, buf, size) : gai_strerror(code);
}
