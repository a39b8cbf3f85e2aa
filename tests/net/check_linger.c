/* check_linger.c - how connections end: what a completed send has handed over arrives, what was cut short does
 * not look like an end, and closing waits for nobody. */
#include "config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net_test.h"

enum { LARGE = 1000000 };

/* ---- A peer outside the runtime ---------------------------------------------------------------- */

/* Connect a plain socket to `port`, with a receive buffer of `buffer` bytes (0: the system's). */
static int peer_connect(int port, int buffer)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = LIMIT_MS / 1000};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    if (buffer > 0)
        ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer)), 0);
    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

typedef struct serving {
    kiwi_net *net;
    kiwi_id listener, socket;
    int peer;
} serving;

static serving serve_peer(const kiwi_net_options *mode, int buffer)
{
    serving s = {.net = NULL};
    ck_assert_int_eq(kiwi_net_open(mode, &s.net), 0);
    int port = listen_local(s.net, &s.listener);
    kiwi_id accept = kiwi_tcp_accept(s.net, s.listener);
    s.peer = peer_connect(port, buffer);
    s.socket = await_int(s.net, accept);
    return s;
}

static void serving_end(const serving *s)
{
    (void)close(s->peer);
    kiwi_net_close(s->net);
}

/* Read to the end: the number of bytes; *error is the errno of the read that failed, 0 at an orderly end. */
static size_t drain(int fd, int *error)
{
    char buf[65536];
    size_t total = 0;
    for (;;) {
        ssize_t n = recv(fd, buf, sizeof(buf), 0);
        *error = n < 0 ? errno : 0;
        if (n <= 0)
            return total;
        total += (size_t)n;
    }
}

static char *zeros(size_t size)
{
    char *data = calloc(1, size);
    ck_assert_ptr_nonnull(data);
    return data;
}

/* Descriptors of this process. */
static int descriptors(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void nap(long ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    (void)nanosleep(&t, NULL);
}

/* ---- Completed sends arrive -------------------------------------------------------------------- */

START_TEST(close_with_unread_input_loses_nothing_that_was_sent)
{
    char *data = zeros(LARGE);
    FOR_MODES(mode)
    {
        int error;
        serving s = serve_peer(mode, 0);
        ck_assert_int_eq(send(s.peer, data, 100, 0), 100);
        kiwi_result got = await(s.net, kiwi_tcp_recv(s.net, s.socket, 10));
        ck_assert_uint_eq(got.size, 10);
        free(got.bytes);
        ck_assert_int_eq(await_int(s.net, kiwi_tcp_send(s.net, s.socket, data, LARGE)), LARGE);
        kiwi_tcp_close(s.net, s.socket);
        ck_assert_uint_eq(drain(s.peer, &error), LARGE);
        ck_assert_int_eq(error, 0);
        serving_end(&s);
    }
    free(data);
}
END_TEST

START_TEST(input_that_comes_after_close_destroys_nothing)
{
    char *data = zeros(LARGE);
    FOR_MODES(mode)
    {
        int error;
        serving s = serve_peer(mode, 0);
        kiwi_id pending = kiwi_tcp_recv(s.net, s.socket, 10); /* a worker may be in recv() */
        kiwi_net_flush(s.net);
        ck_assert_int_eq(await_int(s.net, kiwi_tcp_send(s.net, s.socket, data, LARGE)), LARGE);
        kiwi_tcp_close(s.net, s.socket);
        await_fault(s.net, pending, "Socket closed");
        for (int i = 0; i < 5; i++, nap(5))
            ck_assert_int_eq(send(s.peer, data, 1000, MSG_NOSIGNAL), 1000);
        ck_assert_uint_eq(drain(s.peer, &error), LARGE);
        ck_assert_int_eq(error, 0);
        serving_end(&s);
    }
    free(data);
}
END_TEST

START_TEST(a_closed_runtime_lets_out_what_was_sent)
{
    char *data = zeros(LARGE);
    FOR_MODES(mode)
    {
        int error;
        serving s = serve_peer(mode, 0);
        ck_assert_int_eq(send(s.peer, data, 100, 0), 100);
        ck_assert_int_eq(await_int(s.net, kiwi_tcp_send(s.net, s.socket, data, LARGE)), LARGE);
        pid_t reader = fork();
        ck_assert_int_ge(reader, 0);
        if (reader == 0) { /* slow to begin; the parent is in kiwi_net_close() by then */
            nap(300);
            _exit(drain(s.peer, &error) == LARGE && error == 0 ? 0 : 1);
        }
        int64_t start_us = kb_clock_us();
        kiwi_net_close(s.net);
        ck_assert_int_lt(kb_clock_us() - start_us, 3 * KB_US_PER_S);
        (void)close(s.peer);
        int status;
        ck_assert_int_eq(waitpid(reader, &status, 0), reader);
        ck_assert_int_eq(status, 0);
    }
    free(data);
}
END_TEST

START_TEST(a_runtime_waits_for_a_stalled_peer_for_two_seconds_and_for_nobody_else)
{
    char *data = zeros(LARGE);
    for (size_t i = 0; i < 4; i += 3) { /* help with epoll; workers with poll() */
        serving s = serve_peer(&test_modes[i], 4096);
        ck_assert_int_eq(await_int(s.net, kiwi_tcp_send(s.net, s.socket, data, 60000)), 60000);
        int64_t start_us = kb_clock_us();
        kiwi_net_close(s.net);
        int64_t took_us = kb_clock_us() - start_us;
        ck_assert_int_gt(took_us, 1900 * KB_US_PER_MS);
        ck_assert_int_lt(took_us, 8 * KB_US_PER_S);
        (void)close(s.peer);
        s = serve_peer(&test_modes[i], 0);
        ck_assert_int_eq(await_int(s.net, kiwi_tcp_send(s.net, s.socket, "x", 1)), 1);
        ck_assert_int_eq(recv(s.peer, data, 1, 0), 1);
        nap(100); /* longer than an acknowledgement is delayed */
        start_us = kb_clock_us();
        serving_end(&s);
        ck_assert_int_lt(kb_clock_us() - start_us, KB_US_PER_S);
    }
    free(data);
}
END_TEST

/* ---- What was cut short ------------------------------------------------------------------------ */

START_TEST(a_send_that_is_pending_at_close_ends_in_a_reset_behind_what_was_sent)
{
    enum { BIG = 16 * 1024 * 1024 };
    char *data = zeros(BIG), head[5];
    FOR_MODES(mode)
    {
        int error;
        serving s = serve_peer(mode, 8192);
        ck_assert_int_eq(await_int(s.net, kiwi_tcp_send(s.net, s.socket, "first", 5)), 5);
        kiwi_id big = kiwi_tcp_send(s.net, s.socket, data, BIG);
        kiwi_id behind = kiwi_tcp_send(s.net, s.socket, "x", 1);
        kiwi_result r;
        ck_assert_int_eq(kiwi_task_await(s.net, big, 20, &r), ETIMEDOUT);
        kiwi_tcp_close(s.net, s.socket);
        await_fault(s.net, big, "Socket closed");
        await_fault(s.net, behind, "Socket closed");
        nap(200); /* a thread inside the send comes out by a FIN alone; the reset is right behind that */
        ck_assert_int_eq(recv(s.peer, head, 5, MSG_WAITALL), 5);
        ck_assert_int_eq(memcmp(head, "first", 5), 0);
        ck_assert_uint_lt(drain(s.peer, &error), BIG);
        ck_assert_int_eq(error, ECONNRESET);
        serving_end(&s);
    }
    free(data);
}
END_TEST

/* Send pieces under a time limit until one times out.  Gives how many bytes have gone. */
static uint64_t send_until_late(const serving *s, size_t piece)
{
    kiwi_socket_info info;
    char *data = zeros(piece);
    kiwi_result out;
    ck_assert_int_eq(kiwi_socket_timeout(s->net, s->socket, 50), 0);
    do
        out = await(s->net, kiwi_tcp_send(s->net, s->socket, data, piece));
    while (out.state == KIWI_TASK_COMPLETED);
    free(data);
    ck_assert_str_eq(out.message, "timed out");
    ck_assert_int_eq(kiwi_socket_timeout(s->net, s->socket, 0), 0);
    ck_assert_int_eq(kiwi_socket_info_get(s->net, s->socket, &info), 0);
    ck_assert_uint_eq(info.queued, 0);
    return info.bytes_out;
}

/* What the peer can send to a socket that takes nothing. */
static size_t fill(int fd, const char *data)
{
    size_t total = 0;
    for (int idle = 0; idle < 10;) {
        ssize_t n = send(fd, data, LARGE, MSG_DONTWAIT | MSG_NOSIGNAL);
        idle = n > 0 ? 0 : idle + 1;
        total += n > 0 ? (size_t)n : 0;
        if (n < 0)
            nap(5);
    }
    return total;
}

/* Where nothing was sent before it there is nothing to wait for: no input is taken, though a thread may be inside
 * the send. */
START_TEST(a_first_send_that_is_pending_at_close_is_reset_at_once)
{
    char *data = zeros(8 * LARGE);
    FOR_MODES(mode)
    {
        serving s = serve_peer(mode, 4096);
        kiwi_id pending = kiwi_tcp_send(s.net, s.socket, data, (size_t)8 * LARGE);
        kiwi_net_flush(s.net);
        ck_assert_uint_gt(fill(s.peer, data), 0);
        int64_t start_us = kb_clock_us();
        kiwi_tcp_close(s.net, s.socket);
        await_fault(s.net, pending, "Socket closed");
        struct pollfd gone = {.fd = s.peer};
        ck_assert_int_eq(poll(&gone, 1, LIMIT_MS), 1);
        ck_assert_int_lt(kb_clock_us() - start_us, 5 * KB_US_PER_S);
        ck_assert_int_eq(send(s.peer, data, 1, MSG_NOSIGNAL), -1);
        ck_assert_int_eq(errno, ECONNRESET);
        serving_end(&s);
    }
    free(data);
}
END_TEST

/* A thread may still be inside a send of which the peer has everything already.  It has gone out whole: the end is a normal
 * one; or a reset alone, without an end before it, where that was asked for. */
START_TEST(a_send_that_went_out_whole_is_not_cut_by_a_close_that_comes_early)
{
    enum { ROUNDS = 200 };
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_id listener;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        int port = listen_local(net, &listener);
        for (int i = 0; i < ROUNDS; i++) {
            char byte;
            int error;
            bool abrupt = i % 2 == 1;
            kiwi_id accept = kiwi_tcp_accept(net, listener);
            int peer = peer_connect(port, 0);
            kiwi_id conn = await_int(net, accept);
            kiwi_socket_options options = {.given = (unsigned)abrupt << KIWI_SOCKET_LINGER};
            ck_assert_int_eq(kiwi_socket_set(net, conn, &options, NULL), 0);
            (void)kiwi_tcp_send(net, conn, "x", 1);
            ck_assert_int_eq(recv(peer, &byte, 1, 0), 1);
            kiwi_tcp_close(net, conn);
            ck_assert_uint_eq(drain(peer, &error), 0);
            ck_assert_int_eq(error, abrupt ? ECONNRESET : 0);
            (void)close(peer);
        }
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_late_send_poisons_the_stream_if_and_only_if_a_part_of_it_went_out)
{
    enum { PIECE = 4096, TRIES = 40 };
    FOR_MODES(mode)
    {
        bool whole = false, part = false;
        for (int i = 0; i < TRIES && !(whole && part); i++) {
            int error;
            /* Far more than fits, then what mostly fits or does not; the system has a grain of its own. */
            size_t piece = part ? (size_t)PIECE >> i % 3 : 3 * LARGE;
            serving s = serve_peer(mode, 0);
            uint64_t gone = send_until_late(&s, piece);
            kiwi_id after = kiwi_tcp_send(s.net, s.socket, "after", 5);
            if (gone % piece == 0) {
                whole = true;
                kiwi_net_flush(s.net);
                size_t total = 0;
                while (total < gone + 5) { /* nothing of the late one is among it */
                    char buf[65536];
                    ssize_t n = recv(s.peer, buf, sizeof(buf), 0);
                    ck_assert_int_gt(n, 0);
                    total += (size_t)n;
                }
                ck_assert_uint_eq(total, gone + 5);
                ck_assert_int_eq(await_int(s.net, after), 5);
                kiwi_tcp_close(s.net, s.socket);
                ck_assert_uint_eq(drain(s.peer, &error), 0);
                ck_assert_int_eq(error, 0);
            } else {
                part = true;
                await_fault(s.net, after, "a send was cut short");
                await_fault(s.net, kiwi_socket_shutdown(s.net, s.socket), "a send was cut short");
                kiwi_tcp_close(s.net, s.socket);
                size_t got = drain(s.peer, &error);
                ck_assert_uint_le(got, gone);
                ck_assert_int_eq(error, ECONNRESET);
            }
            serving_end(&s);
        }
        ck_assert(part && whole);
    }
}
END_TEST

START_TEST(after_a_reset_no_receive_gives_an_orderly_end)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    FOR_MODES(mode)
    {
        for (int sends = 0; sends < 2; sends++) { /* seen by a receive; seen by a send */
            kiwi_result out;
            serving s = serve_peer(mode, 0);
            ck_assert_int_eq(setsockopt(s.peer, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
            (void)close(s.peer);
            for (int i = 0; sends && i < 100; i++) {
                out = await(s.net, kiwi_tcp_send(s.net, s.socket, "x", 1));
                if (out.state == KIWI_TASK_FAULTED)
                    break;
            }
            for (int i = 0; i < 3; i++)
                await_fault(s.net, kiwi_tcp_recv(s.net, s.socket, 1), "Connection reset by peer");
            s.peer = -1;
            serving_end(&s);
        }
    }
}
END_TEST

START_TEST(what_comes_after_the_limit_of_a_receive_goes_in_front_of_the_next)
{
    FOR_MODES(mode)
    {
        serving s = serve_peer(mode, 0);
        kiwi_id late = kiwi_tcp_recv(s.net, s.socket, 100);
        kiwi_result r;
        ck_assert_int_eq(kiwi_task_await(s.net, late, 20, &r), ETIMEDOUT); /* it waits somewhere */
        kiwi_net_flush(s.net);
        nap(20); /* a worker is in recv() now, where workers do that */
        ck_assert_int_eq(kiwi_socket_timeout(s.net, s.socket, 20), 0);
        await_fault(s.net, late, "timed out");
        ck_assert_int_eq(kiwi_socket_timeout(s.net, s.socket, 0), 0);
        ck_assert_int_eq(send(s.peer, "hello", 5, 0), 5);
        nap(20);
        kiwi_id first = kiwi_tcp_recv(s.net, s.socket, 2), second = kiwi_tcp_recv(s.net, s.socket, 9);
        await_bytes(s.net, first, "he");
        await_bytes(s.net, second, "llo");
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_socket_info_get(s.net, s.socket, &info), 0);
        ck_assert_uint_eq(info.bytes_in, 5);
        serving_end(&s);
    }
}
END_TEST

/* ---- Closing waits for nobody, and nobody lingers for ever -------------------------------------- */

START_TEST(the_peer_sees_the_end_at_close_whoever_waits_in_the_room)
{
    FOR_MODES(mode)
    {
        pair idle = pair_open(mode);
        kiwi_id pending = kiwi_tcp_recv(idle.net, idle.server, 1); /* a leader waits without limit */
        kiwi_net_flush(idle.net);
        kiwi_id accept = kiwi_tcp_accept(idle.net, idle.listener);
        int error, peer = peer_connect(idle.port, 0);
        kiwi_id socket = await_int(idle.net, accept), got = kiwi_tcp_recv(idle.net, socket, 1);
        kiwi_net_flush(idle.net);
        nap(10);
        kiwi_tcp_close(idle.net, socket);
        int64_t start_us = kb_clock_us();
        ck_assert_uint_eq(drain(peer, &error), 0);
        ck_assert_int_eq(error, 0);
        ck_assert_int_lt(kb_clock_us() - start_us, 5 * KB_US_PER_S);
        await_fault(idle.net, got, "Socket closed");
        ck_assert_int_eq(kiwi_task_status(idle.net, pending), KIWI_TASK_RUNNING);
        (void)close(peer);
        kiwi_net_close(idle.net);
    }
}
END_TEST

START_TEST(a_silent_peer_is_let_go_after_two_seconds)
{
    for (size_t i = 0; i < 4; i += 3) {
        serving s = serve_peer(&test_modes[i], 0);
        int before = descriptors();
        ck_assert_int_eq(send(s.peer, "never read", 10, 0), 10);
        nap(20);
        kiwi_tcp_close(s.net, s.socket);
        ck_assert_int_eq(descriptors(), before);
        int64_t start_us = kb_clock_us(), took_us = 0;
        while (descriptors() == before && took_us < 9 * KB_US_PER_S) {
            kiwi_net_wait(s.net, 10 * KB_US_PER_MS, false);
            took_us = kb_clock_us() - start_us;
        }
        ck_assert_int_eq(descriptors(), before - 1);
        ck_assert_int_gt(took_us, 1900 * KB_US_PER_MS);
        serving_end(&s);
    }
}
END_TEST

START_TEST(lingering_sockets_are_few_and_give_way_when_descriptors_are_short)
{
    enum { LIMIT = 200, PEERS = 70 };
    FOR_MODES(mode)
    {
        struct rlimit all, few;
        ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &all), 0);
        few = (struct rlimit){.rlim_cur = LIMIT, .rlim_max = all.rlim_max};
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
        serving s = serve_peer(mode, 0);
        kiwi_socket_info info;
        int peers[PEERS], before = descriptors(), held[LIMIT], held_count = 0;
        ck_assert_int_eq(kiwi_socket_info_get(s.net, s.listener, &info), 0);
        for (int i = 0; i < PEERS; i++) {
            kiwi_id accept = kiwi_tcp_accept(s.net, s.listener);
            peers[i] = peer_connect(info.local_port, 0);
            kiwi_id socket = await_int(s.net, accept);
            ck_assert_int_eq(send(peers[i], "never read", 10, 0), 10);
            nap(1);
            kiwi_tcp_close(s.net, socket);
        }
        /* An ended one may still be in the hands of a worker, which also has a pipe. */
        ck_assert_int_le(descriptors(), before + PEERS + LIMIT / 4 + 3 * mode->workers);
        ck_assert_int_gt(descriptors(), before + PEERS);
        while (held_count < LIMIT && (held[held_count] = dup(0)) >= 0)
            held_count++; /* none is left */
        kiwi_id client = kiwi_tcp_connect(s.net, "127.0.0.1", info.local_port, 0);
        kiwi_id accept = kiwi_tcp_accept(s.net, s.listener);
        ck_assert_int_gt(await_int(s.net, client), 0);
        ck_assert_int_gt(await_int(s.net, accept), 0);
        while (held_count > 0)
            (void)close(held[--held_count]);
        for (int i = 0; i < PEERS; i++)
            (void)close(peers[i]);
        serving_end(&s);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &all), 0);
    }
}
END_TEST

SUITE_MAIN("linger", 60, close_with_unread_input_loses_nothing_that_was_sent,
           input_that_comes_after_close_destroys_nothing, a_closed_runtime_lets_out_what_was_sent,
           a_runtime_waits_for_a_stalled_peer_for_two_seconds_and_for_nobody_else,
           a_send_that_is_pending_at_close_ends_in_a_reset_behind_what_was_sent,
           a_first_send_that_is_pending_at_close_is_reset_at_once,
           a_send_that_went_out_whole_is_not_cut_by_a_close_that_comes_early,
           a_late_send_poisons_the_stream_if_and_only_if_a_part_of_it_went_out,
           after_a_reset_no_receive_gives_an_orderly_end,
           what_comes_after_the_limit_of_a_receive_goes_in_front_of_the_next,
           the_peer_sees_the_end_at_close_whoever_waits_in_the_room, a_silent_peer_is_let_go_after_two_seconds,
           lingering_sockets_are_few_and_give_way_when_descriptors_are_short)
