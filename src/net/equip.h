/* equip.h - operations that wait for a TLS context, whose files may hang.
 *
 * Place: net layer, a kind of errand.  All functions: locked, but for the last one. */
#ifndef KN_EQUIP_H
#define KN_EQUIP_H

#include "net/state.h"

/* Let `op` wait, as RESOLVING, for a context for `settings` (copied); then kn_kind.equipped gets it.  It may end here,
 * if memory is short; where no thread can be started it gets none, and goes on. */
void kn_equip_begin(kiwi_net *net, kn_op *op, const kn_tls_settings *settings);
/* The same for the context of `listener` that may have to be renewed; the listener gets it, too. */
void kn_equip_renew(kiwi_net *net, kn_op *op, kn_sock *listener);
/* The same for one that is made anew of the files of `context`. */
void kn_equip_reload(kiwi_net *net, kn_op *op, kn_tls_context *context);
/* For kn_kind.equipped: keep a reference to what came in *place.  false: nothing did, and `op` has failed. */
bool kn_equip_take(kiwi_net *net, kn_op *op, kn_tls_context **place, kn_tls_context *context, kb_status status,
                   const kb_error *err);
/* See that hidden `sock` has a context: for steps, which read the files if nobody else could.  Not locked. */
kb_status kn_equip_now(kiwi_net *net, kn_sock *sock, const kn_tls_settings *settings, kb_error *err);

#endif
