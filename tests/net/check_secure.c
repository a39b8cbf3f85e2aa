/* check_secure.c - TLS operations of the runtime: the same promises as for TCP, and what TLS adds.
 * The development certificate is used; peers are loopback, so it is trusted. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/state.h"
#include "net_test.h"
#include "support/ca.h"

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

/* The rest of a record is taken without asking the system: that says nothing of what has come meanwhile. */
START_TEST(what_comes_between_the_parts_of_a_record_is_not_missed)
{
    enum { SIZE = 2000 };
    static const char data[SIZE];
    const struct timespec soon = {.tv_nsec = 30000000};
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        kiwi_id accept = kiwi_tls_accept(p.net, p.listener); /* so that somebody waits in the room */
        kiwi_id first = kiwi_tls_recv(p.net, p.server, 1);
        (void)nanosleep(&soon, NULL);
        ck_assert_int_eq(await_int(p.net, kiwi_tls_send(p.net, p.client, data, SIZE)), SIZE);
        kiwi_result r = await(p.net, first);
        free(r.bytes);
        (void)await_int(p.net, kiwi_tls_send(p.net, p.client, "next", 4));
        (void)nanosleep(&soon, NULL);
        r = await(p.net, kiwi_tls_recv(p.net, p.server, SIZE - 1));
        ck_assert_uint_eq(r.size, SIZE - 1);
        free(r.bytes);
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "next");
        kiwi_tls_close(p.net, p.listener);
        await_fault(p.net, accept, "Socket closed");
        kiwi_net_close(p.net);
    }
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
        kiwi_id first = kiwi_tls_accept(p.net, p.listener), second = kiwi_tls_accept(p.net, p.listener);
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
    const kiwi_tls_options hurried = {.timeout_ms = 600}; /* enough to read authorities and to connect */
    FOR_MODES(mode)
    {
        pair p = pair_open(mode); /* plain TCP: accepts in the backlog and says nothing */
        kiwi_result r = await(p.net, kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, &hurried));
        ck_assert_int_eq(r.fault, KIWI_FAULT_TIMEOUT);
        ck_assert_ptr_nonnull(strstr(r.message, "Connection timed out"));
        kiwi_id listener; /* another one: nobody knows whether the hurried client came as far as this */
        int port = listen_local(p.net, &listener);
        kiwi_id accept = kiwi_tcp_accept(p.net, listener);
        kiwi_id failing = kiwi_tls_connect(p.net, "127.0.0.1", port, NULL, NULL);
        kiwi_id server = await_int(p.net, accept);
        (void)await_int(p.net, kiwi_tcp_send(p.net, server, "hello, plain text here\r\n", 24));
        r = await(p.net, failing);
        ck_assert_int_eq(r.state, KIWI_TASK_FAULTED);
        ck_assert_ptr_nonnull(strstr(r.message, "Cannot connect to 127.0.0.1:"));
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(after_a_send_that_was_cut_short_nothing_more_is_sent)
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
        await_fault(p.net, kiwi_tls_send(p.net, p.client, "the rest?", 9), "a send was cut short");
        await_fault(p.net, kiwi_socket_shutdown(p.net, p.client), "a send was cut short");
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.client, &info), 0);
        ck_assert(info.bytes_out > 0 && info.bytes_out < SIZE && info.queued == 0);
        kiwi_tls_close(p.net, p.client);
        kiwi_result r;
        do { /* what had gone out, and then anything but an orderly end */
            r = await(p.net, kiwi_tls_recv(p.net, p.server, 65536));
            free(r.bytes);
        } while (r.state == KIWI_TASK_COMPLETED && r.size > 0);
        ck_assert_int_eq(r.state, KIWI_TASK_FAULTED);
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
            if (kiwi_task_await(t->net, kiwi_tls_recv(t->net, t->to, 10 - (int64_t)got), LIMIT_MS, &r) != 0 ||
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
        ck_assert_int_eq(await(p.net, kiwi_socket_shutdown(p.net, p.client)).state, KIWI_TASK_COMPLETED);
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

/* ---- Long work beside short work ----------------------------------------------------------------- */

typedef struct flood {
    kiwi_net *net;
    kiwi_id socket; /* of UDP: sending never has to wait */
    int port;
    atomic_bool stop;
} flood;

/* See that something short is always ready. */
static void *keep_busy(void *arg)
{
    flood *f = arg;
    while (!atomic_load(&f->stop))
        if (kiwi_net_pending(f->net) < 5000)
            (void)kiwi_udp_send(f->net, f->socket, "127.0.0.1", f->port, "x", 1);
    return NULL;
}

START_TEST(a_handshake_gets_its_turn_however_much_short_work_there_is)
{
    pair p = pair_tls(&(kiwi_net_options){.workers = 1, .help = KIWI_OFF}, NULL);
    pthread_t busy[3];
    kiwi_socket_info info;
    flood f = {.net = p.net};
    f.socket = await_int(p.net, kiwi_udp_bind(p.net, "127.0.0.1", 0));
    ck_assert_int_eq(kiwi_socket_info_get(p.net, f.socket, &info), 0);
    f.port = info.local_port;
    atomic_init(&f.stop, false);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&busy[i], NULL, keep_busy, &f), 0);
    while (kiwi_net_pending(p.net) < 1000)
        (void)sched_yield();
    for (int i = 0; i < 3; i++)
        connect_tls(&p);
    atomic_store(&f.stop, true);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(busy[i], NULL), 0);
    kiwi_net_close(p.net);
}
END_TEST

/* ---- Contexts: files that change, or hang -------------------------------------------------------- */

/* Write the files of certificate `from` where those of `to` are. */
static void replace(ca *a, const char *from, const char *to)
{
    static const char *const endings[] = {"pem", "key"};
    for (size_t i = 0; i < 2; i++) {
        char file[32], place[32];
        (void)snprintf(file, sizeof(file), "%s.%s", from, endings[i]);
        (void)snprintf(place, sizeof(place), "%s.%s", to, endings[i]);
        const char *parts[] = {file, NULL};
        ca_join(a, place, parts);
    }
}

/* Connect as a client that trusts the authority; how that ended.  A failure leaves the accept to the next. */
static kiwi_result try_connect(pair *p, ca *authority, const char *name)
{
    kiwi_tls_options options = {.ca = ca_path(authority, "root.pem")};
    if (p->server == 0)
        p->server = kiwi_tls_accept(p->net, p->listener);
    kiwi_result ignored, r = await(p->net, kiwi_tls_connect(p->net, "127.0.0.1", p->port, name, &options));
    if (r.state == KIWI_TASK_COMPLETED) {
        (void)await_int(p->net, p->server);
        p->server = 0;
    } else {
        ck_assert_int_eq(kiwi_task_await(p->net, p->server, 20, &ignored), ETIMEDOUT);
    }
    return r;
}

START_TEST(a_listener_takes_up_changed_certificates_and_tells_of_failures)
{
    const struct timespec a_second = {.tv_sec = 1, .tv_nsec = 100000000};
    for (size_t mode = 0; mode < 2; mode++) {
        ca *authority = ca_new();
        kiwi_socket_info info;
        ca_issue(authority, "one", &(ca_spec){.dns = "one.test"});
        ca_issue(authority, "two", &(ca_spec){.dns = "two.test"});
        ca_issue(authority, "now", &(ca_spec){.dns = "one.test"});
        replace(authority, "one", "now");
        kiwi_tls_options server = {.cert = ca_path(authority, "now.pem"), .key = ca_path(authority, "now.key")};
        pair p = {.net = NULL};
        ck_assert_int_eq(kiwi_net_open(&test_modes[mode], &p.net), 0);
        p.listener = await_int(p.net, kiwi_tls_listen(p.net, "127.0.0.1", 0, 16, &server));
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.listener, &info), 0);
        p.port = info.local_port;
        ck_assert_int_eq(try_connect(&p, authority, "one.test").state, KIWI_TASK_COMPLETED);
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.listener, &info), 0);
        ck_assert(info.handshakes_failed == 0 && info.handshake_failure[0] == '\0');
        ck_assert_int_eq(try_connect(&p, authority, "two.test").fault, KIWI_FAULT_TLS);
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.listener, &info), 0);
        ck_assert_uint_eq(info.handshakes_failed, 1);
        ck_assert_msg(strstr(info.handshake_failure, "alert") != NULL, "%s", info.handshake_failure);
        ck_assert_str_eq(info.handshake_host, "127.0.0.1");
        ck_assert_int_gt(info.handshake_port, 0);
        replace(authority, "two", "now");
        (void)nanosleep(&a_second, NULL);
        ck_assert_int_eq(try_connect(&p, authority, "two.test").state, KIWI_TASK_COMPLETED);
        ck_assert_int_eq(try_connect(&p, authority, "one.test").fault, KIWI_FAULT_TLS);
        kiwi_net_close(p.net);
        ca_free(authority);
    }
}
END_TEST

/* Let the readers of a pipe go, and remove it. */
static void remove_pipe(const char *path)
{
    int fd;
    while ((fd = open(path, O_WRONLY | O_NONBLOCK)) < 0 && errno == EINTR)
        continue;
    if (fd >= 0)
        (void)close(fd);
    (void)unlink(path);
}

START_TEST(a_file_that_hangs_stops_nobody_else)
{
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        char folder[] = "/tmp/kiwi-pipe-XXXXXX", pipe[64];
        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void)snprintf(pipe, sizeof(pipe), "%s/ca", folder);
        ck_assert_int_eq(mkfifo(pipe, 0600), 0);
        kiwi_tls_options hangs = {.ca = pipe, .timeout_ms = 60};
        kiwi_id late = kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, &hangs);
        hangs.timeout_ms = 0;
        kiwi_id stuck = kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, &hangs);
        kiwi_tls_options broken = {.cert = pipe, .key = pipe};
        kiwi_id listening = kiwi_tls_listen(p.net, "127.0.0.1", 0, 1, &broken);
        for (int i = 0; i < 3; i++)
            connect_tls(&p);
        ck_assert_int_eq(await(p.net, late).fault, KIWI_FAULT_TIMEOUT);
        ck_assert_int_eq(kiwi_task_status(p.net, stuck), KIWI_TASK_RUNNING);
        ck_assert_int_eq(kiwi_task_status(p.net, listening), KIWI_TASK_RUNNING);
        int64_t start_us = kb_clock_us();
        kiwi_net_close(p.net);
        ck_assert_int_lt(kb_clock_us() - start_us, 4 * KB_US_PER_S);
        remove_pipe(pipe);
        (void)rmdir(folder);
    }
}
END_TEST

/* Who looks at the peer of a connection that refuses nobody waits for the files of the authorities alone. */
START_TEST(a_peer_that_nobody_has_verified_is_when_somebody_asks)
{
    FOR_MODES(mode)
    {
        pair p = pair_tls(mode, NULL);
        kiwi_tls_peer *peer = NULL;
        char folder[] = "/tmp/kiwi-pipe-XXXXXX", pipe[64];
        ck_assert_ptr_nonnull(mkdtemp(folder));
        (void)snprintf(pipe, sizeof(pipe), "%s/ca", folder);
        kiwi_tls_options trusting = {.verify = KIWI_OFF, .ca = pipe};
        kiwi_id accept = kiwi_tls_accept(p.net, p.listener);
        kiwi_id client = await_int(p.net, kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, &trusting));
        (void)await_int(p.net, accept);
        ck_assert_int_eq(kiwi_tls_peer_get(p.net, client, &peer), EAGAIN);
        ck_assert_ptr_null(peer);
        ck_assert_int_eq(await_int(p.net, kiwi_tls_examine(p.net, client)), client);
        ck_assert_int_eq(kiwi_tls_peer_get(p.net, client, &peer), 0);
        ck_assert(!peer->verified);
        ck_assert_msg(strstr(peer->why_not, "No such file") != NULL, "%s", peer->why_not);
        kiwi_tls_peer_free(peer);

        ck_assert_int_eq(mkfifo(pipe, 0600), 0);
        accept = kiwi_tls_accept(p.net, p.listener);
        client = await_int(p.net, kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, &trusting));
        (void)await_int(p.net, accept);
        kiwi_id stuck = kiwi_tls_examine(p.net, client);
        connect_tls(&p);
        ck_assert_int_eq(kiwi_task_status(p.net, stuck), KIWI_TASK_RUNNING);
        kiwi_tls_close(p.net, client);
        ck_assert_int_eq(await(p.net, kiwi_tls_examine(p.net, client)).fault, KIWI_FAULT_INVALID);
        ck_assert_int_eq(kiwi_task_cancel(p.net, stuck), 0);
        ck_assert_int_eq(await(p.net, stuck).fault, KIWI_FAULT_CANCELLED);
        kiwi_net_close(p.net);
        remove_pipe(pipe);
        (void)rmdir(folder);
    }
}
END_TEST

START_TEST(files_that_hang_for_all_threads_stop_nobody_who_was_there_before)
{
    enum { MANY = KN_FILES_MAX + 6 };
    pair p = pair_tls(test_modes, NULL);
    kiwi_id late[MANY];
    char folder[] = "/tmp/kiwi-pipe-XXXXXX", pipes[MANY][64];
    connect_tls(&p); /* its context is kept */
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(pipes[i], sizeof(pipes[i]), "%s/ca-%d", folder, i);
        ck_assert_int_eq(mkfifo(pipes[i], 0600), 0);
        const kiwi_tls_options hangs = {.ca = pipes[i], .timeout_ms = 300};
        late[i] = kiwi_tls_connect(p.net, "127.0.0.1", p.port, NULL, &hangs);
    }
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(await(p.net, late[i]).fault, KIWI_FAULT_TIMEOUT);
    (void)poll(NULL, 0, 1100); /* its files are to be looked at again, at both ends */
    connect_tls(&p);
    kiwi_net_close(p.net);
    for (int i = 0; i < MANY; i++)
        remove_pipe(pipes[i]);
    (void)rmdir(folder);
}
END_TEST

START_TEST(reloads_have_their_turns_and_end_with_the_listener)
{
    FOR_MODES(mode)
    {
        ca *a = ca_new();
        kiwi_socket_info info;
        ca_issue(a, "one", &(ca_spec){.dns = "one.test"});
        ca_issue(a, "two", &(ca_spec){.dns = "two.test"});
        ca_issue(a, "now", &(ca_spec){.dns = "one.test"});
        replace(a, "one", "now");
        kiwi_tls_options server = {.cert = ca_path(a, "now.pem"), .key = ca_path(a, "now.key")};
        pair p = {.net = NULL};
        ck_assert_int_eq(kiwi_net_open(mode, &p.net), 0);
        p.listener = await_int(p.net, kiwi_tls_listen(p.net, "127.0.0.1", 0, 16, &server));
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.listener, &info), 0);
        p.port = info.local_port;
        replace(a, "two", "now");
        ck_assert_int_eq(await(p.net, kiwi_tls_reload(p.net, p.listener)).state, KIWI_TASK_COMPLETED);
        ck_assert_int_eq(try_connect(&p, a, "two.test").state, KIWI_TASK_COMPLETED);
        ck_assert_int_eq(unlink(ca_path(a, "now.key")), 0);
        kiwi_result r = await(p.net, kiwi_tls_reload(p.net, p.listener));
        ck_assert_int_eq(r.fault, KIWI_FAULT_SYSTEM);
        ck_assert_int_eq(r.sys, ENOENT);
        ck_assert_int_eq(mkfifo(ca_path(a, "now.key"), 0600), 0); /* it hangs */
        kiwi_id stuck = kiwi_tls_reload(p.net, p.listener), behind = kiwi_tls_reload(p.net, p.listener);
        ck_assert_int_eq(kiwi_task_timeout(p.net, behind, 30), 0);
        ck_assert_int_eq(await(p.net, behind).fault, KIWI_FAULT_TIMEOUT);
        ck_assert_int_eq(try_connect(&p, a, "two.test").state, KIWI_TASK_COMPLETED);
        ck_assert_int_eq(kiwi_task_status(p.net, stuck), KIWI_TASK_RUNNING);
        kiwi_tls_close(p.net, p.listener);
        await_fault(p.net, stuck, "Socket closed");
        await_fault(p.net, kiwi_tls_reload(p.net, p.listener), "Invalid server socket");
        int fd; /* let the reader go */
        while ((fd = open(ca_path(a, "now.key"), O_WRONLY | O_NONBLOCK)) < 0 && errno == EINTR)
            continue;
        if (fd >= 0)
            (void)close(fd);
        kiwi_net_close(p.net);
        ca_free(a);
    }
}
END_TEST

START_TEST(the_oldest_of_too_many_silent_clients_gives_way)
{
    enum { SILENT = 600 };
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < 2048)
        return; /* so many cannot be made here */
    limit.rlim_cur = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    for (size_t mode = 0; mode < 4; mode += 3) {
        pair p = pair_tls(&test_modes[mode], NULL);
        kiwi_socket_info info;
        int *silent = calloc(SILENT, sizeof(*silent));
        ck_assert_ptr_nonnull(silent);
        int64_t start_us = kb_clock_us();
        kiwi_id accept = kiwi_tls_accept(p.net, p.listener);
        for (int i = 0; i < SILENT; i++)
            silent[i] = raw_connect(p.port);
        p.client = await_int(p.net, kiwi_tls_connect(p.net, "localhost", p.port, NULL, NULL));
        p.server = await_int(p.net, accept);
        ck_assert_int_lt(kb_clock_us() - start_us, 8 * KB_US_PER_S); /* a handshake may take 10 */
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.listener, &info), 0);
        ck_assert_uint_ge(info.handshakes_failed, SILENT - 512);
        ck_assert_msg(strstr(info.handshake_failure, "silent") != NULL, "%s", info.handshake_failure);
        for (int i = 0; i < SILENT; i++)
            (void)close(silent[i]);
        free(silent);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(tls_over_a_unix_socket)
{
    char folder[] = "/tmp/kiwi-secure-XXXXXX", path[64];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/s", folder);
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "/nonexistent", 1), 0);
    FOR_MODES(mode)
    {
        pair p = {0};
        kiwi_socket_info info;
        struct stat file;
        ck_assert_int_eq(kiwi_net_open(mode, &p.net), 0);
        p.listener = await_int(p.net, kiwi_tls_unix_listen(p.net, path, 8, 0600, NULL));
        ck_assert_int_eq(stat(path, &file), 0);
        ck_assert_uint_eq(file.st_mode & 0777, 0600);
        kiwi_id accept = kiwi_tls_accept(p.net, p.listener);
        p.client = await_int(p.net, kiwi_tls_unix_connect(p.net, path, NULL, NULL));
        p.server = await_int(p.net, accept);
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.client, &info), 0);
        ck_assert(info.tls && info.verified);
        (void)await_int(p.net, kiwi_tls_send(p.net, p.client, "last", 4));
        kiwi_tls_close(p.net, p.client);
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "last");
        await_bytes(p.net, kiwi_tls_recv(p.net, p.server, 9), "");
        (void)kiwi_tls_accept(p.net, p.listener);
        kiwi_result r = await(p.net, kiwi_tls_unix_connect(p.net, path, "other.example", NULL));
        ck_assert_str_eq(kiwi_fault_kind(&r), "certificate");
        kiwi_tls_close(p.net, p.listener);
        ck_assert_int_ne(stat(path, &file), 0);
        r = await(p.net, kiwi_tls_unix_connect(p.net, path, NULL, NULL));
        ck_assert(r.fault == KIWI_FAULT_SYSTEM && r.sys == ENOENT);
        ck_assert_int_eq(await(p.net, kiwi_tls_unix_connect(p.net, NULL, NULL, NULL)).fault, KIWI_FAULT_INVALID);
        kiwi_net_close(p.net);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

SUITE_MAIN("secure", 90, tls_over_a_unix_socket, bytes_go_both_ways_and_the_end_is_told,
           large_transfers_in_both_directions_at_once, what_comes_between_the_parts_of_a_record_is_not_missed,
           silent_and_bad_clients_delay_nobody_and_are_counted, closing_a_listener_drops_handshakes_and_faults_accepts,
           a_connect_to_a_plain_or_silent_server_fails, after_a_send_that_was_cut_short_nothing_more_is_sent,
           two_threads_may_use_both_directions_of_one_session, half_close_works_over_tls,
           small_sends_share_records_and_keep_their_order, joined_sends_end_once_when_the_socket_closes,
           a_listener_takes_up_changed_certificates_and_tells_of_failures, a_file_that_hangs_stops_nobody_else,
           a_peer_that_nobody_has_verified_is_when_somebody_asks,
           files_that_hang_for_all_threads_stop_nobody_who_was_there_before,
           reloads_have_their_turns_and_end_with_the_listener,
           a_handshake_gets_its_turn_however_much_short_work_there_is, the_oldest_of_too_many_silent_clients_gives_way,
           what_is_queued_is_sent_before_a_close)
