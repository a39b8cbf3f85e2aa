/* stdin.c - package stdin: standard input (FUNCTIONS.md, "stdin").  The reading is input.c's. */
#include "config.h"

#include "packages/package.h"

static kw_result stdin_readline(kw_vm *vm, kw_call *call)
{
    return kp_input_take(vm, call, KP_INPUT_LINE);
}

static kw_result stdin_nextline(kw_vm *vm, kw_call *call)
{
    return kp_input_take(vm, call, KP_INPUT_LINE_OR_NULL);
}

static kw_result stdin_read(kw_vm *vm, kw_call *call)
{
    return kp_input_take(vm, call, KP_INPUT_TEXT);
}

static kw_result stdin_readbytes(kw_vm *vm, kw_call *call)
{
    return kp_input_take(vm, call, KP_INPUT_BYTES);
}

static kw_result stdin_empty(kw_vm *vm, kw_call *call)
{
    return kp_input_take(vm, call, KP_INPUT_ENDED);
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"readline(): string", stdin_readline,
     "The next line, without its end; \"\" at the end, which nextline() and empty() tell from an empty line.",
     "println stdin::readline() == \"\"  # => true"},
    {"nextline(): string?", stdin_nextline, "The next line, without its end; null at the end of the input.",
     "println stdin::nextline() == null  # => true"},
    {"read(): string", stdin_read, "All that is left, as a string.", "println stdin::read() == \"\"  # => true"},
    {"readbytes(): bytes", stdin_readbytes, "All that is left, as bytes.",
     "println stdin::readbytes().size()  # => 0"},
    {"empty(): boolean", stdin_empty, "Is nothing left?  Waits until that is known.",
     "println stdin::empty()  # => true"},
    {NULL},
};
/* clang-format on */

const kp_package kp_stdin = {
    .name = "stdin",
    .about = "Standard input.",
    .functions = functions,
};
