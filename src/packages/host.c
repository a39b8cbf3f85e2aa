/* host.c - the port between the scheduler and the networking runtime: fibers that await tasks. */
#include "config.h"

#include "packages/package.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packages/job.h"

enum {
    KP_INLINE_WAITERS = 1,
    KP_STEP_BYTES = 128, /* cost one more */
};

struct kp_wait {
    kiwi_id id;
    kp_settle settle;
    kp_job *job;       /* what was awaited, if it is one */
    bool own;          /* the script does not know the task */
    bool returned;     /* it can be awaited once more: there was no memory for its value */
    kw_parked *fibers; /* points to `first` while one is enough */
    size_t count, cap;
    kw_parked first;
    kp_wait *next_spare;
};

/* ---- Waits ----------------------------------------------------------------------------------- */

static kp_wait *new_wait(kp_host *host, kiwi_id id, kp_settle settle)
{
    kp_wait *w = host->spare;
    if (w != NULL)
        host->spare = w->next_spare;
    else if ((w = malloc(sizeof(*w))) == NULL)
        return NULL;
    *w = (kp_wait){.id = id, .settle = settle, .cap = KP_INLINE_WAITERS};
    w->fibers = &w->first;
    if (kb_map_put(&host->waits, id, w) != KB_OK) {
        w->next_spare = host->spare;
        host->spare = w;
        return NULL;
    }
    return w;
}

/* What the wait holds besides itself. */
static void clear_wait(kp_wait *w)
{
    if (w->job != NULL)
        kp_job_drop(w->job);
    if (w->fibers != &w->first)
        free(w->fibers);
}

static void drop_wait(kp_host *host, kp_wait *w)
{
    assert(kb_map_get(&host->waits, w->id) == w);
    (void)kb_map_take(&host->waits, w->id);
    clear_wait(w);
    w->next_spare = host->spare;
    host->spare = w;
}

static bool join_wait(kp_wait *w, kw_parked parked)
{
    if (w->count == w->cap) {
        size_t cap = w->cap * 2;
        kw_parked *fibers = realloc(w->fibers == &w->first ? NULL : w->fibers, cap * sizeof(*fibers));
        if (fibers == NULL)
            return false;
        if (w->fibers == &w->first)
            fibers[0] = w->first;
        w->fibers = fibers;
        w->cap = cap;
    }
    w->fibers[w->count++] = parked;
    return true;
}

/* ---- Values ---------------------------------------------------------------------------------- */

kw_value kp_host_lines_of(kw_vm *vm, const kiwi_result *result)
{
    const char *at = (const char *)result->bytes, *end = at + result->size;
    kw_list *list = kw_list_new(vm, 0);
    while (list != NULL && at < end) {
        const char *line = at;
        at = memchr(line, '\n', (size_t)(end - line));
        kw_string *text = at == NULL ? NULL : kw_string_new(vm, line, (size_t)(at++ - line));
        if (text == NULL || !kw_list_push(vm, list, kw_of_string(text)))
            return kw_undef();
    }
    return list == NULL ? kw_undef() : kw_of_list(list);
}

kw_value kp_host_value_of(kw_vm *vm, kiwi_result *result)
{
    switch (result->kind) {
    case KIWI_RESULT_NONE:
    case KIWI_RESULT_TEXT:            /* kp_host_text_of() */
    case KIWI_RESULT_LINES:           /* kp_host_lines_of() */
    case KIWI_RESULT_DATAGRAM: break; /* only package udp receives them, see udp.c */
    case KIWI_RESULT_INTEGER: return kw_int(result->integer);
    case KIWI_RESULT_BYTES: {
        unsigned char *bytes = result->bytes;
        result->bytes = NULL;
        return kw_of_bytes(kw_bytes_adopt(vm, bytes, result->size));
    }
    }
    return kw_null();
}

kw_string *kp_host_text_of(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    void *bytes = result->bytes;
    kw_string *text = kw_string_adopt(vm, &bytes, bytes != NULL ? result->size : 0);
    result->bytes = bytes;
    *value = text != NULL ? kw_of_string(text) : kw_undef();
    return NULL;
}

/* The same for one that gave lines. */
static kw_string *lines_of(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    *value = kp_host_lines_of(vm, result);
    if (!kw_is(*value, KW_UNDEF)) {
        free(result->bytes);
        result->bytes = NULL;
    }
    return NULL;
}

/* What kind of fault the message tells of. */
static void note_kind(kw_vm *vm, const kiwi_result *result, kw_string *message)
{
    const char *kind = kiwi_fault_kind(result);
    if (kind != NULL && message != NULL)
        kw_fault_note(vm, message, kind, kiwi_fault_code(result));
}

kw_string *kp_host_message(kw_vm *vm, const kiwi_result *result)
{
    kw_string *message = kw_string_new(vm, result->message, strlen(result->message));
    note_kind(vm, result, message);
    return message;
}

kw_result kp_host_throw_fault(kw_vm *vm, const kiwi_result *result)
{
    return kw_throw_strings(vm, kw_intern_c(vm, "SystemError"), kp_host_message(vm, result));
}

/* The fibers of waits are roots, as they may live on after their fiber was woken otherwise. */
static void mark_waits(kw_vm *vm, kp_host *host)
{
    size_t at = 0;
    for (kp_wait *w; (w = kb_map_next(&host->waits, &at, NULL)) != NULL;)
        for (size_t i = 0; i < w->count; i++)
            kw_gc_mark_obj(vm, w->fibers[i].fiber);
}

static kw_string *settle_result(kp_host *host, kiwi_result *result, kp_settle settle, kw_value *value)
{
    kw_vm *vm = host->vm;
    kw_value kept;
    kw_string *message;
    kp_leftovers_take(&host->leftovers, result->id, &kept, &message);
    *value = kw_null();
    if (message != NULL)
        return message;
    if (settle != NULL)
        return settle(vm, result, value);
    if (result->state == KIWI_TASK_FAULTED)
        return kw_string_new(vm, result->message, strlen(result->message));
    if (kw_is(kept, KW_UNDEF) && result->kind == KIWI_RESULT_TEXT)
        return kp_host_text_of(vm, result, value);
    if (kw_is(kept, KW_UNDEF) && result->kind == KIWI_RESULT_LINES)
        return lines_of(vm, result, value);
    if (kw_is(kept, KW_UNDEF)) {
        *value = kp_host_value_of(vm, result);
    } else {
        *value = kept;
        free(result->bytes);
    }
    return NULL;
}

/* The outcome of a task that has ended and left the table, into *value; false: thrown. */
static bool outcome(kp_host *host, kiwi_result *result, kp_wait *w, kw_value *value)
{
    assert(result->state == KIWI_TASK_COMPLETED || result->state == KIWI_TASK_FAULTED);
    kw_vm *vm = host->vm;
    *value = kw_null();
    if (w->job != NULL && result->state == KIWI_TASK_COMPLETED)
        return kp_job_give(vm, w->job, value);
    kw_string *message = settle_result(host, result, w->settle, value);
    if (message == NULL && !kw_is(*value, KW_UNDEF))
        return true;
    if (message == NULL) { /* there is no memory for the value: it stays, unless only the library knew of it */
        w->returned = !w->own && kiwi_task_return(host->net, result) == 0;
        if (!w->returned)
            free(result->bytes);
        return false;
    }
    note_kind(vm, result, message);
    if (result->fault == KIWI_FAULT_CLOSED || result->fault == KIWI_FAULT_CANCELLED)
        message->header.flags |= KW_STR_CLOSED;
    (void)kw_throw_strings(vm, kw_intern_c(vm, "SystemError"), message);
    return false;
}

/* Let the running fiber await task `id`, as kp_host_await(). */
static kw_result await(kw_vm *vm, kw_call *call, kiwi_id id, kp_settle settle, kp_job *job, bool own)
{
    kp_host *host = kp_host_of(vm);
    kp_wait *w = kb_map_get(&host->waits, id);
    assert(w == NULL || job == NULL); /* a job is awaited by the one who gave it away */
    if (w == NULL) {
        kiwi_result result;
        if ((w = new_wait(host, id, settle)) == NULL) {
            if (job != NULL)
                kp_job_drop(job);
            return kw_throw_memory(vm, sizeof(*w));
        }
        w->job = job;
        w->own = own;
        int code = kiwi_task_watch(host->net, id, w, &result);
        if (code != EINPROGRESS) {
            kw_value value;
            /* a step was taken, perhaps: whoever finds something to receive each time lets others run, too */
            vm->budget -= KP_AWAIT_STEPS + (int64_t)(result.size / KP_STEP_BYTES);
            bool ended = code == 0, given = ended && outcome(host, &result, w, &value);
            bool again = !given && w->returned && call->kept == NULL; /* after a collection */
            drop_wait(host, w);
            if (again) {
                kw_throw_clear(vm);
                return kw_call_again(vm, call, &call->result, 1);
            }
            if (!ended)
                return kw_throw(vm, "InvalidOperationError", "Task %lld not found.", (long long)id);
            return given ? kw_return(call, value) : KW_THROWN;
        }
        host->watched++;
    }
    if (!join_wait(w, kw_fiber_parked_here(vm)))
        return kw_throw_memory(vm, sizeof(*w));
    kw_fiber_park(vm, "await");
    kw_fiber_set_awaits(vm->fiber, id);
    return KW_SUSPEND;
}

kw_result kp_host_await(kw_vm *vm, kw_call *call, kiwi_id id, kp_settle settle)
{
    return kp_host_net(vm) == NULL ? KW_THROWN : await(vm, call, id, settle, NULL, false);
}

bool kp_host_spawn(kw_vm *vm, kw_value callback, const kw_value *args, size_t argc, kiwi_id *id)
{
    kiwi_net *net = kp_host_net(vm);
    kw_fiber *fiber = net == NULL ? NULL : kw_fiber_new(vm, callback, args, argc);
    if (fiber == NULL)
        return false;
    *id = kiwi_task_open(net);
    if (*id > 0 && kb_map_put(&kp_host_of(vm)->fibers, *id, fiber) != KB_OK) {
        (void)kiwi_task_fault(net, *id, "");
        *id = 0;
    }
    if (*id <= 0) {
        kw_fiber_drop(vm, fiber);
        kw_throw(vm, "MemoryError", "No memory for a task.");
        return false;
    }
    kw_fiber_set_id(fiber, *id);
    kw_sched_ready(vm, fiber);
    return true;
}

kw_result kp_host_await_own(kw_vm *vm, kw_call *call, kiwi_id id, kp_settle settle)
{
    assert(kp_host_of(vm)->net != NULL);
    kiwi_task_hide(kp_host_of(vm)->net, id);
    return await(vm, call, id, settle, NULL, true);
}

kw_result kp_host_await_job(kw_vm *vm, kw_call *call, kiwi_id id, kp_job *job)
{
    assert(kp_host_of(vm)->net != NULL);
    kiwi_task_hide(kp_host_of(vm)->net, id);
    return await(vm, call, id, NULL, job, true);
}

void kp_host_reason(kw_vm *vm, const char *reason)
{
    kp_host *host = kp_host_of(vm);
    host->reason_of = vm->error.message;
    (void)snprintf(host->reason, sizeof(host->reason), "%s", reason);
}

/* ---- The port -------------------------------------------------------------------------------- */

static void port_flush(void *data)
{
    kp_host *host = data;
    if (host->net != NULL)
        kiwi_net_flush(host->net);
}

static bool port_wait(void *data, int64_t timeout_us, bool sole)
{
    kp_host *host = data;
    if (host->net == NULL)
        return false;
    int64_t due_us = kp_report_due_us(&host->report, host->net);
    bool endless = timeout_us < 0;
    if (due_us >= 0 && (endless || due_us < timeout_us))
        timeout_us = due_us;
    if (endless)
        (void)kiwi_net_wait_pending(host->net, timeout_us, sole);
    else
        kiwi_net_wait(host->net, timeout_us, sole);
    return true;
}

static bool port_due(void *data)
{
    const kp_host *host = data;
    return host->net != NULL && kp_report_due_us(&host->report, host->net) == 0;
}

static bool port_pending(void *data)
{
    kp_host *host = data;
    return host->net != NULL && kiwi_net_pending(host->net) > 0;
}

static void wake_all(kp_host *host, kp_wait *w, kiwi_result *result)
{
    assert(host->watched > 0 && result->id == w->id);
    kw_value value;
    bool given = outcome(host, result, w, &value);
    kw_error_info error = host->vm->error;
    if (!given)
        kw_throw_clear(host->vm);
    for (size_t i = 0; i < w->count; i++) {
        if (!kw_fiber_still_parked(w->fibers[i]))
            continue;
        if (given)
            kw_fiber_wake(host->vm, w->fibers[i].fiber, value);
        else
            kw_fiber_wake_error(host->vm, w->fibers[i].fiber, error.type->text, error.message);
    }
    host->watched--;
    drop_wait(host, w);
}

/* Wake the fibers of the tasks that have ended. */
static void collect_ends(kp_host *host)
{
    kiwi_result result;
    kp_state_collect_all(host->vm);
    kp_input_collect(host->vm);
    while (host->net != NULL && host->watched > 0 && kiwi_task_next(host->net, 0, &result) == 0)
        wake_all(host, result.token, &result);
    kp_notice_collect(host->vm, &host->notices, host->net);
}

static void port_collect(kw_vm *vm, void *data)
{
    kp_host *host = data;
    (void)vm;
    collect_ends(host);
    if (host->net == NULL)
        return;
    kp_leftovers_drop(&host->leftovers, host->net);
    kp_report_due(&host->report, host);
}

static void port_fiber_done(kw_vm *vm, void *data, kw_fiber *fiber)
{
    kp_host *host = data;
    kiwi_id id = kw_fiber_id(fiber);
    kw_string *type, *message;
    (void)vm;
    kw_value value = kw_fiber_outcome(fiber, &type, &message);
    if (id == 0)
        return;
    const kw_fiber *known = kb_map_take(&host->fibers, id);
    assert(known == fiber); /* spawned once, and it ends once */
    (void)known;
    if (kp_leftovers_full(&host->leftovers)) {
        kp_report_due(&host->report, host); /* what is forgotten can still be told in full */
        kp_leftovers_purge(&host->leftovers, host->net);
    }
    if (!kw_is(value, KW_UNDEF))
        kp_leftovers_complete(&host->leftovers, host->net, id, value, kb_map_get(&host->waits, id) != NULL);
    else
        kp_leftovers_fault(&host->leftovers, host->net, id, message);
    if (message != NULL && (message->header.flags & KW_STR_CLOSED))
        (void)kiwi_task_status(host->net, id); /* a look: whoever closed the socket knows */
    collect_ends(host);                        /* whoever awaits it can run in this turn */
}

/* Is a task's end awaited by one fiber alone? */
static bool awaited_once(const kp_wait *w)
{
    size_t count = 0;
    for (size_t i = 0; i < w->count && count < 2; i++)
        count += kw_fiber_still_parked(w->fibers[i]);
    return count == 1;
}

/* An operation that nobody else awaits would take what it waits for from the next one. */
static bool port_give_up(kw_vm *vm, void *data, kw_fiber *fiber)
{
    kp_host *host = data;
    kiwi_id id = kw_fiber_awaits(fiber);
    const kp_wait *w = id == 0 ? NULL : kb_map_get(&host->waits, id);
    (void)vm;
    if (w == NULL || !awaited_once(w) || kiwi_task_cancel(host->net, id) != ENOENT)
        return true;
    collect_ends(host); /* it has just ended */
    return kw_fiber_awaits(fiber) != 0;
}

bool kp_host_cancel(kw_vm *vm, kiwi_id id)
{
    kp_host *host = kp_host_of(vm);
    int code = kiwi_task_cancel(host->net, id);
    kw_fiber *fiber = code == EINVAL ? kb_map_get(&host->fibers, id) : NULL;
    if (fiber != NULL)
        kw_fiber_cancel(vm, fiber);
    else if (code == 0)
        collect_ends(host); /* whoever awaits it can run in this turn */
    return fiber != NULL || code == 0;
}

static void port_mark(kw_vm *vm, void *data)
{
    kp_host *host = data;
    mark_waits(vm, host);
    kp_notice_mark(vm, &host->notices);
    kp_state_mark_all(vm);
    kp_input_mark(vm);
    kp_leftovers_mark(&host->leftovers);
    kw_gc_mark_obj(vm, host->own);
    kw_gc_mark_obj(vm, host->reason_of);
}

/* ---- Life ------------------------------------------------------------------------------------ */

kb_status kp_host_open(kw_vm *vm)
{
    kp_host *host = calloc(1, sizeof(*host));
    if (host == NULL)
        return KB_ENOMEM;
    host->vm = vm;
    host->account = kp_account_new(kp_memory_affords_job, host);
    if (host->account == NULL) {
        free(host);
        return KB_ENOMEM;
    }
    kp_leftovers_init(vm, &host->leftovers);
    kp_report_init(&host->report);
    host->own = kw_map_new(vm, 0);
    kb_map_init(&host->waits);
    kb_map_init(&host->fibers);
    kp_notice_init(&host->notices);
    kb_map_init(&host->states);
    kb_map_init(&host->classes);
    vm->host = host;
    vm->port = (kw_port){.data = host,
                         .flush = port_flush,
                         .wait = port_wait,
                         .collect = port_collect,
                         .pending = port_pending,
                         .due = port_due,
                         .mark = port_mark,
                         .held = kp_memory_held,
                         .fiber_done = port_fiber_done,
                         .give_up = port_give_up};
    return KB_OK;
}

void kp_host_share(kw_vm *vm, const void *secret)
{
    kp_host *host = kp_host_of(vm);
    assert(host->net == NULL);
    host->shared = true;
    memcpy(host->secret, secret, sizeof(host->secret));
}

void kp_host_close(kw_vm *vm)
{
    kp_host *host = kp_host_of(vm);
    if (host == NULL)
        return;
    kp_report_all(vm);
    atomic_store(&host->waker, NULL);
    kp_account_close(host->account); /* whatever is at work still will not be wanted */
    host->account = NULL;
    kp_state_close_all(vm); /* first: a signal or a line that comes now wakes the runtime */
    kp_input_close(vm);
    kiwi_net_close(host->net);
    size_t at = 0;
    for (kp_wait *w; (w = kb_map_next(&host->waits, &at, NULL)) != NULL;) {
        clear_wait(w);
        free(w);
    }
    kb_map_fini(&host->waits);
    kb_map_fini(&host->fibers);
    kp_notice_fini(vm, &host->notices);
    kb_map_fini(&host->states);
    kb_map_fini(&host->classes);
    while (host->spare != NULL) {
        kp_wait *w = host->spare;
        host->spare = w->next_spare;
        free(w);
    }
    kp_report_fini(&host->report);
    free(host);
    vm->host = NULL;
    vm->port = (kw_port){.data = NULL};
}

kiwi_net *kp_host_net(kw_vm *vm)
{
    kp_host *host = kp_host_of(vm);
    if (host->net == NULL) {
        kiwi_net_options options = {.lazy = true,
                                    .report = host->report.wanted,
                                    .afford = kp_memory_affords,
                                    .afford_data = host,
                                    .siblings = host->shared ? host->secret : NULL};
        kw_heap_know_limit(vm);
        int code = kiwi_net_open(&options, &host->net);
        if (code != 0) {
            char text[96];
            kw_throw(vm, "SystemError", "Cannot start the networking runtime: %s",
                     kb_error_errno_text(code, text, sizeof(text)));
        }
        atomic_store(&host->waker, host->net);
    }
    return host->net;
}

void kp_host_wake(kw_vm *vm)
{
    kiwi_net *net = atomic_load(&kp_host_of(vm)->waker);
    if (net != NULL)
        kiwi_net_wake(net);
}

kw_result kp_host_go_on_with(kw_vm *vm, kw_call *call, kw_value callable, const kw_value *args, size_t argc)
{
    call->result = callable;
    call->tail_args = kw_list_new(vm, argc);
    if (kw_is(callable, KW_UNDEF) || call->tail_args == NULL)
        return KW_THROWN;
    assert(call->tail_args->cap >= argc);
    for (size_t i = 0; i < argc; i++)
        call->tail_args->items[call->tail_args->count++] = args[i];
    return KW_CALL;
}
