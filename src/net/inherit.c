/* inherit.c - see inherit.h. */
#include "config.h"

#include "net/inherit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/equip.h"
#include "net/fault.h"
#include "net/fd.h"
#include "net/handed.h"
#include "net/move.h"
#include "net/op.h"
#include "net/option.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

struct kn_inherit {
    kn_tls_settings *settings; /* a listener over TLS, else NULL */
    int64_t index;
    char *name; /* behind the struct; NULL: the index counts */
    char text[];
};

static void inherit_free(struct kn_inherit *inherit)
{
    if (inherit == NULL)
        return;
    free(inherit->settings);
    free(inherit);
}

/* ---- The step (not locked) ------------------------------------------------------------------- */

/* The socket is there: `sock` has it from now on. */
static void adopt(kiwi_net *net, kn_sock *sock, const kn_handed *handed)
{
    (void)kn_option_set(handed->fd, sock->options, NULL); /* as a connection that was accepted gets them */
    kn_lock(net);
    kn_sock_set_fd(net, sock, handed->fd);
    sock->listener = handed->listener;
    sock->shared = handed->listener;
    sock->local = handed->local;
    if (!handed->listener) {
        sock->blocking = KN_FD_BLOCKS;
        sock->linger_ms = kn_option_value(sock->options, KIWI_SOCKET_LINGER, -1);
    }
    kn_wake_unlock(net);
}

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const struct kn_inherit *n = op->u.inherit;
    kn_handed handed;
    kb_error err = {0};
    char why[sizeof(out->message)];
    kb_status status = n->settings == NULL ? KB_OK : kn_equip_now(net, op->sock, n->settings, &err);
    if (status != KB_OK) {
        kn_fault_tls(out, status, &err);
        return KN_DONE;
    }
    bool listening = n->settings != NULL || op->sock->proxy != NULL; /* what those are about */
    int error = kn_handed_take(n->name, n->index, listening, &handed, why, sizeof(why));
    if (error != 0)
        kn_fault(out, KIWI_FAULT_INVALID, error, "%s", why);
    if (handed.fd >= 0) /* also where it was of no use */
        adopt(net, op->sock, &handed);
    return KN_DONE;
}

static void equipped(kiwi_net *net, kn_op *op, kn_tls_context *context, kb_status status, const kb_error *err)
{
    if (kn_equip_take(net, op, &op->sock->context, context, status, err))
        kn_op_ready(net, op);
}

static void release(kiwi_net *net, kn_op *op)
{
    (void)net;
    inherit_free(op->u.inherit);
}

static const kn_kind inherit_kind = {.name = "inherit",
                                     .side = KN_WRITE,
                                     .has_task = true,
                                     .makes_socket = true,
                                     .step = step,
                                     .equipped = equipped,
                                     .release = release};

/* ---- Submitting ------------------------------------------------------------------------------ */

/* NULL: memory is short. */
static struct kn_inherit *inherit_new(const char *name, int64_t index)
{
    size_t size = name == NULL ? 0 : strlen(name) + 1;
    struct kn_inherit *n = malloc(sizeof(*n) + size);
    if (n == NULL)
        return NULL;
    *n = (struct kn_inherit){.index = index};
    if (name != NULL)
        n->name = memcpy(n->text, name, size);
    return n;
}

/* Locked. */
static kiwi_id submit(kiwi_net *net, kn_sock *sock, struct kn_inherit *n)
{
    kn_op *op = sock == NULL || n == NULL ? NULL : kn_op_new(net, sock, &inherit_kind);
    if (op == NULL) {
        if (sock != NULL)
            kn_sock_close(net, sock);
        inherit_free(n);
        return kn_task_no_memory(net);
    }
    kiwi_id id = op->task->entry.id;
    op->u.inherit = n;
    if (n->settings != NULL)
        kn_move_op(op, KN_RESOLVING);
    kn_op_queue(net, op);
    if (n->settings != NULL)
        kn_equip_begin(net, op, n->settings);
    kn_pool_submitted(net);
    return id;
}

kiwi_id kn_inherit_submit(kiwi_net *net, kn_sock *sock, const char *name, int64_t index, kn_tls_settings *settings)
{
    struct kn_inherit *n = inherit_new(name, index);
    if (n != NULL)
        n->settings = settings;
    else
        free(settings);
    kn_lock(net);
    kiwi_id id = submit(net, sock, n);
    kn_wake_unlock(net);
    return id;
}
