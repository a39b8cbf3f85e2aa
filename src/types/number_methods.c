/* number_methods.c - methods of integers and floats (TYPES.md section 8). */
#include "config.h"

#include "types/number_methods.h"

#include <math.h>

#include "types/bytes_methods.h"
#include "types/types.h"

static kw_result number_between(kw_vm *vm, kw_call *call)
{
    (void)vm;
    double n = kw_to_double(call->self);
    double a = kw_to_double(call->args[0]), b = kw_to_double(call->args[1]);
    return kw_return(call, kw_bool(fmin(a, b) <= n && n <= fmax(a, b)));
}

static kw_result throw_crossed(kw_vm *vm, double low, double high)
{
    char a[32], b[32];
    size_t a_size = kw_display_double(low, a), b_size = kw_display_double(high, b);
    return kw_throw(vm, "InvalidOperationError", "'%.*s' cannot be greater than %.*s.", (int)a_size, a, (int)b_size, b);
}

bool kw_number_clamp_takes(kw_vm *vm, uint32_t count)
{
    if (count != 2 && count != 3)
        (void)kw_throw_count(vm, "clamp", 2, count);
    return count == 2 || count == 3;
}

/* Two arguments are the limits for the receiver; with three, the first is the value.  The positions
 * in texts are those of the form with three. */
static kw_result number_clamp(kw_vm *vm, kw_call *call)
{
    if (!kw_number_clamp_takes(vm, call->argc))
        return KW_THROWN;
    kw_value v[3] = {call->self, call->args[call->argc - 2], call->args[call->argc - 1]};
    if (call->argc == 3)
        v[0] = call->args[0];
    for (unsigned i = 0; i < 3; i++)
        if (!kw_is_number(v[i]))
            return kw_throw_param(vm, "clamp", i, "Number", v[i]);
    double n = kw_to_double(v[0]), low = kw_to_double(v[1]), high = kw_to_double(v[2]);
    if (low > high)
        return throw_crossed(vm, low, high);
    return kw_return(call, kw_float(n < low ? low : n > high ? high : n));
}

static kw_result integer_to_hex(kw_vm *vm, kw_call *call)
{
    uint8_t low = (uint8_t)((uint64_t)call->self.as.i & 0xFF);
    kw_filling first;
    return kw_bytes_hex(vm, call, kw_filling_begin(call, &first), &low, 1);
}

/* clang-format off */
const kw_native_def kw_number_methods[] = {
    {"between(a: number, b: number): boolean", number_between, "Is it `a`, `b` or between them, whichever is less?",
     "println (5).between(10, 1)  # => true"},
    {"clamp(a: number, b: number, c: number = null): float", number_clamp,
     "The number within the limits `a` and `b`, as a float.  With three arguments: `a` within the limits `b` and `c`.",
     "println (15).clamp(0, 10.5)  # => 10.5\nprintln (0).clamp(-3, 1, 9)  # => 1", NULL, KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */

/* clang-format off */
const kw_native_def kw_integer_methods[] = {
    {"to_hex(width: number = 2): string", integer_to_hex,
     "The lowest 8 bits as hexadecimal digits, with zeros before them up to `width`.",
     "println (255).to_hex()  # => ff\nprintln (10).to_hex(4)  # => 000a", NULL, KW_CHECK_COUNT},
    {NULL},
};
/* clang-format on */
