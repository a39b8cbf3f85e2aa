/* park.c - see park.h.
 *
 * In an edge-triggered room a descriptor is registered once, at the first wait, and `events` counts what it told;
 * `dry` is the count at which a step found nothing.  While both are equal the next step would find nothing, too. */
#include "config.h"

#include "net/park.h"

#include <assert.h>

#include "net/fault.h"
#include "net/move.h"
#include "net/op.h"
#include "net/sock.h"
#include "net/wake.h"

int kn_park_known(const kn_op *op)
{
    const kn_sock *sock = op->sock;
    int side = op->kind->side;
    if (sock->listener && (sock->tls || sock->proxy != NULL))
        return sock->untaken >= KN_SHAKES_MAX ? KN_NOTHING : -1;
    if (!sock->registered || sock->hup || op->kind->unready || (side == KN_READ && kn_ahead_size(&sock->ahead) > 0))
        return -1;
    return sock->dry[side] == sock->events[side] ? side : -1;
}

enum { WAITERS = 3 };

/* The parked operations of `sock`: the head of each side, and what it lingers with.  Their number. */
static size_t collect(const kn_sock *sock, kn_op *out[WAITERS])
{
    kn_op *all[WAITERS] = {kn_sock_head(sock, KN_READ), kn_sock_head(sock, KN_WRITE), sock->linger};
    size_t count = 0;
    for (size_t i = 0; i < WAITERS; i++)
        if (all[i] != NULL && all[i]->state == KN_PARKED)
            out[count++] = all[i];
    return count;
}

/* Tell a level-triggered room which directions of `sock` are waited for. */
static int watch_level(kiwi_net *net, kn_sock *sock)
{
    bool want[2] = {false, false};
    kn_op *waiting[WAITERS];
    for (size_t i = 0, count = collect(sock, waiting); i < count; i++)
        if (waiting[i]->want != KN_NOTHING)
            want[waiting[i]->want] = true;
    return net->room_kind->watch(net->room, sock->fd, kn_sock_key(net, sock), want[KN_READ], want[KN_WRITE],
                                 &sock->place);
}

void kn_park_op(kiwi_net *net, kn_op *op, int want)
{
    kn_locked(net);
    kn_sock *sock = op->sock;
    assert(want == KN_READ || want == KN_WRITE || want == KN_NOTHING);
    kn_move_op(op, KN_PARKED);
    op->want = (uint8_t)want;
    net->parked++;
    if (want == KN_NOTHING)
        return;
    int error = 0;
    if (!net->room_kind->edge) {
        error = watch_level(net, sock);
        kn_wake_leader(net); /* it waits for an older list */
    } else if (!sock->registered) {
        error = net->room_kind->watch(net->room, sock->fd, kn_sock_key(net, sock), true, true, &sock->place);
        sock->registered = error == 0;
    }
    if (error != 0) {
        kiwi_result out = {0};
        kn_fault_sys(&out, error);
        kn_op_fail(net, op, &out);
    }
}

void kn_park_event(kiwi_net *net, const kn_event *event)
{
    kn_locked(net);
    uint32_t slot = (uint32_t)event->key;
    if (slot >= net->slot_count || net->slots[slot].generation != event->key >> 32)
        return; /* fetched before its socket was closed */
    kn_sock *sock = net->slots[slot].sock;
    assert(sock == NULL || sock->slot == slot);
    if (sock == NULL || (sock->closing && sock->linger == NULL))
        return;
    sock->hup = sock->hup || event->hup;
    sock->events[KN_READ] += event->in;
    sock->events[KN_WRITE] += event->out;
    kn_op *waiting[WAITERS];
    for (size_t i = 0, count = collect(sock, waiting); i < count; i++)
        if ((waiting[i]->want == KN_READ && event->in) || (waiting[i]->want == KN_WRITE && event->out))
            kn_op_ready(net, waiting[i]);
    if (!net->room_kind->edge)
        (void)watch_level(net, sock); /* fewer directions than before: cannot fail */
}
