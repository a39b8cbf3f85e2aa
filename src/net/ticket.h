/* ticket.h - sessions that clients of one context may resume.
 *
 * Place: net layer, of contexts (tls_context.c); the TLS files alone include it.  A session is taken out to
 * be resumed: with TLS 1.3 a ticket that is used twice lets who listens see that both connections
 * are the same client's (RFC 8446, C.4), and servers send new ones in each session.
 * Threads: all functions may be called by any thread. */
#ifndef KN_TICKET_H
#define KN_TICKET_H

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>

enum {
    KN_TICKETS_MAX = 64, /* kept per context; the oldest goes */
    KN_TICKET_KEY = 288, /* a host name and a port, terminated */
};

typedef struct kn_ticket {
    char key[KN_TICKET_KEY]; /* the peer */
    gnutls_datum_t data;     /* the session's secrets; NULL: the place is free */
} kn_ticket;

typedef struct kn_tickets {
    pthread_mutex_t lock;
    kn_ticket *at;     /* guarded by lock; KN_TICKETS_MAX of them, made when the first one comes */
    unsigned next_put; /* guarded by lock; places are filled in turn: the oldest is overwritten */
} kn_tickets;

int kn_ticket_store_init(kn_tickets *tickets); /* 0 or an errno */
void kn_ticket_store_fini(kn_tickets *tickets);

/* Keep `data`, which becomes the cache's, for a connection to the peer `key`.  Never fails:
 * without memory the next handshake is a full one. */
void kn_ticket_store_put(kn_tickets *tickets, const char *key, gnutls_datum_t *data);

/* Take the newest session with `key` into *out (the caller frees it by kn_ticket_wipe()).  false:
 * none. */
bool kn_ticket_store_take(kn_tickets *tickets, const char *key, gnutls_datum_t *out);

/* Free *data after overwriting it; what is free already is left alone. */
void kn_ticket_wipe(gnutls_datum_t *data);

#endif
