/* locks.c - condition variables on the monotonic clock, and the check of the order of locks.  The contract is in
 * locks.h. */
#include "config.h"

#include "base/locks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

int kb_locks_cond_init(pthread_cond_t *cond)
{
#if defined(__APPLE__) /* no pthread_condattr_setclock(); kb_locks_cond_until() waits for a span there */
    return pthread_cond_init(cond, NULL);
#else
    pthread_condattr_t attr;
    int error = pthread_condattr_init(&attr);
    if (error != 0)
        return error;
    error = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    if (error == 0)
        error = pthread_cond_init(cond, &attr);
    (void)pthread_condattr_destroy(&attr);
    return error;
#endif
}

void kb_locks_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_us)
{
    if (deadline_us == KB_NEVER) {
        MUST(pthread_cond_wait(cond, lock));
        return;
    }
#if defined(__APPLE__)
    int64_t point = deadline_us - kb_clock_us();
    if (point <= 0)
        return;
#else
    int64_t point = deadline_us;
#endif
    struct timespec ts = kb_clock_timespec(point);
#if defined(__APPLE__)
    int error = pthread_cond_timedwait_relative_np(cond, lock, &ts);
#else
    int error = pthread_cond_timedwait(cond, lock, &ts);
#endif
    MUST(error == ETIMEDOUT ? 0 : error);
}

/* ---- What each thread holds -------------------------------------------------------------------------- */

#if defined(KIWI_DEBUG_LOCKS)

enum { MOST = 4 };

static _Thread_local struct {
    const void *lock;
    kb_rank rank;
} held[MOST];
static _Thread_local unsigned held_count;

static _Noreturn void fail(const char *what, const void *lock)
{
    (void)fprintf(stderr, "kiwi: %s: %p; held:", what, lock);
    for (unsigned i = 0; i < held_count; i++)
        (void)fprintf(stderr, " %p (%d)", held[i].lock, (int)held[i].rank);
    (void)fputc('\n', stderr);
    abort();
}

void kb_locks_taking(const void *lock, kb_rank rank)
{
    if (held_count == MOST || (held_count > 0 && held[held_count - 1].rank >= rank))
        fail("a lock is taken against the order", lock);
    held[held_count].lock = lock;
    held[held_count++].rank = rank;
}

/* Mostly the one taken last. */
void kb_locks_gave_back(const void *lock)
{
    unsigned at = held_count;
    while (at > 0 && held[at - 1].lock != lock)
        at--;
    if (at == 0)
        fail("a lock is given back that is not held", lock);
    held_count--;
    for (at--; at < held_count; at++)
        held[at] = held[at + 1];
}

void kb_locks_assert_held(const void *lock)
{
    for (unsigned i = 0; i < held_count; i++)
        if (held[i].lock == lock)
            return;
    fail("a function is called without the lock it wants", lock);
}

#endif
