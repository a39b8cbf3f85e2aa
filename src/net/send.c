/* send.c - sending, over TCP and TLS.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/fault.h"
#include "net/fd.h"
#include "net/join.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/run.h"
#include "net/send.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

enum {
    CALL_MAX = 256 * 1024, /* about what a socket's buffer takes */
    /* Sent in one step: a peer that is fast enough would keep the thread for ever, and nobody could close the socket. */
    STEP_MAX = 1024 * 1024,
};

/* Before a send waits: bytes that were lent by its submitter are copied.  false: memory is
 * short. */
static bool keep_rest(kn_op *op)
{
    if (!op->lent || op->u.send.done != NULL)
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

/* All of it is with the system. */
static kn_step sent(const kn_op *op, kiwi_result *out)
{
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = (int64_t)op->u.send.size;
    return KN_DONE;
}

/* The rest has to wait for what `step` says. */
static kn_step later(kn_op *op, kn_step step, kiwi_result *out)
{
    if (keep_rest(op))
        return step;
    kn_fault_sys(out, ENOMEM);
    return KN_DONE;
}

/* In one blocking call no more than a piece: between two the sender sees that its socket was closed. */
static size_t piece(const kn_op *op)
{
    size_t rest = op->u.send.size - op->u.send.sent;
    return op->how == KN_BLOCK && rest > CALL_MAX ? CALL_MAX : rest;
}

static kn_step step_tcp(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    int flags = KN_FD_SEND | (op->how == KN_BLOCK ? 0 : KN_FD_NOW);
    size_t before = op->u.send.sent;
    while (op->u.send.sent < op->u.send.size) {
        if (op->u.send.sent - before >= STEP_MAX)
            return later(op, op->how == KN_HELP ? KN_WANT_WORKER : KN_AGAIN, out);
        ssize_t put = send(op->sock->fd, op->u.send.data + op->u.send.sent, piece(op), flags);
        if (put >= 0) {
            op->u.send.sent += (size_t)put;
            if (op->how == KN_BLOCK && op->u.send.sent < op->u.send.size)
                return KN_AGAIN;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return later(op, KN_WANT_WRITE, out);
        } else if (errno != EINTR) {
            kn_fault_sys(out, errno);
            return KN_DONE;
        }
    }
    return sent(op, out);
}

/* In a turn of the session: send up to the end of this turn, after what an abandoned send has left
 * behind. */
static kn_step tls_turn(kn_op *op, kb_status *status, kb_error *err)
{
    kn_tls *session = op->sock->session;
    if (op->joined_count > 0)
        return kn_join_step(op, status, err);
    if (!op->begun && kn_tls_unflushed(session)) {
        kn_step step = kn_tls_flush(session, status, err);
        if (step != KN_DONE || *status != KB_OK)
            return step;
    }
    op->begun = true;
    size_t end = (op->u.send.sent / KN_TLS_TURN_MAX + 1) * KN_TLS_TURN_MAX;
    if (end > op->u.send.size)
        end = op->u.send.size;
    return kn_tls_send(session, op->u.send.data, end, &op->u.send.sent, status, err);
}

static kn_step step_tls(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    size_t before = op->u.send.sent;
    do { /* once at least: what was joined to an earlier send may wait to be flushed */
        kb_status status = KB_OK;
        kb_error err = {0};
        kn_tls_take(op->sock->session);
        kn_step step = tls_turn(op, &status, &err);
        kn_tls_pass(op->sock->session);
        if (step != KN_DONE)
            return later(op, KN_WANT_WRITE, out);
        if (status != KB_OK) {
            kn_fault_tls(out, status, &err);
            return KN_DONE;
        }
    } while (op->u.send.sent < op->u.send.size && op->u.send.sent - before < STEP_MAX);
    return op->u.send.sent < op->u.send.size ? later(op, KN_AGAIN, out) : sent(op, out);
}

/* Count the copy that the runtime has made of the bytes. */
static void count_copy(kiwi_net *net, kn_op *op)
{
    if (op->lent || op->counted)
        return;
    op->counted = true;
    kn_task_hold(net, (ptrdiff_t)op->u.send.size);
}

static void progress(kiwi_net *net, kn_op *op)
{
    count_copy(net, op);
    size_t more = op->u.send.sent - op->u.send.noted;
    op->u.send.noted = op->u.send.sent;
    op->sock->bytes_out += more;
    op->sock->queued -= more;
}

static void note(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    out->integer = (int64_t)op->u.send.size; /* of one that joined another, too */
    op->sock->reset = op->sock->reset || kn_fault_is_reset(out);
    op->failed = out->fault != KIWI_FAULT_NONE && !kn_fault_is_shortage(out);
}

static void lost(kiwi_net *net, kn_op *op, kn_step step, kiwi_result *out)
{
    if (step == KN_DONE)
        note(net, op, out);
}

/* A send that ends neither complete nor by a failure of the connection was given up on the way: whatever
 * is sent behind a part of it would be taken for its rest, and the end of a socket that is closing for a normal one. */
static void release(kiwi_net *net, kn_op *op)
{
    size_t sent = op->u.send.noted, size = op->u.send.size;
    op->sock->queued -= size - sent;
    if ((sent > 0 || op->sock->closing) && sent < size && !op->failed) {
        op->sock->cut = true;
        op->sock->cut_bytes += sent;
    }
    if (op->counted)
        kn_task_hold(net, -(ptrdiff_t)size);
    if (op->u.send.done != NULL)
        op->u.send.done(op->u.send.arg);
    else if (!op->lent)
        free(op->u.send.data);
}

bool kn_send_refused(const kn_sock *sock, kiwi_result *out)
{
    if (sock->cut)
        kn_fault(out, KIWI_FAULT_TRUNCATED, 0, "a send was cut short");
    return sock->cut;
}

static const kn_kind send_tcp = {.name = "send",
                                 .side = KN_WRITE,
                                 .has_task = true,
                                 .sends = true,
                                 .calls = KN_CALLS_LATER,
                                 .refused = kn_send_refused,
                                 .step = step_tcp,
                                 .progress = progress,
                                 .note = note,
                                 .lost = lost,
                                 .release = release};
static const kn_kind send_tls = {.name = "send",
                                 .side = KN_WRITE,
                                 .has_task = true,
                                 .sends = true,
                                 .refused = kn_send_refused,
                                 .gather = kn_join_gather,
                                 .step = step_tls,
                                 .progress = progress,
                                 .note = note,
                                 .lost = lost,
                                 .release = release};

/* ---- Submitting ----------------------------------------------------------------------------- */

/* A send of `size` bytes at `data`.  NULL: memory is short.  Locked. */
static kn_op *send_new(kiwi_net *net, kn_sock *sock, unsigned char *data, size_t size)
{
    kn_op *op = kn_op_new(net, sock, sock->tls ? &send_tls : &send_tcp);
    if (op == NULL)
        return NULL;
    op->u.send.data = data;
    op->u.send.size = size;
    op->u.send.sent = op->u.send.noted = 0;
    op->u.send.done = NULL;
    sock->queued += size;
    return op;
}

/* The send is the head of its side and its data is the submitter's: take the first step here. */
static kiwi_id send_lent(kiwi_net *net, kn_sock *sock, const void *data, size_t size) /* locked */
{
    /* only read, and copied before anything waits */
    kn_op *op = send_new(net, sock, (unsigned char *)(uintptr_t)data, size);
    if (op == NULL)
        return kn_task_no_memory(net);
    kiwi_id id = op->task->entry.id;
    op->lent = true;
    kb_list_push(&sock->side[KN_WRITE], &op->queue);
    kn_op_limit(net, op);
    kn_op_ready(net, op);
    kn_run_op(net, op, NULL, false);
    return id;
}

/* May the caller of a send take the first step itself?  Locked. */
static bool send_at_once(const kiwi_net *net, const kn_sock *sock, size_t size)
{
    if (!net->help || sock->cut || !kb_list_empty(&sock->side[KN_WRITE]))
        return false;
    if (sock->tls) /* a lazy runtime waits for more, which then joins it */
        return size <= KN_LIGHT_TLS_MAX && (!net->lazy || size > KN_JOIN_MAX);
    return !sock->registered || sock->hup || sock->dry[KN_WRITE] != sock->events[KN_WRITE];
}

/* Queue the send `op` (NULL: memory is short), whose bytes stay where they are. */
static kiwi_id send_later(kiwi_net *net, kn_op *op) /* locked */
{
    if (op == NULL)
        return kn_task_no_memory(net);
    kiwi_id id = op->task->entry.id;
    op->heavy = op->sock->tls && op->u.send.size > KN_LIGHT_TLS_MAX;
    count_copy(net, op);
    kn_op_queue(net, op);
    return id;
}

static kiwi_id send_copied(kiwi_net *net, kn_sock *sock, unsigned char *copy, size_t size) /* locked */
{
    kn_op *op = copy == NULL && size > 0 ? NULL : send_new(net, sock, copy, size);
    if (op == NULL)
        free(copy);
    return send_later(net, op);
}

/* A copy of `size` bytes at `data`; NULL: there are none, or memory is short.  Not locked: it may take long. */
static unsigned char *copy_bytes(const void *data, size_t size)
{
    unsigned char *copy = size > 0 ? malloc(size) : NULL;
    if (copy != NULL)
        memcpy(copy, data, size);
    return copy;
}

static kiwi_id no_data(kiwi_net *net) /* locked */
{
    return kn_task_refused(net, KIWI_FAULT_INVALID, EINVAL, "Invalid data: NULL.");
}

static kiwi_id no_room(kiwi_net *net, const kn_sock *sock, size_t size) /* locked */
{
    kiwi_result out = {0};
    kn_fault_limit(&out, "send", size);
    return kn_task_not_begun(net, &send_tcp, sock, &out);
}

static kiwi_id submit(kiwi_net *net, kiwi_id socket, const void *data, size_t size, bool tls)
{
    kiwi_id id;
    kn_lock(net);
    kn_sock *sock = kn_sock_find(net, socket, false, tls);
    if (data == NULL && size > 0) {
        id = no_data(net);
    } else if (sock != NULL && size > 0 && !kn_task_affords(net, size)) {
        id = no_room(net, sock, size); /* though it might go out at once: half a send could not be taken back */
    } else if (sock != NULL && send_at_once(net, sock, size)) {
        id = send_lent(net, sock, data, size);
    } else if (sock != NULL) {
        kn_wake_unlock(net);
        unsigned char *copy = copy_bytes(data, size);
        kn_lock(net);
        sock = kn_sock_find(net, socket, false, tls);
        if (sock != NULL) {
            id = send_copied(net, sock, copy, size);
        } else {
            free(copy);
            id = kn_task_no_socket(net, socket, "Invalid socket");
        }
    } else {
        id = kn_task_no_socket(net, socket, "Invalid socket");
    }
    kn_pool_submitted(net);
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_tcp_send(kiwi_net *net, kiwi_id socket, const void *data, size_t size)
{
    return submit(net, socket, data, size, false);
}

kiwi_id kiwi_tls_send(kiwi_net *net, kiwi_id socket, const void *data, size_t size)
{
    return submit(net, socket, data, size, true);
}

/* ---- Bytes that are lent ----------------------------------------------------------------------- */

static kiwi_id submit_lent(kiwi_net *net, kiwi_id socket, const void *data, size_t size, void (*done)(void *arg),
                           void *arg, bool tls)
{
    kn_lock(net);
    kiwi_id id;
    bool valid = done != NULL && (data != NULL || size == 0);
    kn_sock *sock = kn_sock_find(net, socket, false, tls);
    kn_op *op = sock == NULL || !valid ? NULL
                                       : send_new(net, sock, (unsigned char *)(uintptr_t)data, size); /* only read */
    if (op != NULL) {
        op->lent = true;
        op->u.send.done = done;
        op->u.send.arg = arg;
    }
    id = !valid ? no_data(net) : sock == NULL ? kn_task_no_socket(net, socket, "Invalid socket") : send_later(net, op);
    if (op == NULL && done != NULL)
        done(arg);
    kn_pool_submitted(net);
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_tcp_send_lent(kiwi_net *net, kiwi_id socket, const void *data, size_t size, void (*done)(void *arg),
                           void *arg)
{
    return submit_lent(net, socket, data, size, done, arg, false);
}

kiwi_id kiwi_tls_send_lent(kiwi_net *net, kiwi_id socket, const void *data, size_t size, void (*done)(void *arg),
                           void *arg)
{
    return submit_lent(net, socket, data, size, done, arg, true);
}
