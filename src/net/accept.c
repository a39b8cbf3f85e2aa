/* accept.c - see accept.h; and kiwi_tcp_accept(), kiwi_tls_accept(), whose contracts are in kiwi/net.h. */
#include "config.h"

#include "net/accept.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/relief.h"
#include "net/fault.h"
#include "net/fd.h"
#include "net/handshake.h"
#include "net/op.h"
#include "net/option.h"
#include "net/park.h"
#include "net/pool.h"
#include "net/proxy.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

/* ---- The step (not locked) ------------------------------------------------------------------ */

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

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    for (;;) {
        int fd = -1, error = kn_fd_accept(op->sock->fd, &fd, &op->u.peer);
        if (error == 0) {
            (void)kn_option_set(fd, op->sock->options, NULL); /* not every system hands them on */
            out->integer = fd;
            return KN_DONE;
        }
        if (error == EAGAIN || error == EWOULDBLOCK)
            return KN_WANT_READ;
        if (kb_relief_ask(error))
            continue;
        if (short_of_something(error))
            return KN_WANT_TIME; /* the connection stays queued, so waiting for readiness would spin */
        if (!accept_again(error)) {
            kn_fault_sys(out, error);
            return KN_DONE;
        }
    }
}

/* ---- Handing out (locked) -------------------------------------------------------------------- */

/* Take a connection that waits for an accept; NULL: none. */
static kn_sock *pop_accepted(kn_sock *listener)
{
    kb_link *link = kb_list_pop(&listener->accepted);
    if (link == NULL)
        return NULL;
    kn_sock *sock = KB_OWNER(link, kn_sock, shake);
    listener->untaken--;
    sock->listener_of = NULL;
    return sock;
}

/* The oldest accept that still waits: a head that was abandoned no longer does. */
static kn_op *oldest_accept(const kn_sock *listener)
{
    kn_op *op = kn_sock_head(listener, KN_READ);
    if (op != NULL && op->abandoned)
        op = op->queue.next == &listener->side[KN_READ] ? NULL : KB_OWNER(op->queue.next, kn_op, queue);
    return op;
}

/* `sock` gets its id, which is the result. */
static void publish(kiwi_net *net, kn_sock *sock, kiwi_result *out)
{
    *out = (kiwi_result){.kind = KIWI_RESULT_INTEGER};
    if (kn_task_enter(net, &sock->entry) != 0) {
        kn_fault_sys(out, ENOMEM);
        kn_sock_close(net, sock);
    } else {
        out->integer = sock->entry.id;
    }
}

void kn_accept_hand_out(kiwi_net *net, kn_sock *listener)
{
    kn_locked(net);
    for (kn_op *op; !kb_list_empty(&listener->accepted) && (op = oldest_accept(listener)) != NULL;) {
        kiwi_result out;
        publish(net, pop_accepted(listener), &out);
        kn_op_end(net, op, &out); /* ends it with a result, in whatever state it is */
    }
    kn_op_advance(net, listener, KN_READ);
}

void kn_accept_resume(kiwi_net *net, kn_sock *listener)
{
    kn_locked(net);
    kn_op *op = kn_sock_head(listener, KN_READ);
    if (op != NULL && op->state == KN_PARKED && op->want == KN_NOTHING && op->pause_us == KB_NEVER &&
        listener->untaken < KN_SHAKES_MAX) {
        kn_op_ready(net, op);
        kn_pool_nudge(net);
    }
}

/* The step has brought a connection: a hidden socket for it.  NULL: the connection was dropped. */
static kn_sock *adopt(kiwi_net *net, kn_sock *listener, int fd)
{
    kn_sock *sock = listener->closing ? NULL : kn_sock_new(net, fd, listener->tls);
    if (sock != NULL) {
        sock->blocking = KN_FD_BLOCKS;
        sock->local = listener->local;
        sock->linger_ms = kn_option_value(listener->options, KIWI_SOCKET_LINGER, -1);
        return sock;
    }
    (void)close(fd);
    listener->handshakes.count += listener->tls && !listener->closing;
    return NULL;
}

/* Is there something to be done before a connection may be handed out? */
static bool begins_hidden(const kn_sock *listener)
{
    return listener->tls || listener->proxy != NULL;
}

static void begin_hidden(kiwi_net *net, kn_sock *listener, kn_sock *sock, const struct sockaddr_in6 *peer)
{
    if (listener->proxy != NULL)
        kn_proxy_begin(net, listener, sock, peer);
    else
        kn_handshake_begin(net, listener, sock, peer);
}

static bool got(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_sock *listener = op->sock, *sock = adopt(net, listener, (int)out->integer);
    if (sock != NULL && !begins_hidden(listener)) {
        publish(net, sock, out);
        kn_op_finish(net, op, out);
        return true;
    }
    if (sock != NULL)
        begin_hidden(net, listener, sock, &op->u.peer);
    if (sock == NULL || listener->untaken < KN_SHAKES_MAX)
        return false;
    kn_park_op(net, op, KN_NOTHING); /* until one of the many is taken */
    return true;
}

/* The accept was abandoned: its connection goes to the next one. */
static void lost(kiwi_net *net, kn_op *op, kn_step step, kiwi_result *out)
{
    kn_sock *listener = op->sock;
    kn_sock *sock = step == KN_DONE && out->fault == KIWI_FAULT_NONE ? adopt(net, listener, (int)out->integer) : NULL;
    if (sock == NULL)
        return;
    if (begins_hidden(listener)) {
        begin_hidden(net, listener, sock, &op->u.peer);
        return;
    }
    kb_list_push(&listener->accepted, &sock->shake);
    listener->untaken++;
    sock->listener_of = listener;
}

static const kn_kind accept_tcp = {
    .name = "accept", .side = KN_READ, .has_task = true, .on_listener = true, .step = step, .got = got, .lost = lost};
static const kn_kind accept_tls = {
    .name = "accept", .side = KN_READ, .has_task = true, .on_listener = true, .step = step, .got = got, .lost = lost};

/* ---- Submitting ----------------------------------------------------------------------------- */

static kiwi_id submit(kiwi_net *net, kiwi_id listener, const kn_kind *kind)
{
    kn_lock(net);
    kiwi_id id;
    kn_sock *sock = kn_sock_find(net, listener, true, kind == &accept_tls);
    kn_op *op = kn_op_on(net, sock, kind, listener, &id);
    if (op != NULL) {
        kn_op_queue(net, op);
        kn_accept_hand_out(net, sock);
        kn_pool_submitted(net);
    }
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_tcp_accept(kiwi_net *net, kiwi_id listener)
{
    return submit(net, listener, &accept_tcp);
}

kiwi_id kiwi_tls_accept(kiwi_net *net, kiwi_id listener)
{
    return submit(net, listener, &accept_tls);
}
