/* listen.c - listeners: binding, accepting, and the handshakes of accepted connections, which run outside
 * the listener's queue so that a silent client delays nobody.  The contracts are in state.h. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/locks.h"

/* ---- Accepting ------------------------------------------------------------------------------------ */

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

/* ---- Listening -------------------------------------------------------------------------------------- */

/* Bind `host`:`port` to a new descriptor in *fd.  0 or an errno, with *out filled in. */
static int open_listener(const char *host, int64_t port, int64_t backlog, int *fd, kiwi_result *out)
{
    kn_addresses *all = NULL;
    int sys = 0, queue = backlog < 1 ? 1 : backlog > SOMAXCONN ? SOMAXCONN : (int)backlog;
    if (port < 0 || port > 65535) {
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid port %lld: expected 0 to 65535.",
                 (long long)port);
        return EINVAL;
    }
    int code = kn_resolve(host, (int)port, true, true, &all, &sys);
    if (code != 0)
        code = kn_resolve(host, (int)port, false, true, &all, &sys);
    if (code != 0) {
        char text[64];
        int error = kn_resolve_errno(code, sys);
        kn_fault(out, KIWI_FAULT_RESOLVE, error, "Cannot listen on %.100s:%lld: %s", host,
                 (long long)port, kn_resolve_text(code, sys, text, sizeof(text)));
        return error != 0 ? error : ENOENT;
    }
    int error = kn_bind(all, host[0] == '\0', queue, fd);
    free(all);
    if (error != 0) {
        char text[64];
        kn_fault(out, KIWI_FAULT_SYSTEM, error, "Cannot listen on %.100s:%lld: %s", host,
                 (long long)port, kb_errno_text(error, text, sizeof(text)));
    }
    return error;
}

static int listen_on(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                     kn_tls_context *context, int handshake_ms, kiwi_id *id, kiwi_result *out)
{
    int fd = -1;
    int error = open_listener(host, port, backlog, &fd, out);
    if (error != 0)
        return error;
    kb_lock(&net->lock);
    kn_sock *sock = kn_sock_new(net, fd, context != NULL);
    if (sock == NULL) {
        (void)close(fd);
        error = ENOMEM;
    } else if (kn_entry_add(net, &sock->entry) != 0) {
        kn_sock_close(net, sock);
        error = ENOMEM;
    } else {
        sock->listener = true;
        sock->context = context == NULL ? NULL : kn_tls_context_ref(context);
        sock->handshake_ms = handshake_ms > 0 ? handshake_ms : KN_HANDSHAKE_MS;
        *id = sock->entry.id;
    }
    kb_unlock(&net->lock);
    if (error != 0)
        kn_fault_sys(out, error);
    return error;
}

int kiwi_tcp_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog, kiwi_id *out,
                    kiwi_result *result)
{
    kiwi_result unseen;
    *out = 0;
    if (result == NULL)
        result = &unseen;
    *result = (kiwi_result){.state = KIWI_TASK_FAULTED};
    int error = listen_on(net, host, port, backlog, NULL, 0, out, result);
    if (error == 0)
        result->state = KIWI_TASK_COMPLETED;
    return error;
}

int kiwi_tls_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                    const kiwi_tls_options *options, kiwi_id *out, kiwi_result *result)
{
    kiwi_result unseen;
    *out = 0;
    if (result == NULL)
        result = &unseen;
    *result = (kiwi_result){.state = KIWI_TASK_FAULTED};
    kn_tls_context *context = NULL;
    kb_error err = {0};
    kb_status status = kn_tls_context_server(options, &context, &err);
    if (status != KB_OK) {
        kn_fault_tls(result, status, &err);
        return err.sys != 0 ? err.sys : status == KB_ENOMEM ? ENOMEM : EINVAL;
    }
    int error = listen_on(net, host, port, backlog, context,
                          options == NULL ? 0 : options->timeout_ms, out, result);
    kn_tls_context_unref(context);
    if (error == 0)
        result->state = KIWI_TASK_COMPLETED;
    return error;
}
