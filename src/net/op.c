/* op.c - operations: one step function per kind, and what happens between the steps.  The contracts and
 * the states are in state.h. */
#include "config.h"

#include "net/state.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/locks.h"

enum {
    SCRATCH_SIZE =
        16384, /* received on the stack first: nothing is allocated before bytes are there */
    TLS_TURN_SIZE =
        4 * 16384, /* sent in one hold of a session's lock, so that receiving gets its turn */
    RECEIVED_MAX = 512 * 1024, /* twice that is the most one receive gives */
};

#if defined(MSG_NOSIGNAL)
enum { SEND_FLAGS = MSG_NOSIGNAL };
#else
enum { SEND_FLAGS = 0 }; /* SO_NOSIGPIPE is set instead */
#endif

/* ---- Steps (not locked) ------------------------------------------------------------------------ */

/* Receive at most `size` bytes now.  KB_OK with *got 0: the end of the stream. */
typedef kn_step receiver(kn_op *op, void *buf, size_t size, size_t *got, kiwi_result *out);

static kn_step receive_tcp(kn_op *op, void *buf, size_t size, size_t *got, kiwi_result *out)
{
    ssize_t n;
    do
        n = recv(op->sock->fd, buf, size, 0);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return KN_WANT_READ;
    if (n < 0)
        kn_fault_sys(out, errno);
    *got = n < 0 ? 0 : (size_t)n;
    op->drained = n > 0 && (size_t)n < size;
    return KN_DONE;
}

/* As many records as are there: each costs a step of its own otherwise. */
static kn_step receive_tls(kn_op *op, void *buf, size_t size, size_t *got, kiwi_result *out)
{
    kn_tls *session = op->sock->session;
    kb_status status = KB_OK;
    kb_error err = {0};
    kn_step step;
    size_t n;
    *got = 0;
    kb_lock(&op->sock->session_lock);
    do {
        n = 0;
        step = kn_tls_recv(session, (unsigned char *)buf + *got, size - *got, &n, &status, &err);
        *got += n;
    } while (step == KN_DONE && n > 0 && *got < size && !kn_tls_drained(session));
    /* n = 0: the end or a failure was met behind the data and is still to be told. */
    op->drained = *got > 0 && (step == KN_WANT_READ || (n > 0 && kn_tls_drained(session)));
    kb_unlock(&op->sock->session_lock);
    if (*got > 0) /* an end or a failure is met again by the next receive */
        return KN_DONE;
    if (step == KN_DONE && status != KB_OK)
        kn_fault_tls(out, status, &err);
    return step;
}

/* Little is expected: nothing is allocated before bytes are there. */
static kn_step receive_small(kn_op *op, receiver *receive, size_t *got, kiwi_result *out)
{
    unsigned char scratch[SCRATCH_SIZE];
    size_t wanted = op->u.max < sizeof(scratch) ? op->u.max : sizeof(scratch);
    kn_step step = receive(op, scratch, wanted, got, out);
    if (step != KN_DONE || *got == 0)
        return step;
    out->bytes = malloc(*got);
    if (out->bytes == NULL)
        kn_fault_sys(out, ENOMEM);
    else
        memcpy(out->bytes, scratch, *got);
    return KN_DONE;
}

/* Much is expected: receive where it stays. */
static kn_step receive_large(kn_op *op, receiver *receive, size_t *got, kiwi_result *out)
{
    size_t size = 2 * (size_t)op->sock->received;
    if (size > op->u.max)
        size = op->u.max;
    unsigned char *bytes = malloc(size);
    if (bytes == NULL)
        return receive_small(op, receive, got, out);
    kn_step step = receive(op, bytes, size, got, out);
    if (step != KN_DONE || *got == 0) {
        free(bytes);
        return step;
    }
    unsigned char *fitting = *got < size ? realloc(bytes, *got) : bytes;
    out->bytes = fitting != NULL ? fitting : bytes;
    return KN_DONE;
}

static kn_step step_recv(kn_op *op, kiwi_result *out)
{
    receiver *receive = op->sock->tls ? receive_tls : receive_tcp;
    size_t got = 0;
    bool large = op->sock->received >= SCRATCH_SIZE && op->u.max > SCRATCH_SIZE;
    kn_step step = large ? receive_large(op, receive, &got, out)
                         : receive_small(op, receive, &got, out);
    if (step != KN_DONE)
        return step;
    uint32_t faded = op->sock->received / 2; /* one short receive does not end a stream of long ones */
    op->sock->received = got > RECEIVED_MAX ? RECEIVED_MAX : got > faded ? (uint32_t)got : faded;
    out->kind = KIWI_RESULT_BYTES;
    out->size = out->bytes != NULL ? got : 0;
    return KN_DONE;
}

/* Before a send waits: bytes that were lent by its submitter are copied.  false: memory is short. */
static bool keep_rest(kn_op *op)
{
    if (!op->lent)
        return true;
    size_t rest = op->u.send.size - op->u.send.sent;
    unsigned char *copy = malloc(op->u.send.size);
    if (copy == NULL)
        return false;
    memcpy(copy + op->u.send.sent, op->u.send.data + op->u.send.sent, rest);
    op->u.send.data = copy;
    op->lent = false;
    return true;
}

static kn_step step_send(kn_op *op, kiwi_result *out)
{
    while (op->u.send.sent < op->u.send.size) {
        ssize_t put = send(op->sock->fd, op->u.send.data + op->u.send.sent,
                           op->u.send.size - op->u.send.sent, SEND_FLAGS);
        if (put >= 0) {
            op->u.send.sent += (size_t)put;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (keep_rest(op))
                return KN_WANT_WRITE;
            kn_fault_sys(out, ENOMEM);
            return KN_DONE;
        } else if (errno != EINTR) {
            kn_fault_sys(out, errno);
            return KN_DONE;
        }
    }
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = (int64_t)op->u.send.size;
    return KN_DONE;
}

/* Under session_lock: send up to the end of this turn, after what an abandoned send has left behind. */
static kn_step tls_send_turn(kn_op *op, kb_status *status, kb_error *err)
{
    kn_tls *session = op->sock->session;
    if (!op->begun && kn_tls_unflushed(session)) {
        kn_step step = kn_tls_flush(session, status, err);
        if (step != KN_DONE || *status != KB_OK)
            return step;
    }
    op->begun = true;
    if (op->kind == KN_OP_FIN)
        return kn_tls_bye(session, status, err);
    size_t end = (op->u.send.sent / TLS_TURN_SIZE + 1) * TLS_TURN_SIZE;
    if (end > op->u.send.size)
        end = op->u.send.size;
    return kn_tls_send(session, op->u.send.data, end, &op->u.send.sent, status, err);
}

static kn_step step_tls_send(kn_op *op, kiwi_result *out)
{
    do { /* once at least: what was joined to an earlier send may wait to be flushed */
        kb_status status = KB_OK;
        kb_error err = {0};
        kb_lock(&op->sock->session_lock);
        kn_step step = tls_send_turn(op, &status, &err);
        kb_unlock(&op->sock->session_lock);
        if (step != KN_DONE) {
            if (op->kind == KN_OP_FIN || keep_rest(op))
                return step;
            kn_fault_sys(out, ENOMEM);
            return KN_DONE;
        }
        if (status != KB_OK) {
            kn_fault_tls(out, status, &err);
            return KN_DONE;
        }
        if (op->kind == KN_OP_FIN)
            return KN_DONE;
    } while (op->u.send.sent < op->u.send.size);
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = (int64_t)op->u.send.size;
    return KN_DONE;
}

static kn_step step_fin(kn_op *op, kiwi_result *out)
{
    if (shutdown(op->sock->fd, SHUT_WR) != 0)
        kn_fault_sys(out, errno);
    return KN_DONE;
}

static kn_step step_handshake(kn_op *op, kiwi_result *out)
{
    kn_sock *sock = op->sock; /* hidden: nobody else uses the session yet */
    kb_status status = KB_OK;
    kb_error err = {0};
    if (sock->session == NULL)
        status = kn_tls_new(sock->context, sock->fd, NULL, false, &sock->session, &err);
    kn_step step = KN_DONE;
    if (status == KB_OK)
        step = kn_tls_handshake(sock->session, &status, &err);
    if (step == KN_DONE && status != KB_OK)
        kn_fault_tls(out, status, &err);
    return step;
}

kn_step kn_op_step(kiwi_net *net, kn_op *op, kiwi_result *out, bool may_compute)
{
    bool tls = op->sock->tls;
    switch ((kn_op_kind)op->kind) {
    case KN_OP_RECV: return step_recv(op, out);
    case KN_OP_SEND: return tls ? step_tls_send(op, out) : step_send(op, out);
    case KN_OP_FIN: return tls ? step_tls_send(op, out) : step_fin(op, out);
    case KN_OP_ACCEPT: return kn_accept_step(op, out);
    case KN_OP_CONNECT: return kn_connect_step(net, op, out, may_compute);
    case KN_OP_HANDSHAKE: return step_handshake(op, out);
    case KN_OP_BIND: return kn_bind_step(net, op, out);
    case KN_OP_SEND_TO: return kn_udp_send_step(op, out);
    case KN_OP_RECV_FROM: return kn_udp_recv_step(op, out);
    }
    return KN_DONE;
}

/* ---- Life (locked) ------------------------------------------------------------------------------ */

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

/* Is the descriptor known not to be ready in direction `side`?  Then a step would be a wasted call. */
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

/* ---- Running (locked; the lock is let go during steps) ------------------------------------------- */

/* The step of an abandoned operation has come back: what it brought is nobody's, except a connection. */
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
