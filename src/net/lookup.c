/* lookup.c - see lookup.h. */
#include "config.h"

#include "net/lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/errand.h"
#include "net/move.h"
#include "net/op.h"
#include "net/tls_idna.h"
#include "net/wake.h"

enum { NAME_MAX_SIZE = 1024 }; /* far more than a name may have (RFC 1035) */

typedef struct lookup {
    kn_errand errand;
    kn_addresses *addresses; /* the outcome: these, or why there are none */
    int code, sys;
    char host[];
} lookup;

static void run(kn_job *job)
{
    lookup *l = (lookup *)(void *)job;
    char name[NAME_MAX_SIZE];
    l->code = kn_tls_idna(l->host, name, sizeof(name)) ? kn_resolve(name, 0, false, false, &l->addresses, &l->sys)
                                                       : EAI_NONAME;
}

/* `op` has its addresses, or (NULL) its end. */
static void resolved(kiwi_net *net, kn_op *op, kn_addresses *addresses, int code, int sys)
{
    kiwi_result out = {0};
    char text[64];
    op->kind->resolved(op, addresses, kn_resolve_errno(code, sys), kn_resolve_text(code, sys, text, sizeof(text)),
                       &out);
    if (out.fault != KIWI_FAULT_NONE) {
        kn_op_fail(net, op, &out);
    } else if (op->queue_later) {
        kn_move_op(op, KN_QUEUED);
        kb_list_remove(&op->queue);
        kn_op_queue(net, op);
    } else {
        kn_op_ready(net, op);
    }
}

static void deliver(kiwi_net *net, kn_errand *errand, kn_op *op)
{
    const lookup *l = (const lookup *)(const void *)errand;
    kn_addresses *copy = l->addresses == NULL ? NULL : kn_resolve_copy(l->addresses, op->port);
    if (copy == NULL && l->addresses != NULL)
        resolved(net, op, NULL, EAI_MEMORY, 0);
    else
        resolved(net, op, copy, l->code, l->sys);
}

static void release(kn_errand *errand)
{
    lookup *l = (lookup *)(void *)errand;
    free(l->addresses);
    free(l);
}

static const kn_errand_kind lookup_kind = {.run = run, .deliver = deliver, .release = release};

static lookup *lookup_new(const char *host)
{
    size_t size = strlen(host) + 1;
    lookup *l = calloc(1, sizeof(*l) + size);
    if (l == NULL)
        return NULL;
    memcpy(l->host, host, size);
    l->errand.kind = &lookup_kind;
    l->errand.key = l->host;
    return l;
}

void kn_lookup_begin(kiwi_net *net, kn_op *op, const char *host, int port)
{
    kn_locked(net);
    op->port = (uint16_t)port;
    kn_errand *errand = kn_errand_find(net, &lookup_kind, host);
    if (errand == NULL) {
        lookup *l = lookup_new(host);
        int error = l == NULL ? ENOMEM : kn_errand_begin(net, &l->errand);
        if (error != 0) {
            free(l);
            resolved(net, op, NULL, EAI_SYSTEM, error);
            return;
        }
        errand = &l->errand;
    }
    kn_errand_join(errand, op);
}

void kn_lookup_or_ready(kiwi_net *net, kn_op *op, bool known, const char *host, int port)
{
    if (known)
        kn_op_ready(net, op);
    else
        kn_lookup_begin(net, op, host, port);
}
