/* udp.c - datagrams: sending to an address or a name, receiving.  The contracts are in
 * kiwi/net.h and state.h.
 *
 * A socket keeps its descriptor for life; binding makes a new socket.  shutdown() does not wake
 * a thread that waits for a datagram everywhere, so none waits in recvfrom(): all wait in
 * poll(), with the wake-up pipe of their worker beside it, or in the waiting room, where close
 * finds them. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/locks.h"

enum {
    DATAGRAM_MAX = 65535, /* the length fields of UDP and of IPv4 have 16 bits */
    HOST_MAX = 64,        /* a numeric IPv6 address and its zone */
};

/* What a send is to do. */
struct kn_remote {
    kn_addresses *addresses; /* NULL until looked up */
    int port;
    const char *host; /* these two point behind the struct */
    const unsigned char *data;
    size_t size;
    unsigned char text[];
};

void kn_udp_free(struct kn_remote *remote)
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

static void cannot(const struct kn_remote *r, kiwi_result *out, kiwi_fault fault, int sys,
                   const char *why)
{
    kn_fault(out, fault, sys, "Cannot send to %.100s:%d: %s", r->host, r->port, why);
}

static void cannot_sys(const struct kn_remote *r, kiwi_result *out, int sys)
{
    char text[64];
    cannot(r, out, KIWI_FAULT_SYSTEM, sys, kb_errno_text(sys, text, sizeof(text)));
}

void kn_udp_resolved(const kn_op *op, kn_addresses *addresses, int sys, const char *why,
                     kiwi_result *out)
{
    op->u.remote->addresses = addresses;
    if (addresses == NULL)
        cannot(op->u.remote, out, KIWI_FAULT_RESOLVE, sys, why);
}

/* ---- Steps (not locked) ---------------------------------------------------------------------- */

/* An IPv4 address as a socket for both kinds wants it. */
static struct sockaddr_in6 mapped(const struct sockaddr_in *in)
{
    struct sockaddr_in6 out = {.sin6_family = AF_INET6, .sin6_port = in->sin_port};
    out.sin6_addr.s6_addr[10] = out.sin6_addr.s6_addr[11] = 0xFF;
    memcpy(&out.sin6_addr.s6_addr[12], &in->sin_addr, sizeof(in->sin_addr));
    return out;
}

static int family_of(int fd)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(own);
    (void)getsockname(fd, (struct sockaddr *)&own, &size);
    return own.ss_family;
}

/* Send to one address from a socket of `family`.  0 or an errno. */
static int send_one(int fd, int family, const struct kn_remote *r, size_t at)
{
    const struct sockaddr *to = (const struct sockaddr *)&r->addresses->at[at].addr;
    socklen_t size = r->addresses->at[at].size;
    struct sockaddr_in6 both;
    if (family == AF_INET6 && to->sa_family == AF_INET) {
        both = mapped((const struct sockaddr_in *)(const void *)to);
        to = (const struct sockaddr *)&both;
        size = sizeof(both);
    }
    for (;;) {
        if (sendto(fd, r->data, r->size, 0, to, size) >= 0)
            return 0;
        if (errno != EINTR)
            return errno;
    }
}

kn_step kn_udp_send_step(kn_op *op, kiwi_result *out)
{
    static const int order[] = {AF_INET, AF_INET6}; /* as a name is bound, so that the two meet */
    const struct kn_remote *r = op->u.remote;
    int fd = op->sock->fd, family = family_of(fd), first = 0;
    for (size_t i = 0; i < 2; i++) {
        for (size_t at = 0; at < r->addresses->count; at++) {
            if (r->addresses->at[at].addr.ss_family != order[i])
                continue;
            int error = send_one(fd, family, r, at);
            if (error == 0) {
                out->kind = KIWI_RESULT_INTEGER;
                out->integer = (int64_t)r->size;
                return KN_DONE;
            }
            if (error == EAGAIN || error == EWOULDBLOCK)
                return KN_WANT_WRITE;
            first = first == 0 ? error : first;
        }
    }
    cannot_sys(r, out, first == 0 ? EAFNOSUPPORT : first);
    return KN_DONE;
}

/* The sender's address as text that send takes again: with its zone, where it has one. */
static void describe_sender(const struct sockaddr_storage *from, char host[HOST_MAX], int *port)
{
    kn_sock_describe(from, host, HOST_MAX, port);
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)from;
    size_t used = strlen(host);
    if (from->ss_family == AF_INET6 && in6->sin6_scope_id != 0)
        (void)snprintf(host + used, HOST_MAX - used, "%%%lu", (unsigned long)in6->sin6_scope_id);
}

static kn_step received(const unsigned char *data, size_t size, const struct sockaddr_storage *from,
                        kiwi_result *out)
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

kn_step kn_udp_recv_step(kn_op *op, kiwi_result *out)
{
    unsigned char data[DATAGRAM_MAX]; /* nothing is allocated before a datagram is there */
    for (;;) {
        struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
        socklen_t from_size = sizeof(from);
        ssize_t got =
            recvfrom(op->sock->fd, data, sizeof(data), 0, (struct sockaddr *)&from, &from_size);
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

/* ---- Submitting ------------------------------------------------------------------------------ */

static kiwi_id faulted(kiwi_net *net, kiwi_fault fault, int sys, const char *text) /* locked */
{
    kiwi_result out = {0};
    kn_fault(&out, fault, sys, "%s", text);
    return kn_task_faulted(net, &out);
}

static kn_sock *find(kiwi_net *net, kiwi_id id) /* locked */
{
    kn_sock *sock = kn_sock_any(net, id);
    return sock != NULL && sock->udp ? sock : NULL;
}

/* What is to be sent, with its addresses if `host` is one.  NULL: it cannot be, and *out says why.
 * Port 0 is left to the system, which refuses it. */
static struct kn_remote *prepare(const char *host, int64_t port, const void *data, size_t size,
                                 kiwi_result *out)
{
    int sys = 0;
    if (port < 0 || port > 65535) {
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid port %lld: expected 0 to 65535.",
                 (long long)port);
        return NULL;
    }
    bool fits = size <= DATAGRAM_MAX;
    struct kn_remote *r = fits ? remote_new(host, (int)port, data, size) : NULL;
    if (r == NULL)
        cannot_sys(&(struct kn_remote){.host = host, .port = (int)port}, out,
                   fits ? ENOMEM : EMSGSIZE);
    else
        (void)kn_resolve(host, (int)port, true, false, &r->addresses, &sys);
    return r;
}

/* Begin what `op` is to do with `r`.  True: its host must be looked up first.  Locked. */
static bool begin(kiwi_net *net, kn_op *op, struct kn_remote *r)
{
    bool look_up = r->addresses == NULL;
    op->u.remote = r;
    if (look_up) {
        op->state = KN_RESOLVING;
        kb_list_push(&op->sock->resolving, &op->queue);
        kn_op_limit(net, op);
    } else {
        kn_op_queue(net, op);
    }
    if (!net->lazy)
        kn_pool_nudge(net);
    return look_up;
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
    kb_lock(&net->lock);
    kn_sock *sock = udp_new(net, -1);
    kb_unlock(&net->lock);
    return kn_bind_submit(net, sock, host, port, 0);
}

kiwi_id kiwi_udp_send(kiwi_net *net, kiwi_id socket, const char *host, int64_t port,
                      const void *data, size_t size)
{
    kiwi_result out = {0};
    kiwi_id id;
    bool unknown = false;
    struct kn_remote *r = prepare(host, port, data, size, &out);
    kb_lock(&net->lock);
    kn_sock *sock = find(net, socket);
    kn_op *op = sock == NULL || r == NULL ? NULL : kn_op_new(net, sock, KN_OP_SEND_TO);
    if (op != NULL) {
        id = op->task->entry.id;
        unknown = begin(net, op, r);
    } else {
        if (sock == NULL)
            kn_fault(&out, KIWI_FAULT_INVALID, 0, "Invalid socket");
        else if (r != NULL)
            kn_fault_sys(&out, ENOMEM);
        kn_udp_free(r);
        id = kn_task_faulted(net, &out);
    }
    kb_unlock(&net->lock);
    if (unknown)
        kn_look_up(net, id, host, (int)port);
    return id;
}

kiwi_id kiwi_udp_recv(kiwi_net *net, kiwi_id socket, int64_t timeout_ms)
{
    kb_lock(&net->lock);
    kiwi_id id;
    kn_sock *sock = find(net, socket);
    kn_op *op = sock == NULL ? NULL : kn_op_new(net, sock, KN_OP_RECV_FROM);
    if (sock == NULL) {
        id = faulted(net, KIWI_FAULT_INVALID, 0, "Invalid socket");
    } else if (op == NULL) {
        id = faulted(net, KIWI_FAULT_SYSTEM, ENOMEM, "Cannot allocate memory");
    } else {
        id = op->task->entry.id;
        if (timeout_ms > 0)
            kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), timeout_ms));
        kn_op_queue(net, op);
        if (!net->lazy)
            kn_pool_nudge(net);
    }
    kb_unlock(&net->lock);
    return id;
}

int kiwi_udp_open(kiwi_net *net, kiwi_id *out, kiwi_result *result)
{
    kiwi_result unseen;
    int fd = -1, error = kn_bind_fresh(&fd);
    if (result == NULL)
        result = &unseen;
    *out = 0;
    *result = (kiwi_result){.state = KIWI_TASK_COMPLETED};
    if (error == 0) {
        kb_lock(&net->lock);
        kn_sock *sock = udp_new(net, fd);
        if (sock == NULL) {
            (void)close(fd);
            error = ENOMEM;
        } else if ((error = kn_entry_add(net, &sock->entry)) != 0) {
            kn_sock_close(net, sock);
        } else {
            *out = sock->entry.id;
        }
        kb_unlock(&net->lock);
    }
    if (error != 0) {
        result->state = KIWI_TASK_FAULTED;
        kn_fault_sys(result, error);
    }
    return error;
}

void kiwi_udp_close(kiwi_net *net, kiwi_id socket)
{
    kb_lock(&net->lock);
    kn_sock *sock = find(net, socket);
    if (sock != NULL)
        kn_sock_close_id(net, sock);
    kb_unlock(&net->lock);
}
