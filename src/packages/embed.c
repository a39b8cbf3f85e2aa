/* embed.c - the interpreter as a library: include/kiwi/kiwi.h over the vm, the compiler and the
 * packages. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "kiwi/kiwi.h"
#include "lang/diag.h"
#include "lang/generate.h"
#include "lang/parse.h"
#include "packages/file.h"
#include "packages/hints.h"
#include "packages/host.h"
#include "packages/library.h"
#include "packages/package.h"
#include "packages/packages.h"
#include "types/complaint.h"
#include "types/types.h"
#include "vm/chunk.h"
#include "vm/dump.h"

enum { NOT_READ = 2 }; /* exit code */

struct kiwi_vm {
    kw_vm *vm;
    char *stdlib; /* path of the library that is still to be run, or NULL */
};

static void connect_layers(kw_vm *vm)
{
    vm->hooks = (kw_hooks){.admit = kp_package_admit,
                           .each = kp_struct_each,
                           .load = kp_registry_load,
                           .compile = kw_generate_text,
                           .extension = kp_registry_extension,
                           .unknown_method = kw_complaint_unknown,
                           .import = kp_import,
                           .prelude = kp_library_prelude};
    kw_types_register(vm);
    kp_core_define(vm);
    kw_global_define(vm, kw_names_global_at(vm, kw_intern_c(vm, "global")), KW_MEANS_VARIABLE,
                     kw_of_map(vm->global_map));
}

static bool copy_arguments(kw_vm *vm, const kiwi_vm_options *options)
{
    vm->argv = calloc((size_t)options->argc + 1, sizeof(char *));
    if (vm->argv == NULL)
        return false;
    for (; vm->argc < options->argc; vm->argc++) /* none of them is NULL */
        if ((vm->argv[vm->argc] = strdup(options->argv[vm->argc])) == NULL)
            return false;
    return true;
}

static void set_script(kw_vm *vm, const char *path)
{
    char *real = kp_file_real_path(vm, path);
    vm->script_path = kw_intern_c(vm, real != NULL ? real : path);
    free(real);
    const char *slash = strrchr(vm->script_path->text, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - vm->script_path->text);
    vm->script_dir = slash == NULL ? kw_intern_c(vm, ".") : kw_intern(vm, vm->script_path->text, size);
}

/* Is the environment variable unset, empty, or a size? */
static bool is_size(const char *variable)
{
    const char *text = getenv(variable);
    return text == NULL || text[0] == '\0' || kb_size_parse(text) != 0;
}

static bool arguments_valid(const kiwi_vm_options *options)
{
    if (options->argc < 0 || (options->argc > 0 && options->argv == NULL))
        return false;
    for (int i = 0; i < options->argc; i++)
        if (options->argv[i] == NULL)
            return false;
    return true;
}

_Static_assert((int)KIWI_SECRET_SIZE == (int)KIWI_NET_SECRET_SIZE, "what processes share is handed on as it is");

int kiwi_vm_new(const kiwi_vm_options *options, kiwi_vm **out)
{
    static const kiwi_vm_options defaults;
    if (out == NULL)
        return EINVAL;
    *out = NULL;
    if (options == NULL)
        options = &defaults;
    if (!arguments_valid(options))
        return EINVAL;
    if (!is_size("KIWI_MEMORY_LIMIT") || !is_size("KIWI_LEFTOVERS"))
        return EINVAL;
    kiwi_vm *k = calloc(1, sizeof(*k));
    if (k == NULL)
        return ENOMEM;
    k->vm = kw_vm_create();
    if (k->vm == NULL || kp_host_open(k->vm) != KB_OK || !copy_arguments(k->vm, options)) {
        kiwi_vm_free(k);
        return ENOMEM;
    }
    if (options->memory_limit != 0)
        kw_heap_limit(k->vm, options->memory_limit);
    if (options->siblings != NULL)
        kp_host_share(k->vm, options->siblings);
    k->vm->safe_mode = options->safe_mode;
    k->vm->no_stdlib = options->no_stdlib || options->stdlib_path != NULL;
    if (options->stdlib_path != NULL && !options->no_stdlib && (k->stdlib = strdup(options->stdlib_path)) == NULL) {
        kiwi_vm_free(k);
        return ENOMEM;
    }
    connect_layers(k->vm);
    k->vm->command = kw_intern_c(k->vm, options->command != NULL ? options->command : "kiwi");
    if (options->script != NULL)
        set_script(k->vm, options->script);
    *out = k;
    return 0;
}

void kiwi_vm_free(kiwi_vm *k)
{
    if (k == NULL)
        return;
    if (k->vm != NULL) {
        (void)kw_out_flush(k->vm);
        kp_host_close(k->vm);
        for (int i = 0; i < k->vm->argc; i++)
            free(k->vm->argv[i]);
        free(k->vm->argv);
    }
    kw_vm_destroy(k->vm);
    free(k->stdlib);
    free(k);
}

/* ---- Running --------------------------------------------------------------------------------- */

static void put_place(kw_buf *buf, const char *before, const kw_string *file, uint32_t line)
{
    char number[32];
    if (file == NULL)
        return;
    kw_buf_puts(buf, before);
    kw_buf_puts(buf, file->text);
    (void)snprintf(number, sizeof(number), ":%lu:0", (unsigned long)line);
    kw_buf_puts(buf, number);
}

/* A line for each task that the error with this message has come through, the first one last. */
static void put_tasks(kw_vm *vm, kw_buf *buf, const kw_string *message)
{
    char text[64];
    for (const kw_origin *o; (o = kw_origin_of(vm, message)) != NULL; message = o->cause) {
        (void)snprintf(text, sizeof(text), "in task %lld: [", (long long)o->task);
        kw_buf_puts(buf, text);
        kw_buf_puts(buf, o->type->text);
        kw_buf_puts(buf, "]");
        put_place(buf, " in ", o->file, o->line);
        put_place(buf, ", started in ", o->start_file, o->start_line);
        kw_buf_puts(buf, "\n");
    }
    kw_buf_put(buf, "", 1);
}

/* Report vm->error as LANGUAGE.md 17.5 says.  `own_text` is the text of the file `own_name`. */
static void report(kw_vm *vm, const char *own_name, const char *own_text, size_t own_size)
{
    const kw_error_info *e = &vm->error;
    const char *file = e->file != NULL && e->file->text[0] != '<' ? e->file->text : "";
    char *text = NULL;
    size_t size = 0;
    bool own = strcmp(file, own_name) == 0;
    if (!own && file[0] != '\0')
        (void)kp_file_read(vm, file, &text, &size);
    kw_diag_report r = {.type = e->type->text,
                        .message = e->message->text,
                        .message_size = e->message->size,
                        .file = file,
                        .line = e->line,
                        .column = e->column,
                        .source = own ? own_text : text,
                        .source_size = own ? own_size : size,
                        .at_function = e->trace != NULL ? e->trace->text : NULL,
                        .at_file = e->trace_file != NULL ? e->trace_file->text : NULL,
                        .at_line = e->trace_line};
    kw_buf tasks;
    kw_buf_init(&tasks);
    put_tasks(vm, &tasks, e->message);
    r.notes = tasks.failed ? NULL : tasks.text;
    char hint[KP_HINT_SIZE];
    if (kp_hints_advise(vm, r.source, r.source_size, hint))
        r.hint = hint;
    char *page = NULL;
    size_t page_size = 0;
    FILE *to = open_memstream(&page, &page_size);
    kw_diag_print(to != NULL ? to : stderr, &r);
    if (to != NULL && fclose(to) == 0)
        (void)kw_out(vm, 2, page, page_size);
    free(page);
    kw_buf_free(&tasks);
    free(text);
    kw_throw_clear(vm);
}

/* Is there no text where `size` bytes of it are promised?  Then a line says so. */
static bool text_missing(kw_vm *vm, const char *text, size_t size)
{
    static const char complaint[] = "kiwi: the text of the program is missing\n";
    bool missing = text == NULL && size > 0;
    if (missing)
        (void)kw_out(vm, 2, complaint, sizeof(complaint) - 1);
    return missing;
}

/* The last thing in running a program: its exit code, unless its output is lost. */
static int finish(kw_vm *vm, int code)
{
    return kw_out_flush(vm) ? code : vm->exit_code;
}

/* Before anything else runs: the library of options.stdlib_path.  Returns its exit code. */
static int prepare(kiwi_vm *k)
{
    kw_vm *vm = k->vm;
    char *path = k->stdlib;
    (void)kw_heap_enter(vm->heap);
    vm->interrupted = false;
    if (path == NULL)
        return 0;
    k->stdlib = NULL;
    int code = kp_library_run_folder(vm, path);
    free(path);
    if (vm->error.type != NULL)
        report(vm, "", NULL, 0);
    return finish(vm, code);
}

int kiwi_run_text(kiwi_vm *k, const char *name, const char *text, size_t size)
{
    kw_vm *vm = k->vm;
    if (text_missing(vm, text, size))
        return NOT_READ;
    int code = prepare(k);
    if (code != 0 || vm->exiting)
        return code;
    char *real = name != NULL && name[0] != '\0' ? kp_file_real_path(vm, name) : NULL;
    const char *path = real != NULL ? real : name != NULL ? name : "";
    kw_string *file = vm->main_file = kw_intern_c(vm, path);
    kw_proto *p = kw_generate_text(vm, file, text, size, KW_TEXT_PROGRAM);
    if (p != NULL && real != NULL && !kw_map_set(vm, vm->included, kw_of_string(file), kw_bool(true)))
        p = NULL; /* a file that includes itself finds that it has run */
    code = kp_library_run_program(vm, p);
    if (vm->error.type != NULL)
        report(vm, path, text, size);
    free(real);
    code = finish(vm, code);
    if (!kp_state_end_all(vm) && code == 0)
        code = EXIT_FAILURE;
    kp_report_all(vm);
    return code;
}

/* ---- Interactive use ------------------------------------------------------------------------- */

static void print_value(kw_vm *vm, kw_value v)
{
    if (kw_is(v, KW_NULL) || kw_is(v, KW_UNDEF))
        return;
    kw_buf buf;
    kw_buf_init(&buf);
    const char *quote = kw_is(v, KW_STRING) ? "\"" : "";
    kw_buf_puts(&buf, quote);
    kw_display(vm, &buf, v);
    kw_buf_puts(&buf, quote);
    kw_buf_puts(&buf, "\n");
    (void)kw_out(vm, 1, buf.text, buf.size);
    kw_buf_free(&buf);
}

int kiwi_eval_text(kiwi_vm *k, const char *text, size_t size, bool *ended)
{
    kw_vm *vm = k->vm;
    bool unasked;
    ended = ended != NULL ? ended : &unasked;
    *ended = false;
    if (text_missing(vm, text, size))
        return NOT_READ;
    int code = prepare(k);
    *ended = vm->exiting;
    if (code != 0 || vm->exiting)
        return code;
    vm->main_file = kw_intern_c(vm, "");
    kw_proto *p = kw_generate_text(vm, vm->main_file, text, size, KW_TEXT_EVAL);
    vm->interactive = true;
    kp_input_resume(vm);
    code = kp_library_run_program(vm, p);
    kp_input_pause(vm); /* what is typed next is for the caller */
    vm->interactive = false;
    if (vm->error.type != NULL)
        report(vm, "", text, size);
    else if (code == 0)
        print_value(vm, vm->last_value);
    code = finish(vm, code);
    *ended = vm->exiting;
    return code;
}

bool kiwi_text_continues(const char *text, size_t size)
{
    if (text == NULL)
        return false;
    kw_arena arena;
    kw_arena_init(&arena);
    kw_node *program;
    kw_diag diag;
    kw_parse_options options = {.text = text, .size = size};
    bool continues = kw_parse(&options, &arena, &program, &diag) == KB_ESYNTAX && diag.at_end;
    kw_arena_fini(&arena);
    return continues;
}

void kiwi_interrupt(kiwi_vm *k)
{
    kw_sched_interrupt(k->vm);
    kp_host_wake(k->vm);
}

int kiwi_run_file(kiwi_vm *k, const char *path)
{
    char *text;
    size_t size;
    if (path == NULL) {
        fputs("kiwi: the path of the program is missing\n", stderr);
        return NOT_READ;
    }
    if (!kp_file_read(k->vm, path, &text, &size)) {
        char why[96];
        fprintf(stderr, "kiwi: cannot read %s: %s\n", path, kb_error_errno_text(errno, why, sizeof(why)));
        return NOT_READ;
    }
    if (k->vm->script_path == NULL)
        set_script(k->vm, path);
    int code = kiwi_run_text(k, path, text, size);
    free(text);
    return code;
}

int kiwi_check_text(kiwi_vm *k, const char *name, const char *text, size_t size)
{
    kw_vm *vm = k->vm;
    const char *path = name != NULL ? name : "";
    if (text_missing(vm, text, size))
        return NOT_READ;
    (void)kw_heap_enter(vm->heap);
    if (kw_generate_text(vm, kw_intern_c(vm, path), text, size, KW_TEXT_PROGRAM) != NULL)
        return 0;
    report(vm, path, text, size);
    return 1;
}

int kiwi_disassemble_text(kiwi_vm *k, const char *name, const char *text, size_t size)
{
    kw_vm *vm = k->vm;
    const char *path = name != NULL ? name : "";
    if (text_missing(vm, text, size))
        return NOT_READ;
    (void)kw_heap_enter(vm->heap);
    kw_proto *p = kw_generate_text(vm, kw_intern_c(vm, path), text, size, KW_TEXT_PROGRAM);
    if (p == NULL) {
        report(vm, path, text, size);
        return 1;
    }
    char *listing = NULL;
    size_t listing_size = 0;
    FILE *to = open_memstream(&listing, &listing_size);
    if (to == NULL)
        return 1;
    kw_dump(vm, p, to);
    int code = fclose(to) == 0 && kw_out(vm, 1, listing, listing_size) ? 0 : 1;
    free(listing);
    return finish(vm, code);
}

const char *kiwi_version(void)
{
    return PACKAGE_VERSION;
}
