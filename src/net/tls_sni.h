/* tls_sni.h - inside the TLS layer: the pairs that a server has for names that its clients may ask for (SNI).
 *
 * The keys of the map decide, not what the certificates say: left to itself GnuTLS would choose by the latter.
 * Place: net layer, below contexts; nobody else includes it.
 * Threads: constant once loaded. */
#ifndef KN_TLS_SNI_H
#define KN_TLS_SNI_H

#include <gnutls/gnutls.h>
#include <stddef.h>

#include "kiwi/net.h"
#include "net/tls_file.h"

typedef struct kn_tls_named {
    char *name; /* as it comes over the wire, in small letters; "*.host": hosts with one label more */
    gnutls_certificate_credentials_t creds;
} kn_tls_named;

typedef struct kn_tls_sni { /* zero at first */
    kn_tls_named *at;       /* sorted by name */
    size_t count;
} kn_tls_sni;

/* Read all pairs, and watch their files.  Errors, which name the name at fault: those of kn_tls_keypair_load(), and
 * KB_EINVAL (no name of a host, or one twice).  What was read goes with kn_tls_sni_fini(), after an error, too. */
kb_status kn_tls_sni_load(kn_tls_sni *sni, const kiwi_tls_name *names, size_t count, kn_tls_files *files,
                          kb_error *err);
void kn_tls_sni_fini(kn_tls_sni *sni);

/* The credentials for the client that asked for `name`; NULL: the default ones. */
gnutls_certificate_credentials_t kn_tls_sni_find(const kn_tls_sni *sni, const char *name);

#endif
