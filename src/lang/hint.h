/* hint.h - one line of advice below the report of an error.
 *
 * Place: lang; pure functions over text.  Threads: none; calls are independent. */
#ifndef KW_HINT_H
#define KW_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/errors.h"

enum { KW_HINT_NAME_MAX = 64 }; /* longer names are not compared */

/* The known name that is nearest to a wrong one.  Begin with kw_hint_nearest_init(), offer all known
 * names, then look at `best`, which is NULL if none is at most 2 edits away.  Offered texts must
 * outlive this. */
typedef struct kw_nearest {
    const char *wanted, *best;
    size_t wanted_size, best_size;
    unsigned distance; /* of best */
} kw_nearest;

void kw_hint_nearest_init(kw_nearest *n, const char *wanted, size_t size);
void kw_hint_nearest_offer(kw_nearest *n, const char *known, size_t size);

/* Advice about an error of syntax, found at the text `token` in line `line` of `source`, which may be NULL, into
 * out[room]; false: none. */
bool kw_hint_syntax(kw_error_id id, const char *token, const char *source, size_t size, uint32_t line, char *out,
                    size_t room);
/* Advice about a name that other languages have; constant text, or NULL. */
const char *kw_hint_foreign(const char *name, size_t size);
/* The method that other languages call by this name; constant text, or NULL. */
const char *kw_hint_foreign_method(const char *name, size_t size);
/* Offer the words of the language itself. */
void kw_hint_offer_words(kw_nearest *n);

#endif
