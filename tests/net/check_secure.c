/* check_secure.c - TLS operations of the runtime: the same promises as for TCP, and what TLS adds.
 * The development certificate is used; peers are loopback, so it is trusted. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_test.h"

static int listen_tls(kiwi_net *net, kiwi_id *listener, const kiwi_tls_options *options)
{
    kiwi_socket_info info;
    *listener = await_int(net, kiwi_tls_listen(net, "127.0.0.1", 0, 128, options));
    ck_assert_int_eq(kiwi_socket_info_get(net, *listener, &info), 0);
    return info.local_port;
}

static void connect_tls(pair *p)
{
    kiwi_id accept = kiwi_tls_accept(p->net, p->listener);
    p->client = await_int(p->net, kiwi_tls_connect(p->net, "localhost", p->port, "", NULL));
    p->server = await_int(p->net, accept);
}

static pair pair_tls(const kiwi_net_options *mode, const kiwi_tls_options *options)
{
    pair p = {0};
    /* Not writable: the development certificate lives in memory, and nobody's is touched. */
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "/nonexistent", 1), 0);
    ck_assert_int_eq(kiwi_net_open(mode, &p.net), 0);
    p.port = listen_tls(p.net, &p.listener, options);
    connect_tls(&p);
    return p;
}

static int raw_connect(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

START_TEST(bytes_go_both_ways_and_the_end_is_told)
{
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        for (int i = 0; i < 50; i++) {
            kiwi_id got = kiwi_tls_recv(p.net, p.server, 100);
            ck_assert_int_eq(await_int(p.net, kiwi_tls_send(p.net, p.client, "ping", 4)), 4);
            await_bytes(p.net, got, "ping");
            (void)await_int(p.net, kiwi_tls_send(p.net, p.server, "pong!", 5));
            await_bytes(p.net, kiwi_tls_recv(p.net, p.client, 3), "pon");
            await_bytes(p.net, kiwi_tls_recv(p.net, p.client, 3), "g!");
        }
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.client, &info), 0);
        ck_assert(info.tls && info.verified && info.version[0] != '\0' && info.bytes_out == 200);
        kiwi_tls_close(p.net, p.client);
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "");
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(large_transfers_in_both_directions_at_once)
{
    enum { SIZE = 2000000 };
    unsigned char *data = malloc(SIZE);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (unsigned char)(i * 7 % 251);
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        kiwi_id ends[2] = {p.client, p.server}, sends[2];
        size_t total[2] = {0, 0}, wrong = 0;
        for (int i = 0; i < 2; i++)
            sends[i] = kiwi_tls_send(p.net, ends[i], data, SIZE);
        while (total[0] < SIZE || total[1] < SIZE) {
            for (int i = 0; i < 2; i++) {
                if (total[i] == SIZE)
                    continue;
                kiwi_result r = await(p.net, kiwi_tls_recv(p.net, ends[i], 100000));
                ck_assert_msg(r.state == KIWI_TASK_COMPLETED && r.size > 0, "%s", r.message);
                wrong += memcmp(r.bytes, data + total[i], r.size) != 0;
                total[i] += r.size;
                free(r.bytes);
            }
        }
        ck_assert_uint_eq(wrong, 0);
        for (int i = 0; i < 2; i++)
            ck_assert_int_eq(await_int(p.net, sends[i]), SIZE);
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

START_TEST(silent_and_bad_clients_delay_nobody_and_are_counted)
{
    const kiwi_tls_options options = {.timeout_ms = 1500};
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, &options);
        kiwi_id listener = p.listener;
        int silent[10], bad = raw_connect(p.port);
        for (int i = 0; i < 10; i++)
            silent[i] = raw_connect(p.port);
        ck_assert_int_eq(send(bad, "GET / HTTP/1.0\r\n\r\n", 18, 0), 18);
        connect_tls(&p); /* behind all of them in the backlog */
        (void)await_int(p.net, kiwi_tls_send(p.net, p.client, "quick", 5));
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "quick");
        kiwi_id waiting = kiwi_tls_accept(p.net, listener);
        kiwi_result r;
        kiwi_socket_info info = {0};
        for (int i = 0; i < 100 && info.handshakes_failed < 11; i++) {
            ck_assert_int_eq(kiwi_task_await(p.net, waiting, 100, &r), ETIMEDOUT);
            ck_assert_int_eq(kiwi_socket_info_get(p.net, listener, &info), 0);
        }
        ck_assert_uint_eq(info.handshakes_failed, 11);
        for (int i = 0; i < 10; i++)
            (void)close(silent[i]);
        (void)close(bad);
        p.client = await_int(p.net, kiwi_tls_connect(p.net, "localhost", p.port, NULL, NULL));
        (void)await_int(p.net, waiting);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(closing_a_listener_drops_handshakes_and_faults_accepts)
{
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        kiwi_id first = kiwi_tls_accept(p.net, p.listener),
                second = kiwi_tls_accept(p.net, p.listener);
        int silent = raw_connect(p.port);
        kiwi_result r;
        ck_assert_int_eq(kiwi_task_await(p.net, first, 20, &r), ETIMEDOUT);
        kiwi_tls_close(p.net, p.listener);
        await_fault(p.net, first, "Socket closed");
        await_fault(p.net, second, "Socket closed");
        char byte;
        ck_assert_int_le(recv(silent, &byte, 1, 0), 0); /* it was dropped */
        (void)close(silent);
        (void)await_int(p.net, kiwi_tls_send(p.net, p.client, "alive", 5));
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "alive");
        kiwi_id pending = kiwi_tls_recv(p.net, p.server, 9);
        kiwi_tls_close(p.net, p.server);
        await_fault(p.net, pending, "Socket closed");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_connect_to_a_plain_or_silent_server_fails)
{
    const kiwi_tls_options hurried = {.timeout_ms = 100};
    FOR_MODES(mode)
    {
        pair p = pair_open(mode); /* plain TCP: accepts in the backlog and says nothing */
        kiwi_result r = await(p.net, kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, &hurried));
        ck_assert_int_eq(r.fault, KIWI_FAULT_TIMEOUT);
        ck_assert_ptr_nonnull(strstr(r.message, "Connection timed out"));
        kiwi_id accept = kiwi_tcp_accept(p.net, p.listener);
        kiwi_id failing = kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, NULL);
        kiwi_tcp_close(p.net, await_int(p.net, accept));
        accept = kiwi_tcp_accept(p.net, p.listener); /* the first one was of the hurried client */
        kiwi_id server = await_int(p.net, accept);
        (void)await_int(p.net, kiwi_tcp_send(p.net, server, "hello, plain text here\r\n", 24));
        r = await(p.net, failing);
        ck_assert_int_eq(r.state, KIWI_TASK_FAULTED);
        ck_assert_ptr_nonnull(strstr(r.message, "Cannot connect to 127.0.0.1:"));
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(an_abandoned_send_does_not_spoil_the_stream_of_the_next)
{
    enum { SIZE = 8 * 1024 * 1024 };
    char *data = calloc(1, SIZE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.client, 50), 0);
        await_fault(p.net, kiwi_tls_send(p.net, p.client, data, SIZE), "timed out");
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.client, 0), 0);
        kiwi_id last = kiwi_tls_send(p.net, p.client, "\1the end", 8);
        for (bool seen = false; !seen;) { /* zeros, whole records of them, then the second send */
            kiwi_result r = await(p.net, kiwi_tls_recv(p.net, p.server, 65536));
            ck_assert_msg(r.state == KIWI_TASK_COMPLETED && r.size > 0, "%s", r.message);
            const unsigned char *end = memchr(r.bytes, 1, r.size);
            seen = end != NULL;
            if (seen)
                ck_assert(r.size - (size_t)(end - r.bytes) == 8 &&
                          memcmp(end + 1, "the end", 7) == 0);
            free(r.bytes);
        }
        ck_assert_int_eq(await_int(p.net, last), 8);
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

typedef struct talk {
    kiwi_net *net;
    kiwi_id from, to;
    int failures;
} talk;

static void *chatter(void *arg)
{
    talk *t = arg;
    kiwi_result r;
    for (int i = 0; i < 200; i++) {
        kiwi_id sent = kiwi_tls_send(t->net, t->from, "0123456789", 10);
        if (kiwi_task_await(t->net, sent, LIMIT_MS, &r) != 0 || r.integer != 10)
            t->failures++;
        for (size_t got = 0; got < 10; got += r.size) {
            if (kiwi_task_await(t->net, kiwi_tls_recv(t->net, t->to, 10 - (int64_t)got), LIMIT_MS,
                                &r) != 0 ||
                r.size == 0) {
                t->failures++;
                return NULL;
            }
            free(r.bytes);
        }
    }
    return NULL;
}

START_TEST(two_threads_may_use_both_directions_of_one_session)
{
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        talk there = {.net = p.net, .from = p.client, .to = p.server};
        talk back = {.net = p.net, .from = p.server, .to = p.client};
        pthread_t a, b;
        ck_assert_int_eq(pthread_create(&a, NULL, chatter, &there), 0);
        ck_assert_int_eq(pthread_create(&b, NULL, chatter, &back), 0);
        ck_assert_int_eq(pthread_join(a, NULL), 0);
        ck_assert_int_eq(pthread_join(b, NULL), 0);
        ck_assert_int_eq(there.failures + back.failures, 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(half_close_works_over_tls)
{
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        ck_assert_int_eq(await(p.net, kiwi_socket_shutdown(p.net, p.client)).state,
                         KIWI_TASK_COMPLETED);
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "");
        (void)await_int(p.net, kiwi_tls_send(p.net, p.server, "still", 5));
        await_bytes(p.net, kiwi_tls_recv(p.net, p.client, 9), "still");
        kiwi_net_close(p.net);
    }
}
END_TEST

/* Modes in which sends queue: nothing is begun before somebody waits, or one worker does all. */
static const kiwi_net_options queueing[] = {
    {.workers = 4, .help = KIWI_ON, .lazy = true},
    {.workers = 1, .help = KIWI_OFF},
};

START_TEST(small_sends_share_records_and_keep_their_order)
{
    enum { COUNT = 300, LONGEST = 40 };
    for (size_t m = 0; m < sizeof(queueing) / sizeof(queueing[0]); m++) {
        pair p = pair_tls(&queueing[m], NULL);
        unsigned char sent[COUNT * LONGEST], got[sizeof(sent)];
        kiwi_id ids[COUNT];
        size_t total = 0, have = 0, receives = 0;
        for (size_t i = 0; i < COUNT; i++) {
            memset(sent + total, (int)i, i % LONGEST);
            ids[i] = kiwi_tls_send(p.net, p.client, sent + total, i % LONGEST);
            total += i % LONGEST;
        }
        while (have < total) {
            kiwi_result r = await(p.net, kiwi_tls_recv(p.net, p.server, sizeof(got)));
            ck_assert_msg(r.state == KIWI_TASK_COMPLETED && r.size > 0, "%s", r.message);
            memcpy(got + have, r.bytes, r.size);
            have += r.size;
            free(r.bytes);
            receives++;
        }
        ck_assert_int_eq(memcmp(sent, got, total), 0);
        for (size_t i = 0; i < COUNT; i++)
            ck_assert_int_eq(await_int(p.net, ids[i]), (int64_t)(i % LONGEST));
        if (queueing[m].lazy)
            ck_assert_uint_lt(receives, COUNT / 10); /* a receive takes no more than a record */
        kiwi_net_close(p.net);
    }
}
END_TEST

/* Joined sends that wait for a full socket end once each, whatever happens to their first one. */
START_TEST(joined_sends_end_once_when_the_socket_closes)
{
    enum { COUNT = 4000, SIZE = 3000 };
    static unsigned char data[SIZE];
    for (size_t m = 0; m < sizeof(queueing) / sizeof(queueing[0]); m++) {
        pair p = pair_tls(&queueing[m], NULL);
        static kiwi_id ids[COUNT];
        int completed = 0, closed = 0;
        for (size_t i = 0; i < COUNT; i++)
            ids[i] = kiwi_tls_send(p.net, p.client, data, SIZE);
        ck_assert_int_eq(await_int(p.net, ids[0]), SIZE);
        kiwi_tls_close(p.net, p.client);
        for (size_t i = 1; i < COUNT; i++) {
            kiwi_result r = await(p.net, ids[i]);
            completed += r.state == KIWI_TASK_COMPLETED && r.integer == SIZE;
            closed += r.state == KIWI_TASK_FAULTED && strcmp(r.message, "Socket closed") == 0;
        }
        ck_assert_int_eq(completed + closed, COUNT - 1);
        ck_assert_int_gt(closed, 0);
        ck_assert_uint_eq(kiwi_net_pending(p.net), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(what_is_queued_is_sent_before_a_close)
{
    pair p = pair_tls(&queueing[0], NULL);
    (void)kiwi_tls_send(p.net, p.client, "one,", 4);
    (void)kiwi_tls_send(p.net, p.client, "two", 3);
    kiwi_tls_close(p.net, p.client);
    await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 100), "one,two");
    await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 100), "");
    kiwi_net_close(p.net);
}
END_TEST

SUITE_MAIN("secure", 90, bytes_go_both_ways_and_the_end_is_told,
           large_transfers_in_both_directions_at_once,
           silent_and_bad_clients_delay_nobody_and_are_counted,
           closing_a_listener_drops_handshakes_and_faults_accepts,
           a_connect_to_a_plain_or_silent_server_fails,
           an_abandoned_send_does_not_spoil_the_stream_of_the_next,
           two_threads_may_use_both_directions_of_one_session, half_close_works_over_tls,
           small_sends_share_records_and_keep_their_order,
           joined_sends_end_once_when_the_socket_closes, what_is_queued_is_sent_before_a_close)
