/* notice.c - see notice.h. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "packages/queue.h"
#include "packages/task.h"

typedef struct notice {
    kp_queue fibers;   /* those that were woken otherwise are forgotten when it grows */
    kp_queue channels; /* each item a channel */
} notice;

void kp_notice_init(kp_notices *n)
{
    kb_map_init(&n->of);
}

static void free_notice(kw_vm *vm, notice *of)
{
    kp_queue_free(vm, &of->fibers);
    kp_queue_free(vm, &of->channels);
    free(of);
}

void kp_notice_fini(kw_vm *vm, kp_notices *n)
{
    size_t at = 0;
    for (notice *of; (of = kb_map_next(&n->of, &at, NULL)) != NULL;)
        free_notice(vm, of);
    kb_map_fini(&n->of);
}

void kp_notice_mark(kw_vm *vm, kp_notices *n)
{
    size_t at = 0;
    for (notice *of; (of = kb_map_next(&n->of, &at, NULL)) != NULL;) {
        kp_queue_mark_waiting(vm, &of->fibers);
        kp_queue_mark(vm, &of->channels);
    }
}

/* The notice of task `id`, made if need be.  NULL: thrown. */
static notice *notice_of(kw_vm *vm, kp_notices *n, kiwi_id id)
{
    notice *of = kb_map_get(&n->of, id);
    if (of != NULL)
        return of;
    of = calloc(1, sizeof(*of));
    if (of != NULL && kb_map_put(&n->of, id, of) == KB_OK)
        return of;
    free(of);
    (void)kw_throw_memory(vm, sizeof(*of));
    return NULL;
}

static void tell(kw_vm *vm, kp_notices *n, kiwi_id id)
{
    notice *of = kb_map_take(&n->of, id);
    kp_item it;
    if (of == NULL)
        return;
    while (kp_queue_take_waiting(&of->fibers, &it))
        kw_fiber_wake(vm, it.parked.fiber, kw_int(id));
    while (of->channels.count > 0)
        kp_channel_post(vm, kp_queue_take(&of->channels).value, kw_int(id));
    assert(of->fibers.count == 0 && of->channels.count == 0); /* all were told */
    free_notice(vm, of);
}

void kp_notice_collect(kw_vm *vm, kp_notices *n, kiwi_net *net)
{
    if (n->of.count == 0)
        return;
    for (kiwi_id id; (id = kiwi_task_noticed(net)) != 0;)
        tell(vm, n, id);
}

kw_result kp_notice_wait(kw_vm *vm, kp_notices *n, const kw_list *ids, int64_t limit_ms)
{
    assert(ids->count > 0); /* else nothing would wake it */
    kp_item it = {.parked = kw_fiber_parked_here(vm), .value = kw_null()};
    kw_fiber *fiber = vm->fiber;
    kw_fiber_park(vm, "await_any");
    for (size_t i = 0; i < ids->count; i++) {
        notice *of = notice_of(vm, n, ids->items[i].as.i);
        if (of != NULL && kp_queue_wait(vm, &of->fibers, it))
            continue;
        /* as a wait that has ended, because some of the tasks know of it already */
        kw_fiber_wake_error(vm, fiber, "MemoryError", kw_throw_take(vm));
        return KW_SUSPEND;
    }
    if (limit_ms > 0)
        kw_sched_timer(vm, fiber, (double)limit_ms, kw_null());
    return KW_SUSPEND;
}

bool kp_notice_post(kw_vm *vm, kp_notices *n, kiwi_id id, kw_value channel)
{
    notice *of = notice_of(vm, n, id);
    return of != NULL && kp_queue_put(vm, &of->channels, (kp_item){.value = channel});
}
