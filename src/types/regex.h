/* regex.h - compiled regular expressions: the one place that knows the engine, PCRE2.
 *
 * Place: types layer.  Patterns are of the .NET dialect (TYPES.md section 10): regex_scan.h
 * translates them; what PCRE2 lacks is in regex_behind.h.  Compiled patterns are kept per
 * interpreter and looked up by their text, so a pattern in a loop is compiled once.  All positions
 * are bytes, at borders of characters.  Threads: the interpreter thread only. */
#ifndef KW_REGEX_H
#define KW_REGEX_H

#include "types/regex_scan.h"

typedef struct kw_regex_span {
    size_t from, to;
} kw_regex_span;
#define KW_REGEX_NO_SPAN SIZE_MAX /* `from` of a group that did not take part */

enum {
    KW_REGEX_KEPT = 32, /* compiled patterns per interpreter; the longest unused one gives way */
    /* what backtracks more (and 8 for each byte) is given up: all the matches that are looked for
     * after one kw_regex_get() */
    KW_REGEX_STEPS = 50000000,
    KW_REGEX_MEMORY = 64 << 20, /* bytes for backtracking; less where the memory limit is low */
};

/* Owned by the interpreter; valid until the next kw_regex_get(). */
typedef struct kw_regex {
    char *text; /* of the pattern */
    size_t size;
    uint32_t hash;
    bool ascii;              /* for ASCII subjects */
    bool begins_here;        /* it has \G: looked for from another place on it would be another pattern */
    bool begins_lines;       /* matches begin where a line does, as those of `.*` */
    uint64_t used;           /* when, for giving way */
    void *code;              /* pcre2_code */
    kw_regex_pattern source; /* slots: the groups; their names are places in `text` */
    kw_regex_span *spans;    /* of the last match: one for each slot, the first is the whole */
    uint64_t spent;          /* steps since kw_regex_get(), but for matches that needed few */
    uint32_t parts_left;     /* steps that the parts may still take */
} kw_regex;

/* The compiled form of `pattern` for matches in `subject`.  NULL: thrown, RegexError or
 * MemoryError. */
kw_regex *kw_regex_get(kw_vm *vm, kw_string *pattern, const kw_string *subject);

typedef enum kw_regex_found { KW_REGEX_NONE, KW_REGEX_FOUND, KW_REGEX_THROWN } kw_regex_found;
/* Find the first match in `subject` that begins at byte `from` (at most its size) or later, and
 * fill r->spans.  The subject is the one of kw_regex_get(), or one as ASCII as that.  Thrown:
 * RegexError if it takes too much time or memory. */
kw_regex_found kw_regex_match(kw_vm *vm, kw_regex *r, const kw_string *subject, size_t from);
/* Use the machine code of patterns compiled from now on, where the system allows that (the
 * default)? */
bool kw_regex_use_jit(kw_vm *vm, bool use); /* false: thrown */

/* ---- Between the files ----------------------------------------------------------------------- */

/* Capture `index` (of r->source.captures) of the match just found is `span`: note it in r->spans.
 * Of the captures that share a slot the one that ends last counts. */
void kw_regex_note_capture(kw_regex *r, size_t index, kw_regex_span span);

#endif
