/* asked.h - which address of this machine each of the last peers of a datagram socket has asked.
 *
 * Place: net layer, part of UDP.  Threads: the caller's lock. */
#ifndef KN_ASKED_H
#define KN_ASKED_H

#include <netinet/in.h>

typedef struct kn_asked kn_asked;

enum { KN_ASKED_MAX = 1024 }; /* peers; whoever was silent for longest is forgotten first */

/* Remember that `peer` has asked `asked` in **at, which is made on first need.  Without memory it is not remembered. */
void kn_asked_note(kn_asked **at, const struct sockaddr_in6 *peer, const struct in6_addr *asked);
/* The address that `peer` has asked; `::` if it is not known.  `asked` may be NULL. */
struct in6_addr kn_asked_find(const kn_asked *asked, const struct sockaddr_in6 *peer);
void kn_asked_free(kn_asked *asked); /* NULL is allowed */

#endif
