/* gen_def.c - functions, lambdas, structs, enums, packages. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "lang/gen_internal.h"

/* ---- Functions ------------------------------------------------------------------------------- */

static kw_string *hint_text(kw_compiler *c, const kw_type_hint *hint)
{
    if (hint->count == 0)
        return NULL;
    kw_buf buf;
    kw_buf_init(&buf);
    for (uint32_t i = 0; i < hint->count; i++) {
        if (i > 0)
            kw_buf_putc(&buf, '|');
        kw_buf_put(&buf, hint->names[i]->text, hint->names[i]->size);
    }
    return kw_buf_string(c->vm, &buf);
}

static kw_value constant_default(kw_compiler *c, const kw_node *n)
{
    switch (n->kind) {
    case KW_N_INTEGER: return kw_int(n->as.integer);
    case KW_N_FLOAT: return kw_float(n->as.number);
    case KW_N_TRUE: return kw_bool(true);
    case KW_N_FALSE: return kw_bool(false);
    case KW_N_NULL: return kw_null();
    case KW_N_STRING: return kw_of_string(kw_gen_string(c, n->as.string.text, n->as.string.size));
    default: return kw_undef();
    }
}

static void describe_params(kw_compiler *c, kw_proto *p, const kw_function_node *f)
{
    kw_chunk_params(c->vm, p, f->param_count, f->has_variadic);
    for (uint32_t i = 0; i < f->param_count; i++) {
        const kw_param_node *from = &f->params[i];
        p->params[i] = (kw_param){.name = kw_intern(c->vm, from->name->text, from->name->size),
                                  .hint = hint_text(c, &from->hint),
                                  .constant = from->fallback == NULL ? kw_undef() : constant_default(c, from->fallback),
                                  .has_default = from->fallback != NULL};
    }
}

/* Captured variables get their cells, then missing arguments their defaults, in order. */
static void prologue(kw_compiler *c, const kw_function_node *f, const kw_scope *scope)
{
    for (uint32_t i = 0; i < scope->count; i++)
        if (scope->locals[i].captured)
            kw_gen_abc(c, OP_NEWCELL, i, 0, 0);
    for (uint32_t i = 0; i < f->param_count; i++) {
        const kw_param_node *p = &f->params[i];
        assert(scope->locals[i].name == p->name); /* the call puts argument i there */
        if (p->fallback == NULL)
            continue;
        unsigned mark = c->f->free, reg = i;
        if (scope->locals[i].captured) {
            reg = kw_gen_temp(c, 1);
            kw_gen_abc(c, OP_GETCELL, reg, i, 0);
        }
        kw_gen_abc(c, OP_TESTNULL, reg, 0, 0);
        uint32_t given = kw_gen_jump(c);
        unsigned value = kw_gen_temp(c, 1);
        kw_gen_expr(c, p->fallback, value);
        kw_gen_write_name(c, p->name, value);
        kw_gen_patch(c, given, kw_gen_here(c));
        c->f->free = mark;
    }
}

static kw_string *function_name(kw_compiler *c, const kw_function_node *f)
{
    if (f->name != NULL)
        return kw_intern(c->vm, f->name->text, f->name->size);
    kw_string *s = kw_string_format(c->vm, "__lam_%u", ++c->vm->lambdas);
    return kw_intern(c->vm, s->text, s->size);
}

kw_proto *kw_gen_function(kw_compiler *c, const kw_function_node *f, bool is_method)
{
    kw_scope *scope = f->scope;
    kw_func *outer = c->f;
    /* bind.c was here, and saw the same surroundings */
    assert(scope != NULL && scope->outer == outer->scope && scope->unit == outer->unit);
    kw_func inner = {.outer = outer,
                     .proto = kw_chunk_proto_new(c->vm, function_name(c, f), c->file),
                     .scope = scope,
                     .unit = outer->unit,
                     .package = outer->package,
                     .is_generator = f->has_yield};
    kw_proto *p = inner.proto;
    kw_pos pos = c->pos;
    c->f = &inner;
    c->pos = f->pos;
    p->line = f->pos.line;
    p->header.flags = (uint8_t)((f->has_yield ? KW_PROTO_GENERATOR : 0) | (is_method ? KW_PROTO_METHOD : 0) |
                                (f->is_static ? KW_PROTO_STATIC : 0));
    if (f->param_count > KW_MAX_PARAMS)
        kw_gen_error(c, "Too many parameters.");
    else
        describe_params(c, p, f);
    p->returns = hint_text(c, &f->result);
    (void)kw_gen_temp(c, scope->count); /* the variables lie in the first registers */
    inner.locals = scope->count;
    p->local_count = (uint16_t)scope->count;
    if (!c->failed) {
        prologue(c, f, scope);
        kw_gen_list_tail(c, &f->body);
    }
    kw_gen_abc(c, OP_RETNULL, 0, 0, 0); /* behind jumps to the end */
    assert(c->f == &inner && inner.loop == NULL && inner.tries == NULL);
    assert(c->failed || (inner.free == inner.locals && inner.open_jumps == 0));
    kw_chunk_finish(c->vm, p);
    c->f = outer;
    c->pos = pos;
    return p;
}

static void closure(kw_compiler *c, kw_proto *p, unsigned dest)
{
    kw_gen_abx(c, OP_CLOSURE, dest, kw_chunk_inner(c->vm, c->f->proto, p));
}

void kw_gen_lambda(kw_compiler *c, const kw_node *n, unsigned dest)
{
    closure(c, kw_gen_function(c, n->as.function, false), dest);
}

/* reg = decorator(reg, args...) */
static void decorate(kw_compiler *c, const kw_decorator *d, unsigned reg)
{
    unsigned mark = c->f->free, base = kw_gen_temp(c, 1), first = kw_gen_temp(c, 1);
    c->pos = d->pos;
    if (d->callee->kind == KW_N_MEMBER) {
        kw_gen_abc(c, OP_GETDECORATOR, base, kw_gen_any(c, d->callee->as.member.object), 0);
        c->f->free = first + 1;
        kw_gen_name_word(c, d->callee->as.member.name->text, d->callee->as.member.name->size);
    } else {
        kw_gen_expr(c, d->callee, base);
    }
    if (d->args.has_splat) {
        kw_gen_abc(c, OP_NEWLIST, first, reg, 1);
        kw_gen_append_args(c, &d->args, first);
        kw_gen_abc(c, OP_CALLS, base, 1, reg);
    } else {
        kw_gen_abc(c, OP_MOVE, first, reg, 0);
        for (uint32_t i = 0; i < d->args.count; i++)
            kw_gen_expr(c, d->args.items[i].value, kw_gen_temp(c, 1));
        kw_gen_abc(c, d->args.has_named ? OP_CALLN : OP_CALL, base, d->args.count + 1, reg);
        if (d->args.has_named)
            kw_gen_emit(c, kw_gen_names_constant(c, &d->args, true));
        assert(c->failed || c->f->free == first + 1 + d->args.count);
    }
    c->f->free = mark;
}

void kw_gen_define_function(kw_compiler *c, const kw_node *n)
{
    const kw_function_node *f = n->as.function;
    unsigned reg = kw_gen_temp(c, 1);
    assert(!f->is_operator); /* bind.c gives those no variable */
    closure(c, kw_gen_function(c, f, false), reg);
    for (uint32_t i = f->decorator_count; i-- > 0;)
        decorate(c, &f->decorators[i], reg);
    if (c->f->scope != NULL)
        kw_gen_write_name(c, f->name, reg);
    else
        kw_gen_global_op(c, OP_DEFFUNC, reg, kw_gen_member(c, c->f->package, f->name->text, f->name->size));
}

/* ---- Structs, enums, packages ---------------------------------------------------------------- */

/* R[reg], a struct or enum, gets its name. */
static void declare(kw_compiler *c, const kw_name *name, unsigned reg)
{
    kw_gen_global_op(c, OP_DEFDECL, reg, kw_gen_global(c, name->text, name->size));
    kw_string *package = kw_gen_defining(c);
    if (package != NULL)
        kw_gen_global_op(c, OP_DEFDECL, reg, kw_gen_member(c, package, name->text, name->size));
}

static void method(kw_compiler *c, const kw_function_node *f, unsigned class_reg)
{
    unsigned mark = c->f->free, reg = kw_gen_temp(c, 1);
    closure(c, kw_gen_function(c, f, true), reg);
    kw_gen_abc(c, OP_ADDMETHOD, class_reg, reg, (f->is_static ? 1u : 0u) | (f->is_abstract ? 2u : 0u));
    kw_gen_name_word(c, f->name->text, f->name->size);
    c->f->free = mark;
}

void kw_gen_struct(kw_compiler *c, const kw_node *n)
{
    const kw_struct_node *s = n->as.struct_def;
    unsigned reg = kw_gen_temp(c, 1), base = kw_gen_temp(c, 1);
    if (s->base != NULL)
        kw_gen_global_op(c, OP_GETSTRUCT, base, kw_gen_global(c, s->base->text, s->base->size));
    kw_gen_abc(c, OP_NEWCLASS, reg, base, (s->base != NULL ? 1u : 0u) | (s->is_abstract ? 2u : 0u));
    kw_gen_name_word(c, s->name->text, s->name->size);
    for (uint32_t i = 0; i < s->methods.count; i++)
        method(c, s->methods.items[i]->as.function, reg);
    declare(c, s->name, reg);
    for (uint32_t i = 0; i < s->static_count; i++) {
        c->pos = s->statics[i].pos;
        kw_gen_expr(c, s->statics[i].value, base);
        kw_gen_abc(c, OP_SETFIELD, reg, base, 0);
        kw_gen_name_word(c, s->statics[i].name->text, s->statics[i].name->size);
    }
}

void kw_gen_enum(kw_compiler *c, const kw_node *n)
{
    unsigned reg = kw_gen_temp(c, 1), value = kw_gen_temp(c, 1);
    kw_gen_abc(c, OP_NEWCLASS, reg, 0, 4);
    kw_gen_name_word(c, n->as.enum_def.name->text, n->as.enum_def.name->size);
    for (uint32_t i = 0; i < n->as.enum_def.count; i++) {
        const kw_enum_member *m = &n->as.enum_def.members[i];
        c->pos = m->pos;
        if (m->value != NULL) {
            kw_gen_expr(c, m->value, value);
        } else if (i == 0) {
            kw_gen_load(c, value, kw_int(0));
        } else {
            unsigned one = kw_gen_temp(c, 1);
            kw_gen_load(c, one, kw_int(1));
            kw_gen_abc(c, OP_ADD, value, value, one);
            c->f->free = one;
        }
        kw_gen_abc(c, OP_SETFIELD, reg, value, 0);
        kw_gen_name_word(c, m->name->text, m->name->size);
    }
    declare(c, n->as.enum_def.name, reg);
}

void kw_gen_package(kw_compiler *c, const kw_node *n)
{
    kw_string *before = c->f->package;
    kw_unit *unit = c->f->unit;
    kw_scope *scope = c->f->scope;
    kw_string *name = kw_gen_defining(c);
    for (uint32_t i = 0; i < n->as.package.count; i++) {
        const kw_name *part = n->as.package.parts[i];
        kw_string *full = name == NULL ? kw_intern(c->vm, part->text, part->size)
                                       : kw_string_format(c->vm, "%s::%s", name->text, part->text);
        name = kw_intern(c->vm, full->text, full->size);
        kw_gen_abx(c, OP_DEFPACKAGE, 0, kw_chunk_global(c->vm, c->f->proto, kw_names_global_at(c->vm, name)));
    }
    c->f->package = name;
    c->f->unit = kw_bind_unit(&c->scopes, n);
    c->f->scope = NULL; /* names bound here are the package's, even inside a function */
    assert(c->f->unit != NULL && c->f->unit->depth >= n->as.package.count); /* it is in the table of bind.c */
    kw_gen_list(c, &n->as.package.body);
    c->f->package = before;
    c->f->unit = unit;
    c->f->scope = scope;
}
