/* globals.c - global functions that need neither the compiler nor other packages (TYPES.md section
 * 22). */
#include "config.h"

#include "types/types.h"

#include <assert.h>
#include <stdlib.h>

#include "types/date.h"
#include "types/give.h"
#include "types/unicode.h"

static kw_result global_typeof(kw_vm *vm, kw_call *call)
{
    return kw_give_string(call, kw_display_typeof(vm, kw_arg(call, 0)));
}

static kw_result global_serialize(kw_vm *vm, kw_call *call)
{
    return kw_give_string(call, kw_display_text(vm, call->args[0]));
}

/* Hexadecimal text with an optional "U+". */
static bool parse_code(const kw_string *s, int64_t *out)
{
    const char *at = s->text;
    if ((at[0] == 'U' || at[0] == 'u') && at[1] == '+')
        at += 2;
    char *end = NULL;
    if (!((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f') || (*at >= 'A' && *at <= 'F')) || at[1] == 'x' ||
        at[1] == 'X')
        return false;
    *out = strtol(at, &end, 16);
    return end == s->text + s->size;
}

static kw_result global_char(kw_vm *vm, kw_call *call)
{
    int64_t code = -1;
    kw_value v = call->args[0];
    bool ok = kw_is(v, KW_INT) || (kw_is(v, KW_STRING) && parse_code(v.as.string, &code));
    if (kw_is(v, KW_INT))
        code = v.as.i;
    if (!ok || code < 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return kw_throw(vm, "ValueError", "Expected a valid code point.");
    char out[4];
    size_t size = kw_text_encode((uint32_t)code, out);
    assert(size >= 1 && size <= sizeof(out));
    return kw_give_string(call, kw_string_valid(vm, out, size, 1));
}

static kw_result global_d(kw_vm *vm, kw_call *call)
{
    int64_t part[7] = {1, 1, 1, 0, 0, 0, 0}, ticks = 0;
    if (call->argc == 0)
        return kw_return(call, kw_date_now());
    kw_value first = call->args[0];
    if (kw_is(first, KW_STRING)) {
        if (!kw_date_parse(first.as.string->text, first.as.string->size, &ticks))
            ticks = 0;
        return kw_return(call, kw_date(ticks));
    }
    if (call->argc > 7)
        return kw_throw_count(vm, "d", -1, call->argc);
    for (uint32_t i = 0; i < call->argc; i++) {
        if (!kw_is_number(call->args[i]))
            return kw_throw_param(vm, "d", i, "Number", call->args[i]);
        part[i] = kw_arith_whole(call->args[i]);
        if (part[i] < 0 || part[i] > 9999) /* no part may be that large: an impossible date */
            return kw_return(call, kw_date(0));
    }
    kw_date_parts c = {.year = part[0],
                       .month = (int)part[1],
                       .day = (int)part[2],
                       .hour = (int)part[3],
                       .minute = (int)part[4],
                       .second = (int)part[5],
                       .fraction = (int)part[6] * KW_TICKS_PER_MS};
    if (!kw_date_ticks(&c, &ticks))
        ticks = 0;
    return kw_return(call, kw_date(ticks));
}

/* clang-format off */
const kw_native_def kw_global_functions[] = {
    {"typeof(value: any = null): string", global_typeof, "The name of a value's type.",
     "println typeof([1, 2])  # => list", NULL, KW_CHECK_NONE},
    {"serialize(value: any): string", global_serialize, "The value as text, which `deserialize` can read.",
     "println serialize({a: [1, \"b\"]})  # => {\"a\": [1, \"b\"]}", "deserialize" /* wrong as it is */},
    {"char(code: integer|string): string", global_char,
     "The character of a code point: an integer, or hexadecimal digits with or without `U+`.",
     "println char(65)  # => A\nprintln char(\"U+00E9\")  # => é", NULL, KW_CHECK_COUNT},
    {"d(year: number|string = null, month: number = 1, day: number = 1, hour: number = 0, minute: number = 0, "
     "second: number = 0, millisecond: number = 0): date", global_d,
     "The date of its parts, or of a text in place of the year; now, without arguments.  An impossible date is the "
     "zero date.",
     "println d(2024, 3, 5)  # => 03/05/2024 00:00:00\nprintln d(\"5 March 2024\")  # => 03/05/2024 00:00:00", NULL,
     KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */
