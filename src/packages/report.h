/* report.h - failures that nobody has looked at are told on standard error: at the end of the
 * program, when the runtime forgets them, or after 10 s.
 *
 * Place: packages.  Threads: the interpreter thread only. */
#ifndef KP_REPORT_H
#define KP_REPORT_H

#include "base/map.h"
#include "kiwi/net.h"
#include "vm/vm.h"

struct kp_host;

typedef struct kp_report {
    bool wanted;     /* not with KIWI_TASK_WARNINGS=0 in the environment; constant */
    kb_map sockets;  /* those of which a failed operation was told: id -> the report */
    size_t purge_at; /* size of `sockets` at which closed ones are looked for */
} kp_report;

void kp_report_init(kp_report *r);
void kp_report_fini(kp_report *r);
/* In how many microseconds there may be something to tell; -1: there is nothing. */
int64_t kp_report_due_us(const kp_report *r, kiwi_net *net);
/* Tell what is due; the runtime is open. */
void kp_report_due(kp_report *r, struct kp_host *host);
/* Tell now that the task `id`, which has failed, failed while it served `peer`; it can still be awaited. */
void kp_report_served(kw_vm *vm, kiwi_id id, const char *peer);
/* The program has ended: tell everything. */
void kp_report_all(kw_vm *vm);

#endif
