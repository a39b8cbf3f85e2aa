/* check_proxy.c - listeners for connections through proxies: headers that come, lie, are missing or are late. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_test.h"

#define HEADER "PROXY TCP4 192.0.2.1 198.51.100.2 50000 443\r\n"

static const kiwi_socket_options required = {.proxy = KIWI_PROXY_REQUIRED, .trusted = "10.0.0.0/8,127.0.0.1"};
static const kiwi_socket_options optional = {.proxy = KIWI_PROXY_OPTIONAL, .trusted = "127.0.0.0/8"};
static const kiwi_socket_options untrusting = {.proxy = KIWI_PROXY_OPTIONAL, .trusted = "10.0.0.0/8"};

static int listen_for(kiwi_net *net, const kiwi_socket_options *options, kiwi_id *listener)
{
    kiwi_socket_info info;
    *listener = await_int(net, kiwi_tcp_listen_with(net, "127.0.0.1", 0, 128, options));
    ck_assert_int_eq(kiwi_socket_info_get(net, *listener, &info), 0);
    ck_assert(info.proxied && info.listener && info.headers_failed == 0 && info.header_failure[0] == '\0');
    return info.local_port;
}

/* A client without the runtime. */
static int connect_plain(int port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((in_port_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void put(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* The connection ends, by a reset or an end. */
static void expect_end(kiwi_net *net, int fd)
{
    char byte;
    struct pollfd end = {.fd = fd, .events = POLLIN};
    while (poll(&end, 1, 0) == 0) /* check ends it if that never comes */
        kiwi_net_wait(net, 10000, false);
    ssize_t got = recv(fd, &byte, 1, 0);
    ck_assert(got == 0 || (got < 0 && errno == ECONNRESET));
    (void)close(fd);
}

static void check_failed(kiwi_net *net, kiwi_id listener, unsigned count, const char *failure)
{
    kiwi_socket_info info;
    ck_assert_int_eq(kiwi_socket_info_get(net, listener, &info), 0);
    ck_assert_uint_eq(info.headers_failed, count);
    ck_assert_str_eq(info.header_failure, failure);
    ck_assert_str_eq(info.header_host, "127.0.0.1");
    ck_assert_int_gt(info.header_port, 0);
}

START_TEST(a_header_tells_whose_the_connection_is_and_is_not_received)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = NULL;
        kiwi_socket_info info;
        kiwi_id listener;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        int port = listen_for(net, &required, &listener), fd = connect_plain(port);
        kiwi_id pending = kiwi_tcp_accept(net, listener);
        put(fd, HEADER "hello");
        kiwi_id conn = await_int(net, pending);
        await_bytes(net, kiwi_tcp_recv(net, conn, 100), "hello");
        ck_assert_int_eq(kiwi_socket_info_get(net, conn, &info), 0);
        ck_assert(info.proxied && !info.listener);
        ck_assert_str_eq(info.peer_host, "192.0.2.1");
        ck_assert_int_eq(info.peer_port, 50000);
        ck_assert_str_eq(info.asked_host, "198.51.100.2");
        ck_assert_int_eq(info.asked_port, 443);
        ck_assert_str_eq(info.proxy_host, "127.0.0.1");
        ck_assert_int_gt(info.proxy_port, 0);
        ck_assert_uint_eq(info.bytes_in, 5);
        kiwi_id later = kiwi_tcp_recv(net, conn, 100);
        put(fd, "more");
        await_bytes(net, later, "more");
        (void)close(fd);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_header_in_pieces_is_waited_for_while_others_are_served)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = NULL;
        kiwi_id listener;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        int port = listen_for(net, &required, &listener), silent = connect_plain(port), slow = connect_plain(port);
        kiwi_id first = kiwi_tcp_accept(net, listener), second = kiwi_tcp_accept(net, listener);
        put(slow, "PROXY TCP4 192.0.2.1 198.");
        int quick = connect_plain(port);
        put(quick, HEADER "quick");
        await_bytes(net, kiwi_tcp_recv(net, await_int(net, first), 100), "quick");
        put(slow, "51.100.2 50000 443\r\nslow");
        await_bytes(net, kiwi_tcp_recv(net, await_int(net, second), 100), "slow");
        (void)close(silent);
        (void)close(slow);
        (void)close(quick);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(what_has_no_header_where_one_is_required_is_closed_and_counted)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = NULL;
        kiwi_id listener;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        int port = listen_for(net, &required, &listener);
        kiwi_id pending = kiwi_tcp_accept(net, listener);
        int fd = connect_plain(port);
        put(fd, "GET / HTTP/1.0\r\n\r\n");
        expect_end(net, fd);
        check_failed(net, listener, 1, "there was no PROXY header");
        fd = connect_plain(port);
        put(fd, "PROXY TCP4 1.2.3.4 1.2.3.4 1 x\r\n");
        expect_end(net, fd);
        check_failed(net, listener, 2, "the PROXY header is invalid: a port is invalid");
        ck_assert_int_eq(kiwi_task_status(net, pending), KIWI_TASK_RUNNING);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_header_of_somebody_who_is_not_trusted_is_refused)
{
    FOR_MODES(mode)
    {
        kiwi_net *net = NULL;
        kiwi_id listener;
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        int port = listen_for(net, &untrusting, &listener), fd = connect_plain(port);
        kiwi_id pending = kiwi_tcp_accept(net, listener);
        put(fd, HEADER);
        expect_end(net, fd);
        check_failed(net, listener, 1, "a PROXY header came from a peer that is not trusted");
        fd = connect_plain(port); /* without one it is as good as any other */
        put(fd, "direct");
        kiwi_id conn = await_int(net, pending);
        await_bytes(net, kiwi_tcp_recv(net, conn, 100), "direct");
        ck_assert_int_eq(kiwi_socket_info_get(net, conn, &info), 0);
        ck_assert_str_eq(info.peer_host, "127.0.0.1");
        ck_assert(info.proxied && info.proxy_host[0] == '\0' && info.asked_host[0] == '\0');
        (void)close(fd);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_header_may_be_missing_where_it_is_optional)
{
    static const char local[] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0own";
    FOR_MODES(mode)
    {
        kiwi_net *net = NULL;
        kiwi_id listener;
        kiwi_socket_info info;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        int port = listen_for(net, &optional, &listener), fds[3];
        static const char *const texts[] = {"plain", HEADER "through"};
        for (int i = 0; i < 2; i++) {
            kiwi_id pending = kiwi_tcp_accept(net, listener);
            put(fds[i] = connect_plain(port), texts[i]);
            await_bytes(net, kiwi_tcp_recv(net, await_int(net, pending), 100), i == 0 ? "plain" : "through");
        }
        kiwi_id pending = kiwi_tcp_accept(net, listener); /* the proxy's own: a check, say */
        fds[2] = connect_plain(port);
        ck_assert_int_eq(send(fds[2], local, sizeof(local) - 1, 0), sizeof(local) - 1);
        kiwi_id conn = await_int(net, pending);
        await_bytes(net, kiwi_tcp_recv(net, conn, 100), "own");
        ck_assert_int_eq(kiwi_socket_info_get(net, conn, &info), 0);
        ck_assert_str_eq(info.peer_host, "127.0.0.1");
        ck_assert_str_eq(info.proxy_host, "127.0.0.1");
        ck_assert(info.peer_port == info.proxy_port && info.asked_host[0] == '\0');
        for (int i = 0; i < 3; i++)
            (void)close(fds[i]);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(many_silent_clients_give_way_and_closing_the_listener_ends_them)
{
    enum { SILENT = 520 }; /* more than there may be */
    static int fds[SILENT];
    kiwi_net *net = NULL;
    kiwi_id listener;
    kiwi_socket_info info;
    ck_assert_int_eq(kiwi_net_open(&test_modes[0], &net), 0);
    int port = listen_for(net, &required, &listener);
    kiwi_id pending = kiwi_tcp_accept(net, listener);
    for (int i = 0; i < SILENT; i++) {
        fds[i] = connect_plain(port);
        kiwi_net_wait(net, 0, false);
    }
    int fd = connect_plain(port);
    put(fd, HEADER "good");
    await_bytes(net, kiwi_tcp_recv(net, await_int(net, pending), 100), "good");
    ck_assert_int_eq(kiwi_socket_info_get(net, listener, &info), 0);
    ck_assert_uint_ge(info.headers_failed, SILENT - 512);
    ck_assert_str_eq(info.header_failure, "the client was silent while others came");
    kiwi_tcp_close(net, listener);
    for (int i = 0; i < SILENT; i++)
        expect_end(net, fds[i]);
    (void)close(fd);
    kiwi_net_close(net);
}
END_TEST

START_TEST(networks_that_are_none_are_refused)
{
    kiwi_net *net = NULL;
    ck_assert_int_eq(kiwi_net_open(&test_modes[0], &net), 0);
    kiwi_socket_options bad = {.proxy = KIWI_PROXY_REQUIRED};
    await_fault(net, kiwi_tcp_listen_with(net, "127.0.0.1", 0, 1, &bad), "Invalid networks of trusted proxies: ''.");
    bad.trusted = "10.0.0.0/8,proxy";
    await_fault(net, kiwi_tcp_listen_with(net, "127.0.0.1", 0, 1, &bad),
                "Invalid networks of trusted proxies: '10.0.0.0/8,proxy'.");
    bad.trusted = "10.0.0.0/8,,::1";
    await_fault(net, kiwi_tcp_inherited(net, NULL, 0, &bad), "Invalid networks of trusted proxies: '10.0.0.0/8,,::1'.");
    const kiwi_tls_options tls = {.socket = &bad};
    await_fault(net, kiwi_tls_listen(net, "127.0.0.1", 0, 1, &tls),
                "Invalid networks of trusted proxies: '10.0.0.0/8,,::1'.");
    kiwi_net_close(net);
}
END_TEST

SUITE_MAIN("proxy", 60, a_header_tells_whose_the_connection_is_and_is_not_received,
           a_header_in_pieces_is_waited_for_while_others_are_served,
           what_has_no_header_where_one_is_required_is_closed_and_counted,
           a_header_of_somebody_who_is_not_trusted_is_refused, a_header_may_be_missing_where_it_is_optional,
           many_silent_clients_give_way_and_closing_the_listener_ends_them, networks_that_are_none_are_refused)
