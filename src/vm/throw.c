/* throw.c - setting the error, and the texts that many natives share (types.md section 3). */
#include "config.h"

#include "vm/vm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void kw_clear_error(kw_vm *vm)
{
    vm->error = (kw_error_info){.type = NULL};
}

kw_result kw_throw_strings(kw_vm *vm, kw_string *type, kw_string *message)
{
    vm->error = (kw_error_info){.type = type, .message = message};
    return KW_THROWN;
}

kw_result kw_throw(kw_vm *vm, const char *type, const char *format, ...)
{
    char small[512];
    va_list args;
    va_start(args, format);
    int size = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    kw_string *message = NULL;
    char *text = NULL;
    if (size < 0) {
        message = kw_string_new(vm, "", 0);
    } else if ((size_t)size < sizeof(small)) {
        message = kw_string_new(vm, small, (size_t)size);
    } else if ((text = malloc((size_t)size + 1)) == NULL) {
        return kw_throw_memory(vm, (size_t)size);
    } else {
        va_start(args, format);
        (void)vsnprintf(text, (size_t)size + 1, format, args);
        va_end(args);
        message = kw_string_new(vm, text, (size_t)size);
        free(text);
    }
    if (message == NULL)
        return KW_THROWN; /* there was no memory for the text, and that is the error now */
    return kw_throw_strings(vm, kw_intern_c(vm, type), message);
}

kw_result kw_throw_param(kw_vm *vm, const char *function, unsigned at, const char *expected,
                         kw_value got)
{
    return kw_throw(
        vm, "ParameterTypeMismatchError",
        "The type for parameter %u of `%s` is not an expected type. Expected %s but received %s.",
        at, function, expected, kw_type_title((kw_type)got.tag));
}

kw_result kw_throw_expected(kw_vm *vm, const char *what, kw_value got)
{
    const char *title = kw_type_title((kw_type)got.tag);
    bool has_article = strncmp(what, "a ", 2) == 0 || strncmp(what, "an ", 3) == 0;
    const char *bare = has_article ? strchr(what, ' ') + 1 : what;
    const char *article = strchr("aeiou", *bare) != NULL ? "an" : "a";
    const char *stop = strcmp(bare, "hashmap") == 0 ? "" : "."; /* the reference forgot it there */
    return kw_throw(vm, "TypeError", "Expected %s %s but instead received `%s`%s", article, bare,
                    title, stop);
}

kw_result kw_throw_count(kw_vm *vm, const char *function, int expected, unsigned got)
{
    if (expected < 0)
        return kw_throw(vm, "ParameterCountMismatchError",
                        "The parameter count for function `%s` does not match parameters passed.",
                        function);
    return kw_throw(vm, "ParameterCountMismatchError",
                    "The parameter count for function `%s` does not match parameters passed. "
                    "Expected %d but received %u.",
                    function, expected, got);
}

kw_result kw_throw_memory(kw_vm *vm, size_t wanted)
{
    return kw_throw(vm, "MemoryError", "Not enough memory for %zu bytes.", wanted);
}
