/* check_nap.c - base/nap: a sleep lasts as long as asked for, unless it is ended, before it or from
 * another thread. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "base/nap.h"
#include "support/suite.h"

static kb_nap nap;

static void *wake_soon(void *unused)
{
    const struct timespec soon = {.tv_nsec = 20000000};
    (void)nanosleep(&soon, NULL);
    kb_nap_wake(&nap);
    return unused;
}

START_TEST(another_thread_ends_a_sleep)
{
    pthread_t thread;
    kb_nap_init(&nap);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_create(&thread, NULL, wake_soon, NULL), 0);
        kb_nap_sleep(&nap, 3600000000);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
    }
    kb_nap_fini(&nap);
}
END_TEST

START_TEST(who_was_woken_before_does_not_sleep)
{
    kb_nap_init(&nap);
    kb_nap_wake(&nap);
    kb_nap_wake(&nap);
    kb_nap_sleep(&nap, 3600000000);
    kb_nap_fini(&nap);
}
END_TEST

START_TEST(else_it_lasts)
{
    kb_nap_init(&nap);
    kb_nap_wake(&nap);
    kb_nap_sleep(&nap, 1000000);
    int64_t start = kb_clock_us();
    kb_nap_sleep(&nap, 1500);
    ck_assert_int_ge(kb_clock_us() - start, 1500);
    start = kb_clock_us();
    kb_nap_sleep(&nap, 50000); /* up to a millisecond less, and then exactly */
    ck_assert_int_ge(kb_clock_us() - start, 48000);
    kb_nap_fini(&nap);
}
END_TEST

SUITE_MAIN("nap", 20, another_thread_ends_a_sleep, who_was_woken_before_does_not_sleep, else_it_lasts)
