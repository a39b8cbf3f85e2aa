/* clock.h - the monotonic clock, in microseconds. */
#ifndef KB_CLOCK_H
#define KB_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { KB_US_PER_MS = 1000, KB_US_PER_S = 1000000 };

/* A point in time that never comes. */
#define KB_NEVER INT64_MAX

/* Now; only differences mean something.  Never fails, never goes back. */
int64_t kb_clock_us(void);

/* The point `ms` milliseconds after `now_us`; KB_NEVER if that cannot be expressed. */
int64_t kb_clock_after_ms(int64_t now_us, int64_t ms);

/* Milliseconds from `now_us` to `then_us` for poll(): rounded up, 0 if past, -1 for KB_NEVER. */
int kb_clock_poll_ms(int64_t now_us, int64_t then_us);

/* `us` >= 0 microseconds for the system; at most INT32_MAX seconds, because time_t may have 32
 * bits: whoever waits longer is woken early and must look at the clock again. */
struct timespec kb_clock_timespec(int64_t us);

#endif
