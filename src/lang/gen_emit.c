/* gen_emit.c - instructions, constants, registers, jumps. */
#include "config.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lang/gen_internal.h"

enum { MAX_TOTAL = 1 << 22 }; /* copies of nested finally bodies multiply: stop before memory does */
enum { MAX_JUMP = (1 << 23) - 1, MAX_INDEX = 65535, INTERN_BELOW = 48 };

void kw_gen_error(kw_compiler *c, const char *message)
{
    if (c->failed)
        return;
    c->failed = true;
    kw_throw(c->vm, "SyntaxError", "%s", message);
    c->vm->error.file = c->file;
    c->vm->error.line = c->pos.line;
    c->vm->error.column = c->pos.column;
}

uint32_t kw_gen_emit(kw_compiler *c, kw_instr i)
{
    if (++c->total > MAX_TOTAL)
        kw_gen_error(c, "The program is too large.");
    assert(c->failed || (c->f->locals <= c->f->free && c->f->free <= c->f->proto->reg_count));
    return kw_chunk_emit(c->vm, c->f->proto, i, c->pos.line);
}

uint32_t kw_gen_abc(kw_compiler *c, kw_opcode op, unsigned a, unsigned b, unsigned cc)
{
    assert(c->failed || (a | b | cc) <= UINT8_MAX); /* what is wider would be cut off */
    return kw_gen_emit(c, kw_abc(op, a, b, cc));
}

uint32_t kw_gen_abx(kw_compiler *c, kw_opcode op, unsigned a, uint32_t bx)
{
    if (bx > MAX_INDEX)
        kw_gen_error(c, "The function is too large: more than 65536 names or inner functions.");
    assert(c->failed || a < c->f->proto->reg_count); /* A of these is a register, of whichever instruction */
    return kw_gen_emit(c, kw_abx(op, a, bx));
}

uint32_t kw_gen_here(const kw_compiler *c)
{
    return c->f->proto->code_count;
}

kw_string *kw_gen_string(kw_compiler *c, const char *text, size_t size)
{
    return size < INTERN_BELOW ? kw_intern(c->vm, text, size) : kw_string_new(c->vm, text, size);
}

uint32_t kw_gen_constant(kw_compiler *c, kw_value v)
{
    return kw_chunk_constant(c->vm, c->f->proto, v, false);
}

void kw_gen_name_word(kw_compiler *c, const char *text, size_t size)
{
    uint32_t name = kw_gen_constant(c, kw_of_string(kw_intern(c->vm, text, size)));
    uint32_t cache = kw_chunk_cache(c->f->proto);
    if (name > MAX_INDEX || cache > MAX_INDEX)
        kw_gen_error(c, "The function is too large: more than 65536 members.");
    kw_gen_emit(c, name | cache << 16);
}

void kw_gen_load(kw_compiler *c, unsigned reg, kw_value v)
{
    /* every run of the code shares it: nothing that a script can change */
    assert(kw_is(v, KW_INT) || kw_is(v, KW_FLOAT) || kw_is(v, KW_STRING));
    if (kw_is(v, KW_INT) && v.as.i >= INT16_MIN && v.as.i <= INT16_MAX) {
        kw_gen_emit(c, kw_abx(OP_LOADI, reg, (unsigned)(uint16_t)v.as.i));
        return;
    }
    uint32_t k = kw_chunk_constant(c->vm, c->f->proto, v, true);
    if (k <= MAX_INDEX) {
        kw_gen_abx(c, OP_LOADK, reg, k);
        return;
    }
    kw_gen_abc(c, OP_LOADKX, reg, 0, 0);
    kw_gen_emit(c, k);
}

unsigned kw_gen_temp(kw_compiler *c, unsigned count)
{
    unsigned first = c->f->free;
    if (first + count > KW_MAX_REGS) {
        kw_gen_error(c, "The function is too large: an expression or its variables need more than 250 registers.");
        return 0;
    }
    assert(c->failed || first >= c->f->locals); /* it is nobody's variable */
    c->f->free += count;
    if (c->f->free > c->f->proto->reg_count)
        c->f->proto->reg_count = (uint16_t)c->f->free;
    return first;
}

/* ---- Jumps ----------------------------------------------------------------------------------- */

uint32_t kw_gen_jump(kw_compiler *c)
{
    c->f->open_jumps++;
    return kw_gen_emit(c, kw_sj(OP_JMP, 0));
}

void kw_gen_add(kw_compiler *c, kw_jumps *jumps, uint32_t at)
{
    if (jumps->count == jumps->cap) {
        uint32_t cap = jumps->cap == 0 ? 8 : jumps->cap * 2;
        jumps->at = kw_heap_realloc(c->vm, jumps->at, jumps->cap * sizeof(uint32_t), cap * sizeof(uint32_t));
        jumps->cap = cap;
    }
    assert(at < kw_gen_here(c) && (jumps->count == 0 || jumps->at[jumps->count - 1] < at)); /* none is there twice */
    jumps->at[jumps->count++] = at;
}

void kw_gen_patch(kw_compiler *c, uint32_t at, uint32_t target)
{
    assert(at < kw_gen_here(c) && target <= kw_gen_here(c));
    assert(c->f->proto->code[at] == kw_sj(OP_JMP, 0) && c->f->open_jumps > 0); /* not patched so far */
    c->f->open_jumps--;
    int64_t distance = (int64_t)target - (int64_t)at - 1;
    if (distance > MAX_JUMP || distance < -MAX_JUMP)
        kw_gen_error(c, "The function is too large: a jump is too far.");
    /* every backward jump is a safepoint */
    c->f->proto->code[at] = kw_sj(distance < 0 ? OP_LOOP : OP_JMP, (int32_t)distance);
}

void kw_gen_land(kw_compiler *c, kw_jumps *jumps, uint32_t target)
{
    for (uint32_t i = 0; i < jumps->count; i++)
        kw_gen_patch(c, jumps->at[i], target);
    kw_heap_release(c->vm, jumps->at, jumps->cap * sizeof(uint32_t));
    *jumps = (kw_jumps){.at = NULL};
}

/* ---- Global records -------------------------------------------------------------------------- */

kw_global *kw_gen_global(kw_compiler *c, const char *text, size_t size)
{
    return kw_names_global_at(c->vm, kw_intern(c->vm, text, size));
}

kw_string *kw_gen_defining(const kw_compiler *c)
{
    return c->f->scope == NULL ? c->f->package : NULL;
}

kw_global *kw_gen_member(kw_compiler *c, kw_string *package, const char *text, size_t size)
{
    if (package == NULL)
        return kw_gen_global(c, text, size);
    kw_string *full = kw_string_format(c->vm, "%s::%.*s", package->text, (int)size, text);
    return kw_gen_global(c, full->text, full->size);
}

void kw_gen_global_op(kw_compiler *c, kw_opcode op, unsigned reg, kw_global *g)
{
    kw_gen_abx(c, op, reg, kw_chunk_global(c->vm, c->f->proto, g));
}
