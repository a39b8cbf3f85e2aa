/* tls_open.c - TLS sessions are made and freed.  The contract is in tls.h. */
#include "config.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/tls_session.h"

/* Copy `name` to tls->name as it appears in certificates: [::1] and ::1%eth0 are ::1, and the dot
 * at the end of a full name is not part of it. */
static kb_status take_name(kn_tls *tls, const char *name, kb_error *err)
{
    size_t size = strlen(name);
    if (size >= 2 && name[0] == '[' && name[size - 1] == ']') {
        name++;
        size -= 2;
    }
    if (memchr(name, ':', size) != NULL && memchr(name, '%', size) != NULL)
        size = (size_t)((const char *)memchr(name, '%', size) - name);
    if (size > 0 && name[size - 1] == '.')
        size--;
    if (size > KN_TLS_NAME_MAX)
        return kb_error_fail(err, KB_EINVAL, 0, "the name of the TLS peer is too long");
    if (size == 0 && tls->context->verify) /* without a name any certificate would do */
        return kb_error_fail(err, KB_EINVAL, 0, "no name to verify the TLS peer against");
    memcpy(tls->name, name, size);
    tls->name[size] = '\0';
    return KB_OK;
}

static bool is_address(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

gnutls_certificate_credentials_t kn_tls_server_creds(const kn_tls *tls)
{
    char name[KN_TLS_NAME_MAX + 1];
    size_t size = sizeof(name);
    unsigned type;
    int r = kn_gnutls.server_name_get(tls->session, name, &size, &type, 0);
    bool asked = r >= 0 && type == GNUTLS_NAME_DNS && size < sizeof(name);
    name[asked ? size : 0] = '\0';
    gnutls_certificate_credentials_t found = kn_tls_sni_find(&tls->context->sni, name);
    return found != NULL ? found : tls->context->creds;
}

/* The client has said what it wants, and nothing of the pair was used yet. */
static int choose_pair(gnutls_session_t session)
{
    const kn_tls *tls = kn_gnutls.session_get_ptr(session);
    return kn_gnutls.credentials_set(session, GNUTLS_CRD_CERTIFICATE, kn_tls_server_creds(tls));
}

static int set_up_server(kn_tls *tls)
{
    gnutls_session_t s = tls->session;
    kn_tls_context *context = tls->context;
    kn_gnutls.certificate_server_set_request(s, !context->verify           ? GNUTLS_CERT_IGNORE
                                                : context->client_optional ? GNUTLS_CERT_REQUEST
                                                                           : GNUTLS_CERT_REQUIRE);
    if (context->sni.count > 0)
        kn_gnutls.handshake_set_post_client_hello_function(s, choose_pair);
    return kn_gnutls.session_ticket_enable_server(s, &context->ticket_key);
}

static int set_up_client(kn_tls *tls)
{
    kn_tls_resume(tls);
    return tls->name[0] == '\0' || is_address(tls->name)
               ? 0
               : kn_gnutls.server_name_set(tls->session, GNUTLS_NAME_DNS, tls->name, strlen(tls->name));
}

static int set_up(kn_tls *tls, int fd)
{
    /* Mandatory: a client whose protocols are all unknown gets the alert of RFC 7301, 3.2. */
    const unsigned int server_alpn = GNUTLS_ALPN_SERVER_PRECEDENCE | GNUTLS_ALPN_MANDATORY;
    kn_tls_context *context = tls->context;
    int r = kn_gnutls.init(&tls->session,
                           GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | (context->server ? GNUTLS_SERVER : GNUTLS_CLIENT));
    if (r < 0) {
        tls->session = NULL;
        return r;
    }
    gnutls_session_t s = tls->session;
    kn_gnutls.session_set_ptr(s, tls);
    kn_tls_wire_attach(&tls->wire, fd, s);
    kn_gnutls.handshake_set_timeout(s, 0); /* the caller's time limit counts */
    if (context->verify)
        kn_gnutls.session_set_verify_function(s, kn_tls_verify_peer);
    r = kn_gnutls.priority_set(s, context->priority);
    if (r >= 0)
        r = kn_gnutls.credentials_set(s, GNUTLS_CRD_CERTIFICATE, context->creds);
    if (r >= 0 && context->alpn_count > 0)
        r = kn_gnutls.alpn_set_protocols(s, context->alpn, context->alpn_count, context->server ? server_alpn : 0);
    if (r < 0)
        return r;
    return context->server ? set_up_server(tls) : set_up_client(tls);
}

kb_status kn_tls_new(kn_tls_context *context, int fd, const char *name, bool loopback, kn_tls **out, kb_error *err)
{
    *out = NULL;
    kn_tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL || kb_turns_init(&tls->turns) != 0) {
        free(tls);
        return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
    }
    tls->context = kn_tls_context_ref(context);
    tls->loopback = loopback;
    kb_status status = context->server ? KB_OK : take_name(tls, name != NULL ? name : "", err);
    if (status == KB_OK) {
        int r = set_up(tls, fd);
        if (r < 0) {
            kn_tls_fail(tls, &tls->failure, r, "set-up");
            status = tls->failure.status;
            if (err != NULL)
                *err = tls->failure;
        }
    }
    if (status != KB_OK) {
        kn_tls_free(tls);
        return status;
    }
    *out = tls;
    return KB_OK;
}

void kn_tls_put_over(kn_tls *tls, kn_tls *under)
{
    tls->wire.under = under;
}

void kn_tls_free(kn_tls *tls)
{
    if (tls == NULL)
        return;
    if (tls->session != NULL)
        kn_gnutls.deinit(tls->session);
    kn_tls_context_unref(tls->context);
    kn_tls_free(tls->wire.under);
    kn_tls_wire_fini(&tls->wire);
    kb_turns_fini(&tls->turns);
    free(tls);
}
