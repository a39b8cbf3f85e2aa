/* date.h - dates: ticks of 100 ns since 0001-01-01, in no zone (TYPES.md section 14).
 *
 * Place: types layer.  Threads: any. */
#ifndef KW_DATE_H
#define KW_DATE_H

#include "vm/object.h"

typedef struct kw_date_parts {
    int64_t year; /* 1 to 9999 */
    int month, day, hour, minute, second;
    int fraction; /* ticks of the second */
    int weekday;  /* 0: Sunday */
    int yearday;  /* 1: first of January */
} kw_date_parts;
enum { KW_TICKS_PER_MS = 10000, KW_TICKS_PER_SECOND = 10000000 };
#define KW_TICKS_PER_DAY INT64_C(864000000000)
#define KW_EPOCH_TICKS   INT64_C(621355968000000000)  /* 1970-01-01 */
#define KW_MAX_TICKS     INT64_C(3155378975999999999) /* end of 9999 */
void kw_date_parts_of(int64_t ticks, kw_date_parts *out);
/* Ticks of a date and time; false: there is no such moment. */
bool kw_date_ticks(const kw_date_parts *c, int64_t *ticks);
/* The local date and time at the given UTC ticks, and so long after 1970, and now.  A time that no date can tell, as
 * files may have one, becomes the nearest that one can. */
kw_value kw_date_here(int64_t ticks);
kw_value kw_date_since_epoch(int64_t seconds, int64_t nanoseconds);
kw_value kw_date_now(void);
int kw_date_days_in_month(int64_t year, int month);
/* Offset of local time from UTC in minutes at the given UTC ticks. */
int kw_date_utc_offset(int64_t ticks);
/* Parse in the invariant culture; false: no date. */
bool kw_date_parse(const char *text, size_t size, int64_t *ticks);
/* Parse by a pattern or standard letter, which must fit exactly; false: it does not. */
bool kw_date_parse_exact(const char *text, size_t size, const char *format, size_t format_size, int64_t *ticks);
/* Format with a pattern or a standard letter; false: unknown standard letter. */
bool kw_date_format(kw_buf *buf, int64_t ticks, const char *format, size_t size);

#endif
