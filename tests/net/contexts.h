/* contexts.h - contexts of TLS for tests, from options and the environment as the runtime takes them. */
#ifndef CONTEXTS_H
#define CONTEXTS_H

#include <stdlib.h>

#include "net/tls.h"

static inline kb_status get_context(const kiwi_tls_options *options, bool server, void (*log)(void *, const char *),
                                    void *log_data, kn_tls_context **out, kb_error *err)
{
    kn_tls_settings *settings = kn_tls_settings_new(options, server);
    *out = NULL;
    kb_status status = settings == NULL ? kb_error_fail(err, KB_ENOMEM, 0, "out of memory")
                                        : kn_tls_context_get(settings, log, log_data, out, err);
    free(settings);
    return status;
}

static inline kb_status server_context(const kiwi_tls_options *options, kn_tls_context **out, kb_error *err)
{
    return get_context(options, true, NULL, NULL, out, err);
}

static inline kb_status client_context(const kiwi_tls_options *options, void (*log)(void *, const char *),
                                       void *log_data, kn_tls_context **out, kb_error *err)
{
    return get_context(options, false, log, log_data, out, err);
}

#endif
