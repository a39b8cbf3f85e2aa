/* wake.c - see wake.h.  A byte in a pipe wakes a thread that sits in a system call; `kicked` and `alarmed` keep
 * it at one byte.  A byte that comes late wakes a thread for nothing, which then looks and waits again. */
#include "config.h"

#include "net/wake.h"

#include "net/fd.h"

enum { KICK = 1, ALARM = 2 }; /* kiwi_net.wake */

void kn_wake_unlock(kiwi_net *net)
{
    kn_locked(net);
    unsigned wake = net->wake;
    kn_worker *worker = net->wake_worker;
    net->wake = 0;
    net->wake_worker = NULL;
    kb_unlock(&net->lock);
    if ((wake & KICK) != 0)
        kn_fd_signal(net->kick[1]);
    if ((wake & ALARM) != 0)
        kn_fd_signal(net->alarm[1]);
    if (worker != NULL)
        MUST(pthread_cond_signal(&worker->work));
}

void kn_wake_wait(kiwi_net *net, pthread_cond_t *cond, int64_t deadline_us)
{
    kn_locked(net);
    if (net->wake == 0 && net->wake_worker == NULL) {
        kb_locks_cond_until(cond, &net->lock, deadline_us);
        return;
    }
    kn_wake_unlock(net);
    kn_lock(net);
}

bool kn_wake_room_needed(const kiwi_net *net)
{
    kn_locked(net);
    return net->parked > 0 || net->timer_count > 0;
}

void kn_wake_leader(kiwi_net *net)
{
    kn_locked(net);
    if (!net->in_room || net->kicked)
        return;
    net->kicked = true;
    net->wake |= KICK;
}

void kn_wake_waiters(kiwi_net *net)
{
    kn_locked(net);
    if (net->lead == KN_LEAD_HELPER)
        kn_wake_leader(net);
    if (net->asleep > 0 && !net->alarmed) {
        net->alarmed = true;
        net->wake |= ALARM;
    }
}

/* The worker that became idle last is the one whose memory is still in the processor's caches. */
bool kn_wake_worker(kiwi_net *net)
{
    kn_locked(net);
    kn_worker *worker = net->idle;
    if (worker == NULL)
        return false;
    net->idle = worker->idle_next;
    worker->called = true;
    net->waking++;
    net->wake_worker = worker;
    return true;
}
