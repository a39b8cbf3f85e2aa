/* check_resolve.c - name look-ups: they fail with a reason, and hang without holding up anything
 * else. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>

#include "net/resolve.h"
#include "net_test.h"

static pthread_mutex_t gate =
    PTHREAD_MUTEX_INITIALIZER; /* held: look-ups of "hang" do not return */

static int look_up(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **out)
{
    if (host != NULL && strncmp(host, "hang", 4) == 0) {
        (void)pthread_mutex_lock(&gate);
        (void)pthread_mutex_unlock(&gate);
        return EAI_AGAIN;
    }
    if (host != NULL && strcmp(host, "nowhere.test") == 0)
        return EAI_NONAME;
    return getaddrinfo(host, service, hints, out);
}

START_TEST(a_failed_look_up_faults_with_its_reason)
{
    kn_resolve_lookup = look_up;
    FOR_MODES(mode)
    {
        kiwi_net *net;
        char text[128];
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        kiwi_result r = await(net, kiwi_tcp_connect(net, "nowhere.test", 80, 0));
        (void)snprintf(text, sizeof(text), "Cannot connect to nowhere.test:80: %s",
                       gai_strerror(EAI_NONAME));
        ck_assert_int_eq(r.fault, KIWI_FAULT_RESOLVE);
        ck_assert_str_eq(r.message, text);
        r = await(net, kiwi_tcp_listen(net, "nowhere.test", 8080, 1));
        (void)snprintf(text, sizeof(text), "Cannot listen on nowhere.test:8080: %s",
                       gai_strerror(EAI_NONAME));
        ck_assert_str_eq(r.message, text);
        ck_assert_int_eq(r.fault, KIWI_FAULT_RESOLVE);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(i1_look_ups_that_hang_delay_neither_echoes_nor_close)
{
    kn_resolve_lookup = look_up;
    ck_assert_int_eq(pthread_mutex_lock(&gate), 0);
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id hanging[10];
        for (int i = 0; i < 10; i++)
            hanging[i] = kiwi_tcp_connect(p.net, "hang.test", 80, i < 5 ? 0 : 50);
        kiwi_id listening = kiwi_tcp_listen(p.net, "hang.test", 0, 1);
        (void)kiwi_tls_listen(p.net, "hang.test", 0, 1, NULL);
        for (int i = 0; i < 50; i++) {
            kiwi_id got = kiwi_tcp_recv(p.net, p.server, 100);
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "ping", 4));
            await_bytes(p.net, got, "ping");
        }
        for (int i = 5; i < 10; i++)
            await_fault(p.net, hanging[i], "Cannot connect to hang.test:80: Connection timed out");
        ck_assert_int_eq(kiwi_task_status(p.net, hanging[0]), KIWI_TASK_RUNNING);
        ck_assert_int_eq(kiwi_task_status(p.net, listening), KIWI_TASK_RUNNING);
        kiwi_net_close(p.net);
    }
    ck_assert_int_eq(pthread_mutex_unlock(&gate), 0); /* the look-ups end, and find nobody */
}
END_TEST

START_TEST(names_are_looked_up_and_addresses_tried_in_turn)
{
    kn_resolve_lookup = look_up;
    FOR_MODES(mode)
    {
        pair p = pair_open(mode); /* 127.0.0.1 only; "localhost" may give ::1 first */
        kiwi_id accept = kiwi_tcp_accept(p.net, p.listener);
        (void)await_int(p.net, kiwi_tcp_connect(p.net, "localhost", p.port, 0));
        (void)await_int(p.net, accept);
        kiwi_net_close(p.net);
    }
}
END_TEST

SUITE_MAIN("resolve", 30, a_failed_look_up_faults_with_its_reason,
           i1_look_ups_that_hang_delay_neither_echoes_nor_close,
           names_are_looked_up_and_addresses_tried_in_turn)
