/* locks.c - condition variables on the monotonic clock.  The contract is in locks.h. */
#include "config.h"

#include "base/locks.h"

#include <errno.h>

#include "base/clock.h"

int kb_cond_init(pthread_cond_t *cond)
{
#if defined(__APPLE__) /* no pthread_condattr_setclock(); kb_cond_until() waits for a span there */
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

void kb_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_us)
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
