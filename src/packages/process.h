/* process.h - other programs: started, looked at, ended.
 *
 * Place: packages layer, without the interpreter.  Threads: any. */
#ifndef KP_PROCESS_H
#define KP_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

#include "packages/disk.h"

/* Start the program argv[0], found through PATH.  With `out` not NULL its standard output and error go to new pipes,
 * whose reading ends are out[0] and out[1], not blocking.  0 or an errno. */
int kp_process_start(char *const argv[], pid_t *pid, int out[2]);
/* Does it run?  Processes of others count, too. */
bool kp_process_runs(int64_t pid);
/* End it at once, and all that it has started.  0 or an errno. */
int kp_process_kill(pid_t pid);

typedef struct kp_process {
    pid_t pid, parent;
    char name[64];
    int64_t memory; /* bytes */
    int64_t threads;
    int64_t started_ms; /* since the epoch; 0: not known */
} kp_process;

/* Add to `found` a kp_process for each that runs, as far as the system has them in /proc.  0 or an errno. */
int kp_process_list(kp_disk_bytes *found);

#endif
