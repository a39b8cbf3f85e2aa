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
    fprintf(out, "%s %.*s", kw_type_name((kw_type)p->constants[at].tag), size, buf.text);
    kw_buf_free(&buf);
}

/* What the operands stand for, where that is not a register. */
static void put_note(kw_vm *vm, FILE *out, const kw_proto *p, kw_instr i)
{
    kw_opcode op = kw_i_op(i);
    const char *meaning = rows[op].meaning;
    if (strstr(meaning, "K[Bx]") != NULL) {
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
    const char *words = strchr(r->format, 'W');
    uint32_t extra = words == NULL ? 0 : words[1] == '2' ? 2 : 1;
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

void kw_dump(kw_vm *vm, const kw_proto *p, FILE *out)
{
    fprintf(out, "function %s: line %u, %u parameters%s, %u registers, %u captures\n",
            p->name == NULL ? "" : p->name->text, p->line, p->param_count, p->variadic ? " and more" : "",
            p->reg_count, p->capture_count);
    uint32_t shown = 0;
    for (uint32_t pc = 0; pc < p->code_count;) {
        uint32_t line, column;
        kw_chunk_position(p, pc, &line, &column);
        if (line != shown)
            fprintf(out, "%5u ", line);
        else
            fputs("    | ", out);
        shown = line;
        fprintf(out, "%5u  ", pc);
        pc += put_instruction(vm, out, p, pc);
    }
    for (uint32_t i = 0; i < p->handler_count; i++)
        fprintf(out, "  handler %u..%u -> %u, R[%u]\n", p->handlers[i].start, p->handlers[i].end,
                p->handlers[i].target, p->handlers[i].reg);
    for (uint32_t i = 0; i < p->inner_count; i++)
        kw_dump(vm, p->inner[i], out);
}
