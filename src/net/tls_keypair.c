/* tls_keypair.c - see tls_keypair.h. */
#include "config.h"

#include "net/tls_keypair.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "net/gnutls.h"

kb_status kn_tls_keypair_fail(kb_error *err, int code, const char *what, const char *path)
{
    kb_status status = code == GNUTLS_E_MEMORY_ERROR ? KB_ENOMEM : KB_ETLS;
    (void)kb_error_fail(err, status, 0, "%s%s%.120s: %s", what, path[0] != '\0' ? " " : "", path,
                        kn_gnutls.strerror(code));
    if (err != NULL)
        err->tls = code;
    return status;
}

/* A pair as it is read from its files. */
typedef struct pair {
    gnutls_x509_crt_t *certs;
    unsigned count;
    bool unsorted; /* they are no plain chain */
    gnutls_x509_privkey_t key;
} pair;

/* What was read from a file may be a key: leave none of it in the heap. */
static void wipe(gnutls_datum_t *data)
{
    if (data->data != NULL)
        kn_gnutls.memset(data->data, 0, data->size);
    free(data->data);
    *data = (gnutls_datum_t){NULL, 0};
}

static void certs_fini(pair *p)
{
    for (unsigned i = 0; i < p->count; i++)
        kn_gnutls.x509_crt_deinit(p->certs[i]);
    if (p->certs != NULL)
        (*kn_gnutls.free)(p->certs);
    p->certs = NULL;
    p->count = 0;
}

static int import_certs(pair *p, const gnutls_datum_t *text, unsigned flags)
{
    int r = kn_gnutls.x509_crt_list_import2(&p->certs, &p->count, text, GNUTLS_X509_FMT_PEM, flags);
    if (r < 0)
        *p = (pair){.key = p->key};
    return r;
}

/* In the order of a chain, whatever that of the file is.  But sorting drops what it has no place for, the second copy
 * of an authority say, and the file means to show all: then they stay as they are. */
static kb_status read_certs(pair *p, const char *path, kb_error *err)
{
    gnutls_datum_t text;
    pair all = {.certs = NULL};
    kb_status status = kn_tls_file_read("TLS certificate", path, &text, err);
    if (status != KB_OK)
        return status;
    int r = import_certs(p, &text, GNUTLS_X509_CRT_LIST_SORT);
    if (r >= 0 && import_certs(&all, &text, 0) >= 0 && all.count != p->count) {
        certs_fini(p);
        p->certs = all.certs;
        p->count = all.count;
        p->unsorted = true;
        all = (pair){.certs = NULL};
    }
    certs_fini(&all);
    free(text.data);
    return r < 0 ? kn_tls_keypair_fail(err, r, "TLS certificate", path) : KB_OK;
}

static kb_status read_key(pair *p, const char *path, const char *password, kb_error *err)
{
    gnutls_datum_t text;
    kb_status status = kn_tls_file_read("TLS key", path, &text, err);
    if (status != KB_OK)
        return status;
    bool encrypted = strstr((const char *)text.data, "ENCRYPTED") != NULL;
    int r = kn_gnutls.x509_privkey_init(&p->key);
    if (r >= 0)
        r = kn_gnutls.x509_privkey_import2(p->key, &text, GNUTLS_X509_FMT_PEM, password, 0);
    wipe(&text);
    if (r >= 0)
        return KB_OK;
    if (!encrypted)
        return kn_tls_keypair_fail(err, r, "TLS key", path);
    return kb_error_fail(err, KB_EINVAL, 0,
                         password == NULL
                             ? "TLS key %.120s: it is encrypted: give its password as option 'key_password'"
                             : "TLS key %.120s: option 'key_password' is not its password",
                         path);
}

/* gnutls_certificate_set_x509_key() sorts, too. */
static int use_unsorted(gnutls_certificate_credentials_t creds, const pair *p)
{
    gnutls_pcert_st *certs = calloc(p->count, sizeof(*certs));
    gnutls_privkey_t key = NULL;
    unsigned imported = 0;
    int r = certs == NULL ? GNUTLS_E_MEMORY_ERROR : kn_gnutls.privkey_init(&key);
    if (r >= 0)
        r = kn_gnutls.privkey_import_x509(key, p->key, GNUTLS_PRIVKEY_IMPORT_COPY);
    for (; r >= 0 && imported < p->count; imported++)
        if ((r = kn_gnutls.pcert_import_x509(&certs[imported], p->certs[imported], 0)) < 0)
            break;
    if (r >= 0)
        r = kn_gnutls.certificate_set_key(creds, NULL, 0, certs, (int)p->count, key);
    while (r < 0 && imported > 0) /* else the credentials keep them, and the key, but not the array */
        kn_gnutls.pcert_deinit(&certs[--imported]);
    if (r < 0 && key != NULL)
        kn_gnutls.privkey_deinit(key);
    free(certs);
    return r;
}

static int use_pair(gnutls_certificate_credentials_t creds, const pair *p)
{
    return p->unsorted ? use_unsorted(creds, p)
                       : kn_gnutls.certificate_set_x509_key(creds, p->certs, (int)p->count, p->key);
}

kb_status kn_tls_keypair_load(const kn_tls_keypair *from, kn_tls_files *files, gnutls_certificate_credentials_t creds,
                              kb_error *err)
{
    const char *cert = from->cert, *key = from->key;
    if (cert == NULL || key == NULL)
        return kb_error_fail(err, KB_EINVAL, 0, "a TLS certificate needs its key: %s is missing",
                             cert == NULL ? "the certificate" : "the key");
    if (kn_tls_file_watch(files, cert) != KB_OK || kn_tls_file_watch(files, key) != KB_OK)
        return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
    pair p = {.certs = NULL};
    kb_status status = read_certs(&p, cert, err);
    if (status == KB_OK)
        status = read_key(&p, key, from->key_password, err);
    if (status == KB_OK) {
        int r = use_pair(creds, &p);
        if (r == GNUTLS_E_CERTIFICATE_KEY_MISMATCH)
            status = kb_error_fail(err, KB_EINVAL, 0, "TLS certificate %.70s and key %.70s are no pair", cert, key);
        else if (r < 0)
            status = kn_tls_keypair_fail(err, r, "TLS certificate", cert);
    }
    certs_fini(&p);
    if (p.key != NULL)
        kn_gnutls.x509_privkey_deinit(p.key);
    return status;
}

/* ---- OCSP ------------------------------------------------------------------------------------ */

/* What the response says of the certificate; < 0: GnuTLS's code. */
static int certificate_status(const gnutls_datum_t *der)
{
    gnutls_ocsp_resp_t response;
    unsigned status = GNUTLS_OCSP_CERT_UNKNOWN;
    int r = kn_gnutls.ocsp_resp_init(&response);
    if (r < 0)
        return r;
    r = kn_gnutls.ocsp_resp_import(response, der);
    if (r >= 0)
        r = kn_gnutls.ocsp_resp_get_single(response, 0, NULL, NULL, NULL, NULL, &status, NULL, NULL, NULL, NULL);
    kn_gnutls.ocsp_resp_deinit(response);
    return r < 0 ? r : (int)status;
}

/* Why clients would refuse the connection, or not believe the response; NULL: it is of use. */
static const char *flaw(int status, int code)
{
    if (status < 0)
        return "it is no OCSP response that says anything of a certificate";
    if (status != GNUTLS_OCSP_CERT_GOOD) /* GnuTLS takes such a one for expired */
        return status == GNUTLS_OCSP_CERT_REVOKED ? "it says that the certificate is revoked"
                                                  : "it says that the certificate is unknown";
    if (code == GNUTLS_E_OCSP_MISMATCH_WITH_CERTS)
        return "it is for another certificate";
    return code == GNUTLS_E_EXPIRED ? "it has expired" : NULL;
}

kb_status kn_tls_keypair_staple(const char *path, kn_tls_files *files, gnutls_certificate_credentials_t creds,
                                kb_error *err)
{
    static const char what[] = "TLS OCSP response";
    gnutls_datum_t der;
    if (path == NULL)
        return KB_OK;
    if (kn_tls_file_watch(files, path) != KB_OK)
        return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
    kb_status status = kn_tls_file_read_der(what, path, &der, err);
    if (status != KB_OK)
        return status;
    int said = certificate_status(&der);
    int r = said < 0 ? said : kn_gnutls.certificate_set_ocsp_status_request_mem(creds, &der, 0, GNUTLS_X509_FMT_DER);
    const char *why = r == GNUTLS_E_MEMORY_ERROR ? NULL : flaw(said, r);
    free(der.data);
    if (why != NULL)
        return kb_error_fail(err, KB_EINVAL, 0, "%s %.120s: %s", what, path, why);
    return r < 0 ? kn_tls_keypair_fail(err, r, what, path) : KB_OK;
}
