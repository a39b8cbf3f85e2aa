/* math.c - package math: the functions of the C library (packages.md, "math"). */
#include "config.h"

#include <math.h>

#include "packages/host.h"
#include "packages/packages.h"

/* The argument as a double; false: thrown. */
static bool number_arg(kw_vm *vm, const kw_call *call, uint32_t at, double *out)
{
    kw_value v = kw_arg(call, at);
    if (!kw_is_number(v)) {
        kw_throw_param(vm, call->native->def->name, at, "Number", v);
        return false;
    }
    *out = kw_to_double(v);
    return true;
}

#define UNARY(name, expression)                                                                    \
    static kw_result math_##name(kw_vm *vm, kw_call *call)                                         \
    {                                                                                              \
        double x;                                                                                  \
        return number_arg(vm, call, 0, &x) ? kw_return(call, kw_float(expression)) : KW_THROWN;    \
    }
UNARY(sqrt, sqrt(x))
UNARY(sin, sin(x))
UNARY(cos, cos(x))
UNARY(tan, tan(x))
UNARY(exp, exp(x))
UNARY(log, log(x))
UNARY(log10, log10(x))

void kp_math_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"sqrt", math_sqrt, 1, 1, "sqrt(x)"},
        {"sin", math_sin, 1, 1, "sin(x), x in radians"},
        {"cos", math_cos, 1, 1, "cos(x)"},
        {"tan", math_tan, 1, 1, "tan(x)"},
        {"exp", math_exp, 1, 1, "exp(x)"},
        {"log", math_log, 1, 1, "log(x): natural logarithm"},
        {"log10", math_log10, 1, 1, "log10(x)"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "math", functions);
}
