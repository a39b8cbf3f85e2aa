/* bind.c - binding, of listeners and of UDP sockets: an operation on a hidden socket, because the
 * look-up of a name may take time.  The contracts are in kiwi/net.h and state.h. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/locks.h"

struct kn_bind {
    kn_addresses *addresses; /* NULL until looked up */
    int port, backlog;       /* backlog 0: UDP */
    char host[];
};

void kn_bind_free(struct kn_bind *bind)
{
    if (bind == NULL)
        return;
    free(bind->addresses);
    free(bind);
}

/* ---- The step (not locked) ------------------------------------------------------------------ */

static int bind_one(const struct sockaddr_storage *addr, socklen_t size, int backlog, int *out)
{
    int on = 1, off = 0;
    bool stream = backlog > 0;
    int fd = -1, error = kn_fd_socket(addr->ss_family, stream ? SOCK_STREAM : SOCK_DGRAM, &fd);
    if (error != 0)
        return error;
    /* With SO_REUSEADDR two sockets of UDP could share a port, and nobody would notice. */
    (void)setsockopt(fd, SOL_SOCKET, stream ? SO_REUSEADDR : SO_BROADCAST, &on, sizeof(on));
    if (addr->ss_family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, (const struct sockaddr *)addr, size) != 0 ||
        (stream && listen(fd, backlog) != 0)) {
        error = errno;
        (void)close(fd);
        return error;
    }
    *out = fd;
    return 0;
}

/* The addresses of one family in turn, until one can be bound. */
static int bind_family(const kn_addresses *all, int family, int backlog, int *fd)
{
    int error = EADDRNOTAVAIL;
    for (size_t i = 0; i < all->count; i++) {
        if (all->at[i].addr.ss_family != family)
            continue;
        error = bind_one(&all->at[i].addr, all->at[i].size, backlog, fd);
        if (error == 0 || error == EADDRINUSE)
            return error; /* another address would hide that the port is taken */
    }
    return error;
}

/* A name binds its IPv4 address first; all addresses are one IPv6 socket for both kinds first. */
static int bind_any(const struct kn_bind *b, int *fd)
{
    bool every = b->host[0] == '\0';
    const int first = every ? AF_INET6 : AF_INET, second = every ? AF_INET : AF_INET6;
    int error = bind_family(b->addresses, first, b->backlog, fd);
    if (error == 0 || error == EADDRINUSE || error == EACCES)
        return error;
    int other = bind_family(b->addresses, second, b->backlog, fd);
    return other == 0 || error == EADDRNOTAVAIL ? other : error;
}

static void cannot(const struct kn_bind *b, kiwi_result *out, kiwi_fault fault, int sys,
                   const char *why)
{
    kn_fault(out, fault, sys, "Cannot %s %.100s:%d: %s", b->backlog > 0 ? "listen on" : "bind to",
             b->host, b->port, why);
}

kn_step kn_bind_step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const struct kn_bind *b = op->u.bind;
    int fd = -1, error = bind_any(b, &fd);
    if (error != 0) {
        char text[64];
        cannot(b, out, KIWI_FAULT_SYSTEM, error, kb_errno_text(error, text, sizeof(text)));
        return KN_DONE;
    }
    kb_lock(&net->lock);
    kn_sock_set_fd(net, op->sock, fd);
    kb_unlock(&net->lock);
    return KN_DONE;
}

void kn_bind_resolved(const kn_op *op, kn_addresses *addresses, int sys, const char *why,
                      kiwi_result *out)
{
    op->u.bind->addresses = addresses;
    if (addresses == NULL)
        cannot(op->u.bind, out, KIWI_FAULT_RESOLVE, sys, why);
}

/* ---- Submitting ----------------------------------------------------------------------------- */

/* What is to be bound, with its addresses if `host` is one.  NULL: it cannot be, and *out says
 * why. */
static struct kn_bind *bind_new(const char *host, int64_t port, int backlog, kiwi_result *out)
{
    int sys = 0;
    if (port < 0 || port > 65535) {
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid port %lld: expected 0 to 65535.",
                 (long long)port);
        return NULL;
    }
    size_t size = strlen(host) + 1;
    struct kn_bind *b = malloc(sizeof(*b) + size);
    if (b == NULL) {
        kn_fault_sys(out, ENOMEM);
        return NULL;
    }
    *b = (struct kn_bind){.port = (int)port, .backlog = backlog};
    memcpy(b->host, host, size);
    (void)kn_resolve(host, (int)port, true, true, &b->addresses, &sys);
    return b;
}

int kn_bind_fresh(int *fd)
{
    kiwi_result out = {0};
    struct kn_bind *b = bind_new("", 0, 0, &out);
    int error = b == NULL || b->addresses == NULL ? ENOMEM : bind_any(b, fd);
    kn_bind_free(b);
    return error;
}

kiwi_id kn_bind_submit(kiwi_net *net, kn_sock *sock, const char *host, int64_t port, int backlog)
{
    kiwi_result out = {0};
    struct kn_bind *b = bind_new(host, port, backlog, &out);
    kb_lock(&net->lock);
    kn_op *op = b == NULL || sock == NULL ? NULL : kn_op_new(net, sock, KN_OP_BIND);
    if (op == NULL) {
        if (b != NULL)
            kn_fault_sys(&out, ENOMEM);
        if (sock != NULL)
            kn_sock_close(net, sock);
        kn_bind_free(b);
        kiwi_id id = kn_task_faulted(net, &out);
        kb_unlock(&net->lock);
        return id;
    }
    kiwi_id id = op->task->entry.id;
    bool look_up = b->addresses == NULL;
    op->u.bind = b;
    if (look_up)
        op->state = KN_RESOLVING;
    kn_op_queue(net, op);
    if (!net->lazy || !net->help)
        kn_pool_nudge(net);
    kb_unlock(&net->lock);
    if (look_up)
        kn_look_up(net, id, host, (int)port);
    return id;
}
