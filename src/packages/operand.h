/* operand.h - natives that are functions of a package and methods of the type it is named after.
 *
 * `string::echo("ab", 2)` and `"ab".echo(2)` reach one native; operand 0 is the first
 * argument of the function and the receiver of the method.  Surplus operands are ignored, missing
 * ones are null (packages.md section 3).
 * Threads: the interpreter thread only. */
#ifndef KP_OPERAND_H
#define KP_OPERAND_H

#include "vm/vm.h"

/* Operand `at`, or null. */
static inline kw_value kp_operand(const kw_call *call, uint32_t at)
{
    if (kw_is(call->self, KW_UNDEF))
        return kw_arg(call, at);
    return at == 0 ? call->self : kw_arg(call, at - 1);
}

/* Operand `at` of the type `tag`; ParameterTypeMismatchError that names `function` otherwise. */
static inline bool kp_operand_is(kw_vm *vm, const kw_call *call, uint32_t at, kw_type tag,
                                 const char *function)
{
    if (kw_is(kp_operand(call, at), tag))
        return true;
    kw_throw_param(vm, function, at, kw_type_title(tag), kp_operand(call, at));
    return false;
}

/* Operand `at`, an integer or float, as a double; ParameterTypeMismatchError otherwise. */
static inline bool kp_operand_number(kw_vm *vm, const kw_call *call, uint32_t at,
                                     const char *function, double *out)
{
    kw_value v = kp_operand(call, at);
    *out = 0;
    if (kw_is_number(v)) {
        *out = kw_to_double(v);
        return true;
    }
    kw_throw_param(vm, function, at, "Number", v);
    return false;
}

#endif
