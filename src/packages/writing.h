/* writing.h - texts that natives write a step at a time, so that other fibers have their turns while a large value is
 * written.
 *
 * A writer keeps the containers that it is in as a stack of its own, not on that of C:
 *
 *     kp_writing first, *w = kp_writing_begin(vm, call, &first);
 *     if (w == &first && !put_value(w, value))         // which may have opened a container
 *         return kp_writing_fail(call, w);
 *     return kp_writing_go_on(call, w, step);          // writes one element of the innermost, or closes it
 *
 * Who changes a container while it is written gets some of both.
 * Place: packages layer.  Threads: the interpreter thread only. */
#ifndef KP_WRITING_H
#define KP_WRITING_H

#include <assert.h>

#include "vm/vm.h"

enum { KP_WRITING_DEPTH = 256 /* of containers within each other, */, KP_WRITING_LEVELS /* and one for a long text */ };

typedef struct kp_level {
    kw_value value; /* a container, a root while the fiber waits */
    kw_value about; /* what else its end needs; a root, too */
    size_t at;      /* its next element */
    bool begun;     /* it has got one */
    bool flag;      /* for the writer */
} kp_level;

typedef struct kp_writing {
    kw_vm *vm;
    kw_buf buf;
    bool pretty;    /* for the writer */
    size_t indent;  /* for the writer */
    unsigned depth; /* open levels */
    kp_level levels[KP_WRITING_LEVELS];
} kp_writing;

/* Write an element of the innermost level, or close it.  false: thrown, or buf.failed. */
typedef bool (*kp_writing_step)(kp_writing *w);

/* *first without a text in the first call of the native, what was kept in the later ones. */
kp_writing *kp_writing_begin(kw_vm *vm, const kw_call *call, kp_writing *first);
/* Open a level, which there must be room for. */
kp_level *kp_writing_open(kp_writing *w, kw_value value);
static inline kp_level *kp_writing_innermost(kp_writing *w)
{
    assert(w->depth > 0 && w->depth <= KP_WRITING_LEVELS);
    return &w->levels[w->depth - 1];
}
/* Do steps until all levels are closed, and give the text; or until the slice is over. */
kw_result kp_writing_go_on(kw_call *call, kp_writing *w, kp_writing_step step);
/* A step, or the beginning, has failed: drop all. */
kw_result kp_writing_fail(kw_call *call, kp_writing *w);

#endif
