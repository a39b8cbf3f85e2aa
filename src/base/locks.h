/* locks.h - the order in which locks are taken, and thin wrappers.
 *
 * Lock order (a thread that holds one may take only those further down):
 *   1. the lock of a name look-up service (net/resolve.c)
 *   2. the lock of a runtime, kiwi_net.lock: its table, queues, pool and room
 *   3. the lock of the poll() room (net/waiting_poll.c): a leaf
 * The lock of a TLS session (kn_sock.session_lock) stands alone: neither is it taken under another lock
 * nor another under it.  No system call that can wait, no callback and no look-up under any of them. */
#ifndef KB_LOCKS_H
#define KB_LOCKS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/must.h"

static inline void kb_lock(pthread_mutex_t *lock)
{
    MUST(pthread_mutex_lock(lock));
}

static inline void kb_unlock(pthread_mutex_t *lock)
{
    MUST(pthread_mutex_unlock(lock));
}

/* Initialise `cond` for kb_cond_until().  0 or an errno. */
int kb_cond_init(pthread_cond_t *cond);

/* Wait on `cond` until it is signalled or the monotonic clock shows `deadline_us` (KB_NEVER: no
 * limit).  Returns at spurious wake-ups too: call it in a loop over the predicate. */
void kb_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_us);

#endif
