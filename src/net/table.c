/* table.c - the task table: ids and results.  The contracts are in kiwi/net.h and state.h. */
#include "config.h"

#include "net/state.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/locks.h"

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
        kn_reason_get(task->reason, out);
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
        task->reason = kn_reason_new(out);
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
    const kn_entry *entry = kb_map_get(&net->table, id);
    if (entry != NULL)
        state = entry->is_socket ? KIWI_TASK_COMPLETED
                                 : ((const kn_task *)(const void *)entry)->state;
    else if (kn_tls_failure(net, id, NULL))
        state = KIWI_TASK_FAULTED;
    kb_unlock(&net->lock);
    return state;
}

bool kn_standing_result(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    if (id < 0)
        return kn_tls_failure(net, id, out);
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
    if (!kn_standing_result(net, id, out)) {
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
