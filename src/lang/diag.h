/* diag.h - errors as people see them.
 *
 * Place: lang; pure functions over text, for syntax errors and uncaught run-time errors alike. */
#ifndef KW_DIAG_H
#define KW_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "vm/errors.h"

/* A syntax error.  The first one of a text is the only one. */
typedef struct kw_diag {
    kw_error_id id;
    const char *type;    /* "SyntaxError", "TokenStreamError", "UnexpectedEndOfFileError" */
    char token[8];       /* at the place of the error; "": it is longer */
    char message[256];   /* UTF-8, cut at a character if need be */
    const char *file;    /* kw_parse_options.file */
    uint32_t line;       /* from 1 */
    uint32_t column;     /* from 1, in code points: start of the token */
    uint32_t end_column; /* behind the token (or behind its part on this line) */
    bool at_end;         /* the text ended where more was needed */
} kw_diag;

/* What kw_diag_print() shows.  Strings may be NULL: then they are empty. */
typedef struct kw_diag_report {
    const char *type;
    const char *message;
    size_t message_size; /* message may contain NUL */
    const char *file;    /* absolute path; empty for standard input and -e */
    uint32_t line;       /* 0: unknown */
    uint32_t column;     /* from 1; 0 for run-time errors */
    const char *source;  /* text of the file for the source line; NULL: not readable */
    size_t source_size;
    const char *at_function; /* function that threw, or NULL: no `at` line */
    const char *at_file;     /* where it was called */
    uint32_t at_line;
    const char *notes; /* further lines, each ended; NULL: none */
    const char *hint;  /* advice, the last line; NULL: none */
} kw_diag_report;

/* Write the report in the format of uncaught errors, each line ended (17.5). */
void kw_diag_print(FILE *out, const kw_diag_report *report);
/* The same for a syntax error; `source` is the text that was parsed, or NULL. */
void kw_diag_print_syntax(FILE *out, const kw_diag *diag, const char *source, size_t source_size);

#endif
