/* tls_trust.h - inside the TLS layer: the authorities of the system, of which those become certificates of the library
 * that a peer's chain asks for.
 *
 * Place: net layer, below contexts (tls_context.c) and verification (tls_peer.c); nobody else includes it.
 * A system has about 150 authorities, and a certificate that the library has made ready costs 0.1 ms and 15 KB: all of
 * them take longer than the connection that they are for.  So their files are only split, and the names in them noted.
 * The library looks for an issuer by its name, byte by byte: that is how they are found here, too, all that have it.
 * Threads: those that add do so before anybody else knows the table; afterwards any.  */
#ifndef KN_TLS_TRUST_H
#define KN_TLS_TRUST_H

#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

typedef struct kn_authority kn_authority;

typedef struct kn_tls_trust {
    /* A leaf.  Held to read while the library looks into the credentials' trust, to write while authorities come into
     * it: that is what it guards, and kn_authority.loaded. */
    pthread_rwlock_t lock;
    kn_authority *at;
    size_t count, room;
} kn_tls_trust;

/* 0 or an errno. */
int kn_tls_trust_init(kn_tls_trust *trust);
void kn_tls_trust_fini(kn_tls_trust *trust);

/* Add the certificates of a file (PEM), or of all files of a folder.  None there, or not readable: not an error, nobody is
 * trusted then.  Reads files: may hang.  Errors: KB_ENOMEM. */
kb_status kn_tls_trust_add_file(kn_tls_trust *trust, const char *path);
kb_status kn_tls_trust_add_folder(kn_tls_trust *trust, const char *path);

/* See that `creds` trusts those authorities that may have to do with `chain` (DER; `count` of them).  Without memory
 * for one it is not trusted this time. */
void kn_tls_trust_prepare(kn_tls_trust *trust, gnutls_certificate_credentials_t creds, const gnutls_datum_t *chain,
                          unsigned count);

/* Around each use of the trust of the credentials that were given to kn_tls_trust_prepare(). */
void kn_tls_trust_enter(kn_tls_trust *trust);
void kn_tls_trust_leave(kn_tls_trust *trust);

#endif
