/* embed.c - the interpreter as a library: include/kiwi/kiwi.h over the vm, the compiler and the
 * packages. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kiwi/kiwi.h"
#include "lang/diag.h"
#include "lang/generate.h"
#include "lang/parse.h"
#include "packages/file.h"
#include "packages/hints.h"
#include "packages/host.h"
#include "packages/packages.h"
#include "types/types.h"
#include "vm/chunk.h"
#include "vm/dump.h"

struct kiwi_vm {
    kw_vm *vm;
    char *stdlib; /* path of the library that is still to be run, or NULL */
};

static void connect_layers(kw_vm *vm)
{
    vm->hooks = (kw_hooks){.load = kp_load,
                           .compile = kw_compile_text,
                           .extension = kp_extension,
                           .unknown_method = kw_wrong_receiver,
                           .import = kp_import,
                           .prelude = kw_prelude};
    kw_types_register(vm);
    kp_core_define(vm);
    kw_global_define(vm, kw_global_at(vm, kw_intern_c(vm, "global")), KW_MEANS_VARIABLE,
                     kw_of_map(vm->global_map));
}

static bool copy_arguments(kw_vm *vm, const kiwi_vm_options *options)
{
    vm->argv = calloc((size_t)options->argc + 1, sizeof(char *));
    if (vm->argv == NULL)
        return false;
    for (; vm->argc < options->argc; vm->argc++)
        if ((vm->argv[vm->argc] = strdup(options->argv[vm->argc])) == NULL)
            return false;
    return true;
}

static void set_script(kw_vm *vm, const char *path)
{
    char *real = kp_real_path(path);
    vm->script_path = kw_intern_c(vm, real != NULL ? real : path);
    free(real);
    const char *slash = strrchr(vm->script_path->text, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - vm->script_path->text);
    vm->script_dir = slash == NULL ? kw_intern_c(vm, ".")
                                   : kw_intern(vm, vm->script_path->text, size);
}

int kiwi_vm_new(const kiwi_vm_options *options, kiwi_vm **out)
{
    static const kiwi_vm_options defaults;
    *out = NULL;
    if (options == NULL)
        options = &defaults;
    if (options->argc < 0 || (options->argc > 0 && options->argv == NULL))
        return EINVAL;
    const char *limit = getenv("KIWI_MEMORY_LIMIT");
    if (limit != NULL && limit[0] != '\0' && kw_heap_size(limit) == 0)
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
    k->vm->safe_mode = options->safe_mode;
    k->vm->no_stdlib = options->no_stdlib || options->stdlib_path != NULL;
    if (options->stdlib_path != NULL && !options->no_stdlib &&
        (k->stdlib = strdup(options->stdlib_path)) == NULL) {
        kiwi_vm_free(k);
        return ENOMEM;
    }
    connect_layers(k->vm);
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
        kw_out_flush(k->vm);
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

/* Report vm->error as language.md 17.5 says.  `own_text` is the text of the file `own_name`. */
static void report(kw_vm *vm, const char *own_name, const char *own_text, size_t own_size)
{
    const kw_error_info *e = &vm->error;
    const char *file = e->file != NULL && e->file->text[0] != '<' ? e->file->text : "";
    char *text = NULL;
    size_t size = 0;
    bool own = strcmp(file, own_name) == 0;
    if (!own && file[0] != '\0')
        (void)kp_read_file(file, &text, &size);
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
    char hint[KP_HINT_SIZE];
    if (kp_hint(vm, r.source, r.source_size, hint))
        r.hint = hint;
    kw_out_flush(vm);
    kw_diag_print(stderr, &r);
    free(text);
    kw_clear_error(vm);
}

/* Before anything else runs: the library of options.stdlib_path.  Returns its exit code. */
static int prepare(kiwi_vm *k)
{
    kw_vm *vm = k->vm;
    char *path = k->stdlib;
    vm->interrupted = 0;
    if (path == NULL)
        return 0;
    k->stdlib = NULL;
    int code = kp_run_stdlib(vm, path);
    free(path);
    if (vm->error.type != NULL)
        report(vm, "", NULL, 0);
    return code;
}

int kiwi_run_text(kiwi_vm *k, const char *name, const char *text, size_t size)
{
    kw_vm *vm = k->vm;
    int code = prepare(k);
    if (code != 0 || vm->exiting)
        return code;
    char *real = name != NULL && name[0] != '\0' ? kp_real_path(name) : NULL;
    const char *path = real != NULL ? real : name != NULL ? name : "";
    code = kp_run_program(vm, kw_compile_text(vm, kw_intern_c(vm, path), text, size, true));
    if (vm->error.type != NULL)
        report(vm, path, text, size);
    kw_out_flush(vm);
    free(real);
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
    kw_out(vm, 1, buf.text, buf.size);
    kw_buf_free(&buf);
}

int kiwi_eval_text(kiwi_vm *k, const char *text, size_t size, bool *ended)
{
    kw_vm *vm = k->vm;
    int code = prepare(k);
    *ended = vm->exiting;
    if (code != 0 || vm->exiting)
        return code;
    kw_proto *p = kw_compile_text(vm, kw_intern_c(vm, ""), text, size, false);
    vm->interactive = true;
    code = kp_run_program(vm, p);
    vm->interactive = false;
    if (vm->error.type != NULL)
        report(vm, "", text, size);
    else if (code == 0)
        print_value(vm, vm->last_value);
    kw_out_flush(vm);
    *ended = vm->exiting;
    return code;
}

bool kiwi_text_continues(const char *text, size_t size)
{
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
    kiwi_net *net = kp_host_of(k->vm)->net;
    k->vm->interrupted = 1;
    if (net != NULL)
        kiwi_net_wake(net);
}

int kiwi_run_file(kiwi_vm *k, const char *path)
{
    char *text;
    size_t size;
    if (!kp_read_file(path, &text, &size)) {
        char why[96];
        fprintf(stderr, "kiwi: cannot read %s: %s\n", path, kb_errno_text(errno, why, sizeof(why)));
        return 2;
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
    if (kw_compile_text(vm, kw_intern_c(vm, path), text, size, true) != NULL)
        return 0;
    report(vm, path, text, size);
    return 1;
}

int kiwi_disassemble_text(kiwi_vm *k, const char *name, const char *text, size_t size)
{
    kw_vm *vm = k->vm;
    const char *path = name != NULL ? name : "";
    kw_proto *p = kw_compile_text(vm, kw_intern_c(vm, path), text, size, true);
    if (p == NULL) {
        report(vm, path, text, size);
        return 1;
    }
    kw_dump(vm, p, stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}

const char *kiwi_version(void)
{
    return PACKAGE_VERSION;
}
