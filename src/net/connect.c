/* connect.c - connecting: look-up, each address in turn, handshake; and what a connection is asked
 * to do.  The contracts are in kiwi/net.h and state.h. */
#include "config.h"

#include "net/state.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/locks.h"

struct kn_connect {
    kn_addresses *addresses; /* NULL until looked up */
    size_t at;               /* the address to be tried next */
    int error;               /* of the last address that failed */
    int port;
    bool limited;     /* the deadline covers the handshake */
    bool connected;   /* what is left is the handshake */
    bool loopback;    /* the peer's address is */
    const char *host; /* these point behind the struct; NULL: none */
    const char *name;
    kiwi_tls_options tls;
    char text[];
};

void kn_connect_free(struct kn_connect *connect)
{
    if (connect == NULL)
        return;
    free(connect->addresses);
    free(connect);
}

static void cannot(const struct kn_connect *c, kiwi_result *out, kiwi_fault fault, int sys,
                   const char *why)
{
    kn_fault(out, fault, sys, "Cannot connect to %.100s:%d: %s", c->host, c->port, why);
}

static void cannot_sys(const struct kn_connect *c, kiwi_result *out, int sys)
{
    char text[64];
    cannot(c, out, KIWI_FAULT_SYSTEM, sys, kb_errno_text(sys, text, sizeof(text)));
}

void kn_connect_timed_out(const kn_op *op, kiwi_result *out)
{
    char text[64];
    cannot(op->u.connect, out, KIWI_FAULT_TIMEOUT, ETIMEDOUT,
           kb_errno_text(ETIMEDOUT, text, sizeof(text)));
}

/* ---- Steps (not locked) --------------------------------------------------------------------- */

static void set_fd(kiwi_net *net, kn_sock *sock, int fd)
{
    kb_lock(&net->lock);
    kn_sock_set_fd(net, sock, fd);
    kb_unlock(&net->lock);
}

static bool is_loopback(const struct sockaddr_storage *addr)
{
    if (addr->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)addr;
        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)addr;
    return addr->ss_family == AF_INET6 &&
           (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
            (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == 127));
}

/* Begin to connect to the next address.  0: under way (or done); else the errno. */
static int begin_next(kiwi_net *net, kn_sock *sock, struct kn_connect *c)
{
    const struct sockaddr_storage *addr = &c->addresses->at[c->at].addr;
    socklen_t size = c->addresses->at[c->at++].size;
    int fd = -1, error = kn_fd_socket(addr->ss_family, SOCK_STREAM, &fd);
    if (error != 0)
        return error;
    c->loopback = is_loopback(addr);
    set_fd(net, sock, fd);
    /* EINTR: the connection is made all the same, calling again would fail */
    if (connect(fd, (const struct sockaddr *)addr, size) != 0 && errno != EINPROGRESS &&
        errno != EINTR)
        return errno;
    return 0;
}

/* Has the connection been made?  0, EINPROGRESS, or why not. */
static int outcome(int fd)
{
    struct sockaddr_storage peer;
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof(peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &size) == 0)
        return 0;
    if (poll(&out, 1, 0) <= 0)
        return EINPROGRESS;
    size = sizeof(error);
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ? errno : error;
}

static kn_step connect_tcp(kiwi_net *net, kn_sock *sock, struct kn_connect *c, kiwi_result *out)
{
    for (;;) {
        int error = 0;
        if (sock->fd < 0) {
            if (c->at == c->addresses->count) {
                cannot_sys(c, out, c->error);
                return KN_DONE;
            }
            error = begin_next(net, sock, c);
        }
        if (error == 0)
            error = outcome(sock->fd);
        if (error == EINPROGRESS)
            return KN_WANT_WRITE;
        if (error == 0) {
            c->connected = true;
            return KN_DONE;
        }
        c->error = error; /* a descriptor that has failed is spent */
        set_fd(net, sock, -1);
    }
}

/* kn_tls_context_client() reads files and the handshake computes. */
static kn_step connect_tls(kiwi_net *net, kn_sock *sock, struct kn_connect *c, kiwi_result *out)
{
    kb_status status = KB_OK;
    kb_error err = {0};
    kn_step step = KN_DONE;
    if (sock->context == NULL)
        status = kn_tls_context_client(&c->tls, net->log, net->log_data, &sock->context, &err);
    if (status == KB_OK && sock->session == NULL)
        status = kn_tls_new(sock->context, sock->fd, c->name, c->loopback, &sock->session, &err);
    if (status == KB_OK)
        step = kn_tls_handshake(sock->session, &status, &err);
    if (step == KN_DONE && status != KB_OK) {
        kn_fault_tls(out, status, &err);
        kiwi_result why = *out;
        cannot(c, out, why.fault, why.sys, why.message);
        out->tls = why.tls;
    }
    return step;
}

kn_step kn_connect_step(kiwi_net *net, kn_op *op, kiwi_result *out, bool may_compute)
{
    struct kn_connect *c = op->u.connect;
    if (!c->connected) {
        kn_step step = connect_tcp(net, op->sock, c, out);
        if (step != KN_DONE || !c->connected || !op->sock->tls)
            return step;
        return KN_WANT_WORKER; /* in any case: the handshake's limit begins */
    }
    return may_compute ? connect_tls(net, op->sock, c, out) : KN_WANT_WORKER;
}

void kn_connect_limit_handshake(kiwi_net *net, kn_op *op)
{
    if (op->kind != KN_OP_CONNECT || op->u.connect->limited)
        return;
    op->u.connect->limited = true;
    kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), KN_HANDSHAKE_MS));
}

/* ---- Submitting ----------------------------------------------------------------------------- */

void kn_connect_resolved(const kn_op *op, kn_addresses *addresses, int sys, const char *why,
                         kiwi_result *out)
{
    op->u.connect->addresses = addresses;
    if (addresses == NULL)
        cannot(op->u.connect, out, KIWI_FAULT_RESOLVE, sys, why);
}

static size_t text_size(const char *text)
{
    return text == NULL ? 0 : strlen(text) + 1;
}

/* Copy `text` to *at, which moves on. */
static const char *text_copy(char **at, const char *text)
{
    size_t size = text_size(text);
    char *copy = *at;
    if (size == 0)
        return NULL;
    memcpy(copy, text, size);
    *at += size;
    return copy;
}

static struct kn_connect *connect_new(const char *host, int port, const char *name,
                                      const kiwi_tls_options *tls)
{
    static const kiwi_tls_options none;
    const kiwi_tls_options *o = tls == NULL ? &none : tls;
    size_t size = text_size(host) + text_size(name) + text_size(o->cert) + text_size(o->key) +
                  text_size(o->ca) + text_size(o->client_ca) + text_size(o->alpn);
    struct kn_connect *c = malloc(sizeof(*c) + size);
    if (c == NULL)
        return NULL;
    *c = (struct kn_connect){.port = port, .tls = *o};
    char *at = c->text;
    c->host = text_copy(&at, host);
    c->name = text_copy(&at, name);
    c->tls.cert = text_copy(&at, o->cert);
    c->tls.key = text_copy(&at, o->key);
    c->tls.ca = text_copy(&at, o->ca);
    c->tls.client_ca = text_copy(&at, o->client_ca);
    c->tls.alpn = text_copy(&at, o->alpn);
    return c;
}

/* Submit *c, which may be NULL (memory is short); *look_up: its name must be looked up.  Locked. */
static kiwi_id submit(kiwi_net *net, struct kn_connect *c, bool tls, int timeout_ms, bool *look_up)
{
    kiwi_result out = {0};
    *look_up = false;
    kn_sock *sock = c == NULL ? NULL : kn_sock_new(net, -1, tls);
    kn_op *op = sock == NULL ? NULL : kn_op_new(net, sock, KN_OP_CONNECT);
    if (op == NULL) {
        if (sock != NULL)
            kn_sock_close(net, sock);
        kn_connect_free(c);
        kn_fault_sys(&out, ENOMEM);
        return kn_task_faulted(net, &out);
    }
    kiwi_id id = op->task->entry.id;
    op->u.connect = c;
    if (timeout_ms > 0) {
        c->limited = true;
        kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), timeout_ms));
    }
    *look_up = c->addresses == NULL;
    if (*look_up)
        op->state = KN_RESOLVING;
    kn_op_queue(net, op);
    return id;
}

static kiwi_id connect_to(kiwi_net *net, const char *host, int64_t port, const char *name,
                          const kiwi_tls_options *options, bool tls, int timeout_ms)
{
    kiwi_result out = {0};
    bool look_up = false;
    int sys = 0;
    if (port < 1 || port > 65535) {
        kn_fault(&out, KIWI_FAULT_INVALID, EINVAL, "Invalid port %lld: expected 1 to 65535.",
                 (long long)port);
        kb_lock(&net->lock);
        kiwi_id id = kn_task_faulted(net, &out);
        kb_unlock(&net->lock);
        return id;
    }
    struct kn_connect *c = connect_new(host, (int)port, name, options);
    if (c != NULL)
        (void)kn_resolve(host, (int)port, true, false, &c->addresses, &sys);
    kb_lock(&net->lock);
    kiwi_id id = submit(net, c, tls, timeout_ms, &look_up);
    if (!net->lazy || !net->help)
        kn_pool_nudge(net);
    kb_unlock(&net->lock);
    if (look_up)
        kn_look_up(net, id, host, (int)port);
    return id;
}

kiwi_id kiwi_tcp_connect(kiwi_net *net, const char *host, int64_t port, int timeout_ms)
{
    return connect_to(net, host, port, NULL, NULL, false, timeout_ms);
}

static bool blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

kiwi_id kiwi_tls_connect(kiwi_net *net, const char *host, int64_t port, const char *sni,
                         const kiwi_tls_options *options)
{
    return connect_to(net, host, port, blank(sni) ? host : sni, options, true,
                      options == NULL ? 0 : options->timeout_ms);
}
