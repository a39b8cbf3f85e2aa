/* fault.c - how tasks failed, and TLS connects that never became one.  The contracts are in kiwi/net.h and
 * fault.h. */
#include "config.h"

#include "net/fault.h"
#include "net/wake.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void kn_fault(kiwi_result *out, kiwi_fault fault, int sys, const char *format, ...)
{
    out->fault = fault;
    out->sys = sys;
    out->tls = out->alert = 0;
    out->handshake = false;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(out->message, sizeof(out->message), format, args);
    va_end(args);
}

void kn_fault_sys(kiwi_result *out, int sys)
{
    char text[128];
    kn_fault(out, KIWI_FAULT_SYSTEM, sys, "%s", kb_error_errno_text(sys, text, sizeof(text)));
}

void kn_fault_limit(kiwi_result *out, const char *receive, size_t bytes)
{
    kn_fault(out, KIWI_FAULT_SYSTEM, ENOMEM, "Memory limit reached: no room to %s %zu bytes.", receive, bytes);
}

void kn_fault_tls(kiwi_result *out, kb_status status, const kb_error *err)
{
    kiwi_fault fault = status == KB_ETRUNCATED                     ? KIWI_FAULT_TRUNCATED
                       : status == KB_ETLS || status == KB_EVERIFY ? KIWI_FAULT_TLS
                                                                   : KIWI_FAULT_SYSTEM;
    int sys = status == KB_ENOMEM && err->sys == 0 ? ENOMEM : err->sys;
    kn_fault(out, fault, sys, "%s", err->text[0] ? err->text : kb_error_status_text(status));
    out->tls = err->tls;
    out->alert = err->alert;
}

bool kn_fault_is_reset(const kiwi_result *out)
{
    return out->fault != KIWI_FAULT_NONE && out->sys == ECONNRESET;
}

bool kn_fault_is_shortage(const kiwi_result *out)
{
    return out->fault != KIWI_FAULT_NONE && (out->sys == ENOMEM || out->sys == ENOBUFS);
}

kn_reason *kn_fault_keep(const kiwi_result *from)
{
    size_t size = strlen(from->message) + 1;
    kn_reason *reason = malloc(sizeof(*reason) + size);
    if (reason == NULL)
        return NULL;
    *reason = (kn_reason){
        .fault = from->fault, .sys = from->sys, .tls = from->tls, .alert = from->alert, .handshake = from->handshake};
    memcpy(reason->text, from->message, size);
    return reason;
}

void kn_fault_kept(const kn_reason *reason, kiwi_result *out)
{
    out->state = KIWI_TASK_FAULTED;
    if (reason == NULL) {
        kn_fault_sys(out, ENOMEM);
        return;
    }
    out->fault = reason->fault;
    out->sys = reason->sys;
    out->tls = reason->tls;
    out->alert = reason->alert;
    out->handshake = reason->handshake;
    (void)snprintf(out->message, sizeof(out->message), "%s", reason->text);
}

/* ---- Kinds ----------------------------------------------------------------------------------- */

static const struct {
    kiwi_fault fault;
    int sys; /* 0: any other */
    const char *kind;
} kinds[] = {
    {KIWI_FAULT_CLOSED, 0, "closed"},
    {KIWI_FAULT_INVALID, 0, "invalid"},
    {KIWI_FAULT_RESOLVE, 0, "unresolved"},
    {KIWI_FAULT_TRUNCATED, 0, "truncated"},
    {KIWI_FAULT_TIMEOUT, 0, "timed_out"},
    {KIWI_FAULT_DROPPED, 0, "dropped"},
    {KIWI_FAULT_CANCELLED, 0, "cancelled"},
    {KIWI_FAULT_TOO_LONG, 0, "too_long"},
    {KIWI_FAULT_SYSTEM, ECONNREFUSED, "refused"},
    {KIWI_FAULT_SYSTEM, ECONNRESET, "reset"},
    {KIWI_FAULT_SYSTEM, ECONNABORTED, "reset"},
    {KIWI_FAULT_SYSTEM, EPIPE, "reset"},
    {KIWI_FAULT_SYSTEM, ETIMEDOUT, "timed_out"},
    {KIWI_FAULT_SYSTEM, EHOSTUNREACH, "unreachable"},
    {KIWI_FAULT_SYSTEM, ENETUNREACH, "unreachable"},
    {KIWI_FAULT_SYSTEM, ENETDOWN, "unreachable"},
    {KIWI_FAULT_SYSTEM, EADDRINUSE, "address_in_use"},
    {KIWI_FAULT_SYSTEM, EADDRNOTAVAIL, "address_unavailable"},
    {KIWI_FAULT_SYSTEM, EACCES, "permission"},
    {KIWI_FAULT_SYSTEM, EPERM, "permission"},
    {KIWI_FAULT_SYSTEM, EMFILE, "descriptors"},
    {KIWI_FAULT_SYSTEM, ENFILE, "descriptors"},
    {KIWI_FAULT_SYSTEM, ENOMEM, "memory"},
    {KIWI_FAULT_SYSTEM, ENOBUFS, "memory"},
    {KIWI_FAULT_SYSTEM, EMSGSIZE, "too_long"},
    {KIWI_FAULT_SYSTEM, 0, "system"},
};

/* Was it about a certificate, ours or the peer's? */
static bool about_certificate(const kiwi_result *fault)
{
    enum { VERIFICATION = -348 };                                    /* GNUTLS_E_CERTIFICATE_VERIFICATION_ERROR */
    enum { FIRST = 42, LAST = 46, UNKNOWN_CA = 48, REQUIRED = 116 }; /* alerts: RFC 8446, 6.2 */
    int alert = fault->alert;
    return fault->tls == VERIFICATION || (alert >= FIRST && alert <= LAST) || alert == UNKNOWN_CA || alert == REQUIRED;
}

const char *kiwi_fault_kind(const kiwi_result *fault)
{
    if (fault == NULL)
        return NULL;
    if (fault->fault == KIWI_FAULT_TLS)
        return about_certificate(fault) ? "certificate" : fault->handshake ? "handshake" : "tls";
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].fault == fault->fault && (kinds[i].sys == 0 || kinds[i].sys == fault->sys))
            return kinds[i].kind;
    return NULL;
}

int kiwi_fault_code(const kiwi_result *fault)
{
    return fault == NULL ? 0 : fault->alert != 0 ? fault->alert : fault->sys;
}

/* ---- Failed TLS connects --------------------------------------------------------------------- */

kiwi_id kiwi_tls_failed(kiwi_net *net, const kiwi_result *reason)
{
    kn_reason *copy = reason == NULL ? NULL : kn_fault_keep(reason);
    kn_lock(net);
    kiwi_id id = --net->last_failed_id;
    free(kb_map_take(&net->failed, id + KN_TLS_FAILED_MAX));
    if (copy != NULL && kb_map_put(&net->failed, id, copy) != KB_OK)
        free(copy); /* the number stands for "out of memory", then */
    kn_wake_unlock(net);
    return id;
}

bool kn_fault_of_connect(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    kn_locked(net);
    if (id >= 0 || id < net->last_failed_id || id >= net->last_failed_id + KN_TLS_FAILED_MAX)
        return false;
    if (out != NULL) {
        *out = (kiwi_result){.id = id};
        kn_fault_kept(kb_map_get(&net->failed, id), out);
    }
    return true;
}

int kiwi_tls_error(kiwi_net *net, kiwi_id id, kiwi_result *out)
{
    kn_lock(net);
    bool known = kn_fault_of_connect(net, id, out);
    kn_wake_unlock(net);
    return known ? 0 : ENOENT;
}
