/* header.h - the header by which a proxy says whose connection it hands on: the PROXY protocol, versions 1 and 2
 * (haproxy.org, proxy-protocol.txt).
 *
 * Place: net layer, below everything; no state, and no memory.  Threads: any. */
#ifndef KN_HEADER_H
#define KN_HEADER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

enum {
    KN_HEADER_TEXT_MAX = 107, /* bytes of version 1, by the protocol; */
    KN_HEADER_MAX = 4096,     /* and of version 2: more than proxies add to the addresses, which are 232 at most */
};

typedef enum kn_header_found {
    KN_HEADER_WHOLE,
    KN_HEADER_PART, /* what is there so far begins one */
    KN_HEADER_NONE, /* it begins with something else */
    KN_HEADER_BAD,  /* it begins as one, and is none */
} kn_header_found;

typedef struct kn_header {
    size_t size; /* bytes that it takes */
    bool known;  /* it names client and destination; else the proxy speaks for itself, or of what is no TCP */
    int family;  /* AF_INET or AF_INET6 of both; */
    unsigned char from[16], to[16];
    in_port_t from_port, to_port; /* of the host's byte order */
} kn_header;

/* Look at the first `size` bytes of a connection.  *why says what is BAD; static. */
kn_header_found kn_header_read(const unsigned char *data, size_t size, kn_header *out, const char **why);

#endif
