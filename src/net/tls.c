/* tls.c - steps of one TLS session.  The contract is in tls.h; contexts are in trust.c.
 *
 * Output goes through a buffer of our own.  GnuTLS hands over whole records and is always told
 * that they are gone; what the system does not take at once waits in `out`, and while it waits no
 * new record is made.  Letting GnuTLS keep the rest itself has two traps: the next send delivers
 * the old record instead of the data given, and a key update that arrives while a record is half
 * sent makes it send data twice.
 *
 * Input is read ahead: a record is asked for in two parts, its header and the rest, and taking
 * what follows with the same call halves the system calls.  What was read ahead waits in `in`.
 *
 * GNUTLS_E_AGAIN alone does not mean "wait": it also comes after tickets, key updates and parts of
 * a record.  Only pull() knows, and sets `want_read` when the system really had nothing. */
#include "config.h"

#include "net/tls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "net/cert.h"
#include "net/gnutls.h"
#include "net/ticket.h"
#include "net/trust.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0 /* such systems have SO_NOSIGPIPE, which is set where the socket is made */
#endif

enum {
    NAME_MAX_BYTES = 255, /* of a host name in the domain name system */
    PIECE = 16384,        /* the most plain text one record takes */
    IOV_PIECES = 32,      /* GnuTLS gives at most that many parts at once */
    AHEAD = 1024,         /* read beyond what was asked for; small enough for malloc's fast path */
    OUT_MAX = 1 << 20,    /* far above any handshake flight; a peer cannot make us keep more */
    SPINS_MAX = 64,       /* results without data, in a row: empty records, warnings, fragments */
    IDLE_MAX = 1 << 18,   /* bytes of the peer without data in them; chains of certificates fit */
};

typedef enum stage {
    STAGE_HANDSHAKE, /* -> STAGE_OPEN, or `failure` is set */
    STAGE_OPEN,      /* -> STAGE_BYE by kn_tls_bye() */
    STAGE_BYE,       /* close_notify was made: nothing more can be sent */
} stage;

struct kn_tls {
    gnutls_session_t session;
    kn_tls_context *context;
    int fd; /* the caller's */
    stage stage;
    bool loopback;     /* the peer's address is a loopback address */
    bool verified;     /* the peer's certificate */
    bool resumed;      /* an earlier session was taken up again */
    bool want_read;    /* the last pull found nothing */
    bool emptied;      /* the last pull took all there was */
    bool eof;          /* pull has met the peer's FIN */
    bool ended;        /* receiving is over: close_notify, or a FIN that is allowed */
    size_t idle_bytes; /* pulled since the last data, or the begin of the handshake */
    int pull_error;    /* errno of recv(), 0 if none */
    int push_error;    /* errno of sendmsg(), 0 if none */
    unsigned char *in; /* bytes in_start..in_end were read ahead; NULL while there are none */
    size_t in_start, in_end;
    unsigned char
        *out; /* bytes out_start..out_end wait for the system; NULL if there were never any */
    size_t out_start, out_end, out_size;
    kb_error failure; /* of the session: the first one; every later call gives it again */
    kb_error
        send_failure; /* of sending; what the peer sent before, an alert say, can still be read */
    char reason[192]; /* why the peer's certificate was refused, "" if it was not */
    char name[NAME_MAX_BYTES + 1]; /* client: of the peer; lives as long as the session */
    char peer[KN_TICKET_KEY];      /* client: the peer in the context's tickets */
};

/* ---- Transport ------------------------------------------------------------------------------- */

/* Receive into `buf` and, what comes after it, into `in`: the number of bytes in both, or -1. */
static ssize_t receive_ahead(kn_tls *tls, void *buf, size_t size)
{
    if (tls->in == NULL)
        tls->in = malloc(AHEAD); /* NULL: then nothing is read ahead */
    struct iovec part[2] = {{buf, size}, {tls->in, AHEAD}};
    struct msghdr message = {.msg_iov = part};
    message.msg_iovlen = tls->in != NULL ? 2 : 1;
    ssize_t n;
    do
        n = recvmsg(tls->fd, &message, 0);
    while (n < 0 && errno == EINTR);
    tls->emptied = n > 0 && (size_t)n < size + (tls->in != NULL ? (size_t)AHEAD : 0);
    return n;
}

static ssize_t pull(gnutls_transport_ptr_t data, void *buf, size_t size)
{
    kn_tls *tls = data;
    size_t ahead = tls->in_end - tls->in_start;
    if (ahead > 0) {
        size_t taken = ahead < size ? ahead : size;
        memcpy(buf, tls->in + tls->in_start, taken);
        tls->in_start += taken;
        return (ssize_t)taken;
    }
    ssize_t n = receive_ahead(tls, buf, size);
    tls->in_start = 0;
    tls->in_end = n > 0 && (size_t)n > size ? (size_t)n - size : 0;
    if (n == 0)
        tls->eof = true;
    if (n >= 0) {
        tls->idle_bytes += (size_t)n;
        return n - (ssize_t)tls->in_end;
    }
    if (errno == EWOULDBLOCK)
        errno = EAGAIN;
    if (errno == EAGAIN)
        tls->want_read = true;
    else
        tls->pull_error = errno;
    return -1;
}

/* Never called with a handshake time limit of 0; must be set together with pull all the same. */
static int pull_timeout(gnutls_transport_ptr_t data, unsigned int ms)
{
    (void)data;
    (void)ms;
    return 1; /* "there may be something": pull does not block */
}

/* Between steps an idle session keeps no buffer. */
static void release_ahead(kn_tls *tls)
{
    if (tls->in_start < tls->in_end)
        return;
    free(tls->in);
    tls->in = NULL;
    tls->in_start = tls->in_end = 0;
}

/* Send without waiting: the number of bytes taken (0: none now), or -1 with push_error set. */
static ssize_t send_now(kn_tls *tls, struct iovec *part, size_t count)
{
    struct msghdr message = {.msg_iov = part};
    message.msg_iovlen = count;
    ssize_t n;
    do
        n = sendmsg(tls->fd, &message, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n >= 0)
        return n;
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return 0;
    tls->push_error = errno;
    return -1;
}

static bool out_reserve(kn_tls *tls, size_t more)
{
    if (tls->out_start > 0) {
        memmove(tls->out, tls->out + tls->out_start, tls->out_end - tls->out_start);
        tls->out_end -= tls->out_start;
        tls->out_start = 0;
    }
    if (more > OUT_MAX - tls->out_end)
        return false;
    size_t need = tls->out_end + more;
    if (need <= tls->out_size)
        return true;
    unsigned char *grown = realloc(tls->out, need);
    if (grown == NULL)
        return false;
    tls->out = grown;
    tls->out_size = need;
    return true;
}

/* Keep `part` but for its first `skip` bytes. */
static bool out_keep(kn_tls *tls, const struct iovec *part, size_t count, size_t skip)
{
    for (size_t i = 0; i < count; i++) {
        size_t gone = skip < part[i].iov_len ? skip : part[i].iov_len;
        size_t rest = part[i].iov_len - gone;
        skip -= gone;
        if (rest == 0)
            continue;
        if (!out_reserve(tls, rest)) {
            tls->push_error = ENOBUFS;
            return false;
        }
        memcpy(tls->out + tls->out_end, (const unsigned char *)part[i].iov_base + gone, rest);
        tls->out_end += rest;
    }
    return true;
}

static ssize_t push(gnutls_transport_ptr_t data, const giovec_t *given, int given_count)
{
    kn_tls *tls = data;
    struct iovec part[IOV_PIECES];
    size_t count = 0, total = 0;
    for (; count < IOV_PIECES && count < (size_t)given_count; count++) {
        part[count] = (struct iovec){given[count].iov_base, given[count].iov_len};
        total += part[count].iov_len;
    }
    ssize_t n = tls->push_error != 0 ? -1 : 0;
    if (n == 0 && tls->out_start == tls->out_end)
        n = send_now(tls, part, count);
    if (n < 0 || !out_keep(tls, part, count, (size_t)n)) {
        errno = tls->push_error;
        return -1;
    }
    return (ssize_t)total;
}

/* ---- Failures -------------------------------------------------------------------------------- */

static kn_step done(const kb_error *failure, kb_status *status, kb_error *err)
{
    *status = failure->status;
    if (err != NULL && failure->status != KB_OK)
        *err = *failure;
    return KN_DONE;
}

/* The failure that stands in the way of sending; status KB_OK if there is none. */
static const kb_error *send_failure(const kn_tls *tls)
{
    return tls->send_failure.status != KB_OK ? &tls->send_failure : &tls->failure;
}

static void fail_system(kb_error *failure, int sys)
{
    char buf[96];
    (void)kb_fail(failure, KB_EIO, sys, "%s", kb_errno_text(sys, buf, sizeof(buf)));
}

static bool cut_short(int code)
{
    return code == GNUTLS_E_PREMATURE_TERMINATION || code == GNUTLS_E_UNEXPECTED_PACKET_LENGTH ||
           code == GNUTLS_E_AGAIN || code == GNUTLS_E_INVALID_SESSION;
}

/* Describe in *failure, once, what GnuTLS gave `code` for. */
static void fail_gnutls(const kn_tls *tls, kb_error *failure, int code, const char *doing)
{
    if (failure->status != KB_OK)
        return;
    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        const char *name = kn_gnutls.alert_get_name(kn_gnutls.alert_get(tls->session));
        (void)kb_fail(failure, KB_ETLS, 0, "TLS %s: the peer sent an alert: %s", doing,
                      name != NULL ? name : "unknown");
    } else if (tls->reason[0] != '\0') {
        (void)kb_fail(failure, KB_EVERIFY, 0, "%s", tls->reason);
    } else if (tls->pull_error != 0) {
        fail_system(failure, tls->pull_error);
    } else if (tls->push_error != 0) {
        fail_system(failure, tls->push_error);
    } else if (tls->eof && cut_short(code)) {
        (void)kb_fail(failure, KB_ETRUNCATED, 0, "connection truncated: TLS %s: %s", doing,
                      "the peer ended the stream without close_notify");
    } else {
        (void)kb_fail(failure, code == GNUTLS_E_MEMORY_ERROR ? KB_ENOMEM : KB_ETLS, 0,
                      "TLS %s failed: %s", doing, kn_gnutls.strerror(code));
    }
    failure->tls = code;
}

/* ---- Verification ---------------------------------------------------------------------------- */

/* The chain is not trusted otherwise: is it the development certificate, from this machine?  The
 * library still makes the peer prove that it has the key. */
static bool is_development(kn_tls *tls)
{
    if (!tls->context->development || !tls->loopback)
        return false;
    unsigned int count = 0;
    const gnutls_datum_t *chain = kn_gnutls.certificate_get_peers(tls->session, &count);
    return chain != NULL && count > 0 && kn_cert_dev_matches(&chain[0]);
}

static void explain(kn_tls *tls, int code, unsigned int flaws)
{
    static const char general[] = "The certificate is NOT trusted. ";
    static const char prefix[] = "certificate verification failed";
    gnutls_datum_t text = {NULL, 0};
    if (code == GNUTLS_E_NO_CERTIFICATE_FOUND) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: the peer sent no certificate",
                       prefix);
    } else if (code < 0) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: %s", prefix,
                       kn_gnutls.strerror(code));
    } else if (kn_gnutls.certificate_verification_status_print(flaws, GNUTLS_CRT_X509, &text, 0) <
               0) {
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s", prefix);
    } else {
        const char *what = (const char *)text.data;
        size_t size = strlen(what);
        if (strncmp(what, general, sizeof(general) - 1) == 0 && size > sizeof(general) - 1) {
            what += sizeof(general) - 1;
            size -= sizeof(general) - 1;
        }
        while (size > 0 && what[size - 1] == ' ')
            size--;
        (void)snprintf(tls->reason, sizeof(tls->reason), "%s: %.*s%s%.60s%s", prefix,
                       size < 110 ? (int)size : 110, what, tls->name[0] != '\0' ? " (" : "",
                       tls->name, tls->name[0] != '\0' ? ")" : "");
    }
    (*kn_gnutls.free)(text.data);
}

/* ---- Resumption ------------------------------------------------------------------------------ */

/* The development certificate is trusted on loopback only, and so are sessions begun with it. */
static void name_peer(kn_tls *tls)
{
    struct sockaddr_storage addr;
    socklen_t size = sizeof(addr);
    int port = 0;
    if (getpeername(tls->fd, (struct sockaddr *)&addr, &size) != 0)
        addr.ss_family = AF_UNSPEC;
    if (addr.ss_family == AF_INET)
        port = ((const struct sockaddr_in *)(const void *)&addr)->sin_port;
    else if (addr.ss_family == AF_INET6)
        port = ((const struct sockaddr_in6 *)(const void *)&addr)->sin6_port;
    (void)snprintf(tls->peer, sizeof(tls->peer), "%s:%d%s", tls->name, ntohs((uint16_t)port),
                   tls->loopback ? " here" : "");
}

/* A session the server does not know any more leads to a full handshake. */
static void try_to_resume(kn_tls *tls)
{
    gnutls_datum_t data;
    if (!kn_tickets_take(&tls->context->tickets, tls->peer, &data))
        return;
    (void)kn_gnutls.session_set_data(tls->session, data.data, data.size);
    kn_ticket_wipe(&data);
}

static void keep_session(kn_tls *tls)
{
    gnutls_datum_t data = {NULL, 0};
    if (tls->stage != STAGE_HANDSHAKE && (tls->verified || !tls->context->verify) &&
        kn_gnutls.session_get_data2(tls->session, &data) == 0)
        kn_tickets_put(&tls->context->tickets, tls->peer, &data);
}

/* With TLS 1.2 a ticket comes before the handshake ends, and a resumed session keeps the one it
 * has. */
static void keep_old_session(kn_tls *tls)
{
    if (kn_gnutls.protocol_get_version(tls->session) < GNUTLS_TLS1_3 &&
        (tls->resumed ||
         (kn_gnutls.session_get_flags(tls->session) & GNUTLS_SFLAGS_SESSION_TICKET) != 0))
        keep_session(tls);
}

/* With TLS 1.3 they come after the handshake. */
static int ticket_came(gnutls_session_t session, unsigned int type, unsigned int when,
                       unsigned int incoming, const gnutls_datum_t *message)
{
    (void)type;
    (void)when;
    (void)incoming;
    (void)message;
    keep_session(kn_gnutls.session_get_ptr(session));
    return 0;
}

/* ---- Verification, inside the handshake ----------------------------------------------------- */

/* Not 0 ends it. */
static int verify_peer(gnutls_session_t session)
{
    kn_tls *tls = kn_gnutls.session_get_ptr(session);
    bool server = tls->context->server;
    gnutls_typed_vdata_st want[2] = {
        {GNUTLS_DT_KEY_PURPOSE_OID,
         (unsigned char *)(server ? GNUTLS_KP_TLS_WWW_CLIENT : GNUTLS_KP_TLS_WWW_SERVER), 0},
        {GNUTLS_DT_DNS_HOSTNAME, (unsigned char *)tls->name, 0},
    };
    unsigned int flaws = 0;
    int r = kn_gnutls.certificate_verify_peers(session, want, server ? 1 : 2, &flaws);
    if ((r >= 0 && flaws == 0) || is_development(tls)) {
        tls->verified = true;
        return 0;
    }
    explain(tls, r, flaws);
    return GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR;
}

/* ---- Opening and closing --------------------------------------------------------------------- */

/* Copy `name` to tls->name as it appears in certificates: [::1] and ::1%eth0 are ::1, and the dot
 * at the end of a full name is not part of it. */
static kb_status take_name(kn_tls *tls, const char *name, kb_error *err)
{
    size_t size = strlen(name);
    if (size >= 2 && name[0] == '[' && name[size - 1] == ']') {
        name++;
        size -= 2;
    }
    if (memchr(name, ':', size) != NULL && memchr(name, '%', size) != NULL)
        size = (size_t)((const char *)memchr(name, '%', size) - name);
    if (size > 0 && name[size - 1] == '.')
        size--;
    if (size > NAME_MAX_BYTES)
        return kb_fail(err, KB_EINVAL, 0, "the name of the TLS peer is too long");
    if (size == 0 && tls->context->verify) /* without a name any certificate would do */
        return kb_fail(err, KB_EINVAL, 0, "no name to verify the TLS peer against");
    memcpy(tls->name, name, size);
    tls->name[size] = '\0';
    return KB_OK;
}

static bool is_address(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 || inet_pton(AF_INET6, name, address) == 1;
}

static int set_up_server(kn_tls *tls)
{
    gnutls_session_t s = tls->session;
    kn_tls_context *context = tls->context;
    kn_gnutls.certificate_server_set_request(s, context->verify ? GNUTLS_CERT_REQUIRE
                                                                : GNUTLS_CERT_IGNORE);
    return kn_gnutls.session_ticket_enable_server(s, &context->ticket_key);
}

static int set_up_client(kn_tls *tls)
{
    gnutls_session_t s = tls->session;
    name_peer(tls);
    kn_gnutls.handshake_set_hook_function(s, GNUTLS_HANDSHAKE_NEW_SESSION_TICKET, GNUTLS_HOOK_POST,
                                          ticket_came);
    try_to_resume(tls);
    return tls->name[0] == '\0' || is_address(tls->name)
               ? 0
               : kn_gnutls.server_name_set(s, GNUTLS_NAME_DNS, tls->name, strlen(tls->name));
}

static int set_up(kn_tls *tls)
{
    /* Mandatory: a client whose protocols are all unknown gets the alert of RFC 7301, 3.2. */
    const unsigned int server_alpn = GNUTLS_ALPN_SERVER_PRECEDENCE | GNUTLS_ALPN_MANDATORY;
    kn_tls_context *context = tls->context;
    int r = kn_gnutls.init(&tls->session, GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
                                              (context->server ? GNUTLS_SERVER : GNUTLS_CLIENT));
    if (r < 0) {
        tls->session = NULL;
        return r;
    }
    gnutls_session_t s = tls->session;
    kn_gnutls.session_set_ptr(s, tls);
    kn_gnutls.transport_set_ptr(s, tls);
    kn_gnutls.transport_set_pull_function(s, pull);
    kn_gnutls.transport_set_pull_timeout_function(s, pull_timeout);
    kn_gnutls.transport_set_vec_push_function(s, push);
    kn_gnutls.handshake_set_timeout(s, 0); /* the caller's time limit counts */
    if (context->verify)
        kn_gnutls.session_set_verify_function(s, verify_peer);
    r = kn_gnutls.priority_set(s, context->priority);
    if (r >= 0)
        r = kn_gnutls.credentials_set(s, GNUTLS_CRD_CERTIFICATE, context->creds);
    if (r >= 0 && context->alpn_count > 0)
        r = kn_gnutls.alpn_set_protocols(s, context->alpn, context->alpn_count,
                                         context->server ? server_alpn : 0);
    if (r < 0)
        return r;
    return context->server ? set_up_server(tls) : set_up_client(tls);
}

kb_status kn_tls_new(kn_tls_context *context, int fd, const char *name, bool loopback, kn_tls **out,
                     kb_error *err)
{
    *out = NULL;
    kn_tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL)
        return kb_fail(err, KB_ENOMEM, 0, "out of memory");
    tls->context = kn_tls_context_ref(context);
    tls->fd = fd;
    tls->loopback = loopback;
    kb_status status = context->server ? KB_OK : take_name(tls, name != NULL ? name : "", err);
    if (status == KB_OK) {
        int r = set_up(tls);
        if (r < 0) {
            fail_gnutls(tls, &tls->failure, r, "set-up");
            status = tls->failure.status;
            if (err != NULL)
                *err = tls->failure;
        }
    }
    if (status != KB_OK) {
        kn_tls_free(tls);
        return status;
    }
    *out = tls;
    return KB_OK;
}

void kn_tls_free(kn_tls *tls)
{
    if (tls == NULL)
        return;
    if (tls->session != NULL)
        kn_gnutls.deinit(tls->session);
    kn_tls_context_unref(tls->context);
    free(tls->in);
    free(tls->out);
    free(tls);
}

/* ---- Sending --------------------------------------------------------------------------------- */

bool kn_tls_unflushed(const kn_tls *tls)
{
    return tls->out_start < tls->out_end;
}

/* Give the system what waits in `out`.  KN_DONE: all gone, or tls->send_failure is set. */
static kn_step drain(kn_tls *tls)
{
    while (tls->out_start < tls->out_end) {
        struct iovec rest = {tls->out + tls->out_start, tls->out_end - tls->out_start};
        ssize_t n = send_now(tls, &rest, 1);
        if (n == 0)
            return KN_WANT_WRITE;
        if (n < 0) {
            tls->out_start = tls->out_end; /* nobody will take it */
            fail_system(&tls->send_failure, tls->push_error);
            return KN_DONE;
        }
        tls->out_start += (size_t)n;
    }
    tls->out_start = tls->out_end = 0;
    if (tls->out_size > 2 * PIECE) { /* an unusually large flight: do not keep the room for ever */
        free(tls->out);
        tls->out = NULL;
        tls->out_size = 0;
    }
    return KN_DONE;
}

kn_step kn_tls_flush(kn_tls *tls, kb_status *status, kb_error *err)
{
    if (drain(tls) == KN_WANT_WRITE)
        return KN_WANT_WRITE;
    return done(send_failure(tls), status, err);
}

kn_step kn_tls_send(kn_tls *tls, const void *data, size_t size, size_t *sent, kb_status *status,
                    kb_error *err)
{
    assert(*sent <= size);
    int spins = 0;
    for (;;) {
        if (drain(tls) == KN_WANT_WRITE)
            return KN_WANT_WRITE;
        const kb_error *failure = send_failure(tls);
        if (failure->status != KB_OK || *sent == size)
            return done(failure, status, err);
        if (tls->stage != STAGE_OPEN) {
            *status = kb_fail(err, KB_ETLS, 0, "TLS send: %s",
                              tls->stage == STAGE_BYE ? "sending was ended by this side"
                                                      : "the handshake is not done");
            return KN_DONE;
        }
        size_t piece = size - *sent < PIECE ? size - *sent : PIECE;
        ssize_t n = kn_gnutls.record_send(tls->session, (const char *)data + *sent, piece);
        if (n > 0) {
            *sent += (size_t)n;
            spins = 0;
        } else if (n == 0 || kn_gnutls.error_is_fatal((int)n) != 0 || ++spins > SPINS_MAX) {
            fail_gnutls(tls, &tls->send_failure, n == 0 ? GNUTLS_E_INTERNAL_ERROR : (int)n, "send");
        }
    }
}

void kn_tls_cork(kn_tls *tls)
{
    kn_gnutls.record_cork(tls->session);
}

void kn_tls_uncork(kn_tls *tls)
{
    int r = kn_gnutls.record_uncork(tls->session, 0); /* never waits: push takes everything */
    if (r < 0)
        fail_gnutls(tls, &tls->send_failure, r, "send");
}

kn_step kn_tls_bye(kn_tls *tls, kb_status *status, kb_error *err)
{
    if (tls->stage == STAGE_OPEN && send_failure(tls)->status == KB_OK) {
        tls->stage = STAGE_BYE;
        int r =
            kn_gnutls.bye(tls->session, GNUTLS_SHUT_WR); /* never waits: push takes everything */
        if (r < 0)
            fail_gnutls(tls, &tls->send_failure, r, "close");
    }
    return kn_tls_flush(tls, status, err);
}

/* ---- Receiving ------------------------------------------------------------------------------- */

/* A peer of TLS 1.2 asks to negotiate anew: say no, as TLS 1.3 has it, and go on. */
static void refuse_renegotiation(kn_tls *tls)
{
    (void)kn_gnutls.alert_send(tls->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
}

/* What a result of GnuTLS that is no success asks for. */
typedef enum verdict { AGAIN, WAIT, FAILED } verdict;

/* Two floods become a failure here, in *code.  Records which carry nothing would keep the thread
 * of this step, and the session's lock, for ever.  A message that never ends would be kept up to
 * its 16 MiB: GnuTLS forgets its limit where a message comes in many records.  Handshakes may come
 * in tiny fragments. */
static verdict judge(kn_tls *tls, int *code, int *spins)
{
    if (kn_gnutls.error_is_fatal(*code) != 0)
        return FAILED;
    if (tls->idle_bytes > IDLE_MAX) {
        *code = GNUTLS_E_HANDSHAKE_TOO_LARGE;
        return FAILED;
    }
    if (tls->want_read && *code == GNUTLS_E_AGAIN)
        return WAIT;
    if (*code == GNUTLS_E_REHANDSHAKE && tls->stage != STAGE_BYE)
        refuse_renegotiation(tls);
    if (++*spins <= SPINS_MAX || (tls->stage == STAGE_HANDSHAKE && !tls->eof))
        return AGAIN;
    if (!tls->eof)
        *code = GNUTLS_E_TOO_MANY_EMPTY_PACKETS;
    return FAILED;
}

static kn_step recv_failed(kn_tls *tls, int code, kb_status *status, kb_error *err)
{
    bool between_records = code == GNUTLS_E_PREMATURE_TERMINATION && tls->eof &&
                           tls->pull_error == 0;
    if (between_records && tls->context->allow_truncation && tls->failure.status == KB_OK) {
        tls->ended = true;
        return KN_DONE;
    }
    fail_gnutls(tls, &tls->failure, code, "receive");
    (void)kn_gnutls.alert_send_appropriate(tls->session, code);
    return done(&tls->failure, status, err);
}

static kn_step receive(kn_tls *tls, void *buf, size_t size, size_t *got, kb_status *status,
                       kb_error *err)
{
    int spins = 0;
    *got = 0;
    *status = KB_OK;
    if (tls->ended)
        return KN_DONE;
    if (tls->failure.status != KB_OK)
        return done(&tls->failure, status, err);
    if (tls->stage == STAGE_HANDSHAKE) {
        *status = kb_fail(err, KB_ETLS, 0, "TLS receive: the handshake is not done");
        return KN_DONE;
    }
    for (;;) {
        tls->want_read = false;
        ssize_t n = kn_gnutls.record_recv(tls->session, buf, size);
        if (n >= 0) {
            *got = (size_t)n;
            tls->idle_bytes = 0;
            tls->ended = n == 0; /* close_notify */
            return KN_DONE;
        }
        int code = (int)n;
        verdict next = judge(tls, &code, &spins);
        if (next == WAIT)
            return KN_WANT_READ;
        if (next == FAILED)
            return recv_failed(tls, code, status, err);
    }
}

kn_step kn_tls_recv(kn_tls *tls, void *buf, size_t size, size_t *got, kb_status *status,
                    kb_error *err)
{
    assert(size > 0);
    kn_step step = receive(tls, buf, size, got, status, err);
    release_ahead(tls);
    return step;
}

bool kn_tls_drained(const kn_tls *tls)
{
    if (tls->ended || tls->failure.status != KB_OK)
        return false; /* the next receive says so; there may never be another event to wait for */
    return tls->emptied && tls->in_start == tls->in_end &&
           kn_gnutls.record_check_pending(tls->session) == 0;
}

/* ---- Handshake ------------------------------------------------------------------------------- */

static void handshake_failed(kn_tls *tls, int code)
{
    fail_gnutls(tls, &tls->failure, code, "handshake");
    if (tls->push_error == 0 && tls->pull_error == 0)
        (void)kn_gnutls.alert_send_appropriate(tls->session, code);
    (void)drain(tls); /* one try: the peer may learn why, but is not waited for */
    tls->out_start = tls->out_end;
}

static void handshake_done(kn_tls *tls)
{
    tls->stage = STAGE_OPEN;
    tls->idle_bytes = 0;
    tls->resumed = kn_gnutls.session_is_resumed(tls->session) != 0;
    /* The certificate was verified in an earlier session of this context. */
    if (tls->context->verify && tls->resumed)
        tls->verified = true;
    if (!tls->context->server)
        keep_old_session(tls);
}

static kn_step shake_hands(kn_tls *tls, kb_status *status, kb_error *err)
{
    int spins = 0;
    for (;;) {
        if (drain(tls) == KN_WANT_WRITE)
            return KN_WANT_WRITE;
        if (tls->failure.status != KB_OK || tls->stage != STAGE_HANDSHAKE)
            return done(&tls->failure, status, err);
        tls->want_read = false;
        int r = kn_gnutls.handshake(tls->session);
        if (r == 0) {
            handshake_done(tls);
            continue; /* what is left to flush */
        }
        verdict next = judge(tls, &r, &spins);
        if (next == FAILED)
            handshake_failed(tls, r);
        else if (next == WAIT && !kn_tls_unflushed(tls))
            return KN_WANT_READ;
    }
}

kn_step kn_tls_handshake(kn_tls *tls, kb_status *status, kb_error *err)
{
    kn_step step = shake_hands(tls, status, err);
    release_ahead(tls);
    return step;
}

/* ---- What was agreed ------------------------------------------------------------------------- */

static void copy_text(char *to, size_t size, const char *from)
{
    (void)snprintf(to, size, "%s", from != NULL ? from : "");
}

void kn_tls_info(const kn_tls *tls, kiwi_socket_info *info)
{
    info->version[0] = info->cipher[0] = info->alpn[0] = '\0';
    info->verified = false;
    if (tls->stage == STAGE_HANDSHAKE)
        return;
    gnutls_datum_t alpn = {NULL, 0};
    info->verified = tls->verified;
    info->resumed = tls->resumed;
    copy_text(info->version, sizeof(info->version),
              kn_gnutls.protocol_get_name(kn_gnutls.protocol_get_version(tls->session)));
#if GNUTLS_VERSION_NUMBER >= 0x030704
    copy_text(info->cipher, sizeof(info->cipher), kn_gnutls.ciphersuite_get(tls->session));
#else
    copy_text(info->cipher, sizeof(info->cipher),
              kn_gnutls.cipher_get_name(kn_gnutls.cipher_get(tls->session)));
#endif
    if (kn_gnutls.alpn_get_selected_protocol(tls->session, &alpn) == 0) {
        int size = alpn.size < sizeof(info->alpn) ? (int)alpn.size : (int)sizeof(info->alpn) - 1;
        (void)snprintf(info->alpn, sizeof(info->alpn), "%.*s", size, (const char *)alpn.data);
    }
}
