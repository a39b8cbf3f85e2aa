/* check_invariants.c - what the runtime promises whatever happens (src/net/README.md, "Invariants":
 * I1 to I7).
 *
 * I1 no starvation; I2 threads and memory do not grow with load; I3 nothing is lost; I4 every task
 * ends exactly once; I5 no descriptor is used after its number was given to another.  More of
 * them, by name: I1 in check_resolve.c, I2 in check_pool.c, I6 (no crash) in check_faults.c, I7
 * (leftovers are bounded) in check_table.c. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "net_test.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

/* ---- I1, I2 --------------------------------------------------------------------------------- */

/* Connections, `wanted` or as many as this process may have descriptors for. */
static int affordable(int wanted)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    rlim_t pairs = limit.rlim_cur / 2 - 100;
    return limit.rlim_cur != RLIM_INFINITY && pairs < (rlim_t)wanted ? (int)pairs : wanted;
}

static void echo(const pair *p, int rounds)
{
    for (int i = 0; i < rounds; i++) {
        kiwi_id got = kiwi_tcp_recv(p->net, p->server, 100);
        (void)await_int(p->net, kiwi_tcp_send(p->net, p->client, "ping", 4));
        await_bytes(p->net, got, "ping");
    }
}

START_TEST(i1_ten_thousand_pending_receives_and_a_pool_of_four_still_echo)
{
    const int count = affordable(10000);
    kiwi_id *pending = calloc((size_t)count, sizeof(*pending)), client = 0;
    ck_assert_ptr_nonnull(pending);
    for (int i = 0; i < 2; i++) { /* the edge-triggered room, with and without helping */
        pair p = pair_open(&test_modes[i]), active = p;
        for (int at = 0; at < count; at++) {
            connect_pair(&p);
            pending[at] = kiwi_tcp_recv(p.net, p.server, INT32_MAX);
            client = p.client;
        }
        echo(&active, 100);
        ck_assert_uint_eq(kiwi_net_pending(p.net), (size_t)count);
        (void)await_int(p.net, kiwi_tcp_send(p.net, client, "late", 4));
        await_bytes(p.net, pending[count - 1], "late");
        kiwi_net_close(p.net);
    }
    free(pending);
}
END_TEST

/* Memory of this process that is in use, in bytes; 0 where the system does not tell. */
static long resident_bytes(void)
{
    long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    (void)fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

START_TEST(i2_an_idle_connection_with_a_receive_takes_less_than_a_kibibyte)
{
    const int count = affordable(4000);
    pair p = pair_open(&test_modes[1]);
    echo(&p, 100); /* the threads run, their stacks are there */
    long before = resident_bytes();
    for (int at = 0; at < count; at++) {
        connect_pair(&p);
        ck_assert_int_gt(kiwi_tcp_recv(p.net, p.server, INT32_MAX), 0);
        ck_assert_int_gt(kiwi_tcp_recv(p.net, p.client, INT32_MAX), 0);
    }
    long each = (resident_bytes() - before) / count / 2;
    kiwi_net_close(p.net);
#if defined(SANITIZED)
    (void)each; /* a sanitizer's own memory counts, too */
#else
    ck_assert_int_lt(each, 1024);
#endif
}
END_TEST

/* ---- I3 ------------------------------------------------------------------------------------- */

/* Await a receive of `p`; as soon as `sent` has ended, close the sender. */
static kiwi_result recv_or_close(pair *p, kiwi_id *sent, size_t size)
{
    kiwi_result r = {0};
    kiwi_id got = kiwi_tcp_recv(p->net, p->server, 100000);
    for (int waited_ms = 0; waited_ms < LIMIT_MS; waited_ms += 10) {
        if (*sent != 0 && kiwi_task_status(p->net, *sent) != KIWI_TASK_RUNNING) {
            ck_assert_int_eq(await_int(p->net, *sent), (int64_t)size);
            kiwi_tcp_close(p->net, p->client); /* at once: the rest is the kernel's business */
            *sent = 0;
        }
        int error = kiwi_task_await(p->net, got, 10, &r);
        if (error == 0)
            return r;
        ck_assert_int_eq(error, ETIMEDOUT);
    }
    ck_abort_msg("nothing arrives");
}

START_TEST(i3_what_a_completed_send_took_arrives_before_the_end)
{
    enum { SIZE = 6000000 };
    unsigned char *data = malloc(SIZE);
    ck_assert_ptr_nonnull(data);
    for (size_t i = 0; i < SIZE; i++)
        data[i] = (unsigned char)(i * 7 % 251);
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id sent = kiwi_tcp_send(p.net, p.client, data, SIZE);
        size_t total = 0;
        for (kiwi_result r = {.size = 1}; r.size > 0; total += r.size) {
            r = recv_or_close(&p, &sent, SIZE);
            ck_assert_msg(r.state == KIWI_TASK_COMPLETED, "%s", r.message);
            ck_assert(r.size == 0 || memcmp(r.bytes, data + total, r.size) == 0);
            free(r.bytes);
        }
        ck_assert_uint_eq(total, SIZE);
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

/* ---- I4 ------------------------------------------------------------------------------------- */

enum { SOCKETS = 8, EACH = 4, TASKS = SOCKETS * EACH + 2 };

/* Receives and sends in every state, each watched under its own token. */
static void submit_watched(pair *p, kiwi_id sockets[SOCKETS], int tokens[TASKS], int round)
{
    static char large[4000000];
    kiwi_result now;
    kiwi_id ids[TASKS];
    int count = 0;
    for (int i = 0; i < SOCKETS; i++) {
        connect_pair(p);
        sockets[i] = p->server;
        ids[count++] = kiwi_tcp_recv(p->net, p->server, 9);                    /* runs, waits, or is in the room */
        ids[count++] = kiwi_tcp_recv(p->net, p->server, 9);                    /* queued behind it */
        ids[count++] = kiwi_tcp_send(p->net, p->server, large, sizeof(large)); /* stops half way */
        ids[count++] = kiwi_tcp_send(p->net, p->server, "x", 1);
        if ((i + round) % 3 == 0) /* the receive ends while its socket is closed */
            (void)kiwi_tcp_send(p->net, p->client, "hello", 5);
    }
    ids[count++] = kiwi_tcp_accept(p->net, p->listener);
    ids[count++] = kiwi_tcp_accept(p->net, p->listener);
    for (int i = 0; i < count; i++)
        if (kiwi_task_watch(p->net, ids[i], &tokens[i], &now) == 0) { /* it had ended already */
            tokens[i]++;
            free(now.bytes);
        }
}

START_TEST(i4_close_in_every_state_ends_each_task_exactly_once)
{
    FOR_MODES(mode)
    {
        for (int round = 0; round < 10; round++) {
            pair p = pair_open(mode);
            kiwi_id sockets[SOCKETS];
            int tokens[TASKS] = {0}, error;
            kiwi_result r;
            submit_watched(&p, sockets, tokens, round);
            if (round % 2 == 0)
                kiwi_net_wait(p.net, 1000, false); /* the pool has got going */
            for (int i = 0; i < SOCKETS; i++)
                kiwi_tcp_close(p.net, sockets[i]);
            kiwi_tcp_close(p.net, p.listener);
            while ((error = kiwi_task_next(p.net, LIMIT_MS, &r)) == 0) {
                ck_assert(r.state == KIWI_TASK_COMPLETED || r.state == KIWI_TASK_FAULTED);
                ++*(int *)r.token;
                free(r.bytes);
            }
            ck_assert_int_eq(error, ENOENT); /* none is left that could end */
            for (int i = 0; i < TASKS; i++)
                ck_assert_msg(tokens[i] == 1, "task %d ended %d times", i, tokens[i]);
            kiwi_net_close(p.net);
        }
    }
}
END_TEST

/* ---- I5 ------------------------------------------------------------------------------------- */

typedef struct reuse {
    kiwi_net *net;
    atomic_bool stop;
    atomic_int wrong;
} reuse;

/* Opens descriptors all the time, so that a number that is free is somebody else's at once; it
 * must stay this thread's until it is closed here. */
static void *take_numbers(void *arg)
{
    reuse *r = arg;
    while (!atomic_load(&r->stop)) {
        int fds[2];
        char byte = 0;
        if (pipe(fds) != 0)
            continue;
        bool good = write(fds[1], "n", 1) == 1 && read(fds[0], &byte, 1) == 1 && byte == 'n';
        for (int i = 0; i < 2; i++)
            good = close(fds[i]) == 0 && good;
        if (!good)
            atomic_fetch_add(&r->wrong, 1);
    }
    return NULL;
}

START_TEST(i5_a_number_is_free_only_when_no_thread_can_use_it)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        reuse r = {.net = p.net};
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, take_numbers, &r), 0);
        for (int round = 0; round < 100; round++) {
            connect_pair(&p);
            kiwi_id old = p.server, pending = kiwi_tcp_recv(p.net, old, 9);
            if (round % 2 == 0)
                kiwi_net_wait(p.net, 200, false); /* a worker waits for it, or the room */
            kiwi_tcp_close(p.net, old);
            connect_pair(&p); /* takes the number that was closed, if it is free */
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "new", 3));
            await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 9), "new");
            await_fault(p.net, pending, "Socket closed");
            kiwi_tcp_close(p.net, p.server);
            kiwi_tcp_close(p.net, p.client);
        }
        atomic_store(&r.stop, true);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_int_eq(atomic_load(&r.wrong), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

SUITE_MAIN("invariants", 60, i1_ten_thousand_pending_receives_and_a_pool_of_four_still_echo,
           i2_an_idle_connection_with_a_receive_takes_less_than_a_kibibyte,
           i3_what_a_completed_send_took_arrives_before_the_end, i4_close_in_every_state_ends_each_task_exactly_once,
           i5_a_number_is_free_only_when_no_thread_can_use_it)
