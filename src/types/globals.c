/* globals.c - global functions that need neither the compiler nor other packages (types.md section
 * 22). */
#include "config.h"

#include "types/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "types/unicode.h"

static kw_result global_typeof(kw_vm *vm, kw_call *call)
{
    return kw_give_string(call, kw_typeof(vm, kw_arg(call, 0)));
}

static kw_result global_serialize(kw_vm *vm, kw_call *call)
{
    if (!kw_argc_named(vm, call, "deserialize", 1)) /* the reference's name, wrong as it is */
        return KW_THROWN;
    return kw_give_string(call, kw_to_display(vm, call->args[0]));
}

/* Hexadecimal text with an optional "U+". */
static bool parse_code(const kw_string *s, int64_t *out)
{
    const char *at = s->text;
    if ((at[0] == 'U' || at[0] == 'u') && at[1] == '+')
        at += 2;
    char *end = NULL;
    if (!((*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f') || (*at >= 'A' && *at <= 'F')) ||
        at[1] == 'x' || at[1] == 'X')
        return false;
    *out = strtol(at, &end, 16);
    return end == s->text + s->size;
}

static kw_result global_char(kw_vm *vm, kw_call *call)
{
    int64_t code = -1;
    if (!kw_argc_is(vm, call, 1))
        return KW_THROWN;
    kw_value v = call->args[0];
    bool ok = kw_is(v, KW_INT) || (kw_is(v, KW_STRING) && parse_code(v.as.string, &code));
    if (kw_is(v, KW_INT))
        code = v.as.i;
    if (!ok || code < 0 || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return kw_throw(vm, "ValueError", "Expected a valid code point.");
    char out[4];
    size_t size = kw_text_encode((uint32_t)code, out);
    return kw_give_string(call, kw_string_valid(vm, out, size, 1));
}

kw_value kw_date_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    int64_t utc = KW_EPOCH_TICKS + (int64_t)ts.tv_sec * KW_TICKS_PER_SECOND + ts.tv_nsec / 100;
    return kw_date(utc + kw_utc_offset(utc) * INT64_C(60) * KW_TICKS_PER_SECOND);
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
    if (!kw_argc_in(vm, call, 1, 7))
        return KW_THROWN;
    for (uint32_t i = 0; i < call->argc; i++) {
        if (!kw_arg_whole(vm, call, i, &part[i]))
            return KW_THROWN;
        if (part[i] < 0 || part[i] > 9999) /* no part may be that large: an impossible date */
            return kw_return(call, kw_date(0));
    }
    kw_civil c = {.year = part[0], .month = (int)part[1], .day = (int)part[2], .hour = (int)part[3],
                  .minute = (int)part[4], .second = (int)part[5],
                  .fraction = (int)part[6] * KW_TICKS_PER_MS};
    if (!kw_civil_ticks(&c, &ticks))
        ticks = 0;
    return kw_return(call, kw_date(ticks));
}

static kw_result global_input(kw_vm *vm, kw_call *call)
{
    if (call->argc > 0) {
        kw_string *prompt = kw_to_display(vm, call->args[0]);
        if (prompt == NULL)
            return KW_THROWN;
        kw_out(vm, 1, prompt->text, prompt->size);
    }
    kw_out_flush(vm);
    kw_buf buf;
    kw_buf_init(&buf);
    for (int c; (c = getc(stdin)) != EOF && c != '\n';)
        kw_buf_putc(&buf, (char)(unsigned char)c);
    if (buf.size > 0 && buf.text[buf.size - 1] == '\r')
        buf.size--;
    kw_string *line = NULL;
    if (buf.failed)
        kw_throw_memory(vm, buf.size);
    else
        line = kw_string_new(vm, buf.text, buf.size); /* input may be invalid UTF-8 */
    kw_buf_free(&buf);
    return kw_give_string(call, line);
}

static kw_result global_entrypath(kw_vm *vm, kw_call *call)
{
    if (vm->script_path == NULL)
        return kw_return(call, kw_string_c(vm, ""));
    return kw_return(call, kw_of_string(vm->script_path));
}

static kw_result global_execpath(kw_vm *vm, kw_call *call)
{
    char path[4096];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path));
    if (size > 0)
        return kw_give_string(call, kw_string_new(vm, path, (size_t)size));
    const char *name = vm->argc > 0 && vm->argv != NULL ? vm->argv[0] : "";
    return kw_give_string(call, kw_string_new(vm, name, strlen(name)));
}

static const kw_native_def functions[] = {
    {"typeof", global_typeof, 0, KW_ARGC_ANY, "name of a value's type"},
    {"serialize", global_serialize, 1, 1, "display form of a value"},
    {"char", global_char, 1, 1, "the character of a code point"},
    {"d", global_d, 0, 7, "a date of its parts, of text, or now"},
    {"input", global_input, 0, 1, "read a line"},
    {"__entrypath__", global_entrypath, 0, 0, "path of the script"},
    {"__execpath__", global_execpath, 0, 0, "path of the interpreter"},
    {NULL, NULL, 0, 0, NULL},
};

void kw_globals_register(kw_vm *vm)
{
    kw_define_functions(vm, NULL, functions);
}
