/* resolve.c - see resolve.h. */
#include "config.h"

#include "net/resolve.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/locks.h"

enum {
    STACK_SIZE = 512 * 1024
}; /* modules of the system's name service may need more than we do */

typedef struct job {
    struct job *next;
    kiwi_id id;
    int port;
    char host[];
} job;

struct kn_resolver {
    pthread_mutex_t lock;      /* see base/locks.h */
    pthread_cond_t work;       /* with lock; says: a job, or closed */
    kiwi_net *net;             /* guarded by lock; NULL once closed */
    kn_resolved done;          /* constant */
    job *first, **last;        /* guarded by lock */
    int threads, idle, queued; /* guarded by lock */
};

kn_lookup kn_resolve_lookup = getaddrinfo;

kn_resolver *kn_resolver_open(kiwi_net *net, kn_resolved done)
{
    kn_resolver *r = calloc(1, sizeof(*r));
    if (r == NULL)
        return NULL;
    r->net = net;
    r->done = done;
    r->last = &r->first;
    if (pthread_mutex_init(&r->lock, NULL) != 0)
        goto fail_memory;
    if (kb_cond_init(&r->work) != 0)
        goto fail_lock;
    return r;

fail_lock:
    MUST(pthread_mutex_destroy(&r->lock));
fail_memory:
    free(r);
    return NULL;
}

/* The last one out: the closer, or the thread whose look-up ends last. */
static void resolver_free(kn_resolver *r)
{
    MUST(pthread_cond_destroy(&r->work));
    MUST(pthread_mutex_destroy(&r->lock));
    free(r);
}

void kn_resolver_close(kn_resolver *r)
{
    if (r == NULL)
        return;
    kb_lock(&r->lock);
    r->net = NULL;
    while (r->first != NULL) {
        job *j = r->first;
        r->first = j->next;
        free(j);
    }
    r->last = &r->first;
    r->queued = 0;
    MUST(pthread_cond_broadcast(&r->work));
    bool last = r->threads == 0;
    kb_unlock(&r->lock);
    if (last)
        resolver_free(r);
}

static void look_up(kn_resolver *r, job *j) /* locked; lets go meanwhile */
{
    kn_addresses *addresses = NULL;
    int sys = 0;
    kb_unlock(&r->lock);
    int code = kn_resolve(j->host, j->port, false, false, &addresses, &sys);
    kb_lock(&r->lock);
    if (r->net != NULL)
        r->done(r->net, j->id, addresses, code, sys);
    else
        free(addresses);
    free(j);
}

static void *thread_main(void *arg)
{
    kn_resolver *r = arg;
    kb_lock(&r->lock);
    while (r->net != NULL) {
        job *j = r->first;
        if (j == NULL) {
            r->idle++;
            kb_cond_until(&r->work, &r->lock, KB_NEVER);
            r->idle--;
            continue;
        }
        r->first = j->next;
        r->queued--;
        if (r->first == NULL)
            r->last = &r->first;
        look_up(r, j);
    }
    bool last = --r->threads == 0;
    kb_unlock(&r->lock);
    if (last)
        resolver_free(r);
    return NULL;
}

static int start_thread(kn_resolver *r) /* locked */
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
    error = pthread_create(&thread, &attr, thread_main, r);
    MUST(pthread_sigmask(SIG_SETMASK, &old, NULL));
    (void)pthread_attr_destroy(&attr);
    if (error == 0)
        r->threads++;
    return error;
}

int kn_resolver_start(kn_resolver *r, kiwi_id id, const char *host, int port)
{
    size_t size = strlen(host) + 1;
    job *j = malloc(sizeof(*j) + size);
    if (j == NULL)
        return ENOMEM;
    *j = (job){.id = id, .port = port};
    memcpy(j->host, host, size);
    kb_lock(&r->lock);
    int error = 0;
    if (r->queued >= r->idle && r->threads < KN_LOOKUPS_MAX)
        error = start_thread(r);
    if (error == 0 || r->threads > 0) {
        *r->last = j;
        r->last = &j->next;
        r->queued++;
        MUST(pthread_cond_signal(&r->work));
        j = NULL;
        error = 0;
    }
    kb_unlock(&r->lock);
    free(j);
    return error;
}

static kn_addresses *copy_addresses(const struct addrinfo *list)
{
    size_t count = 0;
    for (const struct addrinfo *a = list; a != NULL && count < KN_ADDRESSES_MAX; a = a->ai_next)
        count++;
    kn_addresses *out = calloc(1, sizeof(*out) + count * sizeof(out->at[0]));
    if (out == NULL)
        return NULL;
    for (const struct addrinfo *a = list; a != NULL && out->count < count; a = a->ai_next) {
        if (a->ai_addrlen > sizeof(out->at[0].addr))
            continue;
        memcpy(&out->at[out->count].addr, a->ai_addr, a->ai_addrlen);
        out->at[out->count++].size = a->ai_addrlen;
    }
    return out;
}

int kn_resolve(const char *host, int port, bool numeric, bool passive, kn_addresses **out, int *sys)
{
    *out = NULL;
    char service[16];
    (void)snprintf(service, sizeof(service), "%d", port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    hints.ai_flags = AI_NUMERICSERV | (numeric ? AI_NUMERICHOST : 0) | (passive ? AI_PASSIVE : 0);
    struct addrinfo *list = NULL;
    const char *name = passive && host[0] == '\0' ? NULL : host;
    errno = 0;
    int code = numeric ? getaddrinfo(name, service, &hints, &list)
                       : kn_resolve_lookup(name, service, &hints, &list);
    *sys = errno;
    if (code != 0)
        return code;
    *out = copy_addresses(list);
    freeaddrinfo(list);
    if (*out == NULL)
        return EAI_MEMORY;
    if ((*out)->count > 0)
        return 0;
    free(*out);
    *out = NULL;
    return EAI_NONAME;
}

int kn_resolve_errno(int code, int sys)
{
    return code == EAI_SYSTEM ? sys : code == EAI_MEMORY ? ENOMEM : 0;
}

const char *kn_resolve_text(int code, int sys, char *buf, unsigned size)
{
    int error = kn_resolve_errno(code, sys);
    return error != 0 ? kb_errno_text(error, buf, size) : gai_strerror(code);
}
