/* udp.c - datagrams: sending to an address or a name, receiving.  The contracts are in
 * kiwi/net.h.
 *
 * A socket keeps its descriptor for life; binding makes a new socket.  shutdown() does not wake
 * a thread that waits for a datagram everywhere, so none waits in recvfrom(): all wait in
 * poll(), with the wake-up pipe of their worker beside it, or in the waiting room, where close
 * finds them. */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/addr.h"
#include "net/bind.h"
#include "net/close.h"
#include "net/fault.h"
#include "net/fd.h"
#include "net/lookup.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/recv.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

enum {
    DATAGRAM_MAX = 65535, /* the length fields of UDP and of IPv4 have 16 bits */
    HOST_MAX = 64,        /* a numeric IPv6 address and its zone */
};

/* What a send is to do. */
struct kn_remote {
    kn_addresses *addresses; /* NULL until looked up */
    bool connected;          /* to whom the socket is connected: without addresses */
    int port;
    const char *host; /* these two point behind the struct */
    const unsigned char *data;
    size_t size;
    unsigned char text[];
};

static void remote_free(struct kn_remote *remote)
{
    if (remote == NULL)
        return;
    free(remote->addresses);
    free(remote);
}

static struct kn_remote *remote_new(const char *host, int port, const void *data, size_t size)
{
    size_t host_size = strlen(host) + 1;
    struct kn_remote *r = malloc(sizeof(*r) + host_size + size);
    if (r == NULL)
        return NULL;
    *r = (struct kn_remote){.port = port, .size = size};
    memcpy(r->text, host, host_size);
    if (size > 0)
        memcpy(r->text + host_size, data, size);
    r->host = (const char *)r->text;
    r->data = r->text + host_size;
    return r;
}

static void cannot(const struct kn_remote *r, kiwi_result *out, kiwi_fault fault, int sys, const char *why)
{
    if (r->connected)
        kn_fault(out, fault, sys, "Cannot send: %s", why);
    else
        kn_fault(out, fault, sys, "Cannot send to %.100s:%d: %s", r->host, r->port, why);
}

static void cannot_sys(const struct kn_remote *r, kiwi_result *out, int sys)
{
    char text[64];
    cannot(r, out, KIWI_FAULT_SYSTEM, sys, kb_error_errno_text(sys, text, sizeof(text)));
}

static void resolved(kn_op *op, kn_addresses *addresses, int sys, const char *why, kiwi_result *out)
{
    op->u.remote->addresses = addresses;
    if (addresses == NULL)
        cannot(op->u.remote, out, KIWI_FAULT_RESOLVE, sys, why);
}

static void connect_resolved(kn_op *op, kn_addresses *addresses, int sys, const char *why, kiwi_result *out)
{
    const struct kn_remote *r = op->u.remote;
    op->u.remote->addresses = addresses;
    if (addresses == NULL)
        kn_fault(out, KIWI_FAULT_RESOLVE, sys, "Cannot connect to %.100s:%d: %s", r->host, r->port, why);
}

/* ---- Steps (not locked) ---------------------------------------------------------------------- */

/* In which order the addresses of a name are tried: as it is bound, so that the two meet. */
static const int order[] = {AF_INET, AF_INET6};

static int family_of(int fd)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(own);
    (void)getsockname(fd, (struct sockaddr *)&own, &size);
    return own.ss_family;
}

/* Send to one address from a socket of `family`.  0 or an errno. */
static int send_one(kiwi_net *net, kn_sock *sock, int family, const struct kn_remote *r, size_t at)
{
    const struct sockaddr *to = (const struct sockaddr *)&r->addresses->at[at].addr;
    socklen_t size = r->addresses->at[at].size;
    struct sockaddr_in6 both = kn_addr_mapped(to);
    if (family == AF_INET6 && to->sa_family == AF_INET) {
        to = (const struct sockaddr *)&both;
        size = sizeof(both);
    }
    kn_lock(net);
    struct in6_addr asked = kn_asked_find(sock->asked, &both);
    kn_wake_unlock(net);
    for (;;) {
        if (kn_fd_send_to(sock->fd, family, r->data, r->size, to, size, &asked) >= 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

static kn_step sent(const struct kn_remote *r, kiwi_result *out)
{
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = (int64_t)r->size;
    return KN_DONE;
}

/* Send to whom the socket is connected. */
static kn_step send_connected(const kn_op *op, int family, kiwi_result *out)
{
    const struct kn_remote *r = op->u.remote;
    do {
        if (kn_fd_send_to(op->sock->fd, family, r->data, r->size, NULL, 0, &in6addr_any) >= 0)
            return sent(r, out);
    } while (errno == EINTR);
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return KN_WANT_WRITE;
    cannot_sys(r, out, errno);
    return KN_DONE;
}

static kn_step step_send(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const struct kn_remote *r = op->u.remote;
    int family = family_of(op->sock->fd), first = 0;
    if (r->connected)
        return send_connected(op, family, out);
    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 0; at < r->addresses->count; at++) {
            if (r->addresses->at[at].addr.ss_family != order[i])
                continue;
            int error = send_one(net, op->sock, family, r, at);
            if (error == 0)
                return sent(r, out);
            if (error == EAGAIN || error == EWOULDBLOCK)
                return KN_WANT_WRITE;
            first = first == 0 ? error : first;
        }
    }
    cannot_sys(r, out, first == 0 ? EAFNOSUPPORT : first);
    return KN_DONE;
}

/* Connect to one address from a socket of `family`.  0 or an errno. */
static int connect_one(int fd, int family, const struct kn_address *to)
{
    const struct sockaddr *addr = (const struct sockaddr *)&to->addr;
    socklen_t size = to->size;
    struct sockaddr_in6 both = kn_addr_mapped(addr);
    if (family == AF_INET6 && addr->sa_family == AF_INET) {
        addr = (const struct sockaddr *)&both;
        size = sizeof(both);
    }
    return connect(fd, addr, size) != 0 ? errno : 0; /* nothing goes out, so that it is done at once */
}

static kn_step step_connect(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const struct kn_remote *r = op->u.remote;
    int family = family_of(op->sock->fd), first = 0;
    (void)net;
    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 0; at < r->addresses->count; at++) {
            if (r->addresses->at[at].addr.ss_family != order[i])
                continue;
            int error = connect_one(op->sock->fd, family, &r->addresses->at[at]);
            if (error == 0)
                return KN_DONE;
            first = first == 0 ? error : first;
        }
    }
    char text[64];
    int error = first == 0 ? EAFNOSUPPORT : first;
    kn_fault(out, KIWI_FAULT_SYSTEM, error, "Cannot connect to %.100s:%d: %s", r->host, r->port,
             kb_error_errno_text(error, text, sizeof(text)));
    return KN_DONE;
}

/* The sender's address as text that send takes again: with its zone, where it has one. */
static void describe_sender(const struct sockaddr_storage *from, char host[HOST_MAX], int *port)
{
    kn_addr_describe(from, host, HOST_MAX, port);
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)from;
    size_t used = strlen(host);
    if (from->ss_family == AF_INET6 && in6->sin6_scope_id != 0)
        (void)snprintf(host + used, HOST_MAX - used, "%%%lu", (unsigned long)in6->sin6_scope_id);
}

static kn_step received(const unsigned char *data, size_t size, const struct sockaddr_storage *from, kiwi_result *out)
{
    char host[HOST_MAX] = "";
    int port = 0;
    describe_sender(from, host, &port);
    size_t host_size = strlen(host) + 1;
    out->bytes = malloc(size + host_size);
    if (out->bytes == NULL) {
        kn_fault_sys(out, ENOMEM);
        return KN_DONE;
    }
    memcpy(out->bytes, data, size);
    memcpy(out->bytes + size, host, host_size);
    out->kind = KIWI_RESULT_DATAGRAM;
    out->size = size;
    out->integer = port;
    return KN_DONE;
}

/* There is no room for a datagram: what is there stays there. */
static kn_step receive_nothing(const kn_op *op, kiwi_result *out)
{
    if (kn_fd_peek(op->sock->fd) >= 0)
        kn_fault_limit(out, "receive", DATAGRAM_MAX);
    else if (errno == EAGAIN || errno == EWOULDBLOCK)
        return KN_WANT_READ;
    else
        kn_fault_sys(out, errno);
    return KN_DONE;
}

static kn_step step_recv(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    unsigned char data[DATAGRAM_MAX]; /* nothing is allocated before a datagram is there */
    if (!kn_task_affords(net, DATAGRAM_MAX))
        return receive_nothing(op, out);
    for (;;) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        ssize_t got = kn_fd_recv_from(op->sock->fd, data, sizeof(data), &from, &op->u.datagram.asked);
        op->u.datagram.peer = kn_addr_mapped((const struct sockaddr *)&from);
        if (got >= 0)
            return received(data, (size_t)got, &from, out);
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            return KN_WANT_READ;
        if (errno != EINTR) {
            kn_fault_sys(out, errno);
            return KN_DONE;
        }
    }
}

static void note_send(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    if (out->fault == KIWI_FAULT_NONE)
        op->sock->bytes_out += op->u.remote->size;
}

static void note_recv(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    if (out->fault == KIWI_FAULT_NONE && !IN6_IS_ADDR_UNSPECIFIED(&op->u.datagram.asked))
        kn_asked_note(&op->sock->asked, &op->u.datagram.peer, &op->u.datagram.asked);
    op->sock->bytes_in += out->size;
    op->sock->dry[KN_READ] = 0; /* there may be more */
}

static void release(kiwi_net *net, kn_op *op)
{
    kn_task_hold(net, -(ptrdiff_t)op->u.remote->size);
    remote_free(op->u.remote);
}

static const kn_kind send_kind = {.name = "send",
                                  .side = KN_WRITE,
                                  .has_task = true,
                                  .sends = true,
                                  .step = step_send,
                                  .resolved = resolved,
                                  .note = note_send,
                                  .release = release};
static const kn_kind connect_kind = {.name = "connect",
                                     .side = KN_WRITE,
                                     .has_task = true,
                                     .step = step_connect,
                                     .resolved = connect_resolved,
                                     .release = release};
static const kn_kind recv_kind = {
    .name = "recv", .side = KN_READ, .has_task = true, .step = step_recv, .note = note_recv};

/* ---- Submitting ------------------------------------------------------------------------------ */

static kn_sock *find(kiwi_net *net, kiwi_id id) /* locked */
{
    kn_sock *sock = kn_sock_any(net, id);
    return sock != NULL && sock->udp ? sock : NULL;
}

/* What is to be sent, to `host` or to whom the socket is `connected`.  NULL: it cannot be, and *out says why.  Port 0 is left
 * to the system, which refuses it. */
static struct kn_remote *prepare_data(const kiwi_net *net, const char *host, int64_t port, bool connected,
                                      const void *data, size_t size, kiwi_result *out)
{
    if (host == NULL || (data == NULL && size > 0)) {
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid %s: NULL.", host == NULL ? "host" : "data");
        return NULL;
    }
    if (port < 0 || port > 65535) {
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid port %lld: expected 0 to 65535.", (long long)port);
        return NULL;
    }
    bool fits = size <= DATAGRAM_MAX;
    if (fits && size > 0 && !kn_task_affords(net, size)) {
        kn_fault_limit(out, "send", size);
        return NULL;
    }
    const struct kn_remote shown = {.host = host, .port = (int)port, .connected = connected};
    struct kn_remote *r = fits ? remote_new(host, (int)port, data, size) : NULL;
    if (r == NULL)
        cannot_sys(&shown, out, fits ? ENOMEM : EMSGSIZE);
    else
        r->connected = connected;
    return r;
}

/* The same with the addresses of the host, if it is one. */
static struct kn_remote *prepare(const kiwi_net *net, const char *host, int64_t port, const void *data, size_t size,
                                 kiwi_result *out)
{
    int sys = 0;
    struct kn_remote *r = prepare_data(net, host, port, false, data, size, out);
    if (r != NULL)
        (void)kn_resolve(host, (int)port, true, false, &r->addresses, &sys);
    return r;
}

/* Begin what `op` is to do with `r`.  Locked. */
static void begin(kiwi_net *net, kn_op *op, struct kn_remote *r)
{
    op->u.remote = r;
    kn_task_hold(net, (ptrdiff_t)r->size);
    if (r->addresses == NULL && !r->connected) {
        op->queue_later = true;
        kb_list_push(&op->sock->resolving, &op->queue);
        kn_op_limit(net, op);
        kn_lookup_begin(net, op, r->host, r->port);
    } else {
        kn_op_queue(net, op);
    }
    kn_pool_submitted(net);
}

static kn_sock *udp_new(kiwi_net *net, int fd) /* locked; NULL: fd is still the caller's */
{
    kn_sock *sock = kn_sock_new(net, fd, false);
    if (sock != NULL)
        sock->udp = true;
    return sock;
}

kiwi_id kiwi_udp_bind(kiwi_net *net, const char *host, int64_t port)
{
    kn_lock(net);
    kn_sock *sock = udp_new(net, -1);
    kn_wake_unlock(net);
    return kn_bind_submit(net, sock, host, port, 0, NULL);
}

/* Submit what is to be done with `r` (NULL: it cannot be, as *out says), which is taken over. */
static kiwi_id submit(kiwi_net *net, kiwi_id socket, const kn_kind *kind, struct kn_remote *r, kiwi_result *out)
{
    kiwi_id id;
    kn_lock(net);
    kn_sock *sock = find(net, socket);
    kn_op *op = sock == NULL || r == NULL ? NULL : kn_op_new(net, sock, kind);
    if (op != NULL) {
        id = op->task->entry.id;
        begin(net, op, r);
    } else {
        if (sock == NULL)
            kn_fault(out, KIWI_FAULT_INVALID, 0, "Invalid socket");
        else if (r != NULL)
            kn_fault_sys(out, ENOMEM);
        remote_free(r);
        id = kn_task_faulted(net, out);
    }
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_udp_send(kiwi_net *net, kiwi_id socket, const char *host, int64_t port, const void *data, size_t size)
{
    kiwi_result out = {0};
    struct kn_remote *r = prepare(net, host, port, data, size, &out);
    return submit(net, socket, &send_kind, r, &out);
}

kiwi_id kiwi_udp_write(kiwi_net *net, kiwi_id socket, const void *data, size_t size)
{
    kiwi_result out = {0};
    struct kn_remote *r = prepare_data(net, "", 0, true, data, size, &out);
    return submit(net, socket, &send_kind, r, &out);
}

kiwi_id kiwi_udp_connect(kiwi_net *net, kiwi_id socket, const char *host, int64_t port)
{
    kiwi_result out = {0};
    struct kn_remote *r = prepare(net, host, port, NULL, 0, &out);
    return submit(net, socket, &connect_kind, r, &out);
}

kiwi_id kiwi_udp_recv(kiwi_net *net, kiwi_id socket, int64_t timeout_ms)
{
    kn_lock(net);
    kiwi_id id;
    kn_op *op = NULL;
    kn_sock *sock = find(net, socket);
    if (sock == NULL)
        id = kn_task_refused(net, KIWI_FAULT_INVALID, 0, "Invalid socket");
    else
        op = kn_recv_new(net, sock, &recv_kind, DATAGRAM_MAX, &id);
    if (op != NULL) {
        if (timeout_ms > 0)
            kn_op_limit_own(net, op, timeout_ms);
        kn_op_queue(net, op);
        kn_pool_submitted(net);
    }
    kn_wake_unlock(net);
    return id;
}

int kiwi_udp_open(kiwi_net *net, kiwi_id *out, kiwi_result *result)
{
    kiwi_result unseen;
    if (out == NULL)
        return EINVAL;
    int fd = -1, error = kn_bind_fresh(&fd);
    if (result == NULL)
        result = &unseen;
    *out = 0;
    *result = (kiwi_result){.state = KIWI_TASK_COMPLETED};
    if (error == 0) {
        kn_lock(net);
        kn_sock *sock = udp_new(net, fd);
        if (sock == NULL) {
            (void)close(fd);
            error = ENOMEM;
        } else if ((error = kn_task_enter(net, &sock->entry)) != 0) {
            kn_sock_close(net, sock);
        } else {
            *out = sock->entry.id;
        }
        kn_wake_unlock(net);
    }
    if (error != 0) {
        result->state = KIWI_TASK_FAULTED;
        kn_fault_sys(result, error);
    }
    return error;
}

void kiwi_udp_close(kiwi_net *net, kiwi_id socket)
{
    kn_lock(net);
    kn_sock *sock = find(net, socket);
    if (sock != NULL)
        kn_close_sock(net, sock);
    kn_wake_unlock(net);
}
