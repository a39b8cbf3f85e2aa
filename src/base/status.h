/* status.h - the kinds of failure that cross a function boundary.
 *
 * Place: base layer, used everywhere.  A function that can fail returns one of these; results come
 * through out-parameters.  Callers branch on the status only, never on a text. */
#ifndef KB_STATUS_H
#define KB_STATUS_H

/* X(name, text for a person) */
#define KB_STATUSES(X)                                                                                                 \
    X(KB_OK, "ok")                                                                                                     \
    X(KB_EINVAL, "invalid argument")                                                                                   \
    X(KB_ENOMEM, "out of memory")                                                                                      \
    X(KB_EFULL, "full")                                                                                                \
    X(KB_ECLOSED, "closed")                                                                                            \
    X(KB_ENOTFOUND, "not found")                                                                                       \
    X(KB_ETIMEDOUT, "timed out")                                                                                       \
    X(KB_EIO, "input/output error")                                                                                    \
    X(KB_ERESOLVE, "name look-up failed")                                                                              \
    X(KB_ETLS, "TLS error")                                                                                            \
    X(KB_EVERIFY, "certificate verification failed")                                                                   \
    X(KB_ETRUNCATED, "connection truncated")                                                                           \
    X(KB_ESYNTAX, "syntax error")                                                                                      \
    X(KB_ETHROWN, "error thrown by the script")

typedef enum kb_status {
#define KB_STATUS_ENUM(name, text) name,
    KB_STATUSES(KB_STATUS_ENUM)
#undef KB_STATUS_ENUM
} kb_status;

/* The text of `status`, for logs and tests; static storage. */
const char *kb_error_status_text(kb_status status);

#endif
