/* parse.h - from the text of a program to its syntax tree.
 *
 * Place: lang; a pure function over text, depends on base and the arena only.
 * Threads: none; calls with different arenas are independent.
 * Robustness: any bytes give a tree or one error, in time linear in the size of the text and with a
 * bounded depth of recursion. */
#ifndef KW_PARSE_H
#define KW_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "lang/arena.h"
#include "lang/ast.h"
#include "lang/diag.h"

typedef struct kw_parse_options {
    const char *file; /* for the diagnostic; may be NULL */
    const char *text; /* not NUL-terminated; need not be valid UTF-8 */
    size_t size;
    uint32_t first_line; /* number of the first line; 0 means 1 */
    /* Is `name` a struct known from elsewhere?  Asked for type hints; NULL: no such structs. */
    bool (*known_type)(void *context, const char *name, size_t size);
    /* Told of deprecated syntax; NULL: nobody cares. */
    void (*warn)(void *context, const char *message, kw_pos pos);
    /* Asked now and then in a long text: false ends the parse with KB_ETHROWN; NULL: go on. */
    bool (*go_on)(void *context);
    void *context; /* for the callbacks */
} kw_parse_options;

/* Parse the whole text.  On success *program is a PROGRAM node in `arena` and independent of
 * options->text.  Stops at the first error: KB_ESYNTAX, *program is NULL and *diag describes it.
 * Errors: KB_ESYNTAX, KB_ENOMEM, KB_ETHROWN. */
kb_status kw_parse(const kw_parse_options *options, kw_arena *arena, kw_node **program, kw_diag *diag);

#endif
