/* task.h - the task table: ids, tasks and their results (src/net/README.md, "Task table").
 *
 * Place: net layer, below operations.  All functions: locked. */
#ifndef KN_TASK_H
#define KN_TASK_H

#include "net/state.h"

/* Create a running task.  NULL: memory is short. */
kn_task *kn_task_new(kiwi_net *net);
/* End `task` as *out says (state is set from out->fault); out->bytes become the task's.  Tells
 * whoever waits; the task may be gone afterwards. */
void kn_task_end(kiwi_net *net, kn_task *task, kiwi_result *out);
/* The runtime keeps `more` (or less) bytes for its user: kiwi_net_held(). */
void kn_task_hold(kiwi_net *net, ptrdiff_t more);
/* A task or an operation of `more` bytes was made (or, less, freed): kiwi_net_memory(). */
void kn_task_entry(kiwi_net *net, ptrdiff_t more);
/* May the runtime take `more` bytes for its user?  Not locked, or locked. */
bool kn_task_affords(const kiwi_net *net, size_t more);
/* The task `id`, or NULL: unknown, or a socket. */
kn_task *kn_task_find(kiwi_net *net, kiwi_id id);
/* Move the result of an ended task into *out and remove it. */
void kn_task_take(kiwi_net *net, kn_task *task, kiwi_result *out);
/* Free a task that is in no list and not in the table. */
void kn_task_free(kiwi_net *net, kn_task *task);
/* A task that has faulted already; 0 only if memory is short beyond help. */
kiwi_id kn_task_faulted(kiwi_net *net, kiwi_result *out);
/* The same for an operation of the kind `of` that could not even begin on `socket`. */
kiwi_id kn_task_not_begun(kiwi_net *net, const kn_kind *of, const kn_sock *socket, kiwi_result *out);
/* The same with a text of its own, and for want of memory. */
kiwi_id kn_task_refused(kiwi_net *net, kiwi_fault fault, int sys, const char *text);
kiwi_id kn_task_no_memory(kiwi_net *net);
/* The same because `id` is no socket for that: the reason of the failed connect that it stands for, or
 * `text`. */
kiwi_id kn_task_no_socket(kiwi_net *net, kiwi_id id, const char *text);
/* Ids that are no tasks but have a result: open sockets, failed TLS connects. */
bool kn_task_standing(kiwi_net *net, kiwi_id id, kiwi_result *out);
/* Give `entry` the next id and put it into the table.  0 or ENOMEM. */
int kn_task_enter(kiwi_net *net, kn_entry *entry);

#endif
