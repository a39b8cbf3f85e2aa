/* interact.h - the read-eval-print loop.  Place: cli.  Threads: the one of the kiwi_vm. */
#ifndef KC_INTERACT_H
#define KC_INTERACT_H

#include "kiwi/kiwi.h"

/* Read from standard input until it ends or the program calls `exit`, and wait for pending tasks after an
 * end.  Returns the exit code.  SIGINT stops what runs while this is active, not the process. */
int kc_interact(kiwi_vm *vm);

#endif
