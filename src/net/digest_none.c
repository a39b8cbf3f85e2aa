/* digest_none.c - digest.h in a build without GnuTLS: kn_digest_load() says so, and so does whatever is called all the
 * same. */
#include "config.h"

#include "net/digest.h"

static kb_status none(kb_error *err)
{
    return kb_error_fail(err, KB_ETLS, 0, "this build has no digests (GnuTLS)");
}

kb_status kn_digest_load(kb_error *err)
{
    return none(err);
}

size_t kn_digest_size(kn_digest digest)
{
    (void)digest;
    return 0;
}

kb_status kn_digest_of(kn_digest digest, kn_digest_text text, void *out, kb_error *err)
{
    (void)digest;
    (void)text;
    (void)out;
    return none(err);
}

kb_status kn_digest_hmac(kn_digest digest, kn_digest_text key, kn_digest_text text, void *out, kb_error *err)
{
    (void)digest;
    (void)key;
    (void)text;
    (void)out;
    return none(err);
}

kb_status kn_digest_pbkdf2(kn_digest digest, kn_digest_text password, kn_digest_text salt, unsigned iterations,
                           void *out, size_t size, kb_error *err)
{
    (void)digest;
    (void)password;
    (void)salt;
    (void)iterations;
    (void)out;
    (void)size;
    return none(err);
}

kb_status kn_digest_random(void *out, size_t size, kb_error *err)
{
    (void)out;
    (void)size;
    return none(err);
}

/* ---- States, which nobody gets ------------------------------------------------------------------------- */

kb_status kn_digest_begin(kn_digest digest, kn_digest_state **out, kb_error *err)
{
    (void)digest;
    *out = NULL;
    return none(err);
}

kb_status kn_digest_add(kn_digest_state *state, kn_digest_text text, kb_error *err)
{
    (void)state;
    (void)text;
    return none(err);
}

kb_status kn_digest_copy(const kn_digest_state *state, kn_digest_state **out, kb_error *err)
{
    (void)state;
    *out = NULL;
    return none(err);
}

kb_status kn_digest_now(const kn_digest_state *state, void *out, size_t *size, kb_error *err)
{
    (void)state;
    (void)out;
    (void)size;
    return none(err);
}

void kn_digest_free(kn_digest_state *state)
{
    (void)state;
}
