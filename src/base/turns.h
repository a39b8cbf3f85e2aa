/* turns.h - a lock that threads get in the order in which they came.
 *
 * A thread that lets go of a mutex and takes it again at once mostly gets it before one that was woken for it.  Where
 * that would keep others waiting - a bulk transfer beside somebody who wants to receive - threads take turns instead.
 * It costs twice what a mutex does.
 * Place: base layer.  Threads: any; not recursive. */
#ifndef KB_TURNS_H
#define KB_TURNS_H

#include <pthread.h>
#include <stdint.h>

typedef struct kb_turns {
    pthread_mutex_t lock;  /* leaf */
    pthread_cond_t passed; /* with lock; says: `now` has changed */
    uint64_t next, now;    /* guarded by lock: the turn of the next to come; of whoever has it */
} kb_turns;

/* 0 or an errno. */
int kb_turns_init(kb_turns *turns);
void kb_turns_fini(kb_turns *turns);
/* Wait for one's turn, and keep it until kb_turns_pass(). */
void kb_turns_take(kb_turns *turns);
void kb_turns_pass(kb_turns *turns);

#endif
