/* queue.c - see queue.h. */
#include "config.h"

#include "packages/queue.h"

#include <assert.h>

bool kp_queue_put(kw_vm *vm, kp_queue *q, kp_item it)
{
    if (q->count == q->cap) {
        size_t cap = q->cap == 0 ? 4 : q->cap * 2;
        kp_item *items = kw_heap_try_realloc(vm, NULL, 0, cap * sizeof(kp_item));
        if (items == NULL)
            return false;
        for (size_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->first + i) & (q->cap - 1)];
        kw_heap_release(vm, q->items, q->cap * sizeof(kp_item));
        q->items = items;
        q->first = 0;
        q->cap = cap;
    }
    assert(q->count < q->cap && q->first < q->cap && (q->cap & (q->cap - 1)) == 0);
    q->items[(q->first + q->count++) & (q->cap - 1)] = it; /* cap is a power of two */
    return true;
}

kp_item kp_queue_take(kp_queue *q)
{
    assert(q->count > 0);
    kp_item it = q->items[q->first];
    q->first = (q->first + 1) & (q->cap - 1);
    q->count--;
    return it;
}

/* Forget the fibers that do not wait here any more. */
static void forget(kp_queue *q)
{
    size_t kept = 0;
    for (size_t i = 0; i < q->count; i++) {
        kp_item it = q->items[(q->first + i) & (q->cap - 1)];
        if (kw_fiber_still_parked(it.parked))
            q->items[(q->first + kept++) & (q->cap - 1)] = it;
    }
    q->count = kept;
}

bool kp_queue_wait(kw_vm *vm, kp_queue *q, kp_item it)
{
    if (q->count == q->cap)
        forget(q);
    return kp_queue_put(vm, q, it);
}

bool kp_queue_waits(kp_queue *q)
{
    while (q->count > 0 && !kw_fiber_still_parked(q->items[q->first].parked))
        (void)kp_queue_take(q);
    return q->count > 0;
}

bool kp_queue_take_waiting(kp_queue *q, kp_item *it)
{
    bool waits = kp_queue_waits(q);
    if (waits)
        *it = kp_queue_take(q);
    return waits;
}

void kp_queue_mark_waiting(kw_vm *vm, kp_queue *q)
{
    forget(q);
    kp_queue_mark(vm, q);
}

void kp_queue_mark(kw_vm *vm, kp_queue *q)
{
    for (size_t i = 0; i < q->count; i++) {
        const kp_item *it = &q->items[(q->first + i) & (q->cap - 1)];
        kw_gc_mark_obj(vm, it->parked.fiber);
        kw_gc_mark_value(vm, it->value);
    }
}

void kp_queue_free(kw_vm *vm, kp_queue *q)
{
    kw_heap_release(vm, q->items, q->cap * sizeof(kp_item));
}
