/* run.h - carrying operations out, step by step.
 *
 * Place: net layer, with pool.h; above op.h. */
#ifndef KN_RUN_H
#define KN_RUN_H

#include "net/state.h"

/* Run a READY operation until it ends, parks or is handed over.  `worker`: NULL for a helping
 * thread; `may_compute`: it may take long steps, too.  Locked; lets go of the lock meanwhile. */
void kn_run_op(kiwi_net *net, kn_op *op, kn_worker *worker, bool may_compute);

#endif
