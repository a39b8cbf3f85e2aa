/* compile_internal.h - what the files of the compiler share.
 *
 * Registers of a function: parameters, *rest, locals, and above them temporaries, which are used as a stack:
 * kw_c_temp() takes the next one, and whoever took some sets `free_reg` back when they are dead.
 * After an error (kw_c_fail) code is still "made" but not written; callers need not look. */
#ifndef KW_COMPILE_INTERNAL_H
#define KW_COMPILE_INTERNAL_H

#include "lang/compile.h"
#include "lang/scope.h"

/* Where the value of a statement goes, if not into a register. */
enum {
    KW_C_DROP = -1, /* nowhere */
    KW_C_TAIL = -2, /* it is the function's result: return it */
};
enum { KW_C_NO_JUMP = -1 };
enum { KW_C_CODE_MAX = 4 << 20 }; /* instructions of one text; jumps have 24 bits */

/* One text. */
typedef struct kw_unit {
    kw_vm *vm;
    kw_string *file;
    kw_scopes scopes;
    uint32_t total; /* instructions so far */
    bool failed;
} kw_unit;

typedef struct kw_c_loop {
    struct kw_c_loop *outer;
    struct kw_c_try *tries; /* the innermost try around the loop */
    int breaks, nexts;      /* pending jumps */
} kw_c_loop;

typedef struct kw_c_range {
    uint32_t start, end;
} kw_c_range;

/* A try whose body or catch part is being compiled. */
typedef struct kw_c_try {
    struct kw_c_try *outer;
    kw_c_loop *loop;               /* around it */
    kw_scope *scope;
    const kw_node_list *finally_body; /* or NULL */
    kw_c_range *ranges;            /* guarded code, without the copies of finally bodies */
    uint32_t range_count, range_cap;
    uint32_t start;                /* of the range that is open */
} kw_c_try;

/* One function. */
typedef struct kw_comp {
    kw_unit *unit;
    struct kw_comp *parent;
    kw_proto *proto;
    kw_scope *home;  /* of the function or file */
    kw_scope *scope; /* `home` or a package inside it */
    const kw_function_node *function; /* NULL: the program */
    unsigned local_count, free_reg;
    kw_c_loop *loop;
    kw_c_try *tries;
    uint32_t line, column;
    int32_t constant_of[3]; /* index of null, false, true; -1: none yet */
} kw_comp;

/* ---- emit.c: instructions, registers, constants, jumps ----------------------------------------- */

void kw_c_fail(kw_comp *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint32_t kw_c_here(const kw_comp *c);
void kw_c_at(kw_comp *c, kw_pos pos); /* what follows belongs to this position */
void kw_c_word(kw_comp *c, kw_instr word);
void kw_c_abc(kw_comp *c, kw_opcode op, unsigned a, unsigned b, unsigned d);
void kw_c_abx(kw_comp *c, kw_opcode op, unsigned a, uint32_t bx);
/* An instruction with a name: `cached` ones get an inline cache. */
void kw_c_named(kw_comp *c, kw_instr word, kw_string *name, bool cached);
void kw_c_move(kw_comp *c, unsigned to, unsigned from);
unsigned kw_c_temp(kw_comp *c);
unsigned kw_c_temps(kw_comp *c, unsigned count); /* the first of them */
bool kw_c_is_temp(const kw_comp *c, unsigned reg);
/* Start of a row of registers for building something whose value goes to `dest`: dest itself if it is the
 * topmost temporary, else a new one. */
unsigned kw_c_base(kw_comp *c, unsigned dest);

kw_string *kw_c_name(kw_comp *c, const kw_name *name);
kw_string *kw_c_text(kw_comp *c, const char *text, size_t size);
uint32_t kw_c_constant(kw_comp *c, kw_value v);
void kw_c_load(kw_comp *c, unsigned dest, kw_value v);
/* Is the node a constant (numbers: folded)?  *out is its value. */
bool kw_c_is_constant(kw_comp *c, const kw_node *node, kw_value *out);

/* Jumps: lists of pending ones, chained through their operands. */
void kw_c_jump(kw_comp *c, int *list);
void kw_c_patch(kw_comp *c, int list, uint32_t target);
void kw_c_patch_here(kw_comp *c, int list);

/* ---- Names (emit.c) -------------------------------------------------------------------------------- */

typedef enum kw_c_where { KW_C_LOCAL, KW_C_CELL, KW_C_UP, KW_C_GLOBAL, KW_C_SIBLING } kw_c_where;
typedef struct kw_place {
    kw_c_where where;
    uint32_t at;
} kw_place;
kw_place kw_c_place(kw_comp *c, const kw_name *name, bool store);
void kw_c_read(kw_comp *c, kw_place place, unsigned dest);
void kw_c_write(kw_comp *c, kw_place place, unsigned from);
void kw_c_store(kw_comp *c, const kw_name *name, unsigned from);
/* The package whose code this is, or NULL. */
const kw_scope *kw_c_package(const kw_comp *c);
uint32_t kw_c_global(kw_comp *c, kw_string *name);
/* The record of `name` as defined here: "package::name" in a package. */
uint32_t kw_c_defined(kw_comp *c, const kw_name *name);

/* ---- compile_expr.c --------------------------------------------------------------------------------- */

void kw_c_to(kw_comp *c, const kw_node *node, unsigned dest);
unsigned kw_c_any(kw_comp *c, const kw_node *node); /* a local itself, or a new temporary */
unsigned kw_c_new(kw_comp *c, const kw_node *node); /* always a new temporary */
/* Like kw_c_any, for a value that is used after `other` (may be NULL) was evaluated. */
unsigned kw_c_stable(kw_comp *c, const kw_node *node, const kw_node *other);
/* Jump (into `list`) if the truth of `node` is `sense`, else go on. */
void kw_c_condition(kw_comp *c, const kw_node *node, bool sense, int *list);
/* dest = R[left] op right */
typedef struct kw_operand {
    bool constant; /* `at` is a constant, else a register */
    unsigned at;
} kw_operand;
kw_operand kw_c_operand(kw_comp *c, const kw_node *node, kw_oper op);
void kw_c_arith(kw_comp *c, kw_oper op, unsigned dest, unsigned left, kw_operand right);
void kw_c_raise(kw_comp *c, const char *type, kw_string *message);
/* dest = the list of these values. */
void kw_c_list(kw_comp *c, const kw_node_list *items, unsigned dest);

/* ---- compile_call.c ----------------------------------------------------------------------------------- */

void kw_c_call(kw_comp *c, const kw_node *node, unsigned dest);
void kw_c_emit_event(kw_comp *c, const kw_node *node, unsigned dest);
void kw_c_decorate(kw_comp *c, const kw_decorator *decorator, unsigned reg); /* R[reg] = decorator(R[reg], ...) */

/* ---- compile_assign.c --------------------------------------------------------------------------------- */

void kw_c_assign(kw_comp *c, const kw_assign_node *a, int dest); /* dest: a register or KW_C_DROP */
void kw_c_unpack(kw_comp *c, const kw_node *node);
void kw_c_declare(kw_comp *c, const kw_node *node);

/* ---- compile_stmt.c, compile_flow.c --------------------------------------------------------------------- */

void kw_c_statement(kw_comp *c, const kw_node *node, int dest);
void kw_c_block(kw_comp *c, const kw_node_list *body, int dest);
void kw_c_nothing(kw_comp *c, int dest); /* the value is null */
void kw_c_case(kw_comp *c, const kw_case_node *n, int dest);
void kw_c_while(kw_comp *c, const kw_loop_node *n);
void kw_c_repeat(kw_comp *c, const kw_loop_node *n);
void kw_c_for(kw_comp *c, const kw_loop_node *n);
void kw_c_try_statement(kw_comp *c, const kw_try_node *n);
void kw_c_return(kw_comp *c, const kw_node *value);
void kw_c_leave_loop(kw_comp *c, bool is_break);

/* ---- compile_def.c ----------------------------------------------------------------------------------------- */

/* R[dest] = closure of the function. */
void kw_c_closure(kw_comp *c, const kw_function_node *f, unsigned dest, unsigned flags);
void kw_c_define_function(kw_comp *c, const kw_function_node *f);
void kw_c_hoist(kw_comp *c, const kw_node_list *program);
void kw_c_struct(kw_comp *c, const kw_struct_node *s);
void kw_c_enum(kw_comp *c, const kw_node *node);
void kw_c_package_body(kw_comp *c, const kw_node *node);
void kw_c_on(kw_comp *c, const kw_node *node);
void kw_c_off(kw_comp *c, const kw_node *node);
/* A compiler for one more function; end it with kw_c_end(). */
void kw_c_begin(kw_comp *c, kw_unit *unit, kw_comp *parent, kw_scope *home, kw_string *name);
void kw_c_end(kw_comp *c);

#endif
