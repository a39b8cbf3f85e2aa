/* tls_reload.c - the files of a TLS listener are read again.  The contract is in kiwi/net.h.
 *
 * Reloads queue on the write side of the listener, where nothing else does: one begins to read when the one before it has
 * ended, so the last one that was asked for has the last word. */
#include "config.h"

#include "net/equip.h"
#include "net/fault.h"
#include "net/move.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/wake.h"

/* Not locked.  At first it only is its turn: see got().  Then the files have been read, or nobody else could. */
static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    kb_error err = {0};
    if (op->u.reload.old == NULL || op->u.reload.fresh != NULL)
        return KN_DONE;
    kb_status status = kn_tls_context_reload(op->u.reload.old, &op->u.reload.fresh, &err);
    if (status != KB_OK)
        kn_fault_tls(out, status, &err);
    return KN_DONE;
}

/* ---- Life (locked) --------------------------------------------------------------------------- */

static bool got(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    if (op->u.reload.old == NULL) {
        op->u.reload.old = kn_tls_context_ref(op->sock->context);
        kn_move_op(op, KN_QUEUED);
        kn_equip_reload(net, op, op->u.reload.old);
    } else {
        kn_sock_set_context(op->sock, op->u.reload.fresh);
        kn_op_finish(net, op, out);
    }
    return true;
}

static void equipped(kiwi_net *net, kn_op *op, kn_tls_context *context, kb_status status, const kb_error *err)
{
    if (kn_equip_take(net, op, &op->u.reload.fresh, context, status, err))
        kn_op_ready(net, op);
}

static void release(kiwi_net *net, kn_op *op)
{
    (void)net;
    kn_tls_context_unref(op->u.reload.old);
    kn_tls_context_unref(op->u.reload.fresh);
}

static const kn_kind reload_kind = {.name = "reload",
                                    .side = KN_WRITE,
                                    .has_task = true,
                                    .on_listener = true,
                                    .unready = true,
                                    .step = step,
                                    .got = got,
                                    .equipped = equipped,
                                    .release = release};

/* ---- Submitting ----------------------------------------------------------------------------- */

kiwi_id kiwi_tls_reload(kiwi_net *net, kiwi_id listener)
{
    kn_lock(net);
    kiwi_id id;
    kn_sock *sock = kn_sock_find(net, listener, true, true);
    kn_op *op = kn_op_on(net, sock, &reload_kind, listener, &id);
    if (op != NULL) {
        kn_op_queue(net, op);
        kn_pool_submitted(net);
    }
    kn_wake_unlock(net);
    return id;
}
