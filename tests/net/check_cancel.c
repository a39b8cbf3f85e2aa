/* check_cancel.c - kiwi_task_cancel(): every kind of operation, in every state, and no byte is lost. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"
#include "net_test.h"

/* Give a worker the time to begin what was submitted, where one is to. */
static void settle(kiwi_net *net)
{
    kiwi_net_flush(net);
    struct timespec t = {.tv_nsec = 5000000};
    (void)nanosleep(&t, NULL);
}

/* Cancel `id`, which runs. */
static void cancel(kiwi_net *net, kiwi_id id)
{
    ck_assert_int_eq(kiwi_task_status(net, id), KIWI_TASK_RUNNING);
    ck_assert_int_eq(kiwi_task_cancel(net, id), 0);
    ck_assert_int_eq(kiwi_task_cancel(net, id), ENOENT);
    kiwi_result out;
    ck_assert_int_eq(kiwi_task_await(net, id, LIMIT_MS, &out), 0);
    ck_assert_int_eq(out.state, KIWI_TASK_FAULTED);
    ck_assert_int_eq(out.fault, KIWI_FAULT_CANCELLED);
    ck_assert_str_eq(out.message, "cancelled");
}

START_TEST(the_receive_after_a_cancelled_one_has_all_bytes)
{
    FOR_MODES(mode)
    {
        for (int begun = 0; begun < 2; begun++) {
            pair p = pair_open(mode);
            kiwi_id first = kiwi_tcp_recv(p.net, p.server, 10), second = kiwi_tcp_recv(p.net, p.server, 10);
            if (begun)
                settle(p.net);
            cancel(p.net, first);
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "abc", 3));
            await_bytes(p.net, second, "abc");
            first = kiwi_tcp_recv(p.net, p.server, 10);
            second = kiwi_tcp_recv(p.net, p.server, 10);
            cancel(p.net, second); /* one that waits behind another */
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "def", 3));
            await_bytes(p.net, first, "def");
            kiwi_net_close(p.net);
        }
    }
}
END_TEST

START_TEST(an_accept_leaves_the_connection_to_the_next)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id accept = kiwi_tcp_accept(p.net, p.listener);
        settle(p.net);
        cancel(p.net, accept);
        connect_pair(&p);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "abc", 3));
        await_bytes(p.net, kiwi_tcp_recv(p.net, p.server, 10), "abc");
        kiwi_net_close(p.net);
    }
}
END_TEST

/* Receive until `id` has ended. */
static void drain_until(const pair *p, kiwi_id id)
{
    int64_t end = kb_clock_us() + 1000 * LIMIT_MS;
    while (kiwi_task_status(p->net, id) == KIWI_TASK_RUNNING && kb_clock_us() < end) {
        kiwi_result r;
        kiwi_id got = kiwi_tcp_recv(p->net, p->server, 1 << 20);
        if (kiwi_task_await(p->net, got, 20, &r) == 0)
            free(r.bytes);
        else
            (void)kiwi_task_cancel(p->net, got);
    }
}

START_TEST(a_send_that_had_not_begun_leaves_the_stream_whole_and_a_part_does_not)
{
    enum { SIZE = 20000000 };
    char *data = calloc(1, SIZE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id big = kiwi_tcp_send(p.net, p.client, data, SIZE);
        kiwi_id behind = kiwi_tcp_send(p.net, p.client, "abc", 3);
        kiwi_socket_info info = {.bytes_out = 0};
        while (info.bytes_out == 0) { /* until a part has gone out; the test has a time limit */
            settle(p.net);
            ck_assert_int_eq(kiwi_socket_info_get(p.net, p.client, &info), 0);
        }
        cancel(p.net, behind);
        cancel(p.net, big);
        kiwi_id later = kiwi_tcp_send(p.net, p.client, "def", 3);
        drain_until(&p, later); /* a worker inside the system's call has to come out of it first */
        await_fault(p.net, later, "a send was cut short");
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

START_TEST(a_datagram_stays_for_the_next_receive)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_socket_info info;
        kiwi_id udp = await_int(p.net, kiwi_udp_bind(p.net, "127.0.0.1", 0));
        ck_assert_int_eq(kiwi_socket_info_get(p.net, udp, &info), 0);
        kiwi_id got = kiwi_udp_recv(p.net, udp, 0);
        settle(p.net);
        cancel(p.net, got);
        (void)await_int(p.net, kiwi_udp_send(p.net, udp, "127.0.0.1", info.local_port, "abc", 3));
        kiwi_result r = await(p.net, kiwi_udp_recv(p.net, udp, LIMIT_MS));
        ck_assert(r.state == KIWI_TASK_COMPLETED && r.size == 3);
        free(r.bytes);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(what_has_ended_or_is_the_callers_is_not_cancelled)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_result r;
        kiwi_id own = kiwi_task_open(p.net), sent = kiwi_tcp_send(p.net, p.client, "abc", 3);
        ck_assert_int_eq(kiwi_task_cancel(p.net, own), EINVAL);
        ck_assert_int_eq(kiwi_task_complete(p.net, own, 1), 0);
        ck_assert_int_eq(kiwi_task_cancel(p.net, own), ENOENT);
        (void)await_int(p.net, sent);
        ck_assert_int_eq(kiwi_task_cancel(p.net, sent), ENOENT);
        ck_assert_int_eq(kiwi_task_cancel(p.net, p.client), ENOENT);
        ck_assert_int_eq(kiwi_task_cancel(p.net, 0), ENOENT);
        ck_assert_int_eq(kiwi_task_cancel(p.net, -1), ENOENT);
        kiwi_id watched = kiwi_tcp_recv(p.net, p.client, 10);
        ck_assert_int_eq(kiwi_task_watch(p.net, watched, &r, &r), EINPROGRESS);
        ck_assert_int_eq(kiwi_task_notice(p.net, watched), EINPROGRESS);
        ck_assert_int_eq(kiwi_task_cancel(p.net, watched), 0);
        ck_assert_int_eq(kiwi_task_noticed(p.net), watched);
        ck_assert_int_eq(kiwi_task_next(p.net, LIMIT_MS, &r), 0);
        ck_assert(r.id == watched && r.fault == KIWI_FAULT_CANCELLED);
        ck_assert_uint_eq(kiwi_net_pending(p.net), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(an_operation_has_a_limit_of_its_own)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id first = kiwi_tcp_recv(p.net, p.server, 10), second = kiwi_tcp_recv(p.net, p.server, 10);
        settle(p.net); /* a worker may wait for it without a limit already */
        ck_assert_int_eq(kiwi_task_timeout(p.net, first, 10), 0);
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.server, 60000), 0); /* the earlier one counts */
        await_fault(p.net, first, "timed out");
        ck_assert_int_eq(kiwi_task_status(p.net, second), KIWI_TASK_RUNNING);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "abc", 3));
        await_bytes(p.net, second, "abc");
        first = kiwi_tcp_recv(p.net, p.server, 10);
        ck_assert_int_eq(kiwi_task_timeout(p.net, first, 60000), 0);
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.server, 10), 0);
        await_fault(p.net, first, "timed out");
        ck_assert_int_eq(kiwi_task_timeout(p.net, first, 10), ENOENT);
        ck_assert_int_eq(kiwi_task_timeout(p.net, p.server, 10), ENOENT);
        kiwi_id own = kiwi_task_open(p.net);
        ck_assert_int_eq(kiwi_task_timeout(p.net, own, 10), EINVAL);
        first = kiwi_tcp_recv(p.net, p.client, 10);
        ck_assert_int_eq(kiwi_task_timeout(p.net, first, 0), EINVAL);
        ck_assert_int_eq(kiwi_task_timeout(p.net, first, -1), EINVAL);
        kiwi_net_close(p.net);
    }
}
END_TEST

/* ---- Jobs ------------------------------------------------------------------------------------ */

static atomic_int begun, freed;
static atomic_bool open_gate;

static void wait_for_gate(void *data, kiwi_result *out)
{
    (void)data;
    atomic_fetch_add(&begun, 1);
    while (!atomic_load(&open_gate))
        (void)sched_yield();
    out->kind = KIWI_RESULT_BYTES;
    out->bytes = malloc(4);
    out->size = 4;
}

static void count_freed(void *data)
{
    (void)data;
    atomic_fetch_add(&freed, 1);
}

static void until(const atomic_int *number, int wanted)
{
    int64_t end = kb_clock_us() + 1000 * LIMIT_MS;
    while (atomic_load(number) != wanted && kb_clock_us() < end)
        (void)sched_yield();
    ck_assert_int_eq(atomic_load(number), wanted);
}

START_TEST(a_job_that_had_not_begun_never_runs_and_another_ends_alone)
{
    enum { THREADS = 64, JOBS = THREADS + 5 };
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_id ids[JOBS];
        atomic_store(&begun, 0);
        atomic_store(&freed, 0);
        atomic_store(&open_gate, false);
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        for (int i = 0; i < JOBS; i++)
            ids[i] = kiwi_job(net, wait_for_gate, NULL, count_freed);
        until(&begun, THREADS);
        for (int i = 0; i < JOBS; i++)
            cancel(net, ids[i]);
        ck_assert_int_eq(atomic_load(&freed), JOBS - THREADS);
        atomic_store(&open_gate, true);
        until(&freed, JOBS);
        ck_assert_int_eq(atomic_load(&begun), THREADS);
        ck_assert_uint_eq(kiwi_net_pending(net), 0);
        kiwi_net_close(net);
    }
}
END_TEST

/* ---- Races ----------------------------------------------------------------------------------- */

enum { TURNS = 3000 };

static void *send_numbers(void *arg)
{
    const pair *p = arg;
    for (int i = 0; i < TURNS; i++) {
        unsigned char byte = (unsigned char)i;
        (void)await_int(p->net, kiwi_tcp_send(p->net, p->client, &byte, 1));
    }
    return NULL;
}

/* Receive the numbers from *got on. */
static kiwi_task_state receive(const pair *p, bool cancelled, int *got)
{
    kiwi_result r;
    kiwi_id id = kiwi_tcp_recv(p->net, p->server, 7);
    if (cancelled)
        (void)kiwi_task_cancel(p->net, id);
    ck_assert_int_eq(kiwi_task_await(p->net, id, LIMIT_MS, &r), 0);
    for (size_t i = 0; i < r.size; i++)
        ck_assert_uint_eq(r.bytes[i], (unsigned char)(*got)++);
    free(r.bytes);
    return r.state;
}

START_TEST(whoever_is_first_no_byte_is_lost)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, send_numbers, &p), 0);
        for (int got = 0; got < TURNS;) { /* each cancelled receive is followed by one that is left alone */
            (void)receive(&p, true, &got);
            if (got < TURNS)
                ck_assert_int_eq(receive(&p, false, &got), KIWI_TASK_COMPLETED);
        }
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        kiwi_net_close(p.net);
    }
}
END_TEST

SUITE_MAIN("cancel", 60, the_receive_after_a_cancelled_one_has_all_bytes, an_accept_leaves_the_connection_to_the_next,
           a_send_that_had_not_begun_leaves_the_stream_whole_and_a_part_does_not, a_datagram_stays_for_the_next_receive,
           what_has_ended_or_is_the_callers_is_not_cancelled, an_operation_has_a_limit_of_its_own,
           a_job_that_had_not_begun_never_runs_and_another_ends_alone, whoever_is_first_no_byte_is_lost)
