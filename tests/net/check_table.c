/* check_table.c - the task table: status, await, watch, next, list; the caller's own tasks. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "net_test.h"

START_TEST(a_task_is_running_then_ended_then_unknown)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_result r;
        kiwi_id id = kiwi_tcp_recv(p.net, p.server, 10);
        ck_assert_int_eq(kiwi_task_status(p.net, id), KIWI_TASK_RUNNING);
        ck_assert_int_eq(kiwi_task_peek(p.net, id, &r), EAGAIN);
        ck_assert_int_eq(kiwi_task_await(p.net, id, 10, &r), ETIMEDOUT);
        ck_assert_uint_eq(kiwi_task_running(p.net), 1);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "abc", 3));
        for (int64_t end = kb_clock_us() + 1000 * LIMIT_MS;
             kiwi_task_status(p.net, id) == KIWI_TASK_RUNNING && kb_clock_us() < end;)
            kiwi_net_wait(p.net, 10000, false);
        ck_assert_int_eq(kiwi_task_peek(p.net, id, &r), 0);
        ck_assert(r.state == KIWI_TASK_COMPLETED && r.size == 3 && memcmp(r.bytes, "abc", 3) == 0);
        await_bytes(p.net, id, "abc");
        ck_assert_int_eq(kiwi_task_status(p.net, id), KIWI_TASK_UNKNOWN);
        ck_assert_int_eq(kiwi_task_await(p.net, id, -1, &r), ENOENT);
        ck_assert_int_eq(kiwi_task_peek(p.net, id, &r), ENOENT);
        ck_assert_int_eq(kiwi_task_watch(p.net, id, &r, &r), ENOENT);
        ck_assert_int_eq(kiwi_task_next(p.net, -1, &r), ENOENT);
        kiwi_net_close(p.net);
    }
}
END_TEST

/* Wait until the end of a task is told. */
static kiwi_id noticed(kiwi_net *net)
{
    int64_t end = kb_clock_us() + 1000 * LIMIT_MS;
    kiwi_id id;
    while ((id = kiwi_task_noticed(net)) == 0 && kb_clock_us() < end)
        kiwi_net_wait(net, 1000 * LIMIT_MS, false);
    return id;
}

START_TEST(an_end_is_told_once_and_the_result_stays)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id got = kiwi_tcp_recv(p.net, p.server, 10), own = kiwi_task_open(p.net);
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(kiwi_task_notice(p.net, got), EINPROGRESS);
            ck_assert_int_eq(kiwi_task_notice(p.net, own), EINPROGRESS);
        }
        ck_assert_int_eq(kiwi_task_noticed(p.net), 0);
        (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "abc", 3));
        ck_assert_int_eq(noticed(p.net), got);
        ck_assert_int_eq(kiwi_task_notice(p.net, got), 0);
        ck_assert_int_eq(kiwi_task_noticed(p.net), 0);
        await_bytes(p.net, got, "abc");
        ck_assert_int_eq(kiwi_task_notice(p.net, got), ENOENT);
        ck_assert_int_eq(kiwi_task_notice(p.net, p.server), 0);
        ck_assert_int_eq(kiwi_task_complete(p.net, own, 7), 0);
        ck_assert_int_eq(await_int(p.net, own), 7); /* taken before it is told */
        ck_assert_int_eq(kiwi_task_noticed(p.net), own);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(ends_that_nobody_is_told_of_are_freed)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        ck_assert_int_eq(kiwi_task_notice(p.net, kiwi_tcp_recv(p.net, p.server, 10)), EINPROGRESS);
        ck_assert_int_eq(kiwi_task_notice(p.net, kiwi_task_open(p.net)), EINPROGRESS);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(each_fault_has_a_kind_and_its_number)
{
    const struct {
        kiwi_result fault;
        const char *kind;
        int code;
    } rows[] = {
        {{.fault = KIWI_FAULT_SYSTEM, .sys = ECONNREFUSED}, "refused", ECONNREFUSED},
        {{.fault = KIWI_FAULT_SYSTEM, .sys = EPIPE}, "reset", EPIPE},
        {{.fault = KIWI_FAULT_SYSTEM, .sys = EIO}, "system", EIO},
        {{.fault = KIWI_FAULT_TIMEOUT}, "timed_out", 0},
        {{.fault = KIWI_FAULT_CANCELLED}, "cancelled", 0},
        {{.fault = KIWI_FAULT_TLS, .tls = -12, .alert = 42}, "certificate", 42},
        {{.fault = KIWI_FAULT_TLS, .tls = -12, .alert = 40, .handshake = true}, "handshake", 40},
        {{.fault = KIWI_FAULT_TLS, .tls = -24}, "tls", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ck_assert_str_eq(kiwi_fault_kind(&rows[i].fault), rows[i].kind);
        ck_assert_int_eq(kiwi_fault_code(&rows[i].fault), rows[i].code);
    }
    for (int fault = KIWI_FAULT_CLOSED; fault <= KIWI_FAULT_TOO_LONG; fault++)
        ck_assert((kiwi_fault_kind(&(kiwi_result){.fault = (kiwi_fault)fault}) == NULL) ==
                  (fault == KIWI_FAULT_CALLER));
    ck_assert_ptr_null(kiwi_fault_kind(&(kiwi_result){.fault = KIWI_FAULT_NONE}));
    ck_assert_ptr_null(kiwi_fault_kind(NULL));
    ck_assert_int_eq(kiwi_fault_code(NULL), 0);
}
END_TEST

START_TEST(a_socket_id_gives_itself_any_number_of_times)
{
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        for (int i = 0; i < 3; i++) {
            ck_assert_int_eq(await_int(p.net, p.client), p.client);
            ck_assert_int_eq(kiwi_task_status(p.net, p.client), KIWI_TASK_COMPLETED);
        }
        kiwi_tcp_close(p.net, p.client);
        kiwi_result r;
        ck_assert_int_eq(kiwi_task_status(p.net, p.client), KIWI_TASK_UNKNOWN);
        ck_assert_int_eq(kiwi_task_await(p.net, p.client, -1, &r), ENOENT);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(watched_tasks_come_out_in_the_order_in_which_they_end)
{
    FOR_MODES(mode)
    {
        for (int lazy = 0; lazy < 2; lazy++) {
            kiwi_net_options options = *mode;
            options.lazy = lazy == 1;
            pair p = pair_open(&options);
            kiwi_result r;
            int tokens[3];
            kiwi_id own = kiwi_task_open(p.net), got = kiwi_tcp_recv(p.net, p.server, 10);
            ck_assert_int_eq(kiwi_task_watch(p.net, own, &tokens[0], &r), EINPROGRESS);
            ck_assert_int_eq(kiwi_task_watch(p.net, own, &tokens[0], &r), EBUSY);
            ck_assert_int_eq(kiwi_task_watch(p.net, got, &tokens[1], &r), EINPROGRESS);
            ck_assert_int_eq(kiwi_task_next(p.net, 0, &r), ETIMEDOUT);
            ck_assert_int_eq(kiwi_task_next(p.net, 10, &r), ETIMEDOUT);
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "abc", 3));
            ck_assert_int_eq(kiwi_task_next(p.net, LIMIT_MS, &r), 0);
            ck_assert(r.id == got && r.token == &tokens[1] && r.size == 3);
            free(r.bytes);
            ck_assert_int_eq(kiwi_task_complete(p.net, own, 42), 0);
            ck_assert_int_eq(kiwi_task_complete(p.net, own, 43), ENOENT);
            ck_assert_int_eq(kiwi_task_next(p.net, -1, &r), 0);
            ck_assert(r.id == own && r.token == &tokens[0] && r.integer == 42);
            ck_assert_int_eq(kiwi_task_next(p.net, -1, &r), ENOENT);
            kiwi_net_close(p.net);
        }
    }
}
END_TEST

typedef struct taker {
    kiwi_net *net;
    int error;
} taker;

static void *take_next(void *arg)
{
    taker *t = arg;
    kiwi_result r;
    t->error = kiwi_task_next(t->net, -1, &r);
    return NULL;
}

START_TEST(of_several_threads_that_wait_for_one_task_each_comes_back)
{
    enum { THREADS = 4, ROUNDS = 20 };
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        for (int round = 0; round < ROUNDS; round++) {
            taker takers[THREADS];
            pthread_t threads[THREADS];
            kiwi_result r;
            kiwi_id own = kiwi_task_open(p.net);
            int took = 0;
            ck_assert_int_eq(kiwi_task_watch(p.net, own, &takers, &r), EINPROGRESS);
            for (int i = 0; i < THREADS; i++) {
                takers[i] = (taker){.net = p.net};
                ck_assert_int_eq(pthread_create(&threads[i], NULL, take_next, &takers[i]), 0);
            }
            if (round % 2 == 0) /* let them fall asleep: either way they must come back */
                kiwi_net_wait(p.net, 5000, false);
            ck_assert_int_eq(kiwi_task_complete(p.net, own, 1), 0);
            for (int i = 0; i < THREADS; i++) {
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
                ck_assert(takers[i].error == 0 || takers[i].error == ENOENT);
                took += takers[i].error == 0;
            }
            ck_assert_int_eq(took, 1);
        }
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_lazy_runtime_begins_everything_before_it_waits)
{
    FOR_MODES(mode)
    {
        kiwi_net_options options = *mode;
        options.lazy = true;
        pair p = pair_open(&options);
        for (int i = 0; i < 200; i++) {
            kiwi_result r;
            kiwi_id got = kiwi_tcp_recv(p.net, p.server, 10);
            int error = kiwi_task_watch(p.net, got, &p, &r);
            ck_assert_int_eq(error, EINPROGRESS);
            (void)kiwi_tcp_send(p.net, p.client, "x", 1); /* nobody awaits it; it still happens */
            if (i % 3 == 0)
                kiwi_net_flush(p.net);
            ck_assert_int_eq(kiwi_task_next(p.net, LIMIT_MS, &r), 0);
            ck_assert(r.id == got && r.size == 1);
            free(r.bytes);
        }
        /* Parked while nobody waits here: after a flush the workers do it all. */
        kiwi_id got = kiwi_tcp_recv(p.net, p.server, 10);
        (void)kiwi_tcp_send(p.net, p.client, "y", 1);
        kiwi_net_flush(p.net);
        struct timespec nap = {.tv_nsec = 1000000};
        for (int i = 0; i < LIMIT_MS && kiwi_task_status(p.net, got) == KIWI_TASK_RUNNING; i++)
            (void)nanosleep(&nap, NULL);
        await_bytes(p.net, got, "y");
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(no_completion_is_lost_while_the_lead_changes_hands)
{
    FOR_MODES(mode)
    {
        kiwi_net_options options = *mode;
        options.lazy = true;
        pair p = pair_open(&options);
        for (int i = 0; i < 1500; i++) {
            kiwi_result r;
            kiwi_id got = kiwi_tcp_recv(p.net, p.server, 10);
            ck_assert_int_eq(kiwi_task_watch(p.net, got, &p, &r), EINPROGRESS);
            if (i % 2 == 0)
                kiwi_net_flush(p.net); /* a worker leads, and completes while we take the lead */
            (void)kiwi_tcp_send(p.net, p.client, "x", 1);
            if (i % 3 == 0)
                kiwi_net_flush(p.net);
            ck_assert_int_eq(kiwi_task_next(p.net, -1, &r), 0); /* lost: the test runs into its limit */
            ck_assert(r.id == got && r.size == 1);
            free(r.bytes);
        }
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(own_tasks_fault_with_the_message_given)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        kiwi_id id = kiwi_task_open(net), other = kiwi_task_open(net);
        ck_assert_int_lt(id, other);
        ck_assert_uint_eq(kiwi_task_running(net), 2);
        ck_assert_uint_eq(kiwi_net_pending(net), 0);
        ck_assert_int_eq(kiwi_task_fault(net, id, "went wrong"), 0);
        ck_assert_int_eq(kiwi_task_fault(net, 999, "?"), ENOENT);
        kiwi_id *ids;
        size_t count, running;
        ck_assert_int_eq(kiwi_task_list(net, &ids, &count, &running), 0);
        ck_assert(count == 2 && running == 1 && ids[0] == id && ids[1] == other);
        free(ids);
        await_fault(net, id, "went wrong");
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(a_failed_connect_is_kept_under_a_negative_id)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_result reason = {.fault = KIWI_FAULT_TLS, .tls = -5, .message = "no"}, r;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        kiwi_id a = kiwi_tls_failed(net, &reason), b = kiwi_tls_failed(net, &reason);
        ck_assert(a < 0 && b < 0 && a != b);
        ck_assert_int_eq(kiwi_task_status(net, a), KIWI_TASK_FAULTED);
        for (int i = 0; i < 2; i++) {
            ck_assert_int_eq(kiwi_task_await(net, a, -1, &r), 0);
            ck_assert(r.state == KIWI_TASK_FAULTED && r.tls == -5 && strcmp(r.message, "no") == 0);
        }
        await_fault(net, kiwi_tls_recv(net, b, 5), "no");
        await_fault(net, kiwi_tls_send(net, b, "x", 1), "no");
        kiwi_tls_close(net, a);
        for (int i = 0; i < 5000; i++)
            (void)kiwi_tls_failed(net, &reason);
        ck_assert_int_eq(kiwi_tls_error(net, a, &r), ENOENT);
        ck_assert_int_eq(kiwi_task_status(net, a), KIWI_TASK_UNKNOWN);
        kiwi_net_close(net);
    }
}
END_TEST

typedef struct share {
    kiwi_net *net;
    kiwi_id id;
    atomic_int good, waiting;
} share;

static void *await_shared(void *arg)
{
    share *s = arg;
    kiwi_result r;
    atomic_fetch_add(&s->waiting, 1);
    int error = kiwi_task_await(s->net, s->id, LIMIT_MS, &r);
    /* one that came too late finds it taken */
    if (error == ENOENT ||
        (error == 0 && r.kind == KIWI_RESULT_BYTES && r.size == 5 && memcmp(r.bytes, "hello", 5) == 0))
        atomic_fetch_add(&s->good, 1);
    if (error == 0)
        free(r.bytes);
    return NULL;
}

START_TEST(several_threads_await_one_task_and_all_get_the_bytes)
{
    enum { THREADS = 4 };
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        share s = {.net = p.net, .id = kiwi_tcp_recv(p.net, p.server, 10)};
        pthread_t threads[THREADS];
        for (int i = 0; i < THREADS; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, await_shared, &s), 0);
        while (atomic_load(&s.waiting) < THREADS)
            kiwi_net_wait(p.net, 1000, false);
        (void)kiwi_tcp_send(p.net, p.client, "hello", 5);
        for (int i = 0; i < THREADS; i++)
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_int_eq(atomic_load(&s.good), THREADS);
        kiwi_net_close(p.net);
    }
}
END_TEST

static void *wake_soon(void *net)
{
    struct timespec nap = {.tv_nsec = 5000000};
    (void)nanosleep(&nap, NULL);
    kiwi_net_wake(net);
    return NULL;
}

START_TEST(wake_ends_a_wait_in_progress_or_the_next_one)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        pthread_t thread;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        kiwi_net_wake(net);
        kiwi_net_wait(net, -1, false);
        for (int i = 0; i < 5; i++) {
            ck_assert_int_eq(pthread_create(&thread, NULL, wake_soon, net), 0);
            kiwi_net_wait(net, -1, i % 2 == 0);
            ck_assert_int_eq(pthread_join(thread, NULL), 0);
        }
        int64_t before = kb_clock_us();
        kiwi_net_wait(net, 20000, false);
        ck_assert_int_ge(kb_clock_us() - before, 19000);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(i7_results_that_nobody_takes_are_bounded)
{
    enum { TASKS = 1000100 }; /* a little more than are kept */
    kiwi_net *net;
    ck_assert_int_eq(kiwi_net_open(NULL, &net), 0);
    kiwi_id first = kiwi_task_open(net), last = 0;
    ck_assert_int_eq(kiwi_task_complete(net, first, 1), 0);
    for (int i = 0; i < TASKS; i++) {
        last = kiwi_task_open(net);
        (void)kiwi_task_complete(net, last, i);
    }
    ck_assert_int_eq(kiwi_task_status(net, first), KIWI_TASK_UNKNOWN);
    ck_assert_int_eq(await_int(net, last), TASKS - 1);
    kiwi_id *ids;
    size_t count, running;
    ck_assert_int_eq(kiwi_task_list(net, &ids, &count, &running), 0);
    ck_assert_uint_le(count, 1000000);
    free(ids);
    kiwi_net_close(net);
}
END_TEST

/* ---- Bounded by bytes -------------------------------------------------------------------------- */

START_TEST(i7_values_that_nobody_takes_are_bounded_by_their_bytes)
{
    enum { COUNT = 30, SIZE = 10000, KEPT = 100000 };
    char *data = calloc(1, SIZE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        kiwi_net_options bounded = *mode;
        bounded.leftovers = KEPT;
        pair p = pair_open(&bounded);
        kiwi_id got[COUNT];
        for (int i = 0; i < COUNT; i++) {
            ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, data, SIZE)), SIZE);
            got[i] = kiwi_tcp_recv(p.net, p.server, SIZE);
            kiwi_net_flush(p.net);
            while (kiwi_task_status(p.net, got[i]) == KIWI_TASK_RUNNING)
                kiwi_net_wait(p.net, 1000, false);
            ck_assert_uint_le(kiwi_net_held(p.net), KEPT);
        }
        ck_assert_uint_gt(kiwi_net_held(p.net), KEPT / 2);
        ck_assert_int_eq(kiwi_task_status(p.net, got[0]), KIWI_TASK_COMPLETED);
        kiwi_result r = await(p.net, got[0]);
        ck_assert_int_eq(r.fault, KIWI_FAULT_DROPPED);
        ck_assert_ptr_nonnull(strstr(r.message, "KIWI_LEFTOVERS"));
        ck_assert_int_eq(kiwi_task_dropped(p.net), got[1]); /* the caller may keep a copy */
        ck_assert_int_eq(kiwi_task_status(p.net, got[0]), KIWI_TASK_UNKNOWN);
        r = await(p.net, got[COUNT - 1]);
        ck_assert(r.state == KIWI_TASK_COMPLETED && r.size > 0);
        free(r.bytes);
        kiwi_net_close(p.net);
    }
    free(data);
}
END_TEST

START_TEST(values_that_the_caller_keeps_count_too)
{
    kiwi_net *net;
    ck_assert_int_eq(kiwi_net_open(&(kiwi_net_options){.leftovers = 1000}, &net), 0);
    kiwi_id a = kiwi_task_open(net), b = kiwi_task_open(net), c = kiwi_task_open(net);
    ck_assert_int_eq(kiwi_task_complete_kept(net, a, 600), 0);
    ck_assert_int_eq(kiwi_task_dropped(net), 0);
    ck_assert_int_eq(kiwi_task_complete_kept(net, b, 600), 0);
    ck_assert_int_eq(kiwi_task_dropped(net), a);
    ck_assert_int_eq(kiwi_task_dropped(net), 0);
    ck_assert_int_eq(kiwi_task_complete_kept(net, c, 2000), 0); /* too much alone */
    ck_assert_int_eq(kiwi_task_dropped(net), b);
    ck_assert_int_eq(kiwi_task_dropped(net), c);
    ck_assert_int_eq(kiwi_task_complete_kept(net, c, 1), ENOENT);
    ck_assert_int_eq(await(net, a).fault, KIWI_FAULT_DROPPED);
    ck_assert_int_eq(await(net, b).fault, KIWI_FAULT_DROPPED);
    ck_assert_uint_eq(kiwi_net_held(net), 0); /* the caller's are not the runtime's */
    kiwi_net_close(net);
}
END_TEST

static void count_done(void *count)
{
    atomic_fetch_add((atomic_int *)count, 1);
}

START_TEST(lent_bytes_are_given_back_once_however_the_send_ends)
{
    enum { SIZE = 16 * 1024 * 1024 };
    char *data = calloc(1, SIZE);
    ck_assert_ptr_nonnull(data);
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        atomic_int done[4];
        for (int i = 0; i < 4; i++)
            atomic_init(&done[i], 0);
        await_fault(p.net, kiwi_tcp_send_lent(p.net, 12345, data, 5, count_done, &done[0]), "Invalid socket");
        ck_assert_int_eq(atomic_load(&done[0]), 1);
        kiwi_id small = kiwi_tcp_send_lent(p.net, p.client, "hello", 5, count_done, &done[1]);
        ck_assert_int_eq(await_int(p.net, small), 5);
        ck_assert_int_eq(atomic_load(&done[1]), 1);
        kiwi_id big = kiwi_tcp_send_lent(p.net, p.client, data, SIZE, count_done, &done[2]);
        kiwi_id behind = kiwi_tcp_send_lent(p.net, p.client, data, 5, count_done, &done[3]);
        kiwi_result r;
        ck_assert_int_eq(kiwi_task_await(p.net, big, 20, &r), ETIMEDOUT);
        ck_assert_uint_eq(kiwi_net_held(p.net), 0);
        kiwi_tcp_close(p.net, p.client);
        await_fault(p.net, big, "Socket closed");
        await_fault(p.net, behind, "Socket closed");
        kiwi_net_close(p.net);
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(atomic_load(&done[i]), 1);
    }
    free(data);
}
END_TEST

SUITE_MAIN("table", 60, a_task_is_running_then_ended_then_unknown, an_end_is_told_once_and_the_result_stays,
           ends_that_nobody_is_told_of_are_freed, each_fault_has_a_kind_and_its_number,
           a_socket_id_gives_itself_any_number_of_times, watched_tasks_come_out_in_the_order_in_which_they_end,
           a_lazy_runtime_begins_everything_before_it_waits, of_several_threads_that_wait_for_one_task_each_comes_back,
           no_completion_is_lost_while_the_lead_changes_hands, own_tasks_fault_with_the_message_given,
           a_failed_connect_is_kept_under_a_negative_id, several_threads_await_one_task_and_all_get_the_bytes,
           wake_ends_a_wait_in_progress_or_the_next_one, i7_results_that_nobody_takes_are_bounded,
           i7_values_that_nobody_takes_are_bounded_by_their_bytes, values_that_the_caller_keeps_count_too,
           lent_bytes_are_given_back_once_however_the_send_ends)
