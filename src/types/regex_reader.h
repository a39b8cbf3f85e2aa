/* regex_reader.h - what the files that read a pattern share: its open groups (regex_scan.h).
 *
 * Place: inside the types layer, for regex_pattern.c, regex_groups.c and regex_turn.c. */
#ifndef KW_REGEX_READER_H
#define KW_REGEX_READER_H

#include "types/regex_scan.h"

enum { KW_REGEX_DEPTH = 250 /* open groups */ };

/* What the parenthesis of a group began. */
typedef enum kw_regex_group_kind {
    KW_REGEX_GROUP, /* also captures and atomic groups */
    KW_REGEX_ASSERTION,
    KW_REGEX_BY_GROUP,   /* (?(1)yes|no) */
    KW_REGEX_BY_PATTERN, /* (?(...)yes|no), the condition is read */
    KW_REGEX_CONDITION,  /* its condition */
} kw_regex_group_kind;

typedef struct kw_regex_frame {
    unsigned options; /* to be restored at its end */
    kw_regex_group_kind kind;
    size_t out_at; /* where it begins in what is written */
    unsigned bars; /* "|" so far */
    bool is_part;  /* written as a pattern of its own (regex_scan.h), these for its end: */
    bool negated;
    size_t body_at;  /* in what is written */
    size_t captures; /* that began before it */
    /* Of what is read backwards: */
    size_t alternative_at; /* where the present one begins in what is written */
    size_t marks;          /* ends of units noted before it */
    unsigned known;        /* options that PCRE2 has in force inside */
} kw_regex_frame;

/* What a pass needs besides the scanner. */
typedef struct kw_regex_reader {
    kw_regex_scan s; /* first: the functions of regex_class.c take this */
    kw_regex_frame stack[KW_REGEX_DEPTH];
    size_t depth;
    bool ignore_next; /* the next parenthesis belongs to a condition and does not capture */
    int64_t auto_number;
    size_t captures_read;
    unsigned level; /* of the part: those of odd levels are written backwards */
    size_t *marks;  /* ends of units of the open alternatives that are turned round */
    size_t mark_count, mark_cap;
    size_t moved; /* bytes of parts */
} kw_regex_reader;

/* ---- regex_pattern.c ------------------------------------------------------------------------- */

void kw_regex_put(kw_regex_reader *r, const char *text);
/* Put `text` into what is written, before position `at`. */
void kw_regex_put_before(kw_regex_reader *r, size_t at, const char *text);
/* Skip comments, and white space if option x says so. */
bool kw_regex_skip_blank(kw_regex_scan *s);
/* Read letters of options and set them. */
void kw_regex_read_options(kw_regex_scan *s);
bool kw_regex_open_frame(kw_regex_reader *r, unsigned options, size_t out_at);
/* After "\".  *assertion: it matches no character. */
bool kw_regex_backslash(kw_regex_reader *r, bool *assertion);

/* ---- regex_groups.c -------------------------------------------------------------------------- */

/* The first pass: find all groups and number them. */
bool kw_regex_find_groups(kw_regex_reader *r);
/* NULL: there is no such group. */
kw_regex_slot *kw_regex_slot_by_number(const kw_regex_pattern *p, int64_t number);
kw_regex_slot *kw_regex_slot_by_name(const kw_regex_scan *s, size_t name, size_t size);

/* ---- regex_turn.c ---------------------------------------------------------------------------- */

/* Is what is read now matched against the turned subject? */
bool kw_regex_backwards(const kw_regex_reader *r);
/* Write the options in force as "(?i-ms" and then `end`. */
void kw_regex_put_options(kw_regex_reader *r, char end);
/* What stands for the anchor `c`, a letter behind a backslash or one of "^$". */
const char *kw_regex_anchor(const kw_regex_reader *r, char c);
/* What frame `f` writes begins here. */
void kw_regex_begin_inside(kw_regex_reader *r, kw_regex_frame *f);
/* A unit, which begins at `unit_at`, is complete with its quantifier. */
bool kw_regex_end_unit(kw_regex_reader *r, size_t unit_at);
/* An alternative of `f` is complete. */
void kw_regex_end_alternative(kw_regex_reader *r, const kw_regex_frame *f);
/* After the opening of a look-around. */
bool kw_regex_open_around(kw_regex_reader *r, kw_regex_frame *f, bool behind, bool negated);
/* The look-around `f`, a part, is complete. */
bool kw_regex_close_part(kw_regex_reader *r, const kw_regex_frame *f);

#endif
