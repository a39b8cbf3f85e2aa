/* lookup.h - operations that wait for the look-up of their host.
 *
 * Place: net layer, a kind of errand. */
#ifndef KN_LOOKUP_H
#define KN_LOOKUP_H

#include "net/state.h"

/* Let `op` wait, as RESOLVING, until `host` has been looked up; then kn_kind.resolved gets the addresses for `port`.
 * It may end here, if that cannot even be begun.  Locked. */
void kn_lookup_begin(kiwi_net *net, kn_op *op, const char *host, int port);
/* The same, if it has no addresses yet (not `known`); else make it ready at once.  Locked. */
void kn_lookup_or_ready(kiwi_net *net, kn_op *op, bool known, const char *host, int port);

#endif
