/* tls_binding.c - bytes that bind something else to a session: RFC 5929 and RFC 9266.  The contract is in tls.h. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/tls_session.h"

static int lacks(kiwi_tls_binding *out, const char *why)
{
    (void)snprintf(out->why_not, sizeof(out->why_not), "%s", why);
    return ENOTSUP;
}

/* ---- tls-server-end-point -------------------------------------------------------------------- */

/* The server's certificate (DER), which is the session's or the context's. */
static int server_certificate(kn_tls *tls, gnutls_datum_t *der, kiwi_tls_binding *out)
{
    unsigned count = 0;
    if (tls->context->server) {
        if (tls->resumed && tls->context->older_tickets) /* the client has that of the first session */
            return lacks(out,
                         "the session is an earlier one taken up again, and the certificate may have changed since");
        return kn_gnutls.certificate_get_crt_raw(kn_tls_server_creds(tls), 0, 0, der) < 0 ? ENOMEM : 0;
    }
    const gnutls_datum_t *chain = kn_gnutls.certificate_get_peers(tls->session, &count);
    if (chain == NULL || count == 0)
        return lacks(out, "the server sent no certificate");
    *der = chain[0];
    return 0;
}

/* The digest that the certificate is signed with, but none of those that are broken (RFC 5929, 4.1). */
static int signed_with(const gnutls_datum_t *der, gnutls_digest_algorithm_t *digest, kiwi_tls_binding *out)
{
    gnutls_x509_crt_t crt;
    if (kn_gnutls.x509_crt_init(&crt) < 0)
        return ENOMEM;
    int sign = kn_gnutls.x509_crt_import(crt, der, GNUTLS_X509_FMT_DER);
    if (sign >= 0)
        sign = kn_gnutls.x509_crt_get_signature_algorithm(crt);
    kn_gnutls.x509_crt_deinit(crt);
    if (sign < 0)
        return lacks(out, "the signature of the server's certificate is of an unknown kind");
    *digest = kn_gnutls.sign_get_hash_algorithm((gnutls_sign_algorithm_t)sign);
    if (*digest == GNUTLS_DIG_MD5 || *digest == GNUTLS_DIG_SHA1)
        *digest = GNUTLS_DIG_SHA256;
    /* Their digest is a part of the signature; the RFC leaves them out, and so do others. */
    bool alone = sign != GNUTLS_SIGN_EDDSA_ED25519 && sign != GNUTLS_SIGN_EDDSA_ED448;
    size_t size = kn_gnutls.hash_get_len(*digest);
    if (alone && size > 0 && size <= sizeof(out->bytes))
        return 0;
    const char *name = kn_gnutls.sign_get_name((gnutls_sign_algorithm_t)sign);
    (void)snprintf(out->why_not, sizeof(out->why_not), "none is defined for a certificate signed with %s",
                   name != NULL ? name : "an unknown algorithm");
    return ENOTSUP;
}

static int bind_certificate(kn_tls *tls, kiwi_tls_binding *out)
{
    gnutls_datum_t der = {NULL, 0};
    gnutls_digest_algorithm_t digest = GNUTLS_DIG_UNKNOWN;
    int error = server_certificate(tls, &der, out);
    if (error == 0)
        error = signed_with(&der, &digest, out);
    if (error != 0)
        return error;
    if (kn_gnutls.hash_fast(digest, der.data, der.size, out->bytes) < 0)
        return lacks(out, "the system's policy forbids the digest that the server's certificate is signed with");
    out->size = kn_gnutls.hash_get_len(digest);
    return 0;
}

/* ---- tls-exporter ---------------------------------------------------------------------------- */

enum { EXPORTER = 2 }; /* GNUTLS_CB_TLS_EXPORTER, which headers before 3.7.2 do not have */

static int bind_secrets(kn_tls *tls, kiwi_tls_binding *out)
{
    gnutls_datum_t got = {NULL, 0};
    /* Else two sessions could have the same: RFC 9266, 2. */
    if (kn_gnutls.protocol_get_version(tls->session) < GNUTLS_TLS1_3 &&
        kn_gnutls.session_ext_master_secret_status(tls->session) == 0)
        return lacks(out, "with TLS 1.2 it needs the extended master secret (RFC 7627), which the peer does not have");
    int r = kn_gnutls.session_channel_binding(tls->session, (gnutls_channel_binding_t)EXPORTER, &got);
    if (r == GNUTLS_E_UNIMPLEMENTED_FEATURE)
        return lacks(out, "this GnuTLS is too old, 3.7.2 has it");
    if (r < 0 || got.size > sizeof(out->bytes)) {
        (*kn_gnutls.free)(got.data);
        return r == GNUTLS_E_MEMORY_ERROR ? ENOMEM : lacks(out, kn_gnutls.strerror(r));
    }
    memcpy(out->bytes, got.data, got.size);
    out->size = got.size;
    kn_gnutls.memset(got.data, 0, got.size);
    (*kn_gnutls.free)(got.data);
    return 0;
}

int kn_tls_bind(kn_tls *tls, const char *kind, kiwi_tls_binding *out)
{
    if (strcmp(kind, "tls-server-end-point") == 0)
        return bind_certificate(tls, out);
    return strcmp(kind, "tls-exporter") == 0 ? bind_secrets(tls, out) : EINVAL;
}
