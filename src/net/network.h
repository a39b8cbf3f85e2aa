/* network.h - networks of the internet as people write them: "10.0.0.0/8", "fd00::/8", an address alone.
 *
 * Place: net layer, below everything; no state.  Threads: any. */
#ifndef KN_NETWORK_H
#define KN_NETWORK_H

#include <netinet/in.h>
#include <stdbool.h>

typedef struct kn_network {
    struct in6_addr base; /* of IPv4 a mapped one */
    unsigned bits;        /* 0..128 */
} kn_network;

/* Read the `text`.  false: it is none; also where bits are set behind its length, which is a slip of the pen. */
bool kn_network_read(const char *text, kn_network *out);
/* Is the address in it?  Of IPv4 a mapped one. */
bool kn_network_has(const kn_network *network, const struct in6_addr *address);

#endif
