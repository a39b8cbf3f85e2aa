/* cert.h - the development certificate: a server works without a certificate of its own.
 *
 * Place: net layer, below the TLS sessions; includes GnuTLS.  The certificate (ECDSA P-256; localhost, *.localhost,
 * 127.0.0.1, ::1; ten years) is made once per user and kept with its key in one file (mode 0600), which
 * tls_settings.h names.  Where that cannot be written it lives in memory, one for the whole process.  A file that is
 * expired, unreadable, somebody else's or readable by others is replaced.
 * Threads: any.  Reads and writes files, without a lock: may hang.
 * Source: src/net/README.md section 8. */
#ifndef KN_CERT_H
#define KN_CERT_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "base/error.h"

/* Give `creds` the development certificate that is kept at `path` (NULL: nowhere) and its key (copied), making both if
 * there are none.  Errors: KB_ETLS, KB_ENOMEM. */
kb_status kn_cert_dev_use(gnutls_certificate_credentials_t creds, const char *path, kb_error *err);

/* The certificate (DER) that is kept at `path` into *out: malloc'ed; none: NULL.  Makes nothing. */
void kn_cert_dev_read(const char *path, gnutls_datum_t *out);

/* Is `leaf` (DER) byte for byte a development certificate that this process has used?  Reads no file. */
bool kn_cert_dev_used(const gnutls_datum_t *leaf);

#endif
