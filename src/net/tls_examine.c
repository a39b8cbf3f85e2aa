/* tls_examine.c - the certificate of a peer that nobody has verified is, once somebody asks.  The contract is in kiwi/net.h.
 *
 * An operation on a hidden socket, which waits for the files of the authorities and delays nothing of the connection. */
#include "config.h"

#include <stdlib.h>

#include "net/equip.h"
#include "net/move.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

struct kn_examine {
    kiwi_id peer;          /* the connection */
    kn_sock *target;       /* the same, while its session is needed; a reference */
    kn_tls_context *judge; /* a reference; NULL: `err` says why there is none */
    kb_error err;
};

/* Not locked.  The handshake's own work, once more. */
static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    struct kn_examine *e = op->u.examine;
    (void)net;
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = e->peer;
    if (e->target == NULL)
        return KN_DONE;
    if (op->how == KN_HELP)
        return KN_WANT_WORKER;
    kn_tls_take(e->target->session);
    kn_tls_examine_peer(e->target->session, e->judge, &e->err);
    kn_tls_pass(e->target->session);
    return KN_DONE;
}

/* ---- Life (locked) --------------------------------------------------------------------------- */

static void equipped(kiwi_net *net, kn_op *op, kn_tls_context *context, kb_status status, const kb_error *err)
{
    struct kn_examine *e = op->u.examine;
    if (context != NULL)
        e->judge = kn_tls_context_ref(context);
    else if (status != KB_OK)
        e->err = *err;
    else
        (void)kb_error_fail(&e->err, KB_ENOMEM, 0, "no thread could be started");
    e->target = kn_sock_any(net, e->peer);
    if (e->target != NULL && e->target->session == NULL)
        e->target = NULL;
    if (e->target != NULL)
        e->target->refs++;
    kn_op_ready(net, op);
}

static void release(kiwi_net *net, kn_op *op)
{
    struct kn_examine *e = op->u.examine;
    if (e->target != NULL)
        kn_sock_unref(net, e->target);
    kn_tls_context_unref(e->judge);
    free(e);
}

static const kn_kind examine_kind = {.name = "peer",
                                     .side = KN_READ,
                                     .has_task = true,
                                     .unready = true,
                                     .step = step,
                                     .equipped = equipped,
                                     .ended = kn_sock_served,
                                     .release = release};

/* ---- Submitting ------------------------------------------------------------------------------ */

/* Locked. */
static kiwi_id submit(kiwi_net *net, kiwi_id peer, const kn_tls *session)
{
    kn_tls_settings *settings = kn_tls_judge_settings(session);
    struct kn_examine *e = settings == NULL ? NULL : malloc(sizeof(*e));
    kn_sock *sock = e == NULL ? NULL : kn_sock_new(net, -1, false);
    kn_op *op = sock == NULL ? NULL : kn_op_new(net, sock, &examine_kind);
    if (op == NULL) {
        if (sock != NULL)
            kn_sock_close(net, sock);
        free(e);
        free(settings);
        return kn_task_no_memory(net);
    }
    kiwi_id id = op->task->entry.id;
    *e = (struct kn_examine){.peer = peer};
    op->u.examine = e;
    op->fresh = false; /* no worker waits for it in a place */
    kn_move_op(op, KN_RESOLVING);
    kn_op_queue(net, op);
    kn_equip_begin(net, op, settings);
    free(settings);
    kn_pool_submitted(net);
    return id;
}

kiwi_id kiwi_tls_examine(kiwi_net *net, kiwi_id socket)
{
    kn_lock(net);
    kn_sock *sock = kn_sock_any(net, socket);
    kiwi_id id = sock == NULL || sock->session == NULL ? kn_task_no_socket(net, socket, "Invalid socket")
                                                       : submit(net, socket, sock->session);
    kn_wake_unlock(net);
    return id;
}
