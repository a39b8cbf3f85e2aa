/* tls_wire.h - inside the TLS layer: the bytes of one session between GnuTLS and the system, or another session.
 *
 * Place: net layer, below tls.c; nobody else includes it.  Never waits.
 * Threads: as its session, one at a time. */
#ifndef KN_TLS_WIRE_H
#define KN_TLS_WIRE_H

#include <gnutls/gnutls.h>
#include <stdbool.h>
#include <stddef.h>

#include "net/step.h"
#include "net/tls.h"

typedef struct kn_wire {
    int fd;            /* the caller's */
    kn_tls *under;     /* a session that carries the bytes in place of the descriptor; NULL: none */
    bool want_read;    /* the last pull found nothing; cleared by the caller */
    bool emptied;      /* the last pull took all there was; cleared by the caller */
    bool eof;          /* pull has met the peer's FIN */
    size_t idle_bytes; /* pulled since the caller set it to 0 */
    int pull_error;    /* errno of recvmsg(), 0 if none */
    int push_error;    /* errno of sendmsg(), 0 if none */
    unsigned char *in; /* bytes in_start..in_end were read ahead; NULL while there are none */
    size_t in_start, in_end;
    unsigned char *out; /* bytes out_start..out_end wait for the system; NULL if none ever did */
    size_t out_start, out_end, out_size;
} kn_wire;

/* Carry the bytes of `session` over the descriptor `fd`, without ever waiting.  *wire is zeroed, and stays where it
 * is as long as the session lives. */
void kn_tls_wire_attach(kn_wire *wire, int fd, gnutls_session_t session);
void kn_tls_wire_fini(kn_wire *wire);

/* At the end of each step that received: an idle session keeps no buffer. */
void kn_tls_wire_rest(kn_wire *wire);

/* Has all been taken that the system had, since `emptied` was cleared, and been given to the session? */
static inline bool kn_wire_emptied(const kn_wire *wire)
{
    return wire->emptied && wire->in_start == wire->in_end;
}

/* Does output wait for the system? */
static inline bool kn_wire_unsent(const kn_wire *wire)
{
    return wire->out_start < wire->out_end;
}

/* Give the system what waits.  KN_DONE: all is gone; with *sys not 0, its errno, the rest was dropped. */
kn_step kn_tls_wire_drain(kn_wire *wire, int *sys);

/* Forget what waits: nobody will take it. */
static inline void kn_wire_drop(kn_wire *wire)
{
    wire->out_start = wire->out_end;
}

#endif
