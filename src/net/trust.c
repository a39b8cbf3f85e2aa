/* trust.c - contexts of TLS sessions: certificates, keys, trust.  The contract is in tls.h.
 *
 * Loading the system's trust takes about 10 ms, so client contexts are kept: equal options and
 * equal environment give the same context.  The cache's lock is held while a context is loaded, so
 * that many threads that connect at the same time at the start load it once. */
#include "config.h"

#include "net/trust.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/must.h"
#include "net/cert.h"
#include "net/gnutls.h"

enum {
    CACHE_MAX = 32
}; /* client contexts kept; more different option sets are rare, the oldest goes */

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static kn_tls_context *cache; /* guarded by cache_lock; newest first; each holds one reference */

static atomic_bool warned; /* verification off was logged */

static const kiwi_tls_options no_options; /* all defaults */

static const char *env_text(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static kb_status fail_gnutls(kb_error *err, int code, const char *what, const char *path)
{
    kb_status status = code == GNUTLS_E_MEMORY_ERROR               ? KB_ENOMEM
                       : code == GNUTLS_E_CERTIFICATE_KEY_MISMATCH ? KB_EINVAL
                       : code == GNUTLS_E_FILE_ERROR               ? KB_EIO
                                                                   : KB_ETLS;
    (void)kb_fail(err, status, 0, "%s%s%s: %s", what, path[0] != '\0' ? " " : "", path,
                  kn_gnutls.strerror(code));
    if (err != NULL)
        err->tls = code;
    return status;
}

static kb_status check_readable(const char *what, const char *path, kb_error *err)
{
    char buf[96];
    if (access(path, R_OK) == 0)
        return KB_OK;
    int sys = errno;
    return kb_fail(err, KB_EIO, sys, "%s %s: %s", what, path, kb_errno_text(sys, buf, sizeof(buf)));
}

/* ---- The library, and its priorities ------------------------------------------------------- */

#define NEW_VERSIONS "-VERS-TLS1.0:-VERS-TLS1.1:-VERS-DTLS-ALL"
/* The server chooses the cipher, and does without what scanners rightly complain about: key
 * exchange that is not forward secret, CBC (Lucky 13).  Its choice includes the group, so first
 * the one whose share nearly every client sends at once, which saves a HelloRetryRequest; finite
 * fields only help to keep it busy. */
#define SERVER_CHOICE                                                                              \
    ":%SERVER_PRECEDENCE:-RSA:-AES-128-CBC:-AES-256-CBC:-GROUP-ALL:+GROUP-X25519"                  \
    ":+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:+GROUP-X448"

/* Changes of the system's policy, which is otherwise kept.  Clients take old ciphers, if that is
 * all that a server has. */
static const char *const priority_table[2] = {NEW_VERSIONS, NEW_VERSIONS SERVER_CHOICE};
static const char *const priority_fallback[2] = {
    "NORMAL:" NEW_VERSIONS, "NORMAL:" NEW_VERSIONS SERVER_CHOICE}; /* no default to change */

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static gnutls_priority_t priority[2]; /* [server]; constant after library_once, never freed */
static int library_error;

static void library_load(void)
{
    library_error = kn_gnutls.global_init();
    for (size_t i = 0; i < 2 && library_error >= 0; i++) {
        library_error = kn_gnutls.priority_init2(&priority[i], priority_table[i], NULL,
                                                 GNUTLS_PRIORITY_INIT_DEF_APPEND);
        if (library_error < 0)
            library_error = kn_gnutls.priority_init(&priority[i], priority_fallback[i], NULL);
    }
}

/* ---- Parts of a context ---------------------------------------------------------------------- */

static kb_status load_pair(gnutls_certificate_credentials_t creds, const char *cert,
                           const char *key, kb_error *err)
{
    if (cert == NULL || key == NULL)
        return kb_fail(err, KB_EINVAL, 0, "a TLS certificate needs its key: %s is missing",
                       cert == NULL ? "the certificate" : "the key");
    kb_status status = check_readable("TLS certificate", cert, err);
    if (status == KB_OK)
        status = check_readable("TLS key", key, err);
    if (status != KB_OK)
        return status;
    int r =
        kn_gnutls.certificate_set_x509_key_file2(creds, cert, key, GNUTLS_X509_FMT_PEM, NULL, 0);
    return r < 0 ? fail_gnutls(err, r, "TLS certificate", cert) : KB_OK;
}

/* A file that was named on purpose: not finding authorities in it is an error. */
static kb_status load_authorities(gnutls_certificate_credentials_t creds, const char *path,
                                  kb_error *err)
{
    kb_status status = check_readable("TLS authorities", path, err);
    if (status != KB_OK)
        return status;
    int r = kn_gnutls.certificate_set_x509_trust_file(creds, path, GNUTLS_X509_FMT_PEM);
    if (r < 0)
        return fail_gnutls(err, r, "TLS authorities", path);
    if (r == 0)
        return kb_fail(err, KB_EINVAL, 0, "TLS authorities %s: no certificate in it", path);
    return KB_OK;
}

/* SSL_CERT_DIR is a list with colons, as OpenSSL reads it. */
static kb_status load_folders(gnutls_certificate_credentials_t creds, const char *folders,
                              kb_error *err)
{
    char *list = strdup(folders), *rest = NULL;
    if (list == NULL)
        return kb_fail(err, KB_ENOMEM, 0, "out of memory");
    for (char *folder = strtok_r(list, ":", &rest); folder != NULL;
         folder = strtok_r(NULL, ":", &rest))
        (void)kn_gnutls.certificate_set_x509_trust_dir(creds, folder, GNUTLS_X509_FMT_PEM);
    free(list);
    return KB_OK;
}

/* The system's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR instead.  Not finding any
 * is no error here: then nobody is trusted, and the handshake says so. */
static kb_status load_system(gnutls_certificate_credentials_t creds, kb_error *err)
{
    const char *file = env_text("SSL_CERT_FILE");
    const char *folders = env_text("SSL_CERT_DIR");
    if (file != NULL)
        (void)kn_gnutls.certificate_set_x509_trust_file(creds, file, GNUTLS_X509_FMT_PEM);
    if (file == NULL && folders == NULL)
        (void)kn_gnutls.certificate_set_x509_system_trust(creds);
    return folders != NULL ? load_folders(creds, folders, err) : KB_OK;
}

static kb_status load_alpn(kn_tls_context *context, const char *list, kb_error *err)
{
    if (list == NULL)
        return KB_OK;
    context->alpn_text = strdup(list);
    if (context->alpn_text == NULL)
        return kb_fail(err, KB_ENOMEM, 0, "out of memory");
    char *rest = NULL;
    for (char *item = strtok_r(context->alpn_text, ", ", &rest); item != NULL;
         item = strtok_r(NULL, ", ", &rest)) {
        size_t size = strlen(item);
        if (context->alpn_count == KN_ALPN_MAX || size > 255)
            return kb_fail(err, KB_EINVAL, 0, "too many or too long ALPN protocols");
        context->alpn[context->alpn_count++] =
            (gnutls_datum_t){(unsigned char *)item, (unsigned)size};
    }
    return KB_OK;
}

static void context_free(kn_tls_context *context)
{
    if (context->creds != NULL)
        kn_gnutls.certificate_free_credentials(context->creds);
    if (context->ticket_key.data != NULL)
        kn_gnutls.memset(context->ticket_key.data, 0, context->ticket_key.size);
    (*kn_gnutls.free)(context->ticket_key.data);
    kn_tickets_fini(&context->tickets);
    free(context->alpn_text);
    free(context->cache_key);
    free(context);
}

static kb_status context_new(const kiwi_tls_options *options, bool server, kn_tls_context **out,
                             kb_error *err)
{
    *out = NULL;
    kb_status status = kn_gnutls_load(err);
    if (status != KB_OK)
        return status;
    MUST(pthread_once(&library_once, library_load));
    if (library_error < 0)
        return fail_gnutls(err, library_error, "TLS library", "");
    kn_tls_context *context = calloc(1, sizeof(*context));
    if (context == NULL || kn_tickets_init(&context->tickets) != 0) {
        free(context);
        return kb_fail(err, KB_ENOMEM, 0, "out of memory");
    }
    atomic_init(&context->refs, 1);
    context->server = server;
    context->priority = priority[server];
    context->allow_truncation = options->allow_truncation;
    status = load_alpn(context, options->alpn, err);
    if (status == KB_OK) {
        int r = kn_gnutls.certificate_allocate_credentials(&context->creds);
        if (r < 0)
            status = fail_gnutls(err, r, "TLS credentials", "");
    }
    if (status != KB_OK) {
        context_free(context);
        return status;
    }
    *out = context;
    return KB_OK;
}

/* ---- Servers --------------------------------------------------------------------------------- */

static kb_status load_server(kn_tls_context *context, const kiwi_tls_options *options,
                             kb_error *err)
{
    const char *cert = options->cert, *key = options->key;
    if (cert == NULL && key == NULL) {
        cert = env_text("KIWI_TLS_CERT");
        key = env_text("KIWI_TLS_KEY");
    }
    kb_status status = cert == NULL && key == NULL ? kn_cert_dev_use(context->creds, err)
                                                   : load_pair(context->creds, cert, key, err);
    if (status == KB_OK && options->client_ca != NULL) {
        context->verify = true;
        status = load_authorities(context->creds, options->client_ca, err);
    }
    if (status != KB_OK)
        return status;
    int r = kn_gnutls.session_ticket_key_generate(&context->ticket_key);
    return r < 0 ? fail_gnutls(err, r, "TLS tickets", "") : KB_OK;
}

kb_status kn_tls_context_server(const kiwi_tls_options *options, kn_tls_context **out,
                                kb_error *err)
{
    if (options == NULL)
        options = &no_options;
    kb_status status = context_new(options, true, out, err);
    if (status != KB_OK)
        return status;
    status = load_server(*out, options, err);
    if (status != KB_OK) {
        context_free(*out);
        *out = NULL;
    }
    return status;
}

/* ---- Clients --------------------------------------------------------------------------------- */

static bool wants_verify(const kiwi_tls_options *options)
{
    if (options->verify != KIWI_DEFAULT)
        return options->verify == KIWI_ON;
    const char *text = env_text("KIWI_TLS_VERIFY");
    return text == NULL || strcmp(text, "0") != 0;
}

/* Everything a client context depends on, in one malloc'ed string, or NULL.  The unit separator
 * cannot be part of the environment's or the script's file names by accident. */
static char *client_key(const kiwi_tls_options *options, bool verify)
{
    const char *part[] = {or_empty(options->cert),
                          or_empty(options->key),
                          or_empty(options->ca),
                          or_empty(options->alpn),
                          or_empty(env_text("KIWI_TLS_CA")),
                          or_empty(env_text("SSL_CERT_FILE")),
                          or_empty(env_text("SSL_CERT_DIR"))};
    size_t size = 3;
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]); i++)
        size += strlen(part[i]) + 1;
    char *key = malloc(size);
    if (key == NULL)
        return NULL;
    (void)snprintf(key, size, "%c%c%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s\x1f%s", verify ? 'v' : '-',
                   options->allow_truncation ? 't' : '-', part[0], part[1], part[2], part[3],
                   part[4], part[5], part[6]);
    return key;
}

static kb_status load_client(kn_tls_context *context, const kiwi_tls_options *options,
                             kb_error *err)
{
    kb_status status = KB_OK;
    if (options->cert != NULL || options->key != NULL)
        status = load_pair(context->creds, options->cert, options->key, err);
    if (status != KB_OK || !context->verify)
        return status;
    if (options->ca != NULL) /* these and no others, the development certificate neither */
        return load_authorities(context->creds, options->ca, err);
    context->development = true;
    const char *more = env_text("KIWI_TLS_CA");
    status = load_system(context->creds, err);
    if (status == KB_OK && more != NULL)
        status = load_authorities(context->creds, more, err);
    return status;
}

static kn_tls_context *cache_find(const char *key) /* needs cache_lock */
{
    kn_tls_context *context = cache;
    while (context != NULL && strcmp(context->cache_key, key) != 0)
        context = context->cache_next;
    return context;
}

/* Put `context` in front; gives the context that had to go, whose reference is the caller's, or
 * NULL. */
static kn_tls_context *cache_add(kn_tls_context *context) /* needs cache_lock */
{
    (void)kn_tls_context_ref(context);
    context->cache_next = cache;
    cache = context;
    kn_tls_context **last = &cache;
    for (int i = 0; i < CACHE_MAX && *last != NULL; i++)
        last = &(*last)->cache_next;
    kn_tls_context *old = *last;
    *last = NULL;
    return old;
}

static kb_status client_load(const kiwi_tls_options *options, bool verify, char *key,
                             kn_tls_context **out,
                             kb_error *err) /* needs cache_lock; takes `key` */
{
    kb_status status = context_new(options, false, out, err);
    if (status != KB_OK) {
        free(key);
        return status;
    }
    (*out)->cache_key = key;
    (*out)->verify = verify;
    status = load_client(*out, options, err);
    if (status != KB_OK) {
        context_free(*out);
        *out = NULL;
    }
    return status;
}

kb_status kn_tls_context_client(const kiwi_tls_options *options, void (*log)(void *, const char *),
                                void *log_data, kn_tls_context **out, kb_error *err)
{
    *out = NULL;
    if (options == NULL)
        options = &no_options;
    bool verify = wants_verify(options);
    if (!verify && log != NULL && !atomic_exchange(&warned, true))
        log(log_data, "warning: TLS certificates are not verified: anybody can read and change "
                      "what is sent");
    char *key = client_key(options, verify);
    if (key == NULL)
        return kb_fail(err, KB_ENOMEM, 0, "out of memory");
    kn_tls_context *old = NULL;
    kb_status status = KB_OK;
    MUST(pthread_mutex_lock(&cache_lock));
    kn_tls_context *found = cache_find(key);
    if (found != NULL) {
        *out = kn_tls_context_ref(found);
        free(key);
    } else {
        status = client_load(options, verify, key, out, err);
        if (status == KB_OK)
            old = cache_add(*out);
    }
    MUST(pthread_mutex_unlock(&cache_lock));
    kn_tls_context_unref(old);
    return status;
}

/* ---- Both ------------------------------------------------------------------------------------ */

kn_tls_context *kn_tls_context_ref(kn_tls_context *context)
{
    atomic_fetch_add_explicit(&context->refs, 1, memory_order_relaxed);
    return context;
}

void kn_tls_context_unref(kn_tls_context *context)
{
    if (context != NULL && atomic_fetch_sub_explicit(&context->refs, 1, memory_order_acq_rel) == 1)
        context_free(context);
}
