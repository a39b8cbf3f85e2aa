/* gen_call.c - calls: callee or receiver, then the arguments, in a row of registers. */
#include "config.h"

#include "lang/gen_internal.h"

#include <assert.h>
#include <string.h>

enum { MAX_ARGS = 200 };

void kw_gen_append_args(kw_compiler *c, const kw_arg_list *args, unsigned dest)
{
    for (uint32_t i = 0; i < args->count; i++) {
        unsigned mark = c->f->free;
        unsigned reg = kw_gen_temp(c, 1);
        kw_gen_expr(c, args->items[i].value, reg);
        kw_gen_abc(c, args->items[i].splat ? OP_SPREAD : OP_APPEND, dest, reg, 1);
        c->f->free = mark;
    }
}

void kw_gen_args_list(kw_compiler *c, const kw_arg_list *args, unsigned dest)
{
    kw_gen_abc(c, OP_NEWLIST, dest, dest, 0);
    kw_gen_append_args(c, args, dest);
}

uint32_t kw_gen_names_constant(kw_compiler *c, const kw_arg_list *args, bool after_one)
{
    kw_list *names = kw_list_new(c->vm, args->count + 1);
    if (names != NULL && after_one)
        (void)kw_list_push(c->vm, names, kw_null());
    for (uint32_t i = 0; names != NULL && i < args->count; i++) {
        const kw_name *name = args->items[i].name;
        (void)kw_list_push(c->vm, names,
                           name == NULL ? kw_null() : kw_of_string(kw_intern(c->vm, name->text, name->size)));
    }
    if (names == NULL)
        c->failed = true;
    return kw_gen_constant(c, kw_of_list(names));
}

void kw_gen_call_args(kw_compiler *c, kw_opcode op, unsigned base, const kw_arg_list *args, const kw_name *method,
                      unsigned dest)
{
    kw_pos pos = c->pos;
    unsigned count = args->count;
    assert(c->failed || c->f->free == base + 1); /* nothing lies between the callee and its arguments */
    if (args->has_splat || count > MAX_ARGS) {
        if (args->has_named)
            kw_gen_error(c, "Too many arguments.");
        kw_gen_args_list(c, args, kw_gen_temp(c, 1));
        op = method != NULL ? OP_INVOKES : OP_CALLS;
        count = 1;
    } else {
        for (uint32_t i = 0; i < count; i++)
            kw_gen_expr(c, args->items[i].value, kw_gen_temp(c, 1));
        if (args->has_named)
            op = method != NULL ? OP_INVOKEN : OP_CALLN;
    }
    c->pos = pos;
    assert(c->failed || c->f->free == base + 1 + count); /* and nothing above them, where the new frame begins */
    kw_gen_abc(c, op, base, count, dest);
    if (method != NULL)
        kw_gen_name_word(c, method->text, method->size);
    if (op == OP_CALLN || op == OP_INVOKEN)
        kw_gen_emit(c, kw_gen_names_constant(c, args, false));
}

/* A function of this function's own that is called further up than it is written: until its
 * definition is reached it does not exist. */
static void check_defined(kw_compiler *c, const kw_node *callee, unsigned reg)
{
    const kw_scope *scope = c->f->scope;
    int i = callee->kind == KW_N_NAME && scope != NULL ? kw_bind_find(scope, callee->as.name) : -1;
    if (i < 0 || scope->locals[i].defined_at <= callee->pos.offset)
        return;
    kw_gen_abc(c, OP_TESTNULL, reg, 0, 0);
    uint32_t defined = kw_gen_jump(c);
    kw_gen_raise_known(c, KW_E_UNDECLARED, kw_intern(c->vm, callee->as.name->text, callee->as.name->size));
    kw_gen_patch(c, defined, kw_gen_here(c));
}

/* Remember for the call emitted just now how it names what it calls. */
static void note_called(kw_compiler *c, const kw_node *callee)
{
    if (callee->kind != KW_N_NAME)
        return;
    const kw_name *name = callee->as.name;
    kw_chunk_note_called(c->vm, c->f->proto, kw_intern(c->vm, name->text, name->size));
}

bool kw_gen_clears(const kw_node *n)
{
    if (n->kind != KW_N_METHOD_CALL || n->as.method.args.count > 0 || strcmp(n->as.method.name->text, "clear") != 0)
        return false;
    const kw_node *object = n->as.method.object;
    return object->kind == KW_N_NAME && strchr(object->as.name->text, ':') == NULL;
}

/* name.clear(): strings never change, so that the variable is assigned what the call gives if it
 * held one (TYPES.md section 1).  Other values clear themselves, or mean something else. */
static void clear_variable(kw_compiler *c, const kw_node *n, unsigned dest)
{
    unsigned held = kw_gen_temp(c, 1); /* the call destroys its copy of the receiver */
    unsigned base = kw_gen_temp(c, 1);
    kw_gen_expr(c, n->as.method.object, held);
    kw_gen_abc(c, OP_MOVE, base, held, 0);
    kw_gen_call_args(c, OP_INVOKE, base, &n->as.method.args, n->as.method.name, base);
    kw_gen_abc(c, OP_TESTSTR, held, 0, 0);
    uint32_t other = kw_gen_jump(c);
    kw_gen_write_name(c, n->as.method.object->as.name, base);
    kw_gen_patch(c, other, kw_gen_here(c));
    kw_gen_abc(c, OP_MOVE, dest, base, 0);
}

void kw_gen_call(kw_compiler *c, const kw_node *n, unsigned dest)
{
    kw_pos before = c->pos;
    c->pos = n->pos;
    if (kw_gen_clears(n)) {
        clear_variable(c, n, dest);
        c->pos = before;
        return;
    }
    /* the call may begin in the destination if nothing live lies above it */
    bool on_top = dest + 1 == c->f->free && dest >= c->f->locals;
    unsigned base = on_top ? dest : kw_gen_temp(c, 1);
    switch (n->kind) {
    case KW_N_CALL:
        kw_gen_expr(c, n->as.call.callee, base);
        check_defined(c, n->as.call.callee, base);
        kw_gen_call_args(c, OP_CALL, base, &n->as.call.args, NULL, dest);
        note_called(c, n->as.call.callee);
        break;
    case KW_N_METHOD_CALL:
        kw_gen_expr(c, n->as.method.object, base);
        kw_gen_call_args(c, OP_INVOKE, base, &n->as.method.args, n->as.method.name, dest);
        break;
    default: /* super.m(...) */
        assert(n->kind == KW_N_SUPER_CALL && n->as.method.object == NULL);
        kw_gen_abc(c, OP_GETSUPER, base, 0, 0);
        kw_gen_name_word(c, n->as.method.name->text, n->as.method.name->size);
        kw_gen_call_args(c, OP_CALL, base, &n->as.method.args, NULL, dest);
        break;
    }
    c->pos = before;
}
