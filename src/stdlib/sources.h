/* sources.h - the packages written in Kiwi, embedded into the program at build time.
 *
 * Place: data only; src/stdlib/embed.sh makes sources.c from the .kiwi files that local.mk lists. */
#ifndef KW_STDLIB_SOURCES_H
#define KW_STDLIB_SOURCES_H

#include <stddef.h>
#include <stdint.h>

typedef struct kw_stdlib_source {
    const char *name; /* of the file, without ".kiwi" */
    const char *text; /* terminated, the terminator not counted in `size` */
    size_t size;
} kw_stdlib_source;

/* In the order of local.mk; the last one's name is NULL. */
extern const kw_stdlib_source kw_stdlib_sources[];

/* What a file defines: a function, a method, a struct (no signature) or a package (no owner either).
 * Comments above it tell the rest:
 *
 *     # @summary The words of a text.
 *     # @param text string
 *     # @param limit integer: how many at most
 *     # @return list
 *     # @refused fio
 *     # @example println words("a b")  # => ["a", "b"]
 *     fn words(text, limit = 0)
 *
 * An example of several lines goes on below in comments that are two spaces further in than the tag.  Above a
 * package: `# @package One sentence.`, and `# @refused NAME` for all that is in it. */
typedef struct kw_stdlib_entry {
    /* Places in kw_stdlib_words, so that a program that starts has no pointers to set; 0: nothing. */
    uint32_t source;  /* name of the file; 0: the end */
    uint32_t package; /* that it is in */
    uint32_t owner;   /* the struct */
    uint32_t signature, about, example;
    uint32_t refused; /* the name under which safe mode refuses it */
} kw_stdlib_entry;

extern const char *const kw_stdlib_words;

static inline const char *kw_stdlib_word(uint32_t place) /* NULL: nothing */
{
    return place != 0 ? kw_stdlib_words + place : NULL;
}

extern const kw_stdlib_entry kw_stdlib_entries[];

#endif
