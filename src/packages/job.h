/* job.h - work of natives that may block, done while other fibers run.
 *
 * A native fills in a job, which must not refer to anything of the interpreter, and gives it away.  The work is done
 * on a thread (kiwi_job() of kiwi/net.h), or at once where that is sure to be quicker than handing it over; afterwards
 * the interpreter thread turns the outcome into the value of the call, or throws.  What a job takes of memory is claimed
 * (account.h), until it is given to the heap or freed.
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
    kp_claim claim;  /* what it has taken; of the thread, then of `give`.  Counts from kp_job_claim() on */
};

/* A job with zeroed fields.  NULL: thrown. */
kp_job *kp_job_new(kw_vm *vm, const kp_job_kind *kind);
/* Drop a job that was not given away, or a reference. */
void kp_job_drop(kp_job *job);
/* What the job takes counts from here on, and it takes `size` bytes at once.  KW_DONE; else the job was dropped, and this
 * is what the native returns: it is called again after a collection, and then MemoryError is thrown. */
kw_result kp_job_claim(kw_vm *vm, kw_call *call, kp_job *job, size_t size);
/* The same where the native cannot be called again.  false: thrown, and the job is still there. */
bool kp_job_claim_now(kw_vm *vm, kp_job *job, size_t size);
/* Throw MemoryError for what the job, or the system, was refused in the work on the file `what`.  Returns false. */
bool kp_job_no_memory(kw_vm *vm, const kp_job *job, const char *what);
/* The value of a job that is done, to which its memory goes over.  false: thrown. */
bool kp_job_give(kw_vm *vm, kp_job *job, kw_value *value);
/* Do the work at once, or let a thread do it and suspend the fiber; the job is taken over. */
kw_result kp_job_now(kw_vm *vm, kw_call *call, kp_job *job);
kw_result kp_job_aside(kw_vm *vm, kw_call *call, kp_job *job);
/* The same in its turn: kiwi_job_in_line(). */
kw_result kp_job_in_line(kw_vm *vm, kw_call *call, kp_job *job, kiwi_line *line);

#endif
