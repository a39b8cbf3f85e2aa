/* emit.c - the bottom of the compiler: instructions, registers, constants, jumps, places of names. */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lang/compile_internal.h"

void kw_c_fail(kw_comp *c, const char *format, ...)
{
    kw_unit *u = c->unit;
    if (u->failed)
        return;
    u->failed = true;
    char text[256];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    kw_throw(u->vm, "SyntaxError", "%s", text);
    u->vm->error.file = u->file;
    u->vm->error.line = c->line;
    u->vm->error.column = c->column;
}

/* ---- Instructions ---------------------------------------------------------------------------------- */

uint32_t kw_c_here(const kw_comp *c)
{
    return c->proto->code_count;
}

void kw_c_at(kw_comp *c, kw_pos pos)
{
    c->line = pos.line;
    c->column = pos.column;
}

void kw_c_word(kw_comp *c, kw_instr word)
{
    if (c->unit->failed)
        return;
    if (++c->unit->total > KW_C_CODE_MAX)
        kw_c_fail(c, "The program is too long.");
    else
        (void)kw_chunk_emit(c->unit->vm, c->proto, word, c->line, c->column);
}

void kw_c_abc(kw_comp *c, kw_opcode op, unsigned a, unsigned b, unsigned d)
{
    kw_c_word(c, kw_abc(op, a, b, d));
}

void kw_c_abx(kw_comp *c, kw_opcode op, unsigned a, uint32_t bx)
{
    if (bx > UINT16_MAX)
        kw_c_fail(c, "The function uses too many names.");
    kw_c_word(c, kw_abx(op, a, bx & UINT16_MAX));
}

void kw_c_named(kw_comp *c, kw_instr word, kw_string *name, bool cached)
{
    if (c->unit->failed)
        return;
    uint32_t at = kw_c_constant(c, kw_of_string(name));
    uint32_t cache = cached ? kw_chunk_cache(c->proto) : 0;
    if (at > UINT16_MAX || cache > UINT16_MAX)
        kw_c_fail(c, "The function uses too many names.");
    kw_c_word(c, word);
    kw_c_word(c, cache << 16 | at);
}

void kw_c_move(kw_comp *c, unsigned to, unsigned from)
{
    if (to != from)
        kw_c_abc(c, OP_MOVE, to, from, 0);
}

/* ---- Registers --------------------------------------------------------------------------------------- */

unsigned kw_c_temps(kw_comp *c, unsigned count)
{
    if (c->free_reg + count > KW_MAX_REGS) {
        kw_c_fail(c, "The expression is too complex.");
        return KW_MAX_REGS - 1;
    }
    unsigned first = c->free_reg;
    c->free_reg += count;
    if (c->proto->reg_count < c->free_reg)
        c->proto->reg_count = (uint16_t)c->free_reg;
    return first;
}

unsigned kw_c_temp(kw_comp *c)
{
    return kw_c_temps(c, 1);
}

bool kw_c_is_temp(const kw_comp *c, unsigned reg)
{
    return reg >= c->local_count;
}

unsigned kw_c_base(kw_comp *c, unsigned dest)
{
    return kw_c_is_temp(c, dest) && dest + 1 == c->free_reg ? dest : kw_c_temp(c);
}

/* ---- Constants ---------------------------------------------------------------------------------------- */

kw_string *kw_c_text(kw_comp *c, const char *text, size_t size)
{
    kw_string *s = kw_intern(c->unit->vm, text, size);
    if (s != NULL)
        return s;
    c->unit->failed = true; /* thrown: too large */
    return kw_intern_c(c->unit->vm, "");
}

kw_string *kw_c_name(kw_comp *c, const kw_name *name)
{
    return kw_c_text(c, name->text, name->size);
}

uint32_t kw_c_constant(kw_comp *c, kw_value v)
{
    if (!kw_is(v, KW_NULL) && !kw_is(v, KW_BOOL))
        return kw_chunk_constant(c->unit->vm, c->proto, v);
    int32_t *known = &c->constant_of[kw_is(v, KW_NULL) ? 0 : v.as.i == 0 ? 1 : 2];
    if (*known < 0)
        *known = (int32_t)kw_chunk_constant(c->unit->vm, c->proto, v);
    return (uint32_t)*known;
}

void kw_c_load(kw_comp *c, unsigned dest, kw_value v)
{
    if (kw_is(v, KW_NULL)) {
        kw_c_abc(c, OP_LOADNULL, dest, 0, 0);
    } else if (kw_is(v, KW_BOOL)) {
        kw_c_abc(c, OP_LOADBOOL, dest, v.as.i != 0, 0);
    } else if (kw_is(v, KW_INT) && v.as.i >= INT16_MIN && v.as.i <= INT16_MAX) {
        kw_c_abx(c, OP_LOADI, dest, (uint16_t)v.as.i);
    } else {
        uint32_t at = kw_c_constant(c, v);
        kw_c_word(c, at <= UINT16_MAX ? kw_abx(OP_LOADK, dest, at) : kw_abc(OP_LOADKX, dest, 0, 0));
        if (at > UINT16_MAX)
            kw_c_word(c, at);
    }
}

static bool fold(kw_oper op, kw_value a, kw_value b, kw_value *out)
{
    if (!kw_is_number(a) || !kw_is_number(b))
        return false;
    if (kw_is(a, KW_INT) && kw_is(b, KW_INT)) { /* wraps around like the instructions */
        uint64_t x = (uint64_t)a.as.i, y = (uint64_t)b.as.i;
        *out = kw_int((int64_t)(op == KW_OPR_ADD ? x + y : op == KW_OPR_SUB ? x - y : x * y));
        return true;
    }
    double x = kw_to_double(a), y = kw_to_double(b);
    *out = kw_float(op == KW_OPR_ADD ? x + y : op == KW_OPR_SUB ? x - y : x * y);
    return true;
}

bool kw_c_is_constant(kw_comp *c, const kw_node *node, kw_value *out)
{
    kw_value a, b;
    switch (node->kind) {
    case KW_N_NULL: *out = kw_null(); return true;
    case KW_N_TRUE: *out = kw_bool(true); return true;
    case KW_N_FALSE: *out = kw_bool(false); return true;
    case KW_N_INTEGER: *out = kw_int(node->as.integer); return true;
    case KW_N_FLOAT: *out = kw_float(node->as.number); return true;
    case KW_N_STRING: *out = kw_of_string(kw_c_text(c, node->as.string.text, node->as.string.size)); return true;
    case KW_N_UNARY:
        if (node->as.unary.op != KW_OPR_NEG || !kw_c_is_constant(c, node->as.unary.operand, &a) ||
            !kw_is_number(a))
            return false;
        *out = kw_is(a, KW_INT) ? kw_int((int64_t)(0 - (uint64_t)a.as.i)) : kw_float(-a.as.f);
        return true;
    case KW_N_BINARY:
        return (node->as.binary.op == KW_OPR_ADD || node->as.binary.op == KW_OPR_SUB ||
                node->as.binary.op == KW_OPR_MUL) &&
               kw_c_is_constant(c, node->as.binary.right, &b) && kw_is_number(b) &&
               kw_c_is_constant(c, node->as.binary.left, &a) && fold(node->as.binary.op, a, b, out);
    default: return false;
    }
}

/* ---- Jumps --------------------------------------------------------------------------------------------- */

void kw_c_jump(kw_comp *c, int *list)
{
    int at = (int)kw_c_here(c);
    kw_c_word(c, kw_sj(OP_JMP, *list));
    *list = at;
}

void kw_c_patch(kw_comp *c, int list, uint32_t target)
{
    while (!c->unit->failed && list != KW_C_NO_JUMP) {
        kw_instr *jump = &c->proto->code[list];
        int next = kw_i_sj(*jump);
        int distance = (int)target - list - 1;
        *jump = kw_sj(distance < 0 ? OP_LOOP : OP_JMP, distance);
        list = next;
    }
}

void kw_c_patch_here(kw_comp *c, int list)
{
    kw_c_patch(c, list, kw_c_here(c));
}

/* ---- Names ----------------------------------------------------------------------------------------------- */

const kw_scope *kw_c_package(const kw_comp *c)
{
    const kw_scope *s = c->scope;
    while (s != NULL && s->kind != KW_SCOPE_PACKAGE)
        s = s->parent;
    return s;
}

uint32_t kw_c_global(kw_comp *c, kw_string *name)
{
    return kw_chunk_global(c->unit->vm, c->proto, kw_global_at(c->unit->vm, name));
}

static kw_string *qualified(kw_comp *c, const kw_scope *package, const kw_name *name)
{
    kw_string *full = kw_string_format(c->unit->vm, "%s::%s", package->package, name->text);
    return kw_c_text(c, full->text, full->size);
}

uint32_t kw_c_defined(kw_comp *c, const kw_name *name)
{
    const kw_scope *package = kw_c_package(c);
    return kw_c_global(c, package == NULL ? kw_c_name(c, name) : qualified(c, package, name));
}

/* Number under which the function reaches a variable of a function around it. */
static uint32_t capture(kw_comp *c, const kw_scope *owner, const kw_var *v)
{
    bool direct = c->parent->home == owner;
    uint32_t index = direct ? v->at : capture(c->parent, owner, v);
    uint32_t at = kw_chunk_capture(c->unit->vm, c->proto,
                                   (kw_capture){.from_register = direct, .index = (uint16_t)index});
    if (at > UINT16_MAX)
        kw_c_fail(c, "The function uses too many variables of the functions around it.");
    return at;
}

kw_place kw_c_place(kw_comp *c, const kw_name *name, bool store)
{
    const kw_scope *package = NULL;
    for (const kw_scope *s = c->scope; s != NULL; s = s->parent) {
        const kw_var *v = kw_scope_find(s, name);
        if (s->kind == KW_SCOPE_FUNCTION && v != NULL) {
            if (s == c->home)
                return (kw_place){.where = v->captured ? KW_C_CELL : KW_C_LOCAL, .at = v->at};
            return (kw_place){.where = KW_C_UP, .at = capture(c, s, v)};
        }
        if (s->kind != KW_SCOPE_PACKAGE)
            continue;
        if (v != NULL && (!store || v->assignable))
            return (kw_place){.where = store ? KW_C_GLOBAL : KW_C_SIBLING,
                              .at = kw_c_global(c, qualified(c, s, name))};
        if (package == NULL)
            package = s;
    }
    if (package != NULL && !store)
        return (kw_place){.where = KW_C_SIBLING, .at = kw_c_global(c, qualified(c, package, name))};
    return (kw_place){.where = KW_C_GLOBAL, .at = kw_c_global(c, kw_c_name(c, name))};
}

void kw_c_read(kw_comp *c, kw_place place, unsigned dest)
{
    switch (place.where) {
    case KW_C_LOCAL: kw_c_move(c, dest, place.at); break;
    case KW_C_CELL: kw_c_abc(c, OP_GETCELL, dest, place.at, 0); break;
    case KW_C_UP: kw_c_abx(c, OP_GETUP, dest, place.at); break;
    case KW_C_GLOBAL: kw_c_abx(c, OP_GETGLOBAL, dest, place.at); break;
    case KW_C_SIBLING: kw_c_abx(c, OP_GETSIBLING, dest, place.at); break;
    }
}

void kw_c_write(kw_comp *c, kw_place place, unsigned from)
{
    switch (place.where) {
    case KW_C_LOCAL: kw_c_move(c, place.at, from); break;
    case KW_C_CELL: kw_c_abc(c, OP_SETCELL, place.at, from, 0); break;
    case KW_C_UP: kw_c_abx(c, OP_SETUP, from, place.at); break;
    case KW_C_GLOBAL:
    case KW_C_SIBLING: kw_c_abx(c, OP_SETGLOBAL, from, place.at); break;
    }
}

void kw_c_store(kw_comp *c, const kw_name *name, unsigned from)
{
    kw_c_write(c, kw_c_place(c, name, true), from);
}
