/* vm.c - making and ending the interpreter's state, its roots, its output, and the definition of
 * natives. */
#include "config.h"

#include "vm/vm.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/interp.h"
#include "vm/names.h"

/* ---- Life ------------------------------------------------------------------------------------ */

static const char *const operator_names[KW_OPERATOR_COUNT] = {
    "+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">="};

/* Standard output is collected here: a script that prints line by line should not pay a system call
 * for each.  A terminal gets every line at once. */
typedef struct kw_output kw_output;
struct kw_output {
    char text[1 << 15];
    size_t size;
    bool terminal;
};

kw_vm *kw_vm_create(void)
{
    kw_vm *vm = calloc(1, sizeof(*vm));
    if (vm == NULL)
        return NULL;
    vm->heap = kw_heap_new();
    vm->sched = kw_sched_new();
    vm->output = malloc(sizeof(*vm->output));
    if (vm->heap == NULL || vm->sched == NULL || vm->output == NULL || !kw_names_new(vm)) {
        kw_vm_destroy(vm);
        return NULL;
    }
    vm->output->size = 0;
    vm->output->terminal = isatty(STDOUT_FILENO) != 0;
#ifdef KW_GC_STRESS
    vm->gc_stress = true;
#else
    vm->gc_stress = getenv("KIWI_GC_STRESS") !=
                    NULL; /* a switch for tests: collect at every safepoint */
#endif
    for (unsigned i = 0; i < KW_OPERATOR_COUNT; i++)
        vm->operators[i] = kw_intern_c(vm, operator_names[i]);
    vm->last_value = kw_undef();
    vm->pinned = kw_list_new(vm, 0);
    vm->global_map = kw_map_new(vm, 0);
    vm->included = kw_map_new(vm, 0);
    return vm;
}

void kw_vm_destroy(kw_vm *vm)
{
    if (vm == NULL)
        return;
    if (vm->heap != NULL && vm->names != NULL) {
        kw_events_free(vm);
        kw_gc_free_all(vm);
    }
    kw_sched_free(vm);
    kw_names_free(vm);
    kw_heap_free(vm);
    free(vm->output);
    free(vm);
}

void kw_vm_mark_roots(kw_vm *vm)
{
    kw_sched_mark(vm);
    kw_events_mark(vm);
    for (unsigned i = 0; i < KW_TYPE_COUNT; i++)
        kw_gc_mark_obj(vm, vm->methods[i]);
    for (unsigned i = 0; i < 128; i++)
        kw_gc_mark_obj(vm, vm->chars[i]);
    for (unsigned i = 0; i < KW_OPERATOR_COUNT; i++)
        kw_gc_mark_obj(vm, vm->operators[i]);
    kw_gc_mark_obj(vm, vm->pinned);
    kw_gc_mark_obj(vm, vm->global_map);
    kw_gc_mark_obj(vm, vm->included);
    kw_gc_mark_obj(vm, vm->script_dir);
    kw_gc_mark_obj(vm, vm->script_path);
    kw_gc_mark_value(vm, vm->last_value);
    kw_gc_mark_obj(vm, vm->error.type);
    kw_gc_mark_obj(vm, vm->error.message);
    kw_gc_mark_obj(vm, vm->error.file);
    kw_gc_mark_obj(vm, vm->error.trace);
    kw_gc_mark_obj(vm, vm->error.trace_file);
    kw_gc_mark_obj(vm, (void *)vm->error.callee);
    kw_gc_mark_value(vm, vm->error.receiver);
    if (vm->port.mark != NULL)
        vm->port.mark(vm, vm->port.data);
}

void kw_pin(kw_vm *vm, kw_value v)
{
    (void)kw_list_push(vm, vm->pinned, v);
}

/* ---- Output ---------------------------------------------------------------------------------- */

static void write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return; /* nobody reads any more: as with every filter, the rest is dropped */
        text += n;
        size -= (size_t)n;
    }
}

void kw_out_flush(kw_vm *vm)
{
    write_all(STDOUT_FILENO, vm->output->text, vm->output->size);
    vm->output->size = 0;
}

void kw_out(kw_vm *vm, int stream, const char *text, size_t size)
{
    kw_output *out = vm->output;
    if (stream == 2) {
        kw_out_flush(vm); /* keep the order of what is written */
        write_all(STDERR_FILENO, text, size);
        return;
    }
    if (size > sizeof(out->text) - out->size)
        kw_out_flush(vm);
    if (size > sizeof(out->text)) {
        write_all(STDOUT_FILENO, text, size);
        return;
    }
    memcpy(out->text + out->size, text, size);
    out->size += size;
    if (out->terminal && memchr(text, '\n', size) != NULL)
        kw_out_flush(vm);
}

/* ---- Definitions ----------------------------------------------------------------------------- */

kw_value kw_native_new(kw_vm *vm, const kw_native_def *def)
{
    kw_native *n = kw_new_obj(vm, KW_K_NATIVE, sizeof(*n));
    n->def = def;
    n->name = kw_intern_c(vm, def->name);
    return kw_of_obj(KW_LAMBDA, n);
}

void kw_extend_type(kw_vm *vm, kw_type type, kw_string *name, kw_value callable)
{
    if (vm->methods[type] == NULL)
        vm->methods[type] = kw_map_new(vm, 64);
    if (kw_map_find_string(vm->methods[type], name) ==
        NULL) /* the first registration of a name wins */
        (void)kw_map_set(vm, vm->methods[type], kw_of_string(name), callable);
    vm->method_epoch++;
}

void kw_define_methods(kw_vm *vm, kw_type type, const kw_native_def *defs)
{
    for (; defs->name != NULL; defs++)
        kw_extend_type(vm, type, kw_intern_c(vm, defs->name), kw_native_new(vm, defs));
}

void kw_mark_fast(kw_vm *vm, kw_type type, const char *name, kw_fast fast)
{
    kw_value *method = kw_map_find_string(vm->methods[type], kw_intern_c(vm, name));
    assert(method != NULL && method->as.obj->kind == KW_K_NATIVE);
    method->as.obj->flags = (uint8_t)fast;
}

static kw_global *member(kw_vm *vm, const char *package, const char *name)
{
    if (package == NULL)
        return kw_global_at(vm, kw_intern_c(vm, name));
    kw_string *full = kw_string_format(vm, "%s::%s", package, name);
    return kw_global_at(vm, kw_intern(vm, full->text, full->size));
}

void kw_define_functions(kw_vm *vm, const char *package, const kw_native_def *defs)
{
    for (; defs->name != NULL; defs++) {
        kw_global *g = member(vm, package, defs->name);
        if (!(g->means & KW_MEANS_FUNCTION)) /* a script's own function stays */
            kw_global_define(vm, g, KW_MEANS_FUNCTION, kw_native_new(vm, defs));
    }
    if (package != NULL)
        kw_define_package(vm, kw_global_at(vm, kw_intern_c(vm, package)));
}

void kw_define_value(kw_vm *vm, const char *package, const char *name, kw_value v)
{
    kw_global_define(vm, member(vm, package, name), KW_MEANS_CONSTANT, v);
}
