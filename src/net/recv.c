/* recv.c - receiving, over TCP and TLS.  The contracts are in kiwi/net.h. */
#include "config.h"

#include "net/recv.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/fault.h"
#include "net/fd.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

enum {
    /* Received on the stack first: nothing is allocated before bytes are there. */
    SCRATCH_SIZE = 16384,
    RECEIVED_MAX = 512 * 1024, /* twice that is the most one receive gives */
    STEP_MAX = 1024 * 1024,    /* received in one step: whoever has other things to do looks up then */
};

kn_step kn_recv_tcp(kn_op *op, void *buf, size_t size, size_t *got, kiwi_result *out)
{
    ssize_t n;
    do
        n = recv(op->sock->fd, buf, size, op->how == KN_BLOCK ? 0 : KN_FD_NOW);
    while (n < 0 && errno == EINTR);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return KN_WANT_READ;
    if (n < 0)
        kn_fault_sys(out, errno);
    *got = n < 0 ? 0 : (size_t)n;
    op->drained = n > 0 && (size_t)n < size;
    return KN_DONE;
}

/* In one turn of the session: as many records as are there, each costs a step of its own otherwise.  true: there are
 * more. */
static bool tls_turn(kn_op *op, unsigned char *buf, size_t size, size_t *got, kn_step *step, kiwi_result *out)
{
    kn_tls *session = op->sock->session;
    kb_status status = KB_OK;
    kb_error err = {0};
    size_t n, end = size - *got > KN_TLS_TURN_MAX ? *got + KN_TLS_TURN_MAX : size;
    bool drained = false;
    kn_tls_take(session);
    do {
        n = 0;
        *step = kn_tls_recv(session, buf + *got, end - *got, &n, &status, &err);
        *got += n;
        drained = *got > 0 && kn_tls_drained(session);
    } while (*step == KN_DONE && n > 0 && *got < end && !drained);
    /* n = 0: the stream ended, or failed, behind the data; the next receive gives that. */
    op->drained = *got > 0 && (*step == KN_WANT_READ || (n > 0 && drained));
    kn_tls_pass(session);
    if (*got == 0 && *step == KN_DONE && status != KB_OK)
        kn_fault_tls(out, status, &err);
    return *step == KN_DONE && n > 0 && !drained;
}

kn_step kn_recv_tls(kn_op *op, void *buf, size_t size, size_t *got, kiwi_result *out)
{
    kn_step step;
    *got = 0;
    while (tls_turn(op, buf, size, got, &step, out) && *got < size && *got < STEP_MAX)
        continue;
    return *got > 0 ? KN_DONE : step; /* an end or a failure is met again by the next receive */
}

/* The most that a receive of `op` can give now. */
static size_t most(const kn_op *op, bool large)
{
    size_t size = large ? 2 * (size_t)op->sock->received : SCRATCH_SIZE;
    return size < op->u.max ? size : op->u.max;
}

/* Little is expected: nothing is allocated before bytes are there. */
static kn_step receive_small(kn_op *op, kn_receiver *receive, size_t *got, kiwi_result *out)
{
    unsigned char scratch[SCRATCH_SIZE];
    size_t wanted = most(op, false);
    kn_step step = receive(op, scratch, wanted, got, out);
    if (step != KN_DONE || *got == 0)
        return step;
    out->bytes = malloc(*got);
    if (out->bytes != NULL) {
        memcpy(out->bytes, scratch, *got);
    } else {
        kn_fault_sys(out, ENOMEM);
        op->torn = true;
    }
    return KN_DONE;
}

/* Much is expected: receive where it stays. */
static kn_step receive_large(kn_op *op, kn_receiver *receive, size_t *got, kiwi_result *out)
{
    size_t size = most(op, true);
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

kn_step kn_recv_nothing(kn_op *op, size_t size, kiwi_result *out)
{
    bool idle;
    op->no_call = true; /* bytes may come while it waits, and there is no room for them still */
    if (op->sock->tls) {
        struct pollfd fd = {.fd = op->sock->fd, .events = POLLIN};
        kn_tls_take(op->sock->session);
        idle = kn_tls_drained(op->sock->session) && poll(&fd, 1, 0) == 0;
        kn_tls_pass(op->sock->session);
    } else {
        int there = kn_fd_peek(op->sock->fd);
        idle = there < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
        if (there < 0 && !idle)
            kn_fault_sys(out, errno);
        if (there <= 0 && !idle)
            return KN_DONE;
    }
    if (!idle)
        kn_fault_limit(out, "receive", size);
    return idle ? KN_WANT_READ : KN_DONE;
}

static kn_step receive_nothing(kn_op *op, kiwi_result *out)
{
    out->kind = KIWI_RESULT_BYTES; /* none, at the end of the stream */
    return kn_recv_nothing(op, most(op, false), out);
}

/* What was received before, without anybody to take it. */
static kn_step deliver_ahead(kn_op *op, kiwi_result *out)
{
    out->kind = KIWI_RESULT_BYTES;
    out->bytes = kn_ahead_take(&op->sock->ahead, op->u.max, &out->size);
    if (out->bytes == NULL)
        kn_fault_sys(out, ENOMEM);
    return KN_DONE;
}

static kn_step step(kiwi_net *net, kn_op *op, kn_receiver *receive, kiwi_result *out)
{
    size_t got = 0;
    if (kn_ahead_size(&op->sock->ahead) > 0)
        return deliver_ahead(op, out);
    bool large = op->sock->received >= SCRATCH_SIZE && op->u.max > SCRATCH_SIZE && kn_task_affords(net, most(op, true));
    if (!large && !kn_task_affords(net, most(op, false)))
        return receive_nothing(op, out);
    kn_step step = large ? receive_large(op, receive, &got, out) : receive_small(op, receive, &got, out);
    if (step != KN_DONE)
        return step;
    uint32_t faded = op->sock->received / 2; /* one short receive does not end a stream of long ones */
    op->sock->received = got > RECEIVED_MAX ? RECEIVED_MAX : got > faded ? (uint32_t)got : faded;
    out->kind = KIWI_RESULT_BYTES;
    out->size = out->bytes != NULL ? got : 0;
    return KN_DONE;
}

static kn_step step_tcp(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    return step(net, op, kn_recv_tcp, out);
}

static kn_step step_tls(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    return step(net, op, kn_recv_tls, out);
}

static void note(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    kn_sock_count_ahead(net, sock);
    sock->torn = sock->torn || op->torn;
    sock->bytes_in += out->size;
    sock->dry[KN_READ] = op->drained ? op->seen[KN_READ] : 0;
}

/* The system tells of a reset once; afterwards it gives the end of the stream. */
static void note_tcp(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    note(net, op, out);
    sock->reset = sock->reset || kn_fault_is_reset(out);
    sock->ended = sock->ended || (out->size == 0 && out->fault == KIWI_FAULT_NONE);
    if (sock->reset && out->size == 0 && out->fault == KIWI_FAULT_NONE)
        kn_fault_sys(out, ECONNRESET);
}

/* Its time was up, or another thread has ended it, while bytes were received: the next receive gives them. */
static void lost(kiwi_net *net, kn_op *op, kn_step step, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    if (step != KN_DONE || sock->closing)
        return;
    sock->reset = sock->reset || (!sock->tls && kn_fault_is_reset(out));
    sock->torn = sock->torn || op->torn;
    if (out->size == 0)
        return;
    kn_ahead_put(&sock->ahead, out->bytes, out->size);
    kn_sock_count_ahead(net, sock);
    out->bytes = NULL;
}

bool kn_recv_refused(const kn_sock *sock, kiwi_result *out)
{
    if (sock->torn)
        kn_fault(out, KIWI_FAULT_TRUNCATED, 0, "received bytes were lost: there was no memory for them");
    return sock->torn;
}

static const kn_kind recv_tcp = {.name = "recv",
                                 .side = KN_READ,
                                 .has_task = true,
                                 .calls = KN_CALLS_FIRST,
                                 .refused = kn_recv_refused,
                                 .step = step_tcp,
                                 .note = note_tcp,
                                 .lost = lost};
static const kn_kind recv_tls = {.name = "recv",
                                 .side = KN_READ,
                                 .has_task = true,
                                 .refused = kn_recv_refused,
                                 .step = step_tls,
                                 .note = note,
                                 .lost = lost};

/* ---- Submitting ----------------------------------------------------------------------------- */

static kiwi_id bad_size(kiwi_net *net, int64_t least, int64_t max) /* locked */
{
    kiwi_result out = {0};
    kn_fault(&out, KIWI_FAULT_INVALID, EINVAL, "Invalid size %lld: expected %lld to %d.", (long long)max,
             (long long)least, INT32_MAX);
    return kn_task_faulted(net, &out);
}

kn_op *kn_recv_new(kiwi_net *net, kn_sock *sock, const kn_kind *kind, size_t size, kiwi_id *id)
{
    kn_locked(net);
    kiwi_result out = {0};
    kn_op *op = NULL;
    if (!kn_task_affords(net, 0)) {
        kn_fault_limit(&out, "receive", size);
        *id = kn_task_not_begun(net, kind, sock, &out);
    } else if ((op = kn_op_new(net, sock, kind)) == NULL) {
        *id = kn_task_no_memory(net);
    } else {
        *id = op->task->entry.id;
    }
    return op;
}

kn_op *kn_recv_from(kiwi_net *net, kiwi_id socket, bool tls, int64_t least, int64_t max, const kn_kind *kind,
                    kiwi_id *id)
{
    kn_locked(net);
    kn_sock *sock = kn_sock_find(net, socket, false, tls);
    if (sock == NULL)
        *id = kn_task_no_socket(net, socket, "Invalid socket");
    else if (max < least || max > INT32_MAX)
        *id = bad_size(net, least, max);
    else
        return kn_recv_new(net, sock, kind, max < SCRATCH_SIZE ? (size_t)max : SCRATCH_SIZE, id);
    return NULL;
}

/* Receive what has come. */
static kiwi_id submit(kiwi_net *net, kiwi_id socket, bool tls, int64_t max, const kn_kind *kind)
{
    kiwi_id id;
    kn_lock(net);
    kn_op *op = kn_recv_from(net, socket, tls, 1, max, kind, &id);
    if (op != NULL) {
        op->u.max = (size_t)max;
        kn_op_queue(net, op);
        kn_pool_submitted(net);
    }
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_tcp_recv(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return submit(net, socket, false, max, &recv_tcp);
}

kiwi_id kiwi_tls_recv(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return submit(net, socket, true, max, &recv_tls);
}
