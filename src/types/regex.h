/* regex.h - compiled regular expressions: the one place that knows the engine, PCRE2.
 *
 * Place: types layer.  Patterns are of the .NET dialect (types.md section 10): regex_scan.h
 * translates them; what PCRE2 lacks is in regex_behind.h.  Compiled patterns are kept per interpreter and looked up by their text, so a
 * pattern in a loop is compiled once.  All positions are bytes, at borders of characters.
 * Threads: the interpreter thread only. */
#ifndef KW_REGEX_H
#define KW_REGEX_H

#include "types/regex_scan.h"

typedef struct kw_span {
    size_t from, to;
} kw_span;
#define KW_NO_SPAN SIZE_MAX /* `from` of a group that did not take part */

enum {
    KW_REGEX_KEPT = 32, /* compiled patterns per interpreter; the longest unused one gives way */
    KW_REGEX_STEPS = 50000000,  /* what backtracks more (and 8 for each byte) is given up */
    KW_REGEX_MEMORY = 64 << 20, /* bytes for backtracking */
};

/* Owned by the interpreter; valid until the next kw_regex_get(). */
typedef struct kw_regex {
    char *text; /* of the pattern */
    size_t size;
    uint32_t hash;
    bool ascii;              /* for ASCII subjects */
    uint64_t used;           /* when, for giving way */
    void *code;              /* pcre2_code */
    kw_regex_pattern source; /* slots: the groups; their names are places in `text` */
    kw_span *spans;          /* of the last match: one for each slot, the first is the whole */
} kw_regex;

/* The compiled form of `pattern` for matches in `subject`.  NULL: thrown, RegexError or
 * MemoryError. */
kw_regex *kw_regex_get(kw_vm *vm, kw_string *pattern, const kw_string *subject);

typedef enum kw_found_match { KW_MATCH_NONE, KW_MATCH_FOUND, KW_MATCH_THROWN } kw_found_match;
/* Find the first match in `subject` that begins at byte `from` (at most its size) or later, and
 * fill r->spans.  The subject is the one of kw_regex_get(), or one as ASCII as that.  Thrown: RegexError if it takes too much time or memory. */
kw_found_match kw_regex_match(kw_vm *vm, kw_regex *r, const kw_string *subject, size_t from);
/* Use the machine code of patterns compiled from now on, where the system allows that (the
 * default)? */
bool kw_regex_use_jit(kw_vm *vm, bool use); /* false: thrown */

/* ---- Between the files ----------------------------------------------------------------------- */

/* Capture `index` (of r->source.captures) of the match just found is `span`: note it in r->spans.
 * Of the captures that share a slot the one that ends last counts. */
void kw_regex_note_capture(kw_regex *r, size_t index, kw_span span);

#endif
