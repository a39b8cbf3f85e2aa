/* task.c - package task: spawn, await, status, result, list, sleep ... (NETWORK.md section
 * 2). */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "packages/library.h"
#include "packages/task.h"

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
    return task_id(vm, call, &id) ? kp_host_await(vm, call, id, NULL) : KW_THROWN;
}

static kw_result not_found(kw_vm *vm, kiwi_id id)
{
    return kw_throw(vm, "InvalidOperationError", "Task %lld not found.", (long long)id);
}

/* Look for one of `ids` that has ended, and ask for the ends of the others: 1 with *ended, 0, or -1: thrown. */
static int look_for_end(kw_vm *vm, const kw_list *ids, kiwi_id *ended)
{
    kiwi_net *net = kp_host_net(vm);
    assert(net != NULL); /* its callers have opened it */
    for (size_t i = 0; i < ids->count; i++) {
        if (!kw_is(ids->items[i], KW_INT)) {
            (void)kw_throw_expected(vm, "an integer", ids->items[i]);
            return -1;
        }
        *ended = ids->items[i].as.i;
        int code = kiwi_task_notice(net, *ended);
        if (code == 0)
            return 1;
        if (code == ENOENT)
            (void)not_found(vm, *ended);
        else if (code != EINPROGRESS)
            (void)kw_throw_memory(vm, 0);
        if (code != EINPROGRESS || !kw_go_on(vm))
            return -1;
    }
    return 0;
}

static kw_result task_await_any(kw_vm *vm, kw_call *call)
{
    const kw_list *ids = kw_native_operand(call, 0).as.list;
    int64_t limit_ms;
    kiwi_id ended;
    if (kp_host_net(vm) == NULL || !kp_args_limit(vm, call, 1, &limit_ms))
        return KW_THROWN;
    if (ids->count == 0)
        return kw_throw(vm, "InvalidOperationError", "No task to wait for: the list of ids is [].");
    int found = look_for_end(vm, ids, &ended);
    if (found == 0)
        return kp_notice_wait(vm, &kp_host_of(vm)->notices, ids, limit_ms);
    kw_spend(vm, KP_AWAIT_STEPS); /* who finds one each time lets others run, too */
    return found < 0 ? KW_THROWN : kw_return(call, kw_int(ended));
}

static kw_result task_await_all(kw_vm *vm, kw_call *call)
{
    const kw_value ids = kw_native_operand(call, 0);
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "task", "task::__await_all__"), &ids, 1);
}

static kw_result task_cancel(kw_vm *vm, kw_call *call)
{
    kiwi_id id;
    if (kp_host_net(vm) == NULL || !task_id(vm, call, &id))
        return KW_THROWN;
    return kw_return(call, kw_bool(kp_host_cancel(vm, id)));
}

static kw_result task_timeout(kw_vm *vm, kw_call *call)
{
    const kw_value args[] = {kw_native_operand(call, 0), kw_native_operand(call, 1)};
    int64_t limit_ms;
    if (!kp_args_limit(vm, call, 0, &limit_ms))
        return KW_THROWN;
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "task", "task::__timeout__"), args, 2);
}

/* The id goes into the channel when the task has ended, or at once. */
static kw_result task_tell(kw_vm *vm, kw_call *call)
{
    kw_value id_given = call->args[0];
    kw_list one = {.items = &id_given, .count = 1};
    kiwi_id id;
    if (kp_host_net(vm) == NULL)
        return KW_THROWN;
    if (kp_struct_handle_at(call->args[1], &kp_channel) == NULL)
        return kw_throw(vm, "TypeError", "Expected channel");
    int found = look_for_end(vm, &one, &id);
    if (found > 0)
        kp_channel_post(vm, call->args[1], kw_int(id));
    else if (found < 0 || !kp_notice_post(vm, &kp_host_of(vm)->notices, id, call->args[1]))
        return KW_THROWN;
    return KW_DONE;
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
    if (!kp_host_spawn(vm, callback, given ? args.as.list->items : NULL, given ? args.as.list->count : 0, &id))
        return KW_THROWN;
    return kw_return(call, kw_int(id));
}

static kw_result task_status(kw_vm *vm, kw_call *call)
{
    static const char *const names[] = {"Unknown", "Running", "Completed", "Faulted"};
    kiwi_id id;
    kiwi_net *net = kp_host_net(vm);
    if (net == NULL || !task_id(vm, call, &id))
        return KW_THROWN;
    return kw_return(call, kw_of_string(kw_intern_c(vm, names[kiwi_task_status(net, id)])));
}

/* The value of the bytes of a result, which it takes over; undefined: thrown, and they are still there. */
static kw_value value_of(kw_vm *vm, kiwi_result *result)
{
    kw_value value;
    if (result->kind == KIWI_RESULT_BYTES)
        return kp_host_value_of(vm, result);
    if (result->kind == KIWI_RESULT_TEXT) {
        (void)kp_host_text_of(vm, result, &value);
        return value;
    }
    value = kp_host_lines_of(vm, result);
    if (!kw_is(value, KW_UNDEF)) {
        free(result->bytes);
        result->bytes = NULL;
    }
    return value;
}

/* The value of an operation's bytes is shown and stays for whoever awaits it: there are not two of it. */
static kw_result show(kw_vm *vm, kw_call *call, kiwi_id id, kiwi_result result)
{
    kp_host *host = kp_host_of(vm);
    if (!kp_leftovers_show(&host->leftovers, id, kw_null())) /* the place */
        return KW_THROWN;
    int error = result.size == 0 ? 0 : kiwi_task_hand_over(host->net, id, &result);
    kw_value value = error == 0 ? value_of(vm, &result) : kw_undef();
    if (kw_is(value, KW_UNDEF)) {
        kw_value none;
        kw_string *message;
        kp_leftovers_take(&host->leftovers, id, &none, &message);
        if (error == 0 && result.size > 0)
            kiwi_task_hand_back(host->net, &result);
        return error == 0 ? KW_THROWN : KW_DONE; /* it was dropped just now, or the script does not know it */
    }
    bool kept = kp_leftovers_show(&host->leftovers, id, value);
    assert(kept); /* there is a place for it */
    (void)kept;
    return kw_return(call, value);
}

static kw_result task_result(kw_vm *vm, kw_call *call)
{
    kiwi_id id;
    kiwi_result result;
    kp_host *host = kp_host_of(vm);
    kiwi_net *net = kp_host_net(vm);
    if (net == NULL || !task_id(vm, call, &id))
        return KW_THROWN;
    if (kiwi_task_peek(net, id, &result) != 0 || result.state != KIWI_TASK_COMPLETED)
        return KW_DONE;
    kw_value kept = kp_leftovers_value(&host->leftovers, id);
    if (!kw_is(kept, KW_UNDEF))
        return kw_return(call, kept);
    if (result.kind != KIWI_RESULT_BYTES && result.kind != KIWI_RESULT_TEXT && result.kind != KIWI_RESULT_LINES)
        return kw_return(call, kp_host_value_of(vm, &result));
    return show(vm, call, id, result);
}

static kw_result task_list(kw_vm *vm, kw_call *call)
{
    kiwi_id *ids = NULL;
    size_t count, running;
    kiwi_net *net = kp_host_net(vm);
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
    kiwi_net *net = kp_host_net(vm);
    return net == NULL ? KW_THROWN : kw_return(call, kw_bool(kiwi_task_running(net) > 0));
}

/* Is a task other than the calling one still running? */
static kw_result task_others(kw_vm *vm, kw_call *call)
{
    kiwi_net *net = kp_host_net(vm);
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
    return kp_host_go_on_with(vm, call, kw_of_class(kp_struct_class(vm, &kp_channel)), &cap, 1);
}

static kw_result task_mutex(kw_vm *vm, kw_call *call)
{
    return kp_host_go_on_with(vm, call, kw_of_class(kp_struct_class(vm, &kp_mutex)), NULL, 0);
}

/* What is wrong with an argument is told as the library's Kiwi code tells it, so the functions look at theirs
 * themselves. */
/* clang-format off */
static const kw_native_def functions[] = {
    {"spawn(callback: lambda, args: list = []): task<any>", task_spawn, "Run the callback as a task; its id.",
     "id = task::spawn(with (x) do x * 2 end, [21])\nprintln task::await(id)  # => 42", "__task_spawn__/2",
     KW_CHECK_NONE},
    {"await(id: task<any>): any", task_await,
     "Wait for the end of a task; its value, or its error is thrown.  A task is awaited once.",
     "println task::await(task::spawn(with () do 6 * 7 end))  # => 42", "__task_await__/1", KW_CHECK_NONE},
    {"await_any(ids: list, timeout_ms: integer = 0): any", task_await_any,
     "Wait until one of the tasks has ended, well or not: its id, which can still be awaited; null after the limit.",
     "a = task::spawn(with () do task::sleep(5000) end)\nb = task::spawn(with () do 7 end)\n"
     "println task::await_any([a, b]) == b  # => true\nexit 0",
     "__task_await_any__"},
    {"await_all(ids: list): list", task_await_all,
     "Wait for all of the tasks; their values in order.  The first error is thrown, and the others can still be awaited.",
     "println task::await_all([1, 2, 3].map(with (x) do task::spawn(with () do x * x end) end))  # => [1, 4, 9]",
     "__task_await_all__"},
    {"cancel(id: task<any>): boolean", task_cancel,
     "Cancel a task: an operation faults, a spawned task gets a CancelledError where it waits.  Did it run?",
     "id = task::spawn(with () do task::sleep(5000) end)\nprintln task::cancel(id)  # => true", "__task_cancel__/1",
     KW_CHECK_NONE},
    {"timeout(ms: integer, callback: lambda): any", task_timeout,
     "Call it as a task; its value, or when the limit has passed (0: none) it is cancelled and a TimeoutError is thrown.",
     "println task::timeout(1000, with () do 6 * 7 end)  # => 42\n"
     "try\n  task::timeout(5, with () do task::sleep(5000) end)\ncatch (type, message)\n"
     "  println type  # => TimeoutError\nend",
     "__task_timeout__"},
    {"__tell__(id: integer, channel: pointer)", task_tell,
     "Send the id into the channel, one without a struct, when the task has ended.", NULL, "__task_tell__/2",
     KW_CHECK_NONE},
    {"status(id: task<any>): string", task_status, "Running, Completed, Faulted, or Unknown after it was awaited.",
     "id = task::spawn(with () do null end)\nprintln task::status(id)  # => Running\ntask::await(id)",
     "__task_status__/1", KW_CHECK_NONE},
    {"result(id: task<any>): any", task_result, "The value of a completed task, which can still be awaited; or null.",
     "id = task::spawn(with () do 5 end)\ntask::sleep(1)\nprintln task::result(id)  # => 5", "__task_result__/1",
     KW_CHECK_NONE},
    {"list(): list", task_list, "The ids of all tasks that nobody has awaited yet.", "println task::list()  # => []",
     "__task_list__/0"},
    {"busy(): boolean", task_busy, "Is a task running?", "println task::busy()  # => false", "__task_busy__/0"},
    {"sleep(ms: number)", task_sleep, "Suspend the calling task for so many milliseconds; the others run.",
     "task::sleep(5)", "__task_sleep__/1", KW_CHECK_NONE},
    {"channel(cap: number = 0): Channel", task_channel, "A new Channel.",
     "ch = task::channel(1)\nch.send(3)\nprintln ch.recv()  # => 3", NULL, KW_CHECK_NONE},
    {"mutex(): Mutex", task_mutex, "A new Mutex.", "println task::mutex().try_acquire()  # => true"},
    {"__others_running__(): boolean", task_others, "Is a task other than this one running?"},
    {NULL},
};
/* clang-format on */

/* clang-format off */
static const kw_native_def globals[] = {
    {"spawn(callback: lambda, args: list = []): task<any>", task_spawn, "The same as task::spawn().",
     "println await(spawn(with () do 1 end))  # => 1", NULL, KW_CHECK_NONE},
    {"await(id: task<any>): any", task_await, "The same as task::await().",
     "println await(spawn(with () do 1 end))  # => 1", NULL, KW_CHECK_NONE},
    {"__chan_create__(cap: number = 0): pointer", kp_channel_primitive_create, "A channel without a struct around it.", NULL,
     "__chan_create__/0-1", KW_CHECK_NONE},
    {"__chan_send__(channel: pointer, value: any)", kp_channel_primitive_send, "Channel.send().", NULL, "__chan_send__/2",
     KW_CHECK_NONE},
    {"__chan_recv__(channel: pointer): any", kp_channel_primitive_recv, "Channel.recv().", NULL, "__chan_recv__/1",
     KW_CHECK_NONE},
    {"__chan_tryrecv__(channel: pointer): list", kp_channel_primitive_try_recv, "Channel.try_recv().", NULL,
     "__chan_tryrecv__/1", KW_CHECK_NONE},
    {"__chan_close__(channel: pointer)", kp_channel_primitive_close, "Channel.close().", NULL, "__chan_close__/1",
     KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */

static const kp_struct *const structs[] = {&kp_channel, &kp_mutex, NULL};

const kp_package kp_task = {
    .name = "task",
    .about = "Tasks that run side by side, and what they share.",
    .functions = functions,
    .globals = globals,
    .structs = structs,
    .state_size = sizeof(kp_task_state),
};
