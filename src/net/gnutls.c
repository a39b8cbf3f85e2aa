/* gnutls.c - see gnutls.h. */
#include "config.h"

#include "net/gnutls.h"

#ifdef KIWI_GNUTLS_LIBRARY

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/must.h"

static const struct {
    const char *name;
    size_t place; /* in the table */
} functions[] = {
#define FUNCTION(name) {"gnutls_" #name, offsetof(struct kn_gnutls, name)},
    KN_GNUTLS_NAMES(FUNCTION)
#undef FUNCTION
};

struct kn_gnutls kn_gnutls;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool loaded; /* guarded by lock */

static kb_status fill(void *library, kb_error *err)
{
    struct kn_gnutls found;
    _Static_assert(sizeof(found.init) == sizeof(void *), "dlsym() gives addresses of functions");
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        void *address = dlsym(library, functions[i].name);
        if (address == NULL)
            return kb_fail(err, KB_ETLS, 0, "TLS library: %s has no %s", KIWI_GNUTLS_LIBRARY,
                           functions[i].name);
        memcpy((char *)&found + functions[i].place, &address, sizeof(address));
    }
    kn_gnutls = found;
    return KB_OK;
}

/* The library stays open: threads may be inside it until the process ends. */
static kb_status load(kb_error *err)
{
    void *library = dlopen(KIWI_GNUTLS_LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL)
        return kb_fail(err, KB_ETLS, 0, "TLS library: %s", dlerror());
    kb_status status = fill(library, err);
    if (status != KB_OK)
        (void)dlclose(library);
    return status;
}

kb_status kn_gnutls_load(kb_error *err)
{
    MUST(pthread_mutex_lock(&lock));
    kb_status status = loaded ? KB_OK : load(err);
    loaded = status == KB_OK;
    MUST(pthread_mutex_unlock(&lock));
    return status;
}

#else

struct kn_gnutls kn_gnutls = {
#define LINKED(name) .name = &gnutls_##name,
    KN_GNUTLS_NAMES(LINKED)
#undef LINKED
};

kb_status kn_gnutls_load(kb_error *err)
{
    (void)err;
    return KB_OK;
}

#endif
