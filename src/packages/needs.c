/* needs.c - functions that stand on an optional library.  See package.h. */
#include "config.h"

#include <string.h>

#include "packages/package.h"

kw_result kp_needs_lacks(kw_vm *vm, const kw_call *call, const char *library, const char *debian_package)
{
    const kp_package *package = call->native->owner;
    const char *name = call->native->name->text;
    bool known = strncmp(name, "__", 2) != 0; /* else no script calls it by that */
    return kw_throw(vm, "NotAvailableError", "%s%s%s needs %s (Debian: %s)", package->name, known ? "::" : "",
                    known ? name : "", library, debian_package);
}

bool kp_needs(kw_vm *vm, const kw_call *call, kb_library *library)
{
    if (kb_library_load(library, NULL) == KB_OK)
        return true;
    (void)kp_needs_lacks(vm, call, library->name, library->package);
    return false;
}
