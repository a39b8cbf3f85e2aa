/* number.c - methods of integers and floats, and to_hex (types.md section 8). */
#include "config.h"

#include "types/types.h"

#include <math.h>

static kw_result number_between(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_is(vm, call, 2) || !kw_arg_number(vm, call, 0) || !kw_arg_number(vm, call, 1))
        return KW_THROWN;
    double n = kw_to_double(call->self);
    double a = kw_to_double(call->args[0]), b = kw_to_double(call->args[1]);
    return kw_return(call, kw_bool(fmin(a, b) <= n && n <= fmax(a, b)));
}

static kw_result throw_crossed(kw_vm *vm, double low, double high)
{
    char a[32], b[32];
    size_t a_size = kw_format_double(low, a), b_size = kw_format_double(high, b);
    return kw_throw(vm, "InvalidOperationError", "'%.*s' cannot be greater than %.*s.", (int)a_size,
                    a, (int)b_size, b);
}

/* Two arguments are the limits for the receiver; with three, the first is the value.  The positions
 * in texts are those of the form with three. */
static kw_result number_clamp(kw_vm *vm, kw_call *call)
{
    if (call->argc != 2 && call->argc != 3) {
        kw_throw_count(vm, "clamp", 2, call->argc);
        return KW_THROWN;
    }
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

bool kw_hex_width(kw_vm *vm, const kw_call *call, size_t *width)
{
    int64_t n = 2;
    *width = 2;
    if (!kw_argc_in(vm, call, 0, 1))
        return false;
    if (call->argc == 1) {
        kw_value v = call->args[0];
        if (!kw_is_number(v)) {
            kw_throw_param(vm, "to_integer", 0, "Number", v); /* the reference's name, wrong as it is */
            return false;
        }
        n = kw_is(v, KW_INT) ? v.as.i : kw_truncate(v.as.f);
    }
    if (n < 2) {
        kw_throw(vm, "InvalidOperationError", "Width must be >= 2.");
        return false;
    }
    *width = kw_to_size(n);
    return true;
}

kw_result kw_hex_of(kw_vm *vm, kw_call *call, const uint8_t *data, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t width;
    if (size == 0)
        return kw_throw(vm, "InvalidOperationError", "Cannot convert empty bytes to hex.");
    if (!kw_hex_width(vm, call, &width) || !kw_gc_room(vm, width, size))
        return KW_THROWN;
    kw_buf buf;
    kw_buf_init(&buf);
    for (size_t i = 0; i < size && !buf.failed; i++) {
        kw_buf_fill(&buf, '0', width - 2);
        kw_buf_putc(&buf, digits[data[i] >> 4]);
        kw_buf_putc(&buf, digits[data[i] & 15]);
    }
    return kw_give_string(call, kw_buf_string(vm, &buf));
}

static kw_result integer_to_hex(kw_vm *vm, kw_call *call)
{
    size_t width;
    if (!kw_hex_width(vm, call, &width))
        return KW_THROWN;
    uint8_t low = (uint8_t)((uint64_t)call->self.as.i & 0xFF);
    return kw_hex_of(vm, call, &low, 1);
}

static const kw_native_def number_methods[] = {
    {"between", number_between, 2, 2, "between a and b, inclusive?"},
    {"clamp", number_clamp, 2, 3, "limited to a range, as a float"},
    {NULL, NULL, 0, 0, NULL},
};

static const kw_native_def integer_methods[] = {
    {"to_hex", integer_to_hex, 0, 1, "the low byte as hexadecimal text"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_number_register(kw_vm *vm)
{
    kw_define_methods(vm, KW_INT, number_methods);
    kw_define_methods(vm, KW_INT, integer_methods);
    kw_define_methods(vm, KW_FLOAT, number_methods);
}
