/* mutex.c - struct Mutex: a binary semaphore without owner (NETWORK.md section 4).  A
 * released mutex goes to the fiber that has waited longest. */
#include "config.h"

#include <assert.h>

#include "packages/library.h"
#include "packages/queue.h"
#include "packages/task.h"

typedef struct mutex {
    int64_t id;
    bool taken, destroyed;
    kp_queue waiters; /* value: what the waiting call gives */
} mutex;

static void mark_mutex(kw_vm *vm, void *data)
{
    kp_queue_mark_waiting(vm, &((mutex *)data)->waiters);
}

static void free_mutex(kw_vm *vm, void *data)
{
    mutex *m = data;
    kp_queue_free(vm, &m->waiters);
    kw_heap_release(vm, m, sizeof(*m));
}

static mutex *live_mutex(kw_vm *vm, const kw_call *call)
{
    mutex *m = kp_struct_handle(vm, call, &kp_mutex);
    if (m == NULL || !m->destroyed)
        return m;
    kw_throw(vm, "InvalidOperationError", "No mutex with id %lld.", (long long)m->id);
    return NULL;
}

static kw_result mutex_new(kw_vm *vm, kw_call *call)
{
    kp_task_state *state = kp_state(vm, &kp_task);
    if (state == NULL)
        return KW_THROWN;
    mutex *m = kw_heap_realloc(vm, NULL, 0, sizeof(*m));
    *m = (mutex){.id = ++state->mutexes};
    kp_struct_give_handle(vm, call->self.as.object, &kp_mutex, m);
    return KW_DONE;
}

/* Take the mutex, or wait for it; the call gives `given` once it is taken. */
static kw_result take(kw_vm *vm, kw_call *call, mutex *m, kw_value given)
{
    if (!m->taken) {
        assert(m->waiters.count == 0); /* else release() would have handed it on */
        m->taken = true;
        return kw_return(call, given);
    }
    if (!kp_queue_wait(vm, &m->waiters, (kp_item){.parked = kw_fiber_parked_here(vm), .value = given}))
        return KW_THROWN;
    kw_fiber_park(vm, "mutex");
    return KW_SUSPEND;
}

static kw_result mutex_acquire(kw_vm *vm, kw_call *call)
{
    mutex *m = live_mutex(vm, call);
    return m == NULL ? KW_THROWN : take(vm, call, m, call->self);
}

static kw_result mutex_try_acquire(kw_vm *vm, kw_call *call)
{
    mutex *m = live_mutex(vm, call);
    if (m == NULL)
        return KW_THROWN;
    int64_t limit = kw_is(kw_arg(call, 0), KW_INT) ? call->args[0].as.i : 0; /* another type counts as 0 */
    if (m->taken && limit == 0)
        return kw_return(call, kw_bool(false));
    kw_result result = take(vm, call, m, kw_bool(true));
    if (result == KW_SUSPEND && limit > 0)
        kw_sched_timer(vm, vm->fiber, (double)limit, kw_bool(false));
    return result;
}

static kw_result mutex_release(kw_vm *vm, kw_call *call)
{
    mutex *m = live_mutex(vm, call);
    kp_item next;
    if (m == NULL)
        return KW_THROWN;
    if (kp_queue_take_waiting(&m->waiters, &next))
        kw_fiber_wake(vm, next.parked.fiber, next.value); /* it stays taken: by that fiber now */
    else
        m->taken = false;
    return kw_return(call, call->self);
}

static kw_result mutex_destroy(kw_vm *vm, kw_call *call)
{
    mutex *m = kp_struct_handle(vm, call, &kp_mutex);
    kp_item it;
    if (m == NULL)
        return KW_THROWN;
    m->destroyed = true;
    kw_string *message = kw_string_format(vm, "No mutex with id %lld.", (long long)m->id);
    while (kp_queue_take_waiting(&m->waiters, &it))
        kw_fiber_wake_error(vm, it.parked.fiber, "InvalidOperationError", message);
    assert(m->waiters.count == 0);
    return KW_DONE;
}

/* acquire, callback(), release: in Kiwi, because the callback may wait. */
static kw_result mutex_synchronize(kw_vm *vm, kw_call *call)
{
    const kw_value args[] = {call->self, kw_arg(call, 0)};
    kw_value synchronize = kp_library_function(vm, "task", "task::__synchronize__");
    return kp_host_go_on_with(vm, call, synchronize, args, 2);
}

/* clang-format off */
static const kw_native_def methods[] = {
    {"new()", mutex_new, "Make a mutex that nobody has.", "println Mutex.new().try_acquire()  # => true"},
    {"acquire(): Mutex", mutex_acquire, "Wait until it is free and take it; the mutex itself.",
     "m = task::mutex().acquire()\nprintln m.try_acquire()  # => false"},
    {"try_acquire(timeout_ms: any = 0): boolean", mutex_try_acquire, "Take it, if that is possible in time.",
     "println task::mutex().try_acquire(10)  # => true"},
    {"release(): Mutex", mutex_release, "Free it; the task that has waited longest gets it.",
     "m = task::mutex().acquire()\nm.release()\nprintln m.try_acquire()  # => true"},
    {"synchronize(callback: lambda)", mutex_synchronize,
     "Take it, call, and free it, also after an error.",
     "task::mutex().synchronize(with () do println \"alone\" end)  # => alone", NULL, KW_CHECK_NONE},
    {"destroy()", mutex_destroy, "Remove it; who waits for it gets an InvalidOperationError.",
     "m = task::mutex()\nm.destroy()"},
    {NULL},
};
/* clang-format on */

const kp_struct kp_mutex = {
    .package = &kp_task,
    .name = "Mutex",
    .about = "A lock that tasks take in turns.",
    .methods = methods,
    .noun = "mutex",
    .field = "mutex",
    .mark = mark_mutex,
    .free = free_mutex,
};
