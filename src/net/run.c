/* run.c - see run.h.  The lock is let go during steps; what follows from a step is decided under it. */
#include "config.h"

#include "net/run.h"

#include <assert.h>
#include <poll.h>

#include "net/fd.h"
#include "net/move.h"
#include "net/op.h"
#include "net/option.h"
#include "net/park.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/timer.h"
#include "net/wake.h"

/* ---- Blocking places ------------------------------------------------------------------------- */

/* `op` is about to wait on its worker: somebody else must do the rest meanwhile. */
static void begin_wait(kiwi_net *net)
{
    net->blocked++;
    kn_pool_nudge(net);
}

/* It has waited.  False: it was abandoned meanwhile, or is now because its time is up. */
static bool end_wait(kiwi_net *net, kn_op *op)
{
    assert(net->blocked > 0);
    net->blocked--;
    if (!op->abandoned && op->deadline_us != KB_NEVER && kb_clock_us() >= op->deadline_us)
        kn_op_expire(net, op);
    return !op->abandoned;
}

/* Wait for direction `dir` in poll(), which close() ends through the worker's pipe.  False: the operation is
 * gone. */
static bool wait_in_poll(kiwi_net *net, kn_op *op, kn_worker *worker, int dir)
{
    struct pollfd fds[2] = {
        {.fd = op->sock->fd, .events = dir == KN_READ ? POLLIN : POLLOUT},
        {.fd = worker->wake[0], .events = POLLIN},
    };
    int wait_ms = op->deadline_us == KB_NEVER ? -1 : kb_clock_poll_ms(kb_clock_us(), op->deadline_us);
    assert(op->worker == NULL && worker->wake[0] >= 0);
    op->worker = worker;
    begin_wait(net);
    kn_wake_unlock(net);
    (void)poll(fds, 2, wait_ms);
    if (fds[1].revents != 0)
        kn_fd_drain(worker->wake[0]);
    kn_lock(net);
    op->worker = NULL;
    if (end_wait(net, op))
        return true;
    kn_op_discard(net, op, KN_WANT_READ, &(kiwi_result){0});
    return false;
}

/* A connection that waits for input may wait for long: it is told now how to notice that its peer has vanished.  Not
 * one that lingers, which does not wait for long, and where another thread may still be in a receive.  Not locked. */
static void keep_alive(const kn_op *op)
{
    kn_sock *sock = op->sock;
    if (op->kind->side != KN_READ || !op->kind->has_task || !sock->untimed)
        return;
    sock->untimed = false;
    kn_option_keepalive_times(sock->fd);
}

/* Is there a place for `op` to block in? */
static bool place_free(kiwi_net *net, const kn_op *op, const kn_worker *worker)
{
    return worker != NULL && op->fresh && net->blocked < net->places_max && !net->stopping && kn_pool_spare(net);
}

static bool calls(const kn_op *op)
{
    return KN_FD_BLOCKS && op->kind->calls != KN_CALLS_NEVER && !op->no_call;
}

/* The next step waits in the system's call.  Its limit is the system's business meanwhile: the timer would end a
 * send of which nothing has gone out, and then something might. */
static void begin_call(kiwi_net *net, kn_op *op)
{
    assert(calls(op) && op->sock->fd >= 0);
    op->call_until_us = op->deadline_us;
    op->to_block = !op->sock->blocking;
    op->sock->blocking = true;
    kn_timer_clear(net, op);
    begin_wait(net);
}

/* See that the call waits, and returns in time.  Where the system cannot do that the step does not wait. */
static void prepare_call(kiwi_net *net, kn_op *op)
{
    kn_sock *sock = op->sock;
    bool sending = op->kind->side == KN_WRITE, limited = op->call_until_us != KB_NEVER;
    int error = op->to_block ? kn_fd_block(sock->fd) : 0;
    if (error == 0 && (limited || sock->limited[sending])) {
        int64_t left_us = limited ? op->call_until_us - kb_clock_us() : 0;
        error = kn_fd_limit(sock->fd, sending, limited && left_us < 1 ? 1 : left_us);
        sock->limited[sending] = limited;
    }
    op->no_call = error != 0;
    if (!op->no_call)
        return;
    kn_lock(net); /* who closes the socket looks at it */
    op->how = KN_WORK;
    kn_wake_unlock(net);
}

/* The call has returned `step`. */
static void end_call(kiwi_net *net, kn_op *op, kn_step step)
{
    op->how = KN_WORK;
    if (step == KN_DONE)
        net->blocked--;
    else if (end_wait(net, op))
        kn_timer_set(net, op);
}

/* The step has to wait for direction `dir`.  True: take another step. */
static bool wait_for(kiwi_net *net, kn_op *op, kn_worker *worker, int dir)
{
    kn_sock *sock = op->sock;
    if (sock->events[dir] != op->seen[dir])
        return true; /* something happened during the step */
    sock->dry[dir] = op->seen[dir];
    if (place_free(net, op, worker)) {
        if (calls(op)) {
            op->how = KN_BLOCK;
            return true;
        }
        if (worker->wake[0] >= 0 || kn_fd_pipe(worker->wake) == 0)
            return wait_in_poll(net, op, worker, dir);
    }
    if (op->pause_us != KB_NEVER || (op->timer == 0 && op->deadline_us != KB_NEVER))
        kn_timer_set(net, op);
    kn_park_op(net, op, dir);
    return false;
}

/* ---- Steps ------------------------------------------------------------------------------------ */

/* What follows from a step.  True: take another one; false: the operation is no longer ours. */
static bool after_step(kiwi_net *net, kn_op *op, kn_worker *worker, kn_step step, kiwi_result *out)
{
    if (op->abandoned) {
        kn_op_discard(net, op, step, out);
        return false;
    }
    bool poked = op->poked;
    op->poked = false;
    if (step != KN_DONE && poked)
        return true;
    switch (step) {
    case KN_DONE:
        if (op->kind->got != NULL && out->fault == KIWI_FAULT_NONE)
            return !op->kind->got(net, op, out);
        kn_op_finish(net, op, out);
        return false;
    case KN_WANT_READ: return wait_for(net, op, worker, KN_READ);
    case KN_WANT_WRITE: return wait_for(net, op, worker, KN_WRITE);
    case KN_AGAIN: return true;
    case KN_WANT_OTHERS: kn_park_op(net, op, KN_NOTHING); return false;
    case KN_WANT_TIME:
        op->pause_us = kb_clock_after_ms(kb_clock_us(), KN_PAUSE_MS);
        kn_timer_set(net, op);
        kn_park_op(net, op, KN_NOTHING);
        return false;
    case KN_WANT_WORKER:
        op->heavy = true;
        if (op->kind->computes != NULL)
            op->kind->computes(net, op);
        if (op->how != KN_HELP)
            return true;
        kn_op_ready(net, op);
        return false;
    }
    return false;
}

/* Note how far the operations of a step have come. */
static void progress(kiwi_net *net, kn_op *op, kn_op *const joined[], size_t count)
{
    if (op->kind->progress == NULL)
        return;
    op->kind->progress(net, op);
    for (size_t i = 0; i < count; i++)
        joined[i]->kind->progress(net, joined[i]);
}

/* Those that joined a step which has not ended go back to the queue. */
static void release(kiwi_net *net, kn_op *const joined[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (joined[i]->abandoned)
            kn_op_discard(net, joined[i], KN_WANT_WRITE, &(kiwi_result){0});
        else
            kn_move_op(joined[i], KN_QUEUED);
    }
}

/* Those that joined a step which has ended end like it. */
static void finish(kiwi_net *net, kn_op *const joined[], size_t count, const kiwi_result *result)
{
    for (size_t i = 0; i < count; i++) {
        kiwi_result out = *result;
        if (joined[i]->abandoned)
            kn_op_discard(net, joined[i], KN_DONE, &out);
        else
            kn_op_finish(net, joined[i], &out);
    }
}

static bool run_step(kiwi_net *net, kn_op *op, kn_worker *worker)
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
    size_t count = op->kind->gather == NULL ? 0 : op->kind->gather(op, joined);
    op->joined = joined;
    op->joined_count = count;
    assert(count <= KN_JOIN_COUNT);
    bool called = op->how == KN_BLOCK;
    if (called)
        begin_call(net, op);
    kn_wake_unlock(net);
    if (called) {
        prepare_call(net, op);
        keep_alive(op);
    }
    kn_step step = op->kind->step(net, op, &out);
    if (step == KN_WANT_READ)
        keep_alive(op);
    kn_lock(net);
    progress(net, op, joined, count);
    if (called)
        end_call(net, op, step);
    if (step != KN_DONE)
        release(net, joined, count);
    bool again = after_step(net, op, worker, step, &out);
    if (step == KN_DONE)
        finish(net, joined, count, &out);
    return again;
}

void kn_run_op(kiwi_net *net, kn_op *op, kn_worker *worker, bool may_compute)
{
    kn_locked(net);
    kn_sock *sock = op->sock;
    assert(op->state == KN_READY && sock->refs > 0);
    kb_list_remove(&op->ready);
    kn_move_op(op, KN_RUNNING);
    op->how = may_compute || net->unmanned ? KN_WORK : KN_HELP;
    if (op->kind->calls == KN_CALLS_FIRST && calls(op) && kb_list_empty(&net->ready) && kn_park_known(op) < 0 &&
        kn_ahead_size(&sock->ahead) == 0 && place_free(net, op, worker))
        op->how = KN_BLOCK;
    sock->refs++; /* nobody closes the descriptor under us */
    while (run_step(net, op, worker))
        continue;
    kn_sock_unref(net, sock);
}
