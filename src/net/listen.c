/* listen.c - listeners: binding, accepting, and the handshakes of accepted connections, which run
 * outside the listener's queue so that a silent client delays nobody.  The contracts are in
 * state.h. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/locks.h"

/* ---- Accepting ------------------------------------------------------------------------------ */

/* Errors of one connection, not of the listener: the next one may be good (accept(2)). */
static bool accept_again(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
#if defined(ENONET)
    case ENONET:
#endif
#if defined(EHOSTDOWN)
    case EHOSTDOWN:
#endif
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH: return true;
    default: return false;
    }
}

static bool short_of_something(int error)
{
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

kn_step kn_accept_step(kn_op *op, kiwi_result *out)
{
    for (;;) {
        int fd = -1, error = kn_fd_accept(op->sock->fd, &fd);
        if (error == 0) {
            out->integer = fd;
            return KN_DONE;
        }
        if (error == EAGAIN || error == EWOULDBLOCK)
            return KN_WANT_READ;
        if (short_of_something(error))
            return KN_WANT_TIME; /* the connection stays queued, so waiting for readiness would spin */
        if (!accept_again(error)) {
            kn_fault_sys(out, error);
            return KN_DONE;
        }
    }
}

kn_sock *kn_accepted_pop(kn_sock *listener)
{
    kb_link *link = kb_list_pop(&listener->accepted);
    if (link == NULL)
        return NULL;
    kn_sock *sock = KB_OWNER(link, kn_sock, shake);
    listener->held--;
    sock->listener_of = NULL;
    return sock;
}

static kn_op *head(const kn_sock *listener)
{
    kb_link *link = kb_list_first(&listener->side[KN_READ]);
    return link == NULL ? NULL : KB_OWNER(link, kn_op, queue);
}

/* The oldest accept that still waits: a head that was abandoned no longer does. */
static kn_op *oldest_accept(const kn_sock *listener)
{
    kn_op *op = head(listener);
    if (op != NULL && op->abandoned)
        op = op->queue.next == &listener->side[KN_READ] ? NULL
                                                        : KB_OWNER(op->queue.next, kn_op, queue);
    return op;
}

void kn_accepted_hand_out(kiwi_net *net, kn_sock *listener)
{
    for (kn_op *op;
         !kb_list_empty(&listener->accepted) && (op = oldest_accept(listener)) != NULL;) {
        kn_sock *sock = kn_accepted_pop(listener);
        kiwi_result out = {.kind = KIWI_RESULT_INTEGER};
        if (kn_entry_add(net, &sock->entry) != 0) {
            kn_fault_sys(&out, ENOMEM);
            kn_sock_close(net, sock);
        } else {
            out.integer = sock->entry.id;
        }
        kn_op_abort(net, op, &out); /* ends it with a result, in whatever state it is */
    }
    kn_side_advance(net, listener, KN_READ);
}

/* Begin the handshake of `sock`.  On failure the connection is dropped. */
static void shake(kiwi_net *net, kn_sock *listener, kn_sock *sock)
{
    kn_op *op = kn_op_new(net, sock, KN_OP_HANDSHAKE);
    if (op == NULL) {
        kn_sock_close(net, sock);
        listener->handshakes_failed++;
        return;
    }
    sock->context = kn_tls_context_ref(listener->context);
    sock->listener_of = listener;
    kb_list_push(&listener->shaking, &sock->shake);
    listener->held++;
    op->heavy = true;
    kn_op_queue(net, op);
    kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), listener->handshake_ms));
    kn_pool_nudge(net);
}

bool kn_accept_got(kiwi_net *net, kn_op *op, int fd)
{
    kn_sock *listener = op->sock;
    kn_sock *sock = listener->closing ? NULL : kn_sock_new(net, fd, listener->tls);
    if (sock == NULL) {
        (void)close(fd);
        listener->handshakes_failed += listener->tls && !listener->closing;
        return false;
    }
    if (listener->tls) {
        shake(net, listener, sock);
        if (op->abandoned || listener->held < KN_SHAKES_MAX)
            return false;
        kn_park(net, op, KN_NOTHING); /* until one of the many has ended */
        return true;
    }
    if (op->abandoned) { /* its time was up: the connection goes to the next accept */
        kb_list_push(&listener->accepted, &sock->shake);
        listener->held++;
        sock->listener_of = listener;
        return false;
    }
    kiwi_result out = {.kind = KIWI_RESULT_INTEGER};
    if (kn_entry_add(net, &sock->entry) != 0) {
        kn_fault_sys(&out, ENOMEM);
        kn_sock_close(net, sock);
    } else {
        out.integer = sock->entry.id;
    }
    kn_op_finish(net, op, &out);
    return true;
}

void kn_handshake_ended(kiwi_net *net, kn_sock *sock, bool good)
{
    kn_sock *listener = sock->listener_of;
    if (listener == NULL)
        return; /* the listener was closed, and this with it */
    kb_list_remove(&sock->shake);
    if (good) {
        kb_list_push(&listener->accepted, &sock->shake);
        kn_accepted_hand_out(net, listener);
    } else {
        sock->listener_of = NULL;
        listener->held--;
        listener->handshakes_failed++;
        kn_sock_close(net, sock);
    }
    kn_op *op = head(listener);
    if (op != NULL && op->state == KN_PARKED && op->want == KN_NOTHING &&
        op->pause_us == KB_NEVER && listener->held < KN_SHAKES_MAX) {
        kn_op_ready(net, op);
        kn_pool_nudge(net);
    }
}

/* ---- Listening ------------------------------------------------------------------------------ */

/* Takes over the reference to `context` (NULL: TCP). */
static kiwi_id listen_on(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                         kn_tls_context *context, int handshake_ms)
{
    int queue = backlog < 1 ? 1 : backlog > SOMAXCONN ? SOMAXCONN : (int)backlog;
    kb_lock(&net->lock);
    kn_sock *sock = kn_sock_new(net, -1, context != NULL);
    if (sock != NULL) {
        sock->listener = true;
        sock->context = context;
        sock->handshake_ms = handshake_ms > 0 ? handshake_ms : KN_HANDSHAKE_MS;
    }
    kb_unlock(&net->lock);
    if (sock == NULL)
        kn_tls_context_unref(context);
    return kn_bind_submit(net, sock, host, port, queue);
}

kiwi_id kiwi_tcp_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog)
{
    return listen_on(net, host, port, backlog, NULL, 0);
}

kiwi_id kiwi_tls_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                        const kiwi_tls_options *options)
{
    kn_tls_context *context = NULL;
    kb_error err = {0};
    kb_status status = kn_tls_context_server(options, &context, &err);
    if (status == KB_OK)
        return listen_on(net, host, port, backlog, context,
                         options == NULL ? 0 : options->timeout_ms);
    kiwi_result out = {0};
    kn_fault_tls(&out, status, &err);
    kb_lock(&net->lock);
    kiwi_id id = kn_task_faulted(net, &out);
    kb_unlock(&net->lock);
    return id;
}
