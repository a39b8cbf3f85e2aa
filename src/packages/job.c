/* job.c - see job.h. */
#include "config.h"

#include "packages/job.h"

#include <assert.h>
#include <stdlib.h>

kp_job *kp_job_new(kw_vm *vm, const kp_job_kind *kind)
{
    assert(kind->size >= sizeof(kp_job) && kind->work != NULL && kind->give != NULL);
    kp_job *job = calloc(1, kind->size);
    if (job == NULL) {
        (void)kw_throw_memory(vm, kind->size);
        return NULL;
    }
    job->kind = kind;
    atomic_init(&job->refs, 1);
    return job;
}

void kp_job_drop(kp_job *job)
{
    int refs = atomic_fetch_sub_explicit(&job->refs, 1, memory_order_acq_rel);
    assert(refs > 0);
    if (refs > 1)
        return;
    if (job->kind->free != NULL)
        job->kind->free(job);
    kp_account_release(&job->claim);
    free(job);
}

/* May the job, which counts from here on, have `size` bytes? */
static bool claim(kw_vm *vm, kp_job *job, size_t size)
{
    kw_heap_know_limit(vm); /* threads will ask */
    if (job->claim.account == NULL)
        kp_account_claim(&job->claim, kp_host_of(vm)->account);
    return kp_account_take(&job->claim, size);
}

kw_result kp_job_claim(kw_vm *vm, kw_call *call, kp_job *job, size_t size)
{
    if (claim(vm, job, size))
        return KW_DONE;
    kp_job_drop(job);
    return call->kept == NULL ? kw_call_again(vm, call, &call->result, 1) : kw_throw_memory(vm, size);
}

bool kp_job_claim_now(kw_vm *vm, kp_job *job, size_t size)
{
    if (claim(vm, job, size))
        return true;
    (void)kw_throw_memory(vm, size);
    return false;
}

bool kp_job_no_memory(kw_vm *vm, const kp_job *job, const char *what)
{
    if (job->claim.refused > 0)
        (void)kw_throw(vm, "MemoryError", "Not enough memory for '%s': no room for %zu bytes more.", what,
                       job->claim.refused);
    else
        (void)kw_throw(vm, "MemoryError", "Not enough memory for '%s'.", what);
    return false;
}

/* From here on the heap counts: what it adopts must not count twice. */
bool kp_job_give(kw_vm *vm, kp_job *job, kw_value *value)
{
    kp_account_release(&job->claim);
    return job->kind->give(vm, job, value);
}

kw_result kp_job_now(kw_vm *vm, kw_call *call, kp_job *job)
{
    assert(atomic_load_explicit(&job->refs, memory_order_relaxed) == 1); /* no thread has it */
    kw_value value = kw_null();
    job->kind->work(job);
    bool given = kp_job_give(vm, job, &value);
    kp_job_drop(job);
    return given ? kw_return(call, value) : KW_THROWN;
}

static void work(void *data, kiwi_result *out)
{
    kp_job *job = data;
    (void)out; /* the outcome is in the job */
    job->kind->work(job);
}

static void drop(void *data)
{
    kp_job_drop(data);
}

kw_result kp_job_in_line(kw_vm *vm, kw_call *call, kp_job *job, kiwi_line *line)
{
    kiwi_net *net = kp_host_net(vm);
    if (net == NULL) {
        kp_job_drop(job);
        return KW_THROWN;
    }
    assert(atomic_load_explicit(&job->refs, memory_order_relaxed) == 1); /* it is given away once */
    atomic_fetch_add_explicit(&job->refs, 1, memory_order_relaxed);
    return kp_host_await_job(vm, call, kiwi_job_in_line(net, line, work, job, drop), job);
}

kw_result kp_job_aside(kw_vm *vm, kw_call *call, kp_job *job)
{
    return kp_job_in_line(vm, call, job, NULL);
}
