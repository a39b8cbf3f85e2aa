/* tls_keypair.h - inside the TLS layer: a certificate and its key, from files into credentials.
 *
 * Place: net layer, below contexts; nobody else includes it.
 * Threads: any, each on its own data.  Reads files, as tls_file.h has it. */
#ifndef KN_TLS_KEYPAIR_H
#define KN_TLS_KEYPAIR_H

#include <gnutls/gnutls.h>

#include "net/tls_file.h"

typedef struct kn_tls_keypair { /* the files, whose paths are the caller's; NULL: missing, or none */
    const char *cert, *key, *key_password;
} kn_tls_keypair;

/* Give `creds` the pair, and watch its files.  Errors, which name the file: KB_EINVAL (half a pair, no pair, another
 * password), KB_EIO, KB_ETLS, KB_ENOMEM. */
kb_status kn_tls_keypair_load(const kn_tls_keypair *from, kn_tls_files *files, gnutls_certificate_credentials_t creds,
                              kb_error *err);

/* Give `creds`, which have a pair, the OCSP response at `path` (NULL: none) for the certificate of that, and watch the
 * file.  Errors, which name it: KB_EINVAL (no such response, for another certificate, expired, not good), and as above. */
kb_status kn_tls_keypair_staple(const char *path, kn_tls_files *files, gnutls_certificate_credentials_t creds,
                                kb_error *err);

/* Describe in *err that GnuTLS gave `code` for `what` at `path` ("": none). */
kb_status kn_tls_keypair_fail(kb_error *err, int code, const char *what, const char *path);

#endif
