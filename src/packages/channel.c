/* channel.c - struct Channel: a first-in-first-out queue of values between tasks
 * (NETWORK.md section 3).  A value goes from the sender to a waiting receiver directly;
 * nothing is ever lost. */
#include "config.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "packages/queue.h"
#include "packages/task.h"

typedef struct channel {
    int64_t cap; /* < 1: unbounded */
    bool closed;
    kp_queue values, receivers, senders;
} channel;

static void mark_channel(kw_vm *vm, void *data)
{
    channel *ch = data;
    kp_queue_mark(vm, &ch->values);
    kp_queue_mark_waiting(vm, &ch->receivers);
    kp_queue_mark_waiting(vm, &ch->senders);
}

static void free_channel(kw_vm *vm, void *data)
{
    channel *ch = data;
    kp_queue_free(vm, &ch->values);
    kp_queue_free(vm, &ch->receivers);
    kp_queue_free(vm, &ch->senders);
    kw_heap_release(vm, ch, sizeof(*ch));
}

/* ---- Operations ---------------------------------------------------------------------------------------- */

/* A new channel behind a pointer; null counts as 0.  Undefined: thrown. */
static kw_value make(kw_vm *vm, kw_value cap)
{
    if (!kw_is_number(cap) && !kw_is(cap, KW_NULL)) {
        kw_throw(vm, "ConversionError", "Expected an integer value.");
        return kw_undef();
    }
    channel *ch = kw_heap_realloc(vm, NULL, 0, sizeof(*ch));
    *ch = (channel){.cap = 0};
    if (kw_is(cap, KW_INT))
        ch->cap = cap.as.i;
    else if (kw_is(cap, KW_FLOAT) && cap.as.f > 0)
        ch->cap = cap.as.f < 9e18 ? (int64_t)nearbyint(cap.as.f) : 0;
    return kp_struct_pointer(vm, &kp_channel, ch);
}

static kw_result closed_error(kw_vm *vm)
{
    return kw_throw(vm, "InvalidOperationError", "Send on a closed channel.");
}

/* Give the value to who has waited longest, else put it behind the others.  false: thrown. */
static bool put_value(kw_vm *vm, channel *ch, kw_value v)
{
    kp_item receiver;
    if (!kp_queue_take_waiting(&ch->receivers, &receiver))
        return kp_queue_put(vm, &ch->values, (kp_item){.value = v});
    assert(ch->values.count == 0); /* or it would have taken one */
    kw_fiber_wake(vm, receiver.parked.fiber, v);
    return true;
}

static kw_result send_to(kw_vm *vm, channel *ch, kw_value v)
{
    if (ch->closed)
        return closed_error(vm);
    if (ch->cap < 1 || (int64_t)ch->values.count < ch->cap)
        return put_value(vm, ch, v) ? KW_DONE : KW_THROWN;
    if (!kp_queue_wait(vm, &ch->senders, (kp_item){.parked = kw_fiber_parked_here(vm), .value = v}))
        return KW_THROWN;
    kw_fiber_park(vm, "channel send");
    return KW_SUSPEND;
}

/* Take the oldest value, if there is one; a sender that waits for room puts its own behind the
 * others. */
static bool take_value(kw_vm *vm, channel *ch, kw_value *v)
{
    if (ch->values.count == 0)
        return false;
    *v = kp_queue_take(&ch->values).value;
    kp_item sender;
    if (kp_queue_take_waiting(&ch->senders, &sender)) {
        assert(ch->values.count < ch->values.cap);
        (void)kp_queue_put(vm, &ch->values, (kp_item){.value = sender.value}); /* there is room: one was just taken */
        kw_fiber_wake(vm, sender.parked.fiber, kw_null());
    }
    return true;
}

static kw_result receive_from(kw_vm *vm, kw_call *call, channel *ch)
{
    if (take_value(vm, ch, &call->result) || ch->closed)
        return KW_DONE;
    if (!kp_queue_wait(vm, &ch->receivers, (kp_item){.parked = kw_fiber_parked_here(vm), .value = kw_null()}))
        return KW_THROWN;
    kw_fiber_park(vm, "channel recv");
    return KW_SUSPEND;
}

static kw_result try_receive_from(kw_vm *vm, kw_call *call, channel *ch)
{
    kw_list *pair = kw_list_new(vm, 2);
    if (pair == NULL)
        return KW_THROWN;
    kw_value v = kw_null();
    bool got = take_value(vm, ch, &v);
    pair->items[0] = kw_bool(got);
    pair->items[1] = v;
    pair->count = 2;
    return kw_return(call, kw_of_list(pair));
}

static void close_it(kw_vm *vm, channel *ch)
{
    ch->closed = true;
    kp_item it;
    while (kp_queue_take_waiting(&ch->receivers, &it))
        kw_fiber_wake(vm, it.parked.fiber, kw_null());
    while (kp_queue_take_waiting(&ch->senders, &it))
        kw_fiber_wake_error(vm, it.parked.fiber, "InvalidOperationError", kw_intern_c(vm, "Send on a closed channel."));
    assert(ch->receivers.count == 0 && ch->senders.count == 0); /* nobody waits there again */
}

/* ---- Methods ------------------------------------------------------------------------------------------- */

static kw_result channel_new(kw_vm *vm, kw_call *call)
{
    kw_value handle = make(vm, kw_arg(call, 0));
    if (kw_is(handle, KW_UNDEF))
        return KW_THROWN;
    kw_object_set(vm, call->self.as.object, kw_intern_c(vm, kp_channel.field), handle);
    return KW_DONE;
}

static kw_result channel_send(kw_vm *vm, kw_call *call)
{
    channel *ch = kp_struct_handle(vm, call, &kp_channel);
    return ch == NULL ? KW_THROWN : send_to(vm, ch, kw_arg(call, 0));
}

static kw_result channel_recv(kw_vm *vm, kw_call *call)
{
    channel *ch = kp_struct_handle(vm, call, &kp_channel);
    return ch == NULL ? KW_THROWN : receive_from(vm, call, ch);
}

static kw_result channel_try_recv(kw_vm *vm, kw_call *call)
{
    channel *ch = kp_struct_handle(vm, call, &kp_channel);
    return ch == NULL ? KW_THROWN : try_receive_from(vm, call, ch);
}

static kw_result channel_close(kw_vm *vm, kw_call *call)
{
    channel *ch = kp_struct_handle(vm, call, &kp_channel);
    if (ch == NULL)
        return KW_THROWN;
    close_it(vm, ch);
    return kw_return(call, kw_bool(true));
}

static kw_result channel_closed(kw_vm *vm, kw_call *call)
{
    channel *ch = kp_struct_handle(vm, call, &kp_channel);
    return ch == NULL ? KW_THROWN : kw_return(call, kw_bool(ch->closed));
}

/* ---- Primitives: a channel without a struct around it -------------------------------------------------- */

static channel *handle_of(kw_vm *vm, const kw_call *call)
{
    channel *ch = kp_struct_handle_at(kw_arg(call, 0), &kp_channel);
    if (ch == NULL)
        (void)kw_throw(vm, "TypeError", "Expected channel");
    return ch;
}

kw_result kp_channel_primitive_create(kw_vm *vm, kw_call *call)
{
    kw_value handle = make(vm, call->argc > 0 ? call->args[0] : kw_int(0));
    return kw_is(handle, KW_UNDEF) ? KW_THROWN : kw_return(call, handle);
}

kw_result kp_channel_primitive_send(kw_vm *vm, kw_call *call)
{
    channel *ch = handle_of(vm, call);
    return ch == NULL ? KW_THROWN : send_to(vm, ch, call->args[1]);
}

void kp_channel_post(kw_vm *vm, kw_value handle, kw_value v)
{
    channel *ch = kp_struct_handle_at(handle, &kp_channel);
    assert(ch != NULL); /* its callers have looked */
    if (ch->closed || put_value(vm, ch, v))
        return;
    kw_throw_clear(vm);
    close_it(vm, ch);
}

kw_result kp_channel_primitive_recv(kw_vm *vm, kw_call *call)
{
    channel *ch = handle_of(vm, call);
    return ch == NULL ? KW_THROWN : receive_from(vm, call, ch);
}

kw_result kp_channel_primitive_try_recv(kw_vm *vm, kw_call *call)
{
    channel *ch = handle_of(vm, call);
    return ch == NULL ? KW_THROWN : try_receive_from(vm, call, ch);
}

kw_result kp_channel_primitive_close(kw_vm *vm, kw_call *call)
{
    channel *ch = handle_of(vm, call);
    if (ch == NULL)
        return KW_THROWN;
    close_it(vm, ch);
    return KW_DONE;
}

/* clang-format off */
static const kw_native_def methods[] = {
    {"new(cap: number = 0)", channel_new,
     "Make a channel that holds `cap` values before senders wait; 0: any number.",
     "ch = Channel.new(2)\nch.send(1)\nprintln ch.recv()  # => 1", NULL, KW_CHECK_NONE},
    {"send(value: any)", channel_send, "Append a value; waits for room.",
     "ch = task::channel()\nch.send(\"hello\")\nprintln ch.recv()  # => hello"},
    {"recv(): any", channel_recv, "Take the oldest value; waits for one; null once it is closed and empty.",
     "ch = task::channel()\ntask::spawn(with () do ch.send(7) end)\nprintln ch.recv()  # => 7"},
    {"try_recv(): list", channel_try_recv, "[true, value], or [false, null] where there is none; never waits.",
     "println task::channel().try_recv()  # => [false, null]"},
    {"close(): boolean", channel_close, "Allow no more sends; what is in it can still be received.",
     "ch = task::channel()\nch.close()\nprintln ch.recv()  # => null"},
    {"closed(): boolean", channel_closed, "Was it closed?", "println task::channel().closed()  # => false"},
    {NULL},
};
/* clang-format on */

const kp_struct kp_channel = {
    .package = &kp_task,
    .name = "Channel",
    .about = "A queue of values between tasks.",
    .methods = methods,
    .noun = "channel",
    .field = "channel",
    .mark = mark_channel,
    .free = free_channel,
};
