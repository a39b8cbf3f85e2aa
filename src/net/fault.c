/* fault.c - how tasks failed, and TLS connects that never became one.  The contracts are in kiwi/net.h and
 * state.h. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/locks.h"

void kn_fault(kiwi_result *out, kiwi_fault fault, int sys, const char *format, ...)
{
    out->fault = fault;
    out->sys = sys;
    out->tls = 0;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(out->message, sizeof(out->message), format, args);
    va_end(args);
}

void kn_fault_sys(kiwi_result *out, int sys)
{
    char text[128];
    kn_fault(out, KIWI_FAULT_SYSTEM, sys, "%s", kb_errno_text(sys, text, sizeof(text)));
}

void kn_fault_tls(kiwi_result *out, kb_status status, const kb_error *err)
{
    kiwi_fault fault = status == KB_ETRUNCATED                     ? KIWI_FAULT_TRUNCATED
                       : status == KB_ETLS || status == KB_EVERIFY ? KIWI_FAULT_TLS
                                                                   : KIWI_FAULT_SYSTEM;
    int sys = status == KB_ENOMEM && err->sys == 0 ? ENOMEM : err->sys;
    kn_fault(out, fault, sys, "%s", err->text[0] ? err->text : kb_status_text(status));
    out->tls = err->tls;
}

kn_reason *kn_reason_new(const kiwi_result *from)
{
    size_t size = strlen(from->message) + 1;
    kn_reason *reason = malloc(sizeof(*reason) + size);
    if (reason == NULL)
        return NULL;
    *reason = (kn_reason){.fault = from->fault, .sys = from->sys, .tls = from->tls};
    memcpy(reason->text, from->message, size);
    return reason;
}

void kn_reason_get(const kn_reason *reason, kiwi_result *out)
{
    out->state = KIWI_TASK_FAULTED;
    if (reason == NULL) {
        kn_fault_sys(out, ENOMEM);
        return;
    }
    out->fault = reason->fault;
    out->sys = reason->sys;
    out->tls = reason->tls;
    (void)snprintf(out->message, sizeof(out->message), "%s", reason->text);
}

/* ---- Failed TLS connects --------------------------------------------------------------------- */

kiwi_id kiwi_tls_failed(kiwi_net *net, const kiwi_result *reason)
{
    kn_reason *copy = kn_reason_new(reason);
    kb_lock(&net->lock);
    kiwi_id id = --net->last_failed_id;
    free(kb_map_take(&net->failed, id + KN_TLS_FAILED_MAX));
    if (copy != NULL && kb_map_put(&net->failed, id, copy) != KB_OK)
        free(copy); /* the number stands for "out of memory", then */
    kb_unlock(&net->lock);
    return id;
}

bool kn_tls_failure(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    if (id >= 0 || id < net->last_failed_id || id >= net->last_failed_id + KN_TLS_FAILED_MAX)
        return false;
    if (out != NULL) {
        *out = (kiwi_result){.id = id};
        kn_reason_get(kb_map_get(&net->failed, id), out);
    }
    return true;
}

int kiwi_tls_error(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    kb_lock(&net->lock);
    bool known = kn_tls_failure(net, id, out);
    kb_unlock(&net->lock);
    return known ? 0 : ENOENT;
}
