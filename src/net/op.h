/* op.h - operations: made, queued on a side of their socket, ended.  What a kind does is in its row (kn_kind in
 * state.h); its steps are taken in run.h.
 *
 * Place: net layer, above the task table, timers and sockets.  All functions: locked. */
#ifndef KN_OP_H
#define KN_OP_H

#include "net/state.h"

/* A new operation on `sock`, with a task if its kind has one.  NULL: memory is short. */
kn_op *kn_op_new(kiwi_net *net, kn_sock *sock, const kn_kind *kind);
/* The same for a call on the socket that the program knows as `socket`: *id is its task.  NULL: *id is one that has faulted,
 * since there is no such socket (`sock` NULL), or memory is short. */
kn_op *kn_op_on(kiwi_net *net, kn_sock *sock, const kn_kind *kind, kiwi_id socket, kiwi_id *id);
/* Put it into its side's queue and begin it if it is the head.  It may be ended, and gone, afterwards: where its
 * socket's state refuses it. */
void kn_op_queue(kiwi_net *net, kn_op *op);
/* Make the head of a side ready, if it is queued. */
void kn_op_advance(kiwi_net *net, kn_sock *sock, int side);
void kn_op_ready(kiwi_net *net, kn_op *op);
/* What `op` waits for besides its descriptor has happened: see that it takes a step. */
void kn_op_poke(kiwi_net *net, kn_op *op);

void kn_op_set_deadline(kiwi_net *net, kn_op *op, int64_t deadline_us);
/* Its socket has another limit; its own stays.  Wherever it waits. */
void kn_op_change_limit(kiwi_net *net, kn_op *op, int64_t deadline_us);
/* Give it a limit of its own, of `ms` > 0 from now on. */
void kn_op_limit_own(kiwi_net *net, kn_op *op, int64_t ms);
/* Put `op` under the time limit of its socket, if there is one; an earlier deadline stays. */
void kn_op_limit(kiwi_net *net, kn_op *op);

/* End `op` now as *out says, whatever state it is in. */
void kn_op_end(kiwi_net *net, kn_op *op, kiwi_result *out);
/* The same with a fault, and end the hidden socket it works on, if it does; other operations go on. */
void kn_op_fail(kiwi_net *net, kn_op *op, kiwi_result *out);
/* kn_op_fail() because `op` has used up its time. */
void kn_op_expire(kiwi_net *net, kn_op *op);
/* End a running operation that is not abandoned. */
void kn_op_finish(kiwi_net *net, kn_op *op, kiwi_result *out);
/* Free an abandoned operation whose last step gave `step` and *out. */
void kn_op_discard(kiwi_net *net, kn_op *op, kn_step step, kiwi_result *out);

#endif
