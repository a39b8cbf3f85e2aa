/* throw.c - setting the error, and the texts that many natives share (TYPES.md section 3). */
#include "config.h"

#include "vm/interp.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

void kw_throw_clear(kw_vm *vm)
{
    vm->error = (kw_error_info){.type = NULL};
}

kw_string *kw_throw_take(kw_vm *vm)
{
    kw_string *message = vm->error.message;
    kw_throw_clear(vm);
    return message;
}

kw_result kw_throw_strings(kw_vm *vm, kw_string *type, kw_string *message)
{
    assert(type != NULL && message != NULL);
    vm->error = (kw_error_info){.type = type, .message = message};
    return KW_THROWN;
}

kw_result kw_throw(kw_vm *vm, const char *type, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    kw_string *message = kw_string_vformat(vm, format, args);
    va_end(args);
    if (message == NULL)
        return KW_THROWN; /* there was no memory for the text, and that is the error now */
    return kw_throw_strings(vm, kw_intern_c(vm, type), message);
}

kw_result kw_throw_param(kw_vm *vm, const char *function, unsigned at, const char *expected, kw_value got)
{
    return kw_throw(vm, "ParameterTypeMismatchError",
                    "The type for parameter %u of `%s` is not an expected type. Expected %s but received %s.", at,
                    function, expected, kw_display_type_title((kw_type)got.tag));
}

kw_result kw_throw_expected(kw_vm *vm, const char *what, kw_value got)
{
    const char *title = kw_display_type_title((kw_type)got.tag);
    bool has_article = strncmp(what, "a ", 2) == 0 || strncmp(what, "an ", 3) == 0;
    const char *bare = has_article ? strchr(what, ' ') + 1 : what;
    const char *article = strchr("aeiou", *bare) != NULL ? "an" : "a";
    const char *stop = strcmp(bare, "hashmap") == 0 ? "" : "."; /* Kiwi 1.4.3 forgot it there */
    return kw_throw(vm, "TypeError", "Expected %s %s but instead received `%s`%s", article, bare, title, stop);
}

kw_result kw_throw_count(kw_vm *vm, const char *function, int expected, unsigned got)
{
    if (expected < 0)
        return kw_throw(vm, "ParameterCountMismatchError",
                        "The parameter count for function `%s` does not match parameters passed.", function);
    return kw_throw(vm, "ParameterCountMismatchError",
                    "The parameter count for function `%s` does not match parameters passed. "
                    "Expected %d but received %u.",
                    function, expected, got);
}

kw_result kw_throw_known(kw_vm *vm, kw_error_id id, kw_string *name, const char *owner)
{
    const char *subject = name != NULL ? name->text : "";
    switch (id) {
#define KW_ERROR_THROW(id, type, ...)                                                                                  \
    case KW_E_##id: kw_throw(vm, type, __VA_ARGS__); break;
        KW_RUNNING_ERRORS(KW_ERROR_THROW)
#undef KW_ERROR_THROW
    default: assert(false); /* an error of syntax has a place, which is not known here */
    }
    vm->error.id = id;
    vm->error.subject = name;
    return KW_THROWN;
}

kw_result kw_throw_undeclared(kw_vm *vm, const char *name)
{
    return kw_throw_known(vm, KW_E_UNDECLARED, kw_intern_c(vm, name), NULL);
}

kw_result kw_throw_memory(kw_vm *vm, size_t wanted)
{
    return kw_throw(vm, "MemoryError", "Not enough memory for %zu bytes.", wanted);
}

/* ---- The statement ------------------------------------------------------------------------------ */

static kw_string *text_of(kw_vm *vm, kw_value *v, const char *otherwise)
{
    return v == NULL ? kw_intern_c(vm, otherwise) : kw_display_text(vm, *v);
}

bool kw_throw_any(kw_vm *vm, kw_value v)
{
    kw_string *type, *message;
    if (kw_is(v, KW_MAP)) {
        type = text_of(vm, kw_map_find_string(v.as.map, kw_intern_c(vm, "error")), "Error");
        message = text_of(vm, kw_map_find_string(v.as.map, kw_intern_c(vm, "message")), "");
    } else {
        type = kw_intern_c(vm, "KiwiError");
        message = kw_display_text(vm, v);
    }
    if (type != NULL && message != NULL)
        kw_throw_strings(vm, type, message);
    return false;
}
