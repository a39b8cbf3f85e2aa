/* errand.c - see errand.h. */
#include "config.h"

#include "net/errand.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "net/move.h"
#include "net/pool.h"
#include "net/wake.h"

/* FNV-1a.  Whoever makes names collide makes look-ups a little slower. */
static int64_t hash(const kn_errand_kind *kind, const char *key)
{
    uint64_t h = 14695981039346656037u + kind->files;
    for (; *key != '\0'; key++)
        h = (h ^ (unsigned char)*key) * 1099511628211u;
    return (int64_t)h;
}

kn_errand *kn_errand_find(kiwi_net *net, const kn_errand_kind *kind, const char *key)
{
    kn_locked(net);
    kn_errand *e = kb_map_get(&net->errands, hash(kind, key));
    while (e != NULL && (e->kind != kind || strcmp(e->key, key) != 0))
        e = e->next;
    return e;
}

/* Take it out of the map. */
static void forget(kiwi_net *net, kn_errand *errand)
{
    int64_t at = hash(errand->kind, errand->key);
    kn_errand *first = kb_map_take(&net->errands, at);
    kn_errand **link = &first;
    while (*link != errand)
        link = &(*link)->next;
    *link = errand->next;
    if (first != NULL)
        (void)kb_map_put(&net->errands, at, first); /* there is room: it was just taken out */
}

static void done(kiwi_net *net, kn_job *job)
{
    kn_errand *errand = (kn_errand *)(void *)job;
    if (net != NULL) {
        kn_lock(net);
        forget(net, errand);
        for (kb_link *link; (link = kb_list_pop(&errand->ops)) != NULL;) {
            kn_op *op = KB_OWNER(link, kn_op, waiting);
            op->errand = NULL;
            errand->kind->deliver(net, errand, op);
        }
        kn_wake_waiters(net); /* a thread that waits there can take the steps */
        kn_pool_nudge(net);
        kn_wake_unlock(net);
    }
    errand->kind->release(errand);
}

int kn_errand_begin(kiwi_net *net, kn_errand *errand)
{
    kn_locked(net);
    int64_t at = hash(errand->kind, errand->key);
    errand->job = (kn_job){.run = errand->kind->run, .done = done};
    kb_list_init(&errand->ops);
    errand->next = kb_map_get(&net->errands, at);
    if (kb_map_put(&net->errands, at, errand) != KB_OK)
        return ENOMEM;
    int error = kn_aside_submit(errand->kind->files ? net->files : net->lookups, &errand->job);
    if (error != 0)
        forget(net, errand);
    return error;
}

void kn_errand_join(kn_errand *errand, kn_op *op)
{
    assert(op->errand == NULL);
    kn_move_op(op, KN_RESOLVING);
    op->errand = errand;
    kb_list_push(&errand->ops, &op->waiting);
}

void kn_errand_leave(kiwi_net *net, kn_op *op)
{
    kn_locked(net);
    kn_errand *errand = op->errand;
    if (errand == NULL)
        return;
    op->errand = NULL;
    kb_list_remove(&op->waiting);
    if (!kb_list_empty(&errand->ops) ||
        !kn_aside_withdraw(errand->kind->files ? net->files : net->lookups, &errand->job))
        return; /* others wait; or it has begun, and finds nobody */
    forget(net, errand);
    errand->kind->release(errand);
}
