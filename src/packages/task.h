/* task.h - what the files of package task share: task.c, channel.c, mutex.c. */
#ifndef KP_TASK_H
#define KP_TASK_H

#include "packages/package.h"

typedef struct kp_task_state {
    int64_t mutexes; /* how many were made */
} kp_task_state;

extern const kp_package kp_task;
extern const kp_struct kp_channel, kp_mutex;

/* Primitives: a channel without a struct around it (channel.c). */
kw_result kp_channel_primitive_create(kw_vm *vm, kw_call *call);
kw_result kp_channel_primitive_send(kw_vm *vm, kw_call *call);
kw_result kp_channel_primitive_recv(kw_vm *vm, kw_call *call);
kw_result kp_channel_primitive_try_recv(kw_vm *vm, kw_call *call);
kw_result kp_channel_primitive_close(kw_vm *vm, kw_call *call);
/* Send into a channel without a struct around it, beyond its bound if it has one: never waits.  Where memory is short
 * the channel is closed, so that nobody waits in vain. */
void kp_channel_post(kw_vm *vm, kw_value channel, kw_value v);

#endif
