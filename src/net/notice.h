/* notice.h - the ends of tasks that somebody asked to be told of, without taking their results.
 *
 * A notice stays until it was told, whatever becomes of its task meanwhile.
 * Place: net layer, below the task table.  All functions: locked. */
#ifndef KN_NOTICE_H
#define KN_NOTICE_H

#include "net/state.h"

/* Tell of the end of `task`, which runs.  0 or ENOMEM. */
int kn_notice_ask(kn_task *task);
/* A task that has ended, and of which that was not told yet; 0: none. */
kiwi_id kn_notice_next(kiwi_net *net);
/* `task` ends: tell of it if somebody asked for that. */
void kn_notice_end(kiwi_net *net, kn_task *task);
/* `task`, which is not in use any more, has nothing to tell. */
void kn_notice_forget(kn_task *task);
/* The runtime is closed: free what was not told. */
void kn_notice_free(kiwi_net *net);

#endif
