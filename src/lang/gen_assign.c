/* gen_assign.c - assignment, plain, compound and guarded, and unpacking (LANGUAGE.md section 6). */
#include "config.h"

#include <assert.h>

#include "lang/gen_internal.h"

static bool is_logical(kw_opr op)
{
    return op == KW_OPR_AND || op == KW_OPR_OR;
}

/* Store register `from` into the target; the target's own expressions are evaluated here. */
static void store_member(kw_compiler *c, const kw_node *target, unsigned from)
{
    unsigned object = kw_gen_any(c, target->as.member.object);
    kw_gen_abc(c, OP_SETFIELD, object, from, 0);
    kw_gen_name_word(c, target->as.member.name->text, target->as.member.name->size);
}

static void store_attribute(kw_compiler *c, const kw_node *target, unsigned from)
{
    assert(target->kind == KW_N_ATTRIBUTE || target->kind == KW_N_STATIC); /* nothing else can be assigned */
    kw_gen_abc(c, target->kind == KW_N_ATTRIBUTE ? OP_SETATTR : OP_SETSTATIC, from, 0, 0);
    kw_gen_name_word(c, target->as.name->text, target->as.name->size);
}

/* A fresh register with the value of `n`, safe from later assignments. */
static unsigned copy_of(kw_compiler *c, const kw_node *n)
{
    unsigned reg = kw_gen_temp(c, 1);
    kw_gen_expr(c, n, reg);
    return reg;
}

/* The register of `n`: a local in place unless `later` (or `last`) gives it another value. */
static unsigned operand(kw_compiler *c, const kw_node *n, const kw_node *later, const kw_node *last)
{
    bool changes = kw_gen_register(c, n) >= 0 &&
                   (kw_gen_assigns(later, n->as.name) || (last != NULL && kw_gen_assigns(last, n->as.name)));
    return changes ? copy_of(c, n) : kw_gen_any(c, n);
}

/* x[i] = value, x[i] op= value: x, i, then the value. */
static void assign_index(kw_compiler *c, const kw_node *target, kw_opr op, const kw_node *value)
{
    unsigned object = operand(c, target->as.index.object, target->as.index.index, value);
    unsigned at = operand(c, target->as.index.index, value, NULL);
    if (op == KW_OPR_NONE) {
        kw_gen_abc(c, OP_SETINDEX, object, at, kw_gen_any(c, value));
        return;
    }
    unsigned reg = kw_gen_temp(c, 1);
    if (!is_logical(op) && value->kind >= KW_N_INTERPOLATION) { /* it may change the element */
        unsigned right = kw_gen_any(c, value);
        kw_gen_abc(c, OP_INDEX, reg, object, at);
        kw_gen_binary_regs(c, op, reg, right, reg);
        kw_gen_abc(c, OP_UPDATEINDEX, object, at, reg);
        return;
    }
    kw_gen_abc(c, OP_INDEX, reg, object, at);
    if (is_logical(op)) {
        kw_gen_abc(c, OP_TEST, reg, 0, op == KW_OPR_OR);
        uint32_t done = kw_gen_jump(c);
        kw_gen_expr(c, value, reg);
        kw_gen_abc(c, OP_SETINDEX, object, at, reg);
        kw_gen_patch(c, done, kw_gen_here(c));
        return;
    }
    kw_gen_binary(c, op, reg, value, reg);
    kw_gen_abc(c, OP_UPDATEINDEX, object, at, reg);
}

static void assign_slice(kw_compiler *c, const kw_node *target, const kw_node *value)
{
    const kw_node *parts[3] = {target->as.slice.start, target->as.slice.stop, target->as.slice.step};
    unsigned base = kw_gen_temp(c, 4), given = 0;
    kw_gen_expr(c, target->as.slice.object, base);
    for (unsigned i = 0; i < 3; i++)
        if (parts[i] != NULL) {
            kw_gen_expr(c, parts[i], base + 1 + i);
            given |= 1u << i;
        }
    kw_gen_abc(c, OP_SETSLICE, base, kw_gen_any(c, value), given);
}

static void store(kw_compiler *c, const kw_node *target, unsigned from)
{
    switch (target->kind) {
    case KW_N_NAME: kw_gen_write_name(c, target->as.name, from); break;
    case KW_N_MEMBER: store_member(c, target, from); break;
    default: store_attribute(c, target, from); break;
    }
}

/* target op= value for a name, attribute, static or member; the value assigned is left in `reg`. */
static void assign_compound(kw_compiler *c, const kw_node *target, kw_opr op, const kw_node *value, unsigned reg)
{
    if (is_logical(op)) {
        kw_gen_expr(c, target, reg);
        kw_gen_abc(c, OP_TEST, reg, 0, op == KW_OPR_OR);
        uint32_t done = kw_gen_jump(c);
        kw_gen_expr(c, value, reg);
        store(c, target, reg);
        kw_gen_patch(c, done, kw_gen_here(c));
        return;
    }
    int local = kw_gen_register(c, target);
    if (local >= 0 && !kw_gen_assigns(value, target->as.name)) {
        kw_gen_binary(c, op, (unsigned)local, value, (unsigned)local);
        if (reg != (unsigned)local)
            kw_gen_abc(c, OP_MOVE, reg, (unsigned)local, 0);
        return;
    }
    unsigned left = copy_of(c, target);
    kw_gen_binary(c, op, left, value, reg);
    store(c, target, reg);
}

/* One assignment without guard; dest < 0: the value is not wanted. */
static void assign_one(kw_compiler *c, const kw_node *target, kw_opr op, const kw_node *value, int dest)
{
    unsigned mark = c->f->free;
    if (target->kind == KW_N_INDEX || target->kind == KW_N_SLICE) {
        assert(target->kind == KW_N_INDEX || op == KW_OPR_NONE); /* the parser refuses x[a:b] op= value */
        if (target->kind == KW_N_INDEX)
            assign_index(c, target, op, value);
        else
            assign_slice(c, target, value);
        c->f->free = mark;
        if (dest >= 0)
            kw_gen_abc(c, OP_LOADNULL, (unsigned)dest, 0, 0);
        return;
    }
    int local = kw_gen_register(c, target);
    /* not in the destination if that is a local: in tail = tail.next = x the target still reads
     * it */
    bool direct = dest >= 0 && (unsigned)dest >= c->f->locals;
    unsigned reg = local >= 0 ? (unsigned)local : direct ? (unsigned)dest : kw_gen_temp(c, 1);
    if (op != KW_OPR_NONE) {
        assign_compound(c, target, op, value, reg);
    } else {
        kw_gen_expr(c, value, reg);
        store(c, target, reg);
    }
    c->f->free = mark;
    if (dest >= 0 && (unsigned)dest != reg)
        kw_gen_abc(c, OP_MOVE, (unsigned)dest, reg, 0);
}

void kw_gen_assign(kw_compiler *c, const kw_node *n, int dest)
{
    const kw_assign_node *a = &n->as.assign;
    assert(c->failed || dest < (int)c->f->free);
    assert(a->guard != NULL || a->else_value == NULL); /* else there would be two values and nothing to choose by */
    if (a->guard == NULL) {
        assign_one(c, a->target, a->op, a->value, dest);
        return;
    }
    kw_jumps otherwise = {.at = NULL};
    kw_gen_condition(c, a->guard, false, &otherwise);
    assign_one(c, a->target, a->op, a->value, -1);
    if (a->else_value != NULL) {
        uint32_t done = kw_gen_jump(c);
        kw_gen_land(c, &otherwise, kw_gen_here(c));
        assign_one(c, a->target, a->op, a->else_value, -1);
        kw_gen_patch(c, done, kw_gen_here(c));
    } else {
        kw_gen_land(c, &otherwise, kw_gen_here(c));
    }
    if (dest >= 0) /* the guarded form has no value */
        kw_gen_abc(c, OP_LOADNULL, (unsigned)dest, 0, 0);
}

void kw_gen_unpack(kw_compiler *c, const kw_node *n)
{
    unsigned mark = c->f->free;
    uint32_t names = n->as.unpack.name_count, values = n->as.unpack.values.count;
    if (names > 100) {
        kw_gen_error(c, "Too many names to unpack.");
        return;
    }
    assert(names >= 2 && values >= 1);
    unsigned first = kw_gen_temp(c, names);
    if (values == 1) { /* a list is spread */
        kw_gen_expr(c, n->as.unpack.values.items[0], first);
        kw_gen_abc(c, OP_UNPACK, first, first, names);
    } else {
        for (uint32_t i = 0; i < names && i < values; i++)
            kw_gen_expr(c, n->as.unpack.values.items[i], first + i);
        for (uint32_t i = values; i < names; i++)
            kw_gen_abc(c, OP_LOADNULL, first + i, 0, 0);
    }
    for (uint32_t i = names; i-- > 0;)
        kw_gen_write_name(c, n->as.unpack.names[i], first + i);
    for (uint32_t i = names; i < values; i++)
        kw_gen_effect(c, n->as.unpack.values.items[i]);
    c->f->free = mark;
}
