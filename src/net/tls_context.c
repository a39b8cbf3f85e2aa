/* tls_context.c - contexts of TLS sessions: certificates, keys, trust.  The contract is in tls.h.
 *
 * Reading the system's authorities takes some milliseconds, so contexts are kept, but for those of listeners: equal
 * options and equal environment give the same context.  A context does not change; when its files have changed another
 * one takes its place, and sessions that have the old one keep it.  No file is read under a lock: it may hang. */
#include "config.h"

#include "net/tls_context.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/locks.h"
#include "base/must.h"
#include "net/cert.h"
#include "net/gnutls.h"
#include "net/tls_keypair.h"

enum { CACHE_MAX = 32 }; /* contexts kept; more different option sets are rare, the oldest goes */

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static kn_tls_context *cache; /* guarded by cache_lock; newest first; each holds one reference */

static atomic_bool warned; /* verification off was logged */

static kb_status no_memory(kb_error *err)
{
    return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
}

typedef enum kn_priority { KN_PRIORITY_CLIENT, KN_PRIORITY_TRUSTING, KN_PRIORITY_SERVER } kn_priority;

/* ---- The library, and its priorities ------------------------------------------------------- */

#define NEW_VERSIONS "-VERS-TLS1.0:-VERS-TLS1.1:-VERS-DTLS-ALL"
/* The server chooses the cipher, and does without what scanners rightly complain about: key
 * exchange that is not forward secret, CBC (Lucky 13).  Its choice includes the group, so first
 * the one whose share nearly every client sends at once, which saves a HelloRetryRequest; finite
 * fields only help to keep it busy. */
#define SERVER_CHOICE                                                                                                  \
    ":%SERVER_PRECEDENCE:-RSA:-AES-128-CBC:-AES-256-CBC:-GROUP-ALL:+GROUP-X25519"                                      \
    ":+GROUP-SECP256R1:+GROUP-SECP384R1:+GROUP-SECP521R1:+GROUP-X448"

/* Peers with keys and signatures that are too weak today (RSA below 2048 bits, SHA-1) are refused, as by the
 * system's other programs.  Whoever verifies nothing is not kept from connecting. */
#define NO_WEAK_PEERS ":%PROFILE_MEDIUM"

/* Changes of the system's policy, which is otherwise kept.  Clients take old ciphers, if that is
 * all that a server has. */
static const char *const priority_table[] = {
    [KN_PRIORITY_CLIENT] = NEW_VERSIONS NO_WEAK_PEERS,
    [KN_PRIORITY_TRUSTING] = NEW_VERSIONS,
    [KN_PRIORITY_SERVER] = NEW_VERSIONS SERVER_CHOICE NO_WEAK_PEERS,
};
enum { PRIORITIES = sizeof(priority_table) / sizeof(priority_table[0]) };

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static gnutls_priority_t priority[PRIORITIES]; /* constant after library_once, never freed */
static int library_error;

static int load_priority(const char *changes, gnutls_priority_t *out)
{
    char whole[1100]; /* where the system has no policy to change */
    int r = kn_gnutls.priority_init2(out, changes, NULL, GNUTLS_PRIORITY_INIT_DEF_APPEND);
    if (r >= 0)
        return r;
    (void)snprintf(whole, sizeof(whole), "NORMAL:%s", changes);
    return kn_gnutls.priority_init(out, whole, NULL);
}

static void library_load(void)
{
    library_error = kn_gnutls.global_init();
    for (size_t i = 0; i < PRIORITIES && library_error >= 0; i++)
        library_error = load_priority(priority_table[i], &priority[i]);
}

/* ---- Parts of a context ---------------------------------------------------------------------- */

/* The pair that the settings name. */
static kb_status load_pair(kn_tls_context *context, kb_error *err)
{
    const kn_tls_settings *s = context->settings;
    const kn_tls_keypair from = {.cert = s->cert, .key = s->key, .key_password = s->key_password};
    return kn_tls_keypair_load(&from, &context->files, context->creds, err);
}

/* All credentials of a server trust the same. */
static int trust_everywhere(kn_tls_context *context, const gnutls_datum_t *text)
{
    int r = kn_gnutls.certificate_set_x509_trust_mem(context->creds, text, GNUTLS_X509_FMT_PEM);
    for (size_t i = 0; i < context->sni.count && r > 0; i++)
        r = kn_gnutls.certificate_set_x509_trust_mem(context->sni.at[i].creds, text, GNUTLS_X509_FMT_PEM);
    return r;
}

/* A file that was named on purpose: not finding authorities in it is an error. */
static kb_status load_authorities(kn_tls_context *context, const char *path, kb_error *err)
{
    static const char what[] = "TLS authorities";
    gnutls_datum_t text;
    if (kn_tls_file_watch(&context->files, path) != KB_OK)
        return no_memory(err);
    kb_status status = kn_tls_file_read(what, path, &text, err);
    if (status != KB_OK)
        return status;
    int r = trust_everywhere(context, &text);
    free(text.data);
    if (r < 0)
        return kn_tls_keypair_fail(err, r, what, path);
    return r > 0 ? KB_OK : kb_error_fail(err, KB_EINVAL, 0, "%s %.120s: no certificate in it", what, path);
}

static kb_status load_folders(kn_tls_context *context, const char *folders, kb_error *err)
{
    char *list = strdup(folders), *rest = NULL;
    kb_status status = list == NULL ? KB_ENOMEM : KB_OK;
    for (char *folder = list == NULL ? NULL : strtok_r(list, ":", &rest); folder != NULL && status == KB_OK;
         folder = strtok_r(NULL, ":", &rest)) {
        status = kn_tls_file_watch(&context->files, folder);
        if (status == KB_OK)
            status = kn_tls_trust_add_folder(&context->trust, folder);
    }
    free(list);
    return status == KB_OK ? KB_OK : no_memory(err);
}

/* Where systems keep the bundle of their authorities; NULL: elsewhere. */
static const char *system_bundle(void)
{
    static const char *const paths[] = {"/etc/ssl/certs/ca-certificates.crt",      /* Debian, Arch, Alpine */
                                        "/etc/pki/tls/certs/ca-bundle.crt",        /* Fedora */
                                        "/etc/ssl/ca-bundle.pem",                  /* SUSE */
                                        "/etc/ssl/cert.pem",                       /* FreeBSD, OpenBSD, macOS */
                                        "/usr/local/share/certs/ca-root-nss.crt",  /* FreeBSD, from a package */
                                        "/etc/openssl/certs/ca-certificates.crt"}; /* NetBSD */
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        if (access(paths[i], R_OK) == 0)
            return paths[i];
    return NULL;
}

/* The system's authorities, or those that the environment names instead.  Not finding any
 * is no error here: then nobody is trusted, and the handshake says so. */
static kb_status load_system(kn_tls_context *context, kb_error *err)
{
    const char *file = context->settings->system_file, *folders = context->settings->system_dirs;
    if (file == NULL && folders == NULL && (file = system_bundle()) == NULL)
        (void)kn_gnutls.certificate_set_x509_system_trust(context->creds);
    if (file != NULL &&
        (kn_tls_file_watch(&context->files, file) != KB_OK || kn_tls_trust_add_file(&context->trust, file) != KB_OK))
        return no_memory(err);
    return folders != NULL ? load_folders(context, folders, err) : KB_OK;
}

static kb_status load_alpn(kn_tls_context *context, const char *list, kb_error *err)
{
    if (list == NULL)
        return KB_OK;
    context->alpn_text = strdup(list);
    if (context->alpn_text == NULL)
        return no_memory(err);
    char *rest = NULL;
    for (char *item = strtok_r(context->alpn_text, ", ", &rest); item != NULL; item = strtok_r(NULL, ", ", &rest)) {
        size_t size = strlen(item);
        if (context->alpn_count == KN_ALPN_MAX || size > 255)
            return kb_error_fail(err, KB_EINVAL, 0, "too many or too long ALPN protocols");
        context->alpn[context->alpn_count++] = (gnutls_datum_t){(unsigned char *)item, (unsigned)size};
    }
    return KB_OK;
}

/* What the options want in place of `usual`: a lowest version, or other algorithms. */
static kb_status load_priorities(kn_tls_context *context, kn_priority usual, kb_error *err)
{
    const kn_tls_settings *s = context->settings;
    static const char below[] = ":-VERS-TLS1.0:-VERS-TLS1.1", below_13[] = ":-VERS-TLS1.2";
    char text[1024];
    context->priority = priority[usual];
    if (s->min_version == NULL && s->ciphers == NULL)
        return KB_OK;
    bool newest = s->min_version != NULL && strcmp(s->min_version, "1.3") == 0;
    if (s->min_version != NULL && !newest && strcmp(s->min_version, "1.2") != 0)
        return kb_error_fail(err, KB_EINVAL, 0, "TLS min_version '%.40s': expected 1.2 or 1.3", s->min_version);
    int size = snprintf(text, sizeof(text), "%s%s%s", s->ciphers != NULL ? s->ciphers : priority_table[usual],
                        s->min_version != NULL ? below : "", newest ? below_13 : "");
    const char *at = NULL;
    int r = size >= (int)sizeof(text) ? GNUTLS_E_INVALID_REQUEST
            : s->ciphers == NULL      ? load_priority(text, &context->own_priority)
                                      : kn_gnutls.priority_init(&context->own_priority, text, &at);
    if (r < 0)
        return kb_error_fail(err, KB_EINVAL, 0, "TLS ciphers '%.60s': not understood from '%.40s' on", text,
                             at != NULL ? at : text);
    context->priority = context->own_priority;
    return KB_OK;
}

static void context_free(kn_tls_context *context)
{
    if (context->own_priority != NULL)
        kn_gnutls.priority_deinit(context->own_priority);
    if (context->creds != NULL)
        kn_gnutls.certificate_free_credentials(context->creds);
    if (context->ticket_key.data != NULL)
        kn_gnutls.memset(context->ticket_key.data, 0, context->ticket_key.size);
    (*kn_gnutls.free)(context->ticket_key.data);
    kn_ticket_store_fini(&context->tickets);
    kn_tls_sni_fini(&context->sni);
    kn_tls_trust_fini(&context->trust);
    kn_tls_file_forget(&context->files);
    free(context->development.data);
    free(context->settings);
    free(context->alpn_text);
    free(context->cache_key);
    free(context);
}

static kb_status context_new(const kn_tls_settings *settings, kn_tls_context **out, kb_error *err)
{
    *out = NULL;
    kb_status status = kn_gnutls_load(err);
    if (status != KB_OK)
        return status;
    MUST(pthread_once(&library_once, library_load));
    if (library_error < 0)
        return kn_tls_keypair_fail(err, library_error, "TLS library", "");
    kn_tls_context *context = calloc(1, sizeof(*context));
    if (context == NULL || kn_ticket_store_init(&context->tickets) != 0) {
        free(context);
        return no_memory(err);
    }
    if (kn_tls_trust_init(&context->trust) != 0) {
        kn_ticket_store_fini(&context->tickets);
        free(context);
        return no_memory(err);
    }
    atomic_init(&context->refs, 1);
    atomic_init(&context->checked_us, kb_clock_us());
    atomic_init(&context->complained, false);
    context->server = settings->server;
    context->verify = settings->verify;
    context->allow_truncation = settings->allow_truncation;
    context->client_optional = settings->client_optional;
    context->settings = kn_tls_settings_copy(settings);
    status = context->settings == NULL ? no_memory(err) : load_alpn(context, settings->alpn, err);
    if (status == KB_OK)
        status = load_priorities(context,
                                 settings->server   ? KN_PRIORITY_SERVER
                                 : settings->verify ? KN_PRIORITY_CLIENT
                                                    : KN_PRIORITY_TRUSTING,
                                 err);
    if (status == KB_OK) {
        int r = kn_gnutls.certificate_allocate_credentials(&context->creds);
        if (r < 0)
            status = kn_tls_keypair_fail(err, r, "TLS credentials", "");
    }
    if (status != KB_OK) {
        context_free(context);
        return status;
    }
    *out = context;
    return KB_OK;
}

/* ---- Servers --------------------------------------------------------------------------------- */

static kb_status use_development(kn_tls_context *context, kb_error *err)
{
    const char *path = context->settings->development;
    kb_status status = kn_cert_dev_use(context->creds, path, err);
    return status == KB_OK && kn_tls_file_watch(&context->files, path) != KB_OK ? no_memory(err) : status;
}

/* Other processes have the same listener, and take the tickets of this one: the key follows from what they all know.  It
 * is another one for each listener, or a ticket would carry a client from one to another that wants a certificate. */
static int share_ticket_key(kn_tls_context *context)
{
    enum { DERIVED = 64 }; /* bytes of a SHA-512, and of a key */
    unsigned char derived[DERIVED];
    const kn_tls_settings *s = context->settings;
    char *text = kn_tls_settings_text(s);
    int r = text == NULL
                ? GNUTLS_E_MEMORY_ERROR
                : kn_gnutls.hmac_fast(GNUTLS_MAC_SHA512, s->secret, sizeof(s->secret), text, strlen(text), derived);
    free(text);
    if (r >= 0)
        memcpy(context->ticket_key.data, derived,
               context->ticket_key.size < DERIVED ? context->ticket_key.size : DERIVED);
    kn_gnutls.memset(derived, 0, sizeof(derived));
    return r;
}

static bool same_certificate(gnutls_certificate_credentials_t a, gnutls_certificate_credentials_t b)
{
    gnutls_datum_t one = {NULL, 0}, other = {NULL, 0};
    return kn_gnutls.certificate_get_crt_raw(a, 0, 0, &one) >= 0 &&
           kn_gnutls.certificate_get_crt_raw(b, 0, 0, &other) >= 0 && one.size == other.size &&
           memcmp(one.data, other.data, one.size) == 0;
}

/* The settings are the same, so the names are. */
static bool same_certificates(const kn_tls_context *a, const kn_tls_context *b)
{
    bool same = same_certificate(a->creds, b->creds);
    for (size_t i = 0; i < a->sni.count && same; i++)
        same = same_certificate(a->sni.at[i].creds, b->sni.at[i].creds);
    return same;
}

/* Tickets of `old` (NULL: none) stay good for its replacement.  The library derives the keys that encrypt them from
 * this one and the time: they change every 18 hours, and those of the period before are still taken. */
static kb_status make_ticket_key(kn_tls_context *context, const kn_tls_context *old, kb_error *err)
{
    int r = kn_gnutls.session_ticket_key_generate(&context->ticket_key);
    if (r >= 0 && context->settings->shared)
        r = share_ticket_key(context);
    else if (r >= 0 && old != NULL && old->ticket_key.size == context->ticket_key.size)
        memcpy(context->ticket_key.data, old->ticket_key.data, old->ticket_key.size);
    context->older_tickets = context->settings->shared ||
                             (old != NULL && (old->older_tickets || !same_certificates(old, context)));
    return r < 0 ? kn_tls_keypair_fail(err, r, "TLS tickets", "") : KB_OK;
}

static kb_status load_names(kn_tls_context *context, kb_error *err)
{
    const kn_tls_settings *s = context->settings;
    return kn_tls_sni_load(&context->sni, s->names, s->name_count, &context->files, err);
}

static kb_status load_server(kn_tls_context *context, kb_error *err)
{
    const kn_tls_settings *s = context->settings;
    if (s->client_optional && s->client_ca == NULL)
        return kb_error_fail(err, KB_EINVAL, 0,
                             "TLS clients with optional certificates need their authorities: "
                             "client_ca is missing");
    kb_status status = s->cert == NULL && s->key == NULL ? use_development(context, err) : load_pair(context, err);
    if (status == KB_OK)
        status = kn_tls_keypair_staple(s->ocsp, &context->files, context->creds, err);
    if (status == KB_OK)
        status = load_names(context, err);
    return status == KB_OK && s->client_ca != NULL ? load_authorities(context, s->client_ca, err) : status;
}

/* ---- Clients --------------------------------------------------------------------------------- */

/* What this user's servers show if they have no other certificate: made by one of them, sooner or later. */
static kb_status accept_development(kn_tls_context *context, kb_error *err)
{
    const char *path = context->settings->development;
    context->accepts_development = true;
    if (kn_tls_file_watch(&context->files, path) != KB_OK)
        return no_memory(err);
    if (path != NULL)
        kn_cert_dev_read(path, &context->development);
    return KB_OK;
}

static kb_status load_client(kn_tls_context *context, kb_error *err)
{
    const kn_tls_settings *s = context->settings;
    kb_status status = KB_OK;
    if (s->cert != NULL || s->key != NULL)
        status = load_pair(context, err);
    if (status != KB_OK || !s->verify)
        return status;
    if (s->ca != NULL) /* these and no others, the development certificate neither */
        return load_authorities(context, s->ca, err);
    status = accept_development(context, err);
    if (status == KB_OK)
        status = load_system(context, err);
    if (status == KB_OK && s->more_ca != NULL)
        status = load_authorities(context, s->more_ca, err);
    return status;
}

/* ---- Both ------------------------------------------------------------------------------------ */

/* Make a context; `old`: the one whose place it takes, or NULL. */
static kb_status load(const kn_tls_settings *settings, const kn_tls_context *old, kn_tls_context **out, kb_error *err)
{
    kb_status status = context_new(settings, out, err);
    if (status != KB_OK)
        return status;
    status = settings->server ? load_server(*out, err) : load_client(*out, err);
    if (status == KB_OK && settings->server)
        status = make_ticket_key(*out, old, err);
    if (status != KB_OK) {
        context_free(*out);
        *out = NULL;
    }
    return status;
}

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

/* ---- The cache of contexts ------------------------------------------------------------------- */

static kn_tls_context **cache_place(const char *key) /* needs cache_lock */
{
    kn_tls_context **at = &cache;
    while (*at != NULL && strcmp((*at)->cache_key, key) != 0)
        at = &(*at)->cache_next;
    return at;
}

/* The context kept for `key`, as a reference; NULL: none. */
static kn_tls_context *cache_find(const char *key)
{
    kb_lock(&cache_lock);
    kn_tls_context *context = *cache_place(key);
    if (context != NULL)
        (void)kn_tls_context_ref(context);
    kb_unlock(&cache_lock);
    return context;
}

/* Take what is at *at out of the cache: the reference is the caller's. */
static kn_tls_context *cache_take(kn_tls_context **at) /* needs cache_lock */
{
    kn_tls_context *context = *at;
    if (context != NULL)
        *at = context->cache_next;
    return context;
}

/* Keep `context` under `key`, which is taken over, in place of the older one `old` (NULL: there was none).  If another
 * thread was faster its context is kept; gives the one that is, as a reference in place of `context`. */
static kn_tls_context *cache_put(kn_tls_context *context, char *key, const kn_tls_context *old)
{
    kn_tls_context *gone = NULL, *last = NULL, *kept = context;
    kb_lock(&cache_lock);
    kn_tls_context **at = cache_place(key);
    if (*at != NULL && *at != old) {
        kept = kn_tls_context_ref(*at);
        gone = context;
        free(key);
    } else {
        gone = cache_take(at);
        context->cache_key = key;
        context->cache_next = cache;
        cache = kn_tls_context_ref(context);
        kn_tls_context **end = &cache;
        for (int i = 0; i < CACHE_MAX && *end != NULL; i++)
            end = &(*end)->cache_next;
        last = cache_take(end);
    }
    kb_unlock(&cache_lock);
    kn_tls_context_unref(gone);
    kn_tls_context_unref(last);
    return kept;
}

/* ---- Files that change ----------------------------------------------------------------------- */

enum { CHECK_US = KB_US_PER_S };

bool kn_tls_context_due(const kn_tls_context *context)
{
    return kb_clock_us() - atomic_load_explicit(&context->checked_us, memory_order_relaxed) >= CHECK_US;
}

static void complain(kn_tls_context *context, void (*log)(void *, const char *), void *log_data, const kb_error *err)
{
    char text[320];
    if (log == NULL || atomic_exchange(&context->complained, true))
        return;
    (void)snprintf(text, sizeof(text), "warning: %s; what was read before stays in use", err->text);
    log(log_data, text);
}

kn_tls_context *kn_tls_context_renewed(kn_tls_context *context, void (*log)(void *, const char *), void *log_data)
{
    kb_error err = {0};
    kn_tls_context *renewed = NULL;
    atomic_store_explicit(&context->checked_us, kb_clock_us(), memory_order_relaxed);
    if (!kn_tls_file_changed(&context->files) || load(context->settings, context, &renewed, &err) == KB_OK)
        return renewed != NULL ? renewed : kn_tls_context_ref(context);
    complain(context, log, log_data, &err);
    return kn_tls_context_ref(context);
}

kb_status kn_tls_context_reload(const kn_tls_context *context, kn_tls_context **out, kb_error *err)
{
    return load(context->settings, context, out, err);
}

/* ---- Getting one ----------------------------------------------------------------------------- */

kn_tls_context *kn_tls_context_kept(const char *key)
{
    return cache_find(key);
}

kn_tls_context *kn_tls_context_cached(const char *key)
{
    kn_tls_context *context = cache_find(key);
    if (context == NULL || !kn_tls_context_due(context))
        return context;
    kn_tls_context_unref(context);
    return NULL;
}

static void warn_unverified(void (*log)(void *, const char *), void *log_data)
{
    if (log != NULL && !atomic_exchange(&warned, true))
        log(log_data, "warning: TLS certificates are not verified: anybody can read and change "
                      "what is sent");
}

/* The context for `settings`: the one that is kept, renewed if need be, or a new one. */
static kb_status get_kept(const kn_tls_settings *settings, void (*log)(void *, const char *), void *log_data,
                          kn_tls_context **out, kb_error *err)
{
    if (!settings->server && !settings->verify)
        warn_unverified(log, log_data);
    char *key = kn_tls_settings_text(settings);
    if (key == NULL)
        return no_memory(err);
    kn_tls_context *found = cache_find(key);
    if (found != NULL)
        *out = kn_tls_context_due(found) ? kn_tls_context_renewed(found, log, log_data) : kn_tls_context_ref(found);
    kb_status status = found != NULL ? KB_OK : load(settings, NULL, out, err);
    if (status == KB_OK && *out != found)
        *out = cache_put(*out, key, found);
    else
        free(key);
    kn_tls_context_unref(found);
    return status;
}

kb_status kn_tls_context_get(const kn_tls_settings *settings, void (*log)(void *, const char *), void *log_data,
                             kn_tls_context **out, kb_error *err)
{
    *out = NULL;
    return settings->kept ? get_kept(settings, log, log_data, out, err) : load(settings, NULL, out, err);
}
