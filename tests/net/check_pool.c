/* check_pool.c - the pool: no operation starves, whatever is pending; nothing is held while
 * waiting. */
#include "config.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "net_test.h"

enum { IDLE = 500 };

/* Echo once over the pair's connection. */
static void echo(pair *p)
{
    kiwi_id got = kiwi_tcp_recv(p->net, p->server, 100);
    (void)await_int(p->net, kiwi_tcp_send(p->net, p->client, "ping", 4));
    await_bytes(p->net, got, "ping");
    kiwi_id back = kiwi_tcp_recv(p->net, p->client, 100);
    (void)await_int(p->net, kiwi_tcp_send(p->net, p->server, "pong", 4));
    await_bytes(p->net, back, "pong");
}

START_TEST(a_pool_of_four_echoes_beside_hundreds_of_idle_receives)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        pair active = p;
        kiwi_id pending[IDLE], clients[IDLE];
        for (int i = 0; i < IDLE; i++) {
            connect_pair(&p);
            pending[i] = kiwi_tcp_recv(p.net, p.server, INT32_MAX);
            clients[i] = p.client;
        }
        for (int i = 0; i < 50; i++)
            echo(&active);
        ck_assert_uint_eq(kiwi_net_pending(p.net), IDLE);
        for (int i = 0; i < IDLE; i++) /* none was forgotten */
            (void)await_int(p.net, kiwi_tcp_send(p.net, clients[i], "late", 4));
        for (int i = IDLE - 1; i >= 0; i--)
            await_bytes(p.net, pending[i], "late");
        kiwi_net_close(p.net);
    }
}
END_TEST

static int count_threads(void)
{
    DIR *dir = opendir("/proc/self/task");
    int count = 0;
    if (dir == NULL)
        return 0;
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        count += e->d_name[0] != '.';
    (void)closedir(dir);
    return count;
}

START_TEST(i2_the_number_of_threads_does_not_depend_on_load)
{
    pair warm = pair_open(&test_modes[0]); /* a sanitizer's own thread starts with the first one */
    kiwi_net_close(warm.net);
    FOR_MODES(mode)
    {
        int before = count_threads();
        pair p = pair_open(mode);
        for (int i = 0; i < 60; i++) {
            connect_pair(&p);
            (void)kiwi_tcp_recv(p.net, p.server, 10);
            (void)kiwi_tcp_recv(p.net, p.client, 10);
        }
        connect_pair(&p);
        kiwi_net_flush(p.net);
        echo(&p);
        ck_assert_int_le(count_threads() - before, mode->workers);
        kiwi_net_close(p.net);
    }
}
END_TEST

typedef struct flood {
    kiwi_net *net;
    kiwi_id socket;
    atomic_bool stop;
} flood;

static void *send_all_the_time(void *arg)
{
    flood *f = arg;
    kiwi_result out;
    while (!atomic_load(&f->stop)) {
        kiwi_id last = 0;
        for (int i = 0; i < 100; i++)
            last = kiwi_tcp_send(f->net, f->socket, "flood", 5);
        (void)kiwi_task_await(f->net, last, LIMIT_MS, &out);
    }
    return NULL;
}

static void *drain(void *arg)
{
    flood *f = arg;
    kiwi_result out;
    for (;;) {
        if (kiwi_task_await(f->net, kiwi_tcp_recv(f->net, f->socket, 65536), LIMIT_MS, &out) != 0 || out.size == 0)
            return NULL;
        free(out.bytes);
    }
}

START_TEST(busy_connections_do_not_starve_the_waiting_room)
{
    FOR_MODES(mode)
    {
        pair busy = pair_open(mode), quiet = busy;
        pthread_t sender, receiver;
        connect_pair(&quiet);
        flood to = {.net = busy.net, .socket = busy.client};
        flood from = {.net = busy.net, .socket = busy.server};
        ck_assert_int_eq(pthread_create(&receiver, NULL, drain, &from), 0);
        ck_assert_int_eq(pthread_create(&sender, NULL, send_all_the_time, &to), 0);
        for (int i = 0; i < 50; i++)
            echo(&quiet);
        atomic_store(&to.stop, true);
        ck_assert_int_eq(pthread_join(sender, NULL), 0);
        kiwi_tcp_close(busy.net, busy.client);
        ck_assert_int_eq(pthread_join(receiver, NULL), 0);
        kiwi_net_close(busy.net);
    }
}
END_TEST

SUITE_MAIN("pool", 60, a_pool_of_four_echoes_beside_hundreds_of_idle_receives,
           i2_the_number_of_threads_does_not_depend_on_load, busy_connections_do_not_starve_the_waiting_room)
