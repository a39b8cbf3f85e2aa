/* date_parse.c - text to dates in the invariant culture (TYPES.md section 14). */
#include "config.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "types/date.h"
#include "types/date_text.h"

typedef kw_date_cursor cursor;

/* ---- Small parts ----------------------------------------------------------------------------- */

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || (*c->at >= '\t' && *c->at <= '\r')))
        c->at++;
}

bool kw_date_take(cursor *c, char what)
{
    if (c->at == c->end || *c->at != what)
        return false;
    c->at++;
    return true;
}

int kw_date_number(cursor *c, int most, int *out)
{
    assert(most <= 9); /* more digits may be more than an int holds */
    int digits = 0;
    *out = 0;
    while (digits < most && c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        *out = *out * 10 + (*c->at++ - '0');
        digits++;
    }
    return digits;
}

int kw_date_name(cursor *c, const char *const *names, int count, bool three)
{
    for (int i = 0; i < count; i++) {
        size_t size = three ? 3 : strlen(names[i]);
        if ((size_t)(c->end - c->at) >= size && strncasecmp(c->at, names[i], size) == 0) {
            c->at += size;
            return i;
        }
    }
    return -1;
}

/* Whole or shortened. */
static int name(cursor *c, const char *const *names, int count)
{
    int i = kw_date_name(c, names, count, false);
    return i >= 0 ? i : kw_date_name(c, names, count, true);
}

int kw_date_full_year(int year, int digits)
{
    return digits > 2 ? year : year < 50 ? year + 2000 : year + 1900;
}

/* Up to seven digits of a fraction as ticks. */
static int fraction(cursor *c)
{
    int value = 0, digits = 0;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        if (digits++ < 7)
            value = value * 10 + (*c->at - '0');
        c->at++;
    }
    for (; digits < 7; digits++)
        value *= 10;
    return value;
}

/* ---- The date -------------------------------------------------------------------------------- */

typedef struct parts {
    kw_date_parts when;
    int weekday; /* as written; -1: not */
} parts;

/* yyyy-M-d and the like with / or . between, M/d/yyyy, M-d-yyyy, yyyy-MM */
static bool numeric_date(cursor *c, kw_date_parts *out)
{
    int first, second, third = 1;
    int digits = kw_date_number(c, 4, &first);
    if ((digits != 4 && (digits < 1 || digits > 2)) || c->at == c->end || strchr("-/.", *c->at) == NULL)
        return false;
    bool year_first = digits == 4;
    char separator = *c->at++;
    if (kw_date_number(c, 2, &second) == 0 || (separator == '.' && !year_first))
        return false;
    bool day_given = kw_date_take(c, separator);
    int more = day_given ? kw_date_number(c, 4, &third) : 0;
    if (year_first) {
        *out = (kw_date_parts){.year = first, .month = second, .day = third};
        return day_given ? more == 1 || more == 2 : separator == '-';
    }
    *out = (kw_date_parts){.year = kw_date_full_year(third, more), .month = first, .day = second};
    return more == 2 || more == 4;
}

static bool space(cursor *c)
{
    const char *before = c->at;
    skip_space(c);
    return c->at != before;
}

/* Day of the month; no more digits may follow. */
static bool day_of_month(cursor *c, int *out)
{
    return kw_date_number(c, 2, out) > 0 && (c->at == c->end || *c->at < '0' || *c->at > '9');
}

/* June 5, 2024; 5 June 2024; Sat, 15 Jun 2024 */
static bool named_date(cursor *c, parts *out)
{
    int day = 0, year, month;
    cursor start = *c;
    out->weekday = name(c, kw_date_day_names, 7);
    bool comma = out->weekday >= 0 && kw_date_take(c, ',');
    if (out->weekday >= 0 && !space(c) && !comma)
        return false;
    cursor before = *c;
    bool day_first = day_of_month(c, &day) && space(c);
    if (!day_first)
        *c = before;
    if ((month = name(c, kw_date_month_names, 12)) < 0) {
        *c = start;
        return false;
    }
    if (!day_first && (!space(c) || !day_of_month(c, &day)))
        return false;
    comma = kw_date_take(c, ',');
    if (!space(c) && !comma)
        return false;
    int digits = kw_date_number(c, 4, &year);
    out->when = (kw_date_parts){.year = kw_date_full_year(year, digits), .month = month + 1, .day = day};
    return digits == 2 || digits == 4;
}

/* ---- The time -------------------------------------------------------------------------------- */

static bool half_of_day(cursor *c, kw_date_parts *out)
{
    skip_space(c);
    if (c->end - c->at < 2 || (c->at[1] != 'M' && c->at[1] != 'm') || strchr("APap", c->at[0]) == NULL)
        return true;
    bool afternoon = c->at[0] == 'P' || c->at[0] == 'p';
    c->at += 2;
    if (afternoon)
        out->hour += out->hour < 12 ? 12 : 0;
    else if (out->hour > 12)
        return false;
    else
        out->hour %= 12;
    return true;
}

static bool time_of_day(cursor *c, kw_date_parts *out)
{
    if (kw_date_number(c, 2, &out->hour) == 0)
        return false;
    bool minutes = kw_date_take(c, ':');
    if (minutes && kw_date_number(c, 2, &out->minute) == 0)
        return false;
    if (minutes && kw_date_take(c, ':')) {
        if (kw_date_number(c, 2, &out->second) == 0)
            return false;
        if (kw_date_take(c, '.'))
            out->fraction = fraction(c);
    }
    const char *before = c->at;
    if (!half_of_day(c, out))
        return false;
    skip_space(c);
    return minutes || c->at != before; /* a bare hour needs its AM or PM */
}

/* Z, GMT or +hh:mm: *shift is what to add to get local time; false: malformed. */
static bool zone(cursor *c, bool *given, int *offset)
{
    skip_space(c);
    *given = true;
    *offset = 0;
    if (kw_date_take(c, 'Z'))
        return true;
    if (c->end - c->at >= 3 && strncmp(c->at, "GMT", 3) == 0) {
        c->at += 3;
        return true;
    }
    bool minus = c->at < c->end && *c->at == '-';
    int hours, minutes = 0;
    if (!minus && !(c->at < c->end && *c->at == '+')) {
        *given = false;
        return true;
    }
    c->at++;
    if (kw_date_number(c, 2, &hours) == 0)
        return false;
    if (kw_date_take(c, ':') && kw_date_number(c, 2, &minutes) == 0)
        return false;
    *offset = (hours * 60 + minutes) * (minus ? -1 : 1);
    return hours <= 14 && minutes <= 59;
}

int64_t kw_date_local(int64_t ticks, int offset)
{
    int64_t utc = ticks - offset * INT64_C(60) * KW_TICKS_PER_SECOND;
    return utc + kw_date_utc_offset(utc) * INT64_C(60) * KW_TICKS_PER_SECOND;
}

int kw_date_weekday(int64_t ticks)
{
    assert(ticks >= 0);
    return (int)((ticks / KW_TICKS_PER_DAY + 1) % 7); /* 0001-01-01 was a Monday */
}

bool kw_date_parse(const char *text, size_t size, int64_t *ticks)
{
    cursor c = {.at = text, .end = text + size};
    parts read = {.weekday = -1};
    skip_space(&c);
    cursor start = c;
    if (!numeric_date(&c, &read.when)) {
        c = start;
        if (!named_date(&c, &read))
            return false;
    }
    bool zoned = false, time = kw_date_take(&c, 'T') || (space(&c) && c.at < c.end);
    int offset = 0;
    if (time && (!time_of_day(&c, &read.when) || !zone(&c, &zoned, &offset)))
        return false;
    skip_space(&c);
    assert(c.at <= c.end); /* whatever was taken: names, AM and PM, zones */
    if (c.at != c.end || !kw_date_ticks(&read.when, ticks) ||
        (read.weekday >= 0 && read.weekday != kw_date_weekday(*ticks)))
        return false;
    if (zoned)
        *ticks = kw_date_local(*ticks, offset);
    return *ticks >= 0 && *ticks <= KW_MAX_TICKS;
}
