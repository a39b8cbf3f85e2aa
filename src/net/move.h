/* move.h - the state of an operation is set here, and nowhere else once it was made: the moves of state.h.
 *
 * Place: net layer, below all that works on operations.  Locked. */
#ifndef KN_MOVE_H
#define KN_MOVE_H

#include <assert.h>

#include "net/state.h"

static inline bool kn_move_is_legal(kn_op_state from, kn_op_state to)
{
    switch (to) {
    case KN_RESOLVING: return from == KN_QUEUED || from == KN_RESOLVING; /* for a file, and then for a name */
    case KN_QUEUED: return from == KN_RESOLVING || from == KN_RUNNING;   /* it joined a step that has not ended */
    case KN_READY: return from != KN_READY;
    case KN_RUNNING: return from == KN_READY || from == KN_QUEUED; /* the second joins the step of another one */
    case KN_PARKED: return from == KN_QUEUED || from == KN_RUNNING;
    }
    return false;
}

static inline void kn_move_op(kn_op *op, kn_op_state to)
{
    assert(kn_move_is_legal((kn_op_state)op->state, to) && !op->abandoned);
    op->state = (uint8_t)to;
}

#endif
