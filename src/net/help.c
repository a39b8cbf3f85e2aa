/* help.c - see help.h. */
#include "config.h"

#include "net/help.h"

#include <poll.h>

#include "net/fd.h"
#include "net/lead.h"
#include "net/pool.h"
#include "net/run.h"
#include "net/task.h"
#include "net/wake.h"

bool kn_help_allowed(const kiwi_net *net)
{
    kn_locked(net);
    return net->help || net->unmanned;
}

kn_op *kn_help_pick(const kiwi_net *net, bool sole)
{
    kn_locked(net);
    kb_link *link = kb_list_first(&net->ready);
    if (link == NULL && (net->unmanned || (sole && net->op_count == 1)))
        link = kb_list_first(&net->ready_heavy);
    return link == NULL ? NULL : KB_OWNER(link, kn_op, ready);
}

bool kn_help_can(const kiwi_net *net, const kn_task *task)
{
    return kn_help_allowed(net) && task->op != NULL && task->op->state == KN_READY &&
           (!task->op->heavy || net->unmanned);
}

kn_task *kn_help_step(kiwi_net *net, kn_task *task)
{
    kiwi_id id = task->entry.id;
    if (!kn_help_can(net, task))
        return task;
    kn_run_op(net, task->op, NULL, false);
    return kn_task_find(net, id); /* it may have ended, and others may have taken it */
}

int64_t kn_help_sleep_until(const kiwi_net *net, int64_t until_us)
{
    int64_t again_us = net->worker_count > 0 ? KB_NEVER : kb_clock_after_ms(kb_clock_us(), KN_PAUSE_MS);
    return again_us < until_us ? again_us : until_us;
}

static bool something_to_tell(kiwi_net *net, kn_until until)
{
    return !kb_list_empty(&net->completions) || !kb_list_empty(&net->notices) ||
           (until == KN_UNTIL_NEXT && net->watched_running == 0) || (until == KN_UNTIL_PENDING && net->pending == 0) ||
           atomic_load_explicit(&net->woken, memory_order_acquire);
}

/* Sleep until the alarm rings: where this thread must not lead, or cannot.  Locked. */
static void sleep_aside(kiwi_net *net, int64_t until_us)
{
    until_us = kn_help_sleep_until(net, until_us);
    int wait_ms = until_us == KB_NEVER ? -1 : kb_clock_poll_ms(kb_clock_us(), until_us);
    struct pollfd alarm = {.fd = net->alarm[0], .events = POLLIN};
    net->asleep++;
    kn_wake_unlock(net);
    (void)poll(&alarm, 1, wait_ms);
    kn_lock(net);
    if (--net->asleep == 0) { /* the last one clears it; the others must see it, too */
        kn_fd_drain(net->alarm[0]);
        net->alarmed = false;
    }
}

/* Make the lead this thread's own if it can be had.  Locked. */
static bool take_lead(kiwi_net *net, bool may_wait)
{
    if (!kn_help_allowed(net))
        return false;
    while (net->lead == KN_LEAD_WORKER) {
        if (!may_wait || net->lead_wanted)
            return false;
        net->lead_wanted = true;
        kn_wake_leader(net);
        kn_wake_wait(net, &net->lead_free, KB_NEVER);
        net->lead_wanted = false;
    }
    return net->lead != KN_LEAD_HELPER;
}

/* Take steps that a helping thread may take, a bounded number.  Locked. */
static void help_some(kiwi_net *net, bool sole)
{
    for (int steps = 0; steps < KN_HELP_STEPS; steps++) {
        kn_op *op = kn_help_pick(net, sole);
        if (op == NULL)
            break;
        kn_run_op(net, op, NULL, sole && net->op_count == 1);
    }
    if (!kb_list_empty(&net->ready_heavy))
        kn_pool_nudge(net);
}

void kn_help_wait(kiwi_net *net, int64_t timeout_us, bool sole, kn_until until)
{
    int64_t until_us = timeout_us < 0 ? KB_NEVER : 0;
    if (timeout_us > 0) {
        int64_t now_us = kb_clock_us();
        until_us = timeout_us > KB_NEVER - now_us ? KB_NEVER : now_us + timeout_us;
    }
    kn_lock(net);
    bool looked = false;
    for (;;) {
        bool helps = kn_help_allowed(net);
        if (helps)
            help_some(net, sole);
        if (something_to_tell(net, until))
            break;
        if (looked && until_us != KB_NEVER && (until_us == 0 || kb_clock_us() >= until_us))
            break;
        looked = true;
        if (until_us == 0 && !kn_wake_room_needed(net))
            continue; /* nothing to look for */
        bool lead = take_lead(net, until_us != 0);
        if (something_to_tell(net, until))
            break; /* taking the lead may have let go of the lock */
        if (lead) {
            kn_lead_once(net, KN_LEAD_HELPER, kn_help_pick(net, sole) == NULL ? until_us : 0);
        } else if (until_us == 0) {
            kn_pool_nudge(net);
            break;
        } else {
            kn_pool_nudge(net);
            if (helps == kn_help_allowed(net))
                sleep_aside(net, until_us);
        }
    }
    atomic_store_explicit(&net->woken, false, memory_order_relaxed);
    if (net->lead == KN_LEAD_NONE) {
        if (net->lazy && net->help)
            net->lead = KN_LEAD_AWAY;
        else
            kn_pool_nudge(net);
    }
    kn_wake_unlock(net);
}
