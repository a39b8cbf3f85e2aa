/* job.h - work of natives that may block, done while other fibers run.
 *
 * A native fills in a job, which must not refer to anything of the interpreter, and gives it away.  The work is done
 * on a thread (kiwi_job() of kiwi/net.h), or at once where that is sure to be quicker than handing it over; afterwards
 * the interpreter thread turns the outcome into the value of the call, or throws.
 * Place: packages layer.  Threads: as the comments of the functions say. */
#ifndef KP_JOB_H
#define KP_JOB_H

#include <stdatomic.h>

#include "packages/host.h"

typedef struct kp_job_kind {
    size_t size;                                           /* of the struct that begins with a kp_job */
    void (*work)(kp_job *job);                             /* any thread, without the interpreter */
    bool (*give)(kw_vm *vm, kp_job *job, kw_value *value); /* interpreter thread; false: thrown */
    void (*free)(kp_job *job);                             /* what it owns; any thread.  NULL: nothing */
} kp_job_kind;

struct kp_job {
    const kp_job_kind *kind;
    atomic_int refs; /* of the thread and of the fiber that waits */
};

/* A job with zeroed fields.  NULL: thrown. */
kp_job *kp_job_new(kw_vm *vm, const kp_job_kind *kind);
/* Drop a job that was not given away, or a reference. */
void kp_job_drop(kp_job *job);
/* Do the work at once, or let a thread do it and suspend the fiber; the job is taken over. */
kw_result kp_job_now(kw_vm *vm, kw_call *call, kp_job *job);
kw_result kp_job_aside(kw_vm *vm, kw_call *call, kp_job *job);
/* The same in its turn: kiwi_job_in_line(). */
kw_result kp_job_in_line(kw_vm *vm, kw_call *call, kp_job *job, kiwi_line *line);

#endif
