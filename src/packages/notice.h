/* notice.h - who is to be told of the end of a task whose result stays where it is.
 *
 * Either fibers, which are woken with the task's id, or channels without a struct, which get it as a value.
 * Place: packages.  Threads: the interpreter thread only. */
#ifndef KP_NOTICE_H
#define KP_NOTICE_H

#include "base/map.h"
#include "kiwi/net.h"
#include "vm/vm.h"

typedef struct kp_notices {
    kb_map of; /* task id -> who is to be told */
} kp_notices;

void kp_notice_init(kp_notices *n);
void kp_notice_fini(kw_vm *vm, kp_notices *n);
/* For the collector. */
void kp_notice_mark(kw_vm *vm, kp_notices *n);
/* Tell all of the tasks that have ended. */
void kp_notice_collect(kw_vm *vm, kp_notices *n, kiwi_net *net);

/* Wake the running fiber, which parks here, with the id of the first of `ids` that ends, none of which has yet; or
 * after `limit_ms` with null (0: no limit).  What the native returns. */
kw_result kp_notice_wait(kw_vm *vm, kp_notices *n, const kw_list *ids, int64_t limit_ms);
/* Send `id` into `channel`, beyond its bound if it has one, when that task ends, which it has not yet.  false:
 * thrown. */
bool kp_notice_post(kw_vm *vm, kp_notices *n, kiwi_id id, kw_value channel);

#endif
