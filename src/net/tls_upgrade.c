/* tls_upgrade.c - TLS on a connection that is there already, plain or over TLS itself.  The contracts are in kiwi/net.h.
 *
 * The id of the old socket ends at once.  The operation queues behind the sends of the old socket; when it is its turn, the
 * old one gives its descriptor, and its session if it has one, to a new one, and is gone.  Bytes that were received before
 * the handshake must not be taken for what came after it (CVE-2011-0411): so no receive may be pending, and nothing kept.
 * What is still with the system is read by the handshake, which fails if that is no TLS. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/close.h"
#include "net/equip.h"
#include "net/fault.h"
#include "net/move.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

struct kn_upgrade {
    kn_tls_settings *settings;
    kn_tls *under; /* the session that carries the new one; NULL: none (any more) */
    bool moved;    /* the connection has gone to the new socket, which the operation is of from then on */
    char name[];   /* a client: of the server, sent and verified */
};

static void upgrade_free(struct kn_upgrade *u)
{
    if (u == NULL)
        return;
    free(u->settings);
    kn_tls_free(u->under);
    free(u);
}

static void cannot(kiwi_result *out, kiwi_fault fault, int sys, const char *why)
{
    kn_fault(out, fault, sys, "Cannot start TLS: %s", why);
}

static void cannot_tls(kiwi_result *out, kb_status status, const kb_error *err)
{
    kiwi_result why = {0};
    kn_fault_tls(&why, status, err);
    cannot(out, why.fault, why.sys, why.message);
    out->tls = why.tls;
    out->alert = why.alert;
    out->handshake = why.fault == KIWI_FAULT_TLS;
}

/* ---- The step (not locked) ------------------------------------------------------------------ */

static bool is_near(int fd)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(peer);
    return getpeername(fd, (struct sockaddr *)&peer, &size) == 0 && kn_addr_is_loopback(&peer);
}

/* The session, over that of the old socket if there is one. */
static kb_status begin(kn_sock *sock, struct kn_upgrade *u, kb_error *err)
{
    const char *name = u->settings->server ? NULL : u->name;
    kb_status status = kn_tls_new(sock->context, sock->fd, name, is_near(sock->fd), &sock->session, err);
    if (status == KB_OK && u->under != NULL) {
        kn_tls_put_over(sock->session, u->under);
        u->under = NULL;
    }
    return status;
}

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    kn_sock *sock = op->sock; /* hidden: nobody else uses the session yet */
    kb_error err = {0};
    kn_step step = KN_DONE;
    if (!op->u.upgrade->moved)
        return KN_DONE; /* it is its turn: see got() */
    kb_status status = kn_equip_now(net, sock, op->u.upgrade->settings, &err);
    if (status == KB_OK && sock->session == NULL)
        status = begin(sock, op->u.upgrade, &err);
    if (status == KB_OK)
        step = kn_tls_handshake(sock->session, &status, &err);
    if (step == KN_DONE && status != KB_OK)
        cannot_tls(out, status, &err);
    return step;
}

/* ---- Life (locked) --------------------------------------------------------------------------- */

static void equipped(kiwi_net *net, kn_op *op, kn_tls_context *context, kb_status status, const kb_error *err)
{
    if (status != KB_OK) {
        kiwi_result out = {0};
        cannot_tls(&out, status, err);
        kn_op_fail(net, op, &out);
        return;
    }
    op->sock->context = context == NULL ? NULL : kn_tls_context_ref(context);
    kn_op_ready(net, op);
}

/* Why no handshake may begin though what was sent before has ended; NULL: one may. */
static const char *broken(const kn_sock *sock)
{
    if (sock->cut)
        return "a send was cut short";
    return sock->reset ? "the connection was reset" : NULL;
}

/* What the old socket knows of its connection goes to `sock` with it; the old one is gone. */
static void take_over(kiwi_net *net, kn_sock *sock, kn_op *op)
{
    kn_sock *old = op->sock;
    sock->blocking = old->blocking;
    sock->local = old->local;
    sock->untimed = old->untimed;
    sock->linger_ms = old->linger_ms;
    sock->proxied = old->proxied;
    sock->origin = old->origin;
    old->origin = NULL;
    memcpy(sock->limited, old->limited, sizeof(sock->limited));
    op->u.upgrade->under = old->session;
    old->session = NULL;
    kn_sock_set_fd(net, sock, kn_sock_yield_fd(net, old));
    kb_list_remove(&op->queue);
    op->sock = sock;
    kb_list_push(&sock->side[KN_WRITE], &op->queue);
    kn_sock_close(net, old);
}

/* All that was sent before has ended: the handshake begins, on a new socket.  false: *out says why not. */
static bool move(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const char *why = broken(op->sock);
    kn_sock *sock = why != NULL ? NULL : kn_sock_new(net, -1, true);
    if (sock != NULL) {
        op->u.upgrade->moved = true;
        take_over(net, sock, op);
        kn_move_op(op, KN_QUEUED);
        kn_equip_begin(net, op, op->u.upgrade->settings);
    } else if (why != NULL) {
        cannot(out, op->sock->cut ? KIWI_FAULT_TRUNCATED : KIWI_FAULT_SYSTEM, op->sock->cut ? 0 : ECONNRESET, why);
    } else {
        kn_fault_sys(out, ENOMEM);
    }
    return sock != NULL;
}

static bool got(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    if (op->u.upgrade->moved || !move(net, op, out))
        kn_op_finish(net, op, out);
    return true;
}

static void expired(const kn_op *op, kiwi_result *out)
{
    (void)op;
    cannot(out, KIWI_FAULT_TIMEOUT, ETIMEDOUT, "timed out");
}

static void release(kiwi_net *net, kn_op *op)
{
    (void)net;
    upgrade_free(op->u.upgrade);
}

static const kn_kind upgrade_kind = {.name = "upgrade",
                                     .side = KN_WRITE,
                                     .has_task = true,
                                     .makes_socket = true,
                                     .step = step,
                                     .got = got,
                                     .equipped = equipped,
                                     .expired = expired,
                                     .release = release};

/* ---- Submitting (locked) ---------------------------------------------------------------------- */

/* Why no handshake may begin on `sock` now; NULL: one may, after what is being sent. */
static const char *obstacle(const kn_sock *sock)
{
    const kn_op *first = kn_sock_head(sock, KN_WRITE);
    int users = 1 + (first != NULL && first->state == KN_RUNNING);
    if (!kb_list_empty(&sock->side[KN_READ]))
        return "a receive is pending";
    if (kn_ahead_size(&sock->ahead) > 0)
        return "bytes that came before it have not been received";
    return sock->refs > users ? "another thread uses the socket" : broken(sock);
}

/* The connection `id`; NULL: there is none, or it cannot be upgraded now, and *refused is a task that says why. */
static kn_sock *find(kiwi_net *net, kiwi_id id, kiwi_id *refused)
{
    kiwi_result out = {0};
    kn_sock *sock = kn_sock_any(net, id);
    if (sock == NULL || sock->listener || sock->udp || !kn_close_send_now(net, sock)) {
        *refused = kn_task_no_socket(net, id, "Invalid socket");
        return NULL;
    }
    const char *why = obstacle(sock);
    if (why == NULL)
        return sock;
    cannot(&out, KIWI_FAULT_INVALID, 0, why);
    *refused = kn_task_faulted(net, &out);
    return NULL;
}

static struct kn_upgrade *upgrade_new(const kn_sock *sock, const char *sni, const kn_tls_settings *settings)
{
    const char *name = sni != NULL ? sni : sock->host != NULL ? sock->host : sock->local ? "localhost" : "";
    size_t size = strlen(name) + 1;
    struct kn_upgrade *u = malloc(sizeof(*u) + size);
    if (u == NULL)
        return NULL;
    *u = (struct kn_upgrade){.settings = kn_tls_settings_copy(settings)};
    memcpy(u->name, name, size);
    if (u->settings != NULL)
        return u;
    free(u);
    return NULL;
}

static kiwi_id submit(kiwi_net *net, kn_sock *old, const char *sni, const kn_tls_settings *settings, int limit_ms)
{
    struct kn_upgrade *u = upgrade_new(old, sni, settings);
    kn_op *op = u == NULL ? NULL : kn_op_new(net, old, &upgrade_kind);
    if (op == NULL) {
        upgrade_free(u);
        return kn_task_no_memory(net);
    }
    kiwi_id id = op->task->entry.id;
    op->u.upgrade = u;
    op->heavy = true;
    kn_sock_hide(net, old);
    kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), limit_ms > 0 ? limit_ms : KN_HANDSHAKE_MS));
    kn_op_queue(net, op);
    kn_pool_submitted(net);
    return id;
}

static kiwi_id upgrade(kiwi_net *net, kiwi_id socket, const char *sni, const kiwi_tls_options *options, bool server)
{
    kn_tls_settings *settings = kn_tls_settings_new(options, server);
    if (settings != NULL)
        settings->kept = true;
    kn_lock(net);
    kiwi_id id;
    kn_sock *old = find(net, socket, &id);
    if (old != NULL)
        id = settings == NULL ? kn_task_no_memory(net)
                              : submit(net, old, sni, settings, options == NULL ? 0 : options->timeout_ms);
    kn_wake_unlock(net);
    free(settings);
    return id;
}

static bool blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

kiwi_id kiwi_tls_upgrade(kiwi_net *net, kiwi_id socket, const char *sni, const kiwi_tls_options *options)
{
    return upgrade(net, socket, blank(sni) ? NULL : sni, options, false);
}

kiwi_id kiwi_tls_upgrade_server(kiwi_net *net, kiwi_id socket, const kiwi_tls_options *options)
{
    return upgrade(net, socket, NULL, options, true);
}
