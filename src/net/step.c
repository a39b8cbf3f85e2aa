/* step.c - one step of each kind of operation: what can be done without waiting for the peer.
 * The steps of connect, accept, bind and UDP are in files of their own.  The contracts are in
 * state.h and step.h.
 *
 * Nothing here holds the runtime's lock.  A step works on its operation and on the fields of the
 * side whose head that is; the TLS session, which both sides share, needs session_lock. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/locks.h"

enum {
    /* Received on the stack first: nothing is allocated before bytes are there. */
    SCRATCH_SIZE = 16384,
    /* Sent in one hold of a session's lock, so that receiving gets its turn. */
    TLS_TURN_SIZE = 4 * 16384,
    RECEIVED_MAX = 512 * 1024, /* twice that is the most one receive gives */
};

#if defined(MSG_NOSIGNAL)
enum { SEND_FLAGS = MSG_NOSIGNAL };
#else
enum { SEND_FLAGS = 0 }; /* SO_NOSIGPIPE is set instead */
#endif

/* ---- Receiving ------------------------------------------------------------------------------ */

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

/* ---- Sending -------------------------------------------------------------------------------- */

/* Before a send waits: bytes that were lent by its submitter are copied.  false: memory is
 * short. */
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

/* Under session_lock: send up to the end of this turn, after what an abandoned send has left
 * behind. */
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

/* ---- The rest ------------------------------------------------------------------------------- */

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
