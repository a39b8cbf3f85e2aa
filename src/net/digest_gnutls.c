/* digest_gnutls.c - digest.h, by GnuTLS. */
#include "config.h"

#include "net/digest.h"

#include <limits.h>
#include <stdlib.h>

#include "net/gnutls.h"

struct kn_digest_state {
    kn_digest digest;
    gnutls_hash_hd_t hash;
};

/* GnuTLS has numbers of its own for each use. */
static const struct {
    gnutls_digest_algorithm_t digest;
    gnutls_mac_algorithm_t mac;
    size_t size;
} kinds[] = {
    [KN_DIGEST_MD5] = {GNUTLS_DIG_MD5, GNUTLS_MAC_MD5, 16},
    [KN_DIGEST_SHA1] = {GNUTLS_DIG_SHA1, GNUTLS_MAC_SHA1, 20},
    [KN_DIGEST_SHA224] = {GNUTLS_DIG_SHA224, GNUTLS_MAC_SHA224, 28},
    [KN_DIGEST_SHA256] = {GNUTLS_DIG_SHA256, GNUTLS_MAC_SHA256, 32},
    [KN_DIGEST_SHA384] = {GNUTLS_DIG_SHA384, GNUTLS_MAC_SHA384, 48},
    [KN_DIGEST_SHA512] = {GNUTLS_DIG_SHA512, GNUTLS_MAC_SHA512, 64},
};

static kb_status outcome(int r, kb_error *err)
{
    if (r >= 0)
        return KB_OK;
    if (r == GNUTLS_E_MEMORY_ERROR)
        return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
    return kb_error_fail(err, KB_ETLS, 0, "%s", kn_gnutls.strerror(r));
}

/* GnuTLS takes no NULL, even for nothing. */
static const void *start_of(kn_digest_text text)
{
    return text.data != NULL ? text.data : "";
}

kb_status kn_digest_load(kb_error *err)
{
    return kn_gnutls_load(err);
}

size_t kn_digest_size(kn_digest digest)
{
    return kinds[digest].size;
}

kb_status kn_digest_of(kn_digest digest, kn_digest_text text, void *out, kb_error *err)
{
    return outcome(kn_gnutls.hash_fast(kinds[digest].digest, start_of(text), text.size, out), err);
}

kb_status kn_digest_hmac(kn_digest digest, kn_digest_text key, kn_digest_text text, void *out, kb_error *err)
{
    return outcome(kn_gnutls.hmac_fast(kinds[digest].mac, start_of(key), key.size, start_of(text), text.size, out),
                   err);
}

/* false: too long. */
static bool to_datum(kn_digest_text text, gnutls_datum_t *out)
{
    *out = (gnutls_datum_t){(unsigned char *)(uintptr_t)start_of(text), (unsigned)text.size}; /* only read */
    return text.size <= UINT_MAX;
}

kb_status kn_digest_pbkdf2(kn_digest digest, kn_digest_text password, kn_digest_text salt, unsigned iterations,
                           void *out, size_t size, kb_error *err)
{
    gnutls_datum_t key, with;
    if (!to_datum(password, &key) || !to_datum(salt, &with))
        return kb_error_fail(err, KB_EINVAL, 0, "password or salt of 4 GiB");
    return outcome(kn_gnutls.pbkdf2(kinds[digest].mac, &key, &with, iterations, out, size), err);
}

kb_status kn_digest_random(void *out, size_t size, kb_error *err)
{
    return outcome(size == 0 ? 0 : kn_gnutls.rnd(GNUTLS_RND_KEY, out, size), err);
}

/* ---- Piece by piece ------------------------------------------------------------------------------------ */

static kb_status new_state(kn_digest digest, gnutls_hash_hd_t hash, kn_digest_state **out, kb_error *err)
{
    kn_digest_state *state = hash != NULL ? malloc(sizeof(*state)) : NULL;
    if (state == NULL) {
        if (hash != NULL)
            kn_gnutls.hash_deinit(hash, NULL);
        return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
    }
    *state = (kn_digest_state){.digest = digest, .hash = hash};
    *out = state;
    return KB_OK;
}

kb_status kn_digest_begin(kn_digest digest, kn_digest_state **out, kb_error *err)
{
    gnutls_hash_hd_t hash;
    kb_status status = outcome(kn_gnutls.hash_init(&hash, kinds[digest].digest), err);
    return status == KB_OK ? new_state(digest, hash, out, err) : status;
}

kb_status kn_digest_add(kn_digest_state *state, kn_digest_text text, kb_error *err)
{
    return outcome(text.size == 0 ? 0 : kn_gnutls.hash(state->hash, text.data, text.size), err);
}

kb_status kn_digest_copy(const kn_digest_state *state, kn_digest_state **out, kb_error *err)
{
    return new_state(state->digest, kn_gnutls.hash_copy(state->hash), out, err);
}

/* Asking GnuTLS for the digest resets the state, so a copy is asked. */
kb_status kn_digest_now(const kn_digest_state *state, void *out, size_t *size, kb_error *err)
{
    gnutls_hash_hd_t copy = kn_gnutls.hash_copy(state->hash);
    if (copy == NULL)
        return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
    *size = kinds[state->digest].size;
    kn_gnutls.hash_deinit(copy, out);
    return KB_OK;
}

void kn_digest_free(kn_digest_state *state)
{
    if (state == NULL)
        return;
    kn_gnutls.hash_deinit(state->hash, NULL);
    free(state);
}
