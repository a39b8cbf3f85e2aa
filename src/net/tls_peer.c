/* tls_peer.c - who the peer is: verification of its certificate, and earlier sessions with it. */
#include "config.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "net/cert.h"
#include "net/tls_session.h"

/* ---- Verification ---------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcasecmp(text + size - end_size, end) == 0;
}

/* Is `name` one of this machine, whoever looks it up?  Other names that happen to lead to the loopback are not. */
static bool names_this_machine(const char *name)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6};
    struct sockaddr_in four = {.sin_family = AF_INET};
    if (inet_pton(AF_INET, name, &four.sin_addr) == 1)
        return ntohl(four.sin_addr.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, name, &six.sin6_addr) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six.sin6_addr);
    return strcasecmp(name, "localhost") == 0 || ends_with(name, ".localhost");
}

/* `context` does not trust the chain otherwise: is it the development certificate, from this machine?  It is known by
 * all of its bytes, so its own names and dates say nothing more.  The library still makes the peer prove that it has
 * the key. */
static bool is_development(kn_tls *tls, const kn_tls_context *context)
{
    const gnutls_datum_t *own = &context->development;
    unsigned int count = 0;
    if (!context->accepts_development || !tls->loopback || !names_this_machine(tls->name))
        return false;
    const gnutls_datum_t *chain = kn_gnutls.certificate_get_peers(tls->session, &count);
    if (chain == NULL || count == 0)
        return false;
    return kn_cert_dev_used(&chain[0]) ||
           (own->size == chain[0].size && memcmp(own->data, chain[0].data, own->size) == 0);
}

/* ---- Chains ------------------------------------------------------------------------------------- */

enum { CHAIN_MAX = 16 };

/* What the peer must be, for the library; `want` has room for two.  Their number. */
static unsigned wanted(kn_tls *tls, gnutls_typed_vdata_st *want)
{
    bool server = tls->context->server;
    const char *purpose = server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER;
    want[0] = (gnutls_typed_vdata_st){GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(uintptr_t)purpose, 0};
    want[1] = (gnutls_typed_vdata_st){GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)tls->name, 0};
    return server ? 1 : 2;
}

static bool in_force(gnutls_x509_crt_t crt, time_t now)
{
    return kn_gnutls.x509_crt_get_activation_time(crt) <= now && kn_gnutls.x509_crt_get_expiration_time(crt) >= now;
}

typedef enum links { ALL, IN_FORCE } links;

/* The peer's chain: certs[], their number.  IN_FORCE: without the authorities in it that are not.  0: there are none
 * such, or the chain cannot be read. */
static unsigned read_chain(kn_tls *tls, links which, gnutls_x509_crt_t certs[CHAIN_MAX])
{
    unsigned int count = 0, kept = 0;
    time_t now = time(NULL);
    const gnutls_datum_t *chain = kn_gnutls.certificate_get_peers(tls->session, &count);
    for (unsigned i = 0; chain != NULL && i < count && i < CHAIN_MAX; i++) {
        gnutls_x509_crt_t crt;
        if (kn_gnutls.x509_crt_init(&crt) < 0)
            break;
        bool good = kn_gnutls.x509_crt_import(crt, &chain[i], GNUTLS_X509_FMT_DER) >= 0;
        if (good && (which == ALL || i == 0 || in_force(crt, now)))
            certs[kept++] = crt;
        else
            kn_gnutls.x509_crt_deinit(crt);
    }
    if (kept > 0 && (which == ALL || kept < count))
        return kept;
    while (kept > 0)
        kn_gnutls.x509_crt_deinit(certs[--kept]);
    return 0;
}

/* See that `context` trusts the authorities that the peer's chain may lead to. */
static void prepare(kn_tls *tls, kn_tls_context *context)
{
    unsigned int count = 0;
    const gnutls_datum_t *chain = kn_gnutls.certificate_get_peers(tls->session, &count);
    if (chain != NULL)
        kn_tls_trust_prepare(&context->trust, context->creds, chain, count);
}

/* Does `context` trust that chain?  The library's answer: its code, and *flaws. */
static int judge_chain(kn_tls *tls, kn_tls_context *context, links which, unsigned *flaws)
{
    gnutls_x509_crt_t certs[CHAIN_MAX];
    gnutls_x509_trust_list_t trust;
    gnutls_typed_vdata_st want[2];
    unsigned count = read_chain(tls, which, certs);
    if (count == 0)
        return GNUTLS_E_NO_CERTIFICATE_FOUND;
    prepare(tls, context);
    kn_gnutls.certificate_get_trust_list(context->creds, &trust);
    kn_tls_trust_enter(&context->trust);
    int r = kn_gnutls.x509_trust_list_verify_crt2(trust, certs, count, want, wanted(tls, want),
                                                  GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM), flaws, NULL);
    kn_tls_trust_leave(&context->trust);
    while (count > 0)
        kn_gnutls.x509_crt_deinit(certs[--count]);
    return r;
}

/* A peer may send the expired copy of an intermediate authority beside the renewed one, and the library then takes
 * the one for the issuer of the other: is the chain good without what is not in force? */
static bool good_without_old_copies(kn_tls *tls, kn_tls_context *context)
{
    unsigned flaws = 0;
    return judge_chain(tls, context, IN_FORCE, &flaws) >= 0 && flaws == 0;
}

/* ---- The outcome --------------------------------------------------------------------------------- */

static void explain(kn_tls *tls, int code, unsigned int flaws)
{
    static const char general[] = "The certificate is NOT trusted. ";
    static const char prefix[] = "certificate verification failed";
    gnutls_datum_t text = {NULL, 0};
    if (code == GNUTLS_E_NO_CERTIFICATE_FOUND) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: the peer sent no certificate", prefix);
    } else if (code < 0) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: %s", prefix, kn_gnutls.strerror(code));
    } else if (kn_gnutls.certificate_verification_status_print(flaws, GNUTLS_CRT_X509, &text, 0) < 0) {
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
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: %.*s%s%.60s%s", prefix, size < 110 ? (int)size : 110,
                       what, tls->name[0] != '\0' ? " (" : "", tls->name, tls->name[0] != '\0' ? ")" : "");
    }
    (*kn_gnutls.free)(text.data);
}

int kn_tls_verify_peer(gnutls_session_t session)
{
    kn_tls *tls = kn_gnutls.session_get_ptr(session);
    gnutls_typed_vdata_st want[2];
    unsigned int flaws = 0;
    prepare(tls, tls->context);
    kn_tls_trust_enter(&tls->context->trust);
    int r = kn_gnutls.certificate_verify_peers(session, want, wanted(tls, want), &flaws);
    kn_tls_trust_leave(&tls->context->trust);
    if ((r >= 0 && flaws == 0) || is_development(tls, tls->context) || good_without_old_copies(tls, tls->context)) {
        tls->verified = true;
        return 0;
    }
    if (r == GNUTLS_E_NO_CERTIFICATE_FOUND && tls->context->client_optional)
        return 0;
    explain(tls, r, flaws);
    return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

kn_tls_settings *kn_tls_judge_settings(const kn_tls *tls)
{
    kn_tls_settings *settings = kn_tls_settings_copy(tls->context->settings);
    if (settings != NULL)
        settings->verify = true;
    return settings;
}

void kn_tls_examine_peer(kn_tls *tls, kn_tls_context *judge, const kb_error *err)
{
    unsigned flaws = 0;
    if (judge == NULL) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "certificate verification failed: %.120s", err->text);
        return;
    }
    int r = judge_chain(tls, judge, ALL, &flaws);
    tls->verified = (r >= 0 && flaws == 0) || is_development(tls, judge) || good_without_old_copies(tls, judge);
    if (!tls->verified)
        explain(tls, r, flaws);
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
    if (!kn_ticket_store_take(&tls->context->tickets, tls->peer, &data))
        return;
    (void)kn_gnutls.session_set_data(tls->session, data.data, data.size);
    kn_ticket_wipe(&data);
}

static void keep_session(kn_tls *tls)
{
    gnutls_datum_t data = {NULL, 0};
    if (tls->stage != KN_TLS_HANDSHAKE && (tls->verified || !tls->context->verify) &&
        kn_gnutls.session_get_data2(tls->session, &data) == 0)
        kn_ticket_store_put(&tls->context->tickets, tls->peer, &data);
}

/* With TLS 1.3 tickets come after the handshake. */
static int ticket_came(gnutls_session_t session, unsigned int type, unsigned int when, unsigned int incoming,
                       const gnutls_datum_t *message)
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
    kn_gnutls.handshake_set_hook_function(tls->session, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_POST,
                                          ticket_came);
    try_to_resume(tls);
}

/* A resumed session of TLS 1.2 keeps the ticket it has. */
void kn_tls_keep_old_session(kn_tls *tls)
{
    if (kn_gnutls.protocol_get_version(tls->session) < GNUTLS_TLS1_3 &&
        (tls->resumed || (kn_gnutls.session_get_flags(tls->session) & GNUTLS_SFLAGS_SESSION_TICKET) != 0))
        keep_session(tls);
}
