/* park.h - operations that wait in the room for their peer, for time or for their turn.
 *
 * Place: net layer, with op.h.  All functions: locked. */
#ifndef KN_PARK_H
#define KN_PARK_H

#include "net/state.h"

/* Let `op` wait, `want` a direction of its descriptor or KN_NOTHING. */
void kn_park_op(kiwi_net *net, kn_op *op, int want);
/* What a step of `op` would have to wait for, as far as is known without taking it; -1: perhaps nothing. */
int kn_park_known(const kn_op *op);
/* The room tells that a descriptor may be ready: make ready whoever waits for that. */
void kn_park_event(kiwi_net *net, const kn_event *event);

#endif
