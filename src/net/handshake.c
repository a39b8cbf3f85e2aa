/* handshake.c - see handshake.h. */
#include "config.h"

#include "net/handshake.h"

#include <errno.h>

#include "net/equip.h"
#include "net/fault.h"
#include "net/move.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/shake.h"
#include "net/sock.h"
#include "net/wake.h"

/* ---- The step (not locked) ------------------------------------------------------------------- */

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    kn_sock *sock = op->sock; /* hidden: nobody else uses the session yet */
    kb_status status = KB_OK;
    kb_error err = {0};
    if (sock->session == NULL)
        status = kn_tls_new(sock->context, sock->fd, NULL, false, &sock->session, &err);
    kn_step step = KN_DONE;
    if (status == KB_OK) {
        step = kn_tls_handshake(sock->session, &status, &err);
        op->begun = kn_tls_heard(sock->session);
    }
    if (step == KN_DONE && status != KB_OK)
        kn_fault_tls(out, status, &err);
    return step;
}

/* ---- Life (locked) --------------------------------------------------------------------------- */

static void progress(kiwi_net *net, kn_op *op)
{
    (void)net;
    kn_shake_heard(op);
}

static void ended(kiwi_net *net, kn_sock *sock, const kiwi_result *out)
{
    kn_sock *listener = sock->listener_of;
    if (listener == NULL)
        return; /* the listener was closed, and this with it */
    if (out->fault == KIWI_FAULT_NONE) {
        kn_shake_done(net, sock);
    } else {
        kn_shake_note(&listener->handshakes, &sock->client, out);
        kn_shake_drop(net, sock);
    }
}

/* The listener's context has been looked at: its certificate may be another one now.  One that has come from a reload
 * meanwhile is newer, or will be looked at in turn. */
static void equipped(kiwi_net *net, kn_op *op, kn_tls_context *context, kb_status status, const kb_error *err)
{
    kn_sock *sock = op->sock, *listener = sock->listener_of;
    (void)status;
    (void)err;
    if (context != NULL && listener->context == sock->context)
        kn_sock_set_context(listener, context);
    kn_sock_set_context(sock, listener->context); /* the old one where memory was short */
    kn_op_ready(net, op);
}

static const kn_kind handshake = {
    .name = "handshake", .side = KN_WRITE, .equipped = equipped, .step = step, .progress = progress, .ended = ended};

void kn_handshake_begin(kiwi_net *net, kn_sock *listener, kn_sock *sock, const struct sockaddr_in6 *peer)
{
    kn_locked(net);
    kn_op *op = kn_op_new(net, sock, &handshake);
    if (op == NULL) {
        kiwi_result out = {0};
        kn_fault_sys(&out, ENOMEM);
        kn_shake_note(&listener->handshakes, peer, &out);
        kn_sock_close(net, sock);
        return;
    }
    kn_shake_enter(net, listener, sock, peer);
    op->heavy = true;
    bool due = kn_tls_context_due(listener->context);
    kn_sock_set_context(sock, listener->context);
    if (due)
        kn_move_op(op, KN_RESOLVING);
    kn_op_queue(net, op);
    kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), listener->handshake_ms));
    if (due)
        kn_equip_renew(net, op, listener);
    kn_pool_nudge(net);
}
