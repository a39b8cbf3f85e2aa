/* time.c - packages time and date: parts of dates and arithmetic on them
 * (packages.md, "time and date").
 *
 * The functions of package date are methods of dates. */
#include "config.h"

#include <math.h>
#include <time.h>

#include "packages/operand.h"
#include "packages/packages.h"
#include "types/types.h"

/* ---- Parts ------------------------------------------ */

/* The parts of operand 0; with `or_now` a missing date is the present time.  false: thrown. */
static bool parts_of(kw_vm *vm, const kw_call *call, const char *native, bool or_now, kw_civil *out)
{
    kw_value v = kp_operand(call, 0);
    if (or_now && kw_is(v, KW_NULL))
        v = kw_date_now();
    else if (!kp_operand_is(vm, call, 0, KW_DATE, native))
        return false;
    kw_civil_of(v.as.i, out);
    return true;
}

/* X(function, internal name, without an argument the present time?, value) */
#define PARTS(X)                                                                                   \
    X(year, "__time_year__", true, kw_int(c.year))                                                 \
    X(month, "__time_month__", true, kw_int(c.month))                                              \
    X(day, "__time_monthday__", false, kw_int(c.day))                                              \
    X(hour, "__time_hour__", true, kw_int(c.hour))                                                 \
    X(minute, "__time_minute__", true, kw_int(c.minute))                                           \
    X(second, "__time_second__", true, kw_int(c.second))                                           \
    X(millisecond, "__time_millisecond__", true, kw_int(c.fraction / KW_TICKS_PER_MS))             \
    X(weekday, "__time_weekday__", false, kw_int(c.weekday))                                       \
    X(yearday, "__time_yearday__", false, kw_int(c.yearday))                                       \
    X(ampm, "__time_ampm__", false, kw_string_c(vm, c.hour < 12 ? "AM" : "PM"))

#define PART(name, native, or_now, expression)                                                     \
    static kw_result time_##name(kw_vm *vm, kw_call *call)                                         \
    {                                                                                              \
        kw_civil c;                                                                                \
        return parts_of(vm, call, native, or_now, &c) ? kw_return(call, expression) : KW_THROWN;   \
    }
PARTS(PART)

/* Does summer time hold then, where the program runs? */
static kw_result time_isdst(kw_vm *vm, kw_call *call)
{
    kw_civil c;
    if (!parts_of(vm, call, "__time_isdst__", false, &c))
        return KW_THROWN;
    struct tm local = {.tm_year = (int)c.year - 1900,
                       .tm_mon = c.month - 1,
                       .tm_mday = c.day,
                       .tm_hour = c.hour,
                       .tm_min = c.minute,
                       .tm_sec = c.second,
                       .tm_isdst = -1};
    return kw_return(call, kw_bool(mktime(&local) != (time_t)-1 && local.tm_isdst > 0));
}

/* ---- Arithmetic ------------------------------------------ */

static kw_result give_date(kw_vm *vm, kw_call *call, bool ok, int64_t ticks)
{
    if (!ok || ticks < 0 || ticks > KW_MAX_TICKS)
        return kw_throw(vm, "InvalidOperationError", "Invalid date expression.");
    return kw_return(call, kw_date(ticks));
}

/* Operand 0 plus operand 1 times `unit` ticks. */
static kw_result add_ticks(kw_vm *vm, kw_call *call, const char *native, int64_t unit)
{
    double n;
    if (!kp_operand_is(vm, call, 0, KW_DATE, native) || !kp_operand_number(vm, call, 1, native, &n))
        return KW_THROWN;
    kw_value amount = kp_operand(call, 1);
    double most = (double)(KW_MAX_TICKS / unit);
    bool ok = n >= -most && n <= most; /* also false for NaN */
    int64_t ticks = !ok                     ? 0
                    : kw_is(amount, KW_INT) ? amount.as.i * unit
                                            : (int64_t)llround(n * (double)unit);
    return give_date(vm, call, ok, kp_operand(call, 0).as.i + ticks);
}

/* Operand 0 plus operand 1 times `factor` months; the day is cut to the last one of the month. */
static kw_result add_months(kw_vm *vm, kw_call *call, const char *native, int64_t factor)
{
    double n;
    int64_t ticks = 0;
    if (!kp_operand_is(vm, call, 0, KW_DATE, native) || !kp_operand_number(vm, call, 1, native, &n))
        return KW_THROWN;
    int64_t count = kw_truncate(n);
    if (count > 200000 || count < -200000)
        return give_date(vm, call, false, 0);
    kw_civil c;
    kw_civil_of(kp_operand(call, 0).as.i, &c);
    int64_t months = c.year * 12 + c.month - 1 + count * factor;
    if (months < 12)
        return give_date(vm, call, false, 0);
    c.year = months / 12;
    c.month = (int)(months % 12) + 1;
    int last = kw_days_in_month(c.year, c.month);
    c.day = c.day > last ? last : c.day;
    bool ok = kw_civil_ticks(&c, &ticks);
    return give_date(vm, call, ok, ticks);
}

/* X(function, internal name, how, unit) */
#define SUMS(X)                                                                                    \
    X(add_days, "__time_dayadd__", add_ticks, KW_TICKS_PER_DAY)                                    \
    X(add_hours, "__time_houradd__", add_ticks, KW_TICKS_PER_SECOND *INT64_C(3600))                \
    X(add_minutes, "__time_minuteadd__", add_ticks, KW_TICKS_PER_SECOND *INT64_C(60))              \
    X(add_seconds, "__time_secadd__", add_ticks, KW_TICKS_PER_SECOND)                              \
    X(add_milliseconds, "__time_millisecadd__", add_ticks, KW_TICKS_PER_MS)                        \
    X(add_months, "__time_monthadd__", add_months, 1)                                              \
    X(add_years, "__time_yearadd__", add_months, 12)

#define SUM(name, native, how, unit)                                                               \
    static kw_result time_##name(kw_vm *vm, kw_call *call)                                         \
    {                                                                                              \
        return how(vm, call, native, unit);                                                        \
    }
SUMS(SUM)

/* ---- Clock ------------------------------------------ */

static kw_result time_now(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_date_now());
}

static kw_result time_ticks(kw_vm *vm, kw_call *call)
{
    struct timespec now;
    (void)vm;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return kw_return(call, kw_float((double)now.tv_sec * 1e9 + (double)now.tv_nsec));
}

/* Nanoseconds as milliseconds.  An integer counts dates' ticks within their second, as in
 * the reference. */
static kw_result time_ticksms(kw_vm *vm, kw_call *call)
{
    double x;
    if (!kp_operand_number(vm, call, 0, "__time_ticksms__", &x))
        return KW_THROWN;
    kw_value v = kp_operand(call, 0);
    if (kw_is(v, KW_INT))
        return kw_return(call, kw_int(v.as.i % KW_TICKS_PER_SECOND / KW_TICKS_PER_MS));
    return kw_return(call, kw_float(x / 1e6));
}

/* ---- Registration ------------------------------------------ */

#define PART_ROW(name, native, or_now, expression) {#name, time_##name, 1, 1, #name "(t)"},
#define SUM_ROW(name, native, how, unit)           {#name, time_##name, 2, 2, #name "(t, n)"},

void kp_date_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        PARTS(PART_ROW) SUMS(SUM_ROW){"isdst", time_isdst, 1, 1, "isdst(t): in summer time?"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "date", functions);
}

void kp_time_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        PARTS(PART_ROW) SUMS(SUM_ROW){"isdst", time_isdst, 1, 1, "isdst(t): in summer time?"},
        {"now", time_now, 0, 0, "now(): local date and time"},
        {"ticks", time_ticks, 0, 0, "ticks(): nanoseconds of a monotonic clock, a float"},
        {"ticksms", time_ticksms, 1, 1, "ticksms(x): nanoseconds as milliseconds"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "time", functions);
}
