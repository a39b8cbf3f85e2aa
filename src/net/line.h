/* line.h - lines of jobs that take turns: kiwi_line_open() and kiwi_line_close() of kiwi/net.h, and who is next.
 *
 * Place: net layer, below jobs.  Threads: any.  Locks: its own is a leaf; the caller may hold that of the runtime. */
#ifndef KN_LINE_H
#define KN_LINE_H

#include <stdbool.h>

#include "base/list.h"
#include "kiwi/net.h"

typedef struct kn_turn { /* part of a job; the line's until its turn comes */
    kb_link waiting;     /* guarded by the line's lock */
    kiwi_line *line;     /* constant */
} kn_turn;

/* Join turn->line, which lives at least until it is left.  false: it has to wait, and another turn's kn_line_leave()
 * will give it. */
bool kn_line_enter(kn_turn *turn);
/* Its turn is over.  The one that has it now; NULL: nobody waits. */
kn_turn *kn_line_leave(kn_turn *turn);

#endif
