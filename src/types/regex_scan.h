/* regex_scan.h - reading a pattern of the .NET dialect and writing it as one for PCRE2.
 *
 * Place: inside the types layer.  regex.c compiles what this gives; regex_groups.c finds the groups,
 * regex_pattern.c translates, regex_class.c reads classes and escapes, regex_blocks.c names the
 * blocks of Unicode, regex_turn.c turns what is matched from right to left.
 * The order of the checks, the texts of the errors and their offsets are those of .NET's
 * RegexParser, which is why a pattern is read twice: once to find the groups, then to translate.
 * What differs between the dialects and is dealt with here: groups are numbered with the named ones
 * last, a name or number may be used by several groups, \w \d \s \b are those of Unicode, \v is one
 * character, [a-[b]] subtracts, the condition of (?(x)a|b) is any pattern, assertions may be
 * repeated, white space and comments of (?x).
 *
 * Look-behinds of any width are what PCRE2 lacks.  As in .NET they are matched from right to left:
 * a pattern that has one may be written "apart", in parts.  A look-behind is then a part: a pattern
 * whose units stand in the opposite order, for a subject whose characters do so, too; what is
 * behind in the one is ahead in the other.  A look-ahead inside of it is again a part, for the text
 * as it is, and so on.  In the place of part n stands (?Cn), which regex_behind.c answers. */
#ifndef KW_REGEX_SCAN_H
#define KW_REGEX_SCAN_H

#include "vm/object.h"

/* A group as a script sees it. */
typedef struct kw_regex_slot {
    int64_t number;
    size_t name, name_size; /* place in the pattern; size 0: it has a number only */
} kw_regex_slot;

/* A capturing parenthesis; number i of PCRE2 is captures[i - 1]. */
typedef struct kw_regex_capture {
    size_t at;    /* of the parenthesis in the pattern */
    int64_t slot; /* index in slots, once all have been found */
    kw_regex_slot is;
} kw_regex_capture;

enum {
    KW_REGEX_PARTS = 255, /* numbers of callouts */
    KW_REGEX_LEVELS = 4,  /* look-behind in a look-ahead in a look-behind ...: matches at a time */
};

/* A look-around that is matched by itself. */
typedef struct kw_regex_part {
    char *text;
    size_t size;
    unsigned level; /* 1: called from the main pattern; odd ones are for the turned subject */
    bool negated;
    void *code; /* of regex_behind.c */
} kw_regex_part;

/* What was read.  Written apart, capture i has the name c<i> instead of the number i, and a part
 * that holds captures is followed by an empty group p<n>, which notes where it matched. */
typedef struct kw_regex_pattern {
    bool apart;
    kw_buf out;           /* for PCRE2 */
    kw_regex_part *parts; /* (?Cn) is number n - 1; (?C0) is \G in a part */
    size_t part_count;
    kw_regex_slot *slots; /* by number; the first is number 0, the whole match */
    size_t slot_count;
    kw_regex_capture *captures; /* in the order of the pattern */
    size_t capture_count;
    kw_buf reason;   /* why it is not valid */
    size_t error_at; /* characters before the error */
    bool no_memory;
} kw_regex_pattern;

/* Read `size` bytes of valid UTF-8.  ascii: the result is for subjects of ASCII only, where \w and
 * its like are simpler.  apart: look-behinds become parts.  false: the pattern is not valid (reason,
 * error_at) or no_memory.  End with kw_regex_pattern_fini() in any case. */
bool kw_regex_pattern_init(kw_regex_pattern *p, const char *text, size_t size, bool ascii, bool apart);
void kw_regex_pattern_fini(kw_regex_pattern *p);

/* ---- Between the files ----------------------------------------------------------------------- */

enum { KW_REGEX_I = 1, KW_REGEX_M = 2, KW_REGEX_N = 4, KW_REGEX_S = 8, KW_REGEX_X = 16 }; /* inline options */

typedef struct kw_regex_scan {
    const char *text;
    size_t size, pos;
    unsigned options; /* KW_REGEX_* in force at pos */
    bool ascii;
    bool counting; /* the first pass: nothing is written */
    kw_regex_pattern *p;
} kw_regex_scan;

/* The pattern is not valid: BEFORE, `value`, AFTER.  Always false. */
bool kw_regex_fail(kw_regex_scan *s, const char *before, const char *value, size_t value_size, const char *after);
bool kw_regex_fail_plain(kw_regex_scan *s, const char *reason);
/* The byte at pos + ahead; NUL beyond the end. */
char kw_regex_peek(const kw_regex_scan *s, size_t ahead);
bool kw_regex_is_digit(char c);
/* May `c` be part of a group's name?  All that is not ASCII may. */
bool kw_regex_is_word(char c);
bool kw_regex_decimal(kw_regex_scan *s, int64_t *out);
/* Move pos behind the word that begins there; returns its size. */
size_t kw_regex_word(kw_regex_scan *s);

/* After "[": the class up to its "]". */
bool kw_regex_class(kw_regex_scan *s, kw_buf *out, unsigned depth);
/* At the letter of \w \W \d \D \s \S \p \P: write it, outside a class. */
bool kw_regex_shorthand(kw_regex_scan *s);
/* \b and \B, or what stands for them. */
const char *kw_regex_boundary(const kw_regex_scan *s, bool negated);
/* After "\": an escape that is one character. */
bool kw_regex_char_escape(kw_regex_scan *s, uint32_t *out);
/* The block that .NET calls `name` (IsGreek and so on). */
bool kw_regex_block(const char *name, size_t size, uint32_t *first, uint32_t *last);

#endif
