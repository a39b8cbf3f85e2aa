/* help.h - threads that wait inside the runtime and carry out steps meanwhile (src/net/README.md, "Helping").
 *
 * Place: net layer, above pool.h.  All functions: locked unless they say otherwise. */
#ifndef KN_HELP_H
#define KN_HELP_H

#include "net/state.h"

/* May a thread that waits take steps?  With helping, or where there is nobody else. */
bool kn_help_allowed(const kiwi_net *net);
/* The next operation for such a thread; NULL: none.  Long work is the workers', unless there are
 * none or it is all there is to do (`sole`: the caller has nothing else): then a hand-over would
 * only cost time. */
kn_op *kn_help_pick(const kiwi_net *net, bool sole);
/* May a thread that waits for `task` take a step of it itself? */
bool kn_help_can(const kiwi_net *net, const kn_task *task);
/* Take a step of `task`, which runs, if that can be done.  The task, or NULL: it has left the table. */
kn_task *kn_help_step(kiwi_net *net, kn_task *task);
/* Until when may a thread sleep that relies on others to lead?  Where there are no workers it
 * looks again from time to time, because none may come. */
int64_t kn_help_sleep_until(const kiwi_net *net, int64_t until_us);
/* What a wait is for, besides a watched task that has ended and kiwi_net_wake(). */
typedef enum kn_until {
    KN_UNTIL_TOLD,    /* nothing else */
    KN_UNTIL_NEXT,    /* no watched task is left that could end; another thread may have taken the last one */
    KN_UNTIL_PENDING, /* nothing is pending */
} kn_until;

/* kiwi_net_wait() and its kin.  Not locked. */
void kn_help_wait(kiwi_net *net, int64_t timeout_us, bool sole, kn_until until);

#endif
