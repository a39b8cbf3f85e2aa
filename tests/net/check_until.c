/* check_until.c - receiving something whole: up to a delimiter, a line, so many bytes, all; over TCP and TLS alike. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/clock.h"
#include "net/mark.h"
#include "net_test.h"

typedef struct protocol {
    kiwi_id (*send)(kiwi_net *, kiwi_id, const void *, size_t);
    kiwi_id (*recv)(kiwi_net *, kiwi_id, int64_t);
    kiwi_id (*until)(kiwi_net *, kiwi_id, const void *, size_t, int64_t);
    kiwi_id (*line)(kiwi_net *, kiwi_id, int64_t);
    kiwi_id (*exactly)(kiwi_net *, kiwi_id, int64_t);
    kiwi_id (*all)(kiwi_net *, kiwi_id, int64_t);
    void (*close)(kiwi_net *, kiwi_id);
    bool tls;
} protocol;

static const protocol protocols[] = {
    {kiwi_tcp_send, kiwi_tcp_recv, kiwi_tcp_recv_until, kiwi_tcp_recv_line, kiwi_tcp_recv_exactly, kiwi_tcp_recv_all,
     kiwi_tcp_close, false},
#if defined(HAVE_GNUTLS)
    {kiwi_tls_send, kiwi_tls_recv, kiwi_tls_recv_until, kiwi_tls_recv_line, kiwi_tls_recv_exactly, kiwi_tls_recv_all,
     kiwi_tls_close, true},
#endif
};

/* A connection, from its client to its server. */
typedef struct stream {
    const protocol *of;
    pair p;
} stream;

static stream stream_open(const kiwi_net_options *mode, const protocol *of)
{
    stream s = {.of = of};
    if (!of->tls) {
        s.p = pair_open(mode);
        return s;
    }
    kiwi_socket_info info;
    ck_assert_int_eq(setenv("XDG_STATE_HOME", "/nonexistent", 1), 0);
    ck_assert_int_eq(kiwi_net_open(mode, &s.p.net), 0);
    s.p.listener = await_int(s.p.net, kiwi_tls_listen(s.p.net, "127.0.0.1", 0, 128, NULL));
    ck_assert_int_eq(kiwi_socket_info_get(s.p.net, s.p.listener, &info), 0);
    kiwi_id accept = kiwi_tls_accept(s.p.net, s.p.listener);
    s.p.client = await_int(s.p.net, kiwi_tls_connect(s.p.net, "localhost", info.local_port, NULL, NULL));
    s.p.server = await_int(s.p.net, accept);
    return s;
}

static void stream_close(stream *s)
{
    kiwi_net_close(s->p.net);
}

#define FOR_STREAMS(s)                                                                                                 \
    FOR_MODES(mode)                                                                                                    \
    for (size_t kind_ = 0; kind_ < sizeof(protocols) / sizeof(protocols[0]); kind_++)                                  \
        for (stream s = stream_open(mode, &protocols[kind_]); s.of != NULL; stream_close(&s), s.of = NULL)

static void put_bytes(const stream *s, const void *data, size_t size)
{
    ck_assert_int_eq(await_int(s->p.net, s->of->send(s->p.net, s->p.client, data, size)), (int64_t)size);
}

static void put(const stream *s, const char *text)
{
    put_bytes(s, text, strlen(text));
}

static void hang_up(stream *s)
{
    s->of->close(s->p.net, s->p.client);
}

static kiwi_id until(const stream *s, const char *delimiter, int64_t max)
{
    return s->of->until(s->p.net, s->p.server, delimiter, strlen(delimiter), max);
}

static kiwi_id line(const stream *s, int64_t max)
{
    return s->of->line(s->p.net, s->p.server, max);
}

static kiwi_id exactly(const stream *s, int64_t size)
{
    return s->of->exactly(s->p.net, s->p.server, size);
}

static kiwi_id all(const stream *s, int64_t max)
{
    return s->of->all(s->p.net, s->p.server, max);
}

static kiwi_id some(const stream *s, int64_t max)
{
    return s->of->recv(s->p.net, s->p.server, max);
}

static void expect(const stream *s, kiwi_id id, const char *text)
{
    await_bytes(s->p.net, id, text);
}

static void expect_line(const stream *s, kiwi_id id, const char *text)
{
    kiwi_result r = await(s->p.net, id);
    ck_assert_msg(r.state == KIWI_TASK_COMPLETED, "%s", r.message);
    ck_assert_int_eq(r.kind, KIWI_RESULT_TEXT);
    ck_assert(r.size == strlen(text) && (r.size == 0 || memcmp(r.bytes, text, r.size) == 0));
    free(r.bytes);
}

static void expect_fault(const stream *s, kiwi_id id, kiwi_fault fault, const char *text)
{
    kiwi_result r = await(s->p.net, id);
    ck_assert_int_eq(r.fault, fault);
    ck_assert_str_eq(r.message, text);
}

static void expect_end(const stream *s)
{
    ck_assert_int_eq(await(s->p.net, line(s, 10)).kind, KIWI_RESULT_NONE);
    expect(s, some(s, 10), "");
    expect(s, all(s, 10), "");
    expect_fault(s, until(s, ";", 10), KIWI_FAULT_TRUNCATED, "truncated: the stream has ended before the delimiter");
    expect_fault(s, exactly(s, 1), KIWI_FAULT_TRUNCATED, "truncated: the stream has ended after 0 of 1 bytes");
}

START_TEST(what_is_left_over_comes_first_in_the_next_receive)
{
    FOR_STREAMS(s)
    {
        put(&s, "GET / HTTP/1.1\r\nHost: x\n\nkey=value;;abcdef\n\r\nrest");
        expect_line(&s, line(&s, 100), "GET / HTTP/1.1");
        expect_line(&s, line(&s, 100), "Host: x");
        expect_line(&s, line(&s, 100), "");
        expect(&s, until(&s, ";;", 100), "key=value");
        expect(&s, some(&s, 2), "ab");
        expect(&s, exactly(&s, 3), "cde");
        expect(&s, exactly(&s, 0), "");
        expect_line(&s, line(&s, 100), "f");
        expect_line(&s, line(&s, 100), "");
        hang_up(&s);
        expect(&s, all(&s, 100), "rest");
        expect_end(&s);
        ck_assert_uint_eq(kiwi_net_held(s.p.net), 0);
    }
}
END_TEST

START_TEST(they_are_served_in_the_order_of_the_calls_and_wait_for_all_of_it)
{
    FOR_STREAMS(s)
    {
        kiwi_result r;
        kiwi_id ids[] = {line(&s, 100), exactly(&s, 4), until(&s, "--end--", 100), some(&s, 9), all(&s, 100)};
        const char *pieces[] = {"on", "e\r", "\nfo", "ur2--", "-en--end", "--la", "st"};
        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
            put(&s, pieces[i]);
            (void)kiwi_task_await(s.p.net, ids[4], 2, &r); /* each comes alone, more often than not */
        }
        expect_line(&s, ids[0], "one");
        expect(&s, ids[1], "four");
        expect(&s, ids[2], "2---en");
        kiwi_result piece = await(s.p.net, ids[3]);
        hang_up(&s);
        r = await(s.p.net, ids[4]);
        ck_assert_uint_eq(piece.size + r.size, 4);
        free(piece.bytes);
        free(r.bytes);
    }
}
END_TEST

START_TEST(an_early_end_loses_nothing)
{
    FOR_STREAMS(s)
    {
        put(&s, "part");
        hang_up(&s);
        expect_fault(&s, line(&s, 100), KIWI_FAULT_TRUNCATED, "truncated: the stream has ended within a line");
        expect_fault(&s, until(&s, "t;", 100), KIWI_FAULT_TRUNCATED,
                     "truncated: the stream has ended before the delimiter");
        kiwi_result r = await(s.p.net, exactly(&s, 5));
        ck_assert_str_eq(r.message, "truncated: the stream has ended after 4 of 5 bytes");
        ck_assert_str_eq(kiwi_fault_kind(&r), "truncated");
        expect(&s, exactly(&s, 1), "p");
        expect(&s, until(&s, "r", 100), "a");
        expect(&s, all(&s, 100), "t");
        expect_end(&s);
    }
}
END_TEST

START_TEST(too_much_loses_nothing)
{
    FOR_STREAMS(s)
    {
        put(&s, "123456\r\n");
        kiwi_result r = await(s.p.net, line(&s, 5));
        ck_assert_str_eq(r.message, "too long: no end of the line within 5 bytes");
        ck_assert_str_eq(kiwi_fault_kind(&r), "too_long");
        expect_fault(&s, until(&s, "\r\n", 5), KIWI_FAULT_TOO_LONG, "too long: no delimiter within 5 bytes");
        expect_line(&s, line(&s, 6), "123456");
        put(&s, "123456\r\n");
        expect(&s, until(&s, "\r\n", 6), "123456");
        put(&s, "123456\r"); /* may be the end of a line of 6 */
        kiwi_id waits = line(&s, 6);
        ck_assert_int_eq(kiwi_task_await(s.p.net, waits, 20, &r), ETIMEDOUT);
        put(&s, "x\n");
        expect_fault(&s, waits, KIWI_FAULT_TOO_LONG, "too long: no end of the line within 6 bytes");
        expect_line(&s, line(&s, 8), "123456\rx");
        put(&s, "four");
        hang_up(&s);
        expect_fault(&s, all(&s, 3), KIWI_FAULT_TOO_LONG, "too long: the stream has more than 3 bytes");
        expect(&s, all(&s, 4), "four");
        expect_end(&s);
    }
}
END_TEST

START_TEST(a_peer_that_sends_no_delimiter_is_not_read_for_ever)
{
    enum { FLOOD = 4 << 20 };
    char *data = calloc(1, FLOOD);
    ck_assert_ptr_nonnull(data);
    FOR_STREAMS(s)
    {
        kiwi_id sent = s.of->send(s.p.net, s.p.client, data, FLOOD);
        expect_fault(&s, until(&s, "\n", 10000), KIWI_FAULT_TOO_LONG, "too long: no delimiter within 10000 bytes");
        ck_assert_uint_le(kiwi_net_held(s.p.net), FLOOD + (128 << 10)); /* of the sender, and some */
        kiwi_result r = await(s.p.net, exactly(&s, FLOOD));
        ck_assert_uint_eq(r.size, FLOOD);
        ck_assert_int_eq(memcmp(r.bytes, data, FLOOD), 0);
        free(r.bytes);
        (void)await_int(s.p.net, sent);
    }
    free(data);
}
END_TEST

/* Byte i of a long stream. */
static unsigned char byte_at(size_t i)
{
    return (unsigned char)(i * 7 % 251);
}

START_TEST(much_comes_through)
{
    enum { SIZE = 3 << 20 };
    unsigned char *data = malloc(SIZE + 4);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = byte_at(i);
    memcpy(data + SIZE, "\377end", 4);
    FOR_STREAMS(s)
    {
        kiwi_id ids[] = {exactly(&s, SIZE), until(&s, "\377end", SIZE + 3), until(&s, "\377end", SIZE), all(&s, SIZE)};
        for (size_t i = 0; i < 4; i++) {
            size_t size = i == 0 || i == 3 ? SIZE : SIZE + 4;
            put_bytes(&s, data, size);
            if (i == 3)
                hang_up(&s);
            kiwi_result r = await(s.p.net, ids[i]);
            ck_assert_msg(r.state == KIWI_TASK_COMPLETED, "%s", r.message);
            ck_assert_uint_eq(r.size, SIZE);
            ck_assert_int_eq(memcmp(r.bytes, data, SIZE), 0);
            free(r.bytes);
        }
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_socket_info_get(s.p.net, s.p.server, &info), 0);
        ck_assert_uint_eq(info.bytes_in, 4 * (size_t)SIZE + 8);
    }
    free(data);
}
END_TEST

START_TEST(limits_and_cancel_leave_what_has_come)
{
    FOR_STREAMS(s)
    {
        kiwi_id ids[4];
        put(&s, "some");
        for (int i = 0; i < 4; i++) {
            ids[i] = i == 0 ? line(&s, 9) : i == 1 ? until(&s, ";", 9) : i == 2 ? exactly(&s, 9) : all(&s, 9);
            kiwi_result r;
            ck_assert_int_eq(kiwi_task_await(s.p.net, ids[i], 10, &r), ETIMEDOUT); /* it has it by now */
            if (i % 2 == 0)
                ck_assert_int_eq(kiwi_task_cancel(s.p.net, ids[i]), 0);
            else
                ck_assert_int_eq(kiwi_task_timeout(s.p.net, ids[i], 10), 0);
            put(&s, "."); /* a thread inside a call comes back */
            expect_fault(&s, ids[i], i % 2 == 0 ? KIWI_FAULT_CANCELLED : KIWI_FAULT_TIMEOUT,
                         i % 2 == 0 ? "cancelled" : "timed out");
        }
        ck_assert_uint_ge(kiwi_net_memory(s.p.net), 4);
        expect(&s, exactly(&s, 8), "some....");
        ck_assert_int_eq(kiwi_socket_timeout(s.p.net, s.p.server, 20), 0);
        put(&s, "late");
        expect_fault(&s, line(&s, 9), KIWI_FAULT_TIMEOUT, "timed out");
        ck_assert_int_eq(kiwi_socket_timeout(s.p.net, s.p.server, 0), 0);
        put(&s, "r\n");
        expect_line(&s, line(&s, 9), "later");
        ck_assert_uint_eq(kiwi_net_held(s.p.net), 0);
    }
}
END_TEST

START_TEST(i4_closing_ends_each_of_them_at_once)
{
    FOR_STREAMS(s)
    {
        put(&s, "some");
        kiwi_id ids[] = {line(&s, 9), until(&s, ";", 9), exactly(&s, 9), all(&s, 9)};
        kiwi_result r;
        ck_assert_int_eq(kiwi_task_await(s.p.net, ids[0], 10, &r), ETIMEDOUT);
        s.of->close(s.p.net, s.p.server);
        for (int i = 0; i < 4; i++)
            expect_fault(&s, ids[i], KIWI_FAULT_CLOSED, "Socket closed");
        expect_fault(&s, line(&s, 9), KIWI_FAULT_INVALID, "Invalid socket");
        while (kiwi_net_held(s.p.net) > 0) /* a thread may still be inside */
            (void)poll(NULL, 0, 1);
    }
}
END_TEST

START_TEST(bad_arguments_are_faults)
{
    FOR_STREAMS(s)
    {
        static const char large[KN_MARK_MAX + 1];
        kiwi_net *net = s.p.net;
        kiwi_id to = s.p.server;
        expect_fault(&s, line(&s, 0), KIWI_FAULT_INVALID, "Invalid size 0: expected 1 to 2147483647.");
        expect_fault(&s, exactly(&s, -1), KIWI_FAULT_INVALID, "Invalid size -1: expected 0 to 2147483647.");
        expect_fault(&s, all(&s, INT64_MAX), KIWI_FAULT_INVALID,
                     "Invalid size 9223372036854775807: expected 1 to 2147483647.");
        expect_fault(&s, until(&s, ";", 0), KIWI_FAULT_INVALID, "Invalid size 0: expected 1 to 2147483647.");
        expect_fault(&s, until(&s, "", 9), KIWI_FAULT_INVALID, "Invalid delimiter of 0 bytes: expected 1 to 4096.");
        expect_fault(&s, s.of->until(net, to, large, sizeof(large), 9), KIWI_FAULT_INVALID,
                     "Invalid delimiter of 4097 bytes: expected 1 to 4096.");
        expect_fault(&s, s.of->until(net, to, NULL, 1, 9), KIWI_FAULT_INVALID, "Invalid delimiter: NULL.");
        expect_fault(&s, s.of->until(net, s.p.listener, ";", 1, 9), KIWI_FAULT_INVALID, "Invalid socket");
        put(&s, "fine\n");
        expect_line(&s, line(&s, INT32_MAX), "fine");
    }
}
END_TEST

static bool may_afford(void *data, size_t more)
{
    return more <= *(size_t *)data; /* changed while no receive has anything to do */
}

START_TEST(what_is_not_afforded_stays_with_the_system)
{
    FOR_MODES(mode)
    {
        size_t room = 1 << 20;
        kiwi_net_options poor = *mode;
        poor.afford = may_afford;
        poor.afford_data = &room;
        stream s = stream_open(&poor, &protocols[0]);
        put(&s, "line\n");
        room = 100;
        expect_fault(&s, line(&s, 1000), KIWI_FAULT_SYSTEM, "Memory limit reached: no room to receive 16384 bytes.");
        expect(&s, exactly(&s, 4), "line");
        room = 1 << 20;
        expect_line(&s, line(&s, 1000), "");
        hang_up(&s);
        room = 0;
        ck_assert_int_eq(await(s.p.net, line(&s, 10)).kind, KIWI_RESULT_NONE); /* takes no room */
        stream_close(&s);
    }
}
END_TEST

/* The delimiter is searched in time that grows with the bytes, however they come and however it repeats itself. */
START_TEST(each_byte_is_looked_at_once)
{
    enum { SIZE = 2000000, MARK = KN_MARK_MAX };
    unsigned char *data = malloc(SIZE), *mark = malloc(MARK);
    ck_assert(data != NULL && mark != NULL);
    memset(data, 'a', SIZE);
    memset(mark, 'a', MARK);
    mark[MARK - 1] = 'b';
    data[SIZE - 1] = 'b';
    kn_mark *m = kn_mark_new(mark, MARK);
    ck_assert_ptr_nonnull(m);
    int64_t start_us = kb_clock_us();
    size_t found = SIZE;
    for (size_t i = 0; i < SIZE && found == SIZE; i++) /* 16 ms; the naive way takes 4 s */
        found = kn_mark_find(m, data + i, 1) == 0 ? SIZE : i;
    ck_assert_uint_eq(found, SIZE - 1);
    const char *slow = getenv("CK_TIMEOUT_MULTIPLIER");
    ck_assert_int_lt(kb_clock_us() - start_us, 2 * KB_US_PER_S * (slow != NULL ? atoi(slow) : 1));
    free(m);
    free(data);
    free(mark);
}
END_TEST

START_TEST(a_delimiter_is_found_where_it_first_stands)
{
    static const char *const rows[][2] = {
        {"aab", "aaab"},      {"abab", "ababab"},           {"\r\n\r\n", "a\r\n\r\r\n\r\n\r\n"},
        {"--x", "----x"},     {"aabaaaab", "aabaaabaaaab"}, {"x", "abcx"},
        {"none", "nonnonon"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *text = rows[i][1], *there = strstr(text, rows[i][0]);
        size_t expected = there == NULL ? 0 : (size_t)(there - text) + strlen(rows[i][0]);
        for (size_t cut = 0; cut <= strlen(text); cut++) {
            kn_mark *m = kn_mark_new(rows[i][0], strlen(rows[i][0]));
            size_t found = kn_mark_find(m, (const unsigned char *)text, cut);
            if (found == 0) {
                found = kn_mark_find(m, (const unsigned char *)text + cut, strlen(text) - cut);
                found += found > 0 ? cut : 0;
            }
            ck_assert_uint_eq(found, expected);
            free(m);
        }
    }
}
END_TEST

SUITE_MAIN("until", 90, what_is_left_over_comes_first_in_the_next_receive,
           they_are_served_in_the_order_of_the_calls_and_wait_for_all_of_it, an_early_end_loses_nothing,
           too_much_loses_nothing, a_peer_that_sends_no_delimiter_is_not_read_for_ever, much_comes_through,
           limits_and_cancel_leave_what_has_come, i4_closing_ends_each_of_them_at_once, bad_arguments_are_faults,
           what_is_not_afforded_stays_with_the_system, each_byte_is_looked_at_once,
           a_delimiter_is_found_where_it_first_stands)
