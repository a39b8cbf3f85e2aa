/* task_await.c - threads that wait for tasks, and help meanwhile.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>

#include "base/clock.h"
#include "base/locks.h"
#include "net/help.h"
#include "net/lead.h"
#include "net/notice.h"
#include "net/pool.h"
#include "net/run.h"
#include "net/task.h"
#include "net/wake.h"

/* ---- Watching, and notices -------------------------------------------------------------------------------- */

int kiwi_task_watch(kiwi_net *net, kiwi_id id, void *token, kiwi_result *out)
{
    int error = 0;
    if (out == NULL || token == NULL)
        return EINVAL;
    kn_lock(net);
    kn_task *task;
    if (kn_task_standing(net, id, out))
        goto done;
    task = kn_task_find(net, id);
    if (task != NULL && task->state == KIWI_TASK_RUNNING && !task->watched)
        task = kn_help_step(net, task);
    if (task == NULL) {
        error = ENOENT;
    } else if (task->state != KIWI_TASK_RUNNING) {
        kn_task_take(net, task, out);
    } else if (task->watched) {
        error = EBUSY;
    } else {
        task->watched = true;
        task->token = token;
        net->watched_running++;
        error = EINPROGRESS;
        kn_pool_submitted(net);
    }
done:
    kn_wake_unlock(net);
    return error;
}

int kiwi_task_notice(kiwi_net *net, kiwi_id id)
{
    kiwi_result standing;
    kn_lock(net);
    kn_task *task = kn_task_find(net, id);
    if (task != NULL && task->state == KIWI_TASK_RUNNING && !task->watched)
        task = kn_help_step(net, task);
    int error = 0;
    if (task == NULL) {
        error = kn_task_standing(net, id, &standing) ? 0 : ENOENT;
    } else if (task->state == KIWI_TASK_RUNNING && (error = kn_notice_ask(task)) == 0) {
        kn_pool_submitted(net);
        error = EINPROGRESS;
    }
    kn_wake_unlock(net);
    return error;
}

kiwi_id kiwi_task_noticed(kiwi_net *net)
{
    kn_lock(net);
    kiwi_id id = kn_notice_next(net);
    kn_wake_unlock(net);
    return id;
}

/* Take the oldest watched task that has ended; false if there is none.  Locked. */
static bool next_ended(kiwi_net *net, kiwi_result *out)
{
    kb_link *link = kb_list_first(&net->completions);
    if (link == NULL)
        return false;
    kn_task_take(net, KB_OWNER(link, kn_task, link), out);
    if (!kb_list_empty(&net->completions))
        kn_wake_waiters(net);
    return true;
}

int kiwi_task_next(kiwi_net *net, int timeout_ms, kiwi_result *out)
{
    if (out == NULL)
        return EINVAL;
    int64_t until_us = timeout_ms < 0 ? KB_NEVER : timeout_ms;
    if (timeout_ms > 0)
        until_us = kb_clock_after_ms(kb_clock_us(), timeout_ms);
    for (;;) {
        kn_lock(net);
        bool found = next_ended(net, out), possible = net->watched_running > 0;
        kn_wake_unlock(net);
        if (found)
            return 0;
        if (!possible)
            return ENOENT;
        if (timeout_ms == 0)
            return ETIMEDOUT;
        int64_t now_us = timeout_ms < 0 ? 0 : kb_clock_us();
        if (timeout_ms > 0 && now_us >= until_us)
            return ETIMEDOUT;
        kn_help_wait(net, timeout_ms < 0 ? -1 : until_us - now_us, false, KN_UNTIL_NEXT);
    }
}

/* ---- Awaiting -------------------------------------------------------------------------------- */

static void leave(kn_task *task, const kn_waiter *waiter)
{
    for (kn_waiter **w = &task->waiters; *w != NULL; w = &(*w)->next) {
        if (*w == waiter) {
            *w = waiter->next;
            return;
        }
    }
}

/* Wait until *waiter is served.  With helping: lead the room where nobody does, and take the steps.
 * Locked. */
static int wait_served(kiwi_net *net, kiwi_id id, kn_waiter *waiter, int64_t until_us)
{
    for (int steps = 0; !waiter->done;) {
        kn_task *task = kn_task_find(net, id);
        bool helps = kn_help_allowed(net);
        bool may_lead = helps && (net->lead == KN_LEAD_NONE || net->lead == KN_LEAD_AWAY) && !net->lead_wanted;
        kn_op *next = may_lead ? kn_help_pick(net, false) : NULL;
        if (kn_help_can(net, task)) {
            kn_run_op(net, task->op, NULL, false);
        } else if (until_us != KB_NEVER && kb_clock_us() >= until_us) {
            return ETIMEDOUT;
        } else if (next != NULL && steps < KN_HELP_STEPS) {
            steps++;
            kn_run_op(net, next, NULL, false);
        } else if (may_lead) {
            kn_pool_nudge(net); /* what only workers do */
            kn_lead_once(net, KN_LEAD_HELPER, next != NULL ? 0 : until_us);
            steps = 0;
        } else {
            kn_pool_nudge(net);
            if (helps == kn_help_allowed(net))
                kn_wake_wait(net, &waiter->ended, kn_help_sleep_until(net, until_us));
        }
    }
    return 0;
}

int kiwi_task_await(kiwi_net *net, kiwi_id id, int timeout_ms, kiwi_result *out)
{
    int error = 0;
    if (out == NULL)
        return EINVAL;
    kn_lock(net);
    kn_task *task;
    if (kn_task_standing(net, id, out))
        goto done;
    task = kn_task_find(net, id);
    if (task == NULL) {
        error = ENOENT;
        goto done;
    }
    if (task->state == KIWI_TASK_RUNNING) {
        kn_waiter waiter = {.out = out, .next = task->waiters};
        int64_t until_us = timeout_ms < 0 ? KB_NEVER : kb_clock_after_ms(kb_clock_us(), timeout_ms);
        if (kb_locks_cond_init(&waiter.ended) != 0) {
            error = ENOMEM;
            goto done;
        }
        task->waiters = &waiter;
        error = wait_served(net, id, &waiter, until_us);
        if (error != 0)
            leave(kn_task_find(net, id), &waiter);
        if (net->lead == KN_LEAD_NONE)
            kn_pool_nudge(net); /* somebody else must lead now */
        MUST(pthread_cond_destroy(&waiter.ended));
    } else {
        kn_task_take(net, task, out);
    }
done:
    kn_wake_unlock(net);
    return error;
}
