/* check_afford.c - memory that the caller of the runtime does not afford: what needs none goes on, the rest is refused
 * before it has begun. */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "net_test.h"

enum {
    PLENTY = 1 << 20,
    NOTHING = 0, /* what there is may stay */
    BEYOND = -1, /* the limit is passed already */
};

static bool may_afford(void *data, size_t more)
{
    int room = atomic_load((atomic_int *)data);
    return room >= 0 && more <= (size_t)room;
}

/* A runtime that may take as much as *room says, plenty at first. */
static kiwi_net_options poor_options(const kiwi_net_options *mode, atomic_int *room)
{
    kiwi_net_options poor = *mode;
    atomic_init(room, PLENTY);
    poor.afford = may_afford;
    poor.afford_data = room;
    return poor;
}

static pair poor_pair(const kiwi_net_options *mode, atomic_int *room)
{
    kiwi_net_options poor = poor_options(mode, room);
    return pair_open(&poor);
}

/* The task faults, and says that it was for want of room. */
static void await_no_room(kiwi_net *net, kiwi_id id, const char *text)
{
    kiwi_result r = await(net, id);
    ck_assert(r.fault == KIWI_FAULT_SYSTEM && r.sys == ENOMEM);
    ck_assert_str_eq(r.message, text);
}

START_TEST(what_is_not_afforded_is_refused_and_stays_where_it_is)
{
    FOR_MODES(mode)
    {
        atomic_int room;
        pair p = poor_pair(mode, &room);
        ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, "stays", 5)), 5);
        atomic_store(&room, 100);
        kiwi_result r = await(p.net, kiwi_tcp_recv(p.net, p.server, 1000));
        ck_assert(r.fault == KIWI_FAULT_SYSTEM && r.sys == ENOMEM);
        ck_assert_ptr_nonnull(strstr(r.message, "Memory limit"));
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 100), "stays");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_send_that_is_not_afforded_sends_nothing)
{
    FOR_MODES(mode)
    {
        atomic_int room;
        pair p = poor_pair(mode, &room);
        kiwi_socket_info info;
        atomic_store(&room, 4);
        await_no_room(p.net, kiwi_tcp_send(p.net, p.client, "hello", 5),
                      "Memory limit reached: no room to send 5 bytes.");
        ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, "four", 4)), 4);
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.client, &info), 0);
        ck_assert_uint_eq(info.bytes_out, 4);
        atomic_store(&room, PLENTY);
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 100), "four");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_receive_without_room_waits_until_there_is_something)
{
    FOR_MODES(mode)
    {
        atomic_int room;
        pair p = poor_pair(mode, &room);
        kiwi_result r;
        atomic_store(&room, NOTHING);
        kiwi_id waits = kiwi_tcp_recv(p.net, p.server, 100);
        ck_assert_int_eq(kiwi_task_await(p.net, waits, 20, &r), ETIMEDOUT);
        atomic_store(&room, PLENTY);
        ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, "one", 3)), 3);
        await_bytes(p.net, waits, "one");
        atomic_store(&room, NOTHING);
        waits = kiwi_tcp_recv(p.net, p.server, 100);
        ck_assert_int_eq(kiwi_task_await(p.net, waits, 20, &r), ETIMEDOUT);
        kiwi_tcp_close(p.net, p.client); /* the end of the stream takes no room */
        await_bytes(p.net, waits, "");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_receive_that_expects_much_makes_do_with_less)
{
    enum { SIZE = 200000 };
    char *data = calloc(1, SIZE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        atomic_int room;
        pair p = poor_pair(mode, &room);
        kiwi_id sent = kiwi_tcp_send(p.net, p.client, data, SIZE);
        for (size_t got = 0; got < SIZE;) {
            atomic_store(&room, got < SIZE / 2 ? PLENTY : 20000);
            kiwi_result r = await(p.net, kiwi_tcp_recv(p.net, p.server, SIZE));
            ck_assert_msg(r.state == KIWI_TASK_COMPLETED, "%s", r.message);
            got += r.size;
            free(r.bytes);
        }
        ck_assert_int_eq(await_int(p.net, sent), SIZE);
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

START_TEST(datagrams_are_counted_and_refused_alike)
{
    FOR_MODES(mode)
    {
        atomic_int room;
        kiwi_net_options poor = poor_options(mode, &room);
        kiwi_net *net;
        kiwi_socket_info info;
        kiwi_id from;
        kiwi_result r;
        ck_assert_int_eq(kiwi_net_open(&poor, &net), 0);
        kiwi_id to = await_int(net, kiwi_udp_bind(net, "127.0.0.1", 0));
        ck_assert_int_eq(kiwi_udp_open(net, &from, NULL), 0);
        ck_assert_int_eq(kiwi_socket_info_get(net, to, &info), 0);
        atomic_store(&room, 4);
        await_no_room(net, kiwi_udp_send(net, from, "127.0.0.1", info.local_port, "hello", 5),
                      "Memory limit reached: no room to send 5 bytes.");
        kiwi_id waits = kiwi_udp_recv(net, to, 0);
        ck_assert_int_eq(kiwi_task_await(net, waits, 20, &r), ETIMEDOUT);
        ck_assert_int_eq(await_int(net, kiwi_udp_send(net, from, "127.0.0.1", info.local_port, "four", 4)), 4);
        await_no_room(net, waits, "Memory limit reached: no room to receive 65535 bytes.");
        atomic_store(&room, PLENTY);
        r = await(net, kiwi_udp_recv(net, to, 0));
        ck_assert_int_eq(r.kind, KIWI_RESULT_DATAGRAM);
        ck_assert_uint_eq(r.size, 4);
        ck_assert_int_eq(memcmp(r.bytes, "four", 4), 0);
        free(r.bytes);
        ck_assert_uint_eq(kiwi_net_held(net), 0);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(beyond_the_limit_no_receive_begins)
{
    FOR_MODES(mode)
    {
        atomic_int room;
        pair p = poor_pair(mode, &room);
        kiwi_result r;
        kiwi_id from, first = kiwi_tcp_recv_message(p.net, p.server, 3);
        ck_assert_int_eq(kiwi_udp_open(p.net, &from, NULL), 0);
        ck_assert_int_eq(kiwi_task_await(p.net, first, 20, &r), ETIMEDOUT);
        atomic_store(&room, BEYOND); /* what is submitted now does not even wait behind the first one */
        await_no_room(p.net, kiwi_tcp_recv(p.net, p.server, 100),
                      "Memory limit reached: no room to receive 100 bytes.");
        await_no_room(p.net, kiwi_tcp_recv_message(p.net, p.server, 100),
                      "Memory limit reached: no room to receive 100 bytes.");
        await_no_room(p.net, kiwi_tcp_recv_message(p.net, p.server, INT32_MAX),
                      "Memory limit reached: no room to receive 16384 bytes.");
        await_no_room(p.net, kiwi_udp_recv(p.net, from, 0), "Memory limit reached: no room to receive 65535 bytes.");
        atomic_store(&room, PLENTY);
        ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, "\0\0\0\3one", 7)), 7);
        await_bytes(p.net, first, "one");
        ck_assert_uint_eq(kiwi_net_held(p.net), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(what_is_pending_counts)
{
    enum { COUNT = 1000, LEAST = 100 };
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id ids[COUNT];
        size_t before = kiwi_net_memory(p.net);
        for (size_t i = 0; i < COUNT; i++)
            ids[i] = kiwi_tcp_recv(p.net, p.server, 1);
        ck_assert_uint_gt(kiwi_net_memory(p.net), before + COUNT * LEAST);
        kiwi_tcp_close(p.net, p.server);
        for (size_t i = 0; i < COUNT; i++)
            await_fault(p.net, ids[i], "Socket closed");
        ck_assert_uint_le(kiwi_net_memory(p.net), before + LEAST * LEAST);
        ck_assert_uint_eq(kiwi_net_held(p.net), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

SUITE_MAIN("afford", 60, what_is_not_afforded_is_refused_and_stays_where_it_is,
           a_send_that_is_not_afforded_sends_nothing, a_receive_without_room_waits_until_there_is_something,
           a_receive_that_expects_much_makes_do_with_less, datagrams_are_counted_and_refused_alike,
           beyond_the_limit_no_receive_begins, what_is_pending_counts)
