/* task_cancel.c - ending an operation that is not wanted any more, now or from some time on.  The contracts are in
 * kiwi/net.h. */
#include "config.h"

#include <errno.h>

#include "net/fault.h"
#include "net/job.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/task.h"
#include "net/wake.h"

/* *withdrawn: a job that had not begun, to be freed without the lock; else NULL.  Locked. */
static int cancel(kiwi_net *net, kiwi_id id, kn_job **withdrawn)
{
    kn_task *task = kn_task_find(net, id);
    kiwi_result out = {0};
    if (task == NULL || task->state != KIWI_TASK_RUNNING)
        return ENOENT;
    if (task->own)
        return EINVAL;
    kn_fault(&out, KIWI_FAULT_CANCELLED, 0, "cancelled");
    if (task->op != NULL) {
        kn_op_fail(net, task->op, &out);
    } else {
        *withdrawn = kn_job_withdraw(net, task);
        kn_task_end(net, task, &out);
    }
    kn_pool_submitted(net); /* what waited behind it may begin */
    return 0;
}

int kiwi_task_cancel(kiwi_net *net, kiwi_id id)
{
    kn_job *withdrawn = NULL;
    kn_lock(net);
    int error = cancel(net, id, &withdrawn);
    kn_wake_unlock(net);
    kn_job_free(withdrawn);
    return error;
}

int kiwi_task_timeout(kiwi_net *net, kiwi_id id, int64_t ms)
{
    if (ms < 1)
        return EINVAL;
    kn_lock(net);
    kn_task *task = kn_task_find(net, id);
    int error = task == NULL || task->state != KIWI_TASK_RUNNING ? ENOENT : task->op == NULL ? EINVAL : 0;
    if (error == 0) {
        kn_op_limit_own(net, task->op, ms);
        kn_pool_submitted(net);
    }
    kn_wake_unlock(net);
    return error;
}
