/* equip.c - see equip.h. */
#include "config.h"

#include "net/equip.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/aside.h"
#include "net/errand.h"
#include "net/fault.h"
#include "net/op.h"
#include "net/wake.h"

typedef struct equipping {
    kn_errand errand;
    void (*log)(void *data, const char *text);
    void *log_data;
    kn_tls_settings *settings; /* for a new context; */
    kn_tls_context *old;       /* or the one to be renewed, */
    bool at_once;              /* whether its files have changed or not */
    kn_tls_context *context;   /* the outcome: this, or why there is none */
    kb_status status;
    kb_error err;
    char *key;
} equipping;

static void run(kn_job *job)
{
    equipping *e = (equipping *)(void *)job;
    if (e->old != NULL && e->at_once)
        e->status = kn_tls_context_reload(e->old, &e->context, &e->err);
    else if (e->old != NULL)
        e->context = kn_tls_context_renewed(e->old, e->log, e->log_data);
    else
        e->status = kn_tls_context_get(e->settings, e->log, e->log_data, &e->context, &e->err);
}

static void deliver(kiwi_net *net, kn_errand *errand, kn_op *op)
{
    const equipping *e = (const equipping *)(const void *)errand;
    op->kind->equipped(net, op, e->context, e->status, &e->err);
}

static void release(kn_errand *errand)
{
    equipping *e = (equipping *)(void *)errand;
    kn_tls_context_unref(e->context);
    kn_tls_context_unref(e->old);
    free(e->settings);
    free(e->key);
    free(e);
}

static const kn_errand_kind equip_kind = {.files = true, .run = run, .deliver = deliver, .release = release};

/* An errand whose key is `key`, which is taken over (NULL: memory is short). */
static equipping *equipping_new(const kiwi_net *net, char *key)
{
    equipping *e = key == NULL ? NULL : calloc(1, sizeof(*e));
    if (e == NULL) {
        free(key);
        return NULL;
    }
    e->log = net->log;
    e->log_data = net->log_data;
    e->key = key;
    e->errand.kind = &equip_kind;
    e->errand.key = key;
    return e;
}

/* Begin `e` (NULL: memory was short) for `op`.  Where no thread can be started whoever takes the operation's first
 * step reads the files. */
static void begin(kiwi_net *net, kn_op *op, equipping *e)
{
    int error = e == NULL ? ENOMEM : kn_errand_begin(net, &e->errand);
    if (error == 0) {
        kn_errand_join(&e->errand, op);
        return;
    }
    kb_error err = {0};
    if (error == ENOMEM)
        (void)kb_error_fail(&err, KB_ENOMEM, ENOMEM, "out of memory");
    if (e != NULL)
        release(&e->errand);
    op->kind->equipped(net, op, NULL, err.status, &err);
}

/* All threads hang on files.  The context that was kept is better than none, though nobody has looked whether its files
 * have changed.  false: there is none. */
static bool make_do(kiwi_net *net, kn_op *op, const char *key)
{
    kn_tls_context *context = kn_aside_is_busy(net->files) ? kn_tls_context_kept(key) : NULL;
    if (context == NULL)
        return false;
    op->kind->equipped(net, op, context, KB_OK, NULL);
    kn_tls_context_unref(context);
    return true;
}

void kn_equip_begin(kiwi_net *net, kn_op *op, const kn_tls_settings *settings)
{
    kn_locked(net);
    char *key = kn_tls_settings_text(settings);
    if (key != NULL && settings->kept && make_do(net, op, key)) {
        free(key);
        return;
    }
    kn_errand *errand = key == NULL ? NULL : kn_errand_find(net, &equip_kind, key);
    if (errand != NULL) {
        free(key);
        kn_errand_join(errand, op);
        return;
    }
    equipping *e = equipping_new(net, key);
    if (e != NULL && (e->settings = kn_tls_settings_copy(settings)) == NULL) {
        release(&e->errand);
        e = NULL;
    }
    begin(net, op, e);
}

void kn_equip_renew(kiwi_net *net, kn_op *op, kn_sock *listener)
{
    kn_locked(net);
    char key[32];
    if (kn_aside_is_busy(net->files)) {
        op->kind->equipped(net, op, listener->context, KB_OK, NULL);
        return;
    }
    (void)snprintf(key, sizeof(key), "%p", (void *)listener->context);
    kn_errand *errand = kn_errand_find(net, &equip_kind, key);
    if (errand != NULL) {
        kn_errand_join(errand, op);
        return;
    }
    equipping *e = equipping_new(net, strdup(key));
    if (e != NULL)
        e->old = kn_tls_context_ref(listener->context);
    begin(net, op, e);
}

/* It shares its errand with nobody: one that is under way may have read a file before it changed. */
void kn_equip_reload(kiwi_net *net, kn_op *op, kn_tls_context *context)
{
    kn_locked(net);
    char key[32];
    (void)snprintf(key, sizeof(key), "reload %p", (void *)op);
    equipping *e = equipping_new(net, strdup(key));
    if (e != NULL) {
        e->old = kn_tls_context_ref(context);
        e->at_once = true;
    }
    begin(net, op, e);
}

bool kn_equip_take(kiwi_net *net, kn_op *op, kn_tls_context **place, kn_tls_context *context, kb_status status,
                   const kb_error *err)
{
    if (status != KB_OK) {
        kiwi_result out = {0};
        kn_fault_tls(&out, status, err);
        kn_op_fail(net, op, &out);
        return false;
    }
    *place = context == NULL ? NULL : kn_tls_context_ref(context);
    return true;
}

kb_status kn_equip_now(kiwi_net *net, kn_sock *sock, const kn_tls_settings *settings, kb_error *err)
{
    if (sock->context != NULL)
        return KB_OK;
    return kn_tls_context_get(settings, net->log, net->log_data, &sock->context, err);
}
