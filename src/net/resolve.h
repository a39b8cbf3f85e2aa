/* resolve.h - names and addresses: one look-up, which waits.
 *
 * Place: net layer, below everything; no state.  Threads: any. */
#ifndef KN_RESOLVE_H
#define KN_RESOLVE_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct kn_address {
    struct sockaddr_storage addr;
    socklen_t size;
};

typedef struct kn_addresses { /* malloc'ed */
    size_t count;
    struct kn_address at[];
} kn_addresses;

/* The function that looks names up: getaddrinfo().  Tests put another one here before they open a
 * runtime. */
typedef int (*kn_resolver)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
extern kn_resolver kn_resolve_ask;

/* Is `host` localhost or a name below it?  Such a name is always this machine, 127.0.0.1 and ::1: the
 * system is not asked, which may know nothing of it or be told otherwise (RFC 6761, 6.3). */
bool kn_resolve_is_localhost(const char *host);

/* Look `host` up now.  `numeric`: addresses and localhost only, does not wait.  `passive`: to bind; ""
 * is every address.  Returns 0 with *out malloc'ed, or an EAI_ value (*sys is the errno for EAI_SYSTEM). */
int kn_resolve(const char *host, int port, bool numeric, bool passive, kn_addresses **out, int *sys);

/* A copy for `port`; NULL: memory is short. */
kn_addresses *kn_resolve_copy(const kn_addresses *from, int port);

/* Let addresses of the two families take turns, beginning with that of the first one; otherwise their order stays
 * (RFC 8305, 4). */
void kn_resolve_alternate(kn_addresses *addresses);

/* The errno behind EAI_ value `code`: `sys`, ENOMEM, or 0 if it was no system call that failed. */
int kn_resolve_errno(int code, int sys);

/* Why a look-up failed, for a person; *buf is used if need be. */
const char *kn_resolve_text(int code, int sys, char *buf, unsigned size);

#endif
