/* notice.c - see notice.h; and kiwi_task_notice() and kiwi_task_noticed(), whose contracts are in kiwi/net.h. */
#include "config.h"

#include "net/notice.h"

#include <errno.h>
#include <stdlib.h>

#include "net/help.h"
#include "net/pool.h"
#include "net/task.h"
#include "net/wake.h"

struct kn_notice {
    kb_link link; /* on kiwi_net.notices once the task has ended */
    kiwi_id id;
};

void kn_notice_end(kiwi_net *net, kn_task *task)
{
    kn_locked(net);
    if (task->notice == NULL)
        return;
    kb_list_push(&net->notices, &task->notice->link);
    task->notice = NULL;
    kn_wake_waiters(net);
}

void kn_notice_forget(kn_task *task)
{
    free(task->notice);
    task->notice = NULL;
}

void kn_notice_free(kiwi_net *net)
{
    for (kb_link *link; (link = kb_list_pop(&net->notices)) != NULL;)
        free(KB_OWNER(link, kn_notice, link));
}

/* Tell of the end of `task`, which runs.  0 or ENOMEM. */
static int ask(kiwi_net *net, kn_task *task)
{
    if (task->notice == NULL && (task->notice = calloc(1, sizeof(*task->notice))) == NULL)
        return ENOMEM;
    task->notice->id = task->entry.id;
    kn_pool_submitted(net);
    return 0;
}

int kiwi_task_notice(kiwi_net *net, kiwi_id id)
{
    kiwi_result standing;
    kn_lock(net);
    kn_task *task = kn_task_find(net, id);
    if (task != NULL && task->state == KIWI_TASK_RUNNING && !task->watched)
        task = kn_help_step(net, task);
    int error = 0;
    if (task == NULL)
        error = kn_task_standing(net, id, &standing) ? 0 : ENOENT;
    else if (task->state == KIWI_TASK_RUNNING && (error = ask(net, task)) == 0)
        error = EINPROGRESS;
    kn_wake_unlock(net);
    return error;
}

kiwi_id kiwi_task_noticed(kiwi_net *net)
{
    kn_lock(net);
    kb_link *link = kb_list_pop(&net->notices);
    kn_wake_unlock(net);
    if (link == NULL)
        return 0;
    kn_notice *notice = KB_OWNER(link, kn_notice, link);
    kiwi_id id = notice->id;
    free(notice);
    return id;
}
