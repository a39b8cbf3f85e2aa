/* memory.c - the memory limit covers what the runtime keeps for the script: the two ask each other.
 *
 * Counted are the heap, rows of bytes that are lent to sends and that no value has any more, and what the runtime
 * holds (kiwi_net_memory(), which leaves out what is lent to it: nothing counts twice). */
#include "config.h"

#include "packages/host.h"

size_t kp_memory_held(void *data)
{
    const kp_host *host = data;
    return host->net != NULL ? kiwi_net_memory(host->net) : 0;
}

bool kp_memory_affords(void *data, size_t more)
{
    const kp_host *host = data;
    return kw_heap_affords(host->vm, more);
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
