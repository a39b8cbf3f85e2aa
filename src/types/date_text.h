/* date_text.h - what reading and writing dates share: English names, patterns, a cursor over text. */
#ifndef KW_DATE_TEXT_H
#define KW_DATE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Patterns (date_pattern.c) --------------------------------------------------------------- */

/* As the invariant culture has them. */
extern const char *const kw_date_month_names[12];
extern const char *const kw_date_day_names[7];

/* The pattern of a standard letter; NULL: there is none. */
const char *kw_date_standard(char letter);

typedef struct kw_date_pattern { /* what is left of a pattern */
    const char *at, *end;
    char quote; /* inside a literal in these quotes; else 0 */
} kw_date_pattern;

typedef struct kw_date_pattern_item {
    char letter;
    size_t count; /* so many pattern letters in a row; 0: the character itself */
} kw_date_pattern_item;

/* Take the next item; false: no more. */
bool kw_date_pattern_next(kw_date_pattern *p, kw_date_pattern_item *out);

/* ---- Reading (date_parse.c) ------------------------------------------------------------------ */

typedef struct kw_date_cursor {
    const char *at, *end;
} kw_date_cursor;

bool kw_date_take(kw_date_cursor *c, char what);
/* A number of at most `most` digits; returns how many there were. */
int kw_date_number(kw_date_cursor *c, int most, int *out);
/* A name of the table, its first three letters only or the whole of it, in any case: its number, or
 * -1. */
int kw_date_name(kw_date_cursor *c, const char *const *names, int count, bool three);
/* The year that two digits mean; others are left alone. */
int kw_date_full_year(int year, int digits);
/* Local time for ticks at a place that is `offset` minutes ahead of UTC. */
int64_t kw_date_local(int64_t ticks, int offset);
/* 0 (Sunday) to 6 */
int kw_date_weekday(int64_t ticks);

#endif
