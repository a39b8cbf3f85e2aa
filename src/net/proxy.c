/* proxy.c - see proxy.h.
 *
 * Nothing is taken from the system before the header is there as a whole, and then no byte more: what follows is the
 * program's, or begins a handshake.  A header comes in one piece as a rule.  Where it does not, waiting for more would return at
 * once in a room that tells states, because something is there: so its next look comes after a pause. */
#include "config.h"

#include "net/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/addr.h"
#include "net/fault.h"
#include "net/fd.h"
#include "net/handshake.h"
#include "net/header.h"
#include "net/network.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/shake.h"
#include "net/sock.h"
#include "net/wake.h"

struct kn_proxy {
    bool required;        /* a connection without header is refused */
    kn_failures failures; /* guarded by the runtime's lock */
    size_t count;
    kn_network trusted[]; /* whose headers are believed */
};

/* ---- Settings ------------------------------------------------------------------------------------ */

/* The text of the network at *at, which moves on behind it, into `text`.  false: there is no more, or it is too long. */
static bool next_network(const char **at, char *text, size_t size)
{
    size_t length = strcspn(*at, ",");
    if ((*at)[0] == '\0' || length >= size)
        return false;
    memcpy(text, *at, length);
    text[length] = '\0';
    *at += length + ((*at)[length] == ',');
    return true;
}

/* Read the networks into `out` (NULL: count them); their number, 0 where one is invalid. */
static size_t read_networks(const char *trusted, kn_network *out)
{
    char text[64];
    kn_network unused;
    size_t count = 0;
    for (const char *at = trusted != NULL ? trusted : ""; *at != '\0'; count++)
        if (!next_network(&at, text, sizeof(text)) || !kn_network_read(text, out != NULL ? &out[count] : &unused))
            return 0;
    return count;
}

kn_proxy *kn_proxy_new(const kiwi_socket_options *options)
{
    size_t count = read_networks(options->trusted, NULL);
    kn_proxy *proxy = count == 0 ? NULL : calloc(1, sizeof(*proxy) + count * sizeof(proxy->trusted[0]));
    if (proxy == NULL)
        return NULL;
    proxy->required = options->proxy == KIWI_PROXY_REQUIRED;
    proxy->count = read_networks(options->trusted, proxy->trusted);
    return proxy;
}

void kn_proxy_free(kn_proxy *proxy)
{
    if (proxy == NULL)
        return;
    free(proxy->failures.last);
    free(proxy);
}

bool kn_proxy_refused(const kiwi_socket_options *options, kiwi_result *out)
{
    if (options == NULL || options->proxy == KIWI_PROXY_OFF || read_networks(options->trusted, NULL) > 0)
        return false;
    kn_fault(out, KIWI_FAULT_INVALID, EINVAL, "Invalid networks of trusted proxies: '%.100s'.",
             options->trusted == NULL ? "" : options->trusted);
    return true;
}

/* A peer without an address is a Unix socket's, whose file says who may come. */
static bool is_trusted(const kn_proxy *proxy, const struct sockaddr_in6 *peer)
{
    const struct sockaddr *address = (const struct sockaddr *)peer;
    if (address->sa_family != AF_INET && address->sa_family != AF_INET6)
        return true;
    struct sockaddr_in6 mapped = kn_addr_mapped(address);
    for (size_t i = 0; i < proxy->count; i++)
        if (kn_network_has(&proxy->trusted[i], &mapped.sin6_addr))
            return true;
    return false;
}

/* ---- The step (not locked) ------------------------------------------------------------------- */

static kn_step refuse(kiwi_result *out, const char *text)
{
    kn_fault(out, KIWI_FAULT_INVALID, 0, "%s", text);
    return KN_DONE;
}

static ssize_t receive(int fd, void *data, size_t size, int flags)
{
    ssize_t got;
    do
        got = recv(fd, data, size, flags | KN_FD_NOW);
    while (got < 0 && errno == EINTR);
    return got;
}

/* Take the header, all of which is there, out of the stream. */
static bool consume(int fd, unsigned char *data, size_t size)
{
    while (size > 0) {
        ssize_t got = receive(fd, data, size, 0);
        if (got <= 0)
            return false;
        size -= (size_t)got;
    }
    return true;
}

/* The header, at `data`, is whole. */
static kn_step found(kn_op *op, unsigned char *data, const kn_header *header, kiwi_result *out)
{
    kn_sock *sock = op->sock; /* hidden: nobody else looks at it yet */
    if (!op->u.header.trusted)
        return refuse(out, "a PROXY header came from a peer that is not trusted");
    sock->origin = malloc(sizeof(*sock->origin));
    if (sock->origin == NULL) {
        kn_fault_sys(out, ENOMEM);
        return KN_DONE;
    }
    *sock->origin = *header;
    if (!consume(sock->fd, data, header->size))
        kn_fault_sys(out, errno);
    return KN_DONE;
}

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    unsigned char data[KN_HEADER_MAX];
    kn_header header;
    const char *why;
    char text[96];
    (void)net;
    if (op->u.header.required && !op->u.header.trusted)
        return refuse(out, "the peer is not trusted");
    ssize_t got = receive(op->sock->fd, data, sizeof(data), MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return KN_WANT_READ;
    if (got < 0)
        kn_fault_sys(out, errno);
    else if (got == 0)
        kn_fault(out, KIWI_FAULT_TRUNCATED, 0, "the connection ended before a PROXY header");
    if (got <= 0)
        return KN_DONE;
    op->begun = true;
    switch (kn_header_read(data, (size_t)got, &header, &why)) {
    case KN_HEADER_PART: return KN_WANT_TIME;
    case KN_HEADER_NONE: return op->u.header.required ? refuse(out, "there was no PROXY header") : KN_DONE;
    case KN_HEADER_WHOLE: return found(op, data, &header, out);
    case KN_HEADER_BAD: break;
    }
    (void)snprintf(text, sizeof(text), "the PROXY header is invalid: %s", why);
    return refuse(out, text);
}

/* ---- Life (locked) --------------------------------------------------------------------------- */

static void progress(kiwi_net *net, kn_op *op)
{
    (void)net;
    kn_shake_heard(op);
}

/* The client's address in the place of the proxy's: for who is told of a handshake that failed. */
static struct sockaddr_in6 client_of(const kn_sock *sock)
{
    const kn_header *header = sock->origin;
    struct sockaddr_in6 client = {.sin6_family = AF_INET6};
    if (header == NULL || !header->known)
        return sock->client;
    if (header->family == AF_INET) {
        struct sockaddr_in four = {.sin_family = AF_INET};
        memcpy(&four.sin_addr, header->from, sizeof(four.sin_addr));
        client = kn_addr_mapped((const struct sockaddr *)&four);
    } else {
        memcpy(&client.sin6_addr, header->from, sizeof(client.sin6_addr));
    }
    client.sin6_port = htons(header->from_port);
    return client;
}

static void ended(kiwi_net *net, kn_sock *sock, const kiwi_result *out)
{
    kn_sock *listener = sock->listener_of;
    if (listener == NULL)
        return; /* the listener was closed, and this with it */
    if (out->fault != KIWI_FAULT_NONE) {
        kn_shake_note(&listener->proxy->failures, &sock->client, out);
        kn_shake_drop(net, sock);
    } else if (listener->tls) {
        struct sockaddr_in6 client = client_of(sock);
        (void)kn_shake_leave(sock);
        kn_handshake_begin(net, listener, sock, &client);
    } else {
        kn_shake_done(net, sock);
    }
}

static const kn_kind header_kind = {
    .name = "header", .side = KN_WRITE, .step = step, .progress = progress, .ended = ended};

void kn_proxy_begin(kiwi_net *net, kn_sock *listener, kn_sock *sock, const struct sockaddr_in6 *peer)
{
    kn_locked(net);
    kn_op *op = kn_op_new(net, sock, &header_kind);
    if (op == NULL) {
        kiwi_result out = {0};
        kn_fault_sys(&out, ENOMEM);
        kn_shake_note(&listener->proxy->failures, peer, &out);
        kn_sock_close(net, sock);
        return;
    }
    sock->proxied = true;
    kn_shake_enter(net, listener, sock, peer);
    op->u.header.trusted = is_trusted(listener->proxy, peer);
    op->u.header.required = listener->proxy->required;
    op->fresh = false; /* no worker waits for it in a place */
    kn_op_queue(net, op);
    kn_op_set_deadline(net, op, kb_clock_after_ms(kb_clock_us(), listener->handshake_ms));
    kn_pool_nudge(net);
}

/* ---- Looking (locked) ------------------------------------------------------------------------ */

void kn_proxy_describe(const kn_sock *sock, kiwi_socket_info *out)
{
    out->proxied = sock->proxied;
    if (sock->proxy != NULL) {
        const kn_failures *f = &sock->proxy->failures;
        kn_shake_describe(f, out->header_failure, out->header_host, &out->header_port);
        out->headers_failed = f->count;
    }
    const kn_header *header = sock->origin;
    if (header == NULL)
        return;
    memcpy(out->proxy_host, out->peer_host, sizeof(out->proxy_host));
    out->proxy_port = out->peer_port;
    if (!header->known)
        return;
    (void)inet_ntop(header->family, header->from, out->peer_host, sizeof(out->peer_host));
    (void)inet_ntop(header->family, header->to, out->asked_host, sizeof(out->asked_host));
    out->peer_port = header->from_port;
    out->asked_port = header->to_port;
}
