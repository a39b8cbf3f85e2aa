/* tls_certificate.c - what the certificate of a session's peer says.  The contract is in tls.h. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/tls_session.h"

enum { NAMES_MAX = 1000, NAME_MAX_SIZE = 1024 }; /* more would take long to read, and nobody has them */

static void write_hex(char *to, const unsigned char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        (void)snprintf(to + 2 * i, 3, "%02x", from[i]);
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* An alternative name of the kind `san` as text: malloc'ed.  NULL: of another kind, or memory is short. */
static char *name_text(int san, const unsigned char *name, size_t size)
{
    char address[INET6_ADDRSTRLEN];
    if (san == GNUTLS_SAN_DNSNAME || san == GNUTLS_SAN_URI || san == GNUTLS_SAN_RFC822NAME)
        return strndup((const char *)name, size);
    int family = size == 4 ? AF_INET : AF_INET6;
    if (san != GNUTLS_SAN_IPADDRESS || (size != 4 && size != 16) ||
        inet_ntop(family, name, address, sizeof(address)) == NULL)
        return NULL;
    return strdup(address);
}

static int read_names(gnutls_x509_crt_t crt, kiwi_tls_peer *out)
{
    out->names = calloc(NAMES_MAX, sizeof(*out->names));
    if (out->names == NULL)
        return ENOMEM;
    for (unsigned i = 0; i < NAMES_MAX; i++) {
        unsigned char name[NAME_MAX_SIZE];
        size_t size = sizeof(name);
        int san = kn_gnutls.x509_crt_get_subject_alt_name(crt, i, name, &size, NULL);
        if (san == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            break;
        char *text = san < 0 ? NULL : name_text(san, name, size);
        if (text != NULL)
            out->names[out->name_count++] = text;
    }
    return 0;
}

/* ---- The certificate ------------------------------------------------------------------------- */

/* A copy of the distinguished name that `get` gives: malloc'ed, NULL if there is none. */
static char *distinguished_name(gnutls_x509_crt_t crt, int (*get)(gnutls_x509_crt_t, gnutls_datum_t *))
{
    gnutls_datum_t text = {NULL, 0};
    char *copy = get(crt, &text) >= 0 ? strndup((const char *)text.data, text.size) : NULL;
    (*kn_gnutls.free)(text.data);
    return copy;
}

static int read_certificate(const gnutls_datum_t *der, kiwi_tls_peer *out)
{
    gnutls_x509_crt_t crt;
    unsigned char serial[sizeof(out->serial) / 2], digest[sizeof(out->sha256) / 2];
    size_t size = sizeof(serial);
    if (kn_gnutls.x509_crt_init(&crt) < 0)
        return ENOMEM;
    int error = kn_gnutls.x509_crt_import(crt, der, GNUTLS_X509_FMT_DER) < 0 ? EINVAL : 0;
    if (error == 0) {
        out->subject = distinguished_name(crt, kn_gnutls.x509_crt_get_dn2);
        out->issuer = distinguished_name(crt, kn_gnutls.x509_crt_get_issuer_dn2);
        out->not_before = kn_gnutls.x509_crt_get_activation_time(crt);
        out->not_after = kn_gnutls.x509_crt_get_expiration_time(crt);
        if (kn_gnutls.x509_crt_get_serial(crt, serial, &size) >= 0)
            write_hex(out->serial, serial, size);
        if (kn_gnutls.hash_fast(GNUTLS_DIG_SHA256, der->data, der->size, digest) >= 0)
            write_hex(out->sha256, digest, sizeof(digest));
        error = read_names(crt, out);
    }
    kn_gnutls.x509_crt_deinit(crt);
    return error;
}

static int copy_chain(const gnutls_datum_t *chain, unsigned count, kiwi_tls_peer *out)
{
    out->chain = calloc(count, sizeof(*out->chain));
    if (out->chain == NULL)
        return ENOMEM;
    for (unsigned i = 0; i < count; i++) {
        unsigned char *copy = malloc(chain[i].size);
        if (copy == NULL)
            return ENOMEM;
        memcpy(copy, chain[i].data, chain[i].size);
        out->chain[out->chain_count++] = (kiwi_tls_der){copy, chain[i].size};
    }
    return 0;
}

int kn_tls_describe_peer(kn_tls *tls, kiwi_tls_peer *out)
{
    unsigned count = 0;
    const gnutls_datum_t *chain =
        tls->stage == KN_TLS_HANDSHAKE ? NULL : kn_gnutls.certificate_get_peers(tls->session, &count);
    if (chain != NULL && !tls->context->verify && !tls->context->server && !tls->verified && tls->reason[0] == '\0')
        return EAGAIN;
    out->verified = tls->verified;
    (void)snprintf(out->why_not, sizeof(out->why_not), "%s",
                   tls->verified            ? ""
                   : tls->reason[0] != '\0' ? tls->reason
                   : chain == NULL          ? "the peer sent no certificate"
                                            : "not verified: an earlier session was resumed");
    if (chain == NULL || count == 0)
        return 0;
    int error = copy_chain(chain, count, out);
    return error != 0 ? error : read_certificate(&chain[0], out);
}
