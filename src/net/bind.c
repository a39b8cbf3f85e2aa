/* bind.c - binding, of listeners and of UDP sockets: an operation on a hidden socket, because the
 * look-up of a name may take time.  The contract is in bind.h. */
#include "config.h"

#include "net/bind.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/relief.h"
#include "net/addr.h"
#include "net/equip.h"
#include "net/fault.h"
#include "net/fd.h"
#include "net/lookup.h"
#include "net/move.h"
#include "net/op.h"
#include "net/option.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/unix.h"
#include "net/wake.h"

struct kn_bind {
    kn_addresses *addresses;            /* NULL until looked up */
    kn_tls_settings *settings;          /* a listener over TLS, else NULL */
    const kiwi_socket_options *options; /* of a listener, which has them; NULL: none */
    int port, backlog;                  /* backlog 0: UDP */
    bool shared;                        /* other processes bind the port, too */
    bool local;                         /* a Unix socket: the host is a path; */
    int mode;                           /* of its file, < 0: as the umask leaves it */
    char host[];
};

typedef struct bound {
    int fd;
    kn_file *file;       /* NULL: it has none */
    const char *refused; /* the option that failed, if one has */
} bound;

static void bind_free(struct kn_bind *bind)
{
    if (bind == NULL)
        return;
    free(bind->addresses);
    free(bind->settings);
    free(bind);
}

/* ---- The step (not locked) ------------------------------------------------------------------ */

static int bind_fd(const struct kn_bind *b, const struct kn_address *to, bound *out)
{
    if (b->local)
        return kn_unix_bind(out->fd, to, b->mode, &out->file);
    return bind(out->fd, (const struct sockaddr *)&to->addr, to->size) != 0 ? errno : 0;
}

static int bind_one(const struct kn_bind *b, const struct kn_address *to, bound *out)
{
    int on = 1, only = kn_option_value(b->options, KIWI_SOCKET_IPV6_ONLY, 0), family = to->addr.ss_family;
    bool stream = b->backlog > 0;
    bound made = {.fd = -1};
    int error = kn_fd_socket(family, stream ? SOCK_STREAM : SOCK_DGRAM, &made.fd);
    if (error != 0)
        return error;
    /* With SO_REUSEADDR two sockets of UDP could share a port, and nobody would notice. */
    (void)setsockopt(made.fd, SOL_SOCKET, stream ? SO_REUSEADDR : SO_BROADCAST, &on, sizeof(on));
    if (family == AF_INET6)
        (void)setsockopt(made.fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
    if (stream)
        kn_option_keepalive_times(made.fd); /* for its connections */
    if (b->shared && kn_option_value(b->options, KIWI_SOCKET_REUSE_PORT, 1) != 0)
        error = kn_option_share_port(made.fd);
    if (error == 0)
        error = kn_option_set(made.fd, b->options, &out->refused);
    if (error == 0)
        error = bind_fd(b, to, &made);
    if (error == 0 && stream && listen(made.fd, b->backlog) != 0)
        error = errno;
    if (error != 0) {
        (void)close(made.fd);
        kn_unix_remove(made.file);
        return error;
    }
    if (!stream && kn_addr_is_any(&to->addr))
        kn_fd_tell_asked(made.fd, family);
    *out = made;
    return 0;
}

/* The addresses of one family in turn, until one can be bound. */
static int bind_family(const struct kn_bind *b, int family, bound *out)
{
    const kn_addresses *all = b->addresses;
    int error = EADDRNOTAVAIL;
    for (size_t i = 0; i < all->count; i++) {
        if (all->at[i].addr.ss_family != family)
            continue;
        error = bind_one(b, &all->at[i], out);
        if (error == 0 || error == EADDRINUSE)
            return error; /* another address would hide that the port is taken */
    }
    return error;
}

/* A name binds its IPv4 address first; all addresses are one IPv6 socket for both kinds first. */
static int bind_any(const struct kn_bind *b, bound *out)
{
    if (b->local)
        return bind_family(b, AF_UNIX, out);
    if (kn_option_value(b->options, KIWI_SOCKET_IPV6_ONLY, 0) != 0)
        return bind_family(b, AF_INET6, out);
    bool every = b->host[0] == '\0';
    const int first = every ? AF_INET6 : AF_INET, second = every ? AF_INET : AF_INET6;
    int error = bind_family(b, first, out);
    if (error == 0 || error == EADDRINUSE || error == EACCES)
        return error;
    int other = bind_family(b, second, out);
    return other == 0 || error == EADDRNOTAVAIL ? other : error;
}

static void cannot(const struct kn_bind *b, kiwi_result *out, kiwi_fault fault, int sys, const char *why)
{
    const char *verb = b->backlog > 0 ? "listen on" : "bind to";
    if (b->local)
        kn_fault(out, fault, sys, "Cannot %s %.120s: %s", verb, b->host, why);
    else
        kn_fault(out, fault, sys, "Cannot %s %.100s:%d: %s", verb, b->host, b->port, why);
}

static void cannot_sys(const struct kn_bind *b, kiwi_result *out, int sys, const char *refused)
{
    char text[64], why[128];
    const char *reason = kb_error_errno_text(sys, text, sizeof(text));
    if (refused != NULL)
        (void)snprintf(why, sizeof(why), "option '%s': %s", refused, reason);
    cannot(b, out, KIWI_FAULT_SYSTEM, sys, refused != NULL ? why : reason);
}

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const struct kn_bind *b = op->u.bind;
    kb_error err = {0};
    kb_status status = b->settings == NULL ? KB_OK : kn_equip_now(net, op->sock, b->settings, &err);
    if (status != KB_OK) {
        kn_fault_tls(out, status, &err);
        return KN_DONE;
    }
    bound made = {.fd = -1};
    int error;
    do
        error = bind_any(b, &made);
    while (kb_relief_ask(error));
    if (error != 0) {
        cannot_sys(b, out, error, made.refused);
        return KN_DONE;
    }
    kn_lock(net);
    kn_sock_set_fd(net, op->sock, made.fd);
    kn_file *orphan = op->abandoned ? made.file : NULL;
    if (orphan == NULL)
        op->sock->file = made.file;
    kn_wake_unlock(net);
    kn_unix_remove(orphan);
    return KN_DONE;
}

static void resolved(kn_op *op, kn_addresses *addresses, int sys, const char *why, kiwi_result *out)
{
    op->u.bind->addresses = addresses;
    if (addresses == NULL)
        cannot(op->u.bind, out, KIWI_FAULT_RESOLVE, sys, why);
}

/* All is there but the addresses, perhaps. */
static void go_on(kiwi_net *net, kn_op *op)
{
    const struct kn_bind *b = op->u.bind;
    kn_lookup_or_ready(net, op, b->addresses != NULL, b->host, b->port);
}

static void equipped(kiwi_net *net, kn_op *op, kn_tls_context *context, kb_status status, const kb_error *err)
{
    if (kn_equip_take(net, op, &op->sock->context, context, status, err))
        go_on(net, op);
}

static void release(kiwi_net *net, kn_op *op)
{
    (void)net;
    bind_free(op->u.bind);
}

static const kn_kind bind_kind = {.name = "bind",
                                  .side = KN_WRITE,
                                  .has_task = true,
                                  .makes_socket = true,
                                  .step = step,
                                  .resolved = resolved,
                                  .equipped = equipped,
                                  .release = release};

/* ---- Submitting ----------------------------------------------------------------------------- */

/* NULL: it cannot be, and *out says why. */
static struct kn_bind *bind_at(const char *host, int backlog, kiwi_result *out)
{
    if (host == NULL) {
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid host: NULL.");
        return NULL;
    }
    size_t size = strlen(host) + 1;
    struct kn_bind *b = malloc(sizeof(*b) + size);
    if (b == NULL) {
        kn_fault_sys(out, ENOMEM);
        return NULL;
    }
    *b = (struct kn_bind){.backlog = backlog};
    memcpy(b->host, host, size);
    return b;
}

/* What is to be bound, with its addresses if `host` is one.  NULL as above. */
static struct kn_bind *bind_new(const char *host, int64_t port, int backlog, kiwi_result *out)
{
    int sys = 0;
    if (port < 0 || port > 65535) {
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid port %lld: expected 0 to 65535.", (long long)port);
        return NULL;
    }
    struct kn_bind *b = bind_at(host, backlog, out);
    if (b == NULL)
        return NULL;
    b->port = (int)port;
    (void)kn_resolve(host, (int)port, true, true, &b->addresses, &sys);
    return b;
}

/* The same for a path. */
static struct kn_bind *bind_local(const char *path, int backlog, int mode, kiwi_result *out)
{
    struct kn_bind *b = bind_at(path, backlog, out);
    if (b == NULL)
        return NULL;
    b->local = true;
    b->mode = mode;
    int error = kn_unix_address(path, &b->addresses);
    if (error == 0)
        return b;
    cannot_sys(b, out, error, NULL);
    bind_free(b);
    return NULL;
}

int kn_bind_fresh(int *fd)
{
    kiwi_result out = {0};
    bound made = {.fd = -1};
    struct kn_bind *b = bind_new("", 0, 0, &out);
    int error;
    do
        error = b == NULL || b->addresses == NULL ? ENOMEM : bind_any(b, &made);
    while (kb_relief_ask(error));
    bind_free(b);
    if (error == 0)
        *fd = made.fd;
    return error;
}

/* Other processes listen on the same port as this one.  false: *out says why they cannot. */
static bool share_port(const kiwi_net *net, struct kn_bind *b, kiwi_result *out)
{
    b->shared = net->shared && !b->local && b->port > 0;
    if (!net->shared || b->local || b->port > 0 || b->backlog == 0)
        return true;
    cannot(b, out, KIWI_FAULT_INVALID, EINVAL, "processes that share a port must name it");
    return false;
}

/* Submit *b (NULL: *out says why not), which is taken over. */
static kiwi_id submit(kiwi_net *net, kn_sock *sock, struct kn_bind *b, kiwi_result *out)
{
    if (b != NULL && !share_port(net, b, out)) {
        bind_free(b);
        b = NULL;
    }
    kn_lock(net);
    kn_op *op = b == NULL || sock == NULL ? NULL : kn_op_new(net, sock, &bind_kind);
    if (op == NULL) {
        if (b != NULL)
            kn_fault_sys(out, ENOMEM);
        if (sock != NULL)
            kn_sock_close(net, sock);
        bind_free(b);
        kiwi_id id = kn_task_faulted(net, out);
        kn_wake_unlock(net);
        return id;
    }
    kiwi_id id = op->task->entry.id;
    op->u.bind = b;
    b->options = sock->options;
    sock->local = b->local;
    if (b->settings != NULL || b->addresses == NULL)
        kn_move_op(op, KN_RESOLVING);
    kn_op_queue(net, op);
    if (b->settings != NULL)
        kn_equip_begin(net, op, b->settings);
    else if (b->addresses == NULL)
        go_on(net, op);
    if (!net->lazy || !net->help)
        kn_pool_nudge(net);
    kn_wake_unlock(net);
    return id;
}

/* The same once *b has its settings. */
static kiwi_id submit_with(kiwi_net *net, kn_sock *sock, struct kn_bind *b, kn_tls_settings *settings, kiwi_result *out)
{
    if (b != NULL)
        b->settings = settings;
    else
        free(settings);
    return submit(net, sock, b, out);
}

kiwi_id kn_bind_submit(kiwi_net *net, kn_sock *sock, const char *host, int64_t port, int backlog,
                       kn_tls_settings *settings)
{
    kiwi_result out = {0};
    return submit_with(net, sock, bind_new(host, port, backlog, &out), settings, &out);
}

kiwi_id kn_bind_submit_local(kiwi_net *net, kn_sock *sock, const char *path, int backlog, int mode,
                             kn_tls_settings *settings)
{
    kiwi_result out = {0};
    return submit_with(net, sock, bind_local(path, backlog, mode, &out), settings, &out);
}
