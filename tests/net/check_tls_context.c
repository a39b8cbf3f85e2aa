/* check_tls_context.c - net/tls_context, and verification in net/tls: which certificates are believed, where
 * trust comes from, ALPN, client certificates. */
#include "config.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/tls_pair.h"
#include "support/suite.h"

/* ---- Verification ---------------------------------------------------------------------------- */

/* Shake hands for `name` with a server whose certificate is `spec`; `text`: what the client says
 * of it, NULL if it is to be content. */
static void check_certificate(const ca_spec *spec, const char *name, const char *text)
{
    pair p = {.authority = ca_new()};
    kiwi_socket_info info;
    ca_issue(p.authority, "one", spec);
    pair_contexts(&p, "one");
    pair_sessions(&p, name, true, 0);
    shake(&p);
    kn_tls_info(p.client.tls, &info);
    ck_assert_int_eq(info.verified, text == NULL);
    if (text == NULL) {
        ck_assert_msg(p.client.status == KB_OK, "%s: %s", name, p.client.err.text);
    } else {
        ck_assert_msg(p.client.status == KB_EVERIFY, "%s: %s", name, p.client.err.text);
        ck_assert_msg(strstr(p.client.err.text, text) != NULL, "%s", p.client.err.text);
        ck_assert_int_lt(p.client.err.tls, 0);
        ck_assert_int_eq(p.server.status, KB_ETLS); /* it was told by an alert */
        ck_assert_ptr_nonnull(strstr(p.server.err.text, "sent an alert"));
    }
    pair_close(&p);
}

START_TEST(certificates_that_are_refused)
{
    check_certificate(&(ca_spec){.dns = "localhost"}, "localhost", NULL);
    check_certificate(&(ca_spec){.dns = "localhost"}, "other.example", "name in the certificate");
    check_certificate(&(ca_spec){.dns = "localhost", .self_signed = true}, "localhost",
                      "verification failed: The certificate issuer is unknown");
    check_certificate(&(ca_spec){.dns = "localhost", .from_s = -9000, .until_s = -60}, "localhost", "expired");
    check_certificate(&(ca_spec){.dns = "localhost", .from_s = 600, .until_s = 9000}, "localhost", "not yet valid");
    check_certificate(&(ca_spec){.dns = "localhost", .client = true}, "localhost", "purpose");
}
END_TEST

START_TEST(names_and_addresses)
{
    check_certificate(&(ca_spec){.dns = "localhost"}, "LOCALHOST", NULL);
    check_certificate(&(ca_spec){.dns = "localhost"}, "localhost.", NULL);
    check_certificate(&(ca_spec){.dns = "*.example.com"}, "a.example.com", NULL);
    check_certificate(&(ca_spec){.dns = "*.example.com"}, "a.b.example.com", "name");
    check_certificate(&(ca_spec){.ip = "127.0.0.1"}, "127.0.0.1", NULL);
    check_certificate(&(ca_spec){.ip = "127.0.0.1"}, "127.0.0.2", "name");
    check_certificate(&(ca_spec){.ip = "::1"}, "::1", NULL);
    check_certificate(&(ca_spec){.ip = "::1"}, "[0:0::1]", NULL);
    check_certificate(&(ca_spec){.ip = "fe80::1"}, "fe80::1%lo", NULL);
    check_certificate(&(ca_spec){.ip = "::1"}, "::2", "name");
    check_certificate(&(ca_spec){.dns = "127.0.0.1"}, "127.0.0.1", "name");
}
END_TEST

/* Of the same name as the right one, but with another key. */
START_TEST(another_authority)
{
    pair p = {.authority = ca_new()};
    ca *other = ca_new();
    client_options.ca = ca_path(other, "root.pem");
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    pair_contexts(&p, "good");
    pair_sessions(&p, "localhost", true, 0);
    shake(&p);
    ck_assert_int_eq(p.client.status, KB_EVERIFY);
    ck_assert_msg(strstr(p.client.err.text, "verification failed: The ") != NULL, "%s", p.client.err.text);
    pair_close(&p);
    ca_free(other);
}
END_TEST

START_TEST(a_name_is_needed)
{
    pair p;
    kn_tls *tls = NULL;
    pair_open(&p, "localhost");
    ck_assert_int_eq(kn_tls_new(p.client_context, p.client.fd, NULL, true, &tls, NULL), KB_EINVAL);
    ck_assert_int_eq(kn_tls_new(p.client_context, p.client.fd, "", true, &tls, NULL), KB_EINVAL);
    ck_assert_int_eq(kn_tls_new(p.client_context, p.client.fd, "[]", true, &tls, NULL), KB_EINVAL);
    ck_assert_ptr_null(tls);
    pair_close(&p);
}
END_TEST

/* Trust by environment instead of by option. */
static void check_environment(const char *variable, bool trusted)
{
    pair p = {.authority = ca_new()};
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    server_options =
        (kiwi_tls_options){.cert = ca_path(p.authority, "good.pem"), .key = ca_path(p.authority, "good.key")};
    client_options = (kiwi_tls_options){.cert = NULL};
    if (variable != NULL)
        ck_assert_int_eq(setenv(variable, ca_path(p.authority, "root.pem"), 1), 0);
    pair_contexts(&p, NULL);
    pair_sessions(&p, "localhost", true, 0);
    shake(&p);
    ck_assert_int_eq(p.client.status, trusted ? KB_OK : KB_EVERIFY);
    if (variable != NULL)
        ck_assert_int_eq(unsetenv(variable), 0);
    pair_close(&p);
}

START_TEST(trust_by_environment)
{
    check_environment(NULL, false);
    check_environment("SSL_CERT_FILE", true);
    check_environment("KIWI_TLS_CA", true);
    check_environment(NULL, false); /* no stale context was found */
}
END_TEST

/* Does a client that connects to `name` trust the development certificate of this user's servers? */
static void check_development(const char *name, bool loopback, bool trusted)
{
    pair p = {.authority = ca_new()};
    kiwi_socket_info info;
    pair_contexts(&p, NULL); /* neither side has options */
    pair_sessions(&p, name, loopback, 0);
    shake(&p);
    ck_assert_msg(p.client.status == (trusted ? KB_OK : KB_EVERIFY), "%s: %s", name, p.client.err.text);
    kn_tls_info(p.client.tls, &info);
    ck_assert_int_eq(info.verified, trusted);
    if (trusted)
        echo(&p);
    pair_close(&p);
}

START_TEST(development_certificate_for_this_machine_only)
{
    static const char *const good[] = {"localhost",     "LocalHost", "localhost.", "web.localhost",
                                       "a.b.localhost", "127.0.0.1", "127.1.2.3",  "::1"};
    static const char *const bad[] = {"any.name.example",  "kiwi.local", "notlocalhost",
                                      "localhost.example", "10.0.0.1",   "::2"};
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        check_development(good[i], true, true);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        check_development(bad[i], true, false); /* though it leads to the loopback */
    check_development("localhost", false, false);
}
END_TEST

static void count_log(void *count, const char *text)
{
    ck_assert_ptr_nonnull(strstr(text, "not verified"));
    ++*(int *)count;
}

START_TEST(verification_can_be_switched_off)
{
    pair p = {.authority = ca_new()};
    kn_tls_context *other = NULL;
    int logged = 0;
    ca_issue(p.authority, "bad", &(ca_spec){.dns = "other.example", .self_signed = true});
    pair_contexts(&p, "bad");
    kn_tls_context_unref(p.client_context);
    ck_assert_int_eq(setenv("KIWI_TLS_VERIFY", "0", 1), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(client_context(NULL, count_log, &logged, &other, NULL), KB_OK);
        kn_tls_context_unref(other);
    }
    ck_assert_int_eq(logged, 1);
    ck_assert_int_eq(client_context(NULL, NULL, NULL, &p.client_context, NULL), KB_OK);
    pair_sessions(&p, "localhost", false, 0);
    shake_well(&p);
    kiwi_socket_info info;
    kn_tls_info(p.client.tls, &info);
    ck_assert(!info.verified);
    kiwi_tls_options on = {.verify = KIWI_ON}; /* the option is stronger than the environment */
    ck_assert_int_eq(client_context(&on, NULL, NULL, &other, NULL), KB_OK);
    ck_assert(other->verify);
    kn_tls_context_unref(other);
    pair_close(&p);
}
END_TEST

/* ---- Contexts -------------------------------------------------------------------------------- */

START_TEST(equal_options_share_a_context)
{
    kn_tls_context *a = NULL, *b = NULL, *c = NULL;
    kiwi_tls_options options = {.alpn = "h2"};
    ck_assert_int_eq(client_context(NULL, NULL, NULL, &a, NULL), KB_OK);
    ck_assert_int_eq(client_context(NULL, NULL, NULL, &b, NULL), KB_OK);
    ck_assert_int_eq(client_context(&options, NULL, NULL, &c, NULL), KB_OK);
    ck_assert_ptr_eq(a, b);
    ck_assert_ptr_ne(a, c);
    kn_tls_context_unref(a);
    kn_tls_context_unref(b);
    for (int i = 0; i < 100; i++) { /* more than are kept */
        char name[16];
        (void)snprintf(name, sizeof(name), "p%d", i);
        options = (kiwi_tls_options){.alpn = name, .verify = KIWI_OFF};
        ck_assert_int_eq(client_context(&options, NULL, NULL, &b, NULL), KB_OK);
        kn_tls_context_unref(b);
    }
    ck_assert_uint_eq(c->alpn_count, 1); /* pushed out of the cache, still ours */
    kn_tls_context_unref(c);
}
END_TEST

static void *load_context(void *out)
{
    return client_context(NULL, NULL, NULL, out, NULL) == KB_OK ? out : NULL;
}

START_TEST(threads_share_a_context)
{
    enum { THREADS = 4 };
    pthread_t thread[THREADS];
    kn_tls_context *got[THREADS];
    void *ok = NULL;
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, load_context, &got[i]), 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert(pthread_join(thread[i], &ok) == 0 && ok != NULL);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_ptr_eq(got[i], got[0]);
        kn_tls_context_unref(got[i]);
    }
}
END_TEST

static void check_refused(const kiwi_tls_options *options, kb_status expected)
{
    kn_tls_context *context = NULL;
    kb_error err = {.status = KB_OK};
    kb_status status = server_context(options, &context, &err);
    ck_assert_msg(status == expected, "%s: %s", kb_error_status_text(status), err.text);
    ck_assert_ptr_null(context);
    ck_assert_uint_gt(strlen(err.text), 0);
    if (options->client_ca == NULL) {
        status = client_context(options, NULL, NULL, &context, &err);
        ck_assert_msg(status == expected, "%s: %s", kb_error_status_text(status), err.text);
        ck_assert_ptr_null(context);
    }
}

START_TEST(options_that_are_refused)
{
    ca *a = ca_new();
    ca_issue(a, "one", &(ca_spec){.dns = "localhost"});
    ca_issue(a, "two", &(ca_spec){.dns = "localhost"});
    const char *one = ca_path(a, "one.pem"), *two = ca_path(a, "two.key");
    check_refused(&(kiwi_tls_options){.cert = one}, KB_EINVAL);
    check_refused(&(kiwi_tls_options){.key = two}, KB_EINVAL);
    check_refused(&(kiwi_tls_options){.cert = one, .key = two}, KB_EINVAL);
    check_refused(&(kiwi_tls_options){.cert = one, .key = ca_path(a, "none")}, KB_EIO);
    check_refused(&(kiwi_tls_options){.cert = two, .key = two}, KB_ETLS);
    check_refused(&(kiwi_tls_options){.client_ca = ca_path(a, "none")}, KB_EIO);
    check_refused(&(kiwi_tls_options){.min_version = "1.1"}, KB_EINVAL);
    check_refused(&(kiwi_tls_options){.ciphers = "NORMAL:+NONSENSE"}, KB_EINVAL);
    check_refused(&(kiwi_tls_options){.ciphers = "NORMAL", .min_version = "4"}, KB_EINVAL);
    ck_assert_int_eq(setenv("KIWI_TLS_KEY", two, 1), 0);
    kn_tls_context *context = NULL;
    ck_assert_int_eq(server_context(NULL, &context, NULL), KB_EINVAL);
    ca_free(a);
}
END_TEST

/* ---- Files at fault ------------------------------------------------------------------------- */

static void write_file(ca *a, const char *name, const void *data, size_t size)
{
    FILE *f = fopen(ca_path(a, name), "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, size, f), size);
    ck_assert_int_eq(fclose(f), 0);
}

/* A context for these options fails with a text that has both parts in it. */
static void check_told(const kiwi_tls_options *options, const char *file, const char *why)
{
    kn_tls_context *context = NULL;
    kb_error err = {.status = KB_OK};
    ck_assert_int_ne(server_context(options, &context, &err), KB_OK);
    ck_assert_msg(strstr(err.text, file) != NULL && strstr(err.text, why) != NULL, "%s", err.text);
}

/* Store the key of `name` encrypted with `password` as `to`. */
static void encrypt_key(ca *a, const char *name, const char *password, const char *to)
{
    gnutls_datum_t pem = {NULL, 0};
    gnutls_x509_privkey_t key;
    unsigned char out[4096];
    size_t size = sizeof(out);
    ck_assert_int_ge(gnutls_load_file(ca_path(a, name), &pem), 0);
    ck_assert_int_ge(gnutls_x509_privkey_init(&key), 0);
    ck_assert_int_ge(gnutls_x509_privkey_import(key, &pem, GNUTLS_X509_FMT_PEM), 0);
    ck_assert_int_ge(
        gnutls_x509_privkey_export_pkcs8(key, GNUTLS_X509_FMT_PEM, password, GNUTLS_PKCS_PBES2_AES_256, out, &size), 0);
    write_file(a, to, out, size);
    gnutls_x509_privkey_deinit(key);
    gnutls_free(pem.data);
}

START_TEST(errors_name_the_file_at_fault)
{
    ca *a = ca_new();
    kn_tls_context *context = NULL;
    ca_issue(a, "one", &(ca_spec){.dns = "localhost"});
    ca_issue(a, "two", &(ca_spec){.dns = "localhost"});
    const char *cert = ca_path(a, "one.pem"), *key = ca_path(a, "one.key");
    write_file(a, "empty", "", 0);
    write_file(a, "der", "\x30\x82\x01\x02", 4);
    write_file(a, "text", "hello\n", 6);
    write_file(a, "broken", "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", 55);
    encrypt_key(a, "one.key", "secret", "locked.key");
    const char *empty = ca_path(a, "empty"), *locked = ca_path(a, "locked.key");
    check_told(&(kiwi_tls_options){.cert = empty, .key = key}, empty, "empty");
    check_told(&(kiwi_tls_options){.cert = cert, .key = empty}, empty, "empty");
    check_told(&(kiwi_tls_options){.cert = ca_path(a, "der"), .key = key}, "/der", "DER");
    check_told(&(kiwi_tls_options){.cert = cert, .key = ca_path(a, "text")}, "/text", "PEM");
    check_told(&(kiwi_tls_options){.cert = ca_path(a, "broken"), .key = key}, "/broken", "TLS cert");
    check_told(&(kiwi_tls_options){.cert = cert, .key = ca_path(a, "none")}, "/none", "TLS key");
    check_told(&(kiwi_tls_options){.cert = cert, .key = ca_path(a, "two.key")}, "two.key", "no pair");
    check_told(&(kiwi_tls_options){.client_ca = empty}, empty, "authorities");
    check_told(&(kiwi_tls_options){.cert = cert, .key = locked}, locked, "'key_password'");
    check_told(&(kiwi_tls_options){.cert = cert, .key = locked, .key_password = "wrong"}, locked, "'key_password'");
    check_told(&(kiwi_tls_options){.cert = ca_path(a, "/"), .key = key}, "/", "directory");
    kiwi_tls_options good = {.cert = cert, .key = locked, .key_password = "secret"};
    ck_assert_int_eq(server_context(&good, &context, NULL), KB_OK);
    kn_tls_context_unref(context);
    ca_free(a);
}
END_TEST

/* ---- Files that change ---------------------------------------------------------------------- */

static void until_due(const kn_tls_context *context)
{
    const struct timespec nap = {.tv_nsec = 20000000};
    ck_assert(!kn_tls_context_due(context)); /* at most once a second */
    while (!kn_tls_context_due(context))
        (void)nanosleep(&nap, NULL);
}

static void keep_log(void *text, const char *line)
{
    ck_assert_int_eq(*(char *)text, '\0'); /* once */
    (void)snprintf(text, 256, "%s", line);
}

static kn_tls_context *renew(kn_tls_context *context, char *said)
{
    kn_tls_context *renewed = kn_tls_context_renewed(context, keep_log, said);
    kn_tls_context_unref(context);
    return renewed;
}

START_TEST(changed_files_make_a_new_context_and_broken_ones_do_not)
{
    ca *a = ca_new();
    char said[256] = "";
    kn_tls_context *context = NULL, *old;
    ca_issue(a, "one", &(ca_spec){.dns = "localhost"});
    kiwi_tls_options options = {.cert = ca_path(a, "one.pem"), .key = ca_path(a, "one.key")};
    ck_assert_int_eq(server_context(&options, &context, NULL), KB_OK);
    until_due(context);
    old = context;
    context = renew(context, said);
    ck_assert_ptr_eq(context, old); /* nothing has changed */
    ca_issue(a, "one", &(ca_spec){.dns = "localhost"});
    until_due(context);
    context = renew(context, said);
    ck_assert_ptr_ne(context, old);
    write_file(a, "one.pem", "no certificate", 14);
    for (int i = 0; i < 2; i++) {
        until_due(context);
        old = context;
        context = renew(context, said);
        ck_assert_ptr_eq(context, old);
    }
    ck_assert_msg(strstr(said, "one.pem") != NULL && strstr(said, "stays in use") != NULL, "%s", said);
    ca_issue(a, "one", &(ca_spec){.dns = "localhost"});
    until_due(context);
    old = context;
    context = renew(context, said);
    ck_assert_ptr_ne(context, old);
    kn_tls_context_unref(context);
    ca_free(a);
}
END_TEST

START_TEST(clients_notice_changed_authorities)
{
    ca *a = ca_new(), *b = ca_new();
    kn_tls_context *first = NULL, *second = NULL;
    static const char *const parts[] = {"root.pem", NULL};
    ca_join(a, "trusted.pem", parts);
    kiwi_tls_options options = {.ca = ca_path(a, "trusted.pem")};
    ck_assert_int_eq(client_context(&options, NULL, NULL, &first, NULL), KB_OK);
    ca_issue(a, "fresh", &(ca_spec){.self_signed = true, .dns = "localhost"});
    ck_assert_int_eq(rename(ca_path(a, "fresh.pem"), ca_path(a, "trusted.pem")), 0);
    ck_assert_int_eq(client_context(&options, NULL, NULL, &second, NULL), KB_OK);
    ck_assert_ptr_eq(first, second); /* within a second */
    kn_tls_context_unref(second);
    until_due(first);
    ck_assert_int_eq(client_context(&options, NULL, NULL, &second, NULL), KB_OK);
    ck_assert_ptr_ne(first, second);
    kn_tls_context_unref(first);
    ck_assert_int_eq(client_context(&options, NULL, NULL, &first, NULL), KB_OK);
    ck_assert_ptr_eq(first, second); /* the new one is kept now */
    kn_tls_context_unref(first);
    kn_tls_context_unref(second);
    ca_free(a);
    ca_free(b);
}
END_TEST

/* ---- Weak and old certificates ---------------------------------------------------------------- */

/* Connect to a server with certificate `name`; gives how that ended. */
static kb_status connect_to(pair *p, const char *name, kiwi_switch verify)
{
    client_options = (kiwi_tls_options){.verify = verify, .ca = ca_path(p->authority, "root.pem")};
    pair_contexts(p, name);
    pair_sessions(p, "localhost", false, 0);
    shake(p);
    kb_status status = p->client.status;
    pair_hang_up(p);
    kn_tls_context_unref(p->client_context);
    kn_tls_context_unref(p->server_context);
    p->client_context = p->server_context = NULL;
    return status;
}

START_TEST(weak_certificates_are_refused_unless_nothing_is_verified)
{
    pair p = {.authority = ca_new()};
    ca_issue(p.authority, "short", &(ca_spec){.dns = "localhost", .rsa_bits = 1024});
    ca_issue(p.authority, "sha1", &(ca_spec){.dns = "localhost", .sha1 = true});
    ca_issue(p.authority, "rsa", &(ca_spec){.dns = "localhost", .rsa_bits = 2048});
    ck_assert_int_eq(connect_to(&p, "rsa", KIWI_ON), KB_OK);
    ck_assert_int_eq(connect_to(&p, "short", KIWI_ON), KB_EVERIFY);
    ck_assert_int_eq(connect_to(&p, "sha1", KIWI_ON), KB_EVERIFY);
    ck_assert_int_eq(connect_to(&p, "short", KIWI_OFF), KB_OK);
    ck_assert_int_eq(connect_to(&p, "sha1", KIWI_OFF), KB_OK);
    ca_free(p.authority);
}
END_TEST

/* Issue chain.pem, of a server: its certificate and then these. */
static kb_status connect_with(pair *p, const char *first, const char *second)
{
    const char *parts[] = {"leaf.pem", first, second, NULL};
    static const char *const key[] = {"leaf.key", NULL};
    ca_join(p->authority, "chain.pem", parts);
    ca_join(p->authority, "chain.key", key);
    return connect_to(p, "chain", KIWI_ON);
}

START_TEST(a_chain_with_an_expired_copy_of_a_renewed_authority_is_good)
{
    pair p = {.authority = ca_new()};
    ca_spec old = {.authority = true, .from_s = -9 * 3600L, .until_s = -3600};
    ca_issue(p.authority, "old", &old);
    ca_issue(p.authority, "new", &(ca_spec){.authority = true});
    ca_issue(p.authority, "leaf", &(ca_spec){.dns = "localhost", .below = true});
    ck_assert_int_eq(connect_with(&p, "new.pem", NULL), KB_OK);
    ck_assert_int_eq(connect_with(&p, "old.pem", "new.pem"), KB_OK);
    ck_assert_int_eq(connect_with(&p, "new.pem", "old.pem"), KB_OK);
    ck_assert_int_eq(connect_with(&p, "old.pem", NULL), KB_EVERIFY);
    ca_issue(p.authority, "leaf", &(ca_spec){.dns = "localhost", .below = true, .from_s = -7200, .until_s = -60});
    ck_assert_int_eq(connect_with(&p, "old.pem", "new.pem"), KB_EVERIFY); /* its own is old */
    ca_issue(p.authority, "leaf", &(ca_spec){.dns = "other.example", .below = true});
    ck_assert_int_eq(connect_with(&p, "old.pem", "new.pem"), KB_EVERIFY);
    ca_free(p.authority);
}
END_TEST

/* ---- Extensions ------------------------------------------------------------------------------ */

static void check_alpn(const char *client, const char *server, const char *chosen)
{
    pair p = {.authority = ca_new()};
    kiwi_socket_info info;
    client_options = (kiwi_tls_options){.alpn = client};
    server_options = (kiwi_tls_options){.alpn = server};
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    pair_contexts(&p, "good");
    pair_sessions(&p, "localhost", false, 0);
    shake_well(&p);
    kn_tls_info(p.client.tls, &info);
    ck_assert_str_eq(info.alpn, chosen);
    kn_tls_info(p.server.tls, &info);
    ck_assert_str_eq(info.alpn, chosen);
    pair_close(&p);
}

START_TEST(alpn)
{
    check_alpn("h2,http/1.1", "http/1.1", "http/1.1");
    check_alpn("a, b", "b,a", "b"); /* the server's wish counts */
    check_alpn("a", NULL, "");
}
END_TEST

/* `cert`: what the client shows, or NULL; a stranger's authority has the right name, but another
 * key, or the client would not even send its certificate.  TLS 1.3 clients learn of a refusal
 * after their handshake. */
static void check_client(const char *cert, kb_status expected, const char *text)
{
    pair p = {.authority = ca_new()};
    ca *other = ca_new();
    kiwi_socket_info info;
    size_t n = 0;
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    ca_issue(p.authority, "member", &(ca_spec){.dns = "me", .client = true});
    ca_issue(other, "stranger", &(ca_spec){.dns = "me", .client = true});
    server_options.client_ca = ca_path(p.authority, "root.pem");
    if (cert != NULL) {
        ca *issuer = strcmp(cert, "stranger") == 0 ? other : p.authority;
        char file[32];
        (void)snprintf(file, sizeof(file), "%s.pem", cert);
        client_options.cert = ca_path(issuer, file);
        (void)snprintf(file, sizeof(file), "%s.key", cert);
        client_options.key = ca_path(issuer, file);
    }
    pair_contexts(&p, "good");
    pair_sessions(&p, "localhost", false, 0);
    shake(&p);
    ck_assert_msg(p.server.status == expected, "%s", p.server.err.text);
    kn_tls_info(p.server.tls, &info);
    ck_assert_int_eq(info.verified, expected == KB_OK);
    if (expected == KB_OK) {
        echo(&p);
    } else {
        ck_assert_msg(strstr(p.server.err.text, text) != NULL, "%s", p.server.err.text);
        if (p.client.status == KB_OK)
            recv_step(&p.client, &n);
        ck_assert_int_eq(p.client.status, KB_ETLS);
        ck_assert_msg(strstr(p.client.err.text, "sent an alert") != NULL, "%s", p.client.err.text);
    }
    pair_close(&p);
    ca_free(other);
}

START_TEST(client_certificates)
{
    for (int i = 0; i < 2; i++) {
        only_12 = i == 1;
        check_client("member", KB_OK, NULL);
        check_client("good", KB_EVERIFY, "purpose"); /* that is for servers */
        check_client("stranger", KB_EVERIFY, "certificate verification failed");
    }
    only_12 = false;
    check_client(NULL, KB_ETLS, "Certificate is required");
}
END_TEST

/* A client that shows `cert`, or nothing, may be anonymous: is it taken for a verified one, at first and resumed? */
static void check_optional(const char *cert, bool verified)
{
    pair p = {.authority = ca_new()};
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    ca_issue(p.authority, "member", &(ca_spec){.dns = "me", .client = true});
    server_options.client_ca = ca_path(p.authority, "root.pem");
    server_options.client_optional = true;
    if (cert != NULL) {
        client_options.cert = ca_path(p.authority, "member.pem");
        client_options.key = ca_path(p.authority, "member.key");
    }
    pair_contexts(&p, "good");
    for (int i = 0; i < 2; i++) {
        kiwi_socket_info info = {.resumed = false};
        kiwi_tls_peer peer = {.verified = false};
        pair_sessions(&p, "localhost", false, 0);
        shake_well(&p);
        echo(&p); /* the ticket comes */
        kn_tls_info(p.server.tls, &info);
        ck_assert_int_eq(info.resumed, i == 1);
        ck_assert_int_eq(info.verified, verified);
        ck_assert_int_eq(kn_tls_describe_peer(p.server.tls, &peer), 0);
        ck_assert_int_eq(peer.verified, verified);
        ck_assert_str_eq(peer.why_not, verified ? "" : "the peer sent no certificate");
        ck_assert_uint_eq(peer.chain_count, verified);
        free(peer.subject);
        free(peer.issuer);
        for (size_t n = 0; n < peer.name_count; n++)
            free(peer.names[n]);
        free(peer.names);
        if (verified)
            free(peer.chain[0].bytes);
        free(peer.chain);
        pair_hang_up(&p);
    }
    pair_close(&p);
}

START_TEST(certificates_of_clients_may_be_optional)
{
    for (int i = 0; i < 2; i++) {
        only_12 = i == 1;
        check_optional(NULL, false);
        check_optional("member", true);
    }
    only_12 = false;
    server_options.client_optional = true;
    check_client("stranger", KB_EVERIFY, "certificate verification failed");
    ck_assert_int_eq(server_context(&(kiwi_tls_options){.client_optional = true}, &(kn_tls_context *){NULL}, NULL),
                     KB_EINVAL);
}
END_TEST

START_TEST(versions_and_ciphers_are_chosen)
{
    static const struct {
        const char *min, *ciphers, *server_min, *version; /* NULL: no handshake */
    } rows[] = {
        {NULL, NULL, NULL, "TLS1.3"},
        {NULL, "NORMAL:-VERS-TLS1.3", NULL, "TLS1.2"},
        {"1.2", "NORMAL:-VERS-TLS1.3", "1.2", "TLS1.2"},
        {"1.3", NULL, "1.3", "TLS1.3"},
        {NULL, "NORMAL:-VERS-TLS1.3", "1.3", NULL},
        {NULL, "NORMAL:-CIPHER-ALL:+AES-128-GCM", NULL, "TLS1.3"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        pair p = {.authority = ca_new()};
        kiwi_socket_info info = {.verified = false};
        ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
        client_options.min_version = rows[i].min;
        client_options.ciphers = rows[i].ciphers;
        server_options.min_version = rows[i].server_min;
        pair_contexts(&p, "good");
        pair_sessions(&p, "localhost", false, 0);
        shake(&p);
        ck_assert_int_eq(p.client.status == KB_OK, rows[i].version != NULL);
        kn_tls_info(p.client.tls, &info);
        ck_assert_str_eq(info.version, rows[i].version != NULL ? rows[i].version : "");
        if (i == 5)
            ck_assert_msg(strstr(info.cipher, "AES_128_GCM") != NULL, "%s", info.cipher);
        pair_close(&p);
    }
}
END_TEST

START_TEST(what_is_wrong_with_a_peer_is_known_though_nobody_refuses_it)
{
    pair p = {.authority = ca_new()};
    kiwi_tls_peer peer = {.verified = true};
    ca_issue(p.authority, "good", &(ca_spec){.dns = "a.example", .ip = "192.0.2.1", .from_s = -7200, .until_s = -3600});
    client_options.verify = KIWI_OFF;
    pair_contexts(&p, "good");
    pair_sessions(&p, "b.example", false, 0);
    shake_well(&p);
    ck_assert_int_eq(kn_tls_describe_peer(p.client.tls, &peer), EAGAIN);
    pair_examine(&p);
    ck_assert_int_eq(kn_tls_describe_peer(p.client.tls, &peer), 0);
    ck_assert(!peer.verified);
    ck_assert_msg(strstr(peer.why_not, "expired") != NULL, "%s", peer.why_not);
    ck_assert_int_eq(peer.not_after - peer.not_before, 3600);
    ck_assert_uint_eq(peer.name_count, 2);
    ck_assert_str_eq(peer.names[0], "a.example");
    ck_assert_str_eq(peer.names[1], "192.0.2.1");
    ck_assert_uint_eq(strlen(peer.sha256), 64);
    ck_assert(peer.serial[0] != '\0' && peer.subject != NULL && peer.issuer != NULL);
    for (size_t i = 0; i < peer.chain_count; i++)
        free(peer.chain[i].bytes);
    free(peer.chain);
    free(peer.names[0]);
    free(peer.names[1]);
    free(peer.names);
    free(peer.subject);
    free(peer.issuer);
    pair_close(&p);
}
END_TEST

SUITE_MAIN("tls_context", 60, certificates_of_clients_may_be_optional, versions_and_ciphers_are_chosen,
           what_is_wrong_with_a_peer_is_known_though_nobody_refuses_it, certificates_that_are_refused,
           names_and_addresses, another_authority, a_name_is_needed, trust_by_environment,
           development_certificate_for_this_machine_only, verification_can_be_switched_off,
           equal_options_share_a_context, threads_share_a_context, options_that_are_refused,
           errors_name_the_file_at_fault, changed_files_make_a_new_context_and_broken_ones_do_not,
           clients_notice_changed_authorities, weak_certificates_are_refused_unless_nothing_is_verified,
           a_chain_with_an_expired_copy_of_a_renewed_authority_is_good, alpn, client_certificates)
