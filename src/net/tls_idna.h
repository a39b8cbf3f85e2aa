/* tls_idna.h - names with other letters than ASCII as the domain name system has them (A-labels, RFC 5891).
 *
 * Place: net layer, below look-ups; the library that does TLS does this, too.  Threads: any; may load the library. */
#ifndef KN_TLS_IDNA_H
#define KN_TLS_IDNA_H

#include <stdbool.h>
#include <stddef.h>

/* The A-label form of `host` (UTF-8) into `out` of `size` bytes; an ASCII name is copied.  false: it is no name that
 * can be looked up, or too long. */
bool kn_tls_idna(const char *host, char *out, size_t size);

#endif
