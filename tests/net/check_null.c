/* check_null.c - a pointer that is missing is an error like any other, or means what kiwi/net.h says. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "net_test.h"

static void never(void *arg)
{
    ++*(int *)arg;
}

static void faults(kiwi_net *net, kiwi_id task)
{
    kiwi_result r = await(net, task);
    ck_assert_int_eq(r.state, KIWI_TASK_FAULTED);
    ck_assert_str_ne(r.message, "");
}

START_TEST(results)
{
    pair p = pair_open(&test_modes[0]);
    kiwi_id running = kiwi_tcp_recv(p.net, p.server, 1), *ids = NULL;
    kiwi_result r;
    int64_t due_us;
    size_t count;
    ck_assert_int_eq(kiwi_net_open(NULL, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_await(p.net, p.server, 0, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_peek(p.net, p.server, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_hand_over(p.net, p.server, NULL), EINVAL);
    kiwi_task_hand_back(p.net, NULL);
    ck_assert_int_eq(kiwi_task_return(p.net, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_watch(p.net, running, NULL, &r), EINVAL);
    ck_assert_int_eq(kiwi_task_watch(p.net, running, &r, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_next(p.net, 0, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_list(p.net, NULL, &count, &count), EINVAL);
    ck_assert_int_eq(kiwi_task_list(p.net, &ids, NULL, &count), EINVAL);
    ck_assert_int_eq(kiwi_task_list(p.net, &ids, &count, NULL), EINVAL);
    ck_assert(!kiwi_task_unseen(p.net, 0, NULL, &due_us));
    ck_assert_int_eq(kiwi_socket_info_get(p.net, p.server, NULL), EINVAL);
    ck_assert_int_eq(kiwi_task_status(p.net, running), KIWI_TASK_RUNNING); /* nothing was taken */
    kiwi_id own = kiwi_task_open(p.net);
    ck_assert_int_eq(kiwi_task_fault(p.net, own, NULL), 0);
    r = await(p.net, own);
    ck_assert_int_eq(r.state, KIWI_TASK_FAULTED);
    ck_assert_str_eq(r.message, "");
    kiwi_net_close(p.net);
    kiwi_net_close(NULL);
}
END_TEST

START_TEST(names_and_data)
{
    pair p = pair_open(&test_modes[0]);
    int released = 0;
    faults(p.net, kiwi_tcp_listen(p.net, NULL, 0, 1));
    faults(p.net, kiwi_tcp_connect(p.net, NULL, p.port, 0));
    faults(p.net, kiwi_tcp_send(p.net, p.client, NULL, 1));
    ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, NULL, 0)), 0);
    faults(p.net, kiwi_tcp_send_lent(p.net, p.client, "x", 1, NULL, NULL));
    faults(p.net, kiwi_tcp_send_lent(p.net, p.client, NULL, 1, never, &released));
    ck_assert_int_eq(released, 1);
    faults(p.net, kiwi_udp_bind(p.net, NULL, 0));
    kiwi_net_close(p.net);
}
END_TEST

START_TEST(datagrams)
{
    kiwi_net *net;
    kiwi_id udp;
    kiwi_result r;
    ck_assert_int_eq(kiwi_net_open(NULL, &net), 0);
    ck_assert_int_eq(kiwi_udp_open(net, NULL, &r), EINVAL);
    ck_assert_int_eq(kiwi_udp_open(net, NULL, NULL), EINVAL);
    ck_assert_int_eq(kiwi_udp_open(net, &udp, NULL), 0);
    faults(net, kiwi_udp_send(net, udp, NULL, 9, "x", 1));
    faults(net, kiwi_udp_send(net, udp, "127.0.0.1", 9, NULL, 1));
    faults(net, kiwi_udp_connect(net, udp, NULL, 9));
    faults(net, kiwi_udp_write(net, udp, NULL, 1));
    ck_assert_int_eq(kiwi_udp_group(net, udp, NULL, NULL, true, NULL), EINVAL);
    ck_assert_int_eq(kiwi_udp_set(net, udp, KIWI_UDP_TTL, 0, NULL), EINVAL);
    ck_assert_int_eq(kiwi_notify(NULL, 1), EINVAL);
    ck_assert_int_eq(await_int(net, kiwi_udp_send(net, udp, "127.0.0.1", 9, NULL, 0)), 0);
    kiwi_net_close(net);
}
END_TEST

/* In a build without GnuTLS these fault, too. */
START_TEST(tls)
{
    kiwi_net *net;
    ck_assert_int_eq(kiwi_net_open(NULL, &net), 0);
    faults(net, kiwi_tls_listen(net, NULL, 0, 1, NULL));
    faults(net, kiwi_tls_connect(net, NULL, 1, NULL, NULL));
    faults(net, kiwi_tls_connect(net, NULL, 1, "localhost", NULL));
    faults(net, kiwi_tls_send(net, 1, NULL, 1));
    faults(net, kiwi_tls_send_lent(net, 1, "x", 1, NULL, NULL));
    kiwi_id failed = kiwi_tls_failed(net, NULL);
    ck_assert_int_lt(failed, 0);
    ck_assert_int_eq(kiwi_tls_error(net, failed, NULL), 0);
    ck_assert_int_eq(kiwi_tls_error(net, failed - 1, NULL), ENOENT);
    kiwi_tls_binding binding;
    ck_assert_int_eq(kiwi_tls_channel_binding(net, 1, NULL, &binding), EINVAL);
    ck_assert_int_eq(kiwi_tls_channel_binding(net, 1, "tls-exporter", NULL), EINVAL);
    ck_assert_int_eq(kiwi_tls_channel_binding(net, 1, "tls-exporter", &binding), ENOENT);
    kiwi_tls_name nameless = {.name = NULL};
    kiwi_tls_options options = {.names = &nameless, .name_count = 1};
    faults(net, kiwi_tls_listen(net, "127.0.0.1", 0, 1, &options));
    kiwi_net_close(net);
}
END_TEST

SUITE_MAIN("null", 30, results, names_and_data, datagrams, tls)
