/* registry.c - which library package defines what, and the loading of a package when a script first
 * mentions it.  Nothing of the library is parsed or defined at start. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "packages/host.h"
#include "packages/packages.h"
#include "stdlib/sources.h"
#include "types/types.h"
#include "vm/interp.h"

/* Packages of natives.  A package may be native, written in Kiwi (an embedded source of its name),
 * or both. */
static const struct {
    const char *name;
    kp_define define;
} natives[] = {
    {"date", kp_date_define},     {"encode", kp_encode_define}, {"env", kp_env_define},
    {"math", kp_math_define},     {"signal", kp_signal_define}, {"socket", kp_socket_define},
    {"string", kp_string_define}, {"task", kp_task_define},     {"time", kp_time_define},
    {"tls", kp_tls_define},       {"udp", kp_udp_define},
};

/* Global names and what defines them. */
static const struct {
    const char *name;
    kp_define define;
} globals[] = {
    {"Channel", kp_channel_define},
    {"Mutex", kp_mutex_define},
    {"Socket", kp_udp_define},
    {"await", kp_task_define},
    {"spawn", kp_task_define},
};

/* Structs that an embedded source defines: inside a package, but known by their bare name, too. */
static const struct {
    const char *name, *package, *source;
} structs[] = {
    {"Heap", "collections", "heap"},
    {"ListIterator", "iter", "iter"},
    {"Set", "collections", "set"},
    {"StringIterator", "string", "string"},
};

/* Types whose methods a package of the same name extends (types.md section 2). */
static bool type_of_package(const char *name, kw_type *type)
{
    static const kw_type extended[] = {KW_INT,  KW_FLOAT, KW_BOOL,  KW_STRING,
                                       KW_LIST, KW_MAP,   KW_BYTES, KW_DATE,
                                       KW_LAMBDA, KW_GENERATOR};
    for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++)
        if (strcmp(name, kw_type_name(extended[i])) == 0) {
            *type = extended[i];
            return true;
        }
    return false;
}

/* ---- Running library source ------------------------------------------------------------------ */

bool kp_run_now(kw_vm *vm, kw_value callable, kw_value *out)
{
    kw_fiber *before = vm->fiber;
    int64_t budget = vm->budget;
    kw_fiber *fiber = kw_fiber_new(vm, callable, NULL, 0);
    if (fiber == NULL)
        return false;
    vm->fiber = fiber;
    kw_stop stop;
    do {
        fiber->state = KW_FIBER_RUNNING;
        stop = kw_run(vm);
    } while (stop == KW_STOP_SLICE);
    assert(stop == KW_STOP_ENDED); /* definitions do not wait */
    vm->fiber = before;
    vm->budget = budget;
    *out = fiber->result;
    if (!kw_is(fiber->result, KW_UNDEF))
        return true;
    return false; /* vm->error still says why */
}

int kp_run_program(kw_vm *vm, kw_proto *p)
{
    kw_fiber *fiber =
        p == NULL ? NULL : kw_fiber_new(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p)), NULL, 0);
    return fiber == NULL ? 1 : kw_sched_run(vm, fiber);
}

bool kp_run_source(kw_vm *vm, const char *name, const char *text, size_t size)
{
    kw_string *file = kw_string_format(vm, "<%s>", name);
    kw_proto *p = vm->hooks.compile(vm, kw_intern(vm, file->text, file->size), text, size, true);
    if (p == NULL)
        return false;
    kw_value result;
    return kp_run_now(vm, kw_of_obj(KW_LAMBDA, kw_closure_new(vm, p)), &result);
}

bool kp_run_library(kw_vm *vm, const char *name)
{
    kw_string *mark = kw_string_format(vm, "<%s>", name);
    if (kw_map_find_string(vm->included, mark) != NULL)
        return false;
    for (const kw_stdlib_source *s = kw_stdlib_sources; s->name != NULL; s++) {
        if (strcmp(s->name, name) != 0)
            continue;
        (void)kw_map_set(vm, vm->included, kw_of_string(mark), kw_bool(true));
        return kp_run_source(vm, name, s->text, s->size);
    }
    return false;
}

kw_value kw_prelude(kw_vm *vm, const char *name)
{
    (void)kp_run_library(vm, strcmp(name, "__emit__") == 0 ? "event" : "prelude");
    if (vm->error.type != NULL)
        return kw_undef();
    kw_global *g = kw_global_at(vm, kw_intern_c(vm, name));
    assert(g->means & KW_MEANS_FUNCTION);
    return g->function;
}

/* ---- Loading --------------------------------------------------------------------------------- */

/* Run the source of a struct, unless the script has one of that name: the script's replaces it. */
static bool define_struct(kw_vm *vm, size_t at)
{
    if (kw_global_at(vm, kw_intern_c(vm, structs[at].name))->means & KW_MEANS_DECL)
        return false;
    return kp_run_library(vm, structs[at].source);
}

void kp_each_package(void (*take)(const char *name, void *context), void *context)
{
    for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++)
        take(natives[i].name, context);
    for (const kw_stdlib_source *s = kw_stdlib_sources; s->name != NULL; s++)
        if (strcmp(s->name, "prelude") != 0)
            take(s->name, context);
}

static bool define_package(kw_vm *vm, const char *name)
{
    bool found = false;
    for (size_t i = 0; i < sizeof(natives) / sizeof(natives[0]); i++)
        if (strcmp(natives[i].name, name) == 0) {
            kw_global *g = kw_global_at(vm, kw_intern_c(vm, name));
            if (!(g->means & KW_MEANS_PACKAGE))
                natives[i].define(vm);
            found = true;
        }
    for (size_t i = 0; i < sizeof(structs) / sizeof(structs[0]); i++)
        if (strcmp(structs[i].package, name) == 0)
            found |= define_struct(vm, i);
    return kp_run_library(vm, name) || found;
}

bool kp_load(kw_vm *vm, kw_string *owner, kw_string *name)
{
    if (vm->no_stdlib)
        return false;
    if (owner != NULL)
        return define_package(vm, owner->text);
    for (size_t i = 0; i < sizeof(globals) / sizeof(globals[0]); i++) {
        if (strcmp(globals[i].name, name->text) != 0)
            continue;
        globals[i].define(vm);
        return true;
    }
    for (size_t i = 0; i < sizeof(structs) / sizeof(structs[0]); i++)
        if (strcmp(structs[i].name, name->text) == 0)
            return define_struct(vm, i);
    return define_package(vm, name->text);
}

/* ---- Methods of packages that extend a type -------------------------------------------------- */

/* The function `name` of the package that bears the name of the receiver's type becomes a method of
 * it. */
bool kp_extension(kw_vm *vm, kw_value self, kw_string *name)
{
    kw_type type;
    const char *package = kw_type_name((kw_type)self.tag);
    if (kw_core_method(vm, self, name))
        return true;
    if (!type_of_package(package, &type))
        return false;
    kw_string *full = kw_string_format(vm, "%s::%s", package, name->text);
    kw_value v = kw_global_value(vm, kw_global_at(vm, kw_intern(vm, full->text, full->size)));
    if (!kw_is(v, KW_LAMBDA))
        return false;
    kw_extend_type(vm, type, name, v);
    return true;
}
