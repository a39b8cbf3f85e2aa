/* mutex.c - struct Mutex: a binary semaphore without owner (task-and-network.md section 4).  A
 * released mutex goes to the fiber that has waited longest. */
#include "config.h"

#include "packages/host.h"
#include "packages/packages.h"
#include "packages/queue.h"

typedef struct mutex {
    int64_t id;
    bool taken, destroyed;
    kp_queue waiters; /* value: what the waiting call gives */
} mutex;

static const char mutex_type[] = "mutex";

static void mark_mutex(kw_vm *vm, void *data)
{
    kp_queue_mark(vm, &((mutex *)data)->waiters);
}

static void free_mutex(kw_vm *vm, void *data)
{
    mutex *m = data;
    kp_queue_free(vm, &m->waiters);
    kw_free(vm, m, sizeof(*m));
}

/* The mutex behind the receiver, destroyed ones included; NULL: thrown. */
static mutex *any_mutex(kw_vm *vm, const kw_call *call)
{
    if (kw_is(call->self, KW_OBJECT)) {
        kw_value v = kw_object_get(call->self.as.object, kw_intern_c(vm, "mutex"));
        if (kw_is(v, KW_POINTER) && v.as.pointer->type == mutex_type)
            return v.as.pointer->data;
    }
    kw_throw(vm, "InvalidOperationError", "Not a mutex.");
    return NULL;
}

static mutex *live_mutex(kw_vm *vm, const kw_call *call)
{
    mutex *m = any_mutex(vm, call);
    if (m == NULL || !m->destroyed)
        return m;
    kw_throw(vm, "InvalidOperationError", "No mutex with id %lld.", (long long)m->id);
    return NULL;
}

static kw_result mutex_new(kw_vm *vm, kw_call *call)
{
    mutex *m = kw_realloc(vm, NULL, 0, sizeof(*m));
    *m = (mutex){.id = ++kp_host_of(vm)->mutexes};
    kw_value handle = kw_pointer_new(vm, mutex_type, m, mark_mutex, free_mutex);
    kw_object_set(vm, call->self.as.object, kw_intern_c(vm, "mutex"), handle);
    return KW_DONE;
}

/* Take the mutex, or wait for it; the call gives `given` once it is taken. */
static kw_result take(kw_vm *vm, kw_call *call, mutex *m, kw_value given)
{
    if (!m->taken) {
        m->taken = true;
        return kw_return(call, given);
    }
    if (!kp_queue_put(vm, &m->waiters, (kp_item){.parked = kw_parked_here(vm), .value = given}))
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
    int64_t limit = kw_is(kw_arg(call, 0), KW_INT) ? call->args[0].as.i
                                                   : 0; /* another type counts as 0 */
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
    mutex *m = any_mutex(vm, call);
    kp_item it;
    if (m == NULL)
        return KW_THROWN;
    m->destroyed = true;
    kw_string *message = kw_string_format(vm, "No mutex with id %lld.", (long long)m->id);
    while (kp_queue_take_waiting(&m->waiters, &it))
        kw_fiber_wake_error(vm, it.parked.fiber, "InvalidOperationError", message);
    return KW_DONE;
}

/* acquire, callback(), release: in Kiwi, because the callback may wait. */
static kw_result mutex_synchronize(kw_vm *vm, kw_call *call)
{
    const kw_value args[] = {call->self, kw_arg(call, 0)};
    return kp_go_on_with(vm, call, "task::__synchronize__", args, 2);
}

void kp_mutex_define(kw_vm *vm)
{
    static const kw_native_def methods[] = {
        {"new", mutex_new, 0, 0, "Mutex.new()"},
        {"acquire", mutex_acquire, 0, 0, "acquire(): wait until it is free and take it"},
        {"try_acquire", mutex_try_acquire, 0, 1, "try_acquire(timeout_ms = 0): taken in time?"},
        {"release", mutex_release, 0, 0, "release(): free it"},
        {"synchronize", mutex_synchronize, 1, 1, "synchronize(callback): acquire, call, release"},
        {"destroy", mutex_destroy, 0, 0, "destroy(): remove it"},
        {NULL, NULL, 0, 0, NULL},
    };
    kp_define_struct(vm, "Mutex", methods);
}
