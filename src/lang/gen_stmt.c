/* gen_stmt.c - statements. */
#include "config.h"

#include <assert.h>

#include "lang/gen_internal.h"

/* ---- Lists of statements --------------------------------------------------------------------- */

void kw_gen_list(kw_compiler *c, const kw_node_list *list)
{
    for (uint32_t i = 0; i < list->count && !c->failed; i++)
        kw_gen_stmt(c, list->items[i]);
}

void kw_gen_list_value(kw_compiler *c, const kw_node_list *list, unsigned dest)
{
    for (uint32_t i = 0; i + 1 < list->count && !c->failed; i++)
        kw_gen_stmt(c, list->items[i]);
    if (list->count > 0)
        kw_gen_value(c, list->items[list->count - 1], dest);
    else
        kw_gen_abc(c, OP_LOADNULL, dest, 0, 0);
}

void kw_gen_list_tail(kw_compiler *c, const kw_node_list *list)
{
    for (uint32_t i = 0; i + 1 < list->count && !c->failed; i++)
        kw_gen_stmt(c, list->items[i]);
    if (list->count > 0)
        kw_gen_tail(c, list->items[list->count - 1]);
    else
        kw_gen_abc(c, OP_RETNULL, 0, 0, 0);
}

/* What becomes of the last statement of a branch: dropped (dest < 0), kept in dest, or returned. */
static void branch(kw_compiler *c, const kw_node_list *list, int dest, bool tail)
{
    assert(!tail || dest < 0); /* one of the three */
    if (tail)
        kw_gen_list_tail(c, list);
    else if (dest >= 0)
        kw_gen_list_value(c, list, (unsigned)dest);
    else
        kw_gen_list(c, list);
}

static void no_value(kw_compiler *c, int dest, bool tail)
{
    if (tail)
        kw_gen_abc(c, OP_RETNULL, 0, 0, 0);
    else if (dest >= 0)
        kw_gen_abc(c, OP_LOADNULL, (unsigned)dest, 0, 0);
}

/* ---- Branches -------------------------------------------------------------------------------- */

static void if_chain(kw_compiler *c, const kw_node *n, int dest, bool tail)
{
    const kw_if_node *chain = n->as.if_chain;
    kw_jumps done = {.at = NULL};
    for (uint32_t i = 0; i < chain->branch_count; i++) {
        kw_jumps next = {.at = NULL};
        c->pos = chain->branches[i].condition->pos;
        kw_gen_condition(c, chain->branches[i].condition, false, &next);
        branch(c, &chain->branches[i].body, dest, tail);
        bool last = i + 1 == chain->branch_count && !chain->has_else && dest < 0;
        if (!tail && !last)
            kw_gen_add(c, &done, kw_gen_jump(c));
        kw_gen_land(c, &next, kw_gen_here(c));
    }
    if (chain->has_else)
        branch(c, &chain->else_body, dest, tail);
    else
        no_value(c, dest, tail);
    kw_gen_land(c, &done, kw_gen_here(c));
}

static void one_statement(kw_compiler *c, const kw_node *n, int dest, bool tail)
{
    if (tail)
        kw_gen_tail(c, n);
    else if (dest >= 0)
        kw_gen_value(c, n, (unsigned)dest);
    else
        kw_gen_stmt(c, n);
}

static void guard(kw_compiler *c, const kw_node *n, int dest, bool tail)
{
    kw_jumps otherwise = {.at = NULL};
    kw_gen_condition(c, n->as.guard.condition, false, &otherwise);
    one_statement(c, n->as.guard.body, dest, tail);
    uint32_t done = 0;
    bool skip = !tail && (n->as.guard.other != NULL || dest >= 0);
    if (skip)
        done = kw_gen_jump(c);
    kw_gen_land(c, &otherwise, kw_gen_here(c));
    if (n->as.guard.other != NULL)
        one_statement(c, n->as.guard.other, dest, tail);
    else
        no_value(c, dest, tail);
    if (skip)
        kw_gen_patch(c, done, kw_gen_here(c));
}

/* Jump to `hit` if the condition of a case clause matches. */
static void case_condition(kw_compiler *c, const kw_case_condition *cond, int subject, kw_jumps *hit)
{
    unsigned mark = c->f->free;
    if (subject < 0) {
        kw_gen_condition(c, cond->low, true, hit);
        return;
    }
    unsigned low = kw_gen_temp(c, 1);
    kw_gen_expr(c, cond->low, low);
    if (cond->high == NULL) {
        kw_gen_abc(c, OP_JEQ, (unsigned)subject, low, 1);
        kw_gen_add(c, hit, kw_gen_jump(c));
    } else {
        kw_gen_abc(c, OP_JGE, (unsigned)subject, low, 0);
        uint32_t below = kw_gen_jump(c);
        kw_gen_expr(c, cond->high, low);
        kw_gen_abc(c, OP_JLE, (unsigned)subject, low, 1);
        kw_gen_add(c, hit, kw_gen_jump(c));
        kw_gen_patch(c, below, kw_gen_here(c));
    }
    c->f->free = mark;
}

void kw_gen_case(kw_compiler *c, const kw_node *n, int dest, bool tail)
{
    const kw_case_node *node = n->as.case_of;
    unsigned mark = c->f->free;
    int subject = -1;
    if (node->subject != NULL) {
        subject = (int)kw_gen_temp(c, 1);
        kw_gen_expr(c, node->subject, (unsigned)subject);
        kw_gen_bind_name(c, node->as_name, (unsigned)subject);
    }
    kw_jumps done = {.at = NULL};
    for (uint32_t i = 0; i < node->clause_count; i++) {
        kw_jumps hit = {.at = NULL};
        c->pos = node->clauses[i].pos;
        for (uint32_t k = 0; k < node->clauses[i].condition_count; k++)
            case_condition(c, &node->clauses[i].conditions[k], subject, &hit);
        uint32_t next = kw_gen_jump(c);
        kw_gen_land(c, &hit, kw_gen_here(c));
        branch(c, &node->clauses[i].body, dest, tail);
        if (!tail)
            kw_gen_add(c, &done, kw_gen_jump(c));
        kw_gen_patch(c, next, kw_gen_here(c));
    }
    if (node->has_else)
        branch(c, &node->else_body, dest, tail);
    else
        no_value(c, dest, tail);
    kw_gen_land(c, &done, kw_gen_here(c));
    c->f->free = mark;
}

/* ---- Loops ----------------------------------------------------------------------------------- */

static void open_loop(kw_compiler *c, kw_loop_ctx *loop)
{
    *loop = (kw_loop_ctx){.outer = c->f->loop, .tries = c->f->tries};
    c->f->loop = loop;
}

static void close_loop(kw_compiler *c, kw_loop_ctx *loop)
{
    assert(c->f->tries == loop->tries && loop->nexts.count == 0); /* its tries are closed, each `next` has landed */
    c->f->loop = loop->outer;
    kw_gen_land(c, &loop->breaks, kw_gen_here(c));
}

/* The condition stands behind the body, so that a turn takes one jump. */
static void while_loop(kw_compiler *c, const kw_node *n)
{
    kw_loop_ctx loop;
    open_loop(c, &loop);
    uint32_t to_condition = kw_gen_jump(c), body = kw_gen_here(c);
    kw_gen_list(c, &n->as.loop->body);
    kw_gen_land(c, &loop.nexts, kw_gen_here(c));
    kw_gen_patch(c, to_condition, kw_gen_here(c));
    kw_jumps again = {.at = NULL};
    c->pos = n->as.loop->subject->pos;
    c->f->loop = loop.outer; /* a break in the condition belongs to the loop around */
    kw_gen_condition(c, n->as.loop->subject, true, &again);
    kw_gen_land(c, &again, body);
    close_loop(c, &loop);
}

/* Body of a counted loop: `next` (an instruction, then a jump) stands behind it; `enter` binds the
 * variables. */
static void counted_loop(kw_compiler *c, const kw_node *n, kw_instr next, const kw_name *first, unsigned first_reg,
                         const kw_name *second, unsigned second_reg)
{
    kw_loop_ctx loop;
    open_loop(c, &loop);
    uint32_t to_next = kw_gen_jump(c), body = kw_gen_here(c);
    kw_gen_bind_name(c, first, first_reg);
    kw_gen_bind_name(c, second, second_reg);
    kw_gen_list(c, &n->as.loop->body);
    kw_gen_land(c, &loop.nexts, kw_gen_here(c));
    kw_gen_patch(c, to_next, kw_gen_here(c));
    c->pos = n->pos;
    kw_gen_emit(c, next);
    assert(c->f->loop == &loop); /* those inside are closed */
    kw_gen_patch(c, kw_gen_jump(c), body);
    close_loop(c, &loop);
}

static void for_loop(kw_compiler *c, const kw_node *n)
{
    const kw_loop_node *l = n->as.loop;
    unsigned mark = c->f->free, reg;
    if (l->subject->kind == KW_N_RANGE && l->second == NULL) { /* no list is made */
        reg = kw_gen_temp(c, 4);
        kw_gen_expr(c, l->subject->as.range.low, reg);
        kw_gen_expr(c, l->subject->as.range.high, reg + 1);
        kw_gen_abc(c, OP_RANGEINIT, reg, 0, 0);
        counted_loop(c, n, kw_abc(OP_RANGENEXT, reg, 0, 0), l->first, reg + 3, NULL, 0);
    } else {
        reg = kw_gen_temp(c, 5);
        kw_gen_expr(c, l->subject, reg);
        kw_gen_abc(c, OP_FORINIT, reg, 0, 0);
        counted_loop(c, n, kw_abc(OP_FORNEXT, reg, 0, l->second != NULL), l->first, reg + 2, l->second, reg + 3);
    }
    c->f->free = mark;
}

static void repeat_loop(kw_compiler *c, const kw_node *n)
{
    unsigned mark = c->f->free, reg = kw_gen_temp(c, 2);
    kw_gen_expr(c, n->as.loop->subject, reg);
    kw_gen_abc(c, OP_REPINIT, reg, 0, 0);
    counted_loop(c, n, kw_abc(OP_REPNEXT, reg, 0, 0), n->as.loop->first, reg + 1, NULL, 0);
    c->f->free = mark;
}

static void leave_loop(kw_compiler *c, bool is_break)
{
    kw_loop_ctx *loop = c->f->loop;
    if (loop == NULL)
        return; /* outside of a loop of this function they do nothing */
    kw_gen_leave_tries(c, loop->tries);
    kw_gen_add(c, is_break ? &loop->breaks : &loop->nexts, kw_gen_jump(c));
    kw_gen_reopen(c, loop->tries);
}

/* ---- The others ------------------------------------------------------------------------------ */

static unsigned value_or_null(kw_compiler *c, const kw_node *value)
{
    unsigned reg;
    if (value != NULL)
        return kw_gen_any(c, value);
    reg = kw_gen_temp(c, 1);
    kw_gen_abc(c, OP_LOADNULL, reg, 0, 0);
    return reg;
}

static void return_stmt(kw_compiler *c, const kw_node *n)
{
    if (c->f->tries == NULL) {
        kw_gen_abc(c, OP_RETURN, value_or_null(c, n->as.value), 0, 0);
        return;
    }
    unsigned reg = kw_gen_temp(c, 1); /* a finally body may change the local that was returned */
    if (n->as.value != NULL)
        kw_gen_expr(c, n->as.value, reg);
    else
        kw_gen_abc(c, OP_LOADNULL, reg, 0, 0);
    kw_gen_leave_tries(c, NULL);
    kw_gen_abc(c, OP_RETURN, reg, 0, 0);
    kw_gen_reopen(c, NULL);
}

static kw_value zero_of(kw_compiler *c, const char *type, bool *list, bool *map)
{
    kw_vm *vm = c->vm;
    kw_string *s = kw_intern_c(vm, type);
    *list = kw_string_same(s, kw_intern_c(vm, "list"));
    *map = kw_string_same(s, kw_intern_c(vm, "hashmap"));
    if (kw_string_same(s, kw_intern_c(vm, "integer")))
        return kw_int(0);
    if (kw_string_same(s, kw_intern_c(vm, "float")))
        return kw_float(0);
    if (kw_string_same(s, kw_intern_c(vm, "boolean")))
        return kw_bool(false);
    return kw_string_same(s, kw_intern_c(vm, "string")) ? kw_of_string(kw_intern_c(vm, "")) : kw_null();
}

static void default_of(kw_compiler *c, const kw_type_hint *hint, unsigned reg)
{
    bool list = false, map = false;
    kw_value v = hint->count == 0 ? kw_null() : zero_of(c, hint->names[0]->text, &list, &map);
    if (list)
        kw_gen_abc(c, OP_NEWLIST, reg, reg, 0);
    else if (map)
        kw_gen_abx(c, OP_NEWMAP, reg, 0);
    else if (kw_is(v, KW_NULL))
        kw_gen_abc(c, OP_LOADNULL, reg, 0, 0);
    else if (kw_is(v, KW_BOOL))
        kw_gen_abc(c, OP_LOADBOOL, reg, 0, 0);
    else
        kw_gen_load(c, reg, v);
}

static void var_stmt(kw_compiler *c, const kw_node *n)
{
    for (uint32_t i = 0; i < n->as.var.count; i++) {
        const kw_var_decl *d = &n->as.var.items[i];
        unsigned mark = c->f->free, reg = kw_gen_temp(c, 1);
        if (d->value != NULL)
            kw_gen_expr(c, d->value, reg);
        else
            default_of(c, &d->hint, reg);
        kw_gen_write_name(c, d->name, reg);
        c->f->free = mark;
    }
}

static void event_stmt(kw_compiler *c, const kw_node *n)
{
    unsigned base = kw_gen_temp(c, 3);
    if (n->kind == KW_N_ON) {
        kw_gen_load(c, base, kw_of_string(kw_gen_string(c, n->as.on.text, n->as.on.size)));
        kw_gen_load(c, base + 1, kw_int(n->as.on.priority));
        kw_gen_expr(c, n->as.on.handler, base + 2);
        kw_gen_abc(c, OP_EVENT, base, base, n->as.on.once);
        return;
    }
    kw_gen_expr(c, n->as.off.name, base);
    if (n->as.off.callable != NULL)
        kw_gen_expr(c, n->as.off.callable, base + 1);
    else
        kw_gen_abc(c, OP_LOADNULL, base + 1, 0, 0);
    kw_gen_abc(c, OP_EVENT, base, base, 2);
}

static void import_stmt(kw_compiler *c, const kw_node *n, unsigned kind)
{
    unsigned reg = kw_gen_temp(c, 1);
    kw_gen_expr(c, n->as.value, reg);
    kw_gen_abc(c, OP_IMPORT, reg, reg, kind);
}

static void const_stmt(kw_compiler *c, const kw_node *n)
{
    unsigned reg = kw_gen_temp(c, 1);
    const kw_name *name = n->as.constant.name;
    kw_gen_expr(c, n->as.constant.value, reg);
    kw_gen_global_op(c, OP_DEFCONST, reg, kw_gen_member(c, kw_gen_defining(c), name->text, name->size));
}

static void printxy(kw_compiler *c, const kw_node *n)
{
    unsigned base = kw_gen_temp(c, 3);
    kw_gen_expr(c, n->as.printxy.value, base);
    kw_gen_expr(c, n->as.printxy.x, base + 1);
    kw_gen_expr(c, n->as.printxy.y, base + 2);
    kw_gen_abc(c, OP_PRINTXY, base, 0, 0);
}

void kw_gen_stmt(kw_compiler *c, const kw_node *n)
{
    unsigned mark = c->f->free;
    if (c->failed)
        return;
    c->pos = n->pos;
    switch (n->kind) {
    case KW_N_ELLIPSIS: break;
    case KW_N_PRINT:
        kw_gen_abc(c, OP_PRINT, kw_gen_any(c, n->as.print.value),
                   (n->as.print.newline ? 1u : 0u) | (n->as.print.to_stderr ? 2u : 0u), 0);
        break;
    case KW_N_PRINTXY: printxy(c, n); break;
    case KW_N_GUARD: guard(c, n, -1, false); break;
    case KW_N_IF: if_chain(c, n, -1, false); break;
    case KW_N_CASE: kw_gen_case(c, n, -1, false); break;
    case KW_N_WHILE: while_loop(c, n); break;
    case KW_N_REPEAT: repeat_loop(c, n); break;
    case KW_N_FOR: for_loop(c, n); break;
    case KW_N_BLOCK: kw_gen_list(c, &n->as.list); break;
    case KW_N_TRY: kw_gen_try(c, n); break;
    case KW_N_RETURN: return_stmt(c, n); break;
    case KW_N_THROW: kw_gen_abc(c, OP_THROW, value_or_null(c, n->as.value), 0, 0); break;
    case KW_N_EXIT: kw_gen_abc(c, OP_EXIT, value_or_null(c, n->as.value), n->as.value != NULL, 0); break;
    case KW_N_BREAK: leave_loop(c, true); break;
    case KW_N_NEXT: leave_loop(c, false); break;
    case KW_N_VAR: var_stmt(c, n); break;
    case KW_N_CONST: const_stmt(c, n); break;
    case KW_N_UNPACK: kw_gen_unpack(c, n); break;
    case KW_N_FUNCTION: kw_gen_define_function(c, n); break;
    case KW_N_STRUCT: kw_gen_struct(c, n); break;
    case KW_N_ENUM: kw_gen_enum(c, n); break;
    case KW_N_PACKAGE: kw_gen_package(c, n); break;
    case KW_N_EXPORT: import_stmt(c, n, 2); break;
    case KW_N_REQUIRE: import_stmt(c, n, 3); break;
    case KW_N_ON:
    case KW_N_OFF: event_stmt(c, n); break;
    default: kw_gen_effect(c, n); break;
    }
    c->f->free = mark;
}

/* Does this statement have a value when it stands last?  (LANGUAGE.md section 9) */
static bool has_value(const kw_node *n)
{
    switch (n->kind) {
    case KW_N_ASSIGN: return n->as.assign.guard == NULL;
    case KW_N_PRINT:
    case KW_N_PRINTXY:
    case KW_N_WHILE:
    case KW_N_REPEAT:
    case KW_N_FOR:
    case KW_N_TRY: return false;
    default: return n->kind < KW_N_PROGRAM; /* expressions */
    }
}

void kw_gen_value(kw_compiler *c, const kw_node *n, unsigned dest)
{
    c->pos = n->pos;
    assert(c->failed || dest < c->f->free);
    switch (n->kind) {
    case KW_N_IF: if_chain(c, n, (int)dest, false); return;
    case KW_N_GUARD: guard(c, n, (int)dest, false); return;
    case KW_N_CASE: kw_gen_case(c, n, (int)dest, false); return;
    default: break;
    }
    if (has_value(n)) {
        kw_gen_expr(c, n, dest);
        return;
    }
    kw_gen_stmt(c, n);
    kw_gen_abc(c, OP_LOADNULL, dest, 0, 0);
}

void kw_gen_tail(kw_compiler *c, const kw_node *n)
{
    unsigned mark = c->f->free;
    c->pos = n->pos;
    switch (n->kind) {
    case KW_N_IF: if_chain(c, n, -1, true); return;
    case KW_N_GUARD: guard(c, n, -1, true); return;
    case KW_N_CASE: kw_gen_case(c, n, -1, true); return;
    default: break;
    }
    if (has_value(n)) {
        kw_gen_abc(c, OP_RETURN, kw_gen_any(c, n), 0, 0);
    } else {
        kw_gen_stmt(c, n);
        kw_gen_abc(c, OP_RETNULL, 0, 0, 0);
    }
    c->f->free = mark;
}
