/* addr.h - addresses of sockets: as text, and what kind of place they name.
 *
 * Place: net layer, below everything; no state.  Threads: any. */
#ifndef KN_ADDR_H
#define KN_ADDR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* The numeric text of `addr` into `host` of `size` bytes, and its port; both untouched for another family. */
void kn_addr_describe(const struct sockaddr_storage *addr, char *host, size_t size, int *port);
/* Does it name this machine only? */
bool kn_addr_is_loopback(const struct sockaddr_storage *addr);
/* Does it name every address of this machine? */
bool kn_addr_is_any(const struct sockaddr_storage *addr);
/* Are address and port the same? */
bool kn_addr_equal(const struct sockaddr_storage *a, const struct sockaddr_storage *b);
/* An address of either family as a socket for both kinds wants it. */
struct sockaddr_in6 kn_addr_mapped(const struct sockaddr *addr);

#endif
