/* check_tls.c - net/tls: handshakes, ends of streams, half-sent records, key updates; against
 * itself and against plain GnuTLS sessions, over socket pairs. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "net/tls_pair.h"
#include "support/suite.h"

enum { BIG = 3 * 1024 * 1024 + 17 };

static void fill(unsigned char *data, size_t size)
{
    uint32_t x = 12345;
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525u + 1013904223u;
        data[i] = (unsigned char)(x >> 24);
    }
}

/* ---- Handshakes ------------------------------------------------------------------------------ */

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

/* A hello that claims to have 16 MiB and comes in many records is not kept. */
START_TEST(endless_hello)
{
    pair p;
    unsigned char piece[5 + 4096] = {22, 3, 1, 16, 0, 1, 0xff, 0xff, 0xff};
    int pieces = 0;
    pair_open(&p, "localhost");
    while (!shake_step(&p.server)) {
        ck_assert_int_lt(pieces++, 256); /* a mebibyte */
        ck_assert_int_eq(send(p.client.fd, piece, sizeof(piece), 0), sizeof(piece));
        memset(piece + 5, 0, 4);
    }
    ck_assert_int_eq(p.server.err.tls, GNUTLS_E_HANDSHAKE_TOO_LARGE);
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

/* ---- Plain GnuTLS as the server -------------------------------------------------------------- */

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
    ck_assert_int_eq(
        gnutls_certificate_set_x509_key_file(r->creds, server_options.cert, server_options.key, GNUTLS_X509_FMT_PEM),
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
        if (kn_tls_recv(p->client.tls, in + have, sizeof(in) - have, &n, &p->client.status, &p->client.err) ==
            KN_DONE) {
            ck_assert_msg(p->client.status == KB_OK && n > 0, "%s", p->client.err.text);
            have += n;
        }
    }
    ck_assert_int_eq(memcmp(in, out, sizeof(in)), 0);
    ck_assert_int_eq(kn_tls_send(p->client.tls, out, sizeof(out), &sent, &p->client.status, &p->client.err), KN_DONE);
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

/* The peer asks for new keys while one of our records is half sent: nothing is lost, nothing
 * doubled. */
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
    ck_assert_int_eq(kn_tls_recv(p.client.tls, buf, sizeof(buf), &n, &p.client.status, NULL), KN_WANT_READ);
    ck_assert_int_eq(gnutls_record_recv(r.session, buf, sizeof(buf)), GNUTLS_E_WARNING_ALERT_RECEIVED);
    ck_assert_int_eq(gnutls_alert_get(r.session), GNUTLS_A_NO_RENEGOTIATION);
    raw_exchange(&p, &r, 3);
    raw_close(&r);
    pair_close(&p);
}
END_TEST

/* Records without data do not keep the thread of a step: a flood is a failure. */
START_TEST(flood_of_warnings)
{
    pair p;
    raw r;
    size_t n = 0;
    char buf[16];
    pair_open(&p, "localhost");
    raw_open(&p, &r, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(gnutls_alert_send(r.session, GNUTLS_AL_WARNING, GNUTLS_A_USER_CANCELED), 0);
    ck_assert_int_eq(kn_tls_recv(p.client.tls, buf, sizeof(buf), &n, &p.client.status, &p.client.err), KN_DONE);
    ck_assert_int_eq(p.client.err.tls, GNUTLS_E_TOO_MANY_EMPTY_PACKETS);
    raw_close(&r);
    pair_close(&p);
}
END_TEST

/* ---- Ends ------------------------------------------------------------------------------------ */

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
    ck_assert(!kn_tls_drained(p.server.tls)); /* nobody waits for what has come */
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
        ck_assert_int_eq(kn_tls_send(p.server.tls, data, sizeof(data), &sent, &p.server.status, NULL), KN_DONE);
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

/* ---- Traffic --------------------------------------------------------------------------------- */

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
    while (s->status == KB_OK && (step = kn_tls_send(s->tls, buf, have, &sent, &s->status, &s->err)) != KN_DONE)
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

SUITE_MAIN("tls", 30, both_versions, one_byte_at_a_time, old_versions_are_refused, garbage_hello, endless_hello,
           peer_leaves_in_the_handshake, server_name, key_updates_between_records, key_update_inside_a_half_sent_record,
           renegotiation_is_refused, flood_of_warnings, close_notify_ends_one_direction, fin_without_close_notify,
           fin_inside_a_record, peer_that_vanished, half_sent_then_flushed_then_other_data, nothing_to_send,
           big_transfer_between_threads)
