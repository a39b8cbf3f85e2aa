/* whole.c - see whole.h. */
#include "config.h"

#include "net/whole.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "net/fault.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/recv.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

enum {
    PIECE = 16384,      /* room that is made at first; later as much again: a size that is a lie costs no more */
    STEP_MAX = 1 << 20, /* bytes of a step: whoever has other things to do, or was told to end, looks up then */
};

/* ---- The step (not locked) ------------------------------------------------------------------ */

/* Look at what is there. */
static kn_look look(const kn_op *op, kiwi_result *out)
{
    kn_whole *w = op->u.whole;
    const kn_ahead *ahead = &op->sock->ahead;
    const unsigned char *bytes = ahead->bytes == NULL ? (const unsigned char *)"" : ahead->bytes + ahead->start;
    w->found = w->look(w, bytes, kn_ahead_size(ahead), w->ended, out);
    assert(w->found != KN_LOOK_MORE || !w->ended);
    return w->found;
}

/* Make room for `size` bytes.  false: they are not afforded. */
static bool make_room(const kiwi_net *net, kn_sock *sock, size_t size)
{
    kn_ahead *ahead = &sock->ahead;
    size_t needed = kn_ahead_size(ahead) + size;
    size_t more = needed > sock->ahead_held ? needed - sock->ahead_held : 0;
    return ahead->room - ahead->end >= size || (kn_task_affords(net, more) && kn_ahead_reserve(ahead, size));
}

/* Receive some bytes behind those that are there.  KN_AGAIN: there may be more now, or the stream has ended. */
static kn_step receive_some(const kiwi_net *net, kn_op *op, kn_receiver *receive, size_t *got, kiwi_result *out)
{
    kn_whole *w = op->u.whole;
    kn_ahead *ahead = &op->sock->ahead;
    size_t have = kn_ahead_size(ahead), size = have > PIECE ? have : PIECE;
    if (size > w->missing)
        size = w->missing;
    *got = 0;
    kn_step step = make_room(net, op->sock, size) ? receive(op, ahead->bytes + ahead->end, size, got, out)
                                                  : kn_recv_nothing(op, size, out);
    ahead->end += *got;
    if (step != KN_DONE || out->fault != KIWI_FAULT_NONE)
        return step;
    w->ended = *got == 0;
    return KN_AGAIN;
}

/* It is whole.  Where it is all that is there it is taken as it lies, once the task still wants it: see note(). */
static bool is_all(const kn_op *op)
{
    const kn_whole *w = op->u.whole;
    const kn_ahead *ahead = &op->sock->ahead;
    return ahead->start == 0 && w->before == 0 && w->size + w->after == ahead->end && w->size > ahead->room / 2;
}

/* Otherwise a copy is given, because an operation that was abandoned takes nothing away. */
static void deliver(const kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const kn_whole *w = op->u.whole;
    if (is_all(op))
        kn_ahead_trim(&op->sock->ahead, 0);
    else if (w->size > 0 && kn_task_affords(net, w->size))
        out->bytes = kn_ahead_copy(&op->sock->ahead, w->before, w->size);
    if (out->bytes == NULL && w->size > 0 && !is_all(op)) {
        kn_fault_limit(out, "receive", w->size);
        return;
    }
    out->kind = w->text ? KIWI_RESULT_TEXT : KIWI_RESULT_BYTES;
    out->size = w->size;
}

static kn_step receive_whole(kiwi_net *net, kn_op *op, kn_receiver *receive, kiwi_result *out)
{
    kn_step step = KN_AGAIN;
    for (size_t all = 0, got; step == KN_AGAIN && look(op, out) == KN_LOOK_MORE; all += got) {
        if (all >= STEP_MAX)
            return op->how == KN_HELP ? KN_WANT_WORKER : KN_AGAIN;
        if (all > 0 && op->how == KN_BLOCK)
            return KN_AGAIN; /* the limit of a call is for one */
        step = receive_some(net, op, receive, &got, out);
    }
    if (step == KN_AGAIN && op->u.whole->found == KN_LOOK_FOUND)
        deliver(net, op, out);
    return step == KN_AGAIN ? KN_DONE : step;
}

/* What waits keeps no room that it may not need. */
static kn_step step(kiwi_net *net, kn_op *op, kn_receiver *receive, kiwi_result *out)
{
    kn_ahead *ahead = &op->sock->ahead;
    kn_step step = receive_whole(net, op, receive, out);
    if (step != KN_DONE || out->fault != KIWI_FAULT_NONE || out->kind == KIWI_RESULT_NONE)
        kn_ahead_trim(ahead, kn_ahead_size(ahead));
    return step;
}

static kn_step step_tcp(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    return step(net, op, kn_recv_tcp, out);
}

static kn_step step_tls(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    return step(net, op, kn_recv_tls, out);
}

/* ---- Life (locked) --------------------------------------------------------------------------- */

static void progress(kiwi_net *net, kn_op *op)
{
    kn_sock_count_ahead(net, op->sock);
}

/* The task gets it: take it away from what is there. */
static void take(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    const kn_whole *w = op->u.whole;
    size_t taken = w->before + w->size + w->after;
    if (is_all(op))
        out->bytes = kn_ahead_take(&sock->ahead, taken, &taken);
    else
        kn_ahead_skip(&sock->ahead, taken);
    sock->bytes_in += taken;
    kn_sock_count_ahead(net, sock);
}

/* The system tells of a reset once; afterwards it gives the end of the stream, which it is not. */
static void note(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    const kn_whole *w = op->u.whole;
    sock->reset = sock->reset || kn_fault_is_reset(out);
    sock->ended = sock->ended || w->ended;
    sock->dry[KN_READ] = op->drained ? op->seen[KN_READ] : 0;
    if (w->ended && sock->reset && !sock->tls) {
        free(out->bytes);
        *out = (kiwi_result){0};
        kn_fault_sys(out, ECONNRESET);
    } else if (w->found == KN_LOOK_FOUND && out->fault == KIWI_FAULT_NONE) {
        take(net, op, out);
    }
}

/* What has come lies where the next receive finds it. */
static void lost(kiwi_net *net, kn_op *op, kn_step step, kiwi_result *out)
{
    (void)net;
    op->sock->reset = op->sock->reset || (step == KN_DONE && !op->sock->tls && kn_fault_is_reset(out));
}

static size_t cost(const kn_whole *w)
{
    return sizeof(*w) + (w->mark == NULL ? 0 : kn_mark_cost(w->mark));
}

static void release(kiwi_net *net, kn_op *op)
{
    kn_task_entry(net, -(ptrdiff_t)cost(op->u.whole));
    free(op->u.whole->mark);
    free(op->u.whole);
}

static const kn_kind whole_tcp = {.name = "recv",
                                  .side = KN_READ,
                                  .has_task = true,
                                  .calls = KN_CALLS_FIRST,
                                  .refused = kn_recv_refused,
                                  .step = step_tcp,
                                  .progress = progress,
                                  .note = note,
                                  .lost = lost,
                                  .release = release};
static const kn_kind whole_tls = {.name = "recv",
                                  .side = KN_READ,
                                  .has_task = true,
                                  .refused = kn_recv_refused,
                                  .step = step_tls,
                                  .progress = progress,
                                  .note = note,
                                  .lost = lost,
                                  .release = release};

/* ---- Submitting ----------------------------------------------------------------------------- */

kiwi_id kn_whole_submit(kiwi_net *net, kiwi_id socket, bool tls, int64_t least, int64_t max, const kn_whole *whole)
{
    kiwi_id id;
    kn_whole *copy = malloc(sizeof(*copy));
    kn_lock(net);
    kn_op *op = copy == NULL ? NULL : kn_recv_from(net, socket, tls, least, max, tls ? &whole_tls : &whole_tcp, &id);
    if (copy == NULL)
        id = kn_task_no_memory(net);
    if (op != NULL) {
        *copy = *whole;
        copy->max = (size_t)max;
        op->u.whole = copy;
        kn_task_entry(net, (ptrdiff_t)cost(copy));
        kn_op_queue(net, op);
        kn_pool_submitted(net);
    } else {
        free(whole->mark);
        free(copy);
    }
    kn_wake_unlock(net);
    return id;
}
