/* relief.h - descriptors that can be done without when there are no more.
 *
 * Whoever keeps descriptors open that it could close - sockets that linger - says so here, and whoever is refused one
 * (EMFILE, ENFILE) asks for relief and tries again.  So it does not matter which part of the program opens something.
 * Place: base layer.  Threads: any.  Locks: its own is the first of all (base/locks.h). */
#ifndef KB_RELIEF_H
#define KB_RELIEF_H

#include <stdbool.h>

#include "base/list.h"

typedef struct kb_relief {
    kb_link link;                /* of all; guarded by the lock of this module */
    bool (*relieve)(void *data); /* close one, the one that is needed least.  false: there is none.  Any thread */
    void *data;
} kb_relief;

void kb_relief_add(kb_relief *relief);
/* When this returns `relieve` is not running, and will not be called.  One that was not added (all zero): nothing. */
void kb_relief_remove(kb_relief *relief);

/* A call has failed with errno `error`.  true: it was for want of a descriptor, and there is one more now.  The caller
 * holds no lock. */
bool kb_relief_ask(int error);
/* The same before a library opens up to `count` descriptors, which does not know of this. */
void kb_relief_ahead(int count);

#endif
