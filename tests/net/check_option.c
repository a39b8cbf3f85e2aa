/* check_option.c - options of sockets: what the system has of them, on connections of every sort. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/state.h"
#include "net/wake.h"
#include "net_test.h"

static int fd_of(kiwi_net *net, kiwi_id id)
{
    kn_lock(net); /* workers may be entering others */
    const kn_entry *entry = kb_map_get(&net->table, id);
    int fd = entry != NULL && entry->is_socket ? ((const kn_sock *)(const void *)entry)->fd : -1;
    kn_wake_unlock(net);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* What the system has. */
static int value_of(kiwi_net *net, kiwi_id id, int level, int number)
{
    int value = -1;
    socklen_t size = sizeof(value);
    ck_assert_int_eq(getsockopt(fd_of(net, id), level, number, &value, &size), 0);
    return value;
}

static kiwi_socket_options with(kiwi_socket_option option, int value)
{
    kiwi_socket_options options = {.given = 1u << option};
    options.value[option] = value;
    return options;
}

static int set(const pair *p, kiwi_id id, kiwi_socket_option option, int value, kiwi_result *why)
{
    const kiwi_socket_options options = with(option, value);
    return kiwi_socket_set(p->net, id, &options, why);
}

START_TEST(an_open_connection_takes_each_of_its_options)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_result why;
        ck_assert_int_ne(value_of(p.net, p.server, IPPROTO_TCP, TCP_NODELAY), 0);
        ck_assert_int_eq(set(&p, p.server, KIWI_SOCKET_NODELAY, 0, &why), 0);
        ck_assert_int_eq(why.state, KIWI_TASK_COMPLETED);
        ck_assert_int_eq(value_of(p.net, p.server, IPPROTO_TCP, TCP_NODELAY), 0);
        ck_assert_int_eq(set(&p, p.server, KIWI_SOCKET_KEEPALIVE, 0, NULL), 0);
        ck_assert_int_eq(value_of(p.net, p.server, SOL_SOCKET, SO_KEEPALIVE), 0);
        ck_assert_int_eq(set(&p, p.server, KIWI_SOCKET_KEEPALIVE, 1, NULL), 0);
        ck_assert_int_ne(value_of(p.net, p.server, SOL_SOCKET, SO_KEEPALIVE), 0);

        kiwi_id got = kiwi_tcp_recv(p.net, p.client, 10); /* a thread may be inside the call */
        kiwi_net_flush(p.net);
        kiwi_socket_options both = {.given = 1u << KIWI_SOCKET_RCVBUF | 1u << KIWI_SOCKET_SNDBUF};
        both.value[KIWI_SOCKET_RCVBUF] = 20000;
        both.value[KIWI_SOCKET_SNDBUF] = 30000;
        ck_assert_int_eq(kiwi_socket_set(p.net, p.client, &both, NULL), 0);
        int received = value_of(p.net, p.client, SOL_SOCKET, SO_RCVBUF),
            sent = value_of(p.net, p.client, SOL_SOCKET, SO_SNDBUF);
        ck_assert(received == 20000 || received == 40000); /* Linux counts its own part */
        ck_assert(sent == 30000 || sent == 60000);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.server, "x", 1));
        await_bytes(p.net, got, "x");
        kiwi_net_close(p.net);
    }
}
END_TEST

static void expect_keepalive(kiwi_net *net, kiwi_id id)
{
    ck_assert_int_ne(value_of(net, id, SOL_SOCKET, SO_KEEPALIVE), 0);
#if defined(TCP_KEEPIDLE)
    ck_assert_int_eq(value_of(net, id, IPPROTO_TCP, TCP_KEEPIDLE), 60);
#endif
#if defined(TCP_KEEPINTVL) && defined(TCP_KEEPCNT)
    ck_assert_int_eq(value_of(net, id, IPPROTO_TCP, TCP_KEEPINTVL), 10);
    ck_assert_int_eq(value_of(net, id, IPPROTO_TCP, TCP_KEEPCNT), 6);
#endif
}

/* Until it has been told how long the peer may be silent, 5 s at most. */
static void await_keepalive(kiwi_net *net, kiwi_id id)
{
#if defined(TCP_KEEPCNT)
    for (int i = 0; i < 5000 && value_of(net, id, IPPROTO_TCP, TCP_KEEPCNT) != 6; i++)
        (void)poll(NULL, 0, 1);
#endif
    expect_keepalive(net, id);
}

START_TEST(whoever_waits_notices_that_the_peer_has_vanished)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        expect_keepalive(p.net, p.server);
        ck_assert_int_ne(value_of(p.net, p.client, SOL_SOCKET, SO_KEEPALIVE), 0);
        (void)kiwi_tcp_recv(p.net, p.client, 10);
        kiwi_net_flush(p.net);
        await_keepalive(p.net, p.client);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(what_cannot_be_set_says_why)
{
    pair p = pair_open(test_modes);
    kiwi_result why;
    ck_assert_int_eq(set(&p, p.listener, KIWI_SOCKET_RCVBUF, 5000, &why), ENOENT);
    ck_assert_str_eq(why.message, "Invalid socket");
    ck_assert_int_eq(set(&p, 999999, KIWI_SOCKET_LINGER, 1, NULL), ENOENT);
    ck_assert_int_eq(set(&p, p.client, KIWI_SOCKET_LINGER, -1, &why), EINVAL);
    ck_assert_int_eq(why.state, KIWI_TASK_FAULTED);
    ck_assert_str_eq(why.message, "Cannot set option 'linger': Invalid argument");
    ck_assert_int_eq(kiwi_socket_set(p.net, p.client, NULL, &why), 0);
    kiwi_tcp_close(p.net, p.client);
    ck_assert_int_eq(set(&p, p.client, KIWI_SOCKET_NODELAY, 1, NULL), ENOENT);
    kiwi_net_close(p.net);
}
END_TEST

START_TEST(what_the_system_refuses_is_named)
{
    char path[] = "/tmp/kiwi-option-XXXXXX", expected[] = "Cannot set option 'nodelay': ";
    kiwi_result why;
    pair p = {0};
    ck_assert_int_eq(kiwi_net_open(test_modes, &p.net), 0);
    int file = mkstemp(path);
    (void)close(file);
    (void)unlink(path);
    p.listener = await_int(p.net, kiwi_unix_listen(p.net, path, 8, -1));
    p.client = await_int(p.net, kiwi_unix_connect(p.net, path, 0));
    int error = set(&p, p.client, KIWI_SOCKET_NODELAY, 1, &why);
    ck_assert(error != 0 && why.sys == error && why.fault == KIWI_FAULT_SYSTEM);
    ck_assert_int_eq(strncmp(why.message, expected, sizeof(expected) - 1), 0);
    ck_assert_int_eq(set(&p, p.client, KIWI_SOCKET_SNDBUF, 5000, NULL), 0);
    kiwi_net_close(p.net);
}
END_TEST

/* ---- Listening and connecting -------------------------------------------------------------------- */

static int port_of(kiwi_net *net, kiwi_id id)
{
    kiwi_socket_info info;
    ck_assert_int_eq(kiwi_socket_info_get(net, id, &info), 0);
    return info.local_port;
}

START_TEST(what_a_listener_is_given_its_connections_have)
{
    FOR_MODES(mode)
    {
        pair p = {0};
        kiwi_socket_options options = {.given = 1u << KIWI_SOCKET_NODELAY | 1u << KIWI_SOCKET_KEEPALIVE |
                                                1u << KIWI_SOCKET_RCVBUF | 1u << KIWI_SOCKET_LINGER};
        options.value[KIWI_SOCKET_RCVBUF] = 20000; /* the others are 0 */
        ck_assert_int_eq(kiwi_net_open(mode, &p.net), 0);
        p.listener = await_int(p.net, kiwi_tcp_listen_with(p.net, "127.0.0.1", 0, 8, &options));
        p.port = port_of(p.net, p.listener);
        connect_pair(&p);
        ck_assert_int_eq(value_of(p.net, p.server, IPPROTO_TCP, TCP_NODELAY), 0);
        ck_assert_int_eq(value_of(p.net, p.server, SOL_SOCKET, SO_KEEPALIVE), 0);
        ck_assert_int_le(value_of(p.net, p.server, SOL_SOCKET, SO_RCVBUF), 40000);
        ck_assert_int_ne(value_of(p.net, p.client, IPPROTO_TCP, TCP_NODELAY), 0);
        kiwi_tcp_close(p.net, p.server);
        kiwi_result r = await(p.net, kiwi_tcp_recv(p.net, p.client, 10));
        ck_assert(r.fault == KIWI_FAULT_SYSTEM && r.sys == ECONNRESET);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(listeners_share_a_port_if_all_say_so)
{
    pair p = {0};
    char text[64];
    const kiwi_socket_options shared = with(KIWI_SOCKET_REUSE_PORT, 1);
    ck_assert_int_eq(kiwi_net_open(test_modes, &p.net), 0);
    p.listener = await_int(p.net, kiwi_tcp_listen_with(p.net, "127.0.0.1", 0, 8, &shared));
    p.port = port_of(p.net, p.listener);
    (void)await_int(p.net, kiwi_tcp_listen_with(p.net, "127.0.0.1", p.port, 8, &shared));
    (void)snprintf(text, sizeof(text), "Cannot listen on 127.0.0.1:%d: Address already in use", p.port);
    await_fault(p.net, kiwi_tcp_listen(p.net, "127.0.0.1", p.port, 8), text);
    kiwi_net_close(p.net);
}
END_TEST

START_TEST(ipv6_only_leaves_ipv4_to_others)
{
    pair p = {0};
    const kiwi_socket_options only = with(KIWI_SOCKET_IPV6_ONLY, 1);
    ck_assert_int_eq(kiwi_net_open(test_modes, &p.net), 0);
    kiwi_result r = await(p.net, kiwi_tcp_listen_with(p.net, "", 0, 8, &only));
    if (r.state == KIWI_TASK_COMPLETED) { /* else there is no IPv6 here */
        p.port = port_of(p.net, r.integer);
        (void)await_int(p.net, kiwi_tcp_listen(p.net, "0.0.0.0", p.port, 8));
        ck_assert_int_ne(value_of(p.net, r.integer, IPPROTO_IPV6, IPV6_V6ONLY), 0);
    }
    await_fault(p.net, kiwi_tcp_listen_with(p.net, "127.0.0.1", 0, 8, &only),
                "Cannot listen on 127.0.0.1:0: Cannot assign requested address");
    kiwi_net_close(p.net);
}
END_TEST

START_TEST(a_listener_names_the_option_that_cannot_be)
{
    pair p = {0};
    const kiwi_socket_options bad = with(KIWI_SOCKET_SNDBUF, -1);
    ck_assert_int_eq(kiwi_net_open(test_modes, &p.net), 0);
    await_fault(p.net, kiwi_tcp_listen_with(p.net, "127.0.0.1", 0, 8, &bad),
                "Cannot listen on 127.0.0.1:0: option 'sndbuf': Invalid argument");
    kiwi_net_close(p.net);
}
END_TEST

START_TEST(a_connection_is_given_its_options_and_its_source)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_socket_info info;
        kiwi_socket_options options = with(KIWI_SOCKET_NODELAY, 0);
        options.local_host = "127.0.0.1";
        kiwi_id accept = kiwi_tcp_accept(p.net, p.listener),
                id = await_int(p.net, kiwi_tcp_connect_with(p.net, "127.0.0.1", p.port, 0, &options));
        ck_assert_int_eq(value_of(p.net, id, IPPROTO_TCP, TCP_NODELAY), 0);
        (void)await_int(p.net, accept);

        options.local_host = NULL; /* the port of a listener that has gone is free */
        kiwi_id gone = await_int(p.net, kiwi_tcp_listen(p.net, "127.0.0.1", 0, 8));
        options.local_port = port_of(p.net, gone);
        kiwi_tcp_close(p.net, gone);
        accept = kiwi_tcp_accept(p.net, p.listener);
        id = await_int(p.net, kiwi_tcp_connect_with(p.net, "localhost", p.port, 0, &options)); /* two addresses */
        ck_assert_int_eq(port_of(p.net, id), options.local_port);
        ck_assert_int_eq(kiwi_socket_info_get(p.net, await_int(p.net, accept), &info), 0);
        ck_assert_int_eq(info.peer_port, options.local_port);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_source_that_cannot_be_is_a_fault)
{
    pair p = pair_open(test_modes);
    char text[80];
    kiwi_socket_options options = {.local_host = "192.0.2.1"}; /* of no machine (RFC 5737) */
    (void)snprintf(text, sizeof(text), "Cannot connect to 127.0.0.1:%d: Cannot assign requested address", p.port);
    await_fault(p.net, kiwi_tcp_connect_with(p.net, "127.0.0.1", p.port, 0, &options), text);
    options.local_host = "::1"; /* of the other kind */
    await_fault(p.net, kiwi_tcp_connect_with(p.net, "127.0.0.1", p.port, 0, &options), text);
    options.local_host = "no.such.address";
    await_fault(p.net, kiwi_tcp_connect_with(p.net, "127.0.0.1", p.port, 0, &options),
                "Invalid local host 'no.such.address': expected an address.");
    options = (kiwi_socket_options){.local_port = 65536};
    await_fault(p.net, kiwi_tcp_connect_with(p.net, "127.0.0.1", p.port, 0, &options),
                "Invalid local port 65536: expected 0 to 65535.");
    kiwi_net_close(p.net);
}
END_TEST

/* ---- Lingering ----------------------------------------------------------------------------------- */

static size_t count_lingering(const pair *p)
{
    (void)pthread_mutex_lock(&p->net->lock);
    size_t count = p->net->lingering_count;
    (void)pthread_mutex_unlock(&p->net->lock);
    return count;
}

START_TEST(linger_0_resets_at_once)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "unread", 6));
        ck_assert_int_eq(set(&p, p.server, KIWI_SOCKET_LINGER, 0, NULL), 0);
        kiwi_tcp_close(p.net, p.server);
        ck_assert_uint_eq(count_lingering(&p), 0);
        kiwi_result r = await(p.net, kiwi_tcp_recv(p.net, p.client, 10));
        ck_assert(r.fault == KIWI_FAULT_SYSTEM && r.sys == ECONNRESET);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(linger_limits_how_long_a_closed_connection_is_cared_for)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "unread", 6));
        char byte; /* until it has come */
        while (recv(fd_of(p.net, p.server), &byte, 1, MSG_PEEK) != 1)
            (void)poll(NULL, 0, 1);
        ck_assert_int_eq(set(&p, p.server, KIWI_SOCKET_LINGER, 100, NULL), 0);
        int64_t start_us = kb_clock_us();
        kiwi_tcp_close(p.net, p.server);
        ck_assert_uint_eq(count_lingering(&p), 1);
        while (count_lingering(&p) > 0) {
            (void)poll(NULL, 0, 5);
            ck_assert_int_lt(kb_clock_us() - start_us, (int64_t)LIMIT_MS * KB_US_PER_MS);
        }
        int64_t took_us = kb_clock_us() - start_us; /* silence would take 2 s */
        ck_assert_int_ge(took_us, 80 * KB_US_PER_MS);
        ck_assert_int_lt(took_us, 1500 * KB_US_PER_MS);
        kiwi_net_close(p.net);
    }
}
END_TEST

SUITE_MAIN("option", 60, an_open_connection_takes_each_of_its_options, whoever_waits_notices_that_the_peer_has_vanished,
           what_cannot_be_set_says_why, what_the_system_refuses_is_named, what_a_listener_is_given_its_connections_have,
           listeners_share_a_port_if_all_say_so, ipv6_only_leaves_ipv4_to_others,
           a_listener_names_the_option_that_cannot_be, a_connection_is_given_its_options_and_its_source,
           a_source_that_cannot_be_is_a_fault, linger_0_resets_at_once,
           linger_limits_how_long_a_closed_connection_is_cared_for)
