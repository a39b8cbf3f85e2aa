/* tls.c - steps of one TLS session.  The contract is in tls.h.
 *
 * GNUTLS_E_AGAIN alone does not mean "wait": it also comes after tickets, key updates and parts of
 * a record.  Only the wire knows, and sets `want_read` when the system really had nothing. */
#include "config.h"

#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "net/tls_session.h"

enum {
    PIECE = 16384,      /* the most plain text one record takes */
    SPINS_MAX = 64,     /* results without data, in a row: empty records, warnings, fragments */
    IDLE_MAX = 1 << 18, /* bytes of the peer without data in them; chains of certificates fit */
};

void kn_tls_take(kn_tls *tls)
{
    kb_turns_take(&tls->turns);
    for (kn_tls *t = tls; t != NULL; t = t->wire.under)
        t->wire.emptied = false; /* more may have come since the last turn */
}

void kn_tls_pass(kn_tls *tls)
{
    kb_turns_pass(&tls->turns);
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
    (void)kb_error_fail(failure, KB_EIO, sys, "%s", kb_error_errno_text(sys, buf, sizeof(buf)));
}

static bool cut_short(int code)
{
    return code == GNUTLS_E_PREMATURE_TERMINATION || code == GNUTLS_E_UNEXPECTED_PACKET_LENGTH ||
           code == GNUTLS_E_AGAIN || code == GNUTLS_E_INVALID_SESSION;
}

void kn_tls_fail(const kn_tls *tls, kb_error *failure, int code, const char *doing)
{
    if (failure->status != KB_OK)
        return;
    const kn_tls *under = tls->wire.under;
    if (under != NULL && under->failure.status != KB_OK) { /* what carries this one has failed, and knows why */
        *failure = under->failure;
        return;
    }
    int alert = code == GNUTLS_E_FATAL_ALERT_RECEIVED ? (int)kn_gnutls.alert_get(tls->session) : 0;
    if (code == GNUTLS_E_FATAL_ALERT_RECEIVED) {
        const char *name = kn_gnutls.alert_get_name((gnutls_alert_description_t)alert);
        (void)kb_error_fail(failure, KB_ETLS, 0, "TLS %s: the peer sent an alert: %s", doing,
                            name != NULL ? name : "unknown");
    } else if (tls->reason[0] != '\0') {
        (void)kb_error_fail(failure, KB_EVERIFY, 0, "%s", tls->reason);
    } else if (tls->wire.pull_error != 0) {
        fail_system(failure, tls->wire.pull_error);
    } else if (tls->wire.push_error != 0) {
        fail_system(failure, tls->wire.push_error);
    } else if (tls->wire.eof && cut_short(code)) {
        (void)kb_error_fail(failure, KB_ETRUNCATED, 0, "connection truncated: TLS %s: %s", doing,
                            "the peer ended the stream without close_notify");
    } else {
        (void)kb_error_fail(failure, code == GNUTLS_E_MEMORY_ERROR ? KB_ENOMEM : KB_ETLS, 0, "TLS %s failed: %s", doing,
                            kn_gnutls.strerror(code));
    }
    bool by_system = tls->wire.pull_error != 0 || tls->wire.push_error != 0;
    failure->tls = failure->status == KB_EVERIFY ? GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR
                   : by_system && alert == 0     ? 0
                                                 : code;
    failure->alert = alert;
}

/* ---- Sending --------------------------------------------------------------------------------- */

bool kn_tls_unflushed(const kn_tls *tls)
{
    return kn_wire_unsent(&tls->wire) || (tls->wire.under != NULL && kn_tls_unflushed(tls->wire.under));
}

/* KN_DONE: all output is with the system, or tls->send_failure is set. */
static kn_step drain(kn_tls *tls)
{
    int sys;
    kn_step step = kn_tls_wire_drain(&tls->wire, &sys);
    if (sys != 0)
        fail_system(&tls->send_failure, sys);
    return step;
}

kn_step kn_tls_flush(kn_tls *tls, kb_status *status, kb_error *err)
{
    if (drain(tls) == KN_WANT_WRITE)
        return KN_WANT_WRITE;
    return done(send_failure(tls), status, err);
}

kn_step kn_tls_send(kn_tls *tls, const void *data, size_t size, size_t *sent, kb_status *status, kb_error *err)
{
    assert(*sent <= size);
    int spins = 0;
    for (;;) {
        if (drain(tls) == KN_WANT_WRITE)
            return KN_WANT_WRITE;
        const kb_error *failure = send_failure(tls);
        if (failure->status != KB_OK || *sent == size)
            return done(failure, status, err);
        if (tls->stage != KN_TLS_OPEN) {
            *status = kb_error_fail(err, KB_ETLS, 0, "TLS send: %s",
                                    tls->stage == KN_TLS_BYE ? "sending was ended by this side"
                                                             : "the handshake is not done");
            return KN_DONE;
        }
        size_t piece = size - *sent < PIECE ? size - *sent : PIECE;
        ssize_t n = kn_gnutls.record_send(tls->session, (const char *)data + *sent, piece);
        if (n > 0) {
            *sent += (size_t)n;
            spins = 0;
        } else if (n == 0 || kn_gnutls.error_is_fatal((int)n) != 0 || ++spins > SPINS_MAX) {
            kn_tls_fail(tls, &tls->send_failure, n == 0 ? GNUTLS_E_INTERNAL_ERROR : (int)n, "send");
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
        kn_tls_fail(tls, &tls->send_failure, r, "send");
}

kn_step kn_tls_bye(kn_tls *tls, kb_status *status, kb_error *err)
{
    if (tls->stage == KN_TLS_OPEN && send_failure(tls)->status == KB_OK) {
        tls->stage = KN_TLS_BYE;
        int r = kn_gnutls.bye(tls->session, GNUTLS_SHUT_WR); /* never waits: push takes everything */
        if (r < 0)
            kn_tls_fail(tls, &tls->send_failure, r, "close");
    }
    kn_step step = kn_tls_flush(tls, status, err);
    bool below = step == KN_DONE && *status == KB_OK && tls->wire.under != NULL;
    return below ? kn_tls_bye(tls->wire.under, status, err) : step;
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
    if (tls->wire.idle_bytes > IDLE_MAX) {
        *code = GNUTLS_E_HANDSHAKE_TOO_LARGE;
        return FAILED;
    }
    if (tls->wire.want_read && *code == GNUTLS_E_AGAIN)
        return WAIT;
    if (*code == GNUTLS_E_REHANDSHAKE && tls->stage != KN_TLS_BYE)
        refuse_renegotiation(tls);
    if (++*spins <= SPINS_MAX || (tls->stage == KN_TLS_HANDSHAKE && !tls->wire.eof))
        return AGAIN;
    if (!tls->wire.eof)
        *code = GNUTLS_E_TOO_MANY_EMPTY_PACKETS;
    return FAILED;
}

static kn_step recv_failed(kn_tls *tls, int code, kb_status *status, kb_error *err)
{
    /* After a reset that a send has met the system gives the end of the stream, which it is not. */
    bool between_records = code == GNUTLS_E_PREMATURE_TERMINATION && tls->wire.eof && tls->wire.pull_error == 0 &&
                           tls->wire.push_error != ECONNRESET;
    if (between_records && tls->context->allow_truncation && tls->failure.status == KB_OK) {
        tls->ended = true;
        return KN_DONE;
    }
    kn_tls_fail(tls, &tls->failure, code, "receive");
    (void)kn_gnutls.alert_send_appropriate(tls->session, code);
    return done(&tls->failure, status, err);
}

static kn_step receive(kn_tls *tls, void *buf, size_t size, size_t *got, kb_status *status, kb_error *err)
{
    int spins = 0;
    *got = 0;
    *status = KB_OK;
    if (tls->ended)
        return KN_DONE;
    if (tls->failure.status != KB_OK)
        return done(&tls->failure, status, err);
    if (tls->stage == KN_TLS_HANDSHAKE) {
        *status = kb_error_fail(err, KB_ETLS, 0, "TLS receive: the handshake is not done");
        return KN_DONE;
    }
    for (;;) {
        tls->wire.want_read = false;
        ssize_t n = kn_gnutls.record_recv(tls->session, buf, size);
        if (n >= 0) {
            *got = (size_t)n;
            tls->wire.idle_bytes = 0;
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

kn_step kn_tls_recv(kn_tls *tls, void *buf, size_t size, size_t *got, kb_status *status, kb_error *err)
{
    assert(size > 0);
    kn_step step = receive(tls, buf, size, got, status, err);
    kn_tls_wire_rest(&tls->wire);
    return step;
}

bool kn_tls_drained(const kn_tls *tls)
{
    if (tls->ended || tls->failure.status != KB_OK)
        return false; /* the next receive says so; there may never be another event to wait for */
    return kn_wire_emptied(&tls->wire) && kn_gnutls.record_check_pending(tls->session) == 0;
}

/* ---- Handshake ------------------------------------------------------------------------------- */

static void handshake_failed(kn_tls *tls, int code)
{
    kn_tls_fail(tls, &tls->failure, code, "handshake");
    if (tls->wire.push_error == 0 && tls->wire.pull_error == 0)
        (void)kn_gnutls.alert_send_appropriate(tls->session, code);
    (void)drain(tls); /* one try: the peer may learn why, but is not waited for */
    kn_wire_drop(&tls->wire);
}

static void handshake_done(kn_tls *tls)
{
    tls->stage = KN_TLS_OPEN;
    tls->wire.idle_bytes = 0;
    tls->resumed = kn_gnutls.session_is_resumed(tls->session) != 0;
    /* The certificate was verified in an earlier session of this context, if there was one. */
    unsigned int count = 0;
    if (tls->context->verify && tls->resumed)
        tls->verified = !tls->context->client_optional || kn_gnutls.certificate_get_peers(tls->session, &count) != NULL;
    if (!tls->context->server)
        kn_tls_keep_old_session(tls);
}

static kn_step shake_hands(kn_tls *tls, kb_status *status, kb_error *err)
{
    int spins = 0;
    for (;;) {
        if (drain(tls) == KN_WANT_WRITE)
            return KN_WANT_WRITE;
        if (tls->failure.status != KB_OK || tls->stage != KN_TLS_HANDSHAKE)
            return done(&tls->failure, status, err);
        tls->wire.want_read = false;
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
    kn_tls_wire_rest(&tls->wire);
    return step;
}

bool kn_tls_heard(const kn_tls *tls)
{
    return tls->stage != KN_TLS_HANDSHAKE || tls->wire.idle_bytes > 0;
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
    if (tls->stage == KN_TLS_HANDSHAKE)
        return;
    gnutls_datum_t alpn = {NULL, 0};
    info->verified = tls->verified;
    info->resumed = tls->resumed;
    copy_text(info->version, sizeof(info->version),
              kn_gnutls.protocol_get_name(kn_gnutls.protocol_get_version(tls->session)));
#if GNUTLS_VERSION_NUMBER >= 0x030704
    copy_text(info->cipher, sizeof(info->cipher), kn_gnutls.ciphersuite_get(tls->session));
#else
    copy_text(info->cipher, sizeof(info->cipher), kn_gnutls.cipher_get_name(kn_gnutls.cipher_get(tls->session)));
#endif
    if (kn_gnutls.alpn_get_selected_protocol(tls->session, &alpn) == 0) {
        int size = alpn.size < sizeof(info->alpn) ? (int)alpn.size : (int)sizeof(info->alpn) - 1;
        (void)snprintf(info->alpn, sizeof(info->alpn), "%.*s", size, (const char *)alpn.data);
    }
}
