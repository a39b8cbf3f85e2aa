/* memory.c - the memory limit covers what the runtime keeps for the script: the two ask each other.
 *
 * Counted are the heap, rows of bytes that are lent to sends and that no value has any more, what the runtime holds
 * (kiwi_net_memory(), which leaves out what is lent to it: nothing counts twice), and what jobs have taken. */
#include "config.h"

#include "packages/host.h"

size_t kp_memory_held(void *data)
{
    const kp_host *host = data;
    size_t jobs = host->account != NULL ? kp_account_held(host->account) : 0;
    return jobs + (host->net != NULL ? kiwi_net_memory(host->net) : 0);
}

bool kp_memory_affords(void *data, size_t more)
{
    const kp_host *host = data;
    return kw_heap_affords(host->vm, more);
}

/* Jobs leave a little to the script, which could not even catch an error otherwise. */
bool kp_memory_affords_job(void *data, size_t more)
{
    enum { SPARE = 32 }; /* the part 1/32: twice of what a heap that counts as full has left */
    const kp_host *host = data;
    size_t spare = kw_heap_limit_bytes(host->vm) / SPARE;
    return more <= SIZE_MAX - spare && kw_heap_affords(host->vm, more + spare);
}

/* The second call comes after a collection. */
kw_result kp_memory_tidy(kw_vm *vm, kw_call *call, size_t size)
{
    bool go_on = call->kept != NULL || kw_heap_affords(vm, size);
    return go_on ? KW_DONE : kw_call_again(vm, call, &call->result, 1);
}

kw_result kp_memory_room(kw_vm *vm, kw_call *call, size_t size)
{
    if (kw_heap_fits(vm, size))
        return KW_DONE;
    return call->kept == NULL ? kw_call_again(vm, call, &call->result, 1) : kw_throw_memory(vm, size);
}
