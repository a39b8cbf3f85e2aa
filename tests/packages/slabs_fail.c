/* slabs_fail.c - posix_memalign(), from which slabs come, shares the count of malloc(). */
#include "config.h"

#if defined(HAVE_LINK_WRAP)

#include <errno.h>
#include <stdlib.h>

int __wrap_posix_memalign(void **out, size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size)
{
    void *probe = malloc(1);
    if (probe == NULL)
        return ENOMEM;
    free(probe);
    return __real_posix_memalign(out, alignment, size);
}

#else

typedef int slabs_do_not_fail;

#endif
