/* join.h - small sends that wait in the queue of one TLS socket go out together.
 *
 * Place: net layer, part of the sends over TLS. */
#ifndef KN_JOIN_H
#define KN_JOIN_H

#include "net/state.h"

/* For kn_kind.gather of the sends that may join each other.  Locked. */
size_t kn_join_gather(kn_op *first, kn_op *joined[]);
/* One step for `first` and those that joined it, in a turn of the session; KN_WANT_WRITE: all is with the
 * session, and the rest is flushing. */
kn_step kn_join_step(kn_op *first, kb_status *status, kb_error *err);

#endif
