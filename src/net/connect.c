/* connect.c - connecting: look-up, each address in turn, handshake; and what a connection is asked
 * to do.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <poll.h>
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

struct kn_connect {
    kn_addresses *addresses; /* NULL until looked up; then in the order in which they are tried */
    size_t at;               /* the address to be tried next (runner only) */
    int64_t next_us;         /* when, if the others are still silent (runner only) */
    int port;
    bool local;       /* to a Unix socket: the host is a path */
    bool limited;     /* the deadline covers the handshake */
    bool connected;   /* what is left is the handshake (runner only) */
    bool loopback;    /* the peer's address is (runner only) */
    const char *host; /* these point behind the struct; NULL: none */
    const char *name;
    kn_tls_settings *settings; /* TLS, else NULL */
    kiwi_socket_options options;
    kn_addresses *sources; /* where it may come from; NULL: the system chooses */
    /* Guarded by the lock: */
    int error;      /* of the last address that failed and had a way to it */
    kb_link rivals; /* hidden sockets that try other addresses at the same time, by kn_sock.shake */
    int won;        /* descriptor of the one that has connected; -1 */
    bool won_loopback;
    char text[];
};

enum { RIVAL_MS = 250 }; /* before the next address is tried beside a silent one (RFC 8305, 5) */

static void connect_free(struct kn_connect *connect)
{
    if (connect == NULL)
        return;
    if (connect->won >= 0)
        (void)close(connect->won);
    free(connect->addresses);
    free(connect->sources);
    free(connect->settings);
    free(connect);
}

static void cannot(const struct kn_connect *c, kiwi_result *out, kiwi_fault fault, int sys, const char *why)
{
    if (c->local)
        kn_fault(out, fault, sys, "Cannot connect to %.120s: %s", c->host, why);
    else
        kn_fault(out, fault, sys, "Cannot connect to %.100s:%d: %s", c->host, c->port, why);
}

static void cannot_sys(const struct kn_connect *c, kiwi_result *out, int sys)
{
    char text[64];
    cannot(c, out, KIWI_FAULT_SYSTEM, sys, kb_error_errno_text(sys, text, sizeof(text)));
}

static void expired(const kn_op *op, kiwi_result *out)
{
    char text[64];
    cannot(op->u.connect, out, KIWI_FAULT_TIMEOUT, ETIMEDOUT, kb_error_errno_text(ETIMEDOUT, text, sizeof(text)));
}

/* Keep why an address failed, but rather what a peer said than that this machine lacks the family.  Locked. */
static void note_error(struct kn_connect *c, int error)
{
    bool no_way = error == EADDRNOTAVAIL || error == EAFNOSUPPORT || error == ENETUNREACH;
    if (c->error == 0 || !no_way)
        c->error = error;
}

/* The source of connections to addresses of `family`; NULL: there is none. */
static const struct kn_address *source_for(const struct kn_connect *c, int family)
{
    for (size_t i = 0; c->sources != NULL && i < c->sources->count; i++)
        if (c->sources->at[i].addr.ss_family == family)
            return &c->sources->at[i];
    return NULL;
}

/* ---- One address (not locked) ----------------------------------------------------------------- */

static void set_fd(kiwi_net *net, kn_sock *sock, int fd)
{
    kn_lock(net);
    kn_sock_set_fd(net, sock, fd);
    kn_wake_unlock(net);
}

/* What `fd` gets before it connects.  A port that was named may be that of a connection that has just ended. */
static int prepare_fd(int fd, const kiwi_socket_options *options, const struct kn_address *from)
{
    int on = 1, error = kn_option_set(fd, options, NULL);
    if (error != 0 || from == NULL)
        return error;
    if (options->local_port != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    return bind(fd, (const struct sockaddr *)&from->addr, from->size) != 0 ? errno : 0;
}

/* Begin to connect `sock` to an address.  0: under way (or done); else the errno. */
static int begin(kiwi_net *net, kn_sock *sock, const struct kn_address *to, const kiwi_socket_options *options,
                 const struct kn_address *from)
{
    int fd = -1, error;
    do
        error = kn_fd_socket(to->addr.ss_family, SOCK_STREAM, &fd);
    while (kb_relief_ask(error));
    if (error != 0)
        return error;
    set_fd(net, sock, fd);
    error = prepare_fd(fd, options, from);
    if (error != 0)
        return error;
    /* EINTR: the connection is made all the same, calling again would fail */
    if (connect(fd, (const struct sockaddr *)&to->addr, to->size) != 0 && errno != EINPROGRESS && errno != EINTR)
        return errno;
    return 0;
}

/* TCP lets a socket connect to itself if the port asked for is the one that the system chose for it: that is
 * nobody's server. */
static bool is_own_peer(int fd, const struct sockaddr_storage *peer)
{
    struct sockaddr_storage own = {.ss_family = AF_UNSPEC};
    socklen_t size = sizeof(own);
    return getsockname(fd, (struct sockaddr *)&own, &size) == 0 && kn_addr_equal(&own, peer);
}

/* Has the connection been made?  0, EINPROGRESS, or why not. */
static int outcome(int fd)
{
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof(peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
        return is_own_peer(fd, &peer) ? ECONNREFUSED : 0;
    if (poll(&out, 1, 0) <= 0)
        return EINPROGRESS;
    size = sizeof(error);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ? errno : error;
}

/* ---- Rivals: other addresses beside one that is silent ---------------------------------------- */

struct kn_rival {
    kn_op *parent;              /* ends its rivals before it goes */
    struct kn_address to, from; /* from.size 0: the system chooses */
    kiwi_socket_options options;
};

static kn_step rival_step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const struct kn_rival *r = op->u.rival;
    int error = 0;
    if (op->sock->fd < 0)
        error = begin(net, op->sock, &r->to, &r->options, r->from.size > 0 ? &r->from : NULL);
    if (error == 0)
        error = outcome(op->sock->fd);
    if (error == EINPROGRESS)
        return KN_WANT_WRITE;
    if (error != 0)
        kn_fault_sys(out, error);
    return KN_DONE;
}

/* It has connected, or failed: `parent` takes over the descriptor, or tries another address. */
static void rival_note(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    struct kn_connect *c = op->u.rival->parent->u.connect;
    kb_list_remove(&op->sock->shake);
    if (out->fault != KIWI_FAULT_NONE) {
        note_error(c, out->sys);
    } else if (c->won < 0) {
        c->won = kn_sock_yield_fd(net, op->sock);
        c->won_loopback = kn_addr_is_loopback(&op->u.rival->to.addr);
    }
    kn_op_poke(net, op->u.rival->parent);
}

static void rival_release(kiwi_net *net, kn_op *op)
{
    (void)net;
    free(op->u.rival);
}

static const kn_kind rival_kind = {.name = "connect",
                                   .side = KN_WRITE,
                                   .step = rival_step,
                                   .note = rival_note,
                                   .ended = kn_sock_served,
                                   .release = rival_release};

/* Let a hidden socket try the next address of `parent`.  Without memory for it the others go on. */
static void rival_begin(kiwi_net *net, kn_op *parent)
{
    struct kn_connect *c = parent->u.connect;
    struct kn_rival *rival = malloc(sizeof(*rival));
    if (rival == NULL)
        return;
    *rival = (struct kn_rival){.parent = parent, .to = c->addresses->at[c->at++], .options = c->options};
    const struct kn_address *from = source_for(c, rival->to.addr.ss_family);
    if (from != NULL)
        rival->from = *from;
    kn_lock(net);
    kn_sock *sock = parent->abandoned ? NULL : kn_sock_new(net, -1, false);
    kn_op *op = sock == NULL ? NULL : kn_op_new(net, sock, &rival_kind);
    if (op != NULL) {
        op->u.rival = rival;
        op->fresh = false; /* a blocking place is for an operation that somebody can await */
        kb_list_push(&c->rivals, &sock->shake);
        kn_op_queue(net, op);
    } else {
        if (sock != NULL)
            kn_sock_close(net, sock);
        free(rival);
    }
    kn_wake_unlock(net);
}

static void end_rivals(kiwi_net *net, struct kn_connect *c) /* locked */
{
    for (kb_link *link; (link = kb_list_pop(&c->rivals)) != NULL;)
        kn_sock_close(net, KB_OWNER(link, kn_sock, shake));
}

/* ---- Steps (not locked) ----------------------------------------------------------------------- */

/* Make the descriptor of a rival that has connected our own.  false: none has. */
static bool adopt_winner(kiwi_net *net, kn_sock *sock, struct kn_connect *c)
{
    kn_lock(net);
    bool won = c->won >= 0;
    if (won) {
        kn_sock_set_fd(net, sock, c->won);
        c->loopback = c->won_loopback;
        c->won = -1;
    }
    kn_wake_unlock(net);
    return won;
}

/* Our own descriptor has failed; one that has is spent. */
static void give_up(kiwi_net *net, kn_sock *sock, struct kn_connect *c, int error)
{
    kn_lock(net);
    note_error(c, error);
    kn_sock_set_fd(net, sock, -1);
    kn_wake_unlock(net);
}

/* No address is left: rivals may still connect, or nobody has. */
static kn_step last_resort(kiwi_net *net, struct kn_connect *c, kiwi_result *out)
{
    kn_lock(net);
    bool rivals = !kb_list_empty(&c->rivals) || c->won >= 0;
    int error = c->error;
    kn_wake_unlock(net);
    if (rivals)
        return KN_WANT_OTHERS;
    cannot_sys(c, out, error);
    return KN_DONE;
}

static bool has_more(const struct kn_connect *c)
{
    return c->addresses != NULL && c->at < c->addresses->count;
}

/* Our own descriptor is silent. */
static kn_step wait_silent(kiwi_net *net, kn_op *op, struct kn_connect *c)
{
    int64_t now_us = kb_clock_us();
    if (has_more(c) && now_us >= c->next_us) {
        rival_begin(net, op);
        c->next_us = kb_clock_after_ms(now_us, RIVAL_MS);
    }
    return KN_WANT_WRITE;
}

/* The queue of a Unix listener is full (Linux says EAGAIN): the address is tried again after a pause. */
static kn_step try_later(kiwi_net *net, kn_sock *sock, struct kn_connect *c)
{
    set_fd(net, sock, -1);
    c->at--;
    return KN_WANT_TIME;
}

static kn_step connected(kiwi_net *net, struct kn_connect *c)
{
    c->connected = true;
    if (c->addresses->count > 1) {
        kn_lock(net);
        end_rivals(net, c);
        kn_wake_unlock(net);
    }
    return KN_DONE;
}

static kn_step connect_tcp(kiwi_net *net, kn_op *op, struct kn_connect *c, kiwi_result *out)
{
    kn_sock *sock = op->sock;
    for (;;) {
        int error = 0;
        if (c->addresses->count > 1 && adopt_winner(net, sock, c))
            return connected(net, c);
        if (sock->fd < 0) {
            if (!has_more(c))
                return last_resort(net, c, out);
            const struct kn_address *to = &c->addresses->at[c->at++];
            c->loopback = kn_addr_is_loopback(&to->addr);
            c->next_us = kb_clock_after_ms(kb_clock_us(), RIVAL_MS);
            error = begin(net, sock, to, &c->options, source_for(c, to->addr.ss_family));
        }
        if (error == 0)
            error = outcome(sock->fd);
        if (error == EINPROGRESS)
            return wait_silent(net, op, c);
        if (error == EAGAIN && c->local)
            return try_later(net, sock, c);
        if (error == 0)
            return connected(net, c);
        give_up(net, sock, c, error);
    }
}

static void cannot_tls(const struct kn_connect *c, kiwi_result *out, kb_status status, const kb_error *err)
{
    kiwi_result why = {0};
    kn_fault_tls(&why, status, err);
    cannot(c, out, why.fault, why.sys, why.message);
    out->tls = why.tls;
    out->alert = why.alert;
    out->handshake = why.fault == KIWI_FAULT_TLS;
}

/* The handshake computes. */
static kn_step connect_tls(kiwi_net *net, kn_sock *sock, struct kn_connect *c, kiwi_result *out)
{
    kb_error err = {0};
    kn_step step = KN_DONE;
    kb_status status = kn_equip_now(net, sock, c->settings, &err);
    if (status == KB_OK && sock->session == NULL)
        status = kn_tls_new(sock->context, sock->fd, c->name, c->loopback, &sock->session, &err);
    if (status == KB_OK)
        step = kn_tls_handshake(sock->session, &status, &err);
    if (step == KN_DONE && status != KB_OK)
        cannot_tls(c, out, status, &err);
    return step;
}

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    struct kn_connect *c = op->u.connect;
    if (!c->connected) {
        kn_step step = connect_tcp(net, op, c, out);
        if (step != KN_DONE || !c->connected || !op->sock->tls)
            return step;
        return KN_WANT_WORKER; /* in any case: the handshake's limit begins */
    }
    return op->how != KN_HELP ? connect_tls(net, op->sock, c, out) : KN_WANT_WORKER;
}

/* A handshake begins now: where no limit was given it gets one. */
static void limit_handshake(kiwi_net *net, kn_op *op)
{
    if (op->u.connect->limited)
        return;
    op->u.connect->limited = true;
    kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), KN_HANDSHAKE_MS));
}

/* ---- Before the first step (locked) ------------------------------------------------------------ */

/* All is there but the addresses, perhaps. */
static void go_on(kiwi_net *net, kn_op *op)
{
    const struct kn_connect *c = op->u.connect;
    kn_lookup_or_ready(net, op, c->addresses != NULL, c->host, c->port);
}

static void equipped(kiwi_net *net, kn_op *op, kn_tls_context *context, kb_status status, const kb_error *err)
{
    if (status != KB_OK) {
        kiwi_result out = {0};
        cannot_tls(op->u.connect, &out, status, err);
        kn_op_fail(net, op, &out);
        return;
    }
    op->sock->context = context == NULL ? NULL : kn_tls_context_ref(context);
    if (!op->u.connect->limited) /* the limit was for files that hang */
        kn_op_set_deadline(net, op, KB_NEVER);
    go_on(net, op);
}

/* When the next address is due. */
static void progress(kiwi_net *net, kn_op *op)
{
    (void)net;
    const struct kn_connect *c = op->u.connect;
    op->pause_us = !c->connected && has_more(c) ? c->next_us : KB_NEVER;
}

/* Leave out addresses that cannot be reached from where the connection is to come. */
static void keep_reachable(struct kn_connect *c)
{
    size_t kept = 0;
    for (size_t i = 0; i < c->addresses->count; i++)
        if (source_for(c, c->addresses->at[i].addr.ss_family) != NULL)
            c->addresses->at[kept++] = c->addresses->at[i];
    c->addresses->count = kept;
    if (kept == 0)
        c->error = EADDRNOTAVAIL;
}

/* Its addresses are known: with more than one it waits for other things besides its own descriptor. */
static void take_addresses(kn_op *op, kn_addresses *addresses)
{
    kn_resolve_alternate(addresses);
    op->u.connect->addresses = addresses;
    if (op->u.connect->sources != NULL)
        keep_reachable(op->u.connect);
    op->fresh = addresses->count == 1;
}

static void resolved(kn_op *op, kn_addresses *addresses, int sys, const char *why, kiwi_result *out)
{
    if (addresses == NULL)
        cannot(op->u.connect, out, KIWI_FAULT_RESOLVE, sys, why);
    else
        take_addresses(op, addresses);
}

static void release(kiwi_net *net, kn_op *op)
{
    end_rivals(net, op->u.connect);
    connect_free(op->u.connect);
}

static const kn_kind connect_kind = {.name = "connect",
                                     .side = KN_WRITE,
                                     .has_task = true,
                                     .makes_socket = true,
                                     .step = step,
                                     .progress = progress,
                                     .resolved = resolved,
                                     .equipped = equipped,
                                     .computes = limit_handshake,
                                     .expired = expired,
                                     .release = release};

/* ---- Submitting ----------------------------------------------------------------------------- */

/* `name`: for TLS; else NULL. */
static struct kn_connect *connect_new(const char *host, int port, const char *name)
{
    size_t host_size = strlen(host) + 1, name_size = name == NULL ? 0 : strlen(name) + 1;
    struct kn_connect *c = malloc(sizeof(*c) + host_size + name_size);
    if (c == NULL)
        return NULL;
    *c = (struct kn_connect){.port = port, .won = -1, .host = c->text};
    memcpy(c->text, host, host_size);
    if (name != NULL) {
        memcpy(c->text + host_size, name, name_size);
        c->name = c->text + host_size;
    }
    kb_list_init(&c->rivals);
    return c;
}

/* Give *c the settings for `options` and *context the context for them, if that is at hand.  false: memory is
 * short. */
static bool prepare_tls(struct kn_connect *c, const kiwi_tls_options *options, kn_tls_context **context)
{
    c->settings = kn_tls_settings_new(options, false);
    char *key = c->settings == NULL ? NULL : kn_tls_settings_text(c->settings);
    if (key == NULL)
        return false;
    *context = kn_tls_context_cached(key);
    free(key);
    return true;
}

/* Submit *c (NULL: memory is short) with its addresses and its context (takes over both) if they are known.  Locked. */
static kiwi_id submit(kiwi_net *net, struct kn_connect *c, kn_addresses *addresses, kn_tls_context *context,
                      int timeout_ms)
{
    kn_sock *sock = c == NULL ? NULL : kn_sock_new(net, -1, c->settings != NULL);
    kn_op *op = sock == NULL ? NULL : kn_op_new(net, sock, &connect_kind);
    if (op == NULL) {
        if (sock != NULL)
            kn_sock_close(net, sock);
        connect_free(c);
        free(addresses);
        kn_tls_context_unref(context);
        return kn_task_no_memory(net);
    }
    kiwi_id id = op->task->entry.id;
    sock->local = c->local;
    sock->untimed = !c->local;
    sock->linger_ms = kn_option_value(&c->options, KIWI_SOCKET_LINGER, -1);
    sock->host = c->local ? NULL : strdup(c->host); /* without memory for it the name must be told */
    bool equip = c->settings != NULL && context == NULL;
    sock->context = context;
    op->u.connect = c;
    c->limited = timeout_ms > 0;
    if (c->limited || equip)
        kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), c->limited ? timeout_ms : KN_HANDSHAKE_MS));
    if (addresses != NULL)
        take_addresses(op, addresses);
    if (addresses == NULL || equip)
        kn_move_op(op, KN_RESOLVING);
    kn_op_queue(net, op);
    if (equip)
        kn_equip_begin(net, op, c->settings);
    else if (addresses == NULL)
        go_on(net, op);
    return id;
}

/* Note the options (NULL: none) and where the connection is to come from.  false: *out says why it cannot. */
static bool take_options(struct kn_connect *c, const kiwi_socket_options *options, kiwi_result *out)
{
    const char *from = options == NULL || options->local_host == NULL ? "" : options->local_host;
    int sys = 0, code = 0;
    if (options == NULL)
        return true;
    c->options = *options;
    c->options.local_host = NULL; /* the caller's */
    if (options->local_port < 0 || options->local_port > 65535) {
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid local port %d: expected 0 to 65535.", options->local_port);
        return false;
    }
    if (from[0] != '\0' || options->local_port > 0)
        code = kn_resolve(from, options->local_port, true, true, &c->sources, &sys);
    if (code == EAI_MEMORY)
        kn_fault_sys(out, ENOMEM);
    else if (code != 0)
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid local host '%.100s': expected an address.", from);
    return code == 0;
}

/* false: *out says why it cannot be. */
static bool is_valid(const char *host, int64_t port, kiwi_result *out)
{
    if (host == NULL)
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid host: NULL.");
    else if (port < 1 || port > 65535)
        kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid port %lld: expected 1 to 65535.", (long long)port);
    return out->fault == KIWI_FAULT_NONE;
}

/* `name`: for TLS, with its options; else NULL. */
static kiwi_id connect_to(kiwi_net *net, const char *host, int64_t port, const char *name,
                          const kiwi_tls_options *options, int timeout_ms, const kiwi_socket_options *socket)
{
    kiwi_result out = {0};
    kn_addresses *addresses = NULL;
    kn_tls_context *context = NULL;
    int sys = 0;
    bool valid = is_valid(host, port, &out);
    struct kn_connect *c = valid ? connect_new(host, (int)port, name) : NULL;
    if (c != NULL && !take_options(c, socket, &out)) {
        connect_free(c);
        c = NULL;
        valid = false;
    }
    if (c != NULL && name != NULL && !prepare_tls(c, options, &context)) {
        connect_free(c);
        c = NULL;
    }
    if (c != NULL)
        (void)kn_resolve(host, (int)port, true, false, &addresses, &sys);
    kn_lock(net);
    kiwi_id id = valid ? submit(net, c, addresses, context, timeout_ms) : kn_task_faulted(net, &out);
    if (!net->lazy || !net->help)
        kn_pool_nudge(net);
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_tcp_connect_with(kiwi_net *net, const char *host, int64_t port, int timeout_ms,
                              const kiwi_socket_options *options)
{
    return connect_to(net, host, port, NULL, NULL, timeout_ms, options);
}

kiwi_id kiwi_tcp_connect(kiwi_net *net, const char *host, int64_t port, int timeout_ms)
{
    return kiwi_tcp_connect_with(net, host, port, timeout_ms, NULL);
}

/* `path` cannot be an address, or there is none. */
static kiwi_id no_path(kiwi_net *net, const char *path, int error)
{
    char text[64];
    kiwi_result out = {0};
    struct kn_connect c = {.local = true, .host = path};
    if (path == NULL)
        kn_fault(&out, KIWI_FAULT_INVALID, EINVAL, "Invalid host: NULL.");
    else
        cannot(&c, &out, KIWI_FAULT_SYSTEM, error, kb_error_errno_text(error, text, sizeof(text)));
    return kn_task_faulted(net, &out);
}

/* `name`: for TLS, with its options; else NULL. */
static kiwi_id connect_local(kiwi_net *net, const char *path, const char *name, const kiwi_tls_options *options,
                             int timeout_ms)
{
    kn_addresses *address = NULL;
    kn_tls_context *context = NULL;
    int error = path == NULL ? EINVAL : kn_unix_address(path, &address);
    struct kn_connect *c = error == 0 ? connect_new(path, 0, name) : NULL;
    if (c != NULL)
        c->local = true;
    if (c != NULL && name != NULL && !prepare_tls(c, options, &context)) {
        connect_free(c);
        c = NULL;
    }
    kn_lock(net);
    kiwi_id id = error == 0 ? submit(net, c, address, context, timeout_ms) : no_path(net, path, error);
    if (!net->lazy || !net->help)
        kn_pool_nudge(net);
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_unix_connect(kiwi_net *net, const char *path, int timeout_ms)
{
    return connect_local(net, path, NULL, NULL, timeout_ms);
}

static bool blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

static int limit_of(const kiwi_tls_options *options)
{
    return options == NULL ? 0 : options->timeout_ms;
}

kiwi_id kiwi_tls_connect(kiwi_net *net, const char *host, int64_t port, const char *sni,
                         const kiwi_tls_options *options)
{
    return connect_to(net, host, port,
                      !blank(sni)    ? sni
                      : host != NULL ? host
                                     : "",
                      options, limit_of(options), options == NULL ? NULL : options->socket);
}

kiwi_id kiwi_tls_unix_connect(kiwi_net *net, const char *path, const char *sni, const kiwi_tls_options *options)
{
    return connect_local(net, path, blank(sni) ? "localhost" : sni, options, limit_of(options));
}
