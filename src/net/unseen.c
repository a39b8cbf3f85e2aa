/* unseen.c - see unseen.h; and kiwi_task_unseen(), whose contract is in kiwi/net.h. */
#include "config.h"

#include "net/unseen.h"

#include <stdlib.h>

#include "net/fault.h"
#include "net/wake.h"

void kn_unseen_add(kiwi_net *net, kn_task *task)
{
    kn_locked(net);
    kn_reason *r = task->reason;
    if (!net->report || task->hidden || r == NULL)
        return;
    if (r->fault == KIWI_FAULT_CLOSED || r->fault == KIWI_FAULT_CANCELLED)
        return; /* the program's own doing */
    r->task = task;
    r->id = task->entry.id;
    r->socket = task->socket;
    r->what = task->of == NULL ? NULL : task->of->name;
    r->faulted_us = kb_clock_us();
    if (kb_list_empty(&net->unseen)) { /* who waits in the runtime does not know yet until when */
        atomic_store_explicit(&net->woken, true, memory_order_release);
        kn_wake_waiters(net);
    }
    kb_list_push(&net->unseen, &r->unseen);
    atomic_store_explicit(&net->some_unseen, true, memory_order_release);
}

void kn_unseen_seen(kn_task *task)
{
    if (task->reason != NULL)
        kb_list_remove(&task->reason->unseen);
}

void kn_unseen_forget(kiwi_net *net, kn_task *task)
{
    kn_locked(net);
    kn_reason *r = task->reason;
    if (r == NULL || !kb_list_on(&r->unseen)) {
        free(r);
        return;
    }
    r->task = NULL;
    task->reason = NULL;
    kb_list_remove(&r->unseen);
    kb_list_push(net->unseen.next, &r->unseen);
}

void kn_unseen_free(kiwi_net *net)
{
    net->report = false;
    for (kb_link *link; (link = kb_list_pop(&net->unseen)) != NULL;) {
        kn_reason *r = KB_OWNER(link, kn_reason, unseen);
        if (r->task == NULL)
            free(r);
    }
}

/* In how many microseconds the first of the list is to be told. */
static int64_t due_in(const kiwi_net *net, int64_t age_us)
{
    kb_link *first = kb_list_first(&net->unseen);
    if (first == NULL)
        return -1;
    const kn_reason *r = KB_OWNER(first, kn_reason, unseen);
    int64_t wait_us = r->task == NULL ? 0 : age_us - (kb_clock_us() - r->faulted_us);
    return wait_us > 0 ? wait_us : 0;
}

bool kiwi_task_unseen(kiwi_net *net, int64_t age_us, kiwi_unseen *out, int64_t *due_us)
{
    if (!atomic_load_explicit(&net->some_unseen, memory_order_acquire)) { /* asked in each turn of a scheduler */
        if (due_us != NULL)
            *due_us = -1;
        return false;
    }
    kn_lock(net);
    bool is_due = out != NULL && due_in(net, age_us) == 0;
    if (is_due) {
        kn_reason *r = KB_OWNER(kb_list_pop(&net->unseen), kn_reason, unseen);
        *out =
            (kiwi_unseen){.fault = {.id = r->id}, .socket = r->socket, .what = r->what, .forgotten = r->task == NULL};
        kn_fault_kept(r, &out->fault);
        if (r->task == NULL)
            free(r);
    }
    if (due_us != NULL)
        *due_us = due_in(net, age_us);
    atomic_store_explicit(&net->some_unseen, !kb_list_empty(&net->unseen), memory_order_relaxed);
    kn_wake_unlock(net);
    return is_due;
}
