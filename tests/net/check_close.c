/* check_close.c - closing in every state of an operation: each task ends once, nobody hangs, no
 * descriptor is used after it was closed. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "net/resolve.h"
#include "net_test.h"

START_TEST(close_faults_pending_receives_of_workers_and_of_the_room)
{
    enum { CONNECTIONS = 12 }; /* more than there are blocking places */
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id servers[CONNECTIONS], pending[CONNECTIONS], queued[CONNECTIONS];
        for (int i = 0; i < CONNECTIONS; i++) {
            connect_pair(&p);
            servers[i] = p.server;
            pending[i] = kiwi_tcp_recv(p.net, p.server, 5);
            queued[i] = kiwi_tcp_recv(p.net, p.server, 5);
        }
        kiwi_net_flush(p.net);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "x", 1)); /* the pool has got going */
        await_bytes(p.net, pending[CONNECTIONS - 1], "x");
        for (int i = 0; i < CONNECTIONS; i++) {
            kiwi_tcp_close(p.net, servers[i]);
            ck_assert_int_eq(kiwi_task_status(p.net, queued[i]), KIWI_TASK_FAULTED);
            ck_assert_int_eq(kiwi_task_status(p.net, servers[i]), KIWI_TASK_UNKNOWN);
            await_fault(p.net, queued[i], "Socket closed");
            if (i != CONNECTIONS - 1)
                await_fault(p.net, pending[i], "Socket closed");
        }
        await_fault(p.net, kiwi_tcp_recv(p.net, servers[0], 5), "Invalid socket");
        ck_assert_uint_eq(kiwi_task_running(p.net), 0);
        ck_assert_uint_eq(kiwi_net_pending(p.net), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(closing_a_listener_faults_its_accepts_and_spares_connections)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id first = kiwi_tcp_accept(p.net, p.listener), second = kiwi_tcp_accept(p.net, p.listener);
        kiwi_tcp_close(p.net, p.listener);
        await_fault(p.net, first, "Socket closed");
        await_fault(p.net, second, "Socket closed");
        await_fault(p.net, kiwi_tcp_accept(p.net, p.listener), "Invalid server socket");
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "alive", 5));
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 9), "alive");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(completed_sends_are_delivered_before_the_end)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "last words", 10));
        kiwi_tcp_close(p.net, p.client);
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 99), "last words");
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 99), "");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(close_ends_a_send_that_waits_for_its_peer)
{
    enum { SIZE = 16 * 1024 * 1024 };
    char *data = calloc(1, SIZE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id big = kiwi_tcp_send(p.net, p.client, data, SIZE);
        kiwi_id behind = kiwi_tcp_send(p.net, p.client, "x", 1);
        kiwi_result r;
        ck_assert_int_eq(kiwi_task_await(p.net, big, 20, &r), ETIMEDOUT);
        kiwi_tcp_close(p.net, p.client);
        await_fault(p.net, big, "Socket closed");
        await_fault(p.net, behind, "Socket closed");
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

START_TEST(closing_the_runtime_ends_what_is_pending)
{
    kn_resolve_ask = local_look_up;
    FOR_MODES(mode)
    {
        for (int i = 0; i < 20; i++) {
            pair p = pair_open(mode);
            (void)kiwi_tcp_recv(p.net, p.server, 5);
            (void)kiwi_tcp_accept(p.net, p.listener);
            (void)kiwi_tcp_connect(p.net, "127.0.0.1", p.port, 0);
            (void)kiwi_tcp_connect(p.net, LOCAL_NAME, p.port, 0);
            (void)kiwi_task_open(p.net);
            kiwi_net_close(p.net);
        }
    }
}
END_TEST

/* ---- Many rounds of connect, send, close from several threads ------------------------------- */

typedef struct race {
    kiwi_net *net;
    kiwi_id listener;
    int port, rounds;
    atomic_int failures, echoes;
} race;

static bool ended(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    return id > 0 && kiwi_task_await(net, id, LIMIT_MS, out) == 0 && out->state != KIWI_TASK_RUNNING;
}

static void *serve(void *arg) /* echo one message per connection, then close, at whatever moment */
{
    race *r = arg;
    kiwi_result out;
    for (int i = 0;; i++) {
        if (!ended(r->net, kiwi_tcp_accept(r->net, r->listener), &out))
            atomic_fetch_add(&r->failures, 1);
        if (out.state != KIWI_TASK_COMPLETED)
            return NULL;
        kiwi_id peer = out.integer, got = kiwi_tcp_recv(r->net, peer, 100);
        if (i % 5 == 4) { /* close while the receive is submitted, running or done */
            kiwi_tcp_close(r->net, peer);
            if (!ended(r->net, got, &out))
                atomic_fetch_add(&r->failures, 1);
            free(out.bytes);
            continue;
        }
        if (!ended(r->net, got, &out))
            atomic_fetch_add(&r->failures, 1);
        if (out.size > 0 && i % 2 == 0) {
            (void)kiwi_tcp_send(r->net, peer, out.bytes, out.size); /* nobody awaits it */
            (void)ended(r->net, kiwi_tcp_recv(r->net, peer, 1), &(kiwi_result){0});
        }
        free(out.bytes);
        kiwi_tcp_close(r->net, peer);
    }
}

static void *call(void *arg)
{
    race *r = arg;
    kiwi_result out;
    for (int i = 0; i < r->rounds; i++) {
        if (!ended(r->net, kiwi_tcp_connect(r->net, "127.0.0.1", r->port, 0), &out)) {
            atomic_fetch_add(&r->failures, 1);
            continue;
        }
        if (out.state != KIWI_TASK_COMPLETED)
            continue;
        kiwi_id peer = out.integer;
        kiwi_id sent = kiwi_tcp_send(r->net, peer, "hello", 5), got = kiwi_tcp_recv(r->net, peer, 100);
        if (i % 3 == 0)
            kiwi_tcp_close(r->net, peer);
        if (!ended(r->net, sent, &out) || !ended(r->net, got, &out))
            atomic_fetch_add(&r->failures, 1);
        if (out.state == KIWI_TASK_COMPLETED && out.size == 5)
            atomic_fetch_add(&r->echoes, 1);
        free(out.bytes);
        kiwi_tcp_close(r->net, peer);
    }
    return NULL;
}

START_TEST(a_thousand_rounds_of_connect_send_close_end_every_task)
{
    enum { CALLERS = 4, SERVERS = 2, ROUNDS = 250 };
    FOR_MODES(mode)
    {
        race r = {.rounds = ROUNDS};
        pthread_t callers[CALLERS], servers[SERVERS];
        ck_assert_int_eq(kiwi_net_open(mode, &r.net), 0);
        r.port = listen_local(r.net, &r.listener);
        for (int i = 0; i < SERVERS; i++)
            ck_assert_int_eq(pthread_create(&servers[i], NULL, serve, &r), 0);
        for (int i = 0; i < CALLERS; i++)
            ck_assert_int_eq(pthread_create(&callers[i], NULL, call, &r), 0);
        for (int i = 0; i < CALLERS; i++)
            ck_assert_int_eq(pthread_join(callers[i], NULL), 0);
        kiwi_tcp_close(r.net, r.listener);
        for (int i = 0; i < SERVERS; i++)
            ck_assert_int_eq(pthread_join(servers[i], NULL), 0);
        ck_assert_int_eq(atomic_load(&r.failures), 0);
        ck_assert_int_gt(atomic_load(&r.echoes), 0);
        ck_assert_uint_eq(kiwi_net_pending(r.net), 0);
        kiwi_net_close(r.net);
    }
}
END_TEST

START_TEST(a_listener_that_stops_hands_out_what_has_come_and_refuses_nobody)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id before = await_int(p.net, kiwi_tcp_connect(p.net, "127.0.0.1", p.port, 0));
        int error = kiwi_tcp_stop_new(p.net, p.listener);
        ck_assert(error == 0 || error == ENOTSUP);
        ck_assert_int_eq(kiwi_tcp_stop_new(p.net, p.client), ENOENT);
        if (error == 0) {
            kiwi_result late = await(p.net, kiwi_tcp_connect(p.net, "127.0.0.1", p.port, 100));
            ck_assert_int_eq(late.sys, ETIMEDOUT); /* as if it had been lost on its way */
        }
        kiwi_id server = await_int(p.net, kiwi_tcp_accept(p.net, p.listener));
        ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, before, "ping", 4)), 4);
        await_bytes(p.net, kiwi_tcp_recv(p.net, server, 100), "ping");
        kiwi_tcp_close(p.net, p.listener);
        ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, server, "pong", 4)), 4);
        await_bytes(p.net, kiwi_tcp_recv(p.net, before, 100), "pong");
        kiwi_net_close(p.net);
    }
}
END_TEST

SUITE_MAIN("close", 60, close_faults_pending_receives_of_workers_and_of_the_room,
           closing_a_listener_faults_its_accepts_and_spares_connections, completed_sends_are_delivered_before_the_end,
           close_ends_a_send_that_waits_for_its_peer, closing_the_runtime_ends_what_is_pending,
           a_thousand_rounds_of_connect_send_close_end_every_task,
           a_listener_that_stops_hands_out_what_has_come_and_refuses_nobody)
