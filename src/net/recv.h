/* recv.h - receiving: what the kinds of operation that do it have in common.
 *
 * Place: net layer, below whole.c and udp.c: each receive begins here, so that none is begun for which there is no
 * room. */
#ifndef KN_RECV_H
#define KN_RECV_H

#include "net/state.h"

/* An operation of `kind` on `sock`, not queued yet, and its task's id in *id.  NULL: no memory, or the limit is
 * reached; *id is then a task that faulted for want of room for `size` bytes.  Not even to wait is afforded there:
 * receives without number would pass the limit.  Locked. */
kn_op *kn_recv_new(kiwi_net *net, kn_sock *sock, const kn_kind *kind, size_t size, kiwi_id *id);
/* The same to receive at most `max` bytes of the stream `socket`, a TLS one if `tls`; `max` is `least` to INT32_MAX, or
 * *id is a task that has faulted.  Locked. */
kn_op *kn_recv_from(kiwi_net *net, kiwi_id socket, bool tls, int64_t least, int64_t max, const kn_kind *kind,
                    kiwi_id *id);

/* For steps: receive at most `size` bytes now, as op->how says.  KN_DONE without a fault and with *got 0: the end of the
 * stream.  Not locked. */
typedef kn_step kn_receiver(kn_op *op, void *buf, size_t size, size_t *got, kiwi_result *out);
kn_step kn_recv_tcp(kn_op *op, void *buf, size_t size, size_t *got, kiwi_result *out);
kn_step kn_recv_tls(kn_op *op, void *buf, size_t size, size_t *got, kiwi_result *out);
/* kn_kind.refused of receives: bytes were lost before.  Locked. */
bool kn_recv_refused(const kn_sock *sock, kiwi_result *out);
/* For steps: there is no room for `size` bytes.  What needs none goes on, and what is there stays there: KN_WANT_READ, or
 * KN_DONE with a fault, or without one at the end of the stream.  Not locked. */
kn_step kn_recv_nothing(kn_op *op, size_t size, kiwi_result *out);

#endif
