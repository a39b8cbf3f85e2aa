/* pool.h - the fixed pool of workers: they are started, woken and ended here; worker.h says what they do.
 *
 * A worker passes the lead of the room on by nudging another one before it does anything long.
 * Place: net layer, below operations, which nudge. */
#ifndef KN_POOL_H
#define KN_POOL_H

#include "net/state.h"

/* Is there a room to be led, and nobody who does or comes to do it?  Locked. */
bool kn_pool_leaderless(const kiwi_net *net);
/* Make sure that somebody will carry out what is ready and lead the room.  Locked. */
void kn_pool_nudge(kiwi_net *net);
/* The same after a submission: a lazy runtime may wait for more. */
void kn_pool_submitted(kiwi_net *net);
/* Is there a worker besides the calling one and those in blocking places, or can one be started?
 * It leads the room and takes the steps meanwhile (invariant I1).  Locked. */
bool kn_pool_spare(kiwi_net *net);
/* End all workers.  Not locked. */
void kn_pool_stop(kiwi_net *net);

#endif
