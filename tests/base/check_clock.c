/* check_clock.c - base/clock: points in time and the time limits of poll(). */
#include "config.h"

#include "base/clock.h"
#include "support/suite.h"

START_TEST(time_does_not_go_back)
{
    int64_t before = kb_clock_us();
    for (int i = 0; i < 1000; i++) {
        int64_t now = kb_clock_us();
        ck_assert_int_ge(now, before);
        before = now;
    }
}
END_TEST

START_TEST(a_limit_too_large_to_express_never_comes)
{
    ck_assert_int_eq(kb_clock_after_ms(1000, 5), 6000);
    ck_assert_int_eq(kb_clock_after_ms(1000, INT64_MAX / 2), KB_NEVER);
}
END_TEST

START_TEST(poll_limits_are_rounded_up)
{
    ck_assert_int_eq(kb_clock_poll_ms(1000, 1001), 1);
    ck_assert_int_eq(kb_clock_poll_ms(1000, 2000), 1);
    ck_assert_int_eq(kb_clock_poll_ms(1000, 2001), 2);
    ck_assert_int_eq(kb_clock_poll_ms(2000, 1000), 0);
    ck_assert_int_eq(kb_clock_poll_ms(1000, KB_NEVER), -1);
}
END_TEST

START_TEST(a_span_for_the_system_fits_a_time_of_32_bits)
{
    struct timespec t = kb_clock_timespec(1500000);
    ck_assert(t.tv_sec == 1 && t.tv_nsec == 500000000);
    t = kb_clock_timespec(KB_NEVER - 1);
    ck_assert(t.tv_sec == INT32_MAX && t.tv_nsec < 1000000000);
}
END_TEST

SUITE_MAIN("clock", 10, time_does_not_go_back, a_limit_too_large_to_express_never_comes, poll_limits_are_rounded_up,
           a_span_for_the_system_fits_a_time_of_32_bits)
