/* wake.h - the runtime's lock, and waking the threads that wait inside the runtime.
 *
 * A thread that is woken while the lock is held only runs into the lock: on one core that costs two switches more.
 * So what is asked for under the lock is noted, and done by kn_wake_unlock().
 * Place: net layer, on state.h alone. */
#ifndef KN_WAKE_H
#define KN_WAKE_H

#include "base/locks.h"
#include "net/state.h"

static inline void kn_lock(kiwi_net *net)
{
    kb_lock_ranked(&net->lock, KB_RANK_RUNTIME);
}

/* For the first line of functions whose comments say "locked". */
static inline void kn_locked(const kiwi_net *net)
{
    kb_locks_assert_held(&net->lock);
}

/* Let go of the lock; then wake whoever is to be woken. */
void kn_wake_unlock(kiwi_net *net);

/* Wait on `cond` for at most until `deadline_us`, once all others are woken: may return at once, so call it in a
 * loop over the predicate.  Locked. */
void kn_wake_wait(kiwi_net *net, pthread_cond_t *cond, int64_t deadline_us);

/* Is there anything to wait for in the room?  Locked. */
bool kn_wake_room_needed(const kiwi_net *net);
/* Get the leader out of the room, if it is in there.  Locked. */
void kn_wake_leader(kiwi_net *net);
/* Tell threads in kiwi_net_wait() and kiwi_task_await() that there is something for them: a result, or a step
 * that they can take.  Locked. */
void kn_wake_waiters(kiwi_net *net);
/* Wake an idle worker; one at a time is on its way.  false: none is idle.  Locked. */
bool kn_wake_worker(kiwi_net *net);

#endif
