/* worker.h - what a worker of the pool does: it carries out what is ready; with nothing ready it leads the room, if
 * nobody does; else it sleeps.
 *
 * Place: net layer, above pool.h, run.h and lead.h. */
#ifndef KN_WORKER_H
#define KN_WORKER_H

/* The main function of its thread: `arg` is its kn_worker.  Returns once the pool stops. */
void *kn_worker_main(void *arg);

#endif
