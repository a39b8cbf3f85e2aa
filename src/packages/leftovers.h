/* leftovers.h - what ended tasks leave for whoever awaits them: values, and messages of failures.
 *
 * The runtime knows which tasks there are, and how much their values may hold: here are the values
 * themselves, of its own kind, which it cannot keep.
 * Place: packages.  Threads: the interpreter thread only. */
#ifndef KP_LEFTOVERS_H
#define KP_LEFTOVERS_H

#include "kiwi/net.h"
#include "vm/vm.h"

typedef struct kp_leftovers {
    kw_vm *vm;
    kw_map *values; /* task id -> value of a spawned task, weighed by kw_weigh() */
    /* the same for values that weigh nothing, and for those that operations gave and result() has shown, which the
     * runtime has weighed itself */
    kw_map *light;
    kw_map *faults;     /* task id -> message of a spawned task that failed */
    size_t faults_held; /* bytes that the messages hold, about */
    size_t purge_at;    /* number of leftovers at which forgotten ids are looked for */
} kp_leftovers;

void kp_leftovers_init(kw_vm *vm, kp_leftovers *l);
void kp_leftovers_mark(kp_leftovers *l);

/* Spawned task `id` has ended: keep what it ended with, and tell the runtime.  `awaited`: its value
 * is taken at once. */
void kp_leftovers_complete(kp_leftovers *l, kiwi_net *net, kiwi_id id, kw_value value, bool awaited);
void kp_leftovers_fault(kp_leftovers *l, kiwi_net *net, kiwi_id id, kw_string *message);
/* Keep the value that result() shows of an operation: it is the same one each time, in place of what the runtime has
 * handed over.  false: no memory, thrown; not where there was a value before. */
bool kp_leftovers_show(kp_leftovers *l, kiwi_id id, kw_value value);

/* The value of `id`, KW_UNDEF if there is none here; it stays. */
kw_value kp_leftovers_value(const kp_leftovers *l, kiwi_id id);
/* The message of `id`, NULL if there is none here; it stays. */
kw_string *kp_leftovers_message(const kp_leftovers *l, kiwi_id id);
/* The task has left the table: both of these, of which there is at most one. */
void kp_leftovers_take(kp_leftovers *l, kiwi_id id, kw_value *value, kw_string **message);
/* Tasks that nobody awaits are forgotten by the runtime in the end; what is kept of them goes by a
 * purge, which is due when there are `full` many. */
bool kp_leftovers_full(const kp_leftovers *l);
void kp_leftovers_purge(kp_leftovers *l, kiwi_net *net);
/* Drop the values that the runtime says nobody may have any more. */
void kp_leftovers_drop(kp_leftovers *l, kiwi_net *net);

#endif
