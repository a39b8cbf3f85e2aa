/* core.c - global functions and names that need the compiler or know the library
 * (TYPES.md section 22). */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "lang/tokens.h"
#include "packages/input.h"
#include "packages/package.h"
#include "packages/packages.h"
#include "vm/chunk.h"
#include "vm/fiber.h"
#include "vm/gc.h"

/* Compile the text, which may hold data only, and go on as its code; its value is the result. */
static kw_result core_deserialize(kw_vm *vm, kw_call *call)
{
    kw_proto *p = kw_import_compile_eval(vm, call->args[0].as.string, KW_TEXT_DATA);
    call->tail_args = p != NULL ? kw_list_new(vm, 0) : NULL;
    if (call->tail_args == NULL)
        return KW_THROWN;
    call->result = kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p));
    return KW_CALL;
}

/* Is the calling code that of the program, not of a file that it included? */
static kw_result core_main(kw_vm *vm, kw_call *call)
{
    kw_string *file = kw_unwind_user_file(vm->fiber);
    return kw_return(call, kw_bool(file == NULL || file == vm->main_file));
}

static kw_result give_file(kw_vm *vm, kw_call *call, kw_string *file)
{
    return kw_return(call, kw_of_string(file != NULL ? file : kw_intern_c(vm, "")));
}

static kw_result core_entrypath(kw_vm *vm, kw_call *call)
{
    return give_file(vm, call, vm->main_file);
}

static kw_result core_execpath(kw_vm *vm, kw_call *call)
{
    kw_string *file = kw_unwind_user_file(vm->fiber);
    return give_file(vm, call, file != NULL ? file : vm->main_file);
}

/* For packages written in Kiwi: what the natives that they call are refused as is not what the script called. */
static kw_result core_admit(kw_vm *vm, kw_call *call)
{
    return vm->safe_mode ? kp_package_refuse(vm, call->args[0].as.string->text) : KW_DONE;
}

static kw_result core_memusage(kw_vm *vm, kw_call *call)
{
    struct rusage usage = {.ru_maxrss = 0};
    (void)getrusage(RUSAGE_SELF, &usage);
    int64_t bytes = (int64_t)kw_heap_bytes(vm);
    const struct {
        const char *key;
        int64_t value;
    } rows[] = {
        {"working_set", (int64_t)usage.ru_maxrss * 1024},
        {"gc_heap", bytes},
        {"gc_total_allocated", bytes},
        {"gen0_collections", (int64_t)kw_heap_collections(vm)},
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
    assert(t->from <= t->to && t->to <= source->size);
    kw_map *map = kw_map_new(vm, 4), *span = kw_map_new(vm, 2);
    if (map == NULL || span == NULL)
        return false;
    kw_string *text = kw_string_new(vm, source->text + t->from, t->to - t->from);
    return text != NULL && kw_map_set_c(vm, map, "token", kw_int(t->kind)) &&
           kw_map_set_c(vm, map, "text", kw_of_string(text)) && kw_map_set_c(vm, span, "line", kw_int(t->line)) &&
           kw_map_set_c(vm, span, "pos", kw_int(t->column)) && kw_map_set_c(vm, map, "span", kw_of_map(span)) &&
           kw_map_set_c(vm, map, "type", kw_string_c(vm, t->type)) && kw_list_push(vm, list, kw_of_map(map));
}

static kw_result give_error(kw_vm *vm, kw_call *call, const kw_text_token *t)
{
    kw_map *map = kw_map_new(vm, 1);
    kw_string *why =
        kw_string_format(vm, "Unexpected text at line %u, column %u.", (unsigned)t->line, (unsigned)t->column);
    return kw_map_set_c(vm, map, "error", kw_of_string(why)) ? kw_return(call, kw_of_map(map)) : KW_THROWN;
}

/* Where a long text is gone on with. */
static kw_result pause_at(kw_vm *vm, kw_call *call, const kw_text_cursor *cursor, kw_list *list)
{
    const kw_value kept[] = {kw_int(cursor->at), kw_int(cursor->line), kw_int(cursor->column), kw_of_list(list)};
    return kw_call_again(vm, call, kept, sizeof(kept) / sizeof(kept[0]));
}

static kw_result core_tokenize(kw_vm *vm, kw_call *call)
{
    kw_string *s = call->args[0].as.string;
    if (s->size >= UINT32_MAX)
        return kw_throw_memory(vm, s->size);
    bool first = call->kept == NULL;
    kw_list *list = first ? kw_list_new(vm, 0) : kw_kept(call, 3).as.list;
    kw_text_cursor cursor = {.text = s->text,
                             .size = (uint32_t)s->size,
                             .at = (uint32_t)kw_kept_size(call, 0),
                             .line = first ? 1 : (uint32_t)kw_kept_size(call, 1),
                             .column = first ? 1 : (uint32_t)kw_kept_size(call, 2)};
    kw_text_token t;
    do {
        if (!kw_tokens_next(&cursor, &t))
            return give_error(vm, call, &t);
        if (!put_token(vm, list, s, &t) || !kw_go_on(vm))
            return KW_THROWN;
        kw_spend(vm, 10); /* it is a hashmap in a hashmap */
        if (kw_slice_over(vm) && strcmp(t.type, "Eof") != 0)
            return pause_at(vm, call, &cursor, list);
    } while (strcmp(t.type, "Eof") != 0);
    kw_map *map = kw_map_new(vm, 1);
    if (list->count > 1 && !kw_map_set_c(vm, map, "tokens", kw_of_list(list)))
        return KW_THROWN;
    return kw_return(call, kw_of_map(map)); /* empty for a blank text */
}

/* ---- Names ------------------------------------------ */

/* The packages of the library of Kiwi 1.4.3 that have functions or constants of their own (collections,
 * hashable and iter only hold structs): 48 names, whether this program has them all or not. */
static const char *const package_names[] = {
    "bench",  "cli",   "compress", "console",  "crypto",    "csv",       "curl",       "date",   "dotenv", "encode",
    "env",    "error", "faker",    "fio",      "fmt",       "http",      "httpserver", "ipc",    "json",   "list",
    "log",    "math",  "path",     "pipeline", "protobuf",  "reflector", "regex",      "signal", "smtp",   "socket",
    "sqlite", "stat",  "std",      "stdin",    "stopwatch", "string",    "sys",        "table",  "task",   "template",
    "tester", "text",  "time",     "tls",      "udp",       "watch",     "xml",        "yaml",
};

/* Functions that every script has from the start, beside those of the types layer. */
/* clang-format off */
const kw_native_def kp_core_functions[] = {
    {"deserialize(text: string): any", core_deserialize, "The value that a Kiwi expression of data stands for.",
     "println deserialize(\"[1, 2 + 3]\")  # => [1, 5]"},
    {"input(prompt: any = \"\"): string", kp_input_prompt,
     "Show the prompt, and wait for a line of standard input; an empty string at its end.", "line = input()", NULL,
     KW_CHECK_NONE},
    {"__main__(): boolean", core_main, "Is this file the script?", "println __main__()  # => true"},
    {"__entrypath__(): string", core_entrypath, "The path of the script.",
     "println typeof(__entrypath__())  # => string"},
    {"__execpath__(): string", core_execpath, "The path of the file that is being run.",
     "println typeof(__execpath__())  # => string"},
    {"__admit__(name: string): null", core_admit, "In safe mode an error: what `name` names is not available.",
     "__admit__(\"fio\")"},
    {"__memusage__(): hashmap", core_memusage, "What memory is in use, in bytes.",
     "println __memusage__().working_set > 0  # => true"},
    {"__tokenize__(text: string): hashmap", core_tokenize, "The tokens of a text.",
     "println __tokenize__(\"x = 1\").tokens.size()  # => 4"},
    {NULL},
};
/* clang-format on */

void kp_core_define(kw_vm *vm)
{
    size_t count = sizeof(package_names) / sizeof(package_names[0]);
    kw_list *names = kw_list_new(vm, count);
    for (size_t i = 0; names != NULL && i < count; i++)
        (void)kw_list_push(vm, names, kw_string_c(vm, package_names[i]));
    kw_native_define_functions(vm, NULL, kp_core_functions, NULL);
    kw_vm_define_value(vm, NULL, "KIWI_STDLIB_VERSION", kw_string_c(vm, "1.4.0"));
    if (names != NULL)
        kw_vm_define_value(vm, NULL, "STDLIB_PACKAGES", kw_of_list(names));
}
