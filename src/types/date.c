/* date.c - see date.h. */
#include "config.h"

#include "types/date.h"

#include <assert.h>
#include <time.h>

#include "vm/object.h"

enum { DAYS_PER_ERA = 146097, MINUTES_PER_DAY = 1440 };

/* ---- Calendar ------------------------------------------ */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int kw_date_days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    assert(month >= 1 && month <= 12);
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 0001-01-01; years are counted from March, so that the leap day is the last one of a
 * year. */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = y / 400, of_era = y % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * DAYS_PER_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 306;
}

void kw_date_parts_of(int64_t ticks, kw_date_parts *out)
{
    assert(ticks >= 0); /* divisions below round down only then */
    int64_t days = ticks / KW_TICKS_PER_DAY, of_day = ticks % KW_TICKS_PER_DAY;
    int64_t shifted = days + 306, era = shifted / DAYS_PER_ERA, of_era = shifted % DAYS_PER_ERA;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;
    int64_t seconds = of_day / KW_TICKS_PER_SECOND;
    out->day = (int)(of_year - (153 * m + 2) / 5 + 1);
    out->month = (int)(m < 10 ? m + 3 : m - 9);
    out->year = y + era * 400 + (out->month <= 2 ? 1 : 0);
    out->hour = (int)(seconds / 3600);
    out->minute = (int)(seconds / 60 % 60);
    out->second = (int)(seconds % 60);
    out->fraction = (int)(of_day % KW_TICKS_PER_SECOND);
    out->weekday = (int)((days + 1) % 7); /* 0001-01-01 was a Monday */
    out->yearday = (int)(days - days_from_civil(out->year, 1, 1)) + 1;
    assert(out->month >= 1 && out->month <= 12 && out->day >= 1 &&
           out->day <= kw_date_days_in_month(out->year, out->month));
    assert(out->yearday >= 1 && out->yearday <= 366);
}

bool kw_date_ticks(const kw_date_parts *c, int64_t *ticks)
{
    if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > kw_date_days_in_month(c->year, c->month) || c->hour < 0 || c->hour > 23 || c->minute < 0 ||
        c->minute > 59 || c->second < 0 || c->second > 59 || c->fraction < 0 || c->fraction >= KW_TICKS_PER_SECOND)
        return false;
    int64_t seconds = c->hour * INT64_C(3600) + c->minute * INT64_C(60) + c->second;
    *ticks = days_from_civil(c->year, c->month, c->day) * KW_TICKS_PER_DAY + seconds * KW_TICKS_PER_SECOND +
             c->fraction;
    assert(*ticks >= 0 && *ticks <= KW_MAX_TICKS);
    return true;
}

int kw_date_utc_offset(int64_t ticks)
{
    time_t when = (time_t)((ticks - KW_EPOCH_TICKS) / KW_TICKS_PER_SECOND);
    struct tm local, utc;
    if (localtime_r(&when, &local) == NULL || gmtime_r(&when, &utc) == NULL)
        return 0;
    int days = local.tm_year != utc.tm_year ? (local.tm_year > utc.tm_year ? 1 : -1) : local.tm_yday - utc.tm_yday;
    return days * MINUTES_PER_DAY + (local.tm_hour - utc.tm_hour) * 60 + local.tm_min - utc.tm_min;
}

kw_value kw_date_here(int64_t ticks)
{
    int64_t local = ticks + kw_date_utc_offset(ticks) * INT64_C(60) * KW_TICKS_PER_SECOND;
    return kw_date(local < 0 ? 0 : local > KW_MAX_TICKS ? KW_MAX_TICKS : local);
}

kw_value kw_date_since_epoch(int64_t seconds, int64_t nanoseconds)
{
    assert(nanoseconds >= 0 && nanoseconds < 1000000000);
    const int64_t least = -KW_EPOCH_TICKS / KW_TICKS_PER_SECOND;
    const int64_t most = (KW_MAX_TICKS - KW_EPOCH_TICKS) / KW_TICKS_PER_SECOND;
    if (seconds < least || seconds > most)
        return kw_date(seconds < 0 ? 0 : KW_MAX_TICKS);
    return kw_date_here(KW_EPOCH_TICKS + seconds * KW_TICKS_PER_SECOND + nanoseconds / 100);
}

kw_value kw_date_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return kw_date_since_epoch((int64_t)ts.tv_sec, ts.tv_nsec);
}
