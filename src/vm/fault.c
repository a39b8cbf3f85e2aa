/* fault.c - the kinds of errors that come from outside: what failed, for programs instead of persons.
 *
 * A script sees an error as its type and message, and may throw it again in many ways; the message stays the same string
 * meanwhile.  So the kind hangs on that, and goes with it. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "vm/heap.h"
#include "vm/interp.h"

typedef struct known { /* a kind with a number: there are few of them */
    kw_fault fault;
    struct known *next;
} known;

struct kw_faults {
    kb_map of; /* message -> kw_fault */
    known *all;
};

static int64_t key_of(const kw_string *message)
{
    return (int64_t)(intptr_t)message;
}

/* NULL: there is no memory for it. */
static struct kw_faults *faults_of(kw_vm *vm)
{
    if (vm->faults == NULL && (vm->faults = calloc(1, sizeof(*vm->faults))) != NULL)
        kb_map_init(&vm->faults->of);
    return vm->faults;
}

static kw_fault *find(struct kw_faults *f, const char *kind, int code)
{
    known *k = f->all;
    while (k != NULL && (k->fault.code != code || strcmp(k->fault.kind, kind) != 0))
        k = k->next;
    if (k == NULL && (k = malloc(sizeof(*k))) != NULL) {
        *k = (known){.fault = {kind, code}, .next = f->all};
        f->all = k;
    }
    return k != NULL ? &k->fault : NULL;
}

void kw_fault_note(kw_vm *vm, kw_string *message, const char *kind, int code)
{
    assert(message != NULL && !(message->header.flags & KW_STR_INTERNED)); /* an interned one is everybody's */
    struct kw_faults *f = faults_of(vm);
    kw_fault *fault = f != NULL ? find(f, kind, code) : NULL;
    if (fault != NULL && kb_map_put(&f->of, key_of(message), fault) == KB_OK)
        message->header.flags |= KW_STR_FAULT;
}

const kw_fault *kw_fault_of(const kw_vm *vm, const kw_string *message)
{
    return message != NULL && (message->header.flags & KW_STR_FAULT) ? kb_map_get(&vm->faults->of, key_of(message))
                                                                     : NULL;
}

/* ---- The collector's part -------------------------------------------------------------------- */

/* Without memory for those that stay their kinds are forgotten. */
void kw_fault_sweep(kw_vm *vm)
{
    struct kw_faults *f = vm->faults;
    if (f == NULL || f->of.count == 0)
        return;
    kb_map kept;
    size_t at = 0;
    int64_t key;
    kb_map_init(&kept);
    for (void *fault; (fault = kb_map_next(&f->of, &at, &key)) != NULL;)
        if (((const kw_string *)(intptr_t)key)->header.mark != KW_WHITE)
            (void)kb_map_put(&kept, key, fault);
    kb_map_fini(&f->of);
    f->of = kept;
}

void kw_fault_free(kw_vm *vm)
{
    if (vm->faults == NULL)
        return;
    kb_map_fini(&vm->faults->of);
    for (known *k; (k = vm->faults->all) != NULL;) {
        vm->faults->all = k->next;
        free(k);
    }
    free(vm->faults);
    vm->faults = NULL;
}
