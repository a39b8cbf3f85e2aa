/* trust.h - inside the TLS layer: what a context is made of.
 *
 * Place: net layer, between sessions (tls*.c) and contexts (trust.c); nobody else includes it.  The
 * functions of contexts are declared in tls.h. */
#ifndef KN_TRUST_H
#define KN_TRUST_H

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "net/ticket.h"
#include "net/tls.h"

enum { KN_ALPN_MAX = 16 }; /* protocols of one context */

/* Everything but refs and the cache's fields is constant once the context has been handed out. */
struct kn_tls_context {
    atomic_uint refs;
    bool server;
    bool verify;      /* verify the peer: clients by default, servers that ask for certificates */
    bool development; /* client: the development certificate is good enough on loopback */
    bool allow_truncation; /* FIN between records is the end of the stream */
    gnutls_certificate_credentials_t creds;
    gnutls_priority_t priority;
    gnutls_datum_t ticket_key;        /* server; with it clients resume sessions of this context */
    gnutls_datum_t alpn[KN_ALPN_MAX]; /* point into alpn_text */
    unsigned alpn_count;
    kn_tickets tickets; /* client; has a lock of its own */
    char *alpn_text;
    char *cache_key; /* client; all options and variables that made it; guarded by cache lock */
    kn_tls_context *cache_next; /* client; guarded by the cache's lock */
};

#endif
