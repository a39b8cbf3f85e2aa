/* step.h - the result of one step of an operation.
 *
 * A step does what it can without waiting for the peer and says what it waits for, if anything. */
#ifndef KN_STEP_H
#define KN_STEP_H

typedef enum kn_step {
    KN_DONE,       /* ended; the outcome (status, error, result) is filled in */
    KN_WANT_READ,  /* call again when the descriptor is readable */
    KN_WANT_WRITE, /* call again when the descriptor is writable */
    /* The TLS layer never returns these four: */
    KN_WANT_OTHERS, /* call again when another operation says so: kn_op_poke() */
    KN_AGAIN,       /* call again at once: it has gone as far as one step may */
    KN_WANT_TIME,   /* call again after a pause (descriptors or memory are short) */
    KN_WANT_WORKER, /* call again on a worker: what follows computes for long */
} kn_step;

#endif
