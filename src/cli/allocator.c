/* allocator.c - the contract is in allocator.h. */
#include "config.h"

#include "cli/allocator.h"

#ifdef HAVE_MALLOC_H
#include <malloc.h>
#endif

enum { KEEP = 64 << 20, OWN_MAPPING_FROM = 1 << 20 }; /* bytes */

void kc_allocator_keep_freed_memory(void)
{
#if defined(HAVE_MALLOPT) && defined(M_TRIM_THRESHOLD) && defined(M_MMAP_THRESHOLD)
    (void)mallopt(M_TRIM_THRESHOLD, KEEP);
    (void)mallopt(M_MMAP_THRESHOLD, OWN_MAPPING_FROM);
#endif
}
