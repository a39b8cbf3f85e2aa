/* error.c - status texts and error details.  The contracts are in status.h and error.h. */
#include "config.h"

#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *kb_error_status_text(kb_status status)
{
    static const char *const texts[] = {
#define KB_STATUS_TEXT(name, text) text,
        KB_STATUSES(KB_STATUS_TEXT)
#undef KB_STATUS_TEXT
    };
    return (unsigned)status < sizeof(texts) / sizeof(texts[0]) ? texts[status] : "unknown status";
}

kb_status kb_error_fail(kb_error *err, kb_status status, int sys, const char *format, ...)
{
    if (err == NULL)
        return status;
    err->status = status;
    err->sys = sys;
    err->tls = err->alert = 0;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return status;
}

/* Scripts see these and compare them, and each C library has words of its own. */
static const struct {
    int sys;
    const char *text;
} network_errors[] = {
    {EACCES, "Permission denied"},
    {EADDRINUSE, "Address already in use"},
    {EADDRNOTAVAIL, "Cannot assign requested address"},
    {EAFNOSUPPORT, "Address family not supported by protocol"},
    {ECONNABORTED, "Software caused connection abort"},
    {ECONNREFUSED, "Connection refused"},
    {ECONNRESET, "Connection reset by peer"},
    {EHOSTUNREACH, "No route to host"},
    {EINVAL, "Invalid argument"},
    {EMFILE, "Too many open files"},
    {EMSGSIZE, "Message too long"},
    {ENETUNREACH, "Network is unreachable"},
    {ENOBUFS, "No buffer space available"},
    {ENOMEM, "Cannot allocate memory"},
    {ENOTCONN, "Transport endpoint is not connected"},
    {EPERM, "Operation not permitted"},
    {EPIPE, "Broken pipe"},
    {ETIMEDOUT, "Connection timed out"},
};

const char *kb_error_errno_text(int sys, char *buf, unsigned size)
{
    for (size_t i = 0; i < sizeof(network_errors) / sizeof(network_errors[0]); i++) {
        if (network_errors[i].sys == sys) {
            (void)snprintf(buf, size, "%s", network_errors[i].text);
            return buf;
        }
    }
    if (strerror_r(sys, buf, size) != 0)
        (void)snprintf(buf, size, "error %d", sys);
    return buf;
}
