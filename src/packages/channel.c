/* channel.c - struct Channel: a first-in-first-out queue of values between tasks (task-and-network.md
 * section 3).  A value goes from the sender to a waiting receiver directly; nothing is ever lost. */
#include "config.h"

#include <math.h>
#include <stdlib.h>

#include "packages/host.h"
#include "packages/packages.h"

/* A queue of (fiber, value): values that wait, receivers that wait (no value), or senders that wait. */
typedef struct item {
    kw_parked parked; /* not looked at for values */
    kw_value value;
} item;
typedef struct queue {
    item *items; /* ring */
    size_t first, count, cap;
} queue;

typedef struct channel {
    int64_t cap; /* < 1: unbounded */
    bool closed;
    queue values, receivers, senders;
} channel;

static const char channel_type[] = "channel";

/* ---- Queues -------------------------------------------------------------------------------------------- */

static bool put(kw_vm *vm, queue *q, item it)
{
    if (q->count == q->cap) {
        size_t cap = q->cap == 0 ? 4 : q->cap * 2;
        item *items = kw_try_realloc(vm, NULL, 0, cap * sizeof(item));
        if (items == NULL)
            return false;
        for (size_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->first + i) & (q->cap - 1)];
        kw_free(vm, q->items, q->cap * sizeof(item));
        q->items = items;
        q->first = 0;
        q->cap = cap;
    }
    q->items[(q->first + q->count++) & (q->cap - 1)] = it; /* cap is a power of two */
    return true;
}

static item take(queue *q)
{
    item it = q->items[q->first];
    q->first = (q->first + 1) & (q->cap - 1);
    q->count--;
    return it;
}

/* Take the first fiber that still waits here. */
static bool take_waiting(queue *q, item *it)
{
    while (q->count > 0) {
        *it = take(q);
        if (kw_still_parked(it->parked))
            return true;
    }
    return false;
}

static void mark_queue(kw_vm *vm, queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        const item *it = &q->items[(q->first + i) & (q->cap - 1)];
        kw_gc_mark_obj(vm, it->parked.fiber);
        kw_gc_mark_value(vm, it->value);
    }
}

static void mark_channel(kw_vm *vm, void *data)
{
    channel *ch = data;
    mark_queue(vm, &ch->values);
    mark_queue(vm, &ch->receivers);
    mark_queue(vm, &ch->senders);
}

static void free_channel(kw_vm *vm, void *data)
{
    channel *ch = data;
    kw_free(vm, ch->values.items, ch->values.cap * sizeof(item));
    kw_free(vm, ch->receivers.items, ch->receivers.cap * sizeof(item));
    kw_free(vm, ch->senders.items, ch->senders.cap * sizeof(item));
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
    item receiver;
    if (take_waiting(&ch->receivers, &receiver)) {
        kw_fiber_wake(vm, receiver.parked.fiber, v);
        return KW_DONE;
    }
    bool room = ch->cap < 1 || (int64_t)ch->values.count < ch->cap;
    if (!put(vm, room ? &ch->values : &ch->senders,
             (item){.parked = kw_parked_here(vm), .value = v}))
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
    *v = take(&ch->values).value;
    item sender;
    if (take_waiting(&ch->senders, &sender)) {
        (void)put(vm, &ch->values, sender); /* there is room: one was just taken */
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
    if (!put(vm, &ch->receivers, (item){.parked = kw_parked_here(vm), .value = kw_null()}))
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
    item it;
    while (take_waiting(&ch->receivers, &it))
        kw_fiber_wake(vm, it.parked.fiber, kw_null());
    while (take_waiting(&ch->senders, &it))
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
    kw_class *c = kw_class_new(vm, kw_intern_c(vm, "Channel"));
    for (const kw_native_def *m = methods; m->name != NULL; m++)
        kw_class_add(vm, c, kw_intern_c(vm, m->name), kw_native_new(vm, m), false, false);
    kw_global_define(vm, kw_global_at(vm, kw_intern_c(vm, "Channel")), KW_MEANS_DECL,
                     kw_of_class(c));
}
