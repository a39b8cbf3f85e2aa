/* check_net.c - TCP through the public interface: what each operation does, and what misuse
 * gets. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_test.h"

START_TEST(bytes_go_both_ways_in_order)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        for (int i = 0; i < 200; i++) {
            kiwi_id got = kiwi_tcp_recv(p.net, p.server, 100);
            ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, "ping", 4)), 4);
            await_bytes(p.net, got, "ping");
            ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.server, "pong!", 5)), 5);
            await_bytes(p.net, kiwi_tcp_recv(p.net, p.client, 100), "pong!");
        }
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(pending_receives_are_served_in_order_each_with_its_limit)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id first = kiwi_tcp_recv(p.net, p.server, 2), second = kiwi_tcp_recv(p.net, p.server, 2);
        kiwi_id third = kiwi_tcp_recv(p.net, p.server, 2);
        ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, "abcd", 4)), 4);
        await_bytes(p.net, second, "cd");
        await_bytes(p.net, first, "ab");
        ck_assert_int_eq(kiwi_task_status(p.net, third), KIWI_TASK_RUNNING);
        kiwi_tcp_close(p.net, p.client);
        await_bytes(p.net, third, "");
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 2), "");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_short_read_before_the_end_is_followed_by_the_end)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        for (int i = 0; i < 50; i++) { /* register the descriptors, drain, then data and FIN at once */
            kiwi_id pending = kiwi_tcp_recv(p.net, p.server, 100);
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "x", 1));
            await_bytes(p.net, pending, "x");
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "yz", 2));
            kiwi_tcp_close(p.net, p.client);
            await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 100), "yz");
            await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 100), "");
            kiwi_tcp_close(p.net, p.server);
            connect_pair(&p);
        }
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(large_sends_arrive_whole_and_unmixed)
{
    enum { SIZE = 3000000, SENDS = 3 };
    unsigned char *data = malloc(SIZE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id sends[SENDS];
        for (int i = 0; i < SENDS; i++) {
            memset(data, 'a' + i, SIZE);
            sends[i] = kiwi_tcp_send(p.net, p.client, data, SIZE);
        }
        memset(data, 0, SIZE); /* the runtime has copied what it had not sent */
        size_t total = 0;
        while (total < (size_t)SIZE * SENDS) {
            kiwi_result r = await(p.net, kiwi_tcp_recv(p.net, p.server, INT32_MAX));
            ck_assert_int_eq(r.state, KIWI_TASK_COMPLETED);
            ck_assert_uint_gt(r.size, 0);
            size_t wrong = 0;
            for (size_t i = 0; i < r.size; i++)
                wrong += r.bytes[i] != 'a' + (total + i) / SIZE;
            ck_assert_uint_eq(wrong, 0);
            total += r.size;
            free(r.bytes);
        }
        for (int i = 0; i < SENDS; i++)
            ck_assert_int_eq(await_int(p.net, sends[i]), SIZE);
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

START_TEST(empty_sends_complete_with_zero)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, "", 0)), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_half_closed_peer_still_receives)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        ck_assert_int_eq(await(p.net, kiwi_socket_shutdown(p.net, p.client)).state, KIWI_TASK_COMPLETED);
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 9), "");
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.server, "still", 5));
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.client, 9), "still");
        await_fault(p.net, kiwi_tcp_send(p.net, p.client, "x", 1), "Broken pipe");
        kiwi_net_close(p.net);
    }
}
END_TEST

/* A plain socket, connected to `port`. */
static int raw_connect(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    return fd;
}

START_TEST(a_reset_faults_the_pending_receive)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        int fd = raw_connect(p.port);
        kiwi_id server = await_int(p.net, kiwi_tcp_accept(p.net, p.listener));
        kiwi_id pending = kiwi_tcp_recv(p.net, server, 10);
        struct linger hard = {.l_onoff = 1};
        ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
        ck_assert_int_eq(close(fd), 0);
        await_fault(p.net, pending, "Connection reset by peer");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(accepts_get_connections_in_order_and_early_ones_keep_their_bytes)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        int early = raw_connect(p.port);
        ck_assert_int_eq(send(early, "early", 5, 0), 5);
        int late = raw_connect(p.port);
        ck_assert_int_eq(send(late, "late", 4, 0), 4);
        kiwi_id first = kiwi_tcp_accept(p.net, p.listener), second = kiwi_tcp_accept(p.net, p.listener);
        kiwi_id b = await_int(p.net, second), a = await_int(p.net, first);
        await_bytes(p.net, kiwi_tcp_recv(p.net, a, 9), "early");
        await_bytes(p.net, kiwi_tcp_recv(p.net, b, 9), "late");
        (void)close(early);
        (void)close(late);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_refused_connect_says_so)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        char text[128];
        kiwi_tcp_close(p.net, p.listener);
        kiwi_result r = await(p.net, kiwi_tcp_connect(p.net, "127.0.0.1", p.port, 0));
        (void)snprintf(text, sizeof(text), "Cannot connect to 127.0.0.1:%d: Connection refused", p.port);
        ck_assert_int_eq(r.fault, KIWI_FAULT_SYSTEM);
        ck_assert_int_eq(r.sys, ECONNREFUSED);
        ck_assert_str_eq(r.message, text);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_port_in_use_is_refused_and_free_after_close)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        char text[128];
        kiwi_id pending = kiwi_tcp_accept(p.net, p.listener);
        (void)snprintf(text, sizeof(text), "Cannot listen on 127.0.0.1:%d: Address already in use", p.port);
        await_fault(p.net, kiwi_tcp_listen(p.net, "127.0.0.1", p.port, 1), text);
        kiwi_tcp_close(p.net, p.listener);
        (void)await_int(p.net, kiwi_tcp_listen(p.net, "127.0.0.1", p.port, 1));
        await_fault(p.net, pending, "Socket closed");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(all_addresses_and_names_can_be_bound)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        const char *const hosts[] = {"", "localhost", "0.0.0.0"};
        for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
            kiwi_id listener = await_int(net, kiwi_tcp_listen(net, hosts[i], 0, -3));
            ck_assert_int_eq(kiwi_socket_info_get(net, listener, &info), 0);
            kiwi_id accept = kiwi_tcp_accept(net, listener);
            (void)await_int(net, kiwi_tcp_connect(net, "localhost", info.local_port, 0));
            kiwi_id server = await_int(net, accept);
            ck_assert_int_eq(kiwi_socket_info_get(net, server, &info), 0);
            ck_assert_int_gt(info.peer_port, 0);
            ck_assert(info.peer_host[0] != '\0');
            kiwi_tcp_close(net, listener);
        }
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(misuse_gives_faulted_tasks)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        await_fault(p.net, kiwi_tcp_recv(p.net, 9999, 1), "Invalid socket");
        await_fault(p.net, kiwi_tcp_recv(p.net, -9999, 1), "Invalid socket");
        await_fault(p.net, kiwi_tcp_send(p.net, p.listener, "x", 1), "Invalid socket");
        await_fault(p.net, kiwi_tcp_accept(p.net, p.client), "Invalid server socket");
        await_fault(p.net, kiwi_tls_recv(p.net, p.client, 1), "Invalid socket");
        await_fault(p.net, kiwi_tls_accept(p.net, p.listener), "Invalid server socket");
        await_fault(p.net, kiwi_socket_shutdown(p.net, p.listener), "Invalid socket");
        const int64_t sizes[] = {0, -1, INT64_C(2147483648), INT64_MIN};
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            char value[32];
            kiwi_result r = await(p.net, kiwi_tcp_recv(p.net, p.server, sizes[i]));
            (void)snprintf(value, sizeof(value), " %lld:", (long long)sizes[i]);
            ck_assert_int_eq(r.fault, KIWI_FAULT_INVALID);
            ck_assert_ptr_nonnull(strstr(r.message, value));
        }
        ck_assert_int_eq(await(p.net, kiwi_tcp_connect(p.net, "127.0.0.1", 0, 0)).fault, KIWI_FAULT_INVALID);
        await_fault(p.net, kiwi_tcp_listen(p.net, "127.0.0.1", 70000, 1), "Invalid port 70000: expected 0 to 65535.");
        kiwi_tls_close(p.net, p.client); /* not a TLS socket: nothing happens */
        kiwi_tcp_close(p.net, 12345);
        kiwi_tcp_close(p.net, -1);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "ok", 2));
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 5), "ok");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(info_counts_bytes_and_names_both_ends)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_socket_info info;
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "12345", 5));
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 3), "123");
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.client, &info), 0);
        ck_assert(info.bytes_out == 5 && info.bytes_in == 0 && !info.listener && !info.tls);
        ck_assert_int_eq(info.peer_port, p.port);
        ck_assert_str_eq(info.peer_host, "127.0.0.1");
        ck_assert_int_eq(kiwi_socket_info_get(p.net, p.server, &info), 0);
        ck_assert(info.bytes_in == 3);
        ck_assert_int_eq(info.local_port, p.port);
        ck_assert_int_eq(kiwi_socket_info_get(p.net, 4711, &info), ENOENT);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_timeout_faults_pending_and_later_operations)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id pending = kiwi_tcp_recv(p.net, p.server, 5), queued = kiwi_tcp_recv(p.net, p.server, 5);
        kiwi_id accept = kiwi_tcp_accept(p.net, p.listener);
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.server, 30), 0);
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.listener, 30), 0);
        await_fault(p.net, queued, "timed out");
        await_fault(p.net, pending, "timed out");
        await_fault(p.net, accept, "timed out");
        await_fault(p.net, kiwi_tcp_recv(p.net, p.server, 5), "timed out");
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.server, 0), 0);
        kiwi_id late = kiwi_tcp_recv(p.net, p.server, 5);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "alive", 5));
        await_bytes(p.net, late, "alive");
        ck_assert_int_eq(kiwi_socket_timeout(p.net, 4711, 5), ENOENT);
        connect_pair(&p); /* the listener survives, too */
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(an_unanswered_connect_times_out)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        /* A full backlog answers no further SYN on Linux; elsewhere the connect may be refused. */
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        struct sockaddr_in addr = {.sin_family = AF_INET};
        socklen_t size = sizeof(addr);
        addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
        ck_assert_int_eq(listen(fd, 0), 0);
        ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &size), 0);
        kiwi_id ids[4];
        int timed_out = 0;
        for (int i = 0; i < 4; i++)
            ids[i] = kiwi_tcp_connect(net, "127.0.0.1", ntohs(addr.sin_port), 100);
        for (int i = 0; i < 4; i++) {
            kiwi_result r = await(net, ids[i]);
            timed_out += r.fault == KIWI_FAULT_TIMEOUT && strstr(r.message, "Connection timed out");
        }
        ck_assert_int_gt(timed_out, 0);
        (void)close(fd);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(options_out_of_range_are_refused)
{
    kiwi_net *net;
    kiwi_net_options bad = {.workers = -1};
    ck_assert_int_eq(kiwi_net_open(&bad, &net), EINVAL);
    bad.workers = 1000000;
    ck_assert_int_eq(kiwi_net_open(&bad, &net), EINVAL);
    ck_assert_int_eq(setenv("KIWI_NET_ROOM", "attic", 1), 0);
    ck_assert_int_eq(kiwi_net_open(NULL, &net), EINVAL);
    ck_assert_ptr_null(net);
    ck_assert_int_eq(setenv("KIWI_NET_ROOM", "epoll", 1), 0);
    ck_assert_int_eq(kiwi_net_open(NULL, &net), HAS_EPOLL ? 0 : EINVAL);
    kiwi_net_close(net);
    ck_assert_int_eq(setenv("KIWI_NET_ROOM", "poll", 1), 0);
    ck_assert_int_eq(kiwi_net_open(NULL, &net), 0);
    kiwi_net_close(net);
    kiwi_net_close(NULL);
}
END_TEST

START_TEST(a_pointer_that_is_missing_is_an_error_not_a_crash)
{
    pair p = pair_open(&test_modes[0]);
    kiwi_id id, *ids = NULL;
    size_t count;
    ck_assert_int_eq(kiwi_net_open(NULL, NULL), EINVAL);
    await_fault(p.net, kiwi_tcp_listen(p.net, NULL, 0, 1), "Invalid host: NULL.");
    await_fault(p.net, kiwi_tls_listen(p.net, NULL, 0, 1, NULL), "Invalid host: NULL.");
    await_fault(p.net, kiwi_tcp_connect(p.net, NULL, 80, 0), "Invalid host: NULL.");
    await_fault(p.net, kiwi_tls_connect(p.net, NULL, 80, NULL, NULL), "Invalid host: NULL.");
    await_fault(p.net, kiwi_udp_bind(p.net, NULL, 0), "Invalid host: NULL.");
    await_fault(p.net, kiwi_tcp_send(p.net, p.client, NULL, 1), "Invalid data: NULL.");
    await_fault(p.net, kiwi_tls_send(p.net, p.client, NULL, 1), "Invalid data: NULL.");
    await_fault(p.net, kiwi_tcp_send_lent(p.net, p.client, NULL, 1, NULL, NULL), "Invalid data: NULL.");
    ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, NULL, 0)), 0);
    ck_assert_int_eq(kiwi_udp_open(p.net, NULL, NULL), EINVAL);
    ck_assert_int_eq(kiwi_udp_open(p.net, &id, NULL), 0);
    await_fault(p.net, kiwi_udp_send(p.net, id, NULL, 80, "x", 1), "Invalid host: NULL.");
    await_fault(p.net, kiwi_udp_send(p.net, id, "127.0.0.1", 80, NULL, 1), "Invalid data: NULL.");
    ck_assert_int_eq(kiwi_task_await(p.net, id, 0, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_peek(p.net, id, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_watch(p.net, id, NULL, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_next(p.net, 0, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_list(p.net, NULL, &count, &count), EINVAL);
    ck_assert_int_eq(kiwi_task_list(p.net, &ids, NULL, &count), EINVAL);
    ck_assert_int_eq(kiwi_socket_info_get(p.net, id, NULL), EINVAL);
    kiwi_id own = kiwi_task_open(p.net);
    ck_assert_int_eq(kiwi_task_fault(p.net, own, NULL), 0);
    await_fault(p.net, own, "");
    ck_assert_int_lt(id = kiwi_tls_failed(p.net, NULL), 0);
    ck_assert_int_eq(kiwi_tls_error(p.net, id, NULL), 0);
    kiwi_net_close(p.net);
    kiwi_net_close(NULL);
}
END_TEST

SUITE_MAIN("net", 60, bytes_go_both_ways_in_order, pending_receives_are_served_in_order_each_with_its_limit,
           a_short_read_before_the_end_is_followed_by_the_end, large_sends_arrive_whole_and_unmixed,
           empty_sends_complete_with_zero, a_half_closed_peer_still_receives, a_reset_faults_the_pending_receive,
           accepts_get_connections_in_order_and_early_ones_keep_their_bytes, a_refused_connect_says_so,
           a_port_in_use_is_refused_and_free_after_close, all_addresses_and_names_can_be_bound,
           misuse_gives_faulted_tasks, info_counts_bytes_and_names_both_ends,
           a_timeout_faults_pending_and_later_operations, an_unanswered_connect_times_out,
           options_out_of_range_are_refused, a_pointer_that_is_missing_is_an_error_not_a_crash)
