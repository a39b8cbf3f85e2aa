/* errand.h - what operations need before they can begin and what may hang: the look-up of a name, the files of a
 * TLS context.  Operations that need the same thing share one errand; the last one that ends withdraws it.
 *
 * Place: net layer, between operations and aside.h.  All functions: locked. */
#ifndef KN_ERRAND_H
#define KN_ERRAND_H

#include "net/aside.h"
#include "net/state.h"

typedef struct kn_errand_kind {
    bool files;               /* runs with those that read files; otherwise with look-ups */
    void (*run)(kn_job *job); /* kn_job.run */
    /* Give `op`, which waited, its result; it is RESOLVING and goes on. */
    void (*deliver)(kiwi_net *net, kn_errand *errand, kn_op *op);
    void (*release)(kn_errand *errand); /* free what it owns, and itself */
} kn_errand_kind;

struct kn_errand { /* the first member of an errand of some kind */
    kn_job job;
    const kn_errand_kind *kind;
    const char *key; /* what is needed, as text; lives as long as the errand */
    kb_link ops;     /* those that wait */
    kn_errand *next; /* of the same hash in kiwi_net.errands */
};

/* The errand of `kind` for `key` that is under way; NULL: none. */
kn_errand *kn_errand_find(kiwi_net *net, const kn_errand_kind *kind, const char *key);
/* Begin it.  0; or an errno, and it is still the caller's. */
int kn_errand_begin(kiwi_net *net, kn_errand *errand);
/* Let `op` wait for it, as RESOLVING. */
void kn_errand_join(kn_errand *errand, kn_op *op);
/* `op` does not wait any more, if it did. */
void kn_errand_leave(kiwi_net *net, kn_op *op);

#endif
