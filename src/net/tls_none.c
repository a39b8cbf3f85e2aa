/* tls_none.c - tls.h in a build without GnuTLS: there are no contexts, and so no sessions; whoever asks
 * for one is told why. */
#include "config.h"

#include "net/tls.h"

#include <errno.h>
#include <string.h>

#include "net/tls_idna.h"

static kb_status none(kb_error *err)
{
    return kb_error_fail(err, KB_ETLS, 0, "this build has no TLS (GnuTLS)");
}

bool kn_tls_idna(const char *host, char *out, size_t size)
{
    size_t length = 0;
    while (length < size && host[length] != '\0' && (unsigned char)host[length] < 0x80)
        length++;
    if (length == size || host[length] != '\0')
        return false; /* too long; or in other letters than ASCII, which takes the library */
    memcpy(out, host, length + 1);
    return true;
}

bool kiwi_tls_available(void)
{
    return false;
}

/* ---- Contexts, which nobody gets ----------------------------------------------------------------- */

kb_status kn_tls_context_get(const kn_tls_settings *settings, void (*log)(void *, const char *), void *log_data,
                             kn_tls_context **out, kb_error *err)
{
    (void)settings;
    (void)log;
    (void)log_data;
    *out = NULL;
    return none(err);
}

kn_tls_context *kn_tls_context_kept(const char *key)
{
    (void)key;
    return NULL;
}

kn_tls_context *kn_tls_context_cached(const char *key)
{
    (void)key;
    return NULL;
}

bool kn_tls_context_due(const kn_tls_context *context)
{
    (void)context;
    return false;
}

kn_tls_context *kn_tls_context_renewed(kn_tls_context *context, void (*log)(void *, const char *), void *log_data)
{
    (void)log;
    (void)log_data;
    return context;
}

kb_status kn_tls_context_reload(const kn_tls_context *context, kn_tls_context **out, kb_error *err)
{
    (void)context;
    *out = NULL;
    return none(err);
}

kn_tls_context *kn_tls_context_ref(kn_tls_context *context)
{
    return context;
}

void kn_tls_context_unref(kn_tls_context *context)
{
    (void)context;
}

/* ---- Sessions, which need one -------------------------------------------------------------------- */

kb_status kn_tls_new(kn_tls_context *context, int fd, const char *name, bool loopback, kn_tls **out, kb_error *err)
{
    (void)context;
    (void)fd;
    (void)name;
    (void)loopback;
    *out = NULL;
    return none(err);
}

int kn_tls_describe_peer(kn_tls *tls, kiwi_tls_peer *out)
{
    (void)tls;
    (void)out;
    return 0;
}

int kn_tls_bind(kn_tls *tls, const char *kind, kiwi_tls_binding *out)
{
    (void)tls;
    (void)kind;
    (void)out;
    return ENOTSUP;
}

kn_tls_settings *kn_tls_judge_settings(const kn_tls *tls)
{
    (void)tls;
    return NULL;
}

void kn_tls_examine_peer(kn_tls *tls, kn_tls_context *judge, const kb_error *err)
{
    (void)tls;
    (void)judge;
    (void)err;
}

void kn_tls_put_over(kn_tls *tls, kn_tls *under)
{
    (void)tls;
    (void)under;
}

void kn_tls_free(kn_tls *tls)
{
    (void)tls;
}

void kn_tls_take(kn_tls *tls)
{
    (void)tls;
}

void kn_tls_pass(kn_tls *tls)
{
    (void)tls;
}

kn_step kn_tls_handshake(kn_tls *tls, kb_status *status, kb_error *err)
{
    (void)tls;
    *status = none(err);
    return KN_DONE;
}

bool kn_tls_heard(const kn_tls *tls)
{
    (void)tls;
    return false;
}

kn_step kn_tls_recv(kn_tls *tls, void *buf, size_t size, size_t *got, kb_status *status, kb_error *err)
{
    (void)buf;
    (void)size;
    *got = 0;
    return kn_tls_handshake(tls, status, err);
}

bool kn_tls_drained(const kn_tls *tls)
{
    (void)tls;
    return true;
}

kn_step kn_tls_send(kn_tls *tls, const void *data, size_t size, size_t *sent, kb_status *status, kb_error *err)
{
    (void)data;
    (void)size;
    (void)sent;
    return kn_tls_handshake(tls, status, err);
}

void kn_tls_cork(kn_tls *tls)
{
    (void)tls;
}

void kn_tls_uncork(kn_tls *tls)
{
    (void)tls;
}

bool kn_tls_unflushed(const kn_tls *tls)
{
    (void)tls;
    return false;
}

kn_step kn_tls_flush(kn_tls *tls, kb_status *status, kb_error *err)
{
    return kn_tls_handshake(tls, status, err);
}

kn_step kn_tls_bye(kn_tls *tls, kb_status *status, kb_error *err)
{
    return kn_tls_handshake(tls, status, err);
}

void kn_tls_info(const kn_tls *tls, kiwi_socket_info *info)
{
    (void)tls;
    (void)info;
}
