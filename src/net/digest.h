/* digest.h - digests, message authentication codes, keys from passwords and random bytes.
 *
 * Place: net layer, because GnuTLS computes them (gnutls.h); packages give them to scripts.  In a build without it
 * kn_digest_load() says so, and nothing else is called.
 * Threads: any, after kn_digest_load() has returned KB_OK; a state belongs to one caller at a time.
 * Errors: KB_ENOMEM, and KB_ETLS with GnuTLS's text (a digest that the system's policy forbids). */
#ifndef KN_DIGEST_H
#define KN_DIGEST_H

#include <stddef.h>

#include "base/error.h"

typedef enum kn_digest {
    KN_DIGEST_MD5,
    KN_DIGEST_SHA1,
    KN_DIGEST_SHA224,
    KN_DIGEST_SHA256,
    KN_DIGEST_SHA384,
    KN_DIGEST_SHA512
} kn_digest;

enum { KN_DIGEST_MOST = 64 }; /* bytes of the longest one */

/* What one of these functions works on. */
typedef struct kn_digest_text {
    const void *data; /* NULL: empty */
    size_t size;      /* bytes */
} kn_digest_text;

/* Open the library, if that has not been done.  KB_ETLS: there is none. */
kb_status kn_digest_load(kb_error *err);
/* Bytes of the digest. */
size_t kn_digest_size(kn_digest digest);
/* The digest of `text` into out[kn_digest_size()]. */
kb_status kn_digest_of(kn_digest digest, kn_digest_text text, void *out, kb_error *err);
/* HMAC of RFC 2104, into the same. */
kb_status kn_digest_hmac(kn_digest digest, kn_digest_text key, kn_digest_text text, void *out, kb_error *err);
/* PBKDF2 of RFC 8018 with that, `size` bytes of it; password and salt are shorter than 4 GiB (else KB_EINVAL). */
kb_status kn_digest_pbkdf2(kn_digest digest, kn_digest_text password, kn_digest_text salt, unsigned iterations,
                           void *out, size_t size, kb_error *err);
/* `size` random bytes fit for keys. */
kb_status kn_digest_random(void *out, size_t size, kb_error *err);

/* A digest that is computed piece by piece. */
typedef struct kn_digest_state kn_digest_state;
kb_status kn_digest_begin(kn_digest digest, kn_digest_state **out, kb_error *err);
kb_status kn_digest_add(kn_digest_state *state, kn_digest_text text, kb_error *err);
/* Another one that has come as far. */
kb_status kn_digest_copy(const kn_digest_state *state, kn_digest_state **out, kb_error *err);
/* What the digest is so far, into out[kn_digest_size()]; *size of it.  The state stays as it is. */
kb_status kn_digest_now(const kn_digest_state *state, void *out, size_t *size, kb_error *err);
void kn_digest_free(kn_digest_state *state); /* NULL: nothing */

#endif
