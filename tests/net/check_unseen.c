/* check_unseen.c - failures that nobody looks at are told, once, and no others. */
#include "config.h"

#include <errno.h>

#include "base/clock.h"
#include "net_test.h"

static pair reporting(const kiwi_net_options *mode)
{
    kiwi_net_options options = *mode;
    options.report = true;
    return pair_open(&options);
}

static kiwi_id failed(kiwi_net *net, const char *why)
{
    kiwi_id id = kiwi_task_open(net);
    ck_assert_int_eq(kiwi_task_fault(net, id, why), 0);
    return id;
}

START_TEST(a_failure_is_told_once_it_is_old_enough)
{
    FOR_MODES(mode)
    {
        pair p = reporting(mode);
        kiwi_unseen u;
        int64_t due_us = 0;
        ck_assert(!kiwi_task_unseen(p.net, 0, &u, &due_us));
        ck_assert_int_eq(due_us, -1);
        kiwi_id first = failed(p.net, "first"), second = failed(p.net, "second");
        ck_assert(!kiwi_task_unseen(p.net, 60000000, &u, &due_us));
        ck_assert(due_us > 0 && due_us <= 60000000);
        ck_assert(!kiwi_task_unseen(p.net, 0, NULL, &due_us)); /* a question alone takes none */
        ck_assert_int_eq(due_us, 0);
        ck_assert(kiwi_task_unseen(p.net, 0, &u, &due_us));
        ck_assert(u.fault.id == first && u.fault.state == KIWI_TASK_FAULTED);
        ck_assert(u.fault.fault == KIWI_FAULT_CALLER && u.what == NULL && u.socket == 0 && !u.forgotten);
        ck_assert_str_eq(u.fault.message, "first");
        ck_assert_int_eq(due_us, 0);
        ck_assert(kiwi_task_unseen(p.net, 0, &u, &due_us));
        ck_assert_int_eq(u.fault.id, second);
        ck_assert(!kiwi_task_unseen(p.net, 0, &u, NULL));
        ck_assert_int_eq(kiwi_task_status(p.net, first), KIWI_TASK_FAULTED); /* it stays where it is */
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(who_looks_at_a_failure_has_seen_it)
{
    FOR_MODES(mode)
    {
        pair p = reporting(mode);
        kiwi_result r;
        kiwi_unseen u;
        int token;
        (void)kiwi_task_status(p.net, failed(p.net, "by status"));
        ck_assert_int_eq(kiwi_task_peek(p.net, failed(p.net, "by peek"), &r), 0);
        ck_assert_int_eq(kiwi_task_await(p.net, failed(p.net, "by await"), -1, &r), 0);
        ck_assert_int_eq(kiwi_task_watch(p.net, failed(p.net, "by watch"), &token, &r), 0);
        kiwi_id later = kiwi_task_open(p.net);
        ck_assert_int_eq(kiwi_task_watch(p.net, later, &token, &r), EINPROGRESS);
        ck_assert_int_eq(kiwi_task_fault(p.net, later, "by next"), 0);
        ck_assert(!kiwi_task_unseen(p.net, 0, &u, NULL));
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(an_operation_tells_what_it_was_and_of_which_socket)
{
    FOR_MODES(mode)
    {
        pair p = reporting(mode);
        kiwi_unseen u;
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.client, 1), 0);
        kiwi_id id = kiwi_tcp_recv(p.net, p.client, 10);
        kiwi_net_flush(p.net);
        for (int64_t end = kb_clock_us() + 1000 * LIMIT_MS;
             !kiwi_task_unseen(p.net, 0, &u, NULL) && kb_clock_us() < end;)
            kiwi_net_wait(p.net, 10000, false); /* without a look at its status */
        ck_assert(u.fault.id == id && u.socket == p.client && u.fault.fault == KIWI_FAULT_TIMEOUT);
        ck_assert_str_eq(u.what, "recv");
        (void)kiwi_tcp_recv(p.net, p.server, 10);
        kiwi_tcp_close(p.net, p.server); /* whoever closes knows what ends with that */
        ck_assert(!kiwi_task_unseen(p.net, 0, &u, NULL));
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(a_wait_returns_for_the_first_failure)
{
    FOR_MODES(mode)
    {
        kiwi_net_options options = *mode;
        options.lazy = true;
        pair p = reporting(&options);
        kiwi_unseen u;
        kiwi_result r;
        int token;
        ck_assert_int_eq(kiwi_task_watch(p.net, kiwi_tcp_recv(p.net, p.server, 10), &token, &r), EINPROGRESS);
        ck_assert_int_eq(kiwi_socket_timeout(p.net, p.client, 20), 0);
        (void)kiwi_tcp_recv(p.net, p.client, 10);
        int64_t begun_us = kb_clock_us();
        (void)kiwi_net_wait_pending(p.net, 1000 * LIMIT_MS, false);
        ck_assert_int_lt(kb_clock_us() - begun_us, 500 * LIMIT_MS);
        ck_assert(kiwi_task_unseen(p.net, 0, &u, NULL));
        kiwi_net_close(p.net);
    }
}
END_TEST

START_TEST(what_is_forgotten_unseen_is_told)
{
    enum { LEFTOVERS = 1000000 };
    kiwi_net_options options = {.report = true};
    kiwi_net *net;
    kiwi_unseen u;
    ck_assert_int_eq(kiwi_net_open(&options, &net), 0);
    kiwi_id seen = failed(net, "seen"), unseen = failed(net, "unseen"), last = 0;
    (void)kiwi_task_status(net, seen);
    for (int i = 0; i < LEFTOVERS; i++)
        ck_assert_int_eq(kiwi_task_complete(net, last = kiwi_task_open(net), i), 0);
    ck_assert_int_eq(kiwi_task_status(net, last), KIWI_TASK_COMPLETED);
    ck_assert(kiwi_task_unseen(net, 60000000, &u, NULL));
    ck_assert(u.fault.id == unseen && u.forgotten);
    ck_assert_str_eq(u.fault.message, "unseen");
    ck_assert(!kiwi_task_unseen(net, 0, &u, NULL));
    (void)failed(net, "forgotten, and still there when the runtime ends");
    for (int i = 0; i < LEFTOVERS; i++)
        (void)kiwi_task_complete(net, kiwi_task_open(net), i);
    kiwi_net_close(net);
}
END_TEST

START_TEST(without_the_option_nothing_is_kept)
{
    pair p = pair_open(NULL);
    kiwi_unseen u;
    (void)failed(p.net, "alone");
    ck_assert(!kiwi_task_unseen(p.net, 0, &u, NULL));
    kiwi_net_close(p.net);
}
END_TEST

SUITE_MAIN("unseen", 120, a_failure_is_told_once_it_is_old_enough, who_looks_at_a_failure_has_seen_it,
           an_operation_tells_what_it_was_and_of_which_socket, a_wait_returns_for_the_first_failure,
           what_is_forgotten_unseen_is_told, without_the_option_nothing_is_kept)
