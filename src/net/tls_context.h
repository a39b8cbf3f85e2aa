/* tls_context.h - inside the TLS layer: what a context is made of.
 *
 * Place: net layer, between sessions (tls*.c) and contexts (tls_context.c); nobody else includes it.  The
 * functions of contexts are declared in tls.h. */
#ifndef KN_TLS_CONTEXT_H
#define KN_TLS_CONTEXT_H

#include <gnutls/gnutls.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "net/ticket.h"
#include "net/tls.h"
#include "net/tls_file.h"
#include "net/tls_sni.h"
#include "net/tls_trust.h"

enum { KN_ALPN_MAX = 16 }; /* protocols of one context */

/* Constant once the context has been handed out, but for what says otherwise. */
struct kn_tls_context {
    atomic_uint refs;
    atomic_llong checked_us; /* when its files were looked at last */
    atomic_bool complained;  /* about files that have changed and are no use */
    bool server;
    bool verify;                            /* verify the peer: clients by default, servers that ask for certificates */
    bool allow_truncation;                  /* FIN between records is the end of the stream */
    kn_tls_settings *settings;              /* that made it */
    kn_tls_files files;                     /* that it was read from */
    gnutls_certificate_credentials_t creds; /* a server's: for clients that ask for none of */
    kn_tls_sni sni;                         /* these names, which have credentials of their own */
    kn_tls_trust trust;                     /* what `creds` may come to trust; has a lock of its own */
    gnutls_priority_t priority;
    gnutls_priority_t own_priority;   /* the same where the options change it, else NULL */
    bool client_optional;             /* server: a client may come without a certificate */
    gnutls_datum_t development;       /* client: the development certificate (DER), if it is good enough */
    bool older_tickets;               /* server: some may be of a time, or a process, with other certificates */
    gnutls_datum_t ticket_key;        /* server; with it clients resume sessions of this context */
    gnutls_datum_t alpn[KN_ALPN_MAX]; /* point into alpn_text */
    unsigned alpn_count;
    bool accepts_development; /* client: on loopback; see tls_peer.c */
    kn_tickets tickets;       /* client; has a lock of its own */
    char *alpn_text;
    char *cache_key;            /* kept: all options and variables that made it; guarded by cache lock */
    kn_tls_context *cache_next; /* kept: guarded by the cache's lock */
};

#endif
