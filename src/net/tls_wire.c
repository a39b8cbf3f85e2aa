/* tls_wire.c - see tls_wire.h.
 *
 * Output: GnuTLS hands over whole records and is always told that they are gone; what the system does
 * not take at once waits in `out`, and while it waits no new record is made.  Letting GnuTLS keep the
 * rest itself has two traps: the next send delivers the old record instead of the data given, and a key
 * update that arrives while a record is half sent makes it send data twice.
 *
 * Input is read ahead: a record is asked for in two parts, its header and the rest, and taking what
 * follows with the same call halves the system calls. */
#include "config.h"

#include "net/tls_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "net/fd.h"
#include "net/gnutls.h"

enum {
    IOV_PIECES = 32,   /* GnuTLS gives at most that many parts at once */
    AHEAD = 1024,      /* read beyond what was asked for; small enough for malloc's fast path */
    OUT_MAX = 1 << 20, /* far above any handshake flight; a peer cannot make us keep more */
    OUT_KEPT = 32768,  /* room for two records is kept between flights, not more */
};

/* Receive into `buf` and, what comes after it, into `in`: the number of bytes in both, or -1. */
static ssize_t receive_ahead(kn_wire *wire, void *buf, size_t size)
{
    if (wire->in == NULL)
        wire->in = malloc(AHEAD); /* NULL: then nothing is read ahead */
    struct iovec part[2] = {{buf, size}, {wire->in, AHEAD}};
    struct msghdr message = {.msg_iov = part};
    message.msg_iovlen = wire->in != NULL ? 2 : 1;
    ssize_t n;
    do
        n = recvmsg(wire->fd, &message, KN_FD_NOW);
    while (n < 0 && errno == EINTR);
    wire->emptied = n > 0 && (size_t)n < size + (wire->in != NULL ? (size_t)AHEAD : 0);
    return n;
}

/* What failed in the session that carries this one, as an errno: it knows more itself. */
static int under_error(const kb_error *err)
{
    return err->sys != 0 ? err->sys : EIO;
}

/* The same through another session, which reads ahead by itself. */
static ssize_t receive_under(kn_wire *wire, void *buf, size_t size)
{
    kb_status status = KB_OK;
    kb_error err = {0};
    size_t got = 0;
    kn_step step = kn_tls_recv(wire->under, buf, size, &got, &status, &err);
    wire->emptied = step != KN_DONE || kn_tls_drained(wire->under);
    if (step == KN_DONE && (status == KB_OK || status == KB_ETRUNCATED))
        return (ssize_t)got; /* an end of any kind: the session that is carried knows whether it may be */
    errno = step != KN_DONE ? EAGAIN : under_error(&err);
    return -1;
}

static ssize_t pull(gnutls_transport_ptr_t data, void *buf, size_t size)
{
    kn_wire *wire = data;
    size_t ahead = wire->in_end - wire->in_start;
    if (ahead > 0) {
        size_t taken = ahead < size ? ahead : size;
        memcpy(buf, wire->in + wire->in_start, taken);
        wire->in_start += taken;
        return (ssize_t)taken;
    }
    ssize_t n = wire->under != NULL ? receive_under(wire, buf, size) : receive_ahead(wire, buf, size);
    wire->in_start = 0;
    wire->in_end = n > 0 && (size_t)n > size ? (size_t)n - size : 0;
    if (n == 0)
        wire->eof = true;
    if (n >= 0) {
        wire->idle_bytes += (size_t)n;
        return n - (ssize_t)wire->in_end;
    }
    if (errno == EWOULDBLOCK)
        errno = EAGAIN;
    if (errno == EAGAIN)
        wire->want_read = true;
    else
        wire->pull_error = errno;
    return -1;
}

/* Never called with a handshake time limit of 0; must be set together with pull all the same. */
static int pull_timeout(gnutls_transport_ptr_t data, unsigned int ms)
{
    (void)data;
    (void)ms;
    return 1; /* "there may be something": pull does not block */
}

/* Send through another session, as far as it takes it. */
static ssize_t send_under(kn_wire *wire, const struct iovec *part, size_t count)
{
    ssize_t all = 0;
    for (size_t i = 0; i < count; i++) {
        kb_status status = KB_OK;
        kb_error err = {0};
        size_t sent = 0;
        kn_step step = kn_tls_send(wire->under, part[i].iov_base, part[i].iov_len, &sent, &status, &err);
        all += (ssize_t)sent;
        if (step != KN_DONE)
            return all;
        if (status != KB_OK) {
            wire->push_error = under_error(&err);
            return -1;
        }
    }
    return all;
}

/* Send without waiting: the number of bytes taken (0: none now), or -1 with push_error set. */
static ssize_t send_now(kn_wire *wire, struct iovec *part, size_t count)
{
    if (wire->under != NULL)
        return send_under(wire, part, count);
    struct msghdr message = {.msg_iov = part};
    message.msg_iovlen = count;
    ssize_t n;
    do
        n = sendmsg(wire->fd, &message, KN_FD_SEND | KN_FD_NOW);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return 0;
    wire->push_error = errno;
    return -1;
}

static bool out_reserve(kn_wire *wire, size_t more)
{
    if (wire->out_start > 0) {
        memmove(wire->out, wire->out + wire->out_start, wire->out_end - wire->out_start);
        wire->out_end -= wire->out_start;
        wire->out_start = 0;
    }
    if (more > OUT_MAX - wire->out_end)
        return false;
    size_t need = wire->out_end + more;
    if (need <= wire->out_size)
        return true;
    unsigned char *grown = realloc(wire->out, need);
    if (grown == NULL)
        return false;
    wire->out = grown;
    wire->out_size = need;
    return true;
}

/* Keep `part` but for its first `skip` bytes. */
static bool out_keep(kn_wire *wire, const struct iovec *part, size_t count, size_t skip)
{
    for (size_t i = 0; i < count; i++) {
        size_t gone = skip < part[i].iov_len ? skip : part[i].iov_len;
        size_t rest = part[i].iov_len - gone;
        skip -= gone;
        if (rest == 0)
            continue;
        if (!out_reserve(wire, rest)) {
            wire->push_error = ENOBUFS;
            return false;
        }
        memcpy(wire->out + wire->out_end, (const unsigned char *)part[i].iov_base + gone, rest);
        wire->out_end += rest;
    }
    return true;
}

static ssize_t push(gnutls_transport_ptr_t data, const giovec_t *given, int given_count)
{
    kn_wire *wire = data;
    struct iovec part[IOV_PIECES];
    size_t count = 0, total = 0;
    for (; count < IOV_PIECES && count < (size_t)given_count; count++) {
        part[count] = (struct iovec){given[count].iov_base, given[count].iov_len};
        total += part[count].iov_len;
    }
    ssize_t n = wire->push_error != 0 ? -1 : 0;
    if (n == 0 && wire->out_start == wire->out_end)
        n = send_now(wire, part, count);
    if (n < 0 || !out_keep(wire, part, count, (size_t)n)) {
        errno = wire->push_error;
        return -1;
    }
    return (ssize_t)total;
}

void kn_tls_wire_attach(kn_wire *wire, int fd, gnutls_session_t session)
{
    wire->fd = fd;
    kn_gnutls.transport_set_ptr(session, wire);
    kn_gnutls.transport_set_pull_function(session, pull);
    kn_gnutls.transport_set_pull_timeout_function(session, pull_timeout);
    kn_gnutls.transport_set_vec_push_function(session, push);
}

void kn_tls_wire_fini(kn_wire *wire)
{
    free(wire->in);
    free(wire->out);
}

void kn_tls_wire_rest(kn_wire *wire)
{
    if (wire->in_start < wire->in_end)
        return;
    free(wire->in);
    wire->in = NULL;
    wire->in_start = wire->in_end = 0;
}

/* What the session below has made of it. */
static kn_step flush_under(kn_wire *wire, int *sys)
{
    kb_status status = KB_OK;
    kb_error err = {0};
    kn_step step = kn_tls_flush(wire->under, &status, &err);
    if (step == KN_DONE && status != KB_OK)
        *sys = wire->push_error = under_error(&err);
    return step;
}

kn_step kn_tls_wire_drain(kn_wire *wire, int *sys)
{
    *sys = 0;
    while (kn_wire_unsent(wire)) {
        struct iovec rest = {wire->out + wire->out_start, wire->out_end - wire->out_start};
        ssize_t n = send_now(wire, &rest, 1);
        if (n == 0)
            return KN_WANT_WRITE;
        if (n < 0) {
            *sys = wire->push_error;
            kn_wire_drop(wire);
            return KN_DONE;
        }
        wire->out_start += (size_t)n;
    }
    wire->out_start = wire->out_end = 0;
    if (wire->out_size > OUT_KEPT) { /* an unusually large flight */
        free(wire->out);
        wire->out = NULL;
        wire->out_size = 0;
    }
    return wire->under == NULL ? KN_DONE : flush_under(wire, sys);
}
