/* check_trust.c - net/trust and verification in net/tls: which certificates are believed, where
 * trust comes from, ALPN, client certificates. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

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
    check_certificate(&(ca_spec){.dns = "localhost", .from_s = -9000, .until_s = -60}, "localhost",
                      "expired");
    check_certificate(&(ca_spec){.dns = "localhost", .from_s = 600, .until_s = 9000}, "localhost",
                      "not yet valid");
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
    ck_assert_msg(strstr(p.client.err.text, "verification failed: The ") != NULL, "%s",
                  p.client.err.text);
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
    server_options = (kiwi_tls_options){.cert = ca_path(p.authority, "good.pem"),
                                        .key = ca_path(p.authority, "good.key")};
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

START_TEST(development_certificate_on_loopback_only)
{
    pair p = {.authority = ca_new()};
    kiwi_socket_info info;
    pair_contexts(&p, NULL); /* neither side has options */
    pair_sessions(&p, "any.name.example", true, 0);
    shake_well(&p);
    kn_tls_info(p.client.tls, &info);
    ck_assert(info.verified);
    echo(&p);
    pair_hang_up(&p);
    pair_sessions(&p, "localhost", false, 0);
    shake(&p);
    ck_assert_int_eq(p.client.status, KB_EVERIFY);
    pair_close(&p);
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
        ck_assert_int_eq(kn_tls_context_client(NULL, count_log, &logged, &other, NULL), KB_OK);
        kn_tls_context_unref(other);
    }
    ck_assert_int_eq(logged, 1);
    ck_assert_int_eq(kn_tls_context_client(NULL, NULL, NULL, &p.client_context, NULL), KB_OK);
    pair_sessions(&p, "localhost", false, 0);
    shake_well(&p);
    kiwi_socket_info info;
    kn_tls_info(p.client.tls, &info);
    ck_assert(!info.verified);
    kiwi_tls_options on = {.verify = KIWI_ON}; /* the option is stronger than the environment */
    ck_assert_int_eq(kn_tls_context_client(&on, NULL, NULL, &other, NULL), KB_OK);
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
    ck_assert_int_eq(kn_tls_context_client(NULL, NULL, NULL, &a, NULL), KB_OK);
    ck_assert_int_eq(kn_tls_context_client(NULL, NULL, NULL, &b, NULL), KB_OK);
    ck_assert_int_eq(kn_tls_context_client(&options, NULL, NULL, &c, NULL), KB_OK);
    ck_assert_ptr_eq(a, b);
    ck_assert_ptr_ne(a, c);
    kn_tls_context_unref(a);
    kn_tls_context_unref(b);
    for (int i = 0; i < 100; i++) { /* more than are kept */
        char name[16];
        (void)snprintf(name, sizeof(name), "p%d", i);
        options = (kiwi_tls_options){.alpn = name, .verify = KIWI_OFF};
        ck_assert_int_eq(kn_tls_context_client(&options, NULL, NULL, &b, NULL), KB_OK);
        kn_tls_context_unref(b);
    }
    ck_assert_uint_eq(c->alpn_count, 1); /* pushed out of the cache, still ours */
    kn_tls_context_unref(c);
}
END_TEST

static void *load_context(void *out)
{
    return kn_tls_context_client(NULL, NULL, NULL, out, NULL) == KB_OK ? out : NULL;
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
    kb_status status = kn_tls_context_server(options, &context, &err);
    ck_assert_msg(status == expected, "%s: %s", kb_status_text(status), err.text);
    ck_assert_ptr_null(context);
    ck_assert_uint_gt(strlen(err.text), 0);
    if (options->client_ca == NULL) {
        status = kn_tls_context_client(options, NULL, NULL, &context, &err);
        ck_assert_msg(status == expected, "%s: %s", kb_status_text(status), err.text);
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
    ck_assert_int_eq(setenv("KIWI_TLS_KEY", two, 1), 0);
    kn_tls_context *context = NULL;
    ck_assert_int_eq(kn_tls_context_server(NULL, &context, NULL), KB_EINVAL);
    ca_free(a);
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

SUITE_MAIN("trust", 30, certificates_that_are_refused, names_and_addresses, another_authority,
           a_name_is_needed, trust_by_environment, development_certificate_on_loopback_only,
           verification_can_be_switched_off, equal_options_share_a_context, threads_share_a_context,
           options_that_are_refused, alpn, client_certificates)
