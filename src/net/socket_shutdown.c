/* socket_shutdown.c - the end of sending: FIN, and close_notify before it.  The contract is in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/fault.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/send.h"
#include "net/sock.h"
#include "net/wake.h"

static kn_step step_tcp(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    if (shutdown(op->sock->fd, SHUT_WR) != 0)
        kn_fault_sys(out, errno);
    return KN_DONE;
}

/* In a turn of the session: close_notify, after what an abandoned send has left behind. */
static kn_step say_bye(kn_tls *session, kb_status *status, kb_error *err)
{
    kn_step step = kn_tls_unflushed(session) ? kn_tls_flush(session, status, err) : KN_DONE;
    return step == KN_DONE && *status == KB_OK ? kn_tls_bye(session, status, err) : step;
}

static kn_step step_tls(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    kb_status status = KB_OK;
    kb_error err = {0};
    kn_tls_take(op->sock->session);
    kn_step step = say_bye(op->sock->session, &status, &err);
    kn_tls_pass(op->sock->session);
    if (step == KN_DONE && status != KB_OK)
        kn_fault_tls(out, status, &err);
    return step;
}

static const kn_kind fin_tcp = {.name = "shutdown",
                                .side = KN_WRITE,
                                .has_task = true,
                                .unready = true,
                                .refused = kn_send_refused,
                                .step = step_tcp};
static const kn_kind fin_tls = {.name = "shutdown",
                                .side = KN_WRITE,
                                .has_task = true,
                                .unready = true,
                                .refused = kn_send_refused,
                                .step = step_tls};

kiwi_id kiwi_socket_shutdown(kiwi_net *net, kiwi_id socket)
{
    kn_lock(net);
    kiwi_id id;
    kn_sock *sock = kn_sock_any(net, socket);
    if (sock != NULL && (sock->listener || sock->udp))
        sock = NULL;
    kn_op *op = kn_op_on(net, sock, sock != NULL && sock->tls ? &fin_tls : &fin_tcp, socket, &id);
    if (op != NULL) {
        kn_op_queue(net, op);
        kn_pool_submitted(net);
    }
    kn_wake_unlock(net);
    return id;
}
