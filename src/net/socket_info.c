/* socket_info.c - what is known of a socket, its time limit and its options.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/fault.h"
#include "net/op.h"
#include "net/option.h"
#include "net/pool.h"
#include "net/proxy.h"
#include "net/shake.h"
#include "net/sock.h"
#include "net/wake.h"

static void limit_all(kiwi_net *net, kb_link *queue, int64_t deadline_us)
{
    for (kb_link *link = queue->next; link != queue; link = link->next)
        kn_op_change_limit(net, KB_OWNER(link, kn_op, queue), deadline_us);
}

int kiwi_socket_timeout(kiwi_net *net, kiwi_id socket, int64_t ms)
{
    if (ms < 0)
        return EINVAL;
    kn_lock(net);
    kn_sock *sock = kn_sock_any(net, socket);
    if (sock != NULL) {
        int64_t deadline_us = ms == 0 ? KB_NEVER : kb_clock_after_ms(kb_clock_us(), ms);
        sock->timeout_ms = ms;
        limit_all(net, &sock->side[KN_READ], deadline_us);
        limit_all(net, &sock->side[KN_WRITE], deadline_us);
        limit_all(net, &sock->resolving, deadline_us);
        kn_pool_submitted(net);
    }
    kn_wake_unlock(net);
    return sock != NULL ? 0 : ENOENT;
}

int kiwi_socket_info_get(kiwi_net *net, kiwi_id socket, kiwi_socket_info *out)
{
    struct sockaddr_storage addr;
    socklen_t size = sizeof(addr);
    if (out == NULL)
        return EINVAL;
    *out = (kiwi_socket_info){0};
    kn_lock(net);
    kn_sock *sock = kn_sock_any(net, socket);
    if (sock == NULL) {
        kn_wake_unlock(net);
        return ENOENT;
    }
    out->listener = sock->listener;
    out->tls = sock->tls;
    out->udp = sock->udp;
    out->bytes_in = sock->bytes_in;
    out->bytes_out = sock->bytes_out;
    out->queued = sock->queued;
    out->arriving = sock->shakes + sock->untaken;
    out->handshakes_failed = sock->handshakes.count;
    kn_shake_describe(&sock->handshakes, out->handshake_failure, out->handshake_host, &out->handshake_port);
    if (getsockname(sock->fd, (struct sockaddr *)&addr, &size) == 0)
        kn_addr_describe(&addr, out->local_host, sizeof(out->local_host), &out->local_port);
    size = sizeof(addr);
    if (!sock->listener && getpeername(sock->fd, (struct sockaddr *)&addr, &size) == 0)
        kn_addr_describe(&addr, out->peer_host, sizeof(out->peer_host), &out->peer_port);
    kn_proxy_describe(sock, out);
    if (sock->session != NULL) {
        sock->refs++;
        kn_wake_unlock(net);
        kn_tls_take(sock->session);
        kn_tls_info(sock->session, out);
        kn_tls_pass(sock->session);
        kn_lock(net);
        kn_sock_unref(net, sock);
    }
    kn_wake_unlock(net);
    return 0;
}

/* ---- Options ------------------------------------------------------------------------------------ */

/* The connection `id`, with a reference, and its descriptor in *fd; NULL: there is none. */
static kn_sock *take(kiwi_net *net, kiwi_id id, int *fd)
{
    kn_lock(net);
    kn_sock *sock = kn_sock_any(net, id);
    if (sock != NULL && (sock->listener || sock->udp))
        sock = NULL;
    if (sock != NULL) {
        sock->refs++;
        *fd = sock->fd;
    }
    kn_wake_unlock(net);
    return sock;
}

int kiwi_socket_set(kiwi_net *net, kiwi_id socket, const kiwi_socket_options *options, kiwi_result *why)
{
    kiwi_result unseen;
    const char *refused = "";
    char text[64];
    int fd = -1;
    if (why == NULL)
        why = &unseen;
    *why = (kiwi_result){.state = KIWI_TASK_FAULTED};
    kn_sock *sock = take(net, socket, &fd);
    if (sock == NULL) {
        kn_fault(why, KIWI_FAULT_INVALID, 0, "Invalid socket");
        return ENOENT;
    }
    int error = kn_option_set(fd, options, &refused);
    kn_lock(net);
    if (error == 0)
        sock->linger_ms = kn_option_value(options, KIWI_SOCKET_LINGER, sock->linger_ms);
    kn_sock_unref(net, sock);
    kn_wake_unlock(net);
    if (error == 0)
        why->state = KIWI_TASK_COMPLETED;
    else
        kn_fault(why, KIWI_FAULT_SYSTEM, error, "Cannot set option '%s': %s", refused,
                 kb_error_errno_text(error, text, sizeof(text)));
    return error;
}
