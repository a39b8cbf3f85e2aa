/* task.c - the task table: ids and results.  The contracts are in kiwi/net.h and task.h. */
#include "config.h"

#include "net/task.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/locks.h"
#include "net/fault.h"
#include "net/notice.h"
#include "net/unseen.h"
#include "net/wake.h"

/* ---- Entries --------------------------------------------------------------------------------- */

/* A task, its place in the table, and what malloc() keeps beside it. */
enum { TASK_COST = sizeof(kn_task) + 64 };

int kn_task_enter(kiwi_net *net, kn_entry *entry)
{
    kn_locked(net);
    kiwi_id id = net->last_id + 1;
    if (kb_map_put(&net->table, id, entry) != KB_OK)
        return ENOMEM;
    entry->id = net->last_id = id;
    return 0;
}

/* A task in no table.  NULL: memory is short. */
static kn_task *room_for_task(kiwi_net *net)
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
    return task;
}

kn_task *kn_task_new(kiwi_net *net)
{
    kn_locked(net);
    kn_task *task = room_for_task(net);
    if (task == NULL)
        return NULL;
    if (kn_task_enter(net, &task->entry) != 0) {
        free(task);
        return NULL;
    }
    net->running++;
    net->pending++;
    kn_task_entry(net, TASK_COST);
    return task;
}

void kn_task_free(kiwi_net *net, kn_task *task)
{
    assert(!kb_list_on(&task->value));
    free(task->bytes);
    kn_notice_forget(task);
    kn_unseen_forget(net, task);
    kn_task_entry(net, -(ptrdiff_t)TASK_COST);
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
    kn_locked(net);
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
        kn_fault_kept(task->reason, out);
    if (!task->dropped)
        return;
    out->state = KIWI_TASK_FAULTED;
    kn_fault(out, KIWI_FAULT_DROPPED, 0,
             "The value of task %lld was dropped, because nobody awaited it and too much was kept: "
             "KIWI_LEFTOVERS sets how much, 64m unless it says otherwise.",
             (long long)task->entry.id);
}

/* ---- What values hold ------------------------------------------------------------------------ */

/* Bytes at task->bytes: behind a datagram stands where it came from. */
static size_t bytes_held(const kn_task *task)
{
    if (task->bytes == NULL || task->kind != KIWI_RESULT_DATAGRAM)
        return task->bytes == NULL ? 0 : task->size;
    return task->size + strlen((const char *)task->bytes + task->size) + 1;
}

/* What the task holds is the taker's now, or nobody's. */
static void let_go(kiwi_net *net, kn_task *task)
{
    if (!task->own && !task->given)
        kn_task_hold(net, -(ptrdiff_t)task->held);
    assert(task->held == 0 || task->dropped || !kb_list_on(&task->value) || net->values_held >= task->held);
    if (kb_list_on(&task->value) && !task->dropped)
        net->values_held -= task->held;
    kb_list_remove(&task->value);
    task->held = 0;
}

/* Nobody has awaited it, and there is too much of that: its value goes, what is known of it stays. */
static void drop_value(kiwi_net *net, kn_task *task)
{
    let_go(net, task);
    free(task->bytes);
    task->bytes = NULL;
    task->size = 0;
    task->dropped = true;
    kb_list_push(&net->dropped, &task->value);
}

static void keep_value(kiwi_net *net, kn_task *task)
{
    if (task->held == 0)
        return;
    kb_list_push(&net->values, &task->value);
    net->values_held += task->held;
    while (net->values_held > net->values_max)
        drop_value(net, KB_OWNER(kb_list_first(&net->values), kn_task, value));
}

/* Written under the lock, read without it. */
static void count(atomic_size_t *sum, ptrdiff_t more)
{
    size_t before = atomic_load_explicit(sum, memory_order_relaxed);
    atomic_store_explicit(sum, (size_t)((ptrdiff_t)before + more), memory_order_relaxed);
}

void kn_task_hold(kiwi_net *net, ptrdiff_t more)
{
    kn_locked(net);
    count(&net->held, more);
}

void kn_task_entry(kiwi_net *net, ptrdiff_t more)
{
    kn_locked(net);
    count(&net->entries, more);
}

bool kn_task_affords(const kiwi_net *net, size_t more)
{
    return net->afford == NULL || net->afford(net->afford_data, more);
}

kiwi_id kiwi_task_dropped(kiwi_net *net)
{
    kn_lock(net);
    kb_link *link = kb_list_pop(&net->dropped);
    kiwi_id id = link == NULL ? 0 : KB_OWNER(link, kn_task, value)->entry.id;
    kn_wake_unlock(net);
    return id;
}

/* ---- Ends -------------------------------------------------------------------------------------- */

static void unlist(kiwi_net *net, kn_task *task)
{
    assert(task->state != KIWI_TASK_RUNNING && task->waiters == NULL);
    if (kb_list_on(&task->link) && !task->watched)
        net->leftover_count--;
    kb_list_remove(&task->link);
    let_go(net, task);
}

void kn_task_take(kiwi_net *net, kn_task *task, kiwi_result *out)
{
    kn_locked(net);
    assert(task->state != KIWI_TASK_RUNNING);
    describe(task, out);
    out->bytes = task->bytes;
    task->bytes = NULL;
    kn_unseen_seen(task);
    unlist(net, task);
    (void)kb_map_take(&net->table, task->entry.id);
    kn_task_free(net, task);
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
    keep_value(net, task);
    if (++net->leftover_count <= KN_LEFTOVERS_MAX)
        return;
    kn_task *oldest = KB_OWNER(kb_list_first(&net->leftovers), kn_task, link);
    unlist(net, oldest);
    (void)kb_map_take(&net->table, oldest->entry.id);
    kn_task_free(net, oldest);
}

void kn_task_end(kiwi_net *net, kn_task *task, kiwi_result *out)
{
    kn_locked(net);
    assert(task->state == KIWI_TASK_RUNNING);
    assert(!kb_list_on(&task->link) && task->bytes == NULL);
    kn_notice_end(net, task);
    assert((task->hidden || net->running > 0) && (task->own || net->pending > 0));
    if (!task->hidden)
        net->running--;
    if (!task->own && --net->pending == 0)
        kn_wake_waiters(net); /* who waits for what is pending waits in vain now */
    task->op = NULL;
    if (out->fault != KIWI_FAULT_NONE) {
        task->state = KIWI_TASK_FAULTED;
        task->reason = kn_fault_keep(out);
    } else {
        task->state = KIWI_TASK_COMPLETED;
        task->kind = out->kind;
        task->integer = out->integer;
        task->bytes = out->bytes;
        task->size = out->size;
        if (!task->own)
            task->held = bytes_held(task);
    }
    if (!task->own)
        kn_task_hold(net, (ptrdiff_t)task->held);
    bool waited = task->waiters != NULL;
    if (waited) {
        serve_waiters(task, !task->watched);
        if (net->lead == KN_LEAD_HELPER)
            kn_wake_leader(net); /* it may be one of them */
    }
    if (task->watched) {
        assert(net->watched_running > 0);
        net->watched_running--;
        kb_list_push(&net->completions, &task->link);
        kn_wake_waiters(net);
    } else if (waited) {
        let_go(net, task);
        (void)kb_map_take(&net->table, task->entry.id);
        kn_task_free(net, task);
    } else {
        kn_unseen_add(net, task);
        keep_leftover(net, task);
    }
}

kiwi_id kn_task_not_begun(kiwi_net *net, const kn_kind *of, const kn_sock *socket, kiwi_result *out)
{
    kn_locked(net);
    kn_task *task = kn_task_new(net);
    if (task == NULL)
        return 0;
    kiwi_id id = task->entry.id;
    task->of = of;
    task->socket = socket != NULL ? socket->entry.id : 0;
    kn_task_end(net, task, out);
    return id;
}

kiwi_id kn_task_faulted(kiwi_net *net, kiwi_result *out)
{
    return kn_task_not_begun(net, NULL, NULL, out);
}

kiwi_id kn_task_refused(kiwi_net *net, kiwi_fault fault, int sys, const char *text)
{
    kn_locked(net);
    kiwi_result out = {0};
    kn_fault(&out, fault, sys, "%s", text);
    return kn_task_faulted(net, &out);
}

kiwi_id kn_task_no_memory(kiwi_net *net)
{
    kn_locked(net);
    kiwi_result out = {0};
    kn_fault_sys(&out, ENOMEM);
    return kn_task_faulted(net, &out);
}

kiwi_id kn_task_no_socket(kiwi_net *net, kiwi_id id, const char *text)
{
    kn_locked(net);
    kiwi_result out = {0};
    if (!kn_fault_of_connect(net, id, &out))
        return kn_task_refused(net, KIWI_FAULT_INVALID, 0, text);
    return kn_task_faulted(net, &out);
}

int kiwi_task_return(kiwi_net *net, kiwi_result *result)
{
    if (result == NULL || result->id <= 0 || result->state != KIWI_TASK_COMPLETED)
        return EINVAL;
    int error = EINVAL;
    kn_lock(net);
    if (result->id <= net->last_id && kb_map_get(&net->table, result->id) == NULL) {
        kn_task *task = room_for_task(net);
        error = task == NULL || kb_map_put(&net->table, result->id, &task->entry) != KB_OK ? ENOMEM : 0;
        if (error == 0) {
            task->entry.id = result->id;
            task->state = KIWI_TASK_COMPLETED;
            task->kind = result->kind;
            task->integer = result->integer;
            task->bytes = result->bytes;
            task->size = result->size;
            task->held = bytes_held(task);
            result->bytes = NULL;
            kn_task_entry(net, TASK_COST);
            kn_task_hold(net, (ptrdiff_t)task->held);
            keep_leftover(net, task);
        } else {
            free(task);
        }
    }
    kn_wake_unlock(net);
    return error;
}

/* ---- What is known --------------------------------------------------------------------------- */

kiwi_task_state kiwi_task_status(kiwi_net *net, kiwi_id id)
{
    kn_lock(net);
    kiwi_task_state state = KIWI_TASK_UNKNOWN;
    kiwi_result standing;
    kn_task *task = kn_task_find(net, id);
    if (task != NULL) {
        state = task->state;
        kn_unseen_seen(task);
    } else if (kn_task_standing(net, id, &standing)) {
        state = standing.state;
    }
    kn_wake_unlock(net);
    return state;
}

bool kn_task_standing(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    kn_locked(net);
    if (id < 0)
        return kn_fault_of_connect(net, id, out);
    const kn_entry *entry = kb_map_get(&net->table, id);
    if (entry == NULL || !entry->is_socket)
        return false;
    *out = (kiwi_result){.id = id, .state = KIWI_TASK_COMPLETED, .kind = KIWI_RESULT_INTEGER, .integer = id};
    return true;
}

int kiwi_task_peek(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    int error = 0;
    if (out == NULL)
        return EINVAL;
    kn_lock(net);
    if (!kn_task_standing(net, id, out)) {
        kn_task *task = kn_task_find(net, id);
        error = task == NULL ? ENOENT : task->state == KIWI_TASK_RUNNING ? EAGAIN : 0;
        if (error == 0) {
            describe(task, out);
            out->bytes = task->bytes;
            kn_unseen_seen(task);
        }
    }
    kn_wake_unlock(net);
    return error;
}

int kiwi_task_hand_over(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    if (out == NULL)
        return EINVAL;
    *out = (kiwi_result){.id = id};
    kn_lock(net);
    kn_task *task = kn_task_find(net, id);
    int error = task == NULL                          ? ENOENT
                : task->state == KIWI_TASK_RUNNING    ? EAGAIN
                : task->bytes == NULL || task->hidden ? ENOENT
                                                      : 0;
    if (error == 0) {
        describe(task, out);
        out->bytes = task->bytes;
        task->bytes = NULL;
        task->given = true;
        kn_task_hold(net, -(ptrdiff_t)task->held);
    }
    kn_wake_unlock(net);
    return error;
}

void kiwi_task_hand_back(kiwi_net *net, kiwi_result *result)
{
    if (result == NULL)
        return;
    kn_lock(net);
    kn_task *task = kn_task_find(net, result->id);
    if (task != NULL && task->given && !task->dropped) {
        task->bytes = result->bytes;
        task->given = false;
        kn_task_hold(net, (ptrdiff_t)task->held);
    } else {
        free(result->bytes);
    }
    result->bytes = NULL;
    kn_wake_unlock(net);
}

static int compare_ids(const void *a, const void *b)
{
    kiwi_id x = *(const kiwi_id *)a, y = *(const kiwi_id *)b;
    return x < y ? -1 : x > y;
}

int kiwi_task_list(kiwi_net *net, kiwi_id **ids, size_t *count, size_t *running)
{
    if (ids == NULL || count == NULL || running == NULL)
        return EINVAL;
    *count = *running = 0;
    kn_lock(net);
    *ids = malloc((net->table.count + 1) * sizeof(**ids));
    if (*ids != NULL) {
        *running = net->running;
        size_t at = 0;
        for (const kn_entry *e; (e = kb_map_next(&net->table, &at, NULL)) != NULL;)
            if (!e->is_socket && !((const kn_task *)(const void *)e)->hidden)
                (*ids)[(*count)++] = e->id;
    }
    kn_wake_unlock(net);
    if (*ids == NULL)
        return ENOMEM;
    qsort(*ids, *count, sizeof(**ids), compare_ids);
    return 0;
}

void kiwi_task_hide(kiwi_net *net, kiwi_id id)
{
    kn_lock(net);
    kn_task *task = kn_task_find(net, id);
    if (task != NULL && !task->hidden) {
        task->hidden = true;
        if (task->state == KIWI_TASK_RUNNING)
            net->running--;
    }
    kn_wake_unlock(net);
}

size_t kiwi_task_running(kiwi_net *net)
{
    kn_lock(net);
    size_t count = net->running;
    kn_wake_unlock(net);
    return count;
}

/* ---- The caller's own tasks ----------------------------------------------------------------- */

kiwi_id kiwi_task_open(kiwi_net *net)
{
    kn_lock(net);
    kn_task *task = kn_task_new(net);
    kiwi_id id = 0;
    if (task != NULL) {
        task->own = true;
        net->pending--;
        id = task->entry.id;
    }
    kn_wake_unlock(net);
    return id;
}

/* `held`: bytes that the caller keeps. */
static int end_own(kiwi_net *net, kiwi_id id, kiwi_result *out, size_t held)
{
    kn_lock(net);
    kn_task *task = kn_task_find(net, id);
    int error = task != NULL && task->own && task->state == KIWI_TASK_RUNNING ? 0 : ENOENT;
    if (error == 0) {
        task->held = held;
        kn_task_end(net, task, out);
    }
    kn_wake_unlock(net);
    return error;
}

int kiwi_task_complete(kiwi_net *net, kiwi_id id, int64_t integer)
{
    kiwi_result out = {.kind = KIWI_RESULT_INTEGER, .integer = integer};
    return end_own(net, id, &out, 0);
}

int kiwi_task_complete_kept(kiwi_net *net, kiwi_id id, size_t size)
{
    kiwi_result out = {.kind = KIWI_RESULT_INTEGER};
    return end_own(net, id, &out, size);
}

int kiwi_task_fault(kiwi_net *net, kiwi_id id, const char *message)
{
    kiwi_result out = {0};
    kn_fault(&out, KIWI_FAULT_CALLER, 0, "%s", message != NULL ? message : "");
    return end_own(net, id, &out, 0);
}
