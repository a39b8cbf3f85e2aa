/* worker.c - see worker.h. */
#include "config.h"

#include "net/worker.h"

#include "net/lead.h"
#include "net/pool.h"
#include "net/run.h"
#include "net/wake.h"

enum {
    STEPS_BETWEEN_LOOKS = 64, /* operations in a row before the room is looked at again */
    LIGHT_IN_A_ROW = 64,      /* before a long one gets its turn: some 100 us */
};

/* Short work first: it is what peers wait for, and there are more workers for the long one.  But not for ever. */
static kn_op *pick(kiwi_net *net)
{
    kb_link *light = kb_list_first(&net->ready), *heavy = kb_list_first(&net->ready_heavy);
    bool heavy_next = light == NULL || (heavy != NULL && net->lights >= LIGHT_IN_A_ROW);
    kb_link *link = heavy_next ? heavy : light;
    net->lights = heavy_next ? 0 : net->lights + 1;
    return link == NULL ? NULL : KB_OWNER(link, kn_op, ready);
}

/* Wait to be called. */
static void be_idle(kiwi_net *net, kn_worker *worker)
{
    worker->called = false;
    worker->idle_next = net->idle;
    net->idle = worker;
    while (!worker->called && !net->stopping)
        kn_wake_wait(net, &worker->work, KB_NEVER);
    net->waking -= worker->called;
}

void *kn_worker_main(void *arg)
{
    kn_worker *worker = arg;
    kiwi_net *net = worker->net;
    int steps = 0;
    kn_lock(net);
    while (!net->stopping) {
        kn_op *op = pick(net);
        bool lead = kn_pool_leaderless(net);
        if (op != NULL && !(lead && steps >= STEPS_BETWEEN_LOOKS)) {
            steps++;
            bool more = op->ready.next != (op->heavy ? &net->ready_heavy : &net->ready);
            if (op->heavy || (more && op->fresh) || !kb_list_empty(&net->ready_heavy))
                kn_pool_nudge(net);
            kn_run_op(net, op, worker, true);
        } else if (lead) {
            kn_lead_once(net, KN_LEAD_WORKER, op != NULL ? 0 : KB_NEVER);
            steps = 0;
        } else {
            be_idle(net, worker);
        }
    }
    kn_wake_unlock(net);
    return NULL;
}
