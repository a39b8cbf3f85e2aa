/* date_parse.c - text to dates, in the invariant culture or by an exact pattern (types.md section
 * 14). */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "types/date_names.h"
#include "types/types.h"

typedef struct cursor {
    const char *at, *end;
} cursor;

/* ---- Small parts ----------------------------------------------------------------------------- */

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || (*c->at >= '\t' && *c->at <= '\r')))
        c->at++;
}

static bool take(cursor *c, char what)
{
    if (c->at == c->end || *c->at != what)
        return false;
    c->at++;
    return true;
}

/* A number of at most `most` digits; returns how many there were. */
static int number(cursor *c, int most, int *out)
{
    int digits = 0;
    *out = 0;
    while (digits < most && c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        *out = *out * 10 + (*c->at++ - '0');
        digits++;
    }
    return digits;
}

/* A name of the table, whole or its first three letters: its number, or -1. */
static int name(cursor *c, const char *const *names, int count)
{
    size_t left = (size_t)(c->end - c->at);
    for (int i = 0; i < count; i++) {
        size_t size = strlen(names[i]);
        if (left < size || strncasecmp(c->at, names[i], size) != 0)
            size = 3;
        if (left >= size && strncasecmp(c->at, names[i], size) == 0) {
            c->at += size;
            return i;
        }
    }
    return -1;
}

static int full_year(int year, int digits)
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

/* yyyy-M-d with - / or ., M/d/yyyy, M-d-yyyy, yyyy-MM */
static bool numeric_date(cursor *c, kw_civil *out)
{
    int first, second, third = 1;
    int digits = number(c, 4, &first);
    if (digits == 0 || c->at == c->end || strchr("-/.", *c->at) == NULL)
        return false;
    char separator = *c->at++;
    if (number(c, 2, &second) == 0)
        return false;
    int more = take(c, separator) ? number(c, 4, &third) : -1;
    if (more == 0 || (more < 0 && digits != 4))
        return false;
    if (digits >= 3) {
        *out = (kw_civil){.year = first, .month = second, .day = third};
        return more <= 2;
    }
    *out = (kw_civil){.year = full_year(third, more), .month = first, .day = second};
    return true;
}

/* June 5, 2024; 5 June 2024; Sat, 15 Jun 2024 */
static bool named_date(cursor *c, kw_civil *out)
{
    int day = 0, year, month;
    cursor start = *c;
    if (name(c, kw_day_names, 7) >= 0) {
        (void)take(c, ',');
        skip_space(c);
    } else {
        *c = start;
    }
    bool day_first = number(c, 2, &day) > 0;
    skip_space(c);
    if ((month = name(c, kw_month_names, 12)) < 0)
        return false;
    skip_space(c);
    if (!day_first && number(c, 2, &day) == 0)
        return false;
    (void)take(c, ',');
    skip_space(c);
    int digits = number(c, 4, &year);
    *out = (kw_civil){.year = full_year(year, digits), .month = month + 1, .day = day};
    return digits > 0;
}

/* ---- The time -------------------------------------------------------------------------------- */

static bool half_of_day(cursor *c, kw_civil *out)
{
    skip_space(c);
    if (c->end - c->at < 2 || (c->at[1] != 'M' && c->at[1] != 'm'))
        return true;
    char half = c->at[0];
    if (strchr("APap", half) == NULL)
        return true;
    c->at += 2;
    if (out->hour < 1 || out->hour > 12)
        return false;
    out->hour = out->hour % 12 + (half == 'P' || half == 'p' ? 12 : 0);
    return true;
}

static bool time_of_day(cursor *c, kw_civil *out)
{
    if (number(c, 2, &out->hour) == 0)
        return false;
    bool minutes = take(c, ':');
    if (minutes && number(c, 2, &out->minute) == 0)
        return false;
    if (minutes && take(c, ':')) {
        if (number(c, 2, &out->second) == 0)
            return false;
        if (take(c, '.'))
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
    if (take(c, 'Z'))
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
    if (number(c, 2, &hours) == 0)
        return false;
    if (take(c, ':') && number(c, 2, &minutes) == 0)
        return false;
    *offset = (hours * 60 + minutes) * (minus ? -1 : 1);
    return hours <= 14 && minutes <= 59;
}

static bool to_ticks(const kw_civil *c, bool zoned, int offset, int64_t *ticks)
{
    if (!kw_civil_ticks(c, ticks))
        return false;
    if (zoned) {
        int64_t utc = *ticks - offset * INT64_C(60) * KW_TICKS_PER_SECOND;
        *ticks = utc + kw_utc_offset(utc) * INT64_C(60) * KW_TICKS_PER_SECOND;
    }
    return *ticks >= 0 && *ticks <= KW_MAX_TICKS;
}

bool kw_date_parse(const char *text, size_t size, int64_t *ticks)
{
    cursor c = {.at = text, .end = text + size};
    kw_civil parts;
    skip_space(&c);
    cursor start = c;
    if (!numeric_date(&c, &parts)) {
        c = start;
        if (!named_date(&c, &parts))
            return false;
    }
    bool zoned = false;
    int offset = 0;
    if (!take(&c, 'T'))
        skip_space(&c);
    if (c.at < c.end && (!time_of_day(&c, &parts) || !zone(&c, &zoned, &offset)))
        return false;
    skip_space(&c);
    return c.at == c.end && to_ticks(&parts, zoned, offset, ticks);
}

/* ---- Exact patterns -------------------------------------------------------------------------- */

/* A number for a pattern letter that stands `count` times: exactly two digits for two letters, else
 * one or two. */
static bool exact_number(cursor *c, size_t count, int *out)
{
    int digits = number(c, 2, out);
    return count == 1 ? digits >= 1 : digits == 2;
}

static bool exact_year(cursor *c, size_t count, int64_t *out)
{
    int year, digits = number(c, count <= 2 ? 2 : 4, &year);
    *out = full_year(year, digits);
    return count == 1 ? digits > 0 : count == 2 ? digits == 2 : digits == 4;
}

static bool exact_field(cursor *c, char letter, size_t count, kw_civil *out, int *half)
{
    int month;
    switch (letter) {
    case 'y': return exact_year(c, count, &out->year);
    case 'M':
        if (count <= 2)
            return exact_number(c, count, &out->month);
        month = name(c, kw_month_names, 12);
        out->month = month + 1;
        return month >= 0;
    case 'd': return count <= 2 ? exact_number(c, count, &out->day) : name(c, kw_day_names, 7) >= 0;
    case 'H':
    case 'h': return exact_number(c, count, &out->hour);
    case 'm': return exact_number(c, count, &out->minute);
    case 's': return exact_number(c, count, &out->second);
    case 'f':
    case 'F': out->fraction = fraction(c); return true;
    case 't':
        if (c->at == c->end || strchr("APap", *c->at) == NULL)
            return false;
        *half = *c->at == 'P' || *c->at == 'p' ? 2 : 1;
        c->at += count == 1 || c->end - c->at < 2 ? 1 : 2;
        return true;
    default: return false;
    }
}

bool kw_date_parse_exact(const char *text, size_t size, const char *format, size_t format_size,
                         int64_t *ticks)
{
    cursor c = {.at = text, .end = text + size};
    kw_civil parts = {.year = 1, .month = 1, .day = 1};
    int half = 0;
    for (size_t i = 0; i < format_size;) {
        char letter = format[i];
        size_t count = 1;
        if (letter == '\'' || letter == '"') {
            for (i++; i < format_size && format[i] != letter; i++)
                if (!take(&c, format[i]))
                    return false;
            i++;
            continue;
        }
        if (strchr("yMdHhmsfFt", letter) == NULL || letter == '\0') {
            if (!take(&c, letter))
                return false;
            i++;
            continue;
        }
        while (i + count < format_size && format[i + count] == letter)
            count++;
        if (!exact_field(&c, letter, count, &parts, &half))
            return false;
        i += count;
    }
    if (half != 0 && (parts.hour < 1 || parts.hour > 12))
        return false;
    if (half != 0)
        parts.hour = parts.hour % 12 + (half == 2 ? 12 : 0);
    return c.at == c.end && kw_civil_ticks(&parts, ticks);
}
