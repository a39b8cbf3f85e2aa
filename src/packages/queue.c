/* queue.c - see queue.h. */
#include "config.h"

#include "packages/queue.h"

bool kp_queue_put(kw_vm *vm, kp_queue *q, kp_item it)
{
    if (q->count == q->cap) {
        size_t cap = q->cap == 0 ? 4 : q->cap * 2;
        kp_item *items = kw_try_realloc(vm, NULL, 0, cap * sizeof(kp_item));
        if (items == NULL)
            return false;
        for (size_t i = 0; i < q->count; i++)
            items[i] = q->items[(q->first + i) & (q->cap - 1)];
        kw_free(vm, q->items, q->cap * sizeof(kp_item));
        q->items = items;
        q->first = 0;
        q->cap = cap;
    }
    q->items[(q->first + q->count++) & (q->cap - 1)] = it; /* cap is a power of two */
    return true;
}

kp_item kp_queue_take(kp_queue *q)
{
    kp_item it = q->items[q->first];
    q->first = (q->first + 1) & (q->cap - 1);
    q->count--;
    return it;
}

bool kp_queue_take_waiting(kp_queue *q, kp_item *it)
{
    while (q->count > 0) {
        *it = kp_queue_take(q);
        if (kw_still_parked(it->parked))
            return true;
    }
    return false;
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
    kw_free(vm, q->items, q->cap * sizeof(kp_item));
}
