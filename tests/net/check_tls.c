/* check_tls.c - net/tls and net/trust: handshakes, verification, ends of streams, half-sent records, key
 * updates; against itself and against plain GnuTLS sessions, over socket pairs.
 *
 * The suite's time limit ends every loop that makes no progress. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tls.h"
#include "net/trust.h" /* for the priority of a context: tests choose the version */
#include "support/ca.h"
#include "support/suite.h"

enum { BIG = 3 * 1024 * 1024 + 17 };

typedef struct side {
    kn_tls *tls;
    int fd;
    kb_status status;
    kb_error err;
} side;

typedef struct pair {
    ca *authority;
    kn_tls_context *client_context, *server_context;
    side client, server;
    int relay[2]; /* ends between which move() carries bytes, or -1 */
    size_t chunk; /* bytes it carries at once */
} pair;

static kiwi_tls_options client_options, server_options;
static bool only_12; /* both sides speak TLS 1.2 and nothing else */

/* ---- Harness ------------------------------------------------------------------------------------- */

static void open_fds(int fd[2])
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(fcntl(fd[i], F_SETFL, O_NONBLOCK), 0);
}

static void set_priority(kn_tls_context *context)
{
    static gnutls_priority_t p12; /* contexts that are kept point to it: never freed */
    if (only_12 && p12 == NULL)
        ck_assert_int_eq(gnutls_priority_init(&p12, "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL), 0);
    if (only_12)
        context->priority = p12;
}

/* Contexts with certificate `cert` of the authority at the server, trusted by the client. */
static void pair_contexts(pair *p, const char *cert)
{
    kb_error err = {.status = KB_OK};
    char file[64];
    if (cert != NULL) {
        (void)snprintf(file, sizeof(file), "%s.pem", cert);
        server_options.cert = ca_path(p->authority, file);
        (void)snprintf(file, sizeof(file), "%s.key", cert);
        server_options.key = ca_path(p->authority, file);
        if (client_options.ca == NULL)
            client_options.ca = ca_path(p->authority, "root.pem");
    }
    kb_status status = kn_tls_context_server(&server_options, &p->server_context, &err);
    ck_assert_msg(status == KB_OK, "%s", err.text);
    status = kn_tls_context_client(&client_options, NULL, NULL, &p->client_context, &err);
    ck_assert_msg(status == KB_OK, "%s", err.text);
    set_priority(p->server_context);
    set_priority(p->client_context);
}

static void pair_sessions(pair *p, const char *name, bool loopback, size_t chunk)
{
    int a[2], b[2];
    open_fds(a);
    p->relay[0] = p->relay[1] = -1;
    p->client.fd = a[0];
    p->server.fd = a[1];
    p->chunk = chunk;
    if (chunk > 0) {
        open_fds(b);
        p->relay[0] = a[1];
        p->relay[1] = b[0];
        p->server.fd = b[1];
    }
    kb_error *err = &p->client.err;
    ck_assert_int_eq(
        kn_tls_new(p->client_context, p->client.fd, name, loopback, &p->client.tls, err), KB_OK);
    ck_assert_int_eq(kn_tls_new(p->server_context, p->server.fd, NULL, false, &p->server.tls, err),
                     KB_OK);
}

static void pair_open(pair *p, const char *name)
{
    *p = (pair){.authority = ca_new()};
    ca_issue(p->authority, "good", &(ca_spec){.dns = "localhost", .ip = "127.0.0.1"});
    pair_contexts(p, "good");
    pair_sessions(p, name, false, 0);
}

static void pair_hang_up(pair *p)
{
    kn_tls_free(p->client.tls);
    kn_tls_free(p->server.tls);
    (void)close(p->client.fd);
    if (p->server.fd >= 0)
        (void)close(p->server.fd);
    for (int i = 0; i < 2; i++)
        if (p->relay[i] >= 0)
            (void)close(p->relay[i]);
    p->client = p->server = (side){.fd = -1};
}

static void pair_close(pair *p)
{
    pair_hang_up(p);
    kn_tls_context_unref(p->client_context);
    kn_tls_context_unref(p->server_context);
    ca_free(p->authority);
    client_options = server_options = (kiwi_tls_options){.cert = NULL}; /* they name its files */
}

static void move_one_way(int from, int to, size_t chunk)
{
    unsigned char buf[4096];
    ssize_t n = recv(from, buf, chunk < sizeof(buf) ? chunk : sizeof(buf), 0);
    if (n == 0)
        (void)shutdown(to, SHUT_WR);
    if (n > 0)
        ck_assert_int_eq(send(to, buf, (size_t)n, MSG_NOSIGNAL), n);
}

static void move(pair *p)
{
    if (p->relay[0] < 0)
        return;
    move_one_way(p->relay[0], p->relay[1], p->chunk);
    move_one_way(p->relay[1], p->relay[0], p->chunk);
}

static bool shake_step(side *s)
{
    if (kn_tls_handshake(s->tls, &s->status, &s->err) != KN_DONE)
        return false;
    if (s->status != KB_OK)
        (void)shutdown(s->fd, SHUT_WR);
    return true;
}

static void shake(pair *p)
{
    bool client = false, server = false;
    while (!client || !server) {
        client = client || shake_step(&p->client);
        server = server || shake_step(&p->server);
        move(p);
    }
}

static void shake_well(pair *p)
{
    shake(p);
    ck_assert_msg(p->client.status == KB_OK, "client: %s", p->client.err.text);
    ck_assert_msg(p->server.status == KB_OK, "server: %s", p->server.err.text);
}

/* Send all of `data` from one side to the other, and compare. */
static void carry(pair *p, side *from, side *to, const void *data, size_t size)
{
    unsigned char *got = malloc(size);
    size_t sent = 0, have = 0, n = 0;
    kn_step step = KN_WANT_WRITE;
    ck_assert_ptr_nonnull(got);
    while (step != KN_DONE || have < size) {
        if (step != KN_DONE) {
            step = kn_tls_send(from->tls, data, size, &sent, &from->status, &from->err);
            if (step == KN_DONE)
                ck_assert_msg(from->status == KB_OK, "%s", from->err.text);
        }
        move(p);
        if (have < size &&
            kn_tls_recv(to->tls, got + have, size - have, &n, &to->status, &to->err) == KN_DONE) {
            ck_assert_msg(to->status == KB_OK, "%s", to->err.text);
            ck_assert_uint_gt(n, 0);
            have += n;
        }
    }
    ck_assert_uint_eq(sent, size);
    ck_assert_int_eq(memcmp(got, data, size), 0);
    free(got);
}

static void echo(pair *p)
{
    carry(p, &p->client, &p->server, "ping", 4);
    carry(p, &p->server, &p->client, "pong!", 5);
}

static void recv_step(side *s, size_t *n)
{
    char buf[64];
    while (kn_tls_recv(s->tls, buf, sizeof(buf), n, &s->status, &s->err) != KN_DONE) {
        struct pollfd fd = {.fd = s->fd, .events = POLLIN};
        (void)poll(&fd, 1, 1000);
    }
}

static void fill(unsigned char *data, size_t size)
{
    uint32_t x = 12345;
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525u + 1013904223u;
        data[i] = (unsigned char)(x >> 24);
    }
}

/* ---- Handshakes ---------------------------------------------------------------------------------- */

static void check_version(const char *version, size_t chunk)
{
    pair p = {.authority = ca_new()};
    kiwi_socket_info info;
    only_12 = strcmp(version, "TLS1.2") == 0;
    ca_issue(p.authority, "good", &(ca_spec){.dns = "localhost"});
    pair_contexts(&p, "good");
    pair_sessions(&p, "localhost", false, chunk);
    shake_well(&p);
    memset(&info, 0xff, sizeof(info));
    kn_tls_info(p.client.tls, &info);
    ck_assert_str_eq(info.version, version);
    ck_assert_uint_gt(strlen(info.cipher), 0);
    ck_assert_str_eq(info.alpn, "");
    ck_assert(info.verified);
    kn_tls_info(p.server.tls, &info);
    ck_assert_str_eq(info.version, version);
    ck_assert(!info.verified);
    echo(&p);
    pair_close(&p);
}

START_TEST(both_versions)
{
    check_version("TLS1.3", 0);
    check_version("TLS1.2", 0);
}
END_TEST

START_TEST(one_byte_at_a_time)
{
    check_version("TLS1.3", 1);
    check_version("TLS1.2", 1);
}
END_TEST

START_TEST(old_versions_are_refused)
{
    pair p;
    pair_open(&p, "localhost");
    gnutls_priority_t old;
    ck_assert_int_eq(gnutls_priority_init(&old, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0", NULL), 0);
    pair_hang_up(&p);
    p.client_context->priority = old;
    pair_sessions(&p, "localhost", false, 0);
    shake(&p);
    ck_assert_int_eq(p.server.status, KB_ETLS);
    ck_assert_int_ne(p.client.status, KB_OK);
    gnutls_priority_deinit(old);
    pair_close(&p);
}
END_TEST

START_TEST(garbage_hello)
{
    pair p;
    static const char hello[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    pair_open(&p, "localhost");
    ck_assert_int_eq(send(p.client.fd, hello, sizeof(hello) - 1, 0), sizeof(hello) - 1);
    while (!shake_step(&p.server)) {
    }
    ck_assert_int_eq(p.server.status, KB_ETLS);
    ck_assert_int_lt(p.server.err.tls, 0);
    ck_assert_ptr_nonnull(strstr(p.server.err.text, "handshake failed"));
    ck_assert_int_eq(kn_tls_handshake(p.server.tls, &p.server.status, NULL), KN_DONE);
    ck_assert_int_eq(p.server.status, KB_ETLS); /* for good */
    pair_close(&p);
}
END_TEST

START_TEST(peer_leaves_in_the_handshake)
{
    pair p;
    pair_open(&p, "localhost");
    ck_assert_int_eq(kn_tls_handshake(p.client.tls, &p.client.status, NULL), KN_WANT_READ);
    (void)close(p.server.fd);
    p.server.fd = -1;
    while (!shake_step(&p.client)) {
    }
    ck_assert(p.client.status == KB_ETRUNCATED || p.client.status == KB_EIO);
    pair_close(&p);
}
END_TEST

/* ---- Verification -------------------------------------------------------------------------------- */

/* Shake hands for `name` with a server whose certificate is `spec`; `text`: what the client says of it,
 * NULL if it is to be content. */
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

/* ---- Contexts ------------------------------------------------------------------------------------ */

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

/* ---- Extensions ---------------------------------------------------------------------------------- */

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

/* `cert`: what the client shows, or NULL; a stranger's authority has the right name, but another key, or
 * the client would not even send its certificate.  TLS 1.3 clients learn of a refusal after their handshake. */
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

/* ---- Plain GnuTLS as the server ------------------------------------------------------------------- */

typedef struct raw {
    gnutls_session_t session;
    gnutls_certificate_credentials_t creds;
} raw;

/* Replace the server of `p` by a plain session, and shake hands. */
static void raw_open(pair *p, raw *r, const char *priority)
{
    kn_tls_free(p->server.tls);
    p->server.tls = NULL;
    ck_assert_int_eq(gnutls_certificate_allocate_credentials(&r->creds), 0);
    ck_assert_int_eq(gnutls_certificate_set_x509_key_file(r->creds, server_options.cert,
                                                          server_options.key, GNUTLS_X509_FMT_PEM),
                     0);
    ck_assert_int_eq(gnutls_init(&r->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL), 0);
    ck_assert_int_eq(gnutls_priority_set_direct(r->session, priority, NULL), 0);
    ck_assert_int_eq(gnutls_credentials_set(r->session, GNUTLS_CRD_CERTIFICATE, r->creds), 0);
    gnutls_transport_set_int(r->session, p->server.fd);
    gnutls_handshake_set_timeout(r->session, 0);
    int code = GNUTLS_E_AGAIN;
    bool client = false;
    while (!client || code != 0) {
        client = client || shake_step(&p->client);
        if (code != 0)
            code = gnutls_handshake(r->session);
        ck_assert_msg(code == 0 || !gnutls_error_is_fatal(code), "%s", gnutls_strerror(code));
    }
    ck_assert_msg(p->client.status == KB_OK, "%s", p->client.err.text);
}

static void raw_close(raw *r)
{
    gnutls_deinit(r->session);
    gnutls_certificate_free_credentials(r->creds);
}

START_TEST(server_name)
{
    static const char *const name[] = {"localhost", "localhost.", "127.0.0.1"};
    static const char *const seen[] = {"localhost", "localhost", ""};
    for (int i = 0; i < 3; i++) {
        pair p;
        raw r;
        char got[64] = "";
        size_t size = sizeof(got);
        unsigned type = 0;
        pair_open(&p, name[i]);
        raw_open(&p, &r, "NORMAL");
        int code = gnutls_server_name_get(r.session, got, &size, &type, 0);
        ck_assert_str_eq(code == 0 ? got : "", seen[i]);
        raw_close(&r);
        pair_close(&p);
    }
}
END_TEST

/* One exchange of 1000 bytes in each direction, at the end of which both have seen all. */
static void raw_exchange(pair *p, raw *r, unsigned char mark)
{
    unsigned char out[1000], in[1000];
    size_t sent = 0, have = 0, n = 0;
    memset(out, mark, sizeof(out));
    ck_assert_int_eq(gnutls_record_send(r->session, out, sizeof(out)), sizeof(out));
    while (have < sizeof(in)) {
        if (kn_tls_recv(p->client.tls, in + have, sizeof(in) - have, &n, &p->client.status,
                        &p->client.err) == KN_DONE) {
            ck_assert_msg(p->client.status == KB_OK && n > 0, "%s", p->client.err.text);
            have += n;
        }
    }
    ck_assert_int_eq(memcmp(in, out, sizeof(in)), 0);
    ck_assert_int_eq(
        kn_tls_send(p->client.tls, out, sizeof(out), &sent, &p->client.status, &p->client.err), KN_DONE);
    ck_assert_msg(p->client.status == KB_OK, "%s", p->client.err.text);
    for (have = 0; have < sizeof(in);) {
        ssize_t got = gnutls_record_recv(r->session, in + have, sizeof(in) - have);
        ck_assert_msg(got > 0 || !gnutls_error_is_fatal((int)got), "%s", gnutls_strerror((int)got));
        have += got > 0 ? (size_t)got : 0;
    }
    ck_assert_int_eq(memcmp(in, out, sizeof(in)), 0);
}

START_TEST(key_updates_between_records)
{
    pair p;
    raw r;
    pair_open(&p, "localhost");
    raw_open(&p, &r, "NORMAL:-VERS-ALL:+VERS-TLS1.3");
    for (unsigned char i = 0; i < 6; i++) { /* more than 8 in a second are refused by the library */
        ck_assert_int_eq(gnutls_session_key_update(r.session, i % 2 == 0 ? GNUTLS_KU_PEER : 0), 0);
        raw_exchange(&p, &r, i);
    }
    raw_close(&r);
    pair_close(&p);
}
END_TEST

/* The peer asks for new keys while one of our records is half sent: nothing is lost, nothing doubled. */
START_TEST(key_update_inside_a_half_sent_record)
{
    pair p;
    raw r;
    size_t sent = 0, have = 0, n = 0;
    char buf[16];
    unsigned char *out = malloc(BIG), *in = malloc(BIG + 1);
    ck_assert(out != NULL && in != NULL);
    fill(out, BIG);
    pair_open(&p, "localhost");
    raw_open(&p, &r, "NORMAL:-VERS-ALL:+VERS-TLS1.3");
    side *c = &p.client;
    ck_assert_int_eq(kn_tls_send(c->tls, out, BIG, &sent, &c->status, &c->err), KN_WANT_WRITE);
    ck_assert(kn_tls_unflushed(c->tls));
    ck_assert_int_eq(gnutls_session_key_update(r.session, GNUTLS_KU_PEER), 0);
    ck_assert_int_eq(gnutls_record_send(r.session, "new keys", 8), 8);
    ck_assert_int_eq(kn_tls_recv(c->tls, buf, sizeof(buf), &n, &c->status, &c->err), KN_DONE);
    ck_assert(c->status == KB_OK && n == 8);
    kn_step step = KN_WANT_WRITE;
    while (have < BIG) {
        if (step != KN_DONE)
            step = kn_tls_send(c->tls, out, BIG, &sent, &c->status, &c->err);
        ssize_t got = gnutls_record_recv(r.session, in + have, BIG + 1 - have);
        ck_assert_msg(got > 0 || !gnutls_error_is_fatal((int)got), "%s", gnutls_strerror((int)got));
        have += got > 0 ? (size_t)got : 0;
    }
    ck_assert_int_eq(step, KN_DONE);
    ck_assert_uint_eq(have, BIG);
    ck_assert_int_eq(memcmp(in, out, BIG), 0);
    raw_exchange(&p, &r, 7);
    raw_close(&r);
    pair_close(&p);
    free(out);
    free(in);
}
END_TEST

START_TEST(renegotiation_is_refused)
{
    pair p;
    raw r;
    size_t n = 0;
    char buf[16];
    pair_open(&p, "localhost");
    raw_open(&p, &r, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
    ck_assert_int_eq(gnutls_rehandshake(r.session), 0);
    ck_assert_int_eq(kn_tls_recv(p.client.tls, buf, sizeof(buf), &n, &p.client.status, NULL),
                     KN_WANT_READ);
    ck_assert_int_eq(gnutls_record_recv(r.session, buf, sizeof(buf)), GNUTLS_E_WARNING_ALERT_RECEIVED);
    ck_assert_int_eq(gnutls_alert_get(r.session), GNUTLS_A_NO_RENEGOTIATION);
    raw_exchange(&p, &r, 3);
    raw_close(&r);
    pair_close(&p);
}
END_TEST

/* ---- Ends ---------------------------------------------------------------------------------------- */

START_TEST(close_notify_ends_one_direction)
{
    pair p;
    size_t n = 1, sent = 0;
    pair_open(&p, "localhost");
    shake_well(&p);
    ck_assert_int_eq(kn_tls_bye(p.client.tls, &p.client.status, &p.client.err), KN_DONE);
    ck_assert_int_eq(p.client.status, KB_OK);
    for (int i = 0; i < 2; i++) { /* the end stays the end */
        recv_step(&p.server, &n);
        ck_assert(p.server.status == KB_OK && n == 0);
    }
    carry(&p, &p.server, &p.client, "still here", 10);
    ck_assert_int_eq(kn_tls_send(p.client.tls, "x", 1, &sent, &p.client.status, &p.client.err), KN_DONE);
    ck_assert_int_eq(p.client.status, KB_ETLS);
    ck_assert_uint_eq(sent, 0);
    ck_assert_int_eq(kn_tls_bye(p.client.tls, &p.client.status, &p.client.err), KN_DONE);
    ck_assert_int_eq(p.client.status, KB_OK);
    ck_assert_int_eq(kn_tls_bye(p.server.tls, &p.server.status, &p.server.err), KN_DONE);
    recv_step(&p.client, &n);
    ck_assert(p.client.status == KB_OK && n == 0);
    pair_close(&p);
}
END_TEST

START_TEST(fin_without_close_notify)
{
    for (int allowed = 0; allowed < 2; allowed++) {
        pair p;
        size_t n = 1, sent = 0;
        client_options = (kiwi_tls_options){.allow_truncation = allowed != 0};
        pair_open(&p, "localhost");
        shake_well(&p);
        ck_assert_int_eq(kn_tls_send(p.server.tls, "last", 4, &sent, &p.server.status, NULL), KN_DONE);
        (void)shutdown(p.server.fd, SHUT_WR);
        recv_step(&p.client, &n);
        ck_assert(p.client.status == KB_OK && n == 4);
        for (int i = 0; i < 2; i++) {
            recv_step(&p.client, &n);
            ck_assert_uint_eq(n, 0);
            ck_assert_int_eq(p.client.status, allowed ? KB_OK : KB_ETRUNCATED);
        }
        pair_close(&p);
    }
}
END_TEST

START_TEST(fin_inside_a_record)
{
    for (int allowed = 0; allowed < 2; allowed++) {
        pair p;
        size_t n = 1, sent = 0;
        unsigned char half[100];
        client_options = (kiwi_tls_options){.allow_truncation = allowed != 0};
        pair_open(&p, "localhost");
        shake_well(&p);
        unsigned char data[200] = {0};
        pair_hang_up(&p);
        pair_sessions(&p, "localhost", false, 4096);
        shake_well(&p);
        for (int i = 0; i < 8; i++) /* tickets, if there were any */
            move(&p);
        ck_assert_int_eq(
            kn_tls_send(p.server.tls, data, sizeof(data), &sent, &p.server.status, NULL), KN_DONE);
        ck_assert_int_eq(recv(p.relay[1], half, sizeof(half), 0), sizeof(half));
        ck_assert_int_eq(send(p.relay[0], half, sizeof(half), 0), sizeof(half));
        (void)shutdown(p.relay[0], SHUT_WR);
        recv_step(&p.client, &n);
        ck_assert_msg(p.client.status == KB_ETRUNCATED, "%s", p.client.err.text);
        recv_step(&p.client, &n);
        ck_assert_int_eq(p.client.status, KB_ETRUNCATED);
        pair_close(&p);
    }
}
END_TEST

START_TEST(peer_that_vanished)
{
    pair p;
    size_t n = 0, sent = 0;
    pair_open(&p, "localhost");
    shake_well(&p);
    ck_assert_int_eq(kn_tls_send(p.server.tls, "bye", 3, &sent, &p.server.status, NULL), KN_DONE);
    (void)close(p.server.fd);
    p.server.fd = -1;
    sent = 0;
    ck_assert_int_eq(kn_tls_send(p.client.tls, "x", 1, &sent, &p.client.status, &p.client.err), KN_DONE);
    ck_assert_int_eq(p.client.status, KB_EIO);
    ck_assert_int_eq(p.client.err.sys, EPIPE);
    recv_step(&p.client, &n); /* what it said before can still be read */
    ck_assert(p.client.status == KB_OK && n == 3);
    pair_close(&p);
}
END_TEST

/* ---- Traffic ------------------------------------------------------------------------------------- */

START_TEST(half_sent_then_flushed_then_other_data)
{
    pair p;
    size_t sent = 0, have = 0, n = 0;
    unsigned char *out = malloc(BIG), *in = malloc(BIG);
    ck_assert(out != NULL && in != NULL);
    fill(out, BIG);
    pair_open(&p, "localhost");
    shake_well(&p);
    side *c = &p.client, *s = &p.server;
    ck_assert_int_eq(kn_tls_send(c->tls, out, BIG, &sent, &c->status, &c->err), KN_WANT_WRITE);
    ck_assert_uint_lt(sent, BIG);
    ck_assert(kn_tls_unflushed(c->tls));
    size_t other = 0;
    bool flushed = false;
    kn_step step = KN_WANT_WRITE;
    while (have < sent + 5) {
        if (!flushed)
            flushed = kn_tls_flush(c->tls, &c->status, &c->err) == KN_DONE;
        if (flushed && step != KN_DONE)
            step = kn_tls_send(c->tls, "other", 5, &other, &c->status, &c->err);
        if (kn_tls_recv(s->tls, in + have, BIG - have, &n, &s->status, &s->err) == KN_DONE) {
            ck_assert(s->status == KB_OK && n > 0);
            have += n;
        }
    }
    ck_assert(!kn_tls_unflushed(c->tls));
    ck_assert_uint_eq(have, sent + 5);
    ck_assert_int_eq(memcmp(in, out, sent), 0);
    ck_assert_int_eq(memcmp(in + sent, "other", 5), 0);
    pair_close(&p);
    free(out);
    free(in);
}
END_TEST

START_TEST(nothing_to_send)
{
    pair p;
    size_t sent = 0;
    pair_open(&p, "localhost");
    shake_well(&p);
    ck_assert_int_eq(kn_tls_send(p.client.tls, "", 0, &sent, &p.client.status, NULL), KN_DONE);
    ck_assert_int_eq(p.client.status, KB_OK);
    echo(&p);
    pair_close(&p);
}
END_TEST

static void wait_for(int fd, kn_step step)
{
    struct pollfd p = {.fd = fd, .events = step == KN_WANT_READ ? POLLIN : POLLOUT};
    (void)poll(&p, 1, 5000);
}

typedef struct job {
    side *side;
    unsigned char *data;
} job;

/* Hand shakes, then receives BIG bytes and sends them back. */
static void *serve(void *data)
{
    side *s = ((job *)data)->side;
    unsigned char *buf = ((job *)data)->data;
    size_t have = 0, sent = 0, n = 0;
    kn_step step;
    while ((step = kn_tls_handshake(s->tls, &s->status, &s->err)) != KN_DONE)
        wait_for(s->fd, step);
    while (s->status == KB_OK && have < BIG) {
        while ((step = kn_tls_recv(s->tls, buf + have, BIG - have, &n, &s->status, &s->err)) != KN_DONE)
            wait_for(s->fd, step);
        have += n;
        if (n == 0)
            break;
    }
    while (s->status == KB_OK &&
           (step = kn_tls_send(s->tls, buf, have, &sent, &s->status, &s->err)) != KN_DONE)
        wait_for(s->fd, step);
    return NULL;
}

START_TEST(big_transfer_between_threads)
{
    pair p;
    pthread_t thread;
    size_t have = 0, sent = 0, n = 0;
    unsigned char *out = malloc(BIG), *in = malloc(BIG), *middle = malloc(BIG);
    ck_assert(out != NULL && in != NULL && middle != NULL);
    fill(out, BIG);
    pair_open(&p, "localhost");
    side *c = &p.client;
    job work = {&p.server, middle};
    kn_step step;
    ck_assert_int_eq(pthread_create(&thread, NULL, serve, &work), 0);
    while ((step = kn_tls_handshake(c->tls, &c->status, &c->err)) != KN_DONE)
        wait_for(c->fd, step);
    ck_assert_msg(c->status == KB_OK, "%s", c->err.text);
    while ((step = kn_tls_send(c->tls, out, BIG, &sent, &c->status, &c->err)) != KN_DONE)
        wait_for(c->fd, step);
    ck_assert_int_eq(c->status, KB_OK);
    while (have < BIG) {
        while ((step = kn_tls_recv(c->tls, in + have, BIG - have, &n, &c->status, &c->err)) != KN_DONE)
            wait_for(c->fd, step);
        ck_assert(c->status == KB_OK && n > 0);
        have += n;
    }
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_int_eq(p.server.status, KB_OK);
    ck_assert_int_eq(memcmp(in, out, BIG), 0);
    pair_close(&p);
    free(out);
    free(in);
    free(middle);
}
END_TEST

SUITE_MAIN("tls", 30, both_versions, one_byte_at_a_time, old_versions_are_refused, garbage_hello,
           peer_leaves_in_the_handshake, certificates_that_are_refused, names_and_addresses,
           another_authority, a_name_is_needed, trust_by_environment,
           development_certificate_on_loopback_only, verification_can_be_switched_off,
           equal_options_share_a_context, threads_share_a_context, options_that_are_refused, alpn,
           client_certificates, server_name, key_updates_between_records,
           key_update_inside_a_half_sent_record, renegotiation_is_refused,
           close_notify_ends_one_direction, fin_without_close_notify, fin_inside_a_record,
           peer_that_vanished, half_sent_then_flushed_then_other_data, nothing_to_send,
           big_transfer_between_threads)
