/* resolve.h - name look-ups on threads of their own.
 *
 * getaddrinfo() can neither be stepped nor interrupted, so it has places of its own beside the
 * pool: at most KN_LOOKUPS_MAX threads, which end when idle.  They are detached: a look-up that
 * hangs does not hold up kn_resolver_close().
 * Threads: any. */
#ifndef KN_RESOLVE_H
#define KN_RESOLVE_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "kiwi/net.h"

enum { KN_LOOKUPS_MAX = 4, KN_ADDRESSES_MAX = 32 };

typedef struct kn_addresses {
    size_t count;
    struct {
        struct sockaddr_storage addr;
        socklen_t size;
    } at[];
} kn_addresses;

typedef struct kn_resolver kn_resolver;

/* Called on a look-up thread; takes *addresses (NULL if `code`, an EAI_ value, is not 0).  It must
 * not wait.  After kn_resolver_close() it is not called any more. */
typedef void (*kn_resolved)(kiwi_net *net, kiwi_id id, kn_addresses *addresses, int code, int sys);

/* The function that looks names up: getaddrinfo().  Tests put another one here before they open a
 * runtime. */
typedef int (*kn_lookup)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
extern kn_lookup kn_resolve_lookup;

kn_resolver *kn_resolver_open(kiwi_net *net, kn_resolved done);

/* Forget all look-ups and end idle threads.  NULL is allowed.  The runtime's lock is not held. */
void kn_resolver_close(kn_resolver *resolver);

/* Look `host` up for task `id`.  0 or an errno.  The runtime's lock is not held. */
int kn_resolver_start(kn_resolver *resolver, kiwi_id id, const char *host, int port);

/* Look `host` up now.  `numeric`: addresses only, does not wait.  `passive`: to bind; "" is every
 * address.  Returns 0 with *out malloc'ed, or an EAI_ value (*sys is the errno for EAI_SYSTEM). */
int kn_resolve(const char *host, int port, bool numeric, bool passive, kn_addresses **out,
               int *sys);

/* The errno behind EAI_ value `code`: `sys`, ENOMEM, or 0 if it was no system call that failed. */
int kn_resolve_errno(int code, int sys);

/* Why a look-up failed, for a person; *buf is used if need be. */
const char *kn_resolve_text(int code, int sys, char *buf, unsigned size);

#endif
