/* tls.h - TLS sessions in single steps that never wait (GnuTLS).
 *
 * Place: net layer; only the TLS files (tls*, trust, ticket, cert) use GnuTLS, through gnutls.h.  Knows a
 * descriptor, not the pool, the table or the sockets.
 * Threads: a context may be shared by all threads.  A session must be used by one thread at a
 * time: the caller holds the lock of its socket around every call here (two threads inside one
 * session break it at the first key update).  No call here waits for the peer.
 * Steps: a function that returns kn_step gives KN_DONE with *status (and *err) set, or says what
 * to wait for; then call it again with the same arguments.
 * Source: specification, "tls"; design 2.4. */
#ifndef KN_TLS_H
#define KN_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kiwi/net.h"
#include "net/step.h"

typedef struct kn_tls_context
    kn_tls_context;           /* credentials, trust, ticket key; counted references */
typedef struct kn_tls kn_tls; /* one session */

/* A context for servers: `options` (may be NULL), then KIWI_TLS_CERT/KIWI_TLS_KEY, then the
 * development certificate.  Reads files: may take milliseconds.  Errors: KB_EINVAL (half a pair,
 * mismatch), KB_EIO (file), KB_ETLS, KB_ENOMEM. */
kb_status kn_tls_context_server(const kiwi_tls_options *options, kn_tls_context **out,
                                kb_error *err);

/* A context for clients.  Equal options share one context (credentials are loaded once per process
 * and option set).  `log` is called once per process when verification is switched off. */
kb_status kn_tls_context_client(const kiwi_tls_options *options, void (*log)(void *, const char *),
                                void *log_data, kn_tls_context **out, kb_error *err);
kn_tls_context *kn_tls_context_ref(kn_tls_context *context);
void kn_tls_context_unref(kn_tls_context *context); /* NULL is allowed */

/* A session over the non-blocking descriptor `fd`, which stays the caller's.  Keeps a reference of
 * the context.  Client: `name` (copied; brackets and a trailing dot are dropped) is sent as SNI
 * unless it is an address, and verified; `loopback` says that the peer's address is a loopback
 * address (the development certificate is trusted there only).  Server: name is NULL. */
kb_status kn_tls_new(kn_tls_context *context, int fd, const char *name, bool loopback, kn_tls **out,
                     kb_error *err);
void kn_tls_free(kn_tls *tls); /* NULL is allowed; sends nothing */

/* *status: KB_OK, KB_EVERIFY (the text says why), KB_ETLS, KB_EIO, KB_ETRUNCATED.  A certificate
 * that is refused is told to the peer by an alert. */
kn_step kn_tls_handshake(kn_tls *tls, kb_status *status, kb_error *err);

/* Receive up to `size` (> 0) bytes.  KB_OK with *got 0: the peer's close_notify (or, where
 * truncation is allowed, its FIN).  KB_ETRUNCATED: FIN without close_notify.  WANT_* is returned
 * only after the session itself holds no more decrypted bytes. */
kn_step kn_tls_recv(kn_tls *tls, void *buf, size_t size, size_t *got, kb_status *status,
                    kb_error *err);

/* Has the last successful receive taken all that the system had?  Then the next one would wait. */
bool kn_tls_drained(const kn_tls *tls);

/* Send bytes of data[*sent..size), advancing *sent; KN_DONE when all are with the system or
 * failed.  After WANT_* a record is half sent: either call again with the same data, or
 * kn_tls_flush() first. */
kn_step kn_tls_send(kn_tls *tls, const void *data, size_t size, size_t *sent, kb_status *status,
                    kb_error *err);

/* Between these two kn_tls_send() only collects; kn_tls_uncork() makes full records of it.
 * kn_tls_flush() before and after. */
void kn_tls_cork(kn_tls *tls);
void kn_tls_uncork(kn_tls *tls);

/* Is a record half sent?  Then nothing else may be sent before kn_tls_flush() is done. */
bool kn_tls_unflushed(const kn_tls *tls);
kn_step kn_tls_flush(kn_tls *tls, kb_status *status, kb_error *err);

/* Send close_notify; receiving goes on. */
kn_step kn_tls_bye(kn_tls *tls, kb_status *status, kb_error *err);

/* Fill version, cipher, alpn and verified of *info. */
void kn_tls_info(const kn_tls *tls, kiwi_socket_info *info);

#endif
