/* op.c - operations: their life, and what happens between their steps.  The contracts and the
 * states are in state.h; the steps are in step.c and in the file of each kind. */
#include "config.h"

#include "net/state.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/locks.h"

/* ---- Life (locked) -------------------------------------------------------------------------- */

static bool timers_reserve(kiwi_net *net)
{
    if (net->op_count < net->timer_size)
        return true;
    size_t size = net->timer_size == 0 ? 64 : net->timer_size * 2;
    kn_op **more = realloc(net->timers, size * sizeof(*more));
    if (more == NULL)
        return false;
    net->timers = more;
    net->timer_size = size;
    return true;
}

kn_op *kn_op_new(kiwi_net *net, kn_sock *sock, kn_op_kind kind)
{
    if (!timers_reserve(net))
        return NULL;
    kn_op *op = net->spare_ops;
    if (op != NULL) {
        net->spare_ops = op->u.spare;
        net->spare_op_count--;
    } else if ((op = malloc(sizeof(*op))) == NULL) {
        return NULL;
    }
    *op = (kn_op){.sock = sock,
                  .kind = (uint8_t)kind,
                  .state = KN_QUEUED,
                  .fresh = true,
                  .deadline_us = KB_NEVER,
                  .pause_us = KB_NEVER};
    if (kind != KN_OP_HANDSHAKE) {
        op->task = kn_task_new(net);
        if (op->task == NULL) {
            free(op);
            return NULL;
        }
        op->task->op = op;
    }
    net->op_count++;
    return op;
}

static void op_free(kiwi_net *net, kn_op *op)
{
    if (op->kind == KN_OP_SEND && !op->lent)
        free(op->u.send.data);
    else if (op->kind == KN_OP_CONNECT)
        kn_connect_free(op->u.connect);
    else if (op->kind == KN_OP_BIND)
        kn_bind_free(op->u.bind);
    else if (op->kind == KN_OP_SEND_TO)
        kn_udp_free(op->u.remote);
    net->op_count--;
    if (net->spare_op_count == KN_SPARE_MAX) {
        free(op);
        return;
    }
    op->u.spare = net->spare_ops;
    net->spare_ops = op;
    net->spare_op_count++;
}

int kn_op_side(const kn_op *op)
{
    return op->kind == KN_OP_RECV || op->kind == KN_OP_ACCEPT || op->kind == KN_OP_RECV_FROM
               ? KN_READ
               : KN_WRITE;
}

/* Does it work on a hidden socket, which gets an id if all goes well and else is closed? */
static bool makes_socket(int kind)
{
    return kind == KN_OP_CONNECT || kind == KN_OP_BIND;
}

void kn_op_ready(kiwi_net *net, kn_op *op)
{
    if (op->state == KN_PARKED) {
        net->parked--;
        op->fresh = false;
    }
    op->state = KN_READY;
    kb_list_push(op->heavy ? &net->ready_heavy : &net->ready, &op->ready);
}

/* Is the descriptor known not to be ready in direction `side`?  Then a step would be a wasted
 * call. */
static bool known_dry(const kn_op *op, int side)
{
    const kn_sock *sock = op->sock;
    if (sock->tls && sock->listener)
        return sock->held >= KN_SHAKES_MAX;
    if (!sock->registered || sock->hup || op->kind == KN_OP_FIN)
        return false;
    return sock->dry[side] == sock->events[side];
}

void kn_side_advance(kiwi_net *net, kn_sock *sock, int side)
{
    kb_link *link = kb_list_first(&sock->side[side]);
    kn_op *op = link == NULL ? NULL : KB_OWNER(link, kn_op, queue);
    if (op == NULL || op->state != KN_QUEUED || sock->closing)
        return;
    if (known_dry(op, side))
        kn_park(net, op, sock->tls && sock->listener ? KN_NOTHING : side);
    else
        kn_op_ready(net, op);
}

void kn_op_set_deadline(kiwi_net *net, kn_op *op, int64_t deadline_us)
{
    op->deadline_us = deadline_us;
    kn_timer_set(net, op);
}

void kn_op_limit(kiwi_net *net, kn_op *op)
{
    if (op->sock->timeout_ms <= 0)
        return;
    int64_t deadline_us = kb_clock_after_ms(kb_clock_us(), op->sock->timeout_ms);
    if (deadline_us < op->deadline_us) /* one of its own, or from before a look-up, may be earlier */
        kn_op_set_deadline(net, op, deadline_us);
}

void kn_op_queue(kiwi_net *net, kn_op *op)
{
    kn_sock *sock = op->sock;
    int side = kn_op_side(op);
    kb_list_push(&sock->side[side], &op->queue);
    kn_op_limit(net, op);
    kn_side_advance(net, sock, side);
}

/* Take `op` off all lists and free it. */
static void detach(kiwi_net *net, kn_op *op)
{
    if (op->state == KN_PARKED)
        net->parked--;
    kb_list_remove(&op->ready);
    kb_list_remove(&op->queue);
    kn_timer_clear(net, op);
    op_free(net, op);
}

void kn_op_abort(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    if (op->abandoned)
        return;
    kn_task *task = op->task;
    op->task = NULL;
    if (op->state == KN_RUNNING) {
        op->abandoned = true; /* its runner frees it */
        kn_timer_clear(net, op);
        if (op->worker != NULL)
            kn_pipe_write(op->worker->wake[1]);
    } else {
        detach(net, op);
    }
    if (task != NULL)
        kn_task_end(net, task, out);
}

void kn_op_fail(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    int kind = op->kind, side = kn_op_side(op);
    kn_op_abort(net, op, out);
    if (kind == KN_OP_HANDSHAKE)
        kn_handshake_ended(net, sock, false);
    else if (makes_socket(kind))
        kn_sock_close(net, sock);
    else
        kn_side_advance(net, sock, side);
}

void kn_op_expire(kiwi_net *net, kn_op *op)
{
    kiwi_result out = {0};
    if (op->kind == KN_OP_CONNECT)
        kn_connect_timed_out(op, &out);
    else
        kn_fault(&out, KIWI_FAULT_TIMEOUT, 0, "timed out");
    kn_op_fail(net, op, &out);
}

void kn_op_resolved(kiwi_net *net, kiwi_id id, kn_addresses *addresses, int code, int sys)
{
    kb_lock(&net->lock);
    const kn_task *task = kn_task_find(net, id);
    kn_op *op = task == NULL ? NULL : task->op;
    if (op == NULL) { /* closed or timed out meanwhile */
        free(addresses);
    } else {
        kiwi_result out = {0};
        char text[64];
        (op->kind == KN_OP_CONNECT   ? kn_connect_resolved
         : op->kind == KN_OP_BIND ? kn_bind_resolved
                                  : kn_udp_resolved)(
            op, addresses, kn_resolve_errno(code, sys),
            kn_resolve_text(code, sys, text, sizeof(text)), &out);
        if (out.fault != KIWI_FAULT_NONE) {
            kn_op_fail(net, op, &out);
        } else if (op->kind == KN_OP_SEND_TO) {
            op->state = KN_QUEUED;
            kb_list_remove(&op->queue);
            kn_op_queue(net, op);
        } else {
            kn_op_ready(net, op);
        }
        kn_lead_tell(net); /* a thread that waits there can take the step */
        kn_pool_nudge(net);
    }
    kb_unlock(&net->lock);
}

void kn_look_up(kiwi_net *net, kiwi_id id, const char *host, int port)
{
    int error = kn_resolver_start(net->resolver, id, host, port);
    if (error != 0)
        kn_op_resolved(net, id, NULL, EAI_SYSTEM, error);
}

/* ---- Running (locked; the lock is let go during steps) -------------------------------------- */

/* The step of an abandoned operation has come back: what it brought is nobody's, except a
 * connection. */
static void discard(kiwi_net *net, kn_op *op, kn_step step, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    int side = kn_op_side(op);
    free(out->bytes);
    if (op->kind == KN_OP_ACCEPT && step == KN_DONE && out->fault == KIWI_FAULT_NONE)
        (void)kn_accept_got(net, op, (int)out->integer);
    detach(net, op);
    kn_side_advance(net, sock, side);
}

void kn_op_discard(kiwi_net *net, kn_op *op)
{
    kiwi_result nothing = {0};
    discard(net, op, KN_WANT_READ, &nothing);
}

/* Note what a completed step says about the socket. */
static void account(kn_op *op, const kiwi_result *out)
{
    kn_sock *sock = op->sock;
    if (op->kind == KN_OP_RECV) {
        sock->bytes_in += out->size;
        sock->dry[KN_READ] = op->drained ? op->seen[KN_READ] : 0;
    } else if (op->kind == KN_OP_RECV_FROM) {
        sock->bytes_in += out->size;
        sock->dry[KN_READ] = 0; /* there may be more */
    } else if ((op->kind == KN_OP_SEND || op->kind == KN_OP_SEND_TO) &&
               out->fault == KIWI_FAULT_NONE) {
        sock->bytes_out += (uint64_t)out->integer;
    }
}

void kn_op_finish(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    int kind = op->kind, side = kn_op_side(op);
    kn_task *task = op->task;
    account(op, out);
    detach(net, op);
    if (kind == KN_OP_HANDSHAKE) {
        kn_handshake_ended(net, sock, out->fault == KIWI_FAULT_NONE);
        return;
    }
    if (makes_socket(kind) && out->fault == KIWI_FAULT_NONE) {
        if (kn_entry_add(net, &sock->entry) != 0)
            kn_fault_sys(out, ENOMEM);
        out->kind = KIWI_RESULT_INTEGER;
        out->integer = sock->entry.id;
    }
    kn_task_end(net, task, out);
    if (makes_socket(kind) && out->fault != KIWI_FAULT_NONE)
        kn_sock_close(net, sock);
    else
        kn_side_advance(net, sock, side);
}

/* Wait for direction `dir` in a blocking place.  False: the operation was abandoned meanwhile. */
static bool block(kiwi_net *net, kn_op *op, kn_worker *worker, int dir)
{
    struct pollfd fds[2] = {
        {.fd = op->sock->fd, .events = dir == KN_READ ? POLLIN : POLLOUT},
        {.fd = worker->wake[0], .events = POLLIN},
    };
    int wait_ms = op->deadline_us == KB_NEVER ? -1
                                              : kb_clock_poll_ms(kb_clock_us(), op->deadline_us);
    op->worker = worker;
    net->blocked++;
    kn_pool_nudge(net); /* somebody else must do the rest now */
    kb_unlock(&net->lock);
    (void)poll(fds, 2, wait_ms);
    if (fds[1].revents != 0)
        kn_pipe_drain(worker->wake[0]);
    kb_lock(&net->lock);
    net->blocked--;
    op->worker = NULL;
    if (!op->abandoned && op->deadline_us != KB_NEVER && kb_clock_us() >= op->deadline_us)
        kn_op_expire(net, op);
    if (!op->abandoned)
        return true;
    kn_op_discard(net, op);
    return false;
}

static bool may_block(kiwi_net *net, const kn_op *op, kn_worker *worker)
{
    if (worker == NULL || !op->fresh || net->blocked >= net->places_max || net->stopping ||
        !kn_pool_spare(net))
        return false;
    return worker->wake[0] >= 0 || kn_pipe_open(worker->wake) == 0;
}

/* The step has to wait for direction `dir`.  True: take another step. */
static bool wait_for(kiwi_net *net, kn_op *op, kn_worker *worker, int dir)
{
    kn_sock *sock = op->sock;
    if (sock->events[dir] != op->seen[dir])
        return true; /* something happened during the step */
    sock->dry[dir] = op->seen[dir];
    if (may_block(net, op, worker))
        return block(net, op, worker, dir);
    kn_park(net, op, dir);
    return false;
}

/* What follows from a step.  True: take another one; false: the operation is no longer ours. */
static bool after_step(kiwi_net *net, kn_op *op, kn_worker *worker, bool may_compute, kn_step step,
                       kiwi_result *out)
{
    if (op->abandoned) {
        discard(net, op, step, out);
        return false;
    }
    switch (step) {
    case KN_DONE:
        if (op->kind == KN_OP_ACCEPT && out->fault == KIWI_FAULT_NONE)
            return !kn_accept_got(net, op, (int)out->integer);
        kn_op_finish(net, op, out);
        return false;
    case KN_WANT_READ: return wait_for(net, op, worker, KN_READ);
    case KN_WANT_WRITE: return wait_for(net, op, worker, KN_WRITE);
    case KN_WANT_TIME:
        op->pause_us = kb_clock_after_ms(kb_clock_us(), KN_PAUSE_MS);
        kn_timer_set(net, op);
        kn_park(net, op, KN_NOTHING);
        return false;
    case KN_WANT_WORKER:
        op->heavy = true;
        kn_connect_limit_handshake(net, op);
        if (may_compute)
            return true;
        kn_op_ready(net, op);
        return false;
    }
    return false;
}

static bool run_step(kiwi_net *net, kn_op *op, kn_worker *worker, bool may_compute)
{
    kn_op *joined[KN_JOIN_COUNT];
    kiwi_result out;
    out.kind = KIWI_RESULT_NONE;
    out.integer = 0;
    out.bytes = NULL;
    out.size = 0;
    out.fault = KIWI_FAULT_NONE;
    op->seen[KN_READ] = op->sock->events[KN_READ];
    op->seen[KN_WRITE] = op->sock->events[KN_WRITE];
    op->drained = false;
    size_t count = kn_join_gather(op, joined);
    kb_unlock(&net->lock);
    kn_step step = count > 0 ? kn_join_step(op, joined, count, &out)
                             : kn_op_step(net, op, &out, may_compute);
    kb_lock(&net->lock);
    if (step != KN_DONE)
        kn_join_release(net, joined, count);
    bool again = after_step(net, op, worker, may_compute, step, &out);
    if (step == KN_DONE)
        kn_join_finish(net, joined, count, &out);
    return again;
}

void kn_op_run(kiwi_net *net, kn_op *op, kn_worker *worker, bool may_compute)
{
    kn_sock *sock = op->sock;
    assert(op->state == KN_READY);
    kb_list_remove(&op->ready);
    op->state = KN_RUNNING;
    sock->refs++; /* nobody closes the descriptor under us */
    may_compute = may_compute || net->unmanned;
    while (run_step(net, op, worker, may_compute))
        continue;
    kn_sock_unref(net, sock);
}
