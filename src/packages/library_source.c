/* library_source.c - running the code of the library that is embedded in the program (stdlib/sources.h), and the functions
 * of it that natives go on with. */
#include "config.h"

#include "packages/library.h"

#include <assert.h>
#include <string.h>

#include "packages/host.h"
#include "stdlib/sources.h"
#include "vm/interp.h"

/* Run the code of a library file to its end on a fiber of its own; it must not suspend. */
static bool run_now(kw_vm *vm, kw_proto *p)
{
    kw_fiber *before = vm->fiber;
    int64_t budget = vm->budget;
    kw_fiber *fiber = kw_fiber_new(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p)), NULL, 0);
    if (fiber == NULL)
        return false;
    vm->fiber = fiber;
    vm->loading++;
    kw_stop stop;
    do {
        fiber->state = KW_FIBER_RUNNING;
        stop = kw_loop_run(vm);
    } while (stop == KW_STOP_SLICE);
    assert(stop == KW_STOP_ENDED); /* definitions do not wait */
    vm->loading--;
    vm->fiber = before;
    vm->budget = kw_heap_due(vm) ? 0 : budget;
    return !kw_is(fiber->result, KW_UNDEF); /* else vm->error still says why */
}

int kp_library_run_program(kw_vm *vm, kw_proto *p)
{
    kw_fiber *fiber = p == NULL ? NULL : kw_fiber_new(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p)), NULL, 0);
    return fiber == NULL ? 1 : kw_sched_run(vm, fiber);
}

/* Keep the functions with names that begin with "__" which the code of a library file has made. */
static void keep_own(kw_vm *vm, const kw_proto *p)
{
    for (uint32_t i = 0; i < p->global_count; i++) {
        const kw_global *g = p->globals[i];
        const kw_string *name = g->plain != NULL ? g->plain->name : g->name;
        if ((g->means & KW_MEANS_FUNCTION) && strncmp(name->text, "__", 2) == 0)
            kw_map_put(vm, kp_host_of(vm)->own, kw_of_string(g->name), g->function);
    }
}

static bool run_source(kw_vm *vm, kw_string *file, const char *text, size_t size)
{
    kw_proto *p = vm->hooks.compile(vm, file, text, size, KW_TEXT_PROGRAM);
    if (p == NULL || !run_now(vm, p))
        return false;
    keep_own(vm, p);
    return true;
}

bool kp_library_run(kw_vm *vm, const char *name)
{
    const kw_stdlib_source *s = kw_stdlib_sources;
    while (s->name != NULL && strcmp(s->name, name) != 0)
        s++;
    if (s->name == NULL)
        return false;
    kw_string *shown = kw_string_format(vm, "<%s>", name);
    kw_value file = kw_of_string(kw_intern(vm, shown->text, shown->size));
    if (kw_map_find(vm->included, file) != NULL)
        return false;
    bool ran = kw_map_set(vm, vm->included, file, kw_bool(true)) && run_source(vm, file.as.string, s->text, s->size);
    if (!ran)
        (void)kw_map_remove(vm->included, file);
    return ran;
}

kw_value kp_library_function(kw_vm *vm, const char *source, const char *name)
{
    kw_string *key = kw_intern_c(vm, name);
    const kw_value *own = kw_map_find_string(kp_host_of(vm)->own, key);
    if (own == NULL && kp_library_run(vm, source))
        own = kw_map_find_string(kp_host_of(vm)->own, key);
    return own != NULL ? *own : kw_undef();
}

kw_value kp_library_prelude(kw_vm *vm, const char *name)
{
    return kp_library_function(vm, strcmp(name, "__emit__") == 0 ? "event" : "prelude", name);
}
