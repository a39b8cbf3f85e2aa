/* dump.c - a disassembler, driven by the table of opcodes. */
#include "config.h"

#include "vm/dump.h"

#include <stdlib.h>
#include <string.h>

#include "vm/vm.h"

typedef struct row {
    const char *name, *format, *meaning;
} row;

static const row rows[] = {
#define KW_OP_ROW(name, format, meaning) {#name, #format, meaning},
    KW_OPCODES(KW_OP_ROW)
#undef KW_OP_ROW
};

/* One line of text for a constant. */
static void put_constant(kw_vm *vm, FILE *out, const kw_proto *p, uint32_t at)
{
    if (at >= p->constant_count) {
        fprintf(out, "K[%u]?", at);
        return;
    }
    kw_buf buf;
    kw_buf_init(&buf);
    kw_display(vm, &buf, p->constants[at]);
    int size = buf.size > 60 ? 60 : (int)buf.size;
    fprintf(out, "%s %.*s", kw_display_type_name((kw_type)p->constants[at].tag), size, buf.text);
    kw_buf_free(&buf);
}

/* Where a captured variable comes from. */
static void put_capture(FILE *out, const kw_proto *p, uint32_t at)
{
    if (at >= p->capture_count)
        fprintf(out, "U[%u]?", at);
    else
        fprintf(out, "U[%u] from the enclosing %s[%u]", at, p->captures[at].from_register ? "R" : "U",
                p->captures[at].index);
}

/* What the operands stand for, where that is not a register. */
static void put_note(kw_vm *vm, FILE *out, const kw_proto *p, kw_instr i)
{
    kw_opcode op = kw_i_op(i);
    const char *meaning = rows[op].meaning;
    if (strstr(meaning, "P[Bx]") != NULL && kw_i_bx(i) < p->inner_count) {
        fprintf(out, "  ; function %s", p->inner[kw_i_bx(i)]->name->text);
    } else if (strstr(meaning, "U[Bx]") != NULL) {
        fputs("  ; ", out);
        put_capture(out, p, kw_i_bx(i));
    } else if (strstr(meaning, "K[Bx]") != NULL) {
        fputs("  ; ", out);
        put_constant(vm, out, p, kw_i_bx(i));
    } else if (strstr(meaning, "G[Bx]") != NULL && kw_i_bx(i) < p->global_count) {
        fprintf(out, "  ; %s", p->globals[kw_i_bx(i)]->name->text);
    } else if (strstr(meaning, "K[B]") != NULL) {
        fputs("  ; ", out);
        put_constant(vm, out, p, kw_i_b(i));
    } else if (strstr(meaning, "K[C]") != NULL) {
        fputs("  ; ", out);
        put_constant(vm, out, p, kw_i_c(i));
    }
}

/* Words that follow the first one of an instruction of this row. */
static uint32_t extra_words(const row *r)
{
    const char *words = strchr(r->format, 'W');
    return words == NULL ? 0 : words[1] == '2' ? 2 : 1;
}

/* The instruction at pc; returns the number of its words. */
static uint32_t put_instruction(kw_vm *vm, FILE *out, const kw_proto *p, uint32_t pc)
{
    kw_instr i = p->code[pc];
    if (kw_i_op(i) >= OP_COUNT) {
        fprintf(out, "?? %08x\n", (unsigned)i);
        return 1;
    }
    const row *r = &rows[kw_i_op(i)];
    fprintf(out, "%-10s", r->name);
    if (strcmp(r->format, "sJ") == 0)
        fprintf(out, " -> %ld", (long)pc + 1 + kw_i_sj(i));
    else if (strcmp(r->format, "ABx") == 0)
        fprintf(out, " %u %u", kw_i_a(i), kw_i_bx(i));
    else if (strcmp(r->format, "AsBx") == 0)
        fprintf(out, " %u %d", kw_i_a(i), kw_i_sbx(i));
    else {
        if (strchr(r->format, 'A') != NULL)
            fprintf(out, " %u", kw_i_a(i));
        if (strchr(r->format, 'B') != NULL)
            fprintf(out, " %u", kw_i_b(i));
        if (strchr(r->format, 'C') != NULL)
            fprintf(out, " %u", kw_i_c(i));
    }
    put_note(vm, out, p, i);
    uint32_t extra = extra_words(r);
    for (uint32_t n = 1; n <= extra && pc + n < p->code_count; n++) {
        kw_instr w = p->code[pc + n];
        if (strstr(r->meaning, "+W") != NULL && n == 1) {
            fprintf(out, "  ; cache %u ", (unsigned)(w >> 16));
            put_constant(vm, out, p, w & 65535);
        } else {
            fputs("  ; ", out);
            put_constant(vm, out, p, w);
        }
    }
    fputc('\n', out);
    return 1 + extra;
}

/* Which instructions are jumped to, handlers among them; one byte each, malloc'ed.  NULL: no
 * memory. */
static char *find_targets(const kw_proto *p)
{
    char *targets = calloc((size_t)p->code_count + 1, 1);
    if (targets == NULL)
        return NULL;
    for (uint32_t pc = 0; pc < p->code_count && kw_i_op(p->code[pc]) < OP_COUNT; pc++) {
        const row *r = &rows[kw_i_op(p->code[pc])];
        int64_t to = (int64_t)pc + 1 + kw_i_sj(p->code[pc]);
        if (strcmp(r->format, "sJ") == 0 && to >= 0 && to < p->code_count)
            targets[to] = 1;
        pc += extra_words(r);
    }
    for (uint32_t i = 0; i < p->handler_count; i++)
        if (p->handlers[i].target < p->code_count)
            targets[p->handlers[i].target] = 1;
    return targets;
}

static void put_code(kw_vm *vm, const kw_proto *p, FILE *out)
{
    char *targets = find_targets(p); /* without memory the marks are missing, and nothing else */
    uint32_t shown = 0;
    for (uint32_t pc = 0; pc < p->code_count;) {
        uint32_t line = kw_chunk_line(p, pc);
        if (line != shown)
            fprintf(out, "%5u ", line);
        else
            fputs("    | ", out);
        shown = line;
        fprintf(out, "%c%5u  ", targets != NULL && targets[pc] ? '>' : ' ', pc);
        pc += put_instruction(vm, out, p, pc);
    }
    free(targets);
}

static void put_tables(kw_vm *vm, const kw_proto *p, FILE *out)
{
    for (uint32_t i = 0; i < p->constant_count; i++) {
        fprintf(out, "  constant K[%u]: ", i);
        put_constant(vm, out, p, i);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < p->global_count; i++)
        fprintf(out, "  global G[%u]: %s\n", i, p->globals[i]->name->text);
    for (uint32_t i = 0; i < p->capture_count; i++) {
        fputs("  capture ", out);
        put_capture(out, p, i);
        fputc('\n', out);
    }
    for (uint32_t i = 0; i < p->handler_count; i++)
        fprintf(out, "  handler %u..%u -> %u, R[%u]\n", p->handlers[i].start, p->handlers[i].end, p->handlers[i].target,
                p->handlers[i].reg);
}

void kw_dump(kw_vm *vm, const kw_proto *p, FILE *out)
{
    fprintf(out, "function %s: line %u, %u parameters%s, %u registers, %u captures\n",
            p->name == NULL ? "" : p->name->text, p->line, p->param_count, p->variadic ? " and more" : "", p->reg_count,
            p->capture_count);
    put_code(vm, p, out);
    put_tables(vm, p, out);
    for (uint32_t i = 0; i < p->inner_count; i++)
        kw_dump(vm, p->inner[i], out);
}
