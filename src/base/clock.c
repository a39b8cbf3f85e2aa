/* clock.c - see clock.h. */
#include "config.h"

#include "base/clock.h"

#include <limits.h>

#include "base/must.h"

int64_t kb_clock_us(void)
{
    struct timespec now;
    MUST(clock_gettime(CLOCK_MONOTONIC, &now));
    return (int64_t)now.tv_sec * KB_US_PER_S + now.tv_nsec / 1000;
}

int64_t kb_clock_after_ms(int64_t now_us, int64_t ms)
{
    if (ms >= (KB_NEVER - now_us) / KB_US_PER_MS)
        return KB_NEVER;
    return now_us + ms * KB_US_PER_MS;
}

int kb_clock_poll_ms(int64_t now_us, int64_t then_us)
{
    if (then_us == KB_NEVER)
        return -1;
    if (then_us <= now_us)
        return 0;
    int64_t ms = (then_us - now_us - 1) / KB_US_PER_MS + 1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

struct timespec kb_clock_timespec(int64_t us)
{
    int64_t seconds = us / KB_US_PER_S;
    return (struct timespec){.tv_sec = (time_t)(seconds > INT32_MAX ? INT32_MAX : seconds),
                             .tv_nsec = (long)(us % KB_US_PER_S) * 1000};
}
