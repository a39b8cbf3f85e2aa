/* task.c - package task: spawn, await, status, result, list, sleep ... (task-and-network.md section 2). */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "packages/host.h"
#include "packages/packages.h"

static bool task_id(kw_vm *vm, const kw_call *call, kiwi_id *id)
{
    kw_value v = kw_arg(call, 0);
    if (!kw_is(v, KW_INT)) {
        kw_throw_expected(vm, "an integer", v);
        return false;
    }
    *id = v.as.i;
    return true;
}

static kw_result task_await(kw_vm *vm, kw_call *call)
{
    kiwi_id id;
    return task_id(vm, call, &id) ? kp_await(vm, call, id, KP_AS_IS) : KW_THROWN;
}

static kw_result task_spawn(kw_vm *vm, kw_call *call)
{
    kw_value callback = kw_arg(call, 0), args = kw_arg(call, 1);
    if (!kw_is(callback, KW_LAMBDA))
        return kw_throw_expected(vm, "a lambda", callback);
    if (!kw_is(args, KW_LIST) && !kw_is(args, KW_NULL))
        return kw_throw_expected(vm, "a list", args);
    kiwi_id id;
    bool given = kw_is(args, KW_LIST);
    if (!kp_spawn(vm, callback, given ? args.as.list->items : NULL,
                  given ? args.as.list->count : 0, &id))
        return KW_THROWN;
    return kw_return(call, kw_int(id));
}

static kw_result task_status(kw_vm *vm, kw_call *call)
{
    static const char *const names[] = {"Unknown", "Running", "Completed", "Faulted"};
    kiwi_id id;
    kiwi_net *net = kp_net(vm);
    if (net == NULL || !task_id(vm, call, &id))
        return KW_THROWN;
    return kw_return(call, kw_of_string(kw_intern_c(vm, names[kiwi_task_status(net, id)])));
}

static kw_result task_result(kw_vm *vm, kw_call *call)
{
    kiwi_id id;
    kiwi_result result;
    kp_host *host = kp_host_of(vm);
    kiwi_net *net = kp_net(vm);
    if (net == NULL || !task_id(vm, call, &id))
        return KW_THROWN;
    if (kiwi_task_peek(net, id, &result) != 0 || result.state != KIWI_TASK_COMPLETED)
        return KW_DONE;
    kw_value *kept = kw_map_find(host->values, kw_int(id));
    if (kept != NULL)
        return kw_return(call, *kept);
    if (result.kind != KIWI_RESULT_BYTES)
        return kw_return(call, kp_value_of(vm, &result));
    kw_bytes *bytes =
        kw_bytes_new(vm, result.bytes, result.size); /* the table only lends its bytes */
    if (bytes == NULL || !kw_map_set(vm, host->values, kw_int(id), kw_of_bytes(bytes)))
        return KW_THROWN;
    return kw_return(call, kw_of_bytes(bytes));
}

static kw_result task_list(kw_vm *vm, kw_call *call)
{
    kiwi_id *ids = NULL;
    size_t count, running;
    kiwi_net *net = kp_net(vm);
    if (net == NULL)
        return KW_THROWN;
    if (kiwi_task_list(net, &ids, &count, &running) != 0)
        return kw_throw_memory(vm, 0);
    kw_list *list = kw_list_new(vm, count);
    for (size_t i = 0; list != NULL && i < count; i++)
        list->items[list->count++] = kw_int(ids[i]);
    free(ids);
    return list == NULL ? KW_THROWN : kw_return(call, kw_of_list(list));
}

static kw_result task_busy(kw_vm *vm, kw_call *call)
{
    kiwi_net *net = kp_net(vm);
    return net == NULL ? KW_THROWN : kw_return(call, kw_bool(kiwi_task_running(net) > 0));
}

/* Is a task other than the calling one still running? */
static kw_result task_others(kw_vm *vm, kw_call *call)
{
    kiwi_net *net = kp_net(vm);
    if (net == NULL)
        return KW_THROWN;
    size_t own = kw_fiber_id(vm->fiber) != 0 ? 1 : 0;
    return kw_return(call, kw_bool(kiwi_task_running(net) > own));
}

static kw_result task_sleep(kw_vm *vm, kw_call *call)
{
    kw_value ms = kw_arg(call, 0);
    if (!kw_is_number(ms))
        return kw_throw(vm, "ConversionError", "Sleep requires integer ms");
    double wait = kw_is(ms, KW_INT) ? (double)ms.as.i : nearbyint(ms.as.f);
    if (!(wait > 0)) /* NaN, too */
        return KW_DONE;
    kw_fiber_park(vm, "sleep");
    kw_sched_timer(vm, vm->fiber, wait, kw_null());
    return KW_SUSPEND;
}

static kw_result task_channel(kw_vm *vm, kw_call *call)
{
    kw_value cap = kw_arg(call, 0);
    if (!kw_is_number(cap) && !kw_is(cap, KW_NULL))
        return kw_throw(vm, "ConversionError", "Expected an integer value.");
    return kp_go_on_with(vm, call, "Channel", &cap, 1);
}

static kw_result task_mutex(kw_vm *vm, kw_call *call)
{
    return kp_go_on_with(vm, call, "Mutex", NULL, 0);
}

static const kw_native_def functions[] = {
    {"spawn", task_spawn, 1, 2, "spawn(callback, args = []): run the callback as a task; its id"},
    {"await", task_await, 1, 1, "await(id): wait for a task; its value, or its error is thrown"},
    {"status", task_status, 1, 1, "status(id): Running, Completed, Faulted or Unknown"},
    {"result", task_result, 1, 1, "result(id): value of a completed task, or null"},
    {"list", task_list, 0, 0, "list(): ids of all tasks not yet awaited"},
    {"busy", task_busy, 0, 0, "busy(): is a task running?"},
    {"sleep", task_sleep, 1, 1, "sleep(ms): suspend the calling task"},
    {"channel", task_channel, 0, 1, "channel(cap = 0): a new Channel"},
    {"mutex", task_mutex, 0, 0, "mutex(): a new Mutex"},
    {"__others_running__", task_others, 0, 0, "is a task other than this one running?"},
    {NULL, NULL, 0, 0, NULL},
};

void kp_task_define(kw_vm *vm)
{
    static const kw_native_def globals[] = {
        {"spawn", task_spawn, 1, 2, "spawn(callback, args = [])"},
        {"await", task_await, 1, 1, "await(id)"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "task", functions);
    kw_define_functions(vm, NULL, globals);
}
