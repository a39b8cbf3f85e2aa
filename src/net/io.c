/* io.c - submitting accepts, receives and sends, and asking about sockets.  The contracts are in
 * kiwi/net.h. */
#include "config.h"

#include "net/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/locks.h"

static kiwi_id faulted(kiwi_net *net, kiwi_fault fault, int sys, const char *text) /* locked */
{
    kiwi_result out = {0};
    kn_fault(&out, fault, sys, "%s", text);
    return kn_task_faulted(net, &out);
}

/* Why `id` cannot be used: the recorded reason of a failed connect, or `text`.  Locked. */
static kiwi_id no_such_socket(kiwi_net *net, kiwi_id id, const char *text)
{
    const kn_reason *reason = id < 0 ? kb_map_get(&net->failed, id) : NULL;
    if (reason == NULL)
        return faulted(net, KIWI_FAULT_INVALID, 0, text);
    kiwi_result out = {0};
    kn_fault(&out, reason->fault, reason->sys, "%s", reason->text);
    out.tls = reason->tls;
    return kn_task_faulted(net, &out);
}

static kiwi_id no_memory(kiwi_net *net) /* locked */
{
    return faulted(net, KIWI_FAULT_SYSTEM, ENOMEM, "Cannot allocate memory");
}

/* The operation is queued: see that somebody carries it out.  Locked. */
static void submitted(kiwi_net *net)
{
    if (!net->lazy)
        kn_pool_nudge(net);
}

/* ---- Accept and receive --------------------------------------------------------------------- */

static kiwi_id accept_on(kiwi_net *net, kiwi_id listener, bool tls)
{
    kb_lock(&net->lock);
    kiwi_id id;
    kn_sock *sock = kn_sock_find(net, listener, true, tls);
    kn_op *op = sock == NULL ? NULL : kn_op_new(net, sock, KN_OP_ACCEPT);
    if (sock == NULL) {
        id = no_such_socket(net, listener, "Invalid server socket");
    } else if (op == NULL) {
        id = no_memory(net);
    } else {
        id = op->task->entry.id;
        kn_op_queue(net, op);
        kn_accepted_hand_out(net, sock);
        submitted(net);
    }
    kb_unlock(&net->lock);
    return id;
}

kiwi_id kiwi_tcp_accept(kiwi_net *net, kiwi_id listener)
{
    return accept_on(net, listener, false);
}

kiwi_id kiwi_tls_accept(kiwi_net *net, kiwi_id listener)
{
    return accept_on(net, listener, true);
}

static kiwi_id bad_size(kiwi_net *net, int64_t max) /* locked */
{
    kiwi_result out = {0};
    kn_fault(&out, KIWI_FAULT_INVALID, EINVAL, "Invalid size %lld: expected 1 to 2147483647.",
             (long long)max);
    return kn_task_faulted(net, &out);
}

static kiwi_id recv_from(kiwi_net *net, kiwi_id socket, int64_t max, bool tls)
{
    kb_lock(&net->lock);
    kiwi_id id;
    kn_op *op;
    kn_sock *sock = kn_sock_find(net, socket, false, tls);
    if (sock == NULL) {
        id = no_such_socket(net, socket, "Invalid socket");
    } else if (max < 1 || max > INT32_MAX) {
        id = bad_size(net, max);
    } else if ((op = kn_op_new(net, sock, KN_OP_RECV)) == NULL) {
        id = no_memory(net);
    } else {
        id = op->task->entry.id;
        op->u.max = (size_t)max;
        kn_op_queue(net, op);
        submitted(net);
    }
    kb_unlock(&net->lock);
    return id;
}

kiwi_id kiwi_tcp_recv(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return recv_from(net, socket, max, false);
}

kiwi_id kiwi_tls_recv(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return recv_from(net, socket, max, true);
}

/* ---- Send ----------------------------------------------------------------------------------- */

/* The send is the head of its side and its data is the submitter's: take the first step here. */
static kiwi_id send_lent(kiwi_net *net, kn_sock *sock, const void *data, size_t size) /* locked */
{
    kn_op *op = kn_op_new(net, sock, KN_OP_SEND);
    if (op == NULL)
        return no_memory(net);
    kiwi_id id = op->task->entry.id;
    op->u.send.data =
        (unsigned char *)(uintptr_t)data; /* only read, and copied before anything waits */
    op->u.send.size = size;
    op->lent = true;
    kb_list_push(&sock->side[KN_WRITE], &op->queue);
    kn_op_limit(net, op);
    kn_op_ready(net, op);
    kn_op_run(net, op, NULL, false);
    return id;
}

/* May the caller of a send take the first step itself?  Locked. */
static bool send_at_once(const kiwi_net *net, const kn_sock *sock, size_t size)
{
    if (!net->help || !kb_list_empty(&sock->side[KN_WRITE]))
        return false;
    if (sock->tls) /* a lazy runtime waits for more, which then joins it */
        return size <= KN_LIGHT_TLS_MAX && (!net->lazy || size > KN_JOIN_MAX);
    return !sock->registered || sock->hup || sock->dry[KN_WRITE] != sock->events[KN_WRITE];
}

static kiwi_id send_copied(kiwi_net *net, kn_sock *sock, unsigned char *copy,
                           size_t size) /* locked */
{
    kn_op *op = copy == NULL && size > 0 ? NULL : kn_op_new(net, sock, KN_OP_SEND);
    if (op == NULL) {
        free(copy);
        return no_memory(net);
    }
    kiwi_id id = op->task->entry.id;
    op->u.send.data = copy;
    op->u.send.size = size;
    op->heavy = sock->tls && size > KN_LIGHT_TLS_MAX;
    kn_op_queue(net, op);
    return id;
}

static kiwi_id send_to(kiwi_net *net, kiwi_id socket, const void *data, size_t size, bool tls)
{
    kiwi_id id;
    kb_lock(&net->lock);
    kn_sock *sock = kn_sock_find(net, socket, false, tls);
    if (sock != NULL && send_at_once(net, sock, size)) {
        id = send_lent(net, sock, data, size);
    } else if (sock != NULL) {
        kb_unlock(&net->lock); /* copying may take long */
        unsigned char *copy = size == 0 ? NULL : malloc(size);
        if (copy != NULL)
            memcpy(copy, data, size);
        kb_lock(&net->lock);
        sock = kn_sock_find(net, socket, false, tls);
        if (sock != NULL) {
            id = send_copied(net, sock, copy, size);
        } else {
            free(copy);
            id = no_such_socket(net, socket, "Invalid socket");
        }
    } else {
        id = no_such_socket(net, socket, "Invalid socket");
    }
    submitted(net);
    kb_unlock(&net->lock);
    return id;
}

kiwi_id kiwi_tcp_send(kiwi_net *net, kiwi_id socket, const void *data, size_t size)
{
    return send_to(net, socket, data, size, false);
}

kiwi_id kiwi_tls_send(kiwi_net *net, kiwi_id socket, const void *data, size_t size)
{
    return send_to(net, socket, data, size, true);
}

/* ---- Both kinds of sockets ------------------------------------------------------------------ */

kiwi_id kiwi_socket_shutdown(kiwi_net *net, kiwi_id socket)
{
    kb_lock(&net->lock);
    kiwi_id id;
    kn_sock *sock = kn_sock_any(net, socket);
    kn_op *op;
    if (sock == NULL || sock->listener || sock->udp) {
        id = no_such_socket(net, socket, "Invalid socket");
    } else if ((op = kn_op_new(net, sock, KN_OP_FIN)) == NULL) {
        id = no_memory(net);
    } else {
        id = op->task->entry.id;
        kn_op_queue(net, op);
        submitted(net);
    }
    kb_unlock(&net->lock);
    return id;
}

static void limit_all(kiwi_net *net, kb_link *queue, int64_t deadline_us)
{
    for (kb_link *link = queue->next; link != queue; link = link->next) {
        kn_op *op = KB_OWNER(link, kn_op, queue);
        if (op->abandoned)
            continue;
        kn_op_set_deadline(net, op, deadline_us);
        if (op->worker != NULL) /* it waits by the old limit */
            kn_pipe_write(op->worker->wake[1]);
    }
}

int kiwi_socket_timeout(kiwi_net *net, kiwi_id socket, int64_t ms)
{
    if (ms < 0)
        return EINVAL;
    kb_lock(&net->lock);
    kn_sock *sock = kn_sock_any(net, socket);
    if (sock != NULL) {
        int64_t deadline_us = ms == 0 ? KB_NEVER : kb_clock_after_ms(kb_clock_us(), ms);
        sock->timeout_ms = ms;
        limit_all(net, &sock->side[KN_READ], deadline_us);
        limit_all(net, &sock->side[KN_WRITE], deadline_us);
        limit_all(net, &sock->resolving, deadline_us);
        submitted(net);
    }
    kb_unlock(&net->lock);
    return sock != NULL ? 0 : ENOENT;
}

void kn_sock_describe(const struct sockaddr_storage *addr, char *host, size_t size, int *port)
{
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
        (void)inet_ntop(AF_INET, &in->sin_addr, host, (socklen_t)size);
        *port = ntohs(in->sin_port);
    } else if (addr->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr;
        (void)inet_ntop(AF_INET6, &in6->sin6_addr, host, (socklen_t)size);
        *port = ntohs(in6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) /* an IPv4 peer of a socket for both kinds */
            (void)inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, (socklen_t)size);
    }
}

int kiwi_socket_info_get(kiwi_net *net, kiwi_id socket, kiwi_socket_info *out)
{
    struct sockaddr_storage addr;
    socklen_t size = sizeof(addr);
    *out = (kiwi_socket_info){0};
    kb_lock(&net->lock);
    kn_sock *sock = kn_sock_any(net, socket);
    if (sock == NULL) {
        kb_unlock(&net->lock);
        return ENOENT;
    }
    out->listener = sock->listener;
    out->tls = sock->tls;
    out->udp = sock->udp;
    out->bytes_in = sock->bytes_in;
    out->bytes_out = sock->bytes_out;
    out->handshakes_failed = sock->handshakes_failed;
    if (getsockname(sock->fd, (struct sockaddr *)&addr, &size) == 0)
        kn_sock_describe(&addr, out->local_host, sizeof(out->local_host), &out->local_port);
    size = sizeof(addr);
    if (!sock->listener && getpeername(sock->fd, (struct sockaddr *)&addr, &size) == 0)
        kn_sock_describe(&addr, out->peer_host, sizeof(out->peer_host), &out->peer_port);
    if (sock->session != NULL) {
        sock->refs++;
        kb_unlock(&net->lock);
        kb_lock(&sock->session_lock);
        kn_tls_info(sock->session, out);
        kb_unlock(&sock->session_lock);
        kb_lock(&net->lock);
        kn_sock_unref(net, sock);
    }
    kb_unlock(&net->lock);
    return 0;
}
