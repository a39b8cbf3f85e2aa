/* error.h - the detail of a failure, for a person.
 *
 * Place: base layer.  A caller that wants the detail passes a kb_error (or NULL); the callee fills
 * it once, where the failure happened.  No errno crosses a layer: it travels here. */
#ifndef KB_ERROR_H
#define KB_ERROR_H

#include "base/status.h"

typedef struct kb_error {
    kb_status status; /* the kind; callers branch on this only */
    int sys;          /* errno of the failing call, 0 if none */
    int tls;          /* GnuTLS code, 0 if none */
    int alert;        /* number of the TLS alert that the peer sent, 0 if none */
    char text[192];   /* for a person; always terminated */
} kb_error;

/* Fill *err (may be NULL) and return `status`, so that a caller writes: return kb_error_fail(err,
 * ...). */
kb_status kb_error_fail(kb_error *err, kb_status status, int sys, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* The text for errno value `sys`, for those of the network the same on every system, copied into `buf` of `size` bytes; returns buf. */
const char *kb_error_errno_text(int sys, char *buf, unsigned size);

#endif
