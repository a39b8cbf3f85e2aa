/* unseen.h - failures that nobody has looked at, so that somebody can be told of them.
 *
 * They lie in the order of time, those that were forgotten before the others.  What is known of one is its task's
 * kn_reason, which outlives a task that is forgotten.
 * Place: net layer, beside the task table.  All functions: locked. */
#ifndef KN_UNSEEN_H
#define KN_UNSEEN_H

#include "net/state.h"

/* `task` has ended, and nobody waits for it. */
void kn_unseen_add(kiwi_net *net, kn_task *task);
/* Somebody looks at `task`. */
void kn_unseen_seen(kn_task *task);
/* `task` is about to be freed: so is its reason, unless nobody has looked at that. */
void kn_unseen_forget(kiwi_net *net, kn_task *task);
/* No report any more. */
void kn_unseen_free(kiwi_net *net);

#endif
