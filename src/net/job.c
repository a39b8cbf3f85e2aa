/* job.c - work of the caller's own that may block: files, databases, long computations.  The contract is in kiwi/net.h.
 *
 * A job is a task like that of any operation, but has no socket to queue on and no step to be taken without waiting.
 * So it runs on threads apart from the pool's (aside.h): disks that hang take no place from a socket. */
#include "config.h"

#include "net/job.h"

#include <errno.h>
#include <stdlib.h>

#include "net/fault.h"
#include "net/line.h"
#include "net/task.h"
#include "net/wake.h"

typedef struct job {
    kn_job job;
    kn_turn turn; /* its place in a line; no line: it needs none */
    kiwi_id id;   /* of its task, which runs until `done` unless it is cancelled */
    kiwi_job_run *run;
    kiwi_job_free *free;
    void *data;
    kiwi_result out; /* the thread's, until `done` */
} job;

static const kn_kind job_kind = {.name = "job", .has_task = true};

static void run(kn_job *base)
{
    job *j = (job *)(void *)base;
    j->run(j->data, &j->out);
}

static void job_free(job *j)
{
    if (j->free != NULL)
        j->free(j->data);
    free(j);
}

/* Nobody takes the job back any more. */
static void let_go(kiwi_net *net, kiwi_id id)
{
    kn_lock(net);
    kn_task *task = kn_task_find(net, id);
    if (task != NULL)
        task->job = NULL;
    kn_wake_unlock(net);
}

static void end_task(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    kn_lock(net);
    kn_task *task = kn_task_find(net, id);
    if (task != NULL && task->state == KIWI_TASK_RUNNING)
        kn_task_end(net, task, out);
    else
        free(out->bytes); /* it was cancelled */
    kn_wake_unlock(net);
}

/* The data goes first: who has awaited the task may rely on that.  `net`: NULL, if it is closed. */
static void end(kiwi_net *net, job *j)
{
    kiwi_id id = j->id;
    kiwi_result out = j->out;
    if (net != NULL)
        let_go(net, id);
    job_free(j);
    if (net == NULL || out.fault != KIWI_FAULT_NONE) {
        free(out.bytes);
        out.bytes = NULL;
    }
    if (net != NULL)
        end_task(net, id, &out);
}

kn_job *kn_job_withdraw(kiwi_net *net, kn_task *task)
{
    kn_locked(net);
    kn_job *base = task->job;
    task->job = NULL;
    return base != NULL && kn_aside_withdraw(net->jobs, base) ? base : NULL;
}

void kn_job_free(kn_job *base)
{
    if (base != NULL)
        job_free((job *)(void *)base);
}

/* The job that has its turn after `j`, which leaves its line.  NULL: none. */
static job *leave_line(job *j)
{
    kn_turn *next = j->turn.line != NULL ? kn_line_leave(&j->turn) : NULL;
    return next != NULL ? KB_OWNER(next, job, turn) : NULL;
}

/* `j` is done, and whoever waits for its turn goes on: on any thread, or here, if there is none. */
static void done(kiwi_net *net, kn_job *base)
{
    for (job *j = (job *)(void *)base, *next; j != NULL; j = next) {
        next = leave_line(j);
        end(net, j);
        if (next == NULL)
            return;
        int error = net == NULL ? ECANCELED : kn_aside_submit(net->jobs, &next->job);
        if (error == 0)
            return;
        if (error == ECANCELED)
            net = NULL;
        else
            run(&next->job);
    }
}

/* A task for `j`, which a thread will carry out.  Locked.  *error: no thread could be started. */
static kiwi_id submit(kiwi_net *net, job *j, int *error)
{
    kn_task *task = kn_task_new(net);
    if (task == NULL)
        return 0;
    task->of = &job_kind;
    kiwi_id id = j->id = task->entry.id;
    if (j->turn.line == NULL) /* one that has a place in a line is carried out, cancelled or not */
        task->job = &j->job;
    if (j->turn.line == NULL || kn_line_enter(&j->turn))
        *error = kn_aside_submit(net->jobs, &j->job);
    return id; /* the job may be done by now, and gone */
}

static kiwi_id refuse(kiwi_net *net, int error)
{
    kn_lock(net);
    kiwi_id id = error == ENOMEM ? kn_task_no_memory(net)
                                 : kn_task_refused(net, KIWI_FAULT_INVALID, error, "A job needs a function");
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_job_in_line(kiwi_net *net, kiwi_line *line, kiwi_job_run *run_it, void *data, kiwi_job_free *free_it)
{
    job *j = calloc(1, sizeof(*j));
    kiwi_id id = 0;
    int error = 0;
    if (j != NULL && run_it != NULL) {
        *j = (job){
            .job = {.run = run, .done = done}, .turn = {.line = line}, .run = run_it, .free = free_it, .data = data};
        kn_lock(net);
        id = submit(net, j, &error);
        kn_wake_unlock(net);
    }
    if (id == 0) {
        free(j);
        if (free_it != NULL)
            free_it(data);
        return refuse(net, run_it == NULL ? EINVAL : ENOMEM);
    }
    if (error != 0) { /* no thread: late is better than never */
        run(&j->job);
        done(net, &j->job);
    }
    return id;
}

kiwi_id kiwi_job(kiwi_net *net, kiwi_job_run *run_it, void *data, kiwi_job_free *free_it)
{
    return kiwi_job_in_line(net, NULL, run_it, data, free_it);
}
