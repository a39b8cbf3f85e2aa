/* tls_pair.h - a TLS client and a TLS server over a socket pair, stepped by one thread.
 *
 * Shared by the tests of net/tls and net/trust.  The suite's time limit ends every loop here that
 * makes no progress. */
#ifndef TLS_PAIR_H
#define TLS_PAIR_H

#include <check.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "contexts.h"
#include "net/tls.h"
#include "net/tls_context.h" /* for the priority of a context: tests choose the version */
#include "support/ca.h"

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

static inline void open_fds(int fd[2])
{
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(fcntl(fd[i], F_SETFL, O_NONBLOCK), 0);
}

static inline void set_priority(kn_tls_context *context)
{
    static gnutls_priority_t p12; /* contexts that are kept point to it: never freed */
    if (only_12 && p12 == NULL)
        ck_assert_int_eq(gnutls_priority_init(&p12, "NORMAL:-VERS-ALL:+VERS-TLS1.2", NULL), 0);
    if (only_12)
        context->priority = p12;
}

/* Contexts with certificate `cert` of the authority at the server, trusted by the client. */
static inline void pair_contexts(pair *p, const char *cert)
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
    kb_status status = server_context(&server_options, &p->server_context, &err);
    ck_assert_msg(status == KB_OK, "%s", err.text);
    status = client_context(&client_options, NULL, NULL, &p->client_context, &err);
    ck_assert_msg(status == KB_OK, "%s", err.text);
    set_priority(p->server_context);
    set_priority(p->client_context);
}

static inline void pair_sessions(pair *p, const char *name, bool loopback, size_t chunk)
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
    ck_assert_int_eq(kn_tls_new(p->client_context, p->client.fd, name, loopback, &p->client.tls, err), KB_OK);
    ck_assert_int_eq(kn_tls_new(p->server_context, p->server.fd, NULL, false, &p->server.tls, err), KB_OK);
}

static inline void pair_open(pair *p, const char *name)
{
    *p = (pair){.authority = ca_new()};
    ca_issue(p->authority, "good", &(ca_spec){.dns = "localhost", .ip = "127.0.0.1"});
    pair_contexts(p, "good");
    pair_sessions(p, name, false, 0);
}

/* Verify the server's certificate for a client that has not. */
static inline void pair_examine(pair *p)
{
    kn_tls_settings *settings = kn_tls_judge_settings(p->client.tls);
    kn_tls_context *judge = NULL;
    kb_error err = {.status = KB_OK};
    (void)kn_tls_context_get(settings, NULL, NULL, &judge, &err);
    kn_tls_examine_peer(p->client.tls, judge, &err);
    kn_tls_context_unref(judge);
    free(settings);
}

static inline void pair_hang_up(pair *p)
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

static inline void pair_close(pair *p)
{
    pair_hang_up(p);
    kn_tls_context_unref(p->client_context);
    kn_tls_context_unref(p->server_context);
    ca_free(p->authority);
    client_options = server_options = (kiwi_tls_options){.cert = NULL}; /* they name its files */
}

static inline void move_one_way(int from, int to, size_t chunk)
{
    unsigned char buf[4096];
    ssize_t n = recv(from, buf, chunk < sizeof(buf) ? chunk : sizeof(buf), 0);
    if (n == 0)
        (void)shutdown(to, SHUT_WR);
    if (n > 0)
        ck_assert_int_eq(send(to, buf, (size_t)n, MSG_NOSIGNAL), n);
}

static inline void move(pair *p)
{
    if (p->relay[0] < 0)
        return;
    move_one_way(p->relay[0], p->relay[1], p->chunk);
    move_one_way(p->relay[1], p->relay[0], p->chunk);
}

static inline bool shake_step(side *s)
{
    if (kn_tls_handshake(s->tls, &s->status, &s->err) != KN_DONE)
        return false;
    if (s->status != KB_OK)
        (void)shutdown(s->fd, SHUT_WR);
    return true;
}

static inline void shake(pair *p)
{
    bool client = false, server = false;
    while (!client || !server) {
        client = client || shake_step(&p->client);
        server = server || shake_step(&p->server);
        move(p);
    }
}

static inline void shake_well(pair *p)
{
    shake(p);
    ck_assert_msg(p->client.status == KB_OK, "client: %s", p->client.err.text);
    ck_assert_msg(p->server.status == KB_OK, "server: %s", p->server.err.text);
}

/* Send all of `data` from one side to the other, and compare. */
static inline void carry(pair *p, side *from, side *to, const void *data, size_t size)
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
        if (have < size && kn_tls_recv(to->tls, got + have, size - have, &n, &to->status, &to->err) == KN_DONE) {
            ck_assert_msg(to->status == KB_OK, "%s", to->err.text);
            ck_assert_uint_gt(n, 0);
            have += n;
        }
    }
    ck_assert_uint_eq(sent, size);
    ck_assert_int_eq(memcmp(got, data, size), 0);
    free(got);
}

static inline void echo(pair *p)
{
    carry(p, &p->client, &p->server, "ping", 4);
    carry(p, &p->server, &p->client, "pong!", 5);
}

static inline void recv_step(side *s, size_t *n)
{
    char buf[64];
    while (kn_tls_recv(s->tls, buf, sizeof(buf), n, &s->status, &s->err) != KN_DONE) {
        struct pollfd fd = {.fd = s->fd, .events = POLLIN};
        (void)poll(&fd, 1, 1000);
    }
}

#endif
