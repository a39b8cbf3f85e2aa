/* date.c - dates: 100 ns ticks since 0001-01-01, calendar arithmetic, accessors (types.md section
 * 14). */
#include "config.h"

#include <time.h>

#include "types/types.h"

enum { DAYS_PER_ERA = 146097, MINUTES_PER_DAY = 1440 };

/* ---- Calendar ------------------------------------------ */

static bool is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int kw_days_in_month(int64_t year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
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

void kw_civil_of(int64_t ticks, kw_civil *out)
{
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
}

bool kw_civil_ticks(const kw_civil *c, int64_t *ticks)
{
    if (c->year < 1 || c->year > 9999 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > kw_days_in_month(c->year, c->month) || c->hour < 0 || c->hour > 23 ||
        c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 59 || c->fraction < 0 ||
        c->fraction >= KW_TICKS_PER_SECOND)
        return false;
    int64_t seconds = c->hour * INT64_C(3600) + c->minute * INT64_C(60) + c->second;
    *ticks = days_from_civil(c->year, c->month, c->day) * KW_TICKS_PER_DAY +
             seconds * KW_TICKS_PER_SECOND + c->fraction;
    return true;
}

int kw_utc_offset(int64_t ticks)
{
    time_t when = (time_t)((ticks - KW_EPOCH_TICKS) / KW_TICKS_PER_SECOND);
    struct tm local, utc;
    if (localtime_r(&when, &local) == NULL || gmtime_r(&when, &utc) == NULL)
        return 0;
    int days = local.tm_year != utc.tm_year ? (local.tm_year > utc.tm_year ? 1 : -1)
                                            : local.tm_yday - utc.tm_yday;
    return days * MINUTES_PER_DAY + (local.tm_hour - utc.tm_hour) * 60 + local.tm_min - utc.tm_min;
}

/* ---- Methods: those of package date are in src/packages/time.c ------------------------------- */

kw_result kw_string_to_date(kw_vm *vm, kw_call *call)
{
    kw_string *text = call->self.as.string, *format = NULL;
    int64_t ticks = 0;
    if (!kw_argc_in(vm, call, 0, 1))
        return KW_THROWN;
    if (call->argc == 1) {
        if (!kw_is(call->args[0], KW_STRING))
            return kw_throw(vm, "InvalidOperationError", "Invalid date expression.");
        format = call->args[0].as.string;
    }
    bool ok = format == NULL
                  ? kw_date_parse(text->text, text->size, &ticks)
                  : kw_date_parse_exact(text->text, text->size, format->text, format->size, &ticks);
    return kw_return(call, kw_date(ok ? ticks : 0));
}

/* The parts of the receiver; false: thrown. */
static bool parts_of(kw_vm *vm, kw_call *call, kw_civil *out)
{
    if (!kw_argc_is(vm, call, 0))
        return false;
    kw_civil_of(call->self.as.i, out);
    return true;
}

#define PART(name, expression)                                                                     \
    static kw_result date_##name(kw_vm *vm, kw_call *call)                                         \
    {                                                                                              \
        kw_civil c;                                                                                \
        return parts_of(vm, call, &c) ? kw_return(call, kw_int(expression)) : KW_THROWN;           \
    }
PART(year, c.year)
PART(month, c.month)
PART(day, c.day)
PART(hour, c.hour)
PART(minute, c.minute)
PART(second, c.second)
PART(millisecond, c.fraction / KW_TICKS_PER_MS)

static kw_result date_between(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 2) || !kw_arg_is(vm, call, 0, KW_DATE) ||
        !kw_arg_is(vm, call, 1, KW_DATE))
        return KW_THROWN;
    int64_t a = call->args[0].as.i, b = call->args[1].as.i, d = call->self.as.i;
    return kw_return(call, kw_bool(a <= b ? d >= a && d <= b : d >= b && d <= a));
}

void kw_date_register(kw_vm *vm)
{
    static const kw_native_def methods[] = {
        {"year", date_year, 0, 0, "the year"},
        {"month", date_month, 0, 0, "1 to 12"},
        {"day", date_day, 0, 0, "day of the month"},
        {"hour", date_hour, 0, 0, "0 to 23"},
        {"minute", date_minute, 0, 0, "0 to 59"},
        {"second", date_second, 0, 0, "0 to 59"},
        {"millisecond", date_millisecond, 0, 0, "0 to 999"},
        {"between", date_between, 2, 2, "inclusive, in either order"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_methods(vm, KW_DATE, methods);
}
