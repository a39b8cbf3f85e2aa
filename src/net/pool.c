/* pool.c - see pool.h. */
#include "config.h"

#include "net/pool.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/locks.h"
#include "net/wake.h"

bool kn_pool_leaderless(const kiwi_net *net)
{
    kn_locked(net);
    return net->lead == KN_LEAD_NONE && !net->lead_wanted && kn_wake_room_needed(net);
}

/* Locked: at most workers_max times in the life of a runtime. */
static int spawn(kiwi_net *net)
{
    sigset_t all, old;
    pthread_attr_t attr;
    kn_worker *worker = &net->workers[net->worker_count];
    *worker = (kn_worker){.net = net, .wake = {-1, -1}};
    int error = kb_locks_cond_init(&worker->work);
    if (error != 0)
        return error;
    if ((error = pthread_attr_init(&attr)) != 0)
        goto fail_cond;
    (void)pthread_attr_setstacksize(&attr, KN_STACK_SIZE); /* refused: the system's default */
    (void)sigfillset(&all);
    MUST(pthread_sigmask(SIG_SETMASK, &all, &old));
    error = pthread_create(&worker->thread, &attr, net->worker_main, worker);
    MUST(pthread_sigmask(SIG_SETMASK, &old, NULL));
    (void)pthread_attr_destroy(&attr);
    if (error != 0)
        goto fail_cond;
    net->worker_count++;
    net->unmanned = false;
    return 0;

fail_cond:
    MUST(pthread_cond_destroy(&worker->work));
    return error;
}

void kn_pool_nudge(kiwi_net *net)
{
    kn_locked(net);
    if (kb_list_empty(&net->ready) && kb_list_empty(&net->ready_heavy) && !kn_pool_leaderless(net))
        return;
    if (net->waking > 0 || net->stopping)
        return; /* it will nudge the next one */
    if (kn_wake_worker(net))
        return;
    int error = net->worker_count < net->workers_max ? spawn(net) : EAGAIN;
    if (error == 0)
        return;
    if (net->worker_count == 0 && !net->unmanned) {
        net->unmanned = true;
        net->log(net->log_data, "kiwi: cannot start a worker thread");
    }
    kn_wake_leader(net); /* the others are busy or sit in blocking places: the leader must do it */
}

void kn_pool_submitted(kiwi_net *net)
{
    if (!net->lazy)
        kn_pool_nudge(net);
}

bool kn_pool_spare(kiwi_net *net)
{
    kn_locked(net);
    return net->worker_count > net->blocked + 1 ||
           (!net->stopping && net->worker_count < net->workers_max && spawn(net) == 0);
}

/* The workers signal each other, also once they have let go of the lock: all have ended before the first is
 * taken apart. */
void kn_pool_stop(kiwi_net *net)
{
    kn_lock(net);
    net->stopping = true;
    for (int i = 0; i < net->worker_count; i++)
        MUST(pthread_cond_signal(&net->workers[i].work));
    kn_wake_leader(net);
    kn_wake_unlock(net);
    for (int i = 0; i < net->worker_count; i++)
        MUST(pthread_join(net->workers[i].thread, NULL));
    for (int i = 0; i < net->worker_count; i++) {
        MUST(pthread_cond_destroy(&net->workers[i].work));
        for (int end = 0; end < 2; end++)
            if (net->workers[i].wake[end] >= 0)
                (void)close(net->workers[i].wake[end]);
    }
    net->worker_count = 0;
}
