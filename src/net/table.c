/* table.c - the task table: ids, results, who waits for them.  The contracts are in kiwi/net.h and
 * state.h. */
#include "config.h"

#include "net/state.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/locks.h"

/* ---- Faults ---------------------------------------------------------------------------------- */

void kn_fault(kiwi_result *out, kiwi_fault fault, int sys, const char *format, ...)
{
    out->fault = fault;
    out->sys = sys;
    out->tls = 0;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(out->message, sizeof(out->message), format, args);
    va_end(args);
}

void kn_fault_sys(kiwi_result *out, int sys)
{
    char text[128];
    kn_fault(out, KIWI_FAULT_SYSTEM, sys, "%s", kb_errno_text(sys, text, sizeof(text)));
}

void kn_fault_tls(kiwi_result *out, kb_status status, const kb_error *err)
{
    kiwi_fault fault = status == KB_ETRUNCATED                     ? KIWI_FAULT_TRUNCATED
                       : status == KB_ETLS || status == KB_EVERIFY ? KIWI_FAULT_TLS
                                                                   : KIWI_FAULT_SYSTEM;
    int sys = status == KB_ENOMEM && err->sys == 0 ? ENOMEM : err->sys;
    kn_fault(out, fault, sys, "%s", err->text[0] ? err->text : kb_status_text(status));
    out->tls = err->tls;
}

static kn_reason *reason_new(const kiwi_result *from)
{
    size_t size = strlen(from->message) + 1;
    kn_reason *reason = malloc(sizeof(*reason) + size);
    if (reason == NULL)
        return NULL;
    *reason = (kn_reason){.fault = from->fault, .sys = from->sys, .tls = from->tls};
    memcpy(reason->text, from->message, size);
    return reason;
}

static void reason_get(const kn_reason *reason, kiwi_result *out)
{
    out->state = KIWI_TASK_FAULTED;
    if (reason == NULL) {
        kn_fault_sys(out, ENOMEM);
        return;
    }
    out->fault = reason->fault;
    out->sys = reason->sys;
    out->tls = reason->tls;
    (void)snprintf(out->message, sizeof(out->message), "%s", reason->text);
}

/* ---- Entries --------------------------------------------------------------------------------- */

int kn_entry_add(kiwi_net *net, kn_entry *entry)
{
    kiwi_id id = net->last_id + 1;
    if (kb_map_put(&net->table, id, entry) != KB_OK)
        return ENOMEM;
    entry->id = net->last_id = id;
    return 0;
}

kn_task *kn_task_new(kiwi_net *net)
{
    kn_task *task = net->spare_tasks;
    if (task != NULL) {
        net->spare_tasks = (kn_task *)task->token;
        net->spare_task_count--;
    } else {
        task = malloc(sizeof(*task));
        if (task == NULL)
            return NULL;
    }
    *task = (kn_task){.state = KIWI_TASK_RUNNING};
    if (kn_entry_add(net, &task->entry) != 0) {
        free(task);
        return NULL;
    }
    net->running++;
    net->pending++;
    return task;
}

/* Free a task that is in no list and not in the table.  Locked. */
void kn_task_free(kiwi_net *net, kn_task *task)
{
    free(task->bytes);
    free(task->reason);
    if (net->spare_task_count == KN_SPARE_MAX) {
        free(task);
        return;
    }
    task->token = net->spare_tasks; /* the spares are chained here */
    net->spare_tasks = task;
    net->spare_task_count++;
}

kn_task *kn_task_find(kiwi_net *net, kiwi_id id)
{
    kn_entry *entry = kb_map_get(&net->table, id);
    return entry == NULL || entry->is_socket ? NULL : (kn_task *)(void *)entry;
}

/* Everything but the bytes. */
static void describe(const kn_task *task, kiwi_result *out)
{
    out->id = task->entry.id;
    out->state = task->state;
    out->kind = task->kind;
    out->integer = task->integer;
    out->bytes = NULL;
    out->size = task->size;
    out->token = task->watched ? task->token : NULL;
    out->fault = KIWI_FAULT_NONE;
    out->sys = out->tls = 0;
    out->message[0] = '\0';
    if (task->state == KIWI_TASK_FAULTED)
        reason_get(task->reason, out);
}

static void unlist(kiwi_net *net, kn_task *task)
{
    if (kb_list_on(&task->link) && !task->watched)
        net->leftover_count--;
    kb_list_remove(&task->link);
}

void kn_task_take(kiwi_net *net, kn_task *task, kiwi_result *out)
{
    assert(task->state != KIWI_TASK_RUNNING);
    describe(task, out);
    out->bytes = task->bytes;
    task->bytes = NULL;
    unlist(net, task);
    (void)kb_map_take(&net->table, task->entry.id);
    kn_task_free(net, task);
}

/* Bytes at task->bytes: behind a datagram stands where it came from. */
static size_t bytes_held(const kn_task *task)
{
    if (task->kind != KIWI_RESULT_DATAGRAM)
        return task->size;
    return task->size + strlen((const char *)task->bytes + task->size) + 1;
}

/* Give each awaiting thread the result.  The last one gets the bytes themselves if `give`. */
static void serve_waiters(kn_task *task, bool give)
{
    for (kn_waiter *w = task->waiters, *next; w != NULL; w = next) {
        next = w->next; /* *w is gone as soon as its thread sees `done` */
        describe(task, w->out);
        if (next == NULL && give) {
            w->out->bytes = task->bytes;
            task->bytes = NULL;
        } else if (task->bytes != NULL) {
            size_t size = bytes_held(task);
            w->out->bytes = malloc(size);
            if (w->out->bytes != NULL) {
                memcpy(w->out->bytes, task->bytes, size);
            } else {
                w->out->state = KIWI_TASK_FAULTED;
                w->out->size = 0;
                kn_fault_sys(w->out, ENOMEM);
            }
        }
        w->done = true;
        MUST(pthread_cond_signal(&w->ended));
    }
    task->waiters = NULL;
}

static void keep_leftover(kiwi_net *net, kn_task *task)
{
    kb_list_push(&net->leftovers, &task->link);
    if (++net->leftover_count <= KN_LEFTOVERS_MAX)
        return;
    kn_task *oldest = KB_OWNER(kb_list_first(&net->leftovers), kn_task, link);
    unlist(net, oldest);
    (void)kb_map_take(&net->table, oldest->entry.id);
    kn_task_free(net, oldest);
}

void kn_task_end(kiwi_net *net, kn_task *task, kiwi_result *out)
{
    assert(task->state == KIWI_TASK_RUNNING);
    if (!task->hidden)
        net->running--;
    if (!task->own)
        net->pending--;
    task->op = NULL;
    if (out->fault != KIWI_FAULT_NONE) {
        task->state = KIWI_TASK_FAULTED;
        task->reason = reason_new(out);
    } else {
        task->state = KIWI_TASK_COMPLETED;
        task->kind = out->kind;
        task->integer = out->integer;
        task->bytes = out->bytes;
        task->size = out->size;
    }
    bool waited = task->waiters != NULL;
    if (waited) {
        serve_waiters(task, !task->watched);
        if (net->lead == KN_LEAD_HELPER)
            kn_lead_kick(net); /* it may be one of them */
    }
    if (task->watched) {
        net->watched_running--;
        kb_list_push(&net->completions, &task->link);
        kn_lead_tell(net);
    } else if (waited) {
        (void)kb_map_take(&net->table, task->entry.id);
        kn_task_free(net, task);
    } else {
        keep_leftover(net, task);
    }
}

kiwi_id kn_task_faulted(kiwi_net *net, kiwi_result *out)
{
    kn_task *task = kn_task_new(net);
    if (task == NULL)
        return 0;
    kiwi_id id = task->entry.id;
    kn_task_end(net, task, out);
    return id;
}

/* ---- What is known --------------------------------------------------------------------------- */

kiwi_task_state kiwi_task_status(kiwi_net *net, kiwi_id id)
{
    kb_lock(&net->lock);
    kiwi_task_state state = KIWI_TASK_UNKNOWN;
    if (id < 0) {
        if (kb_map_get(&net->failed, id) != NULL)
            state = KIWI_TASK_FAULTED;
    } else {
        const kn_entry *entry = kb_map_get(&net->table, id);
        if (entry != NULL)
            state = entry->is_socket ? KIWI_TASK_COMPLETED
                                     : ((const kn_task *)(const void *)entry)->state;
    }
    kb_unlock(&net->lock);
    return state;
}

/* Ids that are no tasks but have a result: open sockets, failed TLS connects.  Locked. */
static bool standing_result(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    if (id < 0) {
        const kn_reason *reason = kb_map_get(&net->failed, id);
        if (reason == NULL)
            return false;
        *out = (kiwi_result){.id = id};
        reason_get(reason, out);
        return true;
    }
    const kn_entry *entry = kb_map_get(&net->table, id);
    if (entry == NULL || !entry->is_socket)
        return false;
    *out = (kiwi_result){
        .id = id, .state = KIWI_TASK_COMPLETED, .kind = KIWI_RESULT_INTEGER, .integer = id};
    return true;
}

int kiwi_task_peek(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    int error = 0;
    kb_lock(&net->lock);
    if (!standing_result(net, id, out)) {
        kn_task *task = kn_task_find(net, id);
        error = task == NULL ? ENOENT : task->state == KIWI_TASK_RUNNING ? EAGAIN : 0;
        if (error == 0) {
            describe(task, out);
            out->bytes = task->bytes;
        }
    }
    kb_unlock(&net->lock);
    return error;
}

static int compare_ids(const void *a, const void *b)
{
    kiwi_id x = *(const kiwi_id *)a, y = *(const kiwi_id *)b;
    return x < y ? -1 : x > y;
}

int kiwi_task_list(kiwi_net *net, kiwi_id **ids, size_t *count, size_t *running)
{
    *count = *running = 0;
    kb_lock(&net->lock);
    *ids = malloc((net->table.count + 1) * sizeof(**ids));
    if (*ids != NULL) {
        *running = net->running;
        size_t at = 0;
        for (const kn_entry *e; (e = kb_map_next(&net->table, &at, NULL)) != NULL;)
            if (!e->is_socket && !((const kn_task *)(const void *)e)->hidden)
                (*ids)[(*count)++] = e->id;
    }
    kb_unlock(&net->lock);
    if (*ids == NULL)
        return ENOMEM;
    qsort(*ids, *count, sizeof(**ids), compare_ids);
    return 0;
}

void kiwi_task_hide(kiwi_net *net, kiwi_id id)
{
    kb_lock(&net->lock);
    kn_task *task = kn_task_find(net, id);
    if (task != NULL && !task->hidden) {
        task->hidden = true;
        if (task->state == KIWI_TASK_RUNNING)
            net->running--;
    }
    kb_unlock(&net->lock);
}

size_t kiwi_task_running(kiwi_net *net)
{
    kb_lock(&net->lock);
    size_t count = net->running;
    kb_unlock(&net->lock);
    return count;
}

size_t kiwi_net_pending(kiwi_net *net)
{
    kb_lock(&net->lock);
    size_t count = net->pending;
    kb_unlock(&net->lock);
    return count;
}

/* ---- The caller's own tasks ----------------------------------------------------------------- */

kiwi_id kiwi_task_open(kiwi_net *net)
{
    kb_lock(&net->lock);
    kn_task *task = kn_task_new(net);
    kiwi_id id = 0;
    if (task != NULL) {
        task->own = true;
        net->pending--;
        id = task->entry.id;
    }
    kb_unlock(&net->lock);
    return id;
}

static int end_own(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    kb_lock(&net->lock);
    kn_task *task = kn_task_find(net, id);
    int error = task != NULL && task->own && task->state == KIWI_TASK_RUNNING ? 0 : ENOENT;
    if (error == 0)
        kn_task_end(net, task, out);
    kb_unlock(&net->lock);
    return error;
}

int kiwi_task_complete(kiwi_net *net, kiwi_id id, int64_t integer)
{
    kiwi_result out = {.kind = KIWI_RESULT_INTEGER, .integer = integer};
    return end_own(net, id, &out);
}

int kiwi_task_fault(kiwi_net *net, kiwi_id id, const char *message)
{
    kiwi_result out = {0};
    kn_fault(&out, KIWI_FAULT_CALLER, 0, "%s", message);
    return end_own(net, id, &out);
}

/* ---- Failed TLS connects -------------------------------------------------------------------- */

kiwi_id kiwi_tls_failed(kiwi_net *net, const kiwi_result *reason)
{
    kn_reason *copy = reason_new(reason);
    if (copy == NULL)
        return -1; /* what is recorded there, if anything, is the nearest to the truth there is */
    kb_lock(&net->lock);
    kiwi_id id = net->last_failed_id - 1;
    if (kb_map_put(&net->failed, id, copy) == KB_OK) {
        net->last_failed_id = id;
        free(kb_map_take(&net->failed, id + KN_TLS_FAILED_MAX));
    } else {
        free(copy);
    }
    kb_unlock(&net->lock);
    return id;
}

int kiwi_tls_error(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    kb_lock(&net->lock);
    bool known = id < 0 && standing_result(net, id, out);
    kb_unlock(&net->lock);
    return known ? 0 : ENOENT;
}

/* ---- Watching ------------------------------------------------------------------------------- */

/* May a thread that waits for `task` take a step of it itself? */
static bool can_help(const kiwi_net *net, const kn_task *task)
{
    return kn_helps(net) && task->op != NULL && task->op->state == KN_READY &&
           (!task->op->heavy || net->unmanned);
}

int kiwi_task_watch(kiwi_net *net, kiwi_id id, void *token, kiwi_result *out)
{
    int error = 0;
    kb_lock(&net->lock);
    kn_task *task;
    if (standing_result(net, id, out))
        goto done;
    task = kn_task_find(net, id);
    if (task != NULL && task->state == KIWI_TASK_RUNNING && !task->watched && can_help(net, task)) {
        kn_op_run(net, task->op, NULL, false);
        task = kn_task_find(net, id); /* it may have ended, and others may have taken it */
    }
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
        if (!net->lazy)
            kn_pool_nudge(net);
    }
done:
    kb_unlock(&net->lock);
    return error;
}

/* Take the oldest watched task that has ended; false if there is none.  Locked. */
static bool next_ended(kiwi_net *net, kiwi_result *out)
{
    kb_link *link = kb_list_first(&net->completions);
    if (link == NULL)
        return false;
    kn_task_take(net, KB_OWNER(link, kn_task, link), out);
    if (!kb_list_empty(&net->completions))
        kn_lead_tell(net);
    return true;
}

int kiwi_task_next(kiwi_net *net, int timeout_ms, kiwi_result *out)
{
    int64_t until_us = timeout_ms < 0 ? KB_NEVER : timeout_ms;
    if (timeout_ms > 0)
        until_us = kb_clock_after_ms(kb_clock_us(), timeout_ms);
    for (;;) {
        kb_lock(&net->lock);
        bool found = next_ended(net, out), possible = net->watched_running > 0;
        kb_unlock(&net->lock);
        if (found)
            return 0;
        if (!possible)
            return ENOENT;
        if (timeout_ms == 0)
            return ETIMEDOUT;
        int64_t now_us = timeout_ms < 0 ? 0 : kb_clock_us();
        if (timeout_ms > 0 && now_us >= until_us)
            return ETIMEDOUT;
        kn_net_wait(net, timeout_ms < 0 ? -1 : until_us - now_us, false, true);
    }
}

/* ---- Awaiting ------------------------------------------------------------------------------- */

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
        bool helps = kn_helps(net);
        bool may_lead = helps && (net->lead == KN_LEAD_NONE || net->lead == KN_LEAD_AWAY) &&
                        !net->lead_wanted;
        kn_op *next = may_lead ? kn_help_pick(net, false) : NULL;
        if (can_help(net, task)) {
            kn_op_run(net, task->op, NULL, false);
        } else if (until_us != KB_NEVER && kb_clock_us() >= until_us) {
            return ETIMEDOUT;
        } else if (next != NULL && steps < KN_HELP_STEPS) {
            steps++;
            kn_op_run(net, next, NULL, false);
        } else if (may_lead) {
            kn_pool_nudge(net); /* what only workers do */
            kn_lead_once(net, KN_LEAD_HELPER, next != NULL ? 0 : until_us);
            steps = 0;
        } else {
            kn_pool_nudge(net);
            if (helps == kn_helps(net))
                kb_cond_until(&waiter->ended, &net->lock, kn_sleep_until(net, until_us));
        }
    }
    return 0;
}

int kiwi_task_await(kiwi_net *net, kiwi_id id, int timeout_ms, kiwi_result *out)
{
    int error = 0;
    kb_lock(&net->lock);
    kn_task *task;
    if (standing_result(net, id, out))
        goto done;
    task = kn_task_find(net, id);
    if (task == NULL) {
        error = ENOENT;
        goto done;
    }
    if (task->state == KIWI_TASK_RUNNING) {
        kn_waiter waiter = {.out = out, .next = task->waiters};
        int64_t until_us = timeout_ms < 0 ? KB_NEVER : kb_clock_after_ms(kb_clock_us(), timeout_ms);
        if (kb_cond_init(&waiter.ended) != 0) {
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
    kb_unlock(&net->lock);
    return error;
}
