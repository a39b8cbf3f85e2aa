/* aside.h - work that may hang and cannot be interrupted: look-ups of names, files on a server that is gone.
 *
 * It runs on threads of its own, apart from the pool: made on demand up to a limit, ended when idle, and detached,
 * so that work which hangs does not hold up kn_aside_close().
 * Place: net layer, below operations; knows of the runtime only that there is one.
 * Threads: any.  Locks: its own comes after that of the runtime; callbacks are called without either. */
#ifndef KN_ASIDE_H
#define KN_ASIDE_H

#include <stdbool.h>

#include "base/list.h"
#include "kiwi/net.h"

typedef struct kn_aside kn_aside;
typedef struct kn_job kn_job;

struct kn_job {               /* the first member of what it is part of; the group's until `done` is called */
    kb_link queue;            /* of the group; guarded by its lock */
    void (*run)(kn_job *job); /* on a thread of the group; may hang */
    /* Afterwards, on that thread: takes over the job.  `net`: NULL once the group is closed; until this returns
     * kn_aside_close() waits. */
    void (*done)(kiwi_net *net, kn_job *job);
};

/* A group of at most `threads_max` threads for `net`.  NULL: memory is short. */
kn_aside *kn_aside_open(kiwi_net *net, int threads_max);
/* Forget the jobs that have not begun (done is called with NULL), and end idle threads.  NULL is allowed.  The
 * runtime's lock is not held. */
void kn_aside_close(kn_aside *aside);

/* Let a thread run `job`.  0, or an errno: no thread could be started, or (ECANCELED) the group is closed, and the job
 * is still the caller's. */
int kn_aside_submit(kn_aside *aside, kn_job *job);
/* Would a job have to wait for another one to end? */
bool kn_aside_is_busy(kn_aside *aside);
/* Take `job` back.  false: it has begun. */
bool kn_aside_withdraw(kn_aside *aside, kn_job *job);

#endif
