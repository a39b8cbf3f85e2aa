/* time.c - packages time and date: parts of dates and arithmetic on them
 * (PACKAGES.md, "time and date").
 *
 * The functions of package date are methods of dates. */
#include "config.h"

#include <math.h>
#include <time.h>

#include "packages/package.h"
#include "types/date.h"

/* ---- Parts ------------------------------------------ */

/* The parts of operand 0; a missing date is the present time. */
static kw_date_parts parts_of(const kw_call *call)
{
    kw_date_parts c;
    kw_value v = kw_native_operand(call, 0);
    kw_date_parts_of(kw_is(v, KW_NULL) ? kw_date_now().as.i : v.as.i, &c);
    return c;
}

/* X(function, internal name, value, sentence, what it is of 2026-05-17 13:45:30) */
#define PARTS(X)                                                                                                       \
    X(year, "__time_year__", kw_int(c.year), "The year.", "2026")                                                      \
    X(month, "__time_month__", kw_int(c.month), "The month, 1 to 12.", "5")                                            \
    X(day, "__time_monthday__", kw_int(c.day), "The day of the month.", "17")                                          \
    X(hour, "__time_hour__", kw_int(c.hour), "The hour, 0 to 23.", "13")                                               \
    X(minute, "__time_minute__", kw_int(c.minute), "The minute, 0 to 59.", "45")                                       \
    X(second, "__time_second__", kw_int(c.second), "The second, 0 to 59.", "30")                                       \
    X(millisecond, "__time_millisecond__", kw_int(c.fraction / KW_TICKS_PER_MS), "The millisecond, 0 to 999.", "0")    \
    X(weekday, "__time_weekday__", kw_int(c.weekday), "The day of the week; 0 is Sunday.", "0")                        \
    X(yearday, "__time_yearday__", kw_int(c.yearday), "The day of the year, from 1 on.", "137")

#define PART(name, native, expression, about, of_example)                                                              \
    static kw_result time_##name(kw_vm *vm, kw_call *call)                                                             \
    {                                                                                                                  \
        kw_date_parts c = parts_of(call);                                                                              \
        (void)vm;                                                                                                      \
        return kw_return(call, expression);                                                                            \
    }
PARTS(PART)

static kw_result time_ampm(kw_vm *vm, kw_call *call)
{
    kw_date_parts c = parts_of(call);
    return kw_return(call, kw_string_c(vm, c.hour < 12 ? "AM" : "PM"));
}

/* Does summer time hold then, where the program runs? */
static kw_result time_isdst(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_date_parts c = parts_of(call);
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
static kw_result add_ticks(kw_vm *vm, kw_call *call, int64_t unit)
{
    kw_value amount = kw_native_operand(call, 1);
    double n = kw_to_double(amount);
    double most = (double)(KW_MAX_TICKS / unit);
    bool ok = n >= -most && n <= most; /* also false for NaN */
    int64_t ticks = !ok ? 0 : kw_is(amount, KW_INT) ? amount.as.i * unit : (int64_t)llround(n * (double)unit);
    return give_date(vm, call, ok, kw_native_operand(call, 0).as.i + ticks);
}

/* Operand 0 plus operand 1 times `factor` months; the day is cut to the last one of the month. */
static kw_result add_months(kw_vm *vm, kw_call *call, int64_t factor)
{
    int64_t ticks = 0;
    int64_t count = kw_arith_truncate(kw_to_double(kw_native_operand(call, 1)));
    if (count > 200000 || count < -200000)
        return give_date(vm, call, false, 0);
    kw_date_parts c;
    kw_date_parts_of(kw_native_operand(call, 0).as.i, &c);
    int64_t months = c.year * 12 + c.month - 1 + count * factor;
    if (months < 12)
        return give_date(vm, call, false, 0);
    c.year = months / 12;
    c.month = (int)(months % 12) + 1;
    int last = kw_date_days_in_month(c.year, c.month);
    c.day = c.day > last ? last : c.day;
    bool ok = kw_date_ticks(&c, &ticks);
    return give_date(vm, call, ok, ticks);
}

/* X(function, internal name, how, unit, what is added, 2026-05-17 13:45:30 plus 2 of them) */
#define SUMS(X)                                                                                                        \
    X(add_days, "__time_dayadd__", add_ticks, KW_TICKS_PER_DAY, "days", "05/19/2026 13:45:30")                         \
    X(add_hours, "__time_houradd__", add_ticks, KW_TICKS_PER_SECOND *INT64_C(3600), "hours", "05/17/2026 15:45:30")    \
    X(add_minutes, "__time_minuteadd__", add_ticks, KW_TICKS_PER_SECOND *INT64_C(60), "minutes",                       \
      "05/17/2026 13:47:30")                                                                                           \
    X(add_seconds, "__time_secadd__", add_ticks, KW_TICKS_PER_SECOND, "seconds", "05/17/2026 13:45:32")                \
    X(add_milliseconds, "__time_millisecadd__", add_ticks, KW_TICKS_PER_MS, "milliseconds", "05/17/2026 13:45:30")     \
    X(add_months, "__time_monthadd__", add_months, 1, "months", "07/17/2026 13:45:30")                                 \
    X(add_years, "__time_yearadd__", add_months, 12, "years", "05/17/2028 13:45:30")

#define SUM(name, native, how, unit, added, of_example)                                                                \
    static kw_result time_##name(kw_vm *vm, kw_call *call)                                                             \
    {                                                                                                                  \
        return how(vm, call, unit);                                                                                    \
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

/* The primitive also gives the ticks of a date. */
static kw_result primitive_ticks(kw_vm *vm, kw_call *call)
{
    if (call->argc == 0)
        return time_ticks(vm, call);
    return kw_return(call, kw_int(call->args[0].as.i));
}

/* Nanoseconds as milliseconds.  An integer counts dates' ticks within their second, as in
 * Kiwi 1.4.3. */
static kw_result time_ticksms(kw_vm *vm, kw_call *call)
{
    (void)vm;
    kw_value v = kw_native_operand(call, 0);
    if (kw_is(v, KW_INT))
        return kw_return(call, kw_int(v.as.i % KW_TICKS_PER_SECOND / KW_TICKS_PER_MS));
    return kw_return(call, kw_float(v.as.f / 1e6));
}

/* ---- The packages ------------------------------------------ */

#define SETUP "t = d(2026, 5, 17, 13, 45, 30)"

/* Rows of package `in`; those of date have the internal names, by which they are primitives, too. */
#define PART_ROW(in, name, native, about, of_example)                                                                  \
    {#name "(t: date = null): integer", time_##name, about " Now, where t is missing.",                                \
     "println " in "::" #name "(t)  # => " of_example, native},
#define SUM_ROW(in, name, native, added, of_example)                                                                   \
    {#name "(t: date, n: number): date", time_##name, "The date with n " added " added; n may be negative.",           \
     "println " in "::" #name "(t, 2)  # => " of_example, native},
#define OTHER_ROWS(in, arity)                                                                                          \
    {"ampm(t: date = null): string", time_ampm, "AM or PM.", "println " in "::ampm(t)  # => PM",                       \
     "__time_ampm__" arity},                                                                                           \
        {"isdst(t: date = null): boolean", time_isdst, "Does summer time hold then, where the program runs?",          \
         "println typeof(" in "::isdst(t))  # => boolean", "__time_isdst__" arity},

#define DATE_PART(name, native, expression, about, of_example) PART_ROW("date", name, native "/0-1", about, of_example)
#define TIME_PART(name, native, expression, about, of_example) PART_ROW("time", name, native, about, of_example)
#define DATE_SUM(name, native, how, unit, added, of_example)   SUM_ROW("date", name, native "/2", added, of_example)
#define TIME_SUM(name, native, how, unit, added, of_example)   SUM_ROW("time", name, native, added, of_example)

/* clang-format off */
static const kw_native_def date_functions[] = {
    PARTS(DATE_PART) SUMS(DATE_SUM) OTHER_ROWS("date", "/0-1")
    {NULL},
};
/* clang-format on */

/* clang-format off */
static const kw_native_def time_functions[] = {
    PARTS(TIME_PART) SUMS(TIME_SUM) OTHER_ROWS("time", "")
    {"now(): date", time_now, "The local date and time.", "println typeof(time::now())  # => date",
     "__time_now__/0"},
    {"ticks(): float", time_ticks, "Nanoseconds of a clock that only goes forward.",
     "println time::ticks() > 0  # => true"},
    {"ticksms(x: number): number", time_ticksms, "Nanoseconds as milliseconds.",
     "println time::ticksms(5000000.0)  # => 5", "__time_ticksms__/1"},
    {NULL},
};
/* clang-format on */

/* clang-format off */
static const kw_native_def time_globals[] = {
    {"__time_ticks__(t: date = null): number", primitive_ticks, "time::ticks(), or the ticks of a date.", NULL,
     "__time_ticks__/0-1"},
    {NULL},
};
/* clang-format on */

const kp_package kp_date = {
    .name = "date",
    .about = "Parts of dates, and arithmetic on them.",
    .functions = date_functions,
    .setup = SETUP,
};

const kp_package kp_time = {
    .name = "time",
    .about = "The clock, and what package date has.",
    .functions = time_functions,
    .globals = time_globals,
    .setup = SETUP,
};
