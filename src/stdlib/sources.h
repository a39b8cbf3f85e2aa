/* sources.h - the packages written in Kiwi, embedded into the program at build time.
 *
 * Place: data only; src/stdlib/embed.sh makes sources.c from the .kiwi files that local.mk lists. */
#ifndef KW_STDLIB_SOURCES_H
#define KW_STDLIB_SOURCES_H

#include <stddef.h>

typedef struct kw_stdlib_source {
    const char *name; /* of the file, without ".kiwi" */
    const char *text; /* terminated, the terminator not counted in `size` */
    size_t size;
} kw_stdlib_source;

/* In the order of local.mk; the last one's name is NULL. */
extern const kw_stdlib_source kw_stdlib_sources[];

#endif
