/* fio_left.h - files that a script has written to and not closed: what they still hold is written, or the failure told.
 *
 * The collector writes nothing: a file that it finds forgotten is put on a list, from which the next turn of the
 * scheduler takes it.  What is more than a little is written by a job.  At the end of a program all files are written
 * that are still open.
 * Place: packages layer.  Threads: the interpreter thread only. */
#ifndef KP_FIO_LEFT_H
#define KP_FIO_LEFT_H

#include "packages/package.h"
#include "packages/stream.h"

typedef struct kp_left kp_left;

/* What package fio keeps; the fields are fio_left.c's. */
typedef struct kp_lefts {
    kp_left *open;      /* files that scripts have */
    kp_left *forgotten; /* and those that none has any more */
    bool failed;        /* one could not be written */
} kp_lefts;

/* Keep an eye on a stream, which is taken over.  NULL: thrown, and the stream is dropped. */
kp_left *kp_fio_left_new(kw_vm *vm, kp_stream *stream);
kp_stream *kp_fio_left_stream(const kp_left *left);
/* Nobody has the file any more; also from the collector. */
void kp_fio_left_forget(kp_left *left);

/* Hooks of the package: write what is forgotten; all, at the end (false: a file could not be written); nothing is kept
 * after this. */
void kp_fio_left_collect(kw_vm *vm, void *state);
bool kp_fio_left_end(kw_vm *vm, void *state);
void kp_fio_left_close(kw_vm *vm, void *state);

#endif
