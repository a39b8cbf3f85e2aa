/* job.h - jobs (kiwi_job()) that are not wanted any more.
 *
 * Place: net layer, above the task table. */
#ifndef KN_JOB_H
#define KN_JOB_H

#include "net/state.h"

/* `task` ends before its job: that is taken back if it has not begun, for kn_job_free(); else NULL, and the outcome
 * will be dropped.  Locked. */
kn_job *kn_job_withdraw(kiwi_net *net, kn_task *task);
/* Free a job that was taken back; NULL is allowed.  Not locked. */
void kn_job_free(kn_job *job);

#endif
