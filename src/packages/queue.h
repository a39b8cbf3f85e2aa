/* queue.h - first-in-first-out rings of values and of fibers that wait: what channels and mutexes
 * are made of.
 *
 * Place: packages.  Threads: the interpreter thread only. */
#ifndef KP_QUEUE_H
#define KP_QUEUE_H

#include "vm/vm.h"

typedef struct kp_item {
    kw_parked parked; /* not looked at for values alone */
    kw_value value;   /* a value; what a waiting fiber brings, or is to be given */
} kp_item;

typedef struct kp_queue { /* all zero: empty */
    kp_item *items;       /* ring of a power of two */
    size_t first, count, cap;
} kp_queue;

bool kp_queue_put(kw_vm *vm, kp_queue *q, kp_item it); /* false: no memory, thrown */
/* The same for a fiber that is to wait here. */
bool kp_queue_wait(kw_vm *vm, kp_queue *q, kp_item it);
kp_item kp_queue_take(kp_queue *q); /* the oldest; there must be one */
/* Does a fiber still wait here?  Those before it that do not are forgotten. */
bool kp_queue_waits(kp_queue *q);
/* Take the first fiber that still waits here; false: none does. */
bool kp_queue_take_waiting(kp_queue *q, kp_item *it);
/* For the collector: values, and fibers that wait.  One that was woken otherwise is not kept. */
void kp_queue_mark(kw_vm *vm, kp_queue *q);
void kp_queue_mark_waiting(kw_vm *vm, kp_queue *q);
void kp_queue_free(kw_vm *vm, kp_queue *q);

#endif
