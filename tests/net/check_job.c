/* check_job.c - jobs: work that blocks runs beside the sockets, ends once, and gives back what it was given. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/clock.h"
#include "net_test.h"

enum { JOBS_MAX = 64 }; /* as net.h promises */

/* A place where jobs wait until the test lets them go. */
typedef struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    int inside, inside_most, freed; /* guarded by lock */
} gate;

static void gate_init(gate *g)
{
    *g = (gate){.open = false};
    ck_assert_int_eq(pthread_mutex_init(&g->lock, NULL), 0);
    ck_assert_int_eq(pthread_cond_init(&g->changed, NULL), 0);
}

static void gate_open(gate *g)
{
    ck_assert_int_eq(pthread_mutex_lock(&g->lock), 0);
    g->open = true;
    ck_assert_int_eq(pthread_cond_broadcast(&g->changed), 0);
    ck_assert_int_eq(pthread_mutex_unlock(&g->lock), 0);
}

/* Wait until *number, which the lock guards, is `wanted`. */
static void gate_until(gate *g, const int *number, int wanted)
{
    ck_assert_int_eq(pthread_mutex_lock(&g->lock), 0);
    while (*number != wanted)
        ck_assert_int_eq(pthread_cond_wait(&g->changed, &g->lock), 0);
    ck_assert_int_eq(pthread_mutex_unlock(&g->lock), 0);
}

static void wait_at(void *data, kiwi_result *out)
{
    gate *g = data;
    (void)pthread_mutex_lock(&g->lock);
    if (++g->inside > g->inside_most)
        g->inside_most = g->inside;
    (void)pthread_cond_broadcast(&g->changed);
    while (!g->open)
        (void)pthread_cond_wait(&g->changed, &g->lock);
    g->inside--;
    (void)pthread_mutex_unlock(&g->lock);
    out->kind = KIWI_RESULT_BYTES;
    out->bytes = (unsigned char *)strdup("through");
    out->size = 7;
}

static void count_freed(void *data)
{
    gate *g = data;
    (void)pthread_mutex_lock(&g->lock);
    g->freed++;
    (void)pthread_cond_broadcast(&g->changed);
    (void)pthread_mutex_unlock(&g->lock);
}

static void give_number(void *data, kiwi_result *out)
{
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = (int64_t)strlen(data);
}

static void give_nothing(void *data, kiwi_result *out)
{
    (void)data;
    (void)out;
}

static void give_fault(void *data, kiwi_result *out)
{
    out->fault = KIWI_FAULT_SYSTEM;
    out->sys = ENOENT;
    out->bytes = malloc(10); /* of a fault they are nobody's */
    (void)snprintf(out->message, sizeof(out->message), "cannot: %s", (const char *)data);
}

START_TEST(a_job_gives_what_it_says_and_its_data_is_freed_before)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        ck_assert_int_eq(await_int(net, kiwi_job(net, give_number, strdup("seven"), free)), 5);
        ck_assert_int_eq(await(net, kiwi_job(net, give_nothing, NULL, NULL)).kind, KIWI_RESULT_NONE);
        kiwi_result r = await(net, kiwi_job(net, give_fault, strdup("x"), free));
        ck_assert(r.state == KIWI_TASK_FAULTED && r.sys == ENOENT && r.bytes == NULL);
        ck_assert_str_eq(r.message, "cannot: x");
        gate g;
        gate_init(&g);
        gate_open(&g);
        await_bytes(net, kiwi_job(net, wait_at, &g, count_freed), "through");
        ck_assert_int_eq(g.freed, 1);
        await_fault(net, kiwi_job(net, NULL, &g, count_freed), "A job needs a function");
        ck_assert_int_eq(g.freed, 2);
        ck_assert_uint_eq(kiwi_net_pending(net), 0);
        ck_assert_uint_eq(kiwi_net_held(net), 0);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(i1_jobs_that_block_hold_up_no_socket_and_take_turns)
{
    enum { JOBS = JOBS_MAX + 20 };
    FOR_MODES(mode)
    {
        pair p = pair_open(mode);
        kiwi_id ids[JOBS];
        gate g;
        gate_init(&g);
        for (int i = 0; i < JOBS; i++)
            ids[i] = kiwi_job(p.net, wait_at, &g, count_freed);
        gate_until(&g, &g.inside, JOBS_MAX);
        for (int i = 0; i < 50; i++) {
            kiwi_id got = kiwi_tcp_recv(p.net, p.server, 100);
            (void)await_int(p.net, kiwi_tcp_send(p.net, p.client, "ping", 4));
            await_bytes(p.net, got, "ping");
        }
        ck_assert_uint_eq(kiwi_net_pending(p.net), JOBS);
        gate_open(&g);
        for (int i = 0; i < JOBS; i++)
            await_bytes(p.net, ids[i], "through");
        ck_assert_int_eq(g.inside_most, JOBS_MAX);
        ck_assert_int_eq(g.freed, JOBS);
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(watched_jobs_wake_who_waits)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_net_options lazy = *mode;
        lazy.lazy = true;
        ck_assert_int_eq(kiwi_net_open(&lazy, &net), 0);
        for (int i = 0; i < 200; i++) {
            kiwi_result r;
            kiwi_id id = kiwi_job(net, give_number, strdup("abc"), free);
            int code = kiwi_task_watch(net, id, &r, &r);
            if (code == EINPROGRESS)
                code = kiwi_task_next(net, LIMIT_MS, &r);
            ck_assert_int_eq(code, 0);
            ck_assert(r.id == id && r.integer == 3);
        }
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(closing_forgets_what_was_not_begun_and_waits_for_none)
{
    enum { JOBS = JOBS_MAX + 5 };
    FOR_MODES(mode)
    {
        kiwi_net *net;
        gate g;
        gate_init(&g);
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        for (int i = 0; i < JOBS; i++)
            (void)kiwi_job(net, wait_at, &g, count_freed);
        gate_until(&g, &g.inside, JOBS_MAX);
        kiwi_net_close(net);
        ck_assert_int_eq(g.freed, JOBS - JOBS_MAX);
        gate_open(&g);
        gate_until(&g, &g.freed, JOBS); /* the others end alone, and give back everything */
    }
}
END_TEST

static void *submit_some(void *net)
{
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(await_int(net, kiwi_job(net, give_number, strdup("four"), free)), 4);
    return NULL;
}

START_TEST(several_threads_submit_jobs)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        pthread_t threads[4];
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(pthread_create(&threads[i], NULL, submit_some, net), 0);
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        kiwi_net_close(net);
    }
}
END_TEST

/* ---- Lines ------------------------------------------------------------------------------------- */

typedef struct turns {
    atomic_int inside, most, freed, last;
    bool in_order;
} turns;

typedef struct turn {
    turns *all;
    int number;
} turn;

static turn *new_turn(turns *all, int number)
{
    turn *t = malloc(sizeof(*t));
    *t = (turn){.all = all, .number = number};
    return t;
}

static void take_turn(void *data, kiwi_result *out)
{
    const turn *t = data;
    turns *all = t->all;
    if (atomic_fetch_add(&all->inside, 1) > 0)
        atomic_store(&all->most, 2);
    if (atomic_exchange(&all->last, t->number) >= t->number)
        all->in_order = false;
    atomic_fetch_sub(&all->inside, 1);
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = t->number;
}

static void free_turn(void *data)
{
    turn *t = data;
    atomic_fetch_add(&t->all->freed, 1);
    free(t);
}

START_TEST(of_the_jobs_in_a_line_one_runs_at_a_time_in_order)
{
    enum { TURNS = 300 };
    FOR_MODES(mode)
    {
        kiwi_net *net;
        kiwi_id ids[TURNS];
        turns all = {.last = -1, .in_order = true};
        kiwi_line *line = kiwi_line_open();
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        for (int i = 0; i < TURNS; i++)
            ids[i] = kiwi_job_in_line(net, line, take_turn, new_turn(&all, i), free_turn);
        kiwi_line_close(line); /* those in it go on */
        for (int i = 0; i < TURNS; i++)
            ck_assert_int_eq(await_int(net, ids[i]), i);
        ck_assert(all.in_order && all.most == 0 && all.freed == TURNS);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(who_waits_in_a_line_takes_no_thread_from_others)
{
    FOR_MODES(mode)
    {
        kiwi_net *net;
        gate g;
        gate_init(&g);
        turns all = {.last = -1, .in_order = true};
        kiwi_line *line = kiwi_line_open();
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        kiwi_id first = kiwi_job_in_line(net, line, wait_at, &g, count_freed), ids[2 * JOBS_MAX];
        for (int i = 0; i < 2 * JOBS_MAX; i++)
            ids[i] = kiwi_job_in_line(net, line, take_turn, new_turn(&all, i), free_turn);
        ck_assert_int_eq(await_int(net, kiwi_job(net, give_number, strdup("other"), free)), 5);
        ck_assert_int_eq(all.last, -1);
        gate_open(&g);
        await_bytes(net, first, "through");
        for (int i = 0; i < 2 * JOBS_MAX; i++)
            ck_assert_int_eq(await_int(net, ids[i]), i);
        kiwi_line_close(line);
        kiwi_net_close(net);
    }
}
END_TEST

START_TEST(closing_forgets_who_waits_in_a_line)
{
    enum { TURNS = 1000 };
    FOR_MODES(mode)
    {
        kiwi_net *net;
        gate g;
        gate_init(&g);
        turns all = {.last = -1, .in_order = true};
        kiwi_line *line = kiwi_line_open();
        ck_assert_int_eq(kiwi_net_open(mode, &net), 0);
        (void)kiwi_job_in_line(net, line, wait_at, &g, count_freed);
        gate_until(&g, &g.inside, 1);
        for (int i = 0; i < TURNS; i++)
            (void)kiwi_job_in_line(net, line, take_turn, new_turn(&all, i), free_turn);
        kiwi_net_close(net);
        kiwi_line_close(line);
        gate_open(&g);
        gate_until(&g, &g.freed, 1);
        int64_t until_us = kb_clock_after_ms(kb_clock_us(), LIMIT_MS);
        while (atomic_load(&all.freed) < TURNS && kb_clock_us() < until_us)
            continue;
        ck_assert_int_eq(all.freed, TURNS);
        ck_assert_int_eq(all.last, -1); /* none began */
    }
}
END_TEST

SUITE_MAIN("job", 60, a_job_gives_what_it_says_and_its_data_is_freed_before,
           i1_jobs_that_block_hold_up_no_socket_and_take_turns, watched_jobs_wake_who_waits,
           closing_forgets_what_was_not_begun_and_waits_for_none, several_threads_submit_jobs,
           of_the_jobs_in_a_line_one_runs_at_a_time_in_order, who_waits_in_a_line_takes_no_thread_from_others,
           closing_forgets_who_waits_in_a_line)
