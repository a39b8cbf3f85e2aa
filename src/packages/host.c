/* host.c - the port between the scheduler and the networking runtime: fibers that await tasks. */
#include "config.h"

#include "packages/host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { KP_INLINE_WAITERS = 1, KP_PURGE = 4096 };

struct kp_wait {
    kiwi_id id;
    kp_convert convert;
    kw_parked *fibers; /* points to `first` while one is enough */
    size_t count, cap;
    kw_parked first;
    kp_wait *next_spare;
};

kp_host *kp_host_of(kw_vm *vm)
{
    return vm->host;
}

/* ---- Waits ----------------------------------------------------------------------------------- */

static kp_wait *new_wait(kp_host *host, kiwi_id id, kp_convert convert)
{
    kp_wait *w = host->spare;
    if (w != NULL)
        host->spare = w->next_spare;
    else if ((w = malloc(sizeof(*w))) == NULL)
        return NULL;
    *w = (kp_wait){.id = id, .convert = convert, .cap = KP_INLINE_WAITERS};
    w->fibers = &w->first;
    if (kb_map_put(&host->waits, id, w) != KB_OK) {
        w->next_spare = host->spare;
        host->spare = w;
        return NULL;
    }
    return w;
}

static void drop_wait(kp_host *host, kp_wait *w)
{
    (void)kb_map_take(&host->waits, w->id);
    if (w->fibers != &w->first)
        free(w->fibers);
    w->next_spare = host->spare;
    host->spare = w;
}

static bool join_wait(kp_wait *w, kw_parked parked)
{
    if (w->count == w->cap) {
        size_t cap = w->cap * 2;
        kw_parked *fibers =
            realloc(w->fibers == &w->first ? NULL : w->fibers, cap * sizeof(*fibers));
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

kw_value kp_value_of(kw_vm *vm, kiwi_result *result)
{
    switch (result->kind) {
    case KIWI_RESULT_NONE:
    case KIWI_RESULT_DATAGRAM: break; /* only udp receives them: kp_datagram() */
    case KIWI_RESULT_INTEGER: return kw_int(result->integer);
    case KIWI_RESULT_BYTES: {
        unsigned char *bytes = result->bytes;
        result->bytes = NULL;
        return kw_of_bytes(kw_bytes_adopt(vm, bytes, result->size));
    }
    }
    return kw_null();
}

kw_result kp_throw_fault(kw_vm *vm, const kiwi_result *result)
{
    return kw_throw_strings(vm, kw_intern_c(vm, "SystemError"),
                            kw_string_new(vm, result->message, strlen(result->message)));
}

/* The fibers of waits are roots, as they may live on after their fiber was woken otherwise. */
static void mark_waits(kw_vm *vm, kp_host *host)
{
    size_t at = 0;
    for (kp_wait *w; (w = kb_map_next(&host->waits, &at, NULL)) != NULL;)
        for (size_t i = 0; i < w->count; i++)
            kw_gc_mark_obj(vm, w->fibers[i].fiber);
}

/* The outcome of a task that has ended and left the table: *value, or the message of its fault. */
static kw_string *settle(kp_host *host, kiwi_result *result, kp_convert convert, kw_value *value)
{
    kw_vm *vm = host->vm;
    kw_value key = kw_int(result->id);
    kw_value *kept;
    *value = kw_null();
    if (host->faults->count > 0 && (kept = kw_map_find(host->faults, key)) != NULL) {
        kw_string *message = kept->as.string;
        (void)kw_map_remove(host->faults, key);
        return message;
    }
    if (result->state == KIWI_TASK_FAULTED && convert == KP_TLS_CONNECT) {
        *value = kw_int(kiwi_tls_failed(host->net, result));
        return NULL;
    }
    if (convert == KP_DATAGRAM_TEXT || convert == KP_DATAGRAM_BYTES)
        return kp_datagram(vm, result, convert == KP_DATAGRAM_TEXT, value);
    if (result->state == KIWI_TASK_FAULTED)
        return kw_string_new(vm, result->message, strlen(result->message));
    if (host->values->count > 0 && (kept = kw_map_find(host->values, key)) != NULL) {
        *value = *kept;
        (void)kw_map_remove(host->values, key);
        free(result->bytes);
        return NULL;
    }
    *value = kp_value_of(vm, result);
    return NULL;
}

kw_result kp_await(kw_vm *vm, kw_call *call, kiwi_id id, kp_convert convert)
{
    kiwi_net *net = kp_net(vm);
    if (net == NULL)
        return KW_THROWN;
    kp_host *host = kp_host_of(vm);
    kp_wait *w = kb_map_get(&host->waits, id);
    if (w == NULL) {
        kiwi_result result;
        if ((w = new_wait(host, id, convert)) == NULL)
            return kw_throw_memory(vm, sizeof(*w));
        int code = kiwi_task_watch(net, id, w, &result);
        if (code != EINPROGRESS) {
            drop_wait(host, w);
            if (code != 0)
                return kw_throw(vm, "InvalidOperationError", "Task %lld not found.", (long long)id);
            kw_value value;
            kw_string *message = settle(host, &result, convert, &value);
            return message != NULL ? kw_throw_strings(vm, kw_intern_c(vm, "SystemError"), message)
                                   : kw_return(call, value);
        }
        host->watched++;
    }
    if (!join_wait(w, kw_parked_here(vm)))
        return kw_throw_memory(vm, sizeof(*w));
    kw_fiber_park(vm, "await");
    return KW_SUSPEND;
}

bool kp_spawn(kw_vm *vm, kw_value callback, const kw_value *args, size_t argc, kiwi_id *id)
{
    kiwi_net *net = kp_net(vm);
    kw_fiber *fiber = net == NULL ? NULL : kw_fiber_new(vm, callback, args, argc);
    if (fiber == NULL)
        return false;
    *id = kiwi_task_open(net);
    kw_fiber_set_id(fiber, *id);
    kw_sched_ready(vm, fiber);
    return true;
}

kw_result kp_await_own(kw_vm *vm, kw_call *call, kiwi_id id, kp_convert convert)
{
    kiwi_task_hide(kp_host_of(vm)->net, id);
    return kp_await(vm, call, id, convert);
}

/* ---- The port -------------------------------------------------------------------------------- */

static void port_flush(void *data)
{
    kp_host *host = data;
    if (host->net != NULL)
        kiwi_net_flush(host->net);
}

static void port_wait(void *data, int64_t timeout_us, bool sole)
{
    kp_host *host = data;
    if (host->net != NULL)
        kiwi_net_wait(host->net, timeout_us, sole);
}

static bool port_pending(void *data)
{
    kp_host *host = data;
    return host->net != NULL && (host->signals_waiting > 0 || kiwi_net_pending(host->net) > 0);
}

static void wake_all(kp_host *host, kp_wait *w, kiwi_result *result)
{
    kw_value value;
    kw_string *message = settle(host, result, w->convert, &value);
    for (size_t i = 0; i < w->count; i++) {
        if (!kw_still_parked(w->fibers[i]))
            continue;
        if (message != NULL)
            kw_fiber_wake_error(host->vm, w->fibers[i].fiber, "SystemError", message);
        else
            kw_fiber_wake(host->vm, w->fibers[i].fiber, value);
    }
    host->watched--;
    drop_wait(host, w);
}

static void port_collect(kw_vm *vm, void *data)
{
    kp_host *host = data;
    kiwi_result result;
    kp_signals_collect(vm);
    while (host->net != NULL && host->watched > 0 && kiwi_task_next(host->net, 0, &result) == 0)
        wake_all(host, result.token, &result);
}

/* Tasks that nobody awaits are forgotten by the runtime in the end; then their values go, too. */
static void purge(kp_host *host, kw_map *map)
{
    uint32_t at = 0;
    for (kw_entry *e; (e = kw_map_next(map, &at)) != NULL;)
        if (kiwi_task_status(host->net, e->key.as.i) == KIWI_TASK_UNKNOWN)
            (void)kw_map_remove(map, e->key);
}

static void keep(kp_host *host, kw_map *map, kiwi_id id, kw_value value)
{
    (void)kw_map_set(host->vm, map, kw_int(id), value);
    if (host->values->count + host->faults->count < host->purge_at)
        return;
    purge(host, host->values);
    purge(host, host->faults);
    host->purge_at = 2 * (host->values->count + host->faults->count) + KP_PURGE;
}

static void port_fiber_done(kw_vm *vm, void *data, kw_fiber *fiber)
{
    kp_host *host = data;
    kiwi_id id = kw_fiber_id(fiber);
    kw_string *type, *message;
    kw_value value = kw_fiber_outcome(fiber, &type, &message);
    if (id == 0)
        return;
    if (kw_is(value, KW_UNDEF)) {
        keep(host, host->faults, id, kw_of_string(message));
        (void)kiwi_task_fault(host->net, id, message->text);
    } else {
        keep(host, host->values, id, value);
        (void)kiwi_task_complete(host->net, id, 0);
    }
    port_collect(vm, data); /* whoever awaits it can run in this turn */
}

static void port_mark(kw_vm *vm, void *data)
{
    kp_host *host = data;
    mark_waits(vm, host);
    kp_signals_mark(vm);
    kw_gc_mark_obj(vm, host->values);
    kw_gc_mark_obj(vm, host->faults);
}

/* ---- Life ------------------------------------------------------------------------------------ */

kb_status kp_host_open(kw_vm *vm)
{
    kp_host *host = calloc(1, sizeof(*host));
    if (host == NULL)
        return KB_ENOMEM;
    host->vm = vm;
    host->purge_at = KP_PURGE;
    host->values = kw_map_new(vm, 0);
    host->faults = kw_map_new(vm, 0);
    kb_map_init(&host->waits);
    vm->host = host;
    vm->port = (kw_port){.data = host,
                         .flush = port_flush,
                         .wait = port_wait,
                         .collect = port_collect,
                         .pending = port_pending,
                         .mark = port_mark,
                         .fiber_done = port_fiber_done};
    return KB_OK;
}

void kp_host_close(kw_vm *vm)
{
    kp_host *host = kp_host_of(vm);
    if (host == NULL)
        return;
    kp_signals_close(vm); /* first: a signal that comes now wakes the runtime */
    kiwi_net_close(host->net);
    size_t at = 0;
    for (kp_wait *w; (w = kb_map_next(&host->waits, &at, NULL)) != NULL;) {
        if (w->fibers != &w->first)
            free(w->fibers);
        free(w);
    }
    kb_map_fini(&host->waits);
    while (host->spare != NULL) {
        kp_wait *w = host->spare;
        host->spare = w->next_spare;
        free(w);
    }
    free(host);
    vm->host = NULL;
    vm->port = (kw_port){.data = NULL};
}

kiwi_net *kp_net(kw_vm *vm)
{
    kp_host *host = kp_host_of(vm);
    if (host->net == NULL) {
        kiwi_net_options options = {.lazy = true};
        int code = kiwi_net_open(&options, &host->net);
        if (code != 0) {
            char text[96];
            kw_throw(vm, "SystemError", "Cannot start the networking runtime: %s",
                     kb_errno_text(code, text, sizeof(text)));
        }
    }
    return host->net;
}

bool kp_allowed(kw_vm *vm, const char *name)
{
    if (vm->safe_mode)
        kw_throw(vm, "SafeModeError", "'%s' is not available in safe mode.", name);
    return !vm->safe_mode;
}

kw_class *kp_struct_new(kw_vm *vm, const char *name, const kw_native_def *methods)
{
    kw_class *c = kw_class_new(vm, kw_intern_c(vm, name));
    for (; methods->name != NULL; methods++)
        kw_class_add(vm, c, kw_intern_c(vm, methods->name), kw_native_new(vm, methods), false,
                     false);
    return c;
}

void kp_define_struct(kw_vm *vm, const char *name, const kw_native_def *methods)
{
    kw_class *c = kp_struct_new(vm, name, methods);
    kw_global_define(vm, kw_global_at(vm, kw_intern_c(vm, name)), KW_MEANS_DECL, kw_of_class(c));
}

kw_result kp_go_on_with(kw_vm *vm, kw_call *call, const char *name, const kw_value *args,
                        size_t argc)
{
    call->result = kw_global_value(vm, kw_global_at(vm, kw_intern_c(vm, name)));
    call->tail_args = kw_list_new(vm, argc);
    if (kw_is(call->result, KW_UNDEF) || call->tail_args == NULL)
        return KW_THROWN;
    for (size_t i = 0; i < argc; i++)
        call->tail_args->items[call->tail_args->count++] = args[i];
    return KW_CALL;
}
