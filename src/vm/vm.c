/* vm.c - making and ending the interpreter's state, its roots, and the definition of natives. */
#include "config.h"

#include "vm/vm.h"

#include <assert.h>
#include <stdlib.h>

#include "vm/hash.h"
#include "vm/interp.h"
#include "vm/names.h"

/* ---- Life ------------------------------------------------------------------------------------ */

static const char *const operator_names[KW_OPERATOR_COUNT] = {"+",  "-",  "*", "/",  "//", "%", "**",
                                                              "==", "!=", "<", "<=", ">",  ">="};

kw_vm *kw_vm_create(void)
{
    kw_vm *vm = calloc(1, sizeof(*vm));
    if (vm == NULL)
        return NULL;
    kw_hash_init();
    vm->heap = kw_heap_new(vm);
    vm->sched = kw_sched_new();
    vm->output = kw_out_new();
    if (vm->heap == NULL || vm->sched == NULL || vm->output == NULL || !kw_names_new(vm)) {
        kw_vm_destroy(vm);
        return NULL;
    }
#ifdef KW_GC_STRESS
    vm->gc_stress = true;
#else
    vm->gc_stress = getenv("KIWI_GC_STRESS") != NULL; /* a switch for tests: collect at every safepoint */
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
        kw_event_free(vm);
        kw_origin_free(vm);
        kw_fault_free(vm);
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
    kw_event_mark(vm);
    kw_origin_mark(vm);
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
    kw_gc_mark_obj(vm, vm->main_file);
    kw_gc_mark_obj(vm, vm->command);
    kw_gc_mark_obj(vm, vm->stdlib_path);
    kw_gc_mark_value(vm, vm->last_value);
    kw_gc_mark_obj(vm, vm->error.type);
    kw_gc_mark_obj(vm, vm->error.message);
    kw_gc_mark_obj(vm, vm->error.subject);
    kw_gc_mark_obj(vm, vm->error.file);
    kw_gc_mark_obj(vm, vm->error.trace);
    kw_gc_mark_obj(vm, vm->error.trace_file);
    kw_gc_mark_obj(vm, (void *)vm->error.callee);
    kw_gc_mark_value(vm, vm->error.receiver);
    if (vm->port.mark != NULL)
        vm->port.mark(vm, vm->port.data);
}

void kw_vm_pin(kw_vm *vm, kw_value v)
{
    (void)kw_list_push(vm, vm->pinned, v);
}

/* ---- Definitions ----------------------------------------------------------------------------- */

void kw_vm_define_value(kw_vm *vm, const char *package, const char *name, kw_value v)
{
    kw_global_define(vm, kw_names_global_member(vm, package, name), KW_MEANS_CONSTANT, v);
}
