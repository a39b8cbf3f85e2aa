/* fio_job.h - what the functions of package fio do: jobs on paths.
 *
 * A function fills in a job, which a row says how to do: at once where that is sure to be short, else on a thread
 * while other fibers run (job.h).  Measured, handing a job over costs what reading 64 KiB from memory costs.
 * Place: packages layer.  Threads: the interpreter thread only, but for what the comments say. */
#ifndef KP_FIO_JOB_H
#define KP_FIO_JOB_H

#include <sys/stat.h>

#include "packages/disk.h"
#include "packages/job.h"

enum { KP_FIO_SMALL = 1 << 16 }; /* bytes that are read or written at once */

typedef struct kp_fio_job kp_fio_job;

/* What to do, and how it fails: `type`: `prefix` PATH `suffix`. */
typedef struct kp_fio_op {
    int (*work)(kp_fio_job *j);                                    /* an errno; any thread, without the interpreter */
    bool (*give)(kw_vm *vm, const kp_fio_job *j, kw_value *value); /* false: thrown.  NULL: true is the value */
    bool (*short_one)(const kp_fio_job *j);                        /* is it done at once?  NULL: it is not */
    const char *type, *prefix, *suffix;                            /* type NULL: `give` is called whatever `error` is */
} kp_fio_op;

struct kp_fio_job {
    kp_job job;
    const kp_fio_op *op;
    char *shown, *path; /* as given, and as it is used */
    char *to;           /* of copy and move */
    const void *data;   /* to be written */
    void *copied;       /* the job's own copy of that */
    size_t size;
    int64_t offset, most;
    kp_disk_how how;
    bool flag;                   /* overwrite, recursive, a link */
    char **includes, **excludes; /* ended by NULL */
    int error;                   /* the outcome: this, or: */
    int64_t number;
    kp_disk_bytes bytes, folders;
    struct stat stat;
};

/* A job of `what` for the path that is argument 0.  NULL: thrown. */
kp_fio_job *kp_fio_job_begin(kw_vm *vm, const kw_call *call, const kp_fio_op *what);
/* Do it, here or on a thread; it is taken over. */
kw_result kp_fio_job_run(kw_vm *vm, kw_call *call, kp_fio_job *j);
/* Both, for a function that needs no more than its path. */
kw_result kp_fio_job_simple(kw_vm *vm, kw_call *call, const kp_fio_op *what);
/* Free an array of texts that NULL ends. */
void kp_fio_job_free_texts(char **texts);

/* For kp_fio_op.short_one: always; a file that is not large. */
bool kp_fio_job_at_once(const kp_fio_job *j);
bool kp_fio_job_reads_little(const kp_fio_job *j);
/* For kp_fio_op.give: `number`, as it is and as a boolean. */
bool kp_fio_job_give_number(kw_vm *vm, const kp_fio_job *j, kw_value *value);
bool kp_fio_job_give_flag(kw_vm *vm, const kp_fio_job *j, kw_value *value);

/* Is there no NUL in the string, which the system would take for its end? */
bool kp_fio_job_whole(const kw_string *s);
/* Append a string to a list.  false: thrown. */
bool kp_fio_job_push_text(kw_vm *vm, kw_list *list, const char *text, size_t size);
/* The current folder, malloc'ed.  NULL: errno. */
char *kp_fio_job_here(void);
/* `path` from there, malloc'ed.  NULL: errno. */
char *kp_fio_job_from_here(const char *path, char *(*combine)(const char *, const char *));
/* The same in place of *path, unless that is NULL or empty.  An errno. */
int kp_fio_job_absolute(char **path, char *(*combine)(const char *, const char *));

#endif
