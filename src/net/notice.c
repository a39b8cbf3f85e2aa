/* notice.c - see notice.h. */
#include "config.h"

#include "net/notice.h"

#include <errno.h>
#include <stdlib.h>

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

int kn_notice_ask(kn_task *task)
{
    if (task->notice == NULL && (task->notice = calloc(1, sizeof(*task->notice))) == NULL)
        return ENOMEM;
    task->notice->id = task->entry.id;
    return 0;
}

kiwi_id kn_notice_next(kiwi_net *net)
{
    kn_locked(net);
    kb_link *link = kb_list_pop(&net->notices);
    if (link == NULL)
        return 0;
    kn_notice *notice = KB_OWNER(link, kn_notice, link);
    kiwi_id id = notice->id;
    free(notice);
    return id;
}
