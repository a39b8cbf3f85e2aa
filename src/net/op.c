/* op.c - operations: their life but for the steps.  The contract is in op.h, the states are in state.h. */
#include "config.h"

#include "net/op.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "net/errand.h"
#include "net/fault.h"
#include "net/fd.h"
#include "net/move.h"
#include "net/park.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/timer.h"
#include "net/wake.h"

/* An operation, its place among the timers, and what malloc() keeps beside it. */
enum { OP_COST = sizeof(kn_op) + 32 };

static kn_op *take_spare(kiwi_net *net)
{
    kn_op *op = net->spare_ops;
    if (op == NULL)
        return malloc(sizeof(*op));
    net->spare_ops = op->u.spare;
    net->spare_op_count--;
    return op;
}

kn_op *kn_op_new(kiwi_net *net, kn_sock *sock, const kn_kind *kind)
{
    kn_locked(net);
    kn_op *op = kn_timer_reserve(net) ? take_spare(net) : NULL;
    if (op == NULL)
        return NULL;
    *op = (kn_op){.sock = sock,
                  .kind = kind,
                  .state = KN_QUEUED,
                  .fresh = true,
                  .deadline_us = KB_NEVER,
                  .pause_us = KB_NEVER,
                  .own_us = KB_NEVER};
    if (kind->has_task) {
        op->task = kn_task_new(net);
        if (op->task == NULL) {
            free(op);
            return NULL;
        }
        op->task->op = op;
        op->task->of = kind;
        op->task->socket = sock->entry.id;
    }
    net->op_count++;
    kn_task_entry(net, OP_COST);
    return op;
}

static void op_free(kiwi_net *net, kn_op *op)
{
    assert(!kb_list_on(&op->queue) && op->timer == 0 && op->worker == NULL && net->op_count > 0);
    if (op->kind->release != NULL)
        op->kind->release(net, op);
    net->op_count--;
    kn_task_entry(net, -(ptrdiff_t)OP_COST);
    if (net->spare_op_count == KN_SPARE_MAX) {
        free(op);
        return;
    }
    op->u.spare = net->spare_ops;
    net->spare_ops = op;
    net->spare_op_count++;
}

void kn_op_ready(kiwi_net *net, kn_op *op)
{
    kn_locked(net);
    assert(!kb_list_on(&op->ready));
    if (op->state == KN_PARKED) {
        assert(net->parked > 0);
        net->parked--;
        op->fresh = false;
    }
    kn_move_op(op, KN_READY);
    kb_list_push(op->heavy ? &net->ready_heavy : &net->ready, &op->ready);
}

/* The head of a side that is still to be begun, after those that can no longer be done have been told so. */
static kn_op *next_to_begin(kiwi_net *net, kn_sock *sock, int side)
{
    for (;;) {
        kiwi_result out = {0};
        kn_op *op = kn_sock_head(sock, side);
        if (op == NULL || op->state != KN_QUEUED || sock->closing)
            return NULL;
        if (op->kind->refused == NULL || !op->kind->refused(sock, &out))
            return op;
        kn_op_end(net, op, &out);
    }
}

void kn_op_poke(kiwi_net *net, kn_op *op)
{
    kn_locked(net);
    if (op->state == KN_PARKED)
        kn_op_ready(net, op);
    else
        op->poked = true;
}

void kn_op_advance(kiwi_net *net, kn_sock *sock, int side)
{
    kn_locked(net);
    kn_op *op = next_to_begin(net, sock, side);
    int want = op == NULL ? -1 : kn_park_known(op);
    if (op != NULL && want >= 0)
        kn_park_op(net, op, want);
    else if (op != NULL)
        kn_op_ready(net, op);
}

void kn_op_set_deadline(kiwi_net *net, kn_op *op, int64_t deadline_us)
{
    kn_locked(net);
    assert(!op->abandoned);
    op->deadline_us = deadline_us;
    kn_timer_set(net, op);
}

void kn_op_change_limit(kiwi_net *net, kn_op *op, int64_t deadline_us)
{
    kn_locked(net);
    if (op->abandoned)
        return;
    kn_op_set_deadline(net, op, deadline_us < op->own_us ? deadline_us : op->own_us);
    if (op->worker != NULL) /* it waits by the old limit */
        kn_fd_signal(op->worker->wake[1]);
}

void kn_op_limit_own(kiwi_net *net, kn_op *op, int64_t ms)
{
    kn_locked(net);
    assert(ms > 0);
    op->own_us = kb_clock_after_ms(kb_clock_us(), ms);
    kn_op_change_limit(net, op, op->deadline_us);
}

void kn_op_limit(kiwi_net *net, kn_op *op)
{
    kn_locked(net);
    if (op->sock->timeout_ms <= 0)
        return;
    int64_t deadline_us = kb_clock_after_ms(kb_clock_us(), op->sock->timeout_ms);
    if (deadline_us < op->deadline_us) /* one of its own, or from before a look-up, may be earlier */
        kn_op_set_deadline(net, op, deadline_us);
}

kn_op *kn_op_on(kiwi_net *net, kn_sock *sock, const kn_kind *kind, kiwi_id socket, kiwi_id *id)
{
    kn_locked(net);
    kn_op *op = sock == NULL ? NULL : kn_op_new(net, sock, kind);
    if (op != NULL)
        *id = op->task->entry.id;
    else if (sock != NULL)
        *id = kn_task_no_memory(net);
    else
        *id = kn_task_no_socket(net, socket, kind->on_listener ? "Invalid server socket" : "Invalid socket");
    return op;
}

void kn_op_queue(kiwi_net *net, kn_op *op)
{
    kn_locked(net);
    int side = op->kind->side;
    assert(!op->sock->closing && (op->state == KN_QUEUED || op->state == KN_RESOLVING));
    kb_list_push(&op->sock->side[side], &op->queue);
    kn_op_limit(net, op);
    kn_op_advance(net, op->sock, side);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

/* Take `op` off all lists and free it. */
static void detach(kiwi_net *net, kn_op *op)
{
    if (op->state == KN_PARKED)
        net->parked--;
    kb_list_remove(&op->ready);
    kb_list_remove(&op->queue);
    kn_timer_clear(net, op);
    kn_errand_leave(net, op);
    op_free(net, op);
}

/* An operation of kind `kind` has ended as *out says and is gone: what follows for its socket. */
static void ended(kiwi_net *net, kn_sock *sock, const kn_kind *kind, const kiwi_result *out)
{
    if (kind->ended != NULL)
        kind->ended(net, sock, out);
    else if (kind->makes_socket && out->fault != KIWI_FAULT_NONE)
        kn_sock_close(net, sock);
    else
        kn_op_advance(net, sock, kind->side);
}

void kn_op_end(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_locked(net);
    if (op->abandoned)
        return;
    kn_task *task = op->task;
    op->task = NULL;
    if (op->state == KN_RUNNING) {
        op->abandoned = true; /* its runner frees it */
        kn_timer_clear(net, op);
        if (op->worker != NULL)
            kn_fd_signal(op->worker->wake[1]);
    } else {
        detach(net, op);
    }
    if (task != NULL)
        kn_task_end(net, task, out);
}

void kn_op_fail(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_locked(net);
    kn_sock *sock = op->sock;
    const kn_kind *kind = op->kind;
    kn_op_end(net, op, out);
    ended(net, sock, kind, out);
}

void kn_op_expire(kiwi_net *net, kn_op *op)
{
    kn_locked(net);
    kiwi_result out = {0};
    if (op->kind->expired != NULL)
        op->kind->expired(op, &out);
    else
        kn_fault(&out, KIWI_FAULT_TIMEOUT, 0, "timed out");
    kn_op_fail(net, op, &out);
}

void kn_op_discard(kiwi_net *net, kn_op *op, kn_step step, kiwi_result *out)
{
    kn_locked(net);
    kn_sock *sock = op->sock;
    int side = op->kind->side;
    assert(op->abandoned && op->task == NULL);
    if (op->kind->lost != NULL)
        op->kind->lost(net, op, step, out);
    free(out->bytes);
    detach(net, op);
    if (sock->linger != NULL)
        kn_op_poke(net, sock->linger); /* it may wait for this */
    kn_sock_drop_ahead(net, sock);
    kn_op_advance(net, sock, side);
}

/* The hidden socket of `op` gets its id, which is the result. */
static void publish(kiwi_net *net, kn_sock *sock, kiwi_result *out)
{
    assert(sock->entry.id == 0); /* hidden so far */
    if (kn_task_enter(net, &sock->entry) != 0)
        kn_fault_sys(out, ENOMEM);
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = sock->entry.id;
}

void kn_op_finish(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_locked(net);
    kn_sock *sock = op->sock;
    const kn_kind *kind = op->kind;
    kn_task *task = op->task;
    assert(op->state == KN_RUNNING && !op->abandoned);
    if (kind->note != NULL)
        kind->note(net, op, out);
    detach(net, op);
    if (kind->makes_socket && out->fault == KIWI_FAULT_NONE)
        publish(net, sock, out);
    if (task != NULL)
        kn_task_end(net, task, out);
    ended(net, sock, kind, out);
}
