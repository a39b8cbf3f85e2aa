/* step.h - the result of one step of an operation.
 *
 * A step does what it can without waiting for the peer and says what it waits for, if anything. */
#ifndef KN_STEP_H
#define KN_STEP_H

typedef enum kn_step {
    KN_DONE,       /* ended; the outcome (status, error, result) is filled in */
    KN_WANT_READ,  /* call again when the descriptor is readable */
    KN_WANT_WRITE, /* call again when the descriptor is writable */
} kn_step;

#endif
