/* check_upgrade.c - TLS that begins on a connection which is there already: what was plain before stays apart from what
 * comes after, and TLS runs inside TLS. */
#include "config.h"

#include <errno.h>
#include <stdio.h>

#include "net_test.h"

static pair plain_pair(const kiwi_net_options *mode)
{
    /* Not writable: the development certificate lives in memory, and nobody's is touched. */
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "/nonexistent", 1), 0);
    return pair_open(mode);
}

/* Start TLS on both ends of *p, which are the new sockets then. */
static void upgrade_pair(pair *p)
{
    kiwi_id served = kiwi_tls_upgrade_server(p->net, p->server, NULL);
    p->client = await_int(p->net, kiwi_tls_upgrade(p->net, p->client, "localhost", NULL));
    p->server = await_int(p->net, served);
}

static void expect_refused(kiwi_net *net, kiwi_id id, const char *why)
{
    char text[128];
    kiwi_result r = await(net, id);
    (void)snprintf(text, sizeof(text), "Cannot start TLS: %s", why);
    ck_assert_str_eq(r.message, text);
    ck_assert_int_eq(r.fault, KIWI_FAULT_INVALID);
}

START_TEST(a_plain_connection_becomes_one_of_tls_and_its_id_ends)
{
    FOR_MODES(mode)
    {
        pair p = plain_pair(mode), old = p;
        kiwi_socket_info info;
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "STARTTLS\n", 9));
        kiwi_result line = await(p.net, kiwi_tcp_recv_line(p.net, p.server, 100));
        ck_assert_uint_eq(line.size, 8);
        free(line.bytes);
        upgrade_pair(&p);
        ck_assert_int_eq(kiwi_socket_info_get(p.net, old.client, &info), ENOENT);
        await_fault(p.net, kiwi_tcp_recv(p.net, old.server, 9), "Invalid socket");
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.client, &info), 0);
        ck_assert(info.tls && info.verified && info.peer_port == p.port);
        (void)await_int(p.net, kiwi_tls_send(p.net, p.client, "safe\n", 5));
        line = await(p.net, kiwi_tls_recv_line(p.net, p.server, 100));
        ck_assert_uint_eq(line.size, 4);
        free(line.bytes);
        kiwi_tls_close(p.net, p.client);
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "");
        kiwi_net_close(p.net);
    }
}
END_TEST

/* CVE-2011-0411: a command that somebody puts behind STARTTLS must not be taken for one that came over TLS. */
START_TEST(bytes_that_came_before_are_never_taken_for_those_after)
{
    static const char injected[] = "STARTTLS\nRCPT TO:<victim>\n";
    FOR_MODES(mode)
    {
        pair p = plain_pair(mode);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, injected, strlen(injected)));
        kiwi_result line = await(p.net, kiwi_tcp_recv_line(p.net, p.server, 100));
        free(line.bytes);
        expect_refused(p.net, kiwi_tls_upgrade_server(p.net, p.server, NULL),
                       "bytes that came before it have not been received");
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 100), "RCPT TO:<victim>\n"); /* as before */

        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, injected, strlen(injected)));
        await_bytes(p.net, kiwi_tcp_recv_exactly(p.net, p.server, 9), "STARTTLS\n"); /* the rest is with the system */
        kiwi_id served = kiwi_tls_upgrade_server(p.net, p.server, NULL);
        kiwi_result r = await(p.net, kiwi_tls_upgrade(p.net, p.client, "localhost", NULL));
        ck_assert_int_ne(r.fault, KIWI_FAULT_NONE);
        r = await(p.net, served);
        ck_assert_str_eq(kiwi_fault_kind(&r), "handshake");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_pending_receive_is_in_the_way)
{
    FOR_MODES(mode)
    {
        pair p = plain_pair(mode);
        kiwi_id waits = kiwi_tcp_recv(p.net, p.server, 9);
        expect_refused(p.net, kiwi_tls_upgrade_server(p.net, p.server, NULL), "a receive is pending");
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "x", 1));
        await_bytes(p.net, waits, "x");
        await_fault(p.net, kiwi_tls_upgrade(p.net, p.listener, NULL, NULL), "Invalid socket");
        await_fault(p.net, kiwi_tls_upgrade(p.net, 999999, NULL, NULL), "Invalid socket");
        upgrade_pair(&p);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_handshake_waits_for_what_is_being_sent)
{
    enum { LARGE = 8 << 20 };
    unsigned char *data = calloc(1, LARGE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        pair p = plain_pair(mode);
        for (int deep = 0; deep < 2; deep++) { /* over TCP, and then over TLS */
            kiwi_id (*send)(kiwi_net *, kiwi_id, const void *, size_t) = deep ? kiwi_tls_send : kiwi_tcp_send;
            kiwi_id (*recv)(kiwi_net *, kiwi_id, int64_t) = deep ? kiwi_tls_recv_exactly : kiwi_tcp_recv_exactly;
            kiwi_id sent = send(p.net, p.server, data, LARGE);
            kiwi_id last = send(p.net, p.server, "go ahead", 8);
            kiwi_id served = kiwi_tls_upgrade_server(p.net, p.server, NULL);
            await_fault(p.net, send(p.net, p.server, "x", 1), "Invalid socket");
            ck_assert_int_eq(kiwi_task_status(p.net, served), KIWI_TASK_RUNNING);
            kiwi_result r = await(p.net, recv(p.net, p.client, LARGE + 8));
            ck_assert_uint_eq(r.size, LARGE + 8);
            ck_assert_mem_eq(r.bytes + LARGE, "go ahead", 8);
            free(r.bytes);
            p.client = await_int(p.net, kiwi_tls_upgrade(p.net, p.client, "localhost", NULL));
            ck_assert_int_eq(await_int(p.net, sent), LARGE);
            ck_assert_int_eq(await_int(p.net, last), 8);
            p.server = await_int(p.net, served);
        }
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

/* What was to be sent before is told that the connection is gone. */
START_TEST(a_handshake_that_waits_for_a_send_can_end)
{
    enum { LARGE = 32 << 20 };
    unsigned char *data = calloc(1, LARGE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        kiwi_tls_options brief = {.timeout_ms = 30};
        pair p = plain_pair(mode);
        kiwi_id sent = kiwi_tcp_send(p.net, p.server, data, LARGE);
        kiwi_id served = kiwi_tls_upgrade_server(p.net, p.server, &brief);
        await_fault(p.net, served, "Cannot start TLS: timed out");
        await_fault(p.net, sent, "Socket closed");
        kiwi_net_close(p.net);

        p = plain_pair(mode);
        sent = kiwi_tcp_send(p.net, p.server, data, LARGE);
        served = kiwi_tls_upgrade_server(p.net, p.server, NULL);
        kiwi_socket_options abrupt = {.given = 1u << KIWI_SOCKET_LINGER}; /* closing resets the connection */
        ck_assert_int_eq(kiwi_socket_set(p.net, p.client, &abrupt, NULL), 0);
        kiwi_tcp_close(p.net, p.client);
        kiwi_result r = await(p.net, served);
        ck_assert_str_eq(kiwi_fault_kind(&r), "reset");
        r = await(p.net, sent);
        ck_assert_str_eq(kiwi_fault_kind(&r), "reset");
        kiwi_net_close(p.net);

        p = plain_pair(mode); /* the program ends meanwhile */
        (void)kiwi_tcp_send(p.net, p.server, data, LARGE);
        (void)kiwi_tls_upgrade_server(p.net, p.server, NULL);
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

START_TEST(tls_runs_inside_tls)
{
    enum { SIZE = 1000000, DEPTH = 3 };
    unsigned char *data = malloc(SIZE);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (unsigned char)(i * 7 % 251);
    FOR_MODES(mode)
    {
        pair p = plain_pair(mode);
        for (int depth = 0; depth < DEPTH; depth++) {
            upgrade_pair(&p);
            (void)await_int(p.net, kiwi_tls_send(p.net, p.client, "ping", 4));
            await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "ping");
        }
        kiwi_id sends[] = {kiwi_tls_send(p.net, p.client, data, SIZE), kiwi_tls_send(p.net, p.server, data, SIZE)};
        kiwi_id gets[] = {kiwi_tls_recv_exactly(p.net, p.client, SIZE), kiwi_tls_recv_exactly(p.net, p.server, SIZE)};
        for (int i = 0; i < 2; i++) {
            kiwi_result r = await(p.net, gets[i]);
            ck_assert_uint_eq(r.size, SIZE);
            ck_assert_int_eq(memcmp(r.bytes, data, SIZE), 0);
            free(r.bytes);
            ck_assert_int_eq(await_int(p.net, sends[i]), SIZE);
        }
        (void)await(p.net, kiwi_socket_shutdown(p.net, p.client)); /* half-close goes through all of them */
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "");
        (void)await_int(p.net, kiwi_tls_send(p.net, p.server, "back", 4));
        kiwi_tls_close(p.net, p.server);
        await_bytes(p.net, kiwi_tls_recv_all(p.net, p.client, 9), "back");
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

START_TEST(a_handshake_that_ends_closes_the_connection)
{
    FOR_MODES(mode)
    {
        pair p = plain_pair(mode);
        kiwi_id served = kiwi_tls_upgrade_server(p.net, p.server, NULL);
        kiwi_result r = await(p.net, kiwi_tls_upgrade(p.net, p.client, "other.example", NULL));
        ck_assert_str_eq(kiwi_fault_kind(&r), "certificate");
        ck_assert_int_ne(await(p.net, served).fault, KIWI_FAULT_NONE);

        connect_pair(&p);
        served = kiwi_tls_upgrade_server(p.net, p.server, NULL);
        ck_assert_int_eq(kiwi_task_cancel(p.net, served), 0);
        await_fault(p.net, served, "cancelled");
        r = await(p.net, kiwi_tcp_recv(p.net, p.client, 9));
        ck_assert_uint_eq(r.size, 0);

        connect_pair(&p);
        const kiwi_tls_options hasty = {.timeout_ms = 20};
        r = await(p.net, kiwi_tls_upgrade(p.net, p.client, NULL, &hasty)); /* the other side is silent */
        ck_assert_str_eq(kiwi_fault_kind(&r), "timed_out");

        connect_pair(&p);
        const kiwi_tls_options lost = {.cert = "/nonexistent.pem", .key = "/nonexistent.key"};
        r = await(p.net, kiwi_tls_upgrade_server(p.net, p.server, &lost));
        ck_assert_str_eq(r.message, "Cannot start TLS: TLS certificate /nonexistent.pem: No such file or directory");
        ck_assert_int_eq(r.sys, ENOENT);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(the_end_of_what_carries_a_session_is_no_end_of_it)
{
    FOR_MODES(mode)
    {
        pair p = plain_pair(mode);
        upgrade_pair(&p);
        kiwi_id outer = p.client; /* its peer goes on with TLS inside, and then it ends */
        kiwi_id served = kiwi_tls_upgrade_server(p.net, p.server, NULL);
        kiwi_result r;
        ck_assert_int_eq(kiwi_task_await(p.net, served, 10, &r), ETIMEDOUT);
        kiwi_tls_close(p.net, outer);
        r = await(p.net, served);
        ck_assert_str_eq(kiwi_fault_kind(&r), "truncated");
        kiwi_net_close(p.net);
    }
}
END_TEST

SUITE_MAIN("upgrade", 90, a_plain_connection_becomes_one_of_tls_and_its_id_ends,
           bytes_that_came_before_are_never_taken_for_those_after, a_pending_receive_is_in_the_way,
           a_handshake_waits_for_what_is_being_sent, a_handshake_that_waits_for_a_send_can_end, tls_runs_inside_tls,
           a_handshake_that_ends_closes_the_connection, the_end_of_what_carries_a_session_is_no_end_of_it)
