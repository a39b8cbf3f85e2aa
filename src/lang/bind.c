/* bind.c - two walks over each function: the first collects the names it binds, the second finds
 * the names that inner functions use of it.  A function is collected before the functions inside it
 * are looked at. */
#include "config.h"

#include "lang/bind.h"

#include <assert.h>
#include <string.h>

#include "lang/walk.h"

typedef struct place { /* where a walk is */
    kw_scopes *all;
    kw_scope *scope; /* NULL: at the top level of `unit` */
    kw_unit *unit;
    bool deep; /* in a try, case or do, or in a larger expression */
} place;

/* ---- Tables ---------------------------------------------------------------------------------- */

static int64_t key_of(const void *p)
{
    return (int64_t)(intptr_t)p;
}

static void note(kw_scopes *all, kb_status status)
{
    if (status != KB_OK)
        all->status = status;
}

int kw_bind_unit_binds(const kw_unit *unit, const kw_name *name)
{
    return (int)(intptr_t)kb_map_get(&unit->names, key_of(name));
}

static void unit_bind(place *at, const kw_name *name, enum kw_naming as)
{
    assert(at->scope == NULL); /* what a function binds is no name of the unit around it */
    intptr_t flags = kw_bind_unit_binds(at->unit, name) | (int)as;
    note(at->all, kb_map_put(&at->unit->names, key_of(name), (void *)flags));
}

int kw_bind_find(const kw_scope *scope, const kw_name *name)
{
    int i = (int)(intptr_t)kb_map_get(&scope->index, key_of(name)) - 1;
    assert(i < (int)scope->count && (i < 0 || scope->locals[i].name == name));
    return i;
}

static void add_local(place *at, const kw_name *name)
{
    kw_scope *s = at->scope;
    int known = kw_bind_find(s, name);
    if (known >= 0) {
        s->locals[known].defined_at = 0;
        return;
    }
    if (s->count == s->cap) {
        uint32_t cap = s->cap == 0 ? 8 : s->cap * 2;
        kw_local *locals = kw_arena_alloc(at->all->arena, cap * sizeof(*locals));
        if (locals == NULL) {
            at->all->status = KB_ENOMEM;
            return;
        }
        if (s->count > 0)
            memcpy(locals, s->locals, s->count * sizeof(*locals));
        s->locals = locals;
        s->cap = cap;
    }
    s->locals[s->count++] = (kw_local){.name = name};
    note(at->all, kb_map_put(&s->index, key_of(name), (void *)(intptr_t)s->count));
}

/* A name that is always local: var, for, catch ... */
static void bind(place *at, const kw_name *name)
{
    if (name == NULL)
        return;
    if (at->scope != NULL)
        add_local(at, name);
    else
        unit_bind(at, name, KW_NAMES_VARIABLE);
}

static void bind_function(place *at, const kw_function_node *f)
{
    bool fresh = kw_bind_find(at->scope, f->name) < 0;
    add_local(at, f->name);
    if (fresh && at->all->status == KB_OK)
        at->scope->locals[at->scope->count - 1].defined_at = f->pos.offset;
}

static bool bound_around(const kw_scope *scope, const kw_name *name)
{
    for (; scope != NULL; scope = scope->outer)
        if (kw_bind_find(scope, name) >= 0)
            return true;
    return false;
}

/* The name is a variable of the file or of a package around. */
static bool is_shared(const place *at, const kw_name *name)
{
    int wanted = KW_NAMES_VARIABLE | (at->deep ? KW_NAMES_CONSTANT : 0);
    for (const kw_unit *u = at->unit; u != NULL; u = u->outer)
        if (kw_bind_unit_binds(u, name) & wanted)
            return true;
    return at->deep && name->is_constant;
}

/* A name assigned with `=`: a variable of an enclosing function or of the unit, else a new
 * local.  Deep inside a function a constant stays one, so that the assignment fails (6.4). */
static void bind_assigned(place *at, const kw_name *name)
{
    if (at->scope == NULL) {
        unit_bind(at, name, KW_NAMES_VARIABLE);
        return;
    }
    if (bound_around(at->scope, name)) {
        if (kw_bind_find(at->scope, name) >= 0)
            add_local(at, name);
        return;
    }
    if (!is_shared(at, name))
        add_local(at, name);
}

/* Statements whose parts are statements of the function like any other. */
static bool is_shallow(kw_node_kind kind)
{
    return kind == KW_N_IF || kind == KW_N_WHILE || kind == KW_N_FOR || kind == KW_N_REPEAT || kind == KW_N_GUARD;
}

/* ---- First walk: what is bound --------------------------------------------------------------- */

static void collect(void *context, const kw_node *n)
{
    place *at = context;
    switch (n->kind) {
    case KW_N_PACKAGE: return; /* a unit of its own */
    case KW_N_STRUCT:          /* only its static initialisers run here */
        for (uint32_t i = 0; i < n->as.struct_def->static_count; i++)
            collect(at, n->as.struct_def->statics[i].value);
        return;
    case KW_N_ASSIGN:
        if (n->as.assign.target->kind == KW_N_NAME && n->as.assign.op == KW_OPR_NONE)
            bind_assigned(at, n->as.assign.target->as.name);
        break;
    case KW_N_VAR:
        for (uint32_t i = 0; i < n->as.var.count; i++)
            bind(at, n->as.var.items[i].name);
        break;
    case KW_N_UNPACK:
        for (uint32_t i = 0; i < n->as.unpack.name_count; i++)
            bind(at, n->as.unpack.names[i]);
        break;
    case KW_N_FOR:
    case KW_N_REPEAT:
        bind(at, n->as.loop->first);
        bind(at, n->as.loop->second);
        break;
    case KW_N_CASE: bind(at, n->as.case_of->as_name); break;
    case KW_N_TRY:
        bind(at, n->as.try_catch->first);
        bind(at, n->as.try_catch->second);
        break;
    case KW_N_CONST:
        if (at->scope == NULL)
            unit_bind(at, n->as.constant.name, KW_NAMES_CONSTANT);
        break;
    case KW_N_FUNCTION: /* inside a function its name is a local binding */
        if (at->scope != NULL && !n->as.function->is_operator)
            bind_function(at, n->as.function);
        break;
    default: break;
    }
    bool deep = at->deep;
    at->deep |= !is_shallow(n->kind);
    kw_walk_children(n, collect, at);
    at->deep = deep;
}

static void collect_list(place *at, kw_node_list list)
{
    for (uint32_t i = 0; i < list.count; i++)
        collect(at, list.items[i]);
}

/* ---- Second walk: what inner functions use --------------------------------------------------- */

static void use(place *at, const kw_name *name)
{
    if (at->scope == NULL || kw_bind_find(at->scope, name) >= 0)
        return;
    for (kw_scope *s = at->scope->outer; s != NULL; s = s->outer) {
        int i = kw_bind_find(s, name);
        if (i >= 0) {
            assert(s->unit == at->unit); /* a package in a function sees nothing of its variables */
            s->locals[i].captured = true;
            return;
        }
    }
}

static void examine(void *context, const kw_node *n);

static kw_scope *new_scope(place *at)
{
    kw_scopes *all = at->all;
    kw_scope *s = kw_arena_alloc(all->arena, sizeof(*s));
    if (s != NULL && all->count == all->cap) {
        uint32_t cap = all->cap == 0 ? 16 : all->cap * 2;
        kw_scope **list = kw_arena_alloc(all->arena, cap * sizeof(*list));
        if (list != NULL && all->count > 0)
            memcpy(list, all->all, all->count * sizeof(*list));
        if (list == NULL)
            s = NULL;
        else
            all->all = list;
        all->cap = list == NULL ? all->cap : cap;
    }
    if (s == NULL) {
        all->status = KB_ENOMEM;
        return NULL;
    }
    all->all[all->count++] = s;
    s->outer = at->scope;
    s->unit = at->unit;
    kb_map_init(&s->index);
    return s;
}

/* Not inlined, nor examine_package(): in each level of examine() they would take their room on the
 * C stack. */
__attribute__((noinline)) static void examine_function(place *at, kw_function_node *f)
{
    place inside = {.all = at->all, .scope = new_scope(at), .unit = at->unit};
    if (inside.scope == NULL)
        return;
    assert(f->scope == NULL); /* each function is met once: the scope of another time would know nothing of this one */
    f->scope = inside.scope;
    for (uint32_t i = 0; i < f->param_count; i++)
        add_local(&inside, f->params[i].name);
    /* parameter i is local i: the parser refuses a name twice */
    assert(inside.scope->count == f->param_count || at->all->status != KB_OK);
    for (uint32_t i = 0; i < f->param_count; i++)
        if (f->params[i].fallback != NULL)
            collect(&inside, f->params[i].fallback);
    collect_list(&inside, f->body);
    for (uint32_t i = 0; i < f->param_count; i++)
        if (f->params[i].fallback != NULL)
            examine(&inside, f->params[i].fallback);
    for (uint32_t i = 0; i < f->body.count; i++)
        examine(&inside, f->body.items[i]);
}

static bool same_package(const kw_node *a, const kw_node *b)
{
    if (a->as.package.count != b->as.package.count)
        return false;
    for (uint32_t i = 0; i < a->as.package.count; i++)
        if (a->as.package.parts[i] != b->as.package.parts[i])
            return false;
    return true;
}

/* A package may be written in several pieces: a later one knows the variables of those before
 * it. */
static void take_over(place *at, kw_unit *unit, const kw_node *n)
{
    size_t i = 0;
    int64_t node;
    for (const kw_unit *u; (u = kb_map_next(&at->all->units, &i, &node)) != NULL;) {
        if (u->outer != unit->outer || !same_package((const kw_node *)(intptr_t)node, n))
            continue;
        size_t k = 0;
        int64_t name;
        for (void *self; (self = kb_map_next(&u->names, &k, &name)) != NULL;)
            note(at->all, kb_map_put(&unit->names, name, self));
    }
}

__attribute__((noinline)) static void examine_package(place *at, const kw_node *n)
{
    kw_unit *unit = kw_arena_alloc(at->all->arena, sizeof(*unit));
    if (unit == NULL) {
        at->all->status = KB_ENOMEM;
        return;
    }
    unit->outer = at->scope == NULL ? at->unit : &at->all->file; /* a function's packages are global */
    assert(n->as.package.count > 0 && kw_bind_unit(at->all, n) == NULL);
    unit->depth = unit->outer->depth + n->as.package.count;
    kb_map_init(&unit->names);
    take_over(at, unit, n);
    if (kb_map_put(&at->all->units, key_of(n), unit) != KB_OK) {
        at->all->status = KB_ENOMEM;
        return;
    }
    place inside = {.all = at->all, .scope = NULL, .unit = unit};
    collect_list(&inside, n->as.package.body);
    for (uint32_t i = 0; i < n->as.package.body.count; i++)
        examine(&inside, n->as.package.body.items[i]);
}

static void examine(void *context, const kw_node *n)
{
    place *at = context;
    switch (n->kind) {
    case KW_N_NAME: use(at, n->as.name); break;
    case KW_N_LAMBDA: examine_function(at, n->as.function); return;
    case KW_N_FUNCTION:
        kw_walk_children(n, examine, at);
        examine_function(at, n->as.function);
        return;
    case KW_N_PACKAGE: examine_package(at, n); return;
    default: break;
    }
    kw_walk_children(n, examine, at);
}

/* ---- Life ------------------------------------------------------------------------------------ */

kb_status kw_bind_init(kw_scopes *scopes, kw_arena *arena, const kw_node *program)
{
    *scopes = (kw_scopes){.arena = arena, .status = KB_OK};
    kb_map_init(&scopes->file.names);
    kb_map_init(&scopes->units);
    place at = {.all = scopes, .scope = NULL, .unit = &scopes->file};
    collect_list(&at, program->as.list);
    for (uint32_t i = 0; i < program->as.list.count; i++)
        examine(&at, program->as.list.items[i]);
    return scopes->status;
}

void kw_bind_fini(kw_scopes *scopes)
{
    size_t at = 0;
    for (kw_unit *u; (u = kb_map_next(&scopes->units, &at, NULL)) != NULL;)
        kb_map_fini(&u->names);
    for (uint32_t i = 0; i < scopes->count; i++)
        kb_map_fini(&scopes->all[i]->index);
    kb_map_fini(&scopes->units);
    kb_map_fini(&scopes->file.names);
}

kw_unit *kw_bind_unit(kw_scopes *scopes, const kw_node *package)
{
    return kb_map_get(&scopes->units, key_of(package));
}
