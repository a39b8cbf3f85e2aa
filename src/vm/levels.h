/* levels.h - stacks of their own for walks over values, which begin in the walk itself: most values
 * are not deep.
 *
 * Place: inside the vm layer only. */
#ifndef KW_LEVELS_H
#define KW_LEVELS_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Twice the room for `levels`, of *cap elements of `size` bytes: malloc'ed, or still `few`.  NULL: no
 * memory, and nothing is changed. */
static inline void *kw_more_levels(void *levels, const void *few, size_t *cap, size_t size)
{
    void *grown = realloc(levels == few ? NULL : levels, *cap * 2 * size);
    if (grown == NULL)
        return NULL;
    if (levels == few)
        memcpy(grown, few, *cap * size);
    *cap *= 2;
    return grown;
}

#endif
