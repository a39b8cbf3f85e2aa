/* tls_session.h - inside the TLS layer: what a session is made of.
 *
 * Place: net layer, shared by tls.c (steps), tls_open.c and tls_peer.c; nobody else includes it. */
#ifndef KN_TLS_SESSION_H
#define KN_TLS_SESSION_H

#include "base/turns.h"
#include "net/gnutls.h"
#include "net/ticket.h"
#include "net/tls.h"
#include "net/tls_context.h"
#include "net/tls_wire.h"

enum { KN_TLS_NAME_MAX = 255 }; /* bytes of a host name in the domain name system */

typedef enum kn_tls_stage {
    KN_TLS_HANDSHAKE, /* -> KN_TLS_OPEN, or `failure` is set */
    KN_TLS_OPEN,      /* -> KN_TLS_BYE by kn_tls_bye() */
    KN_TLS_BYE,       /* close_notify was made: nothing more can be sent */
} kn_tls_stage;

struct kn_tls {
    kb_turns turns;
    gnutls_session_t session;
    kn_tls_context *context;
    kn_wire wire; /* its idle_bytes: since the last data, or the begin of the handshake */
    kn_tls_stage stage;
    bool loopback;    /* the peer's address is a loopback address */
    bool verified;    /* the peer's certificate */
    bool resumed;     /* an earlier session was taken up again */
    bool ended;       /* receiving is over: close_notify, or a FIN that is allowed */
    kb_error failure; /* of the session: the first one; every later call gives it again */
    /* Of sending; what the peer sent before, an alert say, can still be read. */
    kb_error send_failure;
    char reason[192];               /* why the peer's certificate is not good, "" if it is */
    char name[KN_TLS_NAME_MAX + 1]; /* client: of the peer; lives as long as the session */
    char peer[KN_TICKET_KEY];       /* client: the peer in the context's tickets */
};

/* Describe in *failure, once, what GnuTLS gave `code` for while `doing`. */
void kn_tls_fail(const kn_tls *tls, kb_error *failure, int code, const char *doing);

/* A server, once its client has said what it wants: the credentials for the name that it asked for. */
gnutls_certificate_credentials_t kn_tls_server_creds(const kn_tls *tls);

/* For gnutls_session_set_verify_function(): a result that is not 0 ends the handshake. */
int kn_tls_verify_peer(gnutls_session_t session);

/* A client, before its handshake: take an earlier session with the peer up again, if there is one, and
 * keep what this one will give. */
void kn_tls_resume(kn_tls *tls);

/* A client, after it.  With TLS 1.2 a ticket comes before the handshake ends. */
void kn_tls_keep_old_session(kn_tls *tls);

#endif
