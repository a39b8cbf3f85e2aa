/* gen_internal.h - what the files of the compiler share. */
#ifndef KW_GEN_INTERNAL_H
#define KW_GEN_INTERNAL_H

#include "lang/ast.h"
#include "lang/bind.h"
#include "vm/chunk.h"
#include "vm/vm.h"

/* Jumps whose target is not known yet. */
typedef struct kw_jumps {
    uint32_t *at;
    uint32_t count, cap;
} kw_jumps;

typedef struct kw_loop_ctx { /* the innermost loop */
    struct kw_loop_ctx *outer;
    kw_jumps breaks, nexts;
    struct kw_try_ctx *tries; /* tries around the loop: break leaves those inside only */
} kw_loop_ctx;

/* A part of a function in which errors are handled, or which must run a finally body when it is
 * left. */
typedef struct kw_try_ctx {
    struct kw_try_ctx *outer;
    const kw_node_list *finally; /* or NULL */
    kw_loop_ctx *loop;           /* the loop around the try */
    uint32_t start;              /* of the range that is open */
    struct {
        uint32_t start, end;
    } * ranges;
    uint32_t count, cap;
} kw_try_ctx;

typedef struct kw_func { /* the function being compiled */
    struct kw_func *outer;
    kw_proto *proto;
    kw_scope *scope; /* NULL: the top level of a text */
    kw_unit *unit;
    kw_string *package;  /* qualified name of the package whose code this is, or NULL */
    uint32_t locals;     /* registers of variables; above them are temporaries */
    uint32_t free;       /* first free register; never below `locals` */
    uint32_t open_jumps; /* emitted and not patched yet */
    kw_loop_ctx *loop;
    kw_try_ctx *tries;
    bool is_generator;
} kw_func;

typedef struct kw_compiler {
    kw_vm *vm;
    kw_scopes scopes;
    kw_string *file;
    kw_func *f;
    kw_pos pos;     /* of the statement or call being compiled, for the line table */
    bool failed;    /* an error is set in the vm */
    uint32_t total; /* instructions of all functions so far */
} kw_compiler;

/* ---- gen_emit.c ------------------------------------------------------------------------------ */

/* Fail with a SyntaxError at the current position; only the first one counts. */
void kw_gen_error(kw_compiler *c, const char *message);
/* These return the place of the word. */
uint32_t kw_gen_emit(kw_compiler *c, kw_instr i);
uint32_t kw_gen_abc(kw_compiler *c, kw_opcode op, unsigned a, unsigned b, unsigned cc);
uint32_t kw_gen_abx(kw_compiler *c, kw_opcode op, unsigned a, uint32_t bx);
/* The place of the next word. */
uint32_t kw_gen_here(const kw_compiler *c);
/* The second word of instructions with "+W". */
void kw_gen_name_word(kw_compiler *c, const char *text, size_t size);
/* The number of a constant that need not be the only one with this value. */
uint32_t kw_gen_constant(kw_compiler *c, kw_value v);
/* R[reg] = v, an integer, float or string. */
void kw_gen_load(kw_compiler *c, unsigned reg, kw_value v);
kw_string *kw_gen_string(kw_compiler *c, const char *text, size_t size);
/* Temporaries: `count` registers in a row, the first of which is returned; `free` is behind the last.  They are given
 * back by setting `free` to what it was.  Too many: 0, and an error. */
unsigned kw_gen_temp(kw_compiler *c, unsigned count);
/* An unconditional jump, or the jump word behind a test: its place.  It is open until it is patched, once, by
 * kw_gen_patch() or kw_gen_land(). */
uint32_t kw_gen_jump(kw_compiler *c);
/* Append an open jump, which lies behind those in the list. */
void kw_gen_add(kw_compiler *c, kw_jumps *jumps, uint32_t at);
/* Close the jump at `at`; `target` is a place in the code so far, or the next one. */
void kw_gen_patch(kw_compiler *c, uint32_t at, uint32_t target);
/* Patch all and empty the list. */
void kw_gen_land(kw_compiler *c, kw_jumps *jumps, uint32_t target);
kw_global *kw_gen_global(kw_compiler *c, const char *text, size_t size);
/* The record of `name` in the package `package` (NULL: plain). */
kw_global *kw_gen_member(kw_compiler *c, kw_string *package, const char *text, size_t size);
/* The package that gets what is defined here, or NULL: functions define global things. */
kw_string *kw_gen_defining(const kw_compiler *c);
void kw_gen_global_op(kw_compiler *c, kw_opcode op, unsigned reg, kw_global *g);

/* ---- gen_name.c ------------------------------------------------------------------------------ */

/* The register of an uncaptured local variable, which is below `locals`, or -1. */
int kw_gen_register(const kw_compiler *c, const kw_node *n);
/* R[dest] = the variable; takes no register. */
void kw_gen_read_name(kw_compiler *c, const kw_name *name, unsigned dest);
/* A name that is no local, qualified or not, seen from the package whose code this is: its own
 * names come first, then those of the packages around it. */
void kw_gen_read_global(kw_compiler *c, const char *text, size_t size, unsigned dest);
/* The variable = R[from], which keeps its value; takes no register. */
void kw_gen_write_name(kw_compiler *c, const kw_name *name, unsigned from);
/* Bind a name that is always of this function or unit: loop variables, catch ... */
void kw_gen_bind_name(kw_compiler *c, const kw_name *name, unsigned from);

/* ---- gen_expr.c: values ---------------------------------------------------------------------- */

/* R[dest] = the value; `dest` is a variable or a temporary taken before.  `free` is what it was; the temporaries above
 * `dest` keep their values. */
void kw_gen_expr(kw_compiler *c, const kw_node *n, unsigned dest);
/* The register that holds the value: a local in place, and `free` is what it was, or a new temporary, and `free` is
 * one more. */
unsigned kw_gen_any(kw_compiler *c, const kw_node *n);
/* Throw, when executed, an error that is known now; `free` is what it was. */
void kw_gen_raise(kw_compiler *c, const char *type, kw_string *message);
/* The same for an error of vm/errors.h about `name`. */
void kw_gen_raise_known(kw_compiler *c, kw_error_id id, kw_string *name);
/* Evaluate and drop; `free` is what it was. */
void kw_gen_effect(kw_compiler *c, const kw_node *n);
/* Jump if the truth of `n` is `sense`; else fall through.  `free` is what it was; the jumps are added to `jumps` and
 * stay open. */
void kw_gen_condition(kw_compiler *c, const kw_node *n, bool sense, kw_jumps *jumps);
/* R[dest] = R[left] op right, an operator of BINARY nodes.  `free` is what it was, or one more for `right`. */
void kw_gen_binary(kw_compiler *c, kw_opr op, unsigned left, const kw_node *right, unsigned dest);
void kw_gen_binary_regs(kw_compiler *c, kw_opr op, unsigned left, unsigned right, unsigned dest);
/* ---- gen_call.c */
/* R[dest] = the result.  The callee and its arguments are above what was taken before; kw_gen_expr(), which calls this,
 * gives them back. */
void kw_gen_call(kw_compiler *c, const kw_node *n, unsigned dest);
/* The callee or receiver is in R[base], the last register taken; the arguments follow in a row, at the end of which
 * `free` is. */
void kw_gen_call_args(kw_compiler *c, kw_opcode op, unsigned base, const kw_arg_list *args, const kw_name *method,
                      unsigned dest);
/* Is it name.clear(), which assigns the variable if it holds a string? */
bool kw_gen_clears(const kw_node *n);
/* R[dest] = a new list of the arguments; `free` is what it was. */
void kw_gen_args_list(kw_compiler *c, const kw_arg_list *args, unsigned dest);
/* Append the arguments to the list in `dest`; `free` is what it was. */
void kw_gen_append_args(kw_compiler *c, const kw_arg_list *args, unsigned dest);
/* The names of the arguments as a constant list, null for positional ones; `after_one`: behind one
 * more. */
uint32_t kw_gen_names_constant(kw_compiler *c, const kw_arg_list *args, bool after_one);
/* ---- gen_assign.c */
/* R[dest] = what was assigned, null where that is no value; dest < 0: it is not wanted.  `free` is what it was. */
void kw_gen_assign(kw_compiler *c, const kw_node *n, int dest);
/* `free` is what it was. */
void kw_gen_unpack(kw_compiler *c, const kw_node *n);
/* Does evaluating `n` assign the local `name`? */
bool kw_gen_assigns(const kw_node *n, const kw_name *name);

/* ---- gen_stmt.c, gen_try.c ------------------------------------------------------------------- */

/* After each of these, up to kw_gen_try(), `free` is what it was. */
void kw_gen_stmt(kw_compiler *c, const kw_node *n);
void kw_gen_list(kw_compiler *c, const kw_node_list *list);
/* A statement whose value is wanted in `dest`; null for those without. */
void kw_gen_value(kw_compiler *c, const kw_node *n, unsigned dest);
void kw_gen_list_value(kw_compiler *c, const kw_node_list *list, unsigned dest);
/* The last statements of a function: return their value. */
void kw_gen_tail(kw_compiler *c, const kw_node *n);
void kw_gen_list_tail(kw_compiler *c, const kw_node_list *list);
/* dest < 0: the value is not wanted, or returned if `tail`. */
void kw_gen_case(kw_compiler *c, const kw_node *n, int dest, bool tail);
void kw_gen_try(kw_compiler *c, const kw_node *n);
/* Run the finally bodies of the tries inside `until`, which is one of those around here or NULL; then the caller emits
 * the jump or return and calls kw_gen_reopen(). */
void kw_gen_leave_tries(kw_compiler *c, kw_try_ctx *until);
void kw_gen_reopen(kw_compiler *c, kw_try_ctx *until);

/* ---- gen_def.c ------------------------------------------------------------------------------- */

/* A function of its own, with registers of its own; the one that is being compiled is again c->f. */
kw_proto *kw_gen_function(kw_compiler *c, const kw_function_node *f, bool is_method);
/* R[dest] = the closure; takes no register. */
void kw_gen_lambda(kw_compiler *c, const kw_node *n, unsigned dest);
/* These are statements: kw_gen_stmt() gives back what they take. */
void kw_gen_define_function(kw_compiler *c, const kw_node *n);
void kw_gen_struct(kw_compiler *c, const kw_node *n);
void kw_gen_enum(kw_compiler *c, const kw_node *n);
void kw_gen_package(kw_compiler *c, const kw_node *n);

#endif
