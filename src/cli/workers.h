/* workers.h - several processes that run one script: kiwi --workers.  Place: cli.  Threads: the only one of the process. */
#ifndef KC_WORKERS_H
#define KC_WORKERS_H

#include <stdbool.h>

#include "kiwi/kiwi.h"

enum { KC_WORKERS_MAX = 256 };

/* Make `count` workers, copies of this process.  true: this is one of them, and goes on; `secret` has bytes then that
 * all workers know and nobody else.  false: this is the parent, all workers have ended, and *code is the exit code.
 *
 * The parent opens nothing of the script's.  It sends SIGTERM, SIGHUP and SIGINT on to the workers; after SIGTERM and
 * SIGINT none is started any more.  Otherwise a worker that a signal has killed, or that has failed after it had run for
 * a second, is started again a second later.  What workers write to standard error comes out in whole lines, each with
 * the number of its worker. */
bool kc_workers_split(int count, unsigned char secret[KIWI_SECRET_SIZE], int *code);

#endif
