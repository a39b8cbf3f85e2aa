/* error.c - status texts and error details.  The contracts are in status.h and error.h. */
#include "config.h"

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *kb_status_text(kb_status status)
{
    static const char *const texts[] = {
#define KB_STATUS_TEXT(name, text) text,
        KB_STATUSES(KB_STATUS_TEXT)
#undef KB_STATUS_TEXT
    };
    return (unsigned)status < sizeof(texts) / sizeof(texts[0]) ? texts[status] : "unknown status";
}

kb_status kb_fail(kb_error *err, kb_status status, int sys, const char *format, ...)
{
    if (err == NULL)
        return status;
    err->status = status;
    err->sys = sys;
    err->tls = 0;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    return status;
}

const char *kb_errno_text(int sys, char *buf, unsigned size)
{
    if (strerror_r(sys, buf, size) != 0)
        (void)snprintf(buf, size, "error %d", sys);
    return buf;
}
