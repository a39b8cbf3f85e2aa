/* date_exact.c - text to dates by a pattern, which must fit exactly (TYPES.md section 14).
 *
 * What the pattern does not name is taken as .NET takes it: today for a time alone, this year for a day
 * or month alone, else the first. */
#include "config.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "types/date.h"
#include "types/date_text.h"

typedef kw_date_cursor cursor;

enum { HALF_AM = 1, HALF_PM };

enum { UNSET = -1 };

/* What was read so far; UNSET: nothing.  A part that is named twice must be the same twice. */
typedef struct parts {
    int year, month, day, weekday;
    int hour, minute, second, fraction;
    int half;    /* of the day: HALF_AM, HALF_PM */
    bool twelve; /* the hour is one of twelve */
    bool zoned;  /* the text says where: */
    int offset;  /* minutes ahead of UTC */
} parts;

static bool set(int *part, int value)
{
    if (*part != UNSET && *part != value)
        return false;
    *part = value;
    return true;
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* One or two digits for one letter, else as many digits as letters. */
static int exact_number(cursor *c, size_t count, int *out)
{
    assert(count > 0); /* a letter of the pattern stands there */
    if (count == 1)
        return kw_date_number(c, 2, out);
    if (count > 9)
        return 0;
    int digits = kw_date_number(c, (int)count, out);
    return digits == (int)count ? digits : 0;
}

static bool number_field(cursor *c, size_t count, int *part)
{
    int value;
    return exact_number(c, count > 2 ? 2 : count, &value) > 0 && set(part, value);
}

static bool name_field(cursor *c, size_t count, const char *const *names, int known, int first, int *part)
{
    int i = kw_date_name(c, names, known, count == 3);
    return i >= 0 && set(part, i + first);
}

static bool year_field(cursor *c, size_t count, int *part)
{
    int year, digits = exact_number(c, count, &year);
    return digits > 0 && set(part, kw_date_full_year(year, count > 2 ? 4 : digits));
}

/* `f`: exactly so many digits; `F`: at most. */
static bool fraction_field(cursor *c, char letter, size_t count, int *part)
{
    int value = 0, digits = count <= 7 ? kw_date_number(c, (int)count, &value) : -1;
    if (digits < 0 || (letter == 'f' && digits != (int)count))
        return false;
    for (; digits < 7; digits++)
        value *= 10;
    return set(part, value);
}

static bool half_field(cursor *c, size_t count, int *part)
{
    bool first = c->at < c->end && strchr("AaPp", *c->at) != NULL && *c->at != '\0';
    if (!first || (count > 1 && (c->end - c->at < 2 || strchr("Mm", c->at[1]) == NULL)))
        return false;
    int which = *c->at == 'A' || *c->at == 'a' ? HALF_AM : HALF_PM;
    c->at += count > 1 ? 2 : 1;
    return set(part, which);
}

/* +hh, for three letters +hh:mm */
static bool offset_field(cursor *c, size_t count, parts *out)
{
    bool minus = kw_date_take(c, '-');
    int hours, minutes = 0;
    if ((!minus && !kw_date_take(c, '+')) || exact_number(c, count == 1 ? 1 : 2, &hours) == 0)
        return false;
    if (count > 2) {
        (void)kw_date_take(c, ':');
        if (exact_number(c, 2, &minutes) == 0)
            return false;
    }
    out->zoned = true;
    out->offset = (hours * 60 + minutes) * (minus ? -1 : 1);
    return hours <= 14 && minutes <= 59;
}

/* Z, an offset, or nothing. */
static bool zone_field(cursor *c, parts *out)
{
    if (kw_date_take(c, 'Z')) {
        out->zoned = true;
        return true;
    }
    bool given = c->at < c->end && (*c->at == '+' || *c->at == '-');
    return !given || offset_field(c, 3, out);
}

static bool field(cursor *c, char letter, size_t count, parts *out)
{
    switch (letter) {
    case 'y': return year_field(c, count, &out->year);
    case 'M':
        return count <= 2 ? number_field(c, count, &out->month)
                          : name_field(c, count, kw_date_month_names, 12, 1, &out->month);
    case 'd':
        return count <= 2 ? number_field(c, count, &out->day)
                          : name_field(c, count, kw_date_day_names, 7, 0, &out->weekday);
    case 'h': out->twelve = true; return number_field(c, count, &out->hour);
    case 'H': return number_field(c, count, &out->hour);
    case 'm': return number_field(c, count, &out->minute);
    case 's': return number_field(c, count, &out->second);
    case 'f':
    case 'F': return fraction_field(c, letter, count, &out->fraction);
    case 't': return half_field(c, count, &out->half);
    case 'z': return offset_field(c, count, out);
    default: return zone_field(c, out); /* K */
    }
}

/* A character of the pattern; a point before a fraction that is not there may be missing. */
static bool literal(cursor *c, char letter, kw_date_pattern *p)
{
    if (kw_date_take(c, letter))
        return true;
    if (letter != '.' || p->at == p->end || *p->at != 'F')
        return false;
    while (p->at < p->end && *p->at == 'F')
        p->at++;
    return true;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static void complete_day(parts *out)
{
    kw_date_parts now;
    kw_date_parts_of(kw_date_now().as.i, &now);
    bool time_only = out->year == UNSET && out->month == UNSET && out->day == UNSET;
    if (out->year == UNSET)
        out->year = (int)now.year;
    if (out->month == UNSET)
        out->month = time_only ? now.month : 1;
    if (out->day == UNSET)
        out->day = time_only ? now.day : 1;
}

/* The hour of 24; false: it does not go with AM or PM. */
static bool complete_hour(parts *out)
{
    int hour = out->hour == UNSET ? 0 : out->hour;
    if (out->twelve) {
        if (hour > 12)
            return false;
        hour = hour % 12 + (out->half == HALF_PM ? 12 : 0);
    } else if ((out->half == HALF_AM && hour >= 12) || (out->half == HALF_PM && hour < 12)) {
        return false;
    }
    out->hour = hour;
    return true;
}

static int or_zero(int part)
{
    return part == UNSET ? 0 : part;
}

static bool to_ticks(parts *read, int64_t *ticks)
{
    complete_day(read);
    if (!complete_hour(read))
        return false;
    assert(read->year != UNSET && read->month != UNSET && read->day != UNSET && read->hour != UNSET);
    kw_date_parts when = {.year = read->year,
                          .month = read->month,
                          .day = read->day,
                          .hour = read->hour,
                          .minute = or_zero(read->minute),
                          .second = or_zero(read->second),
                          .fraction = or_zero(read->fraction)};
    if (!kw_date_ticks(&when, ticks) || (read->weekday != UNSET && read->weekday != kw_date_weekday(*ticks)))
        return false;
    if (read->zoned)
        *ticks = kw_date_local(*ticks, read->offset);
    return *ticks >= 0 && *ticks <= KW_MAX_TICKS;
}

bool kw_date_parse_exact(const char *text, size_t size, const char *format, size_t format_size, int64_t *ticks)
{
    const char *standard = format_size == 1 ? kw_date_standard(format[0]) : NULL;
    bool utc = format_size == 1 && format[0] == 'U';
    if (format_size == 1 && standard == NULL)
        return false;
    kw_date_pattern pattern = {.at = standard != NULL ? standard : format};
    pattern.end = pattern.at + (standard != NULL ? strlen(standard) : format_size);
    cursor c = {.at = text, .end = text + size};
    parts read = {.year = UNSET,
                  .month = UNSET,
                  .day = UNSET,
                  .weekday = UNSET,
                  .hour = UNSET,
                  .minute = UNSET,
                  .second = UNSET,
                  .fraction = UNSET,
                  .half = UNSET,
                  .zoned = utc};
    kw_date_pattern_item item;
    while (kw_date_pattern_next(&pattern, &item))
        if (item.count == 0 ? !literal(&c, item.letter, &pattern) : !field(&c, item.letter, item.count, &read))
            return false;
    assert(c.at <= c.end && pattern.at == pattern.end); /* literal() moves in the pattern, too */
    return c.at == c.end && to_ticks(&read, ticks);
}
