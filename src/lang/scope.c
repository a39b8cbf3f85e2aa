/* scope.c - tables of names.  Every scope is walked twice: first for what it binds, then for what it uses, so
 * that a scope is complete before the functions inside it are looked at. */
#include "config.h"

#include "lang/scope.h"

#include <string.h>

/* ---- Tables ------------------------------------------------------------------------------------- */

static size_t bucket_of(const kw_scope *scope, const kw_name *name)
{
    return name->hash & (scope->bucket_count - 1);
}

kw_var *kw_scope_find(const kw_scope *scope, const kw_name *name)
{
    if (scope->bucket_count == 0)
        return NULL;
    kw_var *v = scope->buckets[bucket_of(scope, name)];
    while (v != NULL && v->name != name)
        v = v->next;
    return v;
}

static bool grow(kw_arena *arena, kw_scope *scope)
{
    uint32_t cap = scope->var_cap == 0 ? 8 : scope->var_cap * 2;
    kw_var **vars = kw_arena_alloc(arena, cap * sizeof(*vars));
    kw_var **buckets = kw_arena_alloc(arena, cap * sizeof(*buckets));
    if (vars == NULL || buckets == NULL)
        return false;
    if (scope->var_count > 0)
        memcpy(vars, scope->vars, scope->var_count * sizeof(*vars));
    scope->vars = vars;
    scope->buckets = buckets;
    scope->var_cap = scope->bucket_count = cap;
    for (uint32_t i = 0; i < scope->var_count; i++) {
        kw_var **head = &buckets[bucket_of(scope, vars[i]->name)];
        vars[i]->next = *head;
        *head = vars[i];
    }
    return true;
}

/* The variable `name` of the scope, made if it is not there; NULL: no memory. */
static kw_var *add(kw_arena *arena, kw_scope *scope, const kw_name *name)
{
    kw_var *v = kw_scope_find(scope, name);
    if (v != NULL)
        return v;
    if (scope->var_count == scope->var_cap && !grow(arena, scope))
        return NULL;
    v = kw_arena_alloc(arena, sizeof(*v));
    if (v == NULL)
        return NULL;
    kw_var **head = &scope->buckets[bucket_of(scope, name)];
    *v = (kw_var){.name = name, .at = scope->var_count, .next = *head};
    *head = v;
    scope->vars[scope->var_count++] = v;
    return v;
}

/* ---- Children ------------------------------------------------------------------------------------ */

typedef bool (*visitor)(void *context, const kw_node *child, bool is_statement);
typedef struct visit {
    visitor each;
    void *context;
} visit;

static bool one(const visit *v, const kw_node *node)
{
    return node == NULL || v->each(v->context, node, false);
}

static bool statement(const visit *v, const kw_node *node)
{
    return node == NULL || v->each(v->context, node, true);
}

static bool list(const visit *v, const kw_node_list *nodes, bool statements)
{
    for (uint32_t i = 0; i < nodes->count; i++)
        if (!v->each(v->context, nodes->items[i], statements))
            return false;
    return true;
}

static bool args(const visit *v, const kw_arg_list *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        if (!one(v, l->items[i].value))
            return false;
    return true;
}

static bool visit_case(const visit *v, const kw_case_node *c)
{
    if (!one(v, c->subject))
        return false;
    for (uint32_t i = 0; i < c->clause_count; i++) {
        const kw_case_clause *clause = &c->clauses[i];
        for (uint32_t n = 0; n < clause->condition_count; n++)
            if (!one(v, clause->conditions[n].low) || !one(v, clause->conditions[n].high))
                return false;
        if (!list(v, &clause->body, true))
            return false;
    }
    return list(v, &c->else_body, true);
}

static bool visit_if(const visit *v, const kw_if_node *n)
{
    for (uint32_t i = 0; i < n->branch_count; i++)
        if (!one(v, n->branches[i].condition) || !list(v, &n->branches[i].body, true))
            return false;
    return list(v, &n->else_body, true);
}

static bool visit_decorators(const visit *v, const kw_function_node *f)
{
    for (uint32_t i = 0; i < f->decorator_count; i++)
        if (!one(v, f->decorators[i].callee) || !args(v, &f->decorators[i].args))
            return false;
    return true;
}

static bool visit_struct(const visit *v, const kw_struct_node *s)
{
    for (uint32_t i = 0; i < s->static_count; i++)
        if (!one(v, s->statics[i].value))
            return false;
    return true;
}

static bool visit_vars(const visit *v, const kw_node *node)
{
    for (uint32_t i = 0; i < node->as.var.count; i++)
        if (!one(v, node->as.var.items[i].value))
            return false;
    return true;
}

static bool visit_enum(const visit *v, const kw_node *node)
{
    for (uint32_t i = 0; i < node->as.enum_def.count; i++)
        if (!one(v, node->as.enum_def.members[i].value))
            return false;
    return true;
}

static bool visit_statement(const visit *v, const kw_node *n)
{
    switch (n->kind) {
    case KW_N_PROGRAM:
    case KW_N_BLOCK: return list(v, &n->as.list, true);
    case KW_N_PRINT: return one(v, n->as.print.value);
    case KW_N_PRINTXY: return one(v, n->as.printxy.value) && one(v, n->as.printxy.x) && one(v, n->as.printxy.y);
    case KW_N_GUARD:
        return one(v, n->as.guard.condition) && statement(v, n->as.guard.body) &&
               statement(v, n->as.guard.other);
    case KW_N_IF: return visit_if(v, n->as.if_chain);
    case KW_N_WHILE:
    case KW_N_REPEAT:
    case KW_N_FOR: return one(v, n->as.loop->subject) && list(v, &n->as.loop->body, true);
    case KW_N_TRY:
        return list(v, &n->as.try_catch->body, true) && list(v, &n->as.try_catch->catch_body, true) &&
               list(v, &n->as.try_catch->finally_body, true);
    case KW_N_RETURN:
    case KW_N_THROW:
    case KW_N_EXIT:
    case KW_N_YIELD:
    case KW_N_EXPORT:
    case KW_N_REQUIRE: return one(v, n->as.value);
    case KW_N_VAR: return visit_vars(v, n);
    case KW_N_CONST: return one(v, n->as.constant.value);
    case KW_N_UNPACK: return list(v, &n->as.unpack.values, false);
    case KW_N_FUNCTION: return visit_decorators(v, n->as.function);
    case KW_N_STRUCT: return visit_struct(v, n->as.struct_def);
    case KW_N_ENUM: return visit_enum(v, n);
    case KW_N_ON: return one(v, n->as.on.handler);
    case KW_N_OFF: return one(v, n->as.off.name) && one(v, n->as.off.callable);
    default: return true; /* PACKAGE is a scope of its own, the others have no children */
    }
}

bool kw_scope_children(const kw_node *n, visitor each, void *context)
{
    visit here = {.each = each, .context = context}, *v = &here;
    switch (n->kind) {
    case KW_N_INTERPOLATION:
    case KW_N_LIST:
    case KW_N_HASHMAP: return list(v, &n->as.list, false);
    case KW_N_RANGE: return one(v, n->as.range.low) && one(v, n->as.range.high);
    case KW_N_UNARY: return one(v, n->as.unary.operand);
    case KW_N_BINARY:
    case KW_N_LOGICAL: return one(v, n->as.binary.left) && one(v, n->as.binary.right);
    case KW_N_TERNARY:
        return one(v, n->as.ternary.condition) && one(v, n->as.ternary.yes) && one(v, n->as.ternary.no);
    case KW_N_ASSIGN:
        return one(v, n->as.assign.target) && one(v, n->as.assign.value) && one(v, n->as.assign.guard) &&
               one(v, n->as.assign.else_value);
    case KW_N_CALL: return one(v, n->as.call.callee) && args(v, &n->as.call.args);
    case KW_N_METHOD_CALL:
    case KW_N_SUPER_CALL: return one(v, n->as.method.object) && args(v, &n->as.method.args);
    case KW_N_MEMBER: return one(v, n->as.member.object);
    case KW_N_INDEX: return one(v, n->as.index.object) && one(v, n->as.index.index);
    case KW_N_SLICE:
        return one(v, n->as.slice.object) && one(v, n->as.slice.start) && one(v, n->as.slice.stop) &&
               one(v, n->as.slice.step);
    case KW_N_CASE: return visit_case(v, n->as.case_of);
    case KW_N_IMPORT:
    case KW_N_INCLUDE:
    case KW_N_EVAL: return one(v, n->as.value);
    case KW_N_EMIT: return one(v, n->as.emit.name) && args(v, &n->as.emit.args);
    default: return visit_statement(v, n);
    }
}

/* ---- What a scope binds ---------------------------------------------------------------------------- */

typedef struct analysis {
    kw_arena *arena;
    kw_scopes *scopes;
    kw_scope *scope; /* the one being walked */
    bool in_expression;
} analysis;

static bool bind(const analysis *a, const kw_name *name)
{
    if (name == NULL)
        return true;
    kw_var *v = add(a->arena, a->scope, name);
    if (v != NULL)
        v->assignable = true;
    return v != NULL;
}

/* A name that a package or file defines but that no assignment changes. */
static bool define(const analysis *a, const kw_name *name, bool is_package)
{
    if (a->scope->kind != KW_SCOPE_PACKAGE)
        return true;
    kw_var *v = add(a->arena, a->scope, name);
    if (v != NULL && is_package)
        v->is_package = true;
    return v != NULL;
}

/* `name = ...` in a function makes a local only if no variable of that name is in sight. */
static bool bind_weak(const analysis *a, const kw_name *name)
{
    for (const kw_scope *s = a->scope; s != NULL; s = s->parent) {
        const kw_var *v = kw_scope_find(s, name);
        if (v != NULL && (s->kind == KW_SCOPE_FUNCTION || v->assignable))
            return s != a->scope || bind(a, name);
        if (a->scope->kind != KW_SCOPE_FUNCTION)
            break;
    }
    return bind(a, name);
}

static bool bind_all(const analysis *a, const kw_node *n)
{
    if (n->kind == KW_N_VAR) {
        for (uint32_t i = 0; i < n->as.var.count; i++)
            if (!bind(a, n->as.var.items[i].name))
                return false;
        return true;
    }
    for (uint32_t i = 0; i < n->as.unpack.name_count; i++)
        if (!bind(a, n->as.unpack.names[i]))
            return false;
    return true;
}

static bool bind_of(const analysis *a, const kw_node *n)
{
    switch (n->kind) {
    case KW_N_VAR:
    case KW_N_UNPACK: return bind_all(a, n);
    case KW_N_FOR:
    case KW_N_REPEAT: return bind(a, n->as.loop->first) && bind(a, n->as.loop->second);
    case KW_N_TRY: return bind(a, n->as.try_catch->first) && bind(a, n->as.try_catch->second);
    case KW_N_CASE: return bind(a, n->as.case_of->as_name);
    case KW_N_FUNCTION:
        return a->scope->kind == KW_SCOPE_FUNCTION ? bind(a, n->as.function->name)
                                                   : define(a, n->as.function->name, false);
    case KW_N_CONST: return define(a, n->as.constant.name, false);
    case KW_N_STRUCT: return define(a, n->as.struct_def->name, false);
    case KW_N_ENUM: return define(a, n->as.enum_def.name, false);
    case KW_N_PACKAGE: return define(a, n->as.package.parts[0], true);
    default: return true;
    }
}

/* First walk: everything but plain assignments, which come after all others are known. */
static bool collect(void *context, const kw_node *n, bool is_statement)
{
    (void)is_statement;
    return bind_of(context, n) && kw_scope_children(n, collect, context);
}

static bool collect_weak(void *context, const kw_node *n, bool is_statement)
{
    const analysis *a = context;
    (void)is_statement;
    if (n->kind == KW_N_ASSIGN && n->as.assign.op == KW_OPR_NONE && n->as.assign.target->kind == KW_N_NAME &&
        !bind_weak(a, n->as.assign.target->as.name))
        return false;
    return kw_scope_children(n, collect_weak, context);
}

/* ---- What a scope uses ------------------------------------------------------------------------------ */

static void note_use(const kw_scope *from, const kw_name *name)
{
    bool inside = false; /* has the way upwards left a function? */
    for (const kw_scope *s = from; s != NULL; s = s->parent) {
        kw_var *v = kw_scope_find(s, name);
        if (v != NULL) {
            if (inside && s->kind == KW_SCOPE_FUNCTION)
                v->captured = true;
            return;
        }
        if (s->kind == KW_SCOPE_FUNCTION)
            inside = true;
    }
}

static kw_scope *new_scope(const analysis *a, kw_scope_kind kind)
{
    kw_scope *s = kw_arena_alloc(a->arena, sizeof(*s));
    if (s != NULL)
        *s = (kw_scope){.kind = kind, .parent = a->scope};
    return s;
}

static bool use(void *context, const kw_node *n, bool is_statement);

static bool walk_list(analysis *a, const kw_node_list *body, visitor each)
{
    for (uint32_t i = 0; i < body->count; i++)
        if (!each(a, body->items[i], true))
            return false;
    return true;
}

static bool walk_defaults(analysis *a, const kw_function_node *f, visitor each)
{
    for (uint32_t i = 0; i < f->param_count; i++)
        if (f->params[i].fallback != NULL && !each(a, f->params[i].fallback, false))
            return false;
    return true;
}

static bool function_scope(const analysis *outer, kw_function_node *f)
{
    analysis here = *outer, *a = &here;
    a->in_expression = false;
    a->scope = f->scope = new_scope(outer, KW_SCOPE_FUNCTION);
    if (a->scope == NULL)
        return false;
    for (uint32_t i = 0; i < f->param_count; i++)
        if (!bind(a, f->params[i].name))
            return false;
    return walk_defaults(a, f, collect) && walk_list(a, &f->body, collect) && walk_defaults(a, f, collect_weak) &&
           walk_list(a, &f->body, collect_weak) && walk_defaults(a, f, use) && walk_list(a, &f->body, use);
}

/* The full name of a package inside the packages around it. */
static bool name_package(const analysis *a, kw_scope *s, const kw_node *n)
{
    const kw_scope *outer = a->scope;
    while (outer != NULL && outer->kind != KW_SCOPE_PACKAGE)
        outer = outer->parent;
    size_t size = outer != NULL ? outer->package_size + 2 : 0, at = 0;
    for (uint32_t i = 0; i < n->as.package.count; i++)
        size += n->as.package.parts[i]->size + (i > 0 ? 2 : 0);
    char *text = kw_arena_alloc(a->arena, size + 1);
    if (text == NULL)
        return false;
    if (outer != NULL) {
        memcpy(text, outer->package, outer->package_size);
        at = outer->package_size;
    }
    for (uint32_t i = 0; i < n->as.package.count; i++) {
        if (at > 0) {
            memcpy(text + at, "::", 2);
            at += 2;
        }
        memcpy(text + at, n->as.package.parts[i]->text, n->as.package.parts[i]->size);
        at += n->as.package.parts[i]->size;
    }
    s->package = text;
    s->package_size = size;
    return true;
}

/* A package may be written in several pieces: a later one knows the names of those before it. */
static bool take_over(const analysis *a, kw_scope *s)
{
    for (const kw_scope *p = a->scopes->packages; p != NULL; p = p->next_package) {
        if (p->package_size != s->package_size || memcmp(p->package, s->package, s->package_size) != 0)
            continue;
        for (uint32_t i = 0; i < p->var_count; i++) {
            kw_var *v = add(a->arena, s, p->vars[i]->name);
            if (v == NULL)
                return false;
            v->assignable = p->vars[i]->assignable;
            v->is_package = p->vars[i]->is_package;
        }
        return true;
    }
    return true;
}

static bool package_scope(const analysis *outer, const kw_node *n)
{
    analysis here = *outer, *a = &here;
    kw_scope *s = new_scope(outer, KW_SCOPE_PACKAGE);
    if (s == NULL || !name_package(outer, s, n) || !take_over(outer, s))
        return false;
    s->node = n;
    s->next_package = a->scopes->packages;
    a->scopes->packages = s;
    a->scope = s;
    return walk_list(a, &n->as.package.body, collect) && walk_list(a, &n->as.package.body, collect_weak) &&
           walk_list(a, &n->as.package.body, use);
}

static bool methods(const analysis *a, const kw_struct_node *s)
{
    for (uint32_t i = 0; i < s->methods.count; i++)
        if (!function_scope(a, s->methods.items[i]->as.function))
            return false;
    return true;
}

static bool binds(const kw_node *n)
{
    switch (n->kind) {
    case KW_N_ASSIGN:
    case KW_N_UNPACK:
    case KW_N_VAR:
    case KW_N_FOR:
    case KW_N_REPEAT:
    case KW_N_TRY:
    case KW_N_CASE:
    case KW_N_FUNCTION: return true;
    default: return false;
    }
}

/* The function whose registers an assignment in this scope may change. */
static kw_scope *frame_of(kw_scope *s)
{
    while (s->kind == KW_SCOPE_PACKAGE && s->parent != NULL)
        s = s->parent;
    return s;
}

static bool use(void *context, const kw_node *n, bool is_statement)
{
    analysis *a = context;
    bool before = a->in_expression;
    a->in_expression = before || !is_statement;
    if (a->in_expression && binds(n))
        frame_of(a->scope)->inner_assign = true;
    if (n->kind == KW_N_NAME)
        note_use(a->scope, n->as.name);
    bool ok = true;
    if (n->kind == KW_N_LAMBDA || n->kind == KW_N_FUNCTION)
        ok = function_scope(a, n->as.function);
    else if (n->kind == KW_N_STRUCT)
        ok = methods(a, n->as.struct_def);
    else if (n->kind == KW_N_PACKAGE)
        ok = package_scope(a, n);
    ok = ok && kw_scope_children(n, use, a);
    a->in_expression = before;
    return ok;
}

bool kw_scope_analyse(kw_arena *arena, const kw_node *program, kw_scopes *out)
{
    *out = (kw_scopes){.file = NULL};
    analysis a = {.arena = arena, .scopes = out};
    out->file = a.scope = new_scope(&a, KW_SCOPE_FILE);
    return a.scope != NULL && walk_list(&a, &program->as.list, collect) &&
           walk_list(&a, &program->as.list, collect_weak) && walk_list(&a, &program->as.list, use);
}

kw_scope *kw_scope_of_package(const kw_scopes *scopes, const kw_node *node)
{
    kw_scope *s = scopes->packages;
    while (s != NULL && s->node != node)
        s = s->next_package;
    return s;
}
