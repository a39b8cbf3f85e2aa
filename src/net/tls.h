/* tls.h - TLS sessions in single steps that never wait (GnuTLS).
 *
 * Place: net layer; only the TLS files (tls*, ticket, cert) use GnuTLS, through gnutls.h.  Knows a
 * descriptor, not the pool, the table or the sockets.
 * Threads: a context may be shared by all threads.  A session must be used by one thread at a
 * time: where several may the caller takes a turn for every call here (two threads inside one
 * session break it at the first key update).  No call here waits for the peer.
 * Steps: a function that returns kn_step gives KN_DONE with *status (and *err) set, or says what
 * to wait for; then call it again with the same arguments.
 * Source: NETWORK.md section 6; src/net/README.md section 8. */
#ifndef KN_TLS_H
#define KN_TLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kiwi/net.h"
#include "net/step.h"
#include "net/tls_settings.h"

typedef struct kn_tls_context kn_tls_context; /* credentials, trust, ticket key; counted references */
typedef struct kn_tls kn_tls;                 /* one session */

/* A context for `settings`.  A server's has the certificate that they name, or the development certificate.  Clients
 * with equal settings share one context, and so do others whose settings are `kept`: credentials are loaded once per
 * process, until their files change.  `log` is
 * called once per process when verification is switched off, and for files that have changed and are no use.
 * Reads files: may hang.  Errors: KB_EINVAL (half a pair, mismatch), KB_EIO (file), KB_ETLS, KB_ENOMEM; the text
 * names the file at fault. */
kb_status kn_tls_context_get(const kn_tls_settings *settings, void (*log)(void *, const char *), void *log_data,
                             kn_tls_context **out, kb_error *err);
/* The client's context for settings whose text is `key`, as a reference, if it is loaded and its files need not be
 * looked at now; else NULL.  Reads no file. */
kn_tls_context *kn_tls_context_cached(const char *key);

/* The same whether or not it is time to look at its files. */
kn_tls_context *kn_tls_context_kept(const char *key);

/* Is it time to look whether files of `context` have changed?  Once a second. */
bool kn_tls_context_due(const kn_tls_context *context);
/* The context to use in place of `context`, as a reference: a new one if its files have changed; itself if they have
 * not, or if they are no use, which is logged once.  Reads files: may hang. */
kn_tls_context *kn_tls_context_renewed(kn_tls_context *context, void (*log)(void *, const char *), void *log_data);
/* One that is made of the files as they are now, whether they have changed or not, as a reference in *out.  Errors: those of
 * kn_tls_context_get().  Reads files: may hang. */
kb_status kn_tls_context_reload(const kn_tls_context *context, kn_tls_context **out, kb_error *err);
kn_tls_context *kn_tls_context_ref(kn_tls_context *context);
void kn_tls_context_unref(kn_tls_context *context); /* NULL is allowed */

/* A session over the connected descriptor `fd`, which stays the caller's.  Keeps a reference of
 * the context.  Client: `name` (copied; brackets and a trailing dot are dropped) is sent as SNI
 * unless it is an address, and verified; `loopback` says that the peer's address is a loopback
 * address (the development certificate is trusted there only).  Server: name is NULL. */
kb_status kn_tls_new(kn_tls_context *context, int fd, const char *name, bool loopback, kn_tls **out, kb_error *err);
/* Before its handshake: `tls` sends and receives through the session `under`, which is open and from now on its own. */
void kn_tls_put_over(kn_tls *tls, kn_tls *under);
void kn_tls_free(kn_tls *tls); /* NULL is allowed; sends nothing */

/* Wait for a turn with the session, and pass it on.  Only leaves are taken meanwhile, and no lock is held. */
void kn_tls_take(kn_tls *tls);
void kn_tls_pass(kn_tls *tls);

/* *status: KB_OK, KB_EVERIFY (the text says why), KB_ETLS, KB_EIO, KB_ETRUNCATED.  A certificate
 * that is refused is told to the peer by an alert. */
kn_step kn_tls_handshake(kn_tls *tls, kb_status *status, kb_error *err);

/* Has the peer said anything in this handshake? */
bool kn_tls_heard(const kn_tls *tls);

/* Receive up to `size` (> 0) bytes.  KB_OK with *got 0: the peer's close_notify (or, where
 * truncation is allowed, its FIN).  KB_ETRUNCATED: FIN without close_notify.  WANT_* is returned
 * only after the session itself holds no more decrypted bytes. */
kn_step kn_tls_recv(kn_tls *tls, void *buf, size_t size, size_t *got, kb_status *status, kb_error *err);

/* Has a receive of this turn taken all that the system had?  Then the next one would wait. */
bool kn_tls_drained(const kn_tls *tls);

/* Send bytes of data[*sent..size), advancing *sent; KN_DONE when all are with the system or
 * failed.  After WANT_* a record is half sent: either call again with the same data, or
 * kn_tls_flush() first. */
kn_step kn_tls_send(kn_tls *tls, const void *data, size_t size, size_t *sent, kb_status *status, kb_error *err);

/* Between these two kn_tls_send() only collects; kn_tls_uncork() makes full records of it.
 * kn_tls_flush() before and after. */
void kn_tls_cork(kn_tls *tls);
void kn_tls_uncork(kn_tls *tls);

/* Is a record half sent?  Then nothing else may be sent before kn_tls_flush() is done. */
bool kn_tls_unflushed(const kn_tls *tls);
kn_step kn_tls_flush(kn_tls *tls, kb_status *status, kb_error *err);

/* Send close_notify; receiving goes on. */
kn_step kn_tls_bye(kn_tls *tls, kb_status *status, kb_error *err);

/* Describe the peer in *out, which is zeroed: kiwi_tls_peer_get().  0, ENOMEM, EINVAL (its certificate cannot be
 * read), or EAGAIN: kn_tls_examine_peer() comes first. */
int kn_tls_describe_peer(kn_tls *tls, kiwi_tls_peer *out);
/* The settings, to be freed, for a context that judges whom a session like this does not: that of a client which
 * verifies nothing.  NULL: memory is short.  No turn is needed. */
kn_tls_settings *kn_tls_judge_settings(const kn_tls *tls);
/* Verify the peer's certificate by `judge` (NULL: there is none, *err says why), and note what came of it. */
void kn_tls_examine_peer(kn_tls *tls, kn_tls_context *judge, const kb_error *err);

/* The channel binding of `kind` in *out, which is zeroed: kiwi_tls_channel_binding().  0, EINVAL, ENOMEM or ENOTSUP. */
int kn_tls_bind(kn_tls *tls, const char *kind, kiwi_tls_binding *out);

/* Fill version, cipher, alpn and verified of *info. */
void kn_tls_info(const kn_tls *tls, kiwi_socket_info *info);

#endif
