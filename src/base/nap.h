/* nap.h - a sleep that others can end.
 *
 * Place: base layer.  One thread sleeps; any thread, and any signal handler, may wake it.
 * The first sleep takes two file numbers, which kb_nap_fini() gives back. */
#ifndef KB_NAP_H
#define KB_NAP_H

#include <stdatomic.h>
#include <stdint.h>

typedef struct kb_nap {
    atomic_bool woken;
    atomic_int write_fd; /* of a pipe; -1: there is none yet */
    int read_fd;         /* the sleeping thread's */
} kb_nap;

void kb_nap_init(kb_nap *nap);
/* Nobody may sleep or be about to wake any more. */
void kb_nap_fini(kb_nap *nap);
/* Sleep for at most `us` microseconds, or until kb_nap_wake(), which may have been called before,
 * or a signal. */
void kb_nap_sleep(kb_nap *nap, int64_t us);
/* End the sleep, or the next one.  Async-signal-safe. */
void kb_nap_wake(kb_nap *nap);

#endif
