/* cert.h - the development certificate: a server works without a certificate of its own.
 *
 * Place: net layer, below the TLS sessions; includes GnuTLS. The certificate (ECDSA P-256;
 * kiwi.local, localhost, 127.0.0.1, ::1; ten years) is made once per user and kept with its key in
 * one file, ${XDG_STATE_HOME:-$HOME/.local/state}/kiwi/development.pem (mode 0600).  Where that
 * cannot be written it lives in memory, one for the whole process.  A file that is expired,
 * unreadable, somebody else's or readable by others is replaced.
 * Threads: any.  Reads and writes files; may take milliseconds.
 * Source: design 2.4. */
#ifndef KN_CERT_H
#define KN_CERT_H

#include <gnutls/gnutls.h>
#include <stdbool.h>

#include "base/error.h"

/* Give `creds` the development certificate and its key (copied), making both if there are none.
 * Errors: KB_ETLS, KB_ENOMEM. */
kb_status kn_cert_dev_use(gnutls_certificate_credentials_t creds, kb_error *err);

/* Is `leaf` (DER) byte for byte the development certificate of this user or this process?  Makes
 * nothing.  The caller makes sure that the peer's address is a loopback address. */
bool kn_cert_dev_matches(const gnutls_datum_t *leaf);

#endif
