/* tls_peer.c - who the peer is: verification of its certificate, and earlier sessions with it. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/cert.h"
#include "net/tls_session.h"

/* ---- Verification ---------------------------------------------------------------------------- */

/* The chain is not trusted otherwise: is it the development certificate, from this machine?  The
 * library still makes the peer prove that it has the key. */
static bool is_development(kn_tls *tls)
{
    if (!tls->context->development || !tls->loopback)
        return false;
    unsigned int count = 0;
    const gnutls_datum_t *chain = kn_gnutls.certificate_get_peers(tls->session, &count);
    return chain != NULL && count > 0 && kn_cert_dev_matches(&chain[0]);
}

static void explain(kn_tls *tls, int code, unsigned int flaws)
{
    static const char general[] = "The certificate is NOT trusted. ";
    static const char prefix[] = "certificate verification failed";
    gnutls_datum_t text = {NULL, 0};
    if (code == GNUTLS_E_NO_CERTIFICATE_FOUND) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: the peer sent no certificate",
                       prefix);
    } else if (code < 0) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: %s", prefix,
                       kn_gnutls.strerror(code));
    } else if (kn_gnutls.certificate_verification_status_print(flaws, GNUTLS_CRT_X509, &text, 0) <
               0) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s", prefix);
    } else {
        const char *what = (const char *)text.data;
        size_t size = strlen(what);
        if (strncmp(what, general, sizeof(general) - 1) == 0 && size > sizeof(general) - 1) {
            what += sizeof(general) - 1;
            size -= sizeof(general) - 1;
        }
        while (size > 0 && what[size - 1] == ' ')
            size--;
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: %.*s%s%.60s%s", prefix,
                       size < 110 ? (int)size : 110, what, tls->name[0] != '\0' ? " (" : "",
                       tls->name, tls->name[0] != '\0' ? ")" : "");
    }
    (*kn_gnutls.free)(text.data);
}

int kn_tls_verify_peer(gnutls_session_t session)
{
    kn_tls *tls = kn_gnutls.session_get_ptr(session);
    bool server = tls->context->server;
    gnutls_typed_vdata_st want[2] = {
        {GNUTLS_DT_KEY_PURPOSE_OID,
         (unsigned char *)(server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER), 0},
        {GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)tls->name, 0},
    };
    unsigned int flaws = 0;
    int r = kn_gnutls.certificate_verify_peers(session, want, server ? 1 : 2, &flaws);
    if ((r >= 0 && flaws == 0) || is_development(tls)) {
        tls->verified = true;
        return 0;
    }
    explain(tls, r, flaws);
    return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

/* ---- Resumption ------------------------------------------------------------------------------ */

/* The development certificate is trusted on loopback only, and so are sessions begun with it. */
static void name_peer(kn_tls *tls)
{
    struct sockaddr_storage addr;
    socklen_t size = sizeof(addr);
    int port = 0;
    if (getpeername(tls->wire.fd, (struct sockaddr *)&addr, &size) != 0)
        addr.ss_family = AF_UNSPEC;
    if (addr.ss_family == AF_INET)
        port = ((const struct sockaddr_in *)(const void *)&addr)->sin_port;
    else if (addr.ss_family == AF_INET6)
        port = ((const struct sockaddr_in6 *)(const void *)&addr)->sin6_port;
    (void)snprintf(tls->peer, sizeof(tls->peer), "%s:%d%s", tls->name, ntohs((uint16_t)port),
                   tls->loopback ? " here" : "");
}

/* A session the server does not know any more leads to a full handshake. */
static void try_to_resume(kn_tls *tls)
{
    gnutls_datum_t data;
    if (!kn_tickets_take(&tls->context->tickets, tls->peer, &data))
        return;
    (void)kn_gnutls.session_set_data(tls->session, data.data, data.size);
    kn_ticket_wipe(&data);
}

static void keep_session(kn_tls *tls)
{
    gnutls_datum_t data = {NULL, 0};
    if (tls->stage != KN_TLS_HANDSHAKE && (tls->verified || !tls->context->verify) &&
        kn_gnutls.session_get_data2(tls->session, &data) == 0)
        kn_tickets_put(&tls->context->tickets, tls->peer, &data);
}

/* With TLS 1.3 tickets come after the handshake. */
static int ticket_came(gnutls_session_t session, unsigned int type, unsigned int when,
                       unsigned int incoming, const gnutls_datum_t *message)
{
    (void)type;
    (void)when;
    (void)incoming;
    (void)message;
    keep_session(kn_gnutls.session_get_ptr(session));
    return 0;
}

void kn_tls_resume(kn_tls *tls)
{
    name_peer(tls);
    kn_gnutls.handshake_set_hook_function(tls->session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET,
                                          GNUTLS_HOOK_POST, ticket_came);
    try_to_resume(tls);
}

/* A resumed session of TLS 1.2 keeps the ticket it has. */
void kn_tls_keep_old_session(kn_tls *tls)
{
    if (kn_gnutls.protocol_get_version(tls->session) < GNUTLS_TLS1_3 &&
        (tls->resumed ||
         (kn_gnutls.session_get_flags(tls->session) & GNUTLS_SFLAGS_SESSION_TICKET) != 0))
        keep_session(tls);
}
