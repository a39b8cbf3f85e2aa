/* timer.h - limits and pauses of operations: a heap, the earliest first.
 *
 * Place: net layer, below op.h.  All functions: locked. */
#ifndef KN_TIMER_H
#define KN_TIMER_H

#include "net/state.h"

/* Make room for the timer of one operation more.  false: memory is short. */
bool kn_timer_reserve(kiwi_net *net);
/* (Re)arm the timer of `op` for the earlier of its deadline and its pause. */
void kn_timer_set(kiwi_net *net, kn_op *op);
void kn_timer_clear(kiwi_net *net, kn_op *op);
/* When the next timer is due; KB_NEVER: there is none. */
int64_t kn_timer_next(const kiwi_net *net);
/* An operation whose time has come by `now_us`; NULL: none. */
kn_op *kn_timer_due(const kiwi_net *net, int64_t now_us);

#endif
