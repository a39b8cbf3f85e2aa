/* channel.c - struct Channel: a first-in-first-out queue of values between tasks (task-and-network.md
 * section 3).  A value goes from the sender to a waiting receiver directly; nothing is ever lost. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "packages/host.h"
#include "packages/packages.h"
#include "packages/queue.h"

typedef struct channel {
    int64_t cap; /* < 1: unbounded */
    bool closed;
    kp_queue values, receivers, senders;
} channel;

static const char channel_type[] = "channel";

static void mark_channel(kw_vm *vm, void *data)
{
    channel *ch = data;
    kp_queue_mark(vm, &ch->values);
    kp_queue_mark(vm, &ch->receivers);
    kp_queue_mark(vm, &ch->senders);
}

static void free_channel(kw_vm *vm, void *data)
{
    channel *ch = data;
    kp_queue_free(vm, &ch->values);
    kp_queue_free(vm, &ch->receivers);
    kp_queue_free(vm, &ch->senders);
    kw_free(vm, ch, sizeof(*ch));
}

/* ---- Methods ------------------------------------------------------------------------------------------- */

/* The channel behind the receiver; NULL: thrown. */
static channel *channel_of(kw_vm *vm, const kw_call *call)
{
    if (kw_is(call->self, KW_OBJECT)) {
        kw_value v = kw_object_get(call->self.as.object, kw_intern_c(vm, "channel"));
        if (kw_is(v, KW_POINTER) && v.as.pointer->type == channel_type)
            return v.as.pointer->data;
    }
    kw_throw(vm, "InvalidOperationError", "Not a channel.");
    return NULL;
}

static kw_result channel_new(kw_vm *vm, kw_call *call)
{
    kw_value cap = kw_arg(call, 0);
    if (!kw_is_number(cap) && !kw_is(cap, KW_NULL))
        return kw_throw(vm, "ConversionError", "Expected an integer value.");
    channel *ch = kw_realloc(vm, NULL, 0, sizeof(*ch));
    *ch = (channel){.cap = 0};
    if (kw_is(cap, KW_INT))
        ch->cap = cap.as.i;
    else if (kw_is(cap, KW_FLOAT) && cap.as.f > 0)
        ch->cap = cap.as.f < 9e18 ? (int64_t)nearbyint(cap.as.f) : 0;
    kw_value handle = kw_pointer_new(vm, channel_type, ch, mark_channel, free_channel);
    kw_object_set(vm, call->self.as.object, kw_intern_c(vm, "channel"), handle);
    return KW_DONE;
}

static kw_result closed_error(kw_vm *vm)
{
    return kw_throw(vm, "InvalidOperationError", "Send on a closed channel.");
}

static kw_result channel_send(kw_vm *vm, kw_call *call)
{
    channel *ch = channel_of(vm, call);
    if (ch == NULL)
        return KW_THROWN;
    if (ch->closed)
        return closed_error(vm);
    kw_value v = kw_arg(call, 0);
    kp_item receiver;
    if (kp_queue_take_waiting(&ch->receivers, &receiver)) {
        kw_fiber_wake(vm, receiver.parked.fiber, v);
        return KW_DONE;
    }
    bool room = ch->cap < 1 || (int64_t)ch->values.count < ch->cap;
    if (!kp_queue_put(vm, room ? &ch->values : &ch->senders,
                      (kp_item){.parked = kw_parked_here(vm), .value = v}))
        return KW_THROWN;
    if (room)
        return KW_DONE;
    kw_fiber_park(vm, "channel send");
    return KW_SUSPEND;
}

/* Take the oldest value, if there is one; a sender that waits for room puts its own behind the others. */
static bool take_value(kw_vm *vm, channel *ch, kw_value *v)
{
    if (ch->values.count == 0)
        return false;
    *v = kp_queue_take(&ch->values).value;
    kp_item sender;
    if (kp_queue_take_waiting(&ch->senders, &sender)) {
        (void)kp_queue_put(vm, &ch->values, sender); /* there is room: one was just taken */
        kw_fiber_wake(vm, sender.parked.fiber, kw_null());
    }
    return true;
}

static kw_result channel_recv(kw_vm *vm, kw_call *call)
{
    channel *ch = channel_of(vm, call);
    if (ch == NULL)
        return KW_THROWN;
    if (take_value(vm, ch, &call->result) || ch->closed)
        return KW_DONE;
    if (!kp_queue_put(vm, &ch->receivers,
                      (kp_item){.parked = kw_parked_here(vm), .value = kw_null()}))
        return KW_THROWN;
    kw_fiber_park(vm, "channel recv");
    return KW_SUSPEND;
}

static kw_result channel_try_recv(kw_vm *vm, kw_call *call)
{
    channel *ch = channel_of(vm, call);
    kw_list *pair = kw_list_new(vm, 2);
    if (ch == NULL || pair == NULL)
        return KW_THROWN;
    kw_value v = kw_null();
    bool got = take_value(vm, ch, &v);
    pair->items[0] = kw_bool(got);
    pair->items[1] = v;
    pair->count = 2;
    return kw_return(call, kw_of_list(pair));
}

static kw_result channel_close(kw_vm *vm, kw_call *call)
{
    channel *ch = channel_of(vm, call);
    if (ch == NULL)
        return KW_THROWN;
    ch->closed = true;
    kp_item it;
    while (kp_queue_take_waiting(&ch->receivers, &it))
        kw_fiber_wake(vm, it.parked.fiber, kw_null());
    while (kp_queue_take_waiting(&ch->senders, &it))
        kw_fiber_wake_error(vm, it.parked.fiber, "InvalidOperationError",
                            kw_intern_c(vm, "Send on a closed channel."));
    return kw_return(call, kw_bool(true));
}

static kw_result channel_closed(kw_vm *vm, kw_call *call)
{
    channel *ch = channel_of(vm, call);
    return ch == NULL ? KW_THROWN : kw_return(call, kw_bool(ch->closed));
}

void kp_channel_define(kw_vm *vm)
{
    static const kw_native_def methods[] = {
        {"new", channel_new, 0, 1, "Channel.new(cap = 0)"},
        {"send", channel_send, 1, 1, "send(value): append; waits for room"},
        {"recv", channel_recv, 0, 0, "recv(): the oldest value; waits; null when closed and empty"},
        {"try_recv", channel_try_recv, 0, 0, "try_recv(): [true, value] or [false, null]"},
        {"close", channel_close, 0, 0, "close(): no more sends"},
        {"closed", channel_closed, 0, 0, "closed(): was close() called?"},
        {NULL, NULL, 0, 0, NULL},
    };
    kp_define_struct(vm, "Channel", methods);
}
