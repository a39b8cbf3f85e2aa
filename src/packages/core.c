/* core.c - global functions and names that need the compiler or know the library
 * (types.md section 22). */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "lang/tokens.h"
#include "packages/packages.h"
#include "types/types.h"
#include "vm/chunk.h"
#include "vm/fiber.h"
#include "vm/gc.h"

/* Compile the text and go on as its code; its value is the result. */
static kw_result core_deserialize(kw_vm *vm, kw_call *call)
{
    kw_string *text;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_string(vm, call, 0, &text))
        return KW_THROWN;
    kw_proto *p = kw_compile_eval(vm, text);
    call->tail_args = p != NULL ? kw_list_new(vm, 0) : NULL;
    if (call->tail_args == NULL)
        return KW_THROWN;
    call->result = kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p));
    return KW_CALL;
}

/* Is the file of the calling code the script? */
static kw_result core_main(kw_vm *vm, kw_call *call)
{
    kw_string *file = kw_user_file(vm->fiber);
    return kw_return(call, kw_bool(vm->script_path == NULL || file == NULL ||
                                   kw_string_same(file, vm->script_path)));
}

static kw_result core_memusage(kw_vm *vm, kw_call *call)
{
    struct rusage usage = {.ru_maxrss = 0};
    (void)getrusage(RUSAGE_SELF, &usage);
    int64_t bytes = (int64_t)kw_gc_bytes(vm);
    const struct {
        const char *key;
        int64_t value;
    } rows[] = {
        {"working_set", (int64_t)usage.ru_maxrss * 1024},
        {"gc_heap", bytes},
        {"gc_total_allocated", bytes},
        {"gen0_collections", (int64_t)kw_gc_count(vm)},
        {"gen1_collections", 0}, /* the collector has no generations */
        {"gen2_collections", 0},
    };
    size_t count = sizeof(rows) / sizeof(rows[0]);
    kw_map *map = kw_map_new(vm, count);
    for (size_t i = 0; map != NULL && i < count; i++)
        if (!kw_map_set_c(vm, map, rows[i].key, kw_int(rows[i].value)))
            return KW_THROWN;
    return map != NULL ? kw_return(call, kw_of_map(map)) : KW_THROWN;
}

/* ---- Tokens ------------------------------------------ */

/* Append the hashmap of one token to `list`; false: thrown. */
static bool put_token(kw_vm *vm, kw_list *list, const kw_string *source, const kw_text_token *t)
{
    kw_map *map = kw_map_new(vm, 4), *span = kw_map_new(vm, 2);
    if (map == NULL || span == NULL)
        return false;
    kw_string *text = kw_string_new(vm, source->text + t->from, t->to - t->from);
    return text != NULL && kw_map_set_c(vm, map, "token", kw_int(t->kind)) &&
           kw_map_set_c(vm, map, "text", kw_of_string(text)) &&
           kw_map_set_c(vm, span, "line", kw_int(t->line)) &&
           kw_map_set_c(vm, span, "pos", kw_int(t->column)) &&
           kw_map_set_c(vm, map, "span", kw_of_map(span)) &&
           kw_map_set_c(vm, map, "type", kw_string_c(vm, t->type)) &&
           kw_list_push(vm, list, kw_of_map(map));
}

static kw_result core_tokenize(kw_vm *vm, kw_call *call)
{
    kw_string *s;
    if (!kw_argc_is(vm, call, 1) || !kw_arg_string(vm, call, 0, &s))
        return KW_THROWN;
    if (s->size >= UINT32_MAX)
        return kw_throw_memory(vm, s->size);
    kw_map *map = kw_map_new(vm, 1);
    kw_list *list = kw_list_new(vm, 0);
    if (map == NULL || list == NULL)
        return KW_THROWN;
    kw_text_cursor cursor = {.text = s->text, .size = (uint32_t)s->size, .line = 1, .column = 1};
    kw_text_token t;
    do {
        if (!kw_text_next(&cursor, &t)) {
            kw_string *why = kw_string_format(vm, "Unexpected text at line %u, column %u.",
                                              (unsigned)t.line, (unsigned)t.column);
            return kw_map_set_c(vm, map, "error", kw_of_string(why))
                       ? kw_return(call, kw_of_map(map))
                       : KW_THROWN;
        }
        if (!put_token(vm, list, s, &t))
            return KW_THROWN;
    } while (strcmp(t.type, "Eof") != 0);
    if (list->count > 1 && !kw_map_set_c(vm, map, "tokens", kw_of_list(list)))
        return KW_THROWN;
    return kw_return(call, kw_of_map(map)); /* empty for a blank text */
}

/* ---- Names ------------------------------------------ */

/* The packages of packages.md section 2 that have functions or constants of their own (collections,
 * hashable and iter only hold structs): 48 names, whether this program has them all or not. */
static const char *const package_names[] = {
    "bench", "cli", "compress", "console", "crypto", "csv", "curl", "date", "dotenv", "encode",
    "env", "error", "faker", "fio", "fmt", "http", "httpserver", "ipc", "json", "list", "log",
    "math", "path", "pipeline", "protobuf", "reflector", "regex", "signal", "smtp", "socket",
    "sqlite", "stat", "std", "stdin", "stopwatch", "string", "sys", "table", "task", "template",
    "tester", "text", "time", "tls", "udp", "watch", "xml", "yaml",
};

void kp_core_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"deserialize", core_deserialize, 1, 1, "value of a Kiwi expression"},
        {"__main__", core_main, 0, 0, "is this file the script?"},
        {"__memusage__", core_memusage, 0, 0, "what memory is in use"},
        {"__tokenize__", core_tokenize, 1, 1, "the tokens of a text"},
        {NULL, NULL, 0, 0, NULL},
    };
    size_t count = sizeof(package_names) / sizeof(package_names[0]);
    kw_list *names = kw_list_new(vm, count);
    for (size_t i = 0; names != NULL && i < count; i++)
        (void)kw_list_push(vm, names, kw_string_c(vm, package_names[i]));
    kw_define_functions(vm, NULL, functions);
    kw_define_value(vm, NULL, "KIWI_STDLIB_VERSION", kw_string_c(vm, "1.4.0"));
    if (names != NULL)
        kw_define_value(vm, NULL, "STDLIB_PACKAGES", kw_of_list(names));
}
