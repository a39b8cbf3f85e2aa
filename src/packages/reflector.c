/* reflector.c - package reflector: what runs, and what there is (FUNCTIONS.md, "reflector"); its struct is in
 * reflector.kiwi. */
#include "config.h"

#include <string.h>

#include "packages/library.h"
#include "packages/package.h"
#include "packages/packages.h"
#include "types/give.h"
#include "vm/fiber.h"
#include "vm/interp.h"
#include "vm/names.h"

/* ---- Frames ------------------------------------------------------------------------------------------ */

/* Walks from the function that runs to those that called it; a generator was called by who takes its values. */
typedef struct walk {
    const kw_fiber *fiber;
    uint32_t left; /* frames of the fiber */
} walk;

static walk begin(const kw_vm *vm)
{
    return (walk){vm->fiber, vm->fiber->frame_count};
}

static const kw_frame *any_next(walk *w)
{
    while (w->left == 0 && w->fiber->consumer != NULL) {
        w->fiber = w->fiber->consumer;
        w->left = w->fiber->frame_count;
    }
    return w->left == 0 ? NULL : &w->fiber->frames[--w->left];
}

/* Is it a function that the library has for itself? */
static bool is_hidden(const kw_frame *frame)
{
    const kw_proto *p = frame->closure->proto;
    return p->file->text[0] == '<' && strncmp(p->name->text, "__", 2) == 0;
}

/* The next frame that a script knows of; NULL: that was the last. */
static const kw_frame *next(walk *w)
{
    const kw_frame *f = any_next(w);
    while (f != NULL && is_hidden(f))
        f = any_next(w);
    return f;
}

static kw_string *name_of(kw_vm *vm, const kw_frame *frame)
{
    const kw_proto *p = frame->closure->proto;
    if (p->header.flags & KW_PROTO_MAIN)
        return kw_intern_c(vm, "__global__");
    return kw_unwind_shown_name(vm, p->name);
}

static kw_result reflector_callstack(kw_vm *vm, kw_call *call)
{
    kw_list *names = kw_list_new(vm, 0);
    walk w = begin(vm);
    for (const kw_frame *f; names != NULL && (f = next(&w)) != NULL;)
        if (!kw_list_push(vm, names, kw_of_string(name_of(vm, f))) || !kw_go_on(vm))
            return KW_THROWN;
    return kw_give_list(call, names);
}

static kw_result reflector_fflags(kw_vm *vm, kw_call *call)
{
    static const struct {
        uint8_t flag;
        const char *name;
    } flags[] = {{KW_PROTO_MAIN, "main"},
                 {KW_PROTO_METHOD, "method"},
                 {KW_PROTO_STATIC, "static"},
                 {KW_PROTO_GENERATOR, "generator"}};
    int64_t at = kw_native_argument(call, 0).as.i;
    walk w = begin(vm);
    const kw_frame *f = next(&w);
    for (int64_t i = 0; f != NULL && i < at && kw_go_on(vm); i++)
        f = next(&w);
    if (vm->error.type != NULL)
        return KW_THROWN;
    if (f == NULL || at < 0)
        return kw_throw(vm, "IndexError", "There is no frame %lld on the call stack.", (long long)at);
    const kw_proto *p = f->closure->proto;
    kw_list *names = kw_list_new(vm, 0);
    bool ok = names != NULL;
    for (size_t i = 0; ok && i < sizeof(flags) / sizeof(flags[0]); i++)
        if (p->header.flags & flags[i].flag)
            ok = kw_list_push(vm, names, kw_string_c(vm, flags[i].name));
    if (ok && kw_unwind_shown_name(vm, p->name) != p->name)
        ok = kw_list_push(vm, names, kw_string_c(vm, "lambda"));
    return ok ? kw_give_list(call, names) : KW_THROWN;
}

static kw_result reflector_objcontext(kw_vm *vm, kw_call *call)
{
    walk w = begin(vm);
    const kw_frame *f = next(&w);
    return kw_return(call, f != NULL && kw_is(f->self, KW_OBJECT) ? f->self : kw_null());
}

static kw_result reflector_retval(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_null());
}

/* ---- Functions --------------------------------------------------------------------------------------- */

static kw_result reflector_getfunc(kw_vm *vm, kw_call *call)
{
    kw_value v = kw_global_value(vm, kw_names_global_at(vm, kw_native_operand(call, 0).as.string));
    if (vm->error.type != NULL)
        return KW_THROWN;
    return kw_return(call, kw_is(v, KW_LAMBDA) ? v : kw_null());
}

/* ---- State ------------------------------------------------------------------------------------------- */

/* What the walk over all names gathers. */
typedef struct names {
    kw_vm *vm;
    kw_map *packages, *structs, *functions; /* as keys: each once */
    kw_map *variables;
    bool ok;
} names;

static void take_global(const kw_global *g, void *context)
{
    names *n = context;
    const kw_string *name = g->plain != NULL ? g->plain->name : g->name;
    kw_value key = kw_of_string(g->name);
    if (!n->ok || strncmp(name->text, "__", 2) == 0) /* those are the library's own */
        return;
    if (g->means & KW_MEANS_PACKAGE)
        n->ok = kw_map_set(n->vm, n->packages, key, kw_null());
    if (n->ok && g->owner == NULL && (g->means & KW_MEANS_DECL))
        n->ok = kw_map_set(n->vm, n->structs, key, kw_null());
    if (n->ok && (g->means & KW_MEANS_FUNCTION))
        n->ok = kw_map_set(n->vm, n->functions, key, kw_null());
    if (n->ok && g->owner == NULL && (g->means & KW_MEANS_VARIABLE) && !kw_is(g->variable, KW_UNDEF))
        n->ok = kw_map_set(n->vm, n->variables, key, g->variable);
}

static void take_package(const char *name, void *context)
{
    names *n = context;
    if (n->ok)
        n->ok = kw_map_set_c(n->vm, n->packages, name, kw_null());
}

/* The keys of a map.  NULL: thrown. */
static kw_list *keys(kw_vm *vm, kw_map *map)
{
    kw_list *list = kw_list_new(vm, map->count);
    uint32_t at = 0;
    for (const kw_entry *e; list != NULL && (e = kw_map_next(map, &at)) != NULL;)
        if (!kw_list_push(vm, list, e->key))
            return NULL;
    return list;
}

/* The arguments of a function that runs, as they are now.  NULL: thrown. */
static kw_map *arguments(kw_vm *vm, const kw_fiber *fiber, const kw_frame *frame)
{
    const kw_proto *p = frame->closure->proto;
    kw_map *map = kw_map_new(vm, 0);
    for (uint32_t i = 0; map != NULL && i < (uint32_t)p->param_count + (p->variadic ? 1 : 0); i++) {
        kw_value v = fiber->stack[frame->base + i];
        if (kw_is(v, KW_CELL)) /* a closure has captured it */
            v = v.as.cell->value;
        if (!kw_map_set(vm, map, kw_of_string(p->params[i].name), v))
            return NULL;
    }
    return map;
}

/* A hashmap for each frame.  NULL: thrown. */
static kw_list *stack(kw_vm *vm, kw_map *variables)
{
    kw_list *list = kw_list_new(vm, 0);
    walk w = begin(vm);
    for (const kw_frame *f; list != NULL && (f = next(&w)) != NULL;) {
        bool outermost = f->closure->proto->header.flags & KW_PROTO_MAIN;
        kw_map *own = outermost ? variables : arguments(vm, w.fiber, f), *entry = kw_map_new(vm, 2);
        if (own == NULL || entry == NULL || !kw_map_set_c(vm, entry, "name", kw_of_string(name_of(vm, f))) ||
            !kw_map_set_c(vm, entry, "variables", kw_of_map(own)) || !kw_list_push(vm, list, kw_of_map(entry)) ||
            !kw_go_on(vm))
            return NULL;
    }
    return list;
}

static kw_result reflector_state(kw_vm *vm, kw_call *call)
{
    names n = {vm, kw_map_new(vm, 0), kw_map_new(vm, 0), kw_map_new(vm, 0), kw_map_new(vm, 0), true};
    if (n.packages == NULL || n.structs == NULL || n.functions == NULL || n.variables == NULL)
        return KW_THROWN;
    kp_registry_each_package(take_package, &n);
    kw_names_each(vm, take_global, &n);
    kw_list *frames = n.ok ? stack(vm, n.variables) : NULL;
    kw_list *packages = frames != NULL ? keys(vm, n.packages) : NULL;
    kw_list *structs = packages != NULL ? keys(vm, n.structs) : NULL;
    kw_list *functions = structs != NULL ? keys(vm, n.functions) : NULL;
    if (functions == NULL)
        return KW_THROWN;
    const kw_value lists[] = {kw_of_list(packages), kw_of_list(structs), kw_of_list(functions), kw_of_list(frames)};
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "reflector", "reflector::__state__"), lists, 4);
}

/* ---- The package ------------------------------------------------------------------------------------- */

/* clang-format off */
static const kw_native_def functions[] = {
    {"callstack(): list", reflector_callstack,
     "The names of the functions that run, the innermost first; the main program is `__global__`.",
     "fn inner()\n  return reflector::callstack()\nend\nprintln inner()  # => [\"inner\", \"__global__\"]",
     "__reflector_callstack__/0"},
    {"fflags(frame_index: integer = 0): list", reflector_fflags,
     "What kind of function runs in a frame of the call stack, 0 being the innermost: `main`, `method`, `static`, "
     "`generator`, `lambda`; empty for a plain function.",
     "println reflector::fflags()  # => [\"main\"]", "__reflector_fflags__/1"},
    {"getfunc(func_name: string): lambda?", reflector_getfunc, "The function of this name, or null.",
     "fn twice(n)\n  return 2 * n\nend\nprintln reflector::getfunc(\"twice\").call([4])  # => 8",
     "__reflector_getfunc__/1"},
    {"objcontext(): any", reflector_objcontext, "The object whose method runs, or null.",
     "println reflector::objcontext()  # => null", "__reflector_objectcontext__/0"},
    {"retval(): any", reflector_retval, "What the running function has returned: null, as long as it runs.",
     "println reflector::retval()  # => null", "__reflector_retval__/0"},
    {"state(): hashmap", reflector_state,
     "What there is: sorted lists of the names of `packages`, of `structs` and `functions` that are defined by now, "
     "those of the library from their first use on; and `stack`, a hashmap for each function that runs, the innermost "
     "first, with its `name` and its `variables`: arguments, of the main program global variables.",
     "fn twice(n)\n  return reflector::state().stack[0].variables\nend\nprintln twice(4)  # => {\"n\": 4}",
     "__reflector_state__/0"},
    {NULL},
};
/* clang-format on */

const kp_package kp_reflector = {
    .name = "reflector",
    .about = "What a program is made of, while it runs.",
    .functions = functions,
};
