/* pool.c - the fixed pool of workers.  The contract is in state.h.
 *
 * A worker carries out what is ready; with nothing ready it leads the waiting room, if nobody
 * does; else it sleeps.  It passes the lead on by nudging another worker before it does anything
 * long. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/locks.h"

enum { STEPS_BETWEEN_LOOKS = 64 }; /* operations in a row before the room is looked at again */

static bool must_lead(const kiwi_net *net)
{
    return net->lead == KN_LEAD_NONE && !net->lead_wanted && kn_lead_needed(net);
}

static kn_op *pick(kiwi_net *net)
{
    /* Short work first: it is what peers wait for, and there are more workers for the long one. */
    kb_link *link = kb_list_first(&net->ready);
    if (link == NULL)
        link = kb_list_first(&net->ready_heavy);
    return link == NULL ? NULL : KB_OWNER(link, kn_op, ready);
}

static void *worker_main(void *arg)
{
    kn_worker *worker = arg;
    kiwi_net *net = worker->net;
    int steps = 0;
    kb_lock(&net->lock);
    while (!net->stopping) {
        kn_op *op = pick(net);
        bool lead = must_lead(net);
        if (op != NULL && !(lead && steps >= STEPS_BETWEEN_LOOKS)) {
            steps++;
            bool more = op->ready.next != (op->heavy ? &net->ready_heavy : &net->ready);
            if (op->heavy || (more && op->fresh) || !kb_list_empty(&net->ready_heavy))
                kn_pool_nudge(net);
            kn_op_run(net, op, worker, true);
        } else if (lead) {
            kn_lead_once(net, KN_LEAD_WORKER, op != NULL ? 0 : KB_NEVER);
            steps = 0;
        } else {
            net->idle++;
            kb_cond_until(&net->work, &net->lock, KB_NEVER);
            net->idle--;
            if (net->waking > 0)
                net->waking--;
        }
    }
    kb_unlock(&net->lock);
    return NULL;
}

/* Locked: at most workers_max times in the life of a runtime. */
static int spawn(kiwi_net *net)
{
    sigset_t all, old;
    pthread_attr_t attr;
    kn_worker *worker = &net->workers[net->worker_count];
    *worker = (kn_worker){.net = net, .wake = {-1, -1}};
    int error = pthread_attr_init(&attr);
    if (error != 0)
        return error;
    (void)pthread_attr_setstacksize(&attr, KN_STACK_SIZE); /* refused: the system's default */
    (void)sigfillset(&all);
    MUST(pthread_sigmask(SIG_SETMASK, &all, &old));
    error = pthread_create(&worker->thread, &attr, worker_main, worker);
    MUST(pthread_sigmask(SIG_SETMASK, &old, NULL));
    (void)pthread_attr_destroy(&attr);
    if (error == 0) {
        net->worker_count++;
        net->unmanned = false;
    }
    return error;
}

void kn_pool_nudge(kiwi_net *net)
{
    if (kb_list_empty(&net->ready) && kb_list_empty(&net->ready_heavy) && !must_lead(net))
        return;
    if (net->waking > 0 || net->stopping)
        return; /* it will nudge the next one */
    if (net->idle > 0) {
        net->waking++;
        MUST(pthread_cond_signal(&net->work));
        return;
    }
    int error = net->worker_count < net->workers_max ? spawn(net) : EAGAIN;
    if (error == 0)
        return;
    if (net->worker_count == 0 && !net->unmanned) {
        net->unmanned = true;
        net->log(net->log_data, "kiwi: cannot start a worker thread");
    }
    kn_lead_kick(net); /* the others are busy or sit in blocking places: the leader must do it */
}

bool kn_pool_spare(kiwi_net *net)
{
    return net->worker_count > net->blocked + 1 ||
           (net->worker_count < net->workers_max && spawn(net) == 0);
}

void kn_pool_stop(kiwi_net *net)
{
    kb_lock(&net->lock);
    net->stopping = true;
    MUST(pthread_cond_broadcast(&net->work));
    kn_lead_kick(net);
    kb_unlock(&net->lock);
    for (int i = 0; i < net->worker_count; i++) {
        MUST(pthread_join(net->workers[i].thread, NULL));
        for (int end = 0; end < 2; end++)
            if (net->workers[i].wake[end] >= 0)
                (void)close(net->workers[i].wake[end]);
    }
    net->worker_count = 0;
}
