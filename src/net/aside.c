/* aside.c - see aside.h. */
#include "config.h"

#include "net/aside.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/locks.h"

enum {
    STACK_SIZE = 512 * 1024, /* modules of the system's name service may need more than we do */
    IDLE_MS = 10000,         /* before a thread without work ends */
};

struct kn_aside {
    pthread_mutex_t lock; /* see base/locks.h */
    pthread_cond_t work;  /* with lock; says: a job, or closed */
    pthread_cond_t quiet; /* with lock; says: no callback runs */
    kiwi_net *net;        /* guarded by lock; NULL once closed */
    int threads_max;      /* constant */
    kb_link jobs;         /* guarded by lock, as all below: those that have not begun */
    int threads, idle, queued;
    bool left;   /* the closer has gone: the last thread frees the group */
    int calling; /* callbacks that run with `net` */
};

kn_aside *kn_aside_open(kiwi_net *net, int threads_max)
{
    kn_aside *a = calloc(1, sizeof(*a));
    if (a == NULL)
        return NULL;
    a->net = net;
    a->threads_max = threads_max;
    kb_list_init(&a->jobs);
    if (pthread_mutex_init(&a->lock, NULL) != 0)
        goto fail_memory;
    if (kb_locks_cond_init(&a->work) != 0)
        goto fail_lock;
    if (kb_locks_cond_init(&a->quiet) != 0)
        goto fail_work;
    return a;

fail_work:
    MUST(pthread_cond_destroy(&a->work));
fail_lock:
    MUST(pthread_mutex_destroy(&a->lock));
fail_memory:
    free(a);
    return NULL;
}

/* The last one out: the closer, or the thread whose work ends last. */
static void aside_free(kn_aside *a)
{
    MUST(pthread_cond_destroy(&a->quiet));
    MUST(pthread_cond_destroy(&a->work));
    MUST(pthread_mutex_destroy(&a->lock));
    free(a);
}

static kn_job *take_job(kn_aside *a) /* locked */
{
    kb_link *link = kb_list_pop(&a->jobs);
    if (link == NULL)
        return NULL;
    a->queued--;
    return KB_OWNER(link, kn_job, queue);
}

void kn_aside_close(kn_aside *a)
{
    if (a == NULL)
        return;
    kb_lock(&a->lock);
    a->net = NULL;
    for (kn_job *job; (job = take_job(a)) != NULL;) {
        kb_unlock(&a->lock);
        job->done(NULL, job);
        kb_lock(&a->lock);
    }
    MUST(pthread_cond_broadcast(&a->work));
    while (a->calling > 0)
        kb_locks_cond_until(&a->quiet, &a->lock, KB_NEVER);
    a->left = true;
    bool last = a->threads == 0;
    kb_unlock(&a->lock);
    if (last)
        aside_free(a);
}

static void run(kn_aside *a, kn_job *job) /* locked; lets go meanwhile */
{
    kb_unlock(&a->lock);
    job->run(job);
    kb_lock(&a->lock);
    kiwi_net *net = a->net;
    a->calling += net != NULL;
    kb_unlock(&a->lock);
    job->done(net, job);
    kb_lock(&a->lock);
    a->calling -= net != NULL;
    if (a->calling == 0)
        MUST(pthread_cond_broadcast(&a->quiet));
}

/* Wait for a job.  NULL: none came in time, or the group is closed.  Locked. */
static kn_job *next_job(kn_aside *a)
{
    int64_t until_us = kb_clock_after_ms(kb_clock_us(), IDLE_MS);
    a->idle++;
    while (a->net != NULL && kb_list_empty(&a->jobs) && kb_clock_us() < until_us)
        kb_locks_cond_until(&a->work, &a->lock, until_us);
    a->idle--;
    return a->net != NULL ? take_job(a) : NULL;
}

static void *thread_main(void *arg)
{
    kn_aside *a = arg;
    kb_lock(&a->lock);
    for (kn_job *job; (job = next_job(a)) != NULL;)
        run(a, job);
    bool last = --a->threads == 0 && a->left;
    kb_unlock(&a->lock);
    if (last)
        aside_free(a);
    return NULL;
}

static int start_thread(kn_aside *a) /* locked */
{
    sigset_t all, old;
    pthread_attr_t attr;
    pthread_t thread;
    int error = pthread_attr_init(&attr);
    if (error != 0)
        return error;
    (void)pthread_attr_setstacksize(&attr, STACK_SIZE);
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    (void)sigfillset(&all);
    MUST(pthread_sigmask(SIG_SETMASK, &all, &old));
    error = pthread_create(&thread, &attr, thread_main, a);
    MUST(pthread_sigmask(SIG_SETMASK, &old, NULL));
    (void)pthread_attr_destroy(&attr);
    if (error == 0)
        a->threads++;
    return error;
}

int kn_aside_submit(kn_aside *a, kn_job *job)
{
    kb_lock(&a->lock);
    bool open = a->net != NULL;
    int error = open ? 0 : ECANCELED;
    if (open && a->queued >= a->idle && a->threads < a->threads_max)
        error = start_thread(a);
    if (open && a->threads > 0) { /* if not at once, then later */
        error = 0;
        kb_list_push(&a->jobs, &job->queue);
        a->queued++;
        MUST(pthread_cond_signal(&a->work));
    }
    kb_unlock(&a->lock);
    return error;
}

bool kn_aside_is_busy(kn_aside *a)
{
    kb_lock(&a->lock);
    bool busy = a->queued >= a->idle && a->threads >= a->threads_max;
    kb_unlock(&a->lock);
    return busy;
}

bool kn_aside_withdraw(kn_aside *a, kn_job *job)
{
    kb_lock(&a->lock);
    bool waits = kb_list_on(&job->queue);
    if (waits) {
        kb_list_remove(&job->queue);
        a->queued--;
    }
    kb_unlock(&a->lock);
    return waits;
}
