/* date_methods.c - methods of dates (TYPES.md section 14); those of the package date are in
 * src/packages/time.c. */
#include "config.h"

#include "types/types.h"

#include "types/date.h"

#define PART(name, expression)                                                                                         \
    static kw_result date_##name(kw_vm *vm, kw_call *call)                                                             \
    {                                                                                                                  \
        (void)vm;                                                                                                      \
        kw_date_parts c;                                                                                               \
        kw_date_parts_of(call->self.as.i, &c);                                                                         \
        return kw_return(call, kw_int(expression));                                                                    \
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
    (void)vm;
    int64_t a = call->args[0].as.i, b = call->args[1].as.i, d = call->self.as.i;
    return kw_return(call, kw_bool(a <= b ? d >= a && d <= b : d >= b && d <= a));
}

/* clang-format off */
const kw_native_def kw_date_methods[] = {
    {"year(): integer", date_year, "The year.",
     "println d(2024, 3, 5).year()  # => 2024"},
    {"month(): integer", date_month, "The month, 1 to 12.",
     "println d(2024, 3, 5).month()  # => 3"},
    {"day(): integer", date_day, "The day of the month, from 1.",
     "println d(2024, 3, 5).day()  # => 5"},
    {"hour(): integer", date_hour, "The hour, 0 to 23.",
     "println d(2024, 3, 5, 14, 7).hour()  # => 14"},
    {"minute(): integer", date_minute, "The minute, 0 to 59.",
     "println d(2024, 3, 5, 14, 7).minute()  # => 7"},
    {"second(): integer", date_second, "The second, 0 to 59.",
     "println d(2024, 3, 5, 14, 7, 9).second()  # => 9"},
    {"millisecond(): integer", date_millisecond, "The thousandths of the second, 0 to 999.",
     "println d(2024, 3, 5, 14, 7, 9, 45).millisecond()  # => 45"},
    {"between(a: date, b: date): boolean", date_between, "Is it `a`, `b` or between them, whichever comes first?",
     "println d(2024, 3, 5).between(d(2024), d(2025))  # => true"},
    {NULL},
};
/* clang-format on */
