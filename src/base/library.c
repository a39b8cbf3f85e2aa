/* library.c - see library.h. */
#include "config.h"

#include "base/library.h"

#include <string.h>

#if defined(HAVE_DLOPEN)

#include <dlfcn.h>

#include "base/locks.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards the filling of tables */

static kb_status fill(const kb_library *l, void *library, kb_error *err)
{
    _Static_assert(sizeof(void (*)(void)) == sizeof(void *), "dlsym() gives addresses of functions");
    for (const kb_symbol *s = l->symbols; s->name != NULL; s++) {
        void *address = dlsym(library, s->name);
        if (address == NULL)
            return kb_error_fail(err, KB_ENOTFOUND, 0, "%s has no %s", l->file, s->name);
        memcpy((char *)l->table + s->place, &address, sizeof(address));
    }
    return KB_OK;
}

/* The library stays open: threads may be inside it until the process ends. */
static kb_status load(const kb_library *l, kb_error *err)
{
    void *library = dlopen(l->file, RTLD_LAZY | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        return kb_error_fail(err, KB_ENOTFOUND, 0, "%s", why != NULL ? why : l->file);
    }
    kb_status status = fill(l, library, err);
    if (status != KB_OK)
        (void)dlclose(library);
    return status;
}

kb_status kb_library_load(kb_library *l, kb_error *err)
{
    if (atomic_load_explicit(&l->loaded, memory_order_acquire))
        return KB_OK;
    if (l->file == NULL)
        return kb_error_fail(err, KB_ENOTFOUND, 0, "this build was made without %s", l->name);
    kb_lock(&lock);
    kb_status status = atomic_load_explicit(&l->loaded, memory_order_relaxed) ? KB_OK : load(l, err);
    if (status == KB_OK)
        atomic_store_explicit(&l->loaded, true, memory_order_release);
    kb_unlock(&lock);
    return status;
}

#else

kb_status kb_library_load(kb_library *l, kb_error *err)
{
    return kb_error_fail(err, KB_ENOTFOUND, 0, "this system opens no libraries, so not %s", l->name);
}

#endif
