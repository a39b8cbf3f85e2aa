/* error.c - the native part of package error: what is known of an error besides its type and message (NETWORK.md
 * section 18). */
#include "config.h"

#include "packages/package.h"

/* The fault of a caught error or of a message alone; NULL: it has none. */
static const kw_fault *fault_of(kw_vm *vm, kw_value error)
{
    kw_value message = error;
    if (kw_is(error, KW_MAP))
        message = kw_map_get(error.as.map, kw_of_string(kw_intern_c(vm, "message")));
    return kw_is(message, KW_STRING) ? kw_fault_of(vm, message.as.string) : NULL;
}

static kw_result error_kind(kw_vm *vm, kw_call *call)
{
    const kw_fault *fault = fault_of(vm, kw_native_operand(call, 0));
    return fault == NULL ? KW_DONE : kw_return(call, kw_of_string(kw_intern_c(vm, fault->kind)));
}

static kw_result error_code(kw_vm *vm, kw_call *call)
{
    const kw_fault *fault = fault_of(vm, kw_native_operand(call, 0));
    return fault == NULL || fault->code == 0 ? KW_DONE : kw_return(call, kw_int(fault->code));
}

#define REFUSED "try\n  socket::tcpconnect(\"127.0.0.1\", 1)\ncatch e\n  println "

/* clang-format off */
static const kw_native_def functions[] = {
    {"kind(error: any): string", error_kind,
     "What kind of failure a caught error, or its message, tells of, \"refused\", say; null where nothing is known.",
     REFUSED "error::kind(e)  # => refused\nend", "__error_kind__"},
    {"code(error: any): integer", error_code,
     "The number of that failure: the system's, or that of a TLS alert; null where there is none.",
     REFUSED "error::code(e) > 0  # => true\nend", "__error_code__"},
    {NULL},
};
/* clang-format on */

const kp_package kp_error = {
    .name = "error",
    .about = "Error values, and assertions that throw them.",
    .functions = functions,
};
