/* state.c - what packages keep for one interpreter.  See package.h. */
#include "config.h"

#include <assert.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>

#include "packages/package.h"

struct kp_opened {
    kp_opened *next; /* opened before */
    const kp_package *package;
    alignas(max_align_t) unsigned char state[];
};

static int64_t key_of(const kp_package *p)
{
    return (int64_t)(intptr_t)p;
}

void *kp_state_known(kw_vm *vm, const kp_package *p)
{
    kp_opened *o = kb_map_get(&kp_host_of(vm)->states, key_of(p));
    return o != NULL ? o->state : NULL;
}

void *kp_state(kw_vm *vm, const kp_package *p)
{
    kp_host *host = kp_host_of(vm);
    void *known = kp_state_known(vm, p);
    if (known != NULL)
        return known;
    assert(p->state_size > 0); /* its declaration says that it keeps something */
    kp_opened *o = calloc(1, sizeof(*o) + p->state_size);
    if (o == NULL || kb_map_put(&host->states, key_of(p), o) != KB_OK) {
        free(o);
        (void)kw_throw_memory(vm, p->state_size);
        return NULL;
    }
    o->package = p;
    o->next = host->opened;
    host->opened = o;
    return o->state;
}

void kp_state_mark_all(kw_vm *vm)
{
    for (kp_opened *o = kp_host_of(vm)->opened; o != NULL; o = o->next)
        if (o->package->mark != NULL)
            o->package->mark(vm, o->state);
}

void kp_state_collect_all(kw_vm *vm)
{
    for (kp_opened *o = kp_host_of(vm)->opened; o != NULL; o = o->next)
        if (o->package->collect != NULL)
            o->package->collect(vm, o->state);
}

bool kp_state_end_all(kw_vm *vm)
{
    bool well = true;
    for (kp_opened *o = kp_host_of(vm)->opened; o != NULL; o = o->next)
        if (o->package->end != NULL)
            well = o->package->end(vm, o->state) && well;
    return well;
}

void kp_state_close_all(kw_vm *vm)
{
    kp_host *host = kp_host_of(vm);
    for (kp_opened *o; (o = host->opened) != NULL;) {
        if (o->package->close != NULL)
            o->package->close(vm, o->state);
        host->opened = o->next;
        (void)kb_map_take(&host->states, key_of(o->package));
        free(o);
    }
}
