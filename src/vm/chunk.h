/* chunk.h - a function compiled to bytecode.
 *
 * Place: vm layer; src/lang builds these with the functions below, the loop runs them.  A kw_proto
 * is a heap object: while it is being built nothing can collect (the compiler runs between
 * safepoints), afterwards closures and constants keep it alive. */
#ifndef KW_CHUNK_H
#define KW_CHUNK_H

#include "vm/object.h"
#include "vm/op.h"

enum { KW_MAX_REGS = 250, KW_MAX_PARAMS = 200 };

typedef struct kw_param {
    kw_string *name;
    kw_string *hint;   /* type names joined by "|", or NULL */
    kw_value constant; /* the default if it is a constant; else KW_UNDEF */
    bool has_default;
} kw_param;

typedef struct kw_capture { /* where CLOSURE takes U[i] from */
    bool from_register;     /* a cell in R[index] of the enclosing function; else its U[index] */
    uint16_t index;
} kw_capture;

/* Errors raised at pc in [start, end) are handled at `target`, with the error's type in R[reg] and
 * its message in R[reg + 1].  Inner entries come before outer ones. */
typedef struct kw_handler {
    uint32_t start, end, target;
    uint8_t reg;
    bool again; /* it will be raised again: R[reg + 2] gets what RETHROW needs to know of its origin */
} kw_handler;

typedef struct kw_line { /* run-length line table: pc from here on belongs to this line */
    uint32_t pc, line;
} kw_line;

typedef struct kw_called { /* the call that ends at pc is written `name(...)` */
    uint32_t pc, constant;
} kw_called;

typedef struct kw_cache { /* inline cache of one instruction; the loop's own */
    const void *key;
    uint32_t epoch, slot; /* slot: of an attribute; of a method the bits KW_CACHE_* */
    uint8_t fast;         /* INVOKE of a built-in type: kw_fast */
    kw_value value;
    kw_class *home;
    void *next; /* SETATTR: the shape after the attribute was added */
} kw_cache;

enum { KW_CACHE_SELF_FIRST = 1, KW_CACHE_STATIC = 2 };

enum {
    KW_PROTO_GENERATOR = 1,
    KW_PROTO_MAIN = 2,
    KW_PROTO_ARROW = 4,
    KW_PROTO_STATIC = 8,
    KW_PROTO_METHOD = 16,
    KW_PROTO_CALLS = 32 /* it is that of kw_fiber_new_trampoline() */
};

struct kw_proto {
    kw_obj header;   /* flags: KW_PROTO_* */
    kw_string *name; /* of the function; "<main>", or "<lambda>" with a number for a lambda */
    kw_string *file;
    kw_instr *code;
    kw_value *constants;
    kw_global **globals;
    kw_proto **inner;
    kw_capture *captures;
    kw_handler *handlers;
    kw_line *lines;
    kw_called *called;
    kw_cache *caches;
    kw_param *params;   /* count: param_count, + 1 for the variadic one */
    kw_string *returns; /* hint of the result, or NULL */
    uint32_t code_count, constant_count, global_count, inner_count, capture_count, handler_count, line_count,
        called_count, cache_count;
    uint32_t code_cap, constant_cap, global_cap, inner_cap, capture_cap, handler_cap, line_cap, called_cap;
    uint16_t param_count;   /* without the variadic one; they lie in R[0..] */
    bool variadic;          /* R[param_count] is the list of further arguments */
    uint16_t reg_count;     /* registers used; 1 to KW_MAX_REGS */
    uint16_t local_count;   /* the first of them are parameters and variables: null at the start of
                             a call unless an argument came; at least the parameters */
    uint32_t line;          /* of the definition */
    kw_map *shared;         /* while it is built: constant -> its index */
    uint32_t low_constants; /* while it is built: next free one of those that any operand reaches */
};

kw_proto *kw_chunk_proto_new(kw_vm *vm, kw_string *name, kw_string *file);
/* Append; each returns the index.  All of these are checked by the caller against the operand
 * widths. */
uint32_t kw_chunk_emit(kw_vm *vm, kw_proto *p, kw_instr word, uint32_t line);
/* Equal strings and numbers share one.  `wide`: the operand it is for is not limited to 16 bits. */
uint32_t kw_chunk_constant(kw_vm *vm, kw_proto *p, kw_value v, bool wide);
uint32_t kw_chunk_global(kw_vm *vm, kw_proto *p, kw_global *g); /* shared */
uint32_t kw_chunk_inner(kw_vm *vm, kw_proto *p, kw_proto *inner);
uint32_t kw_chunk_capture(kw_vm *vm, kw_proto *p, kw_capture capture);
uint32_t kw_chunk_handler(kw_vm *vm, kw_proto *p, kw_handler handler);
uint32_t kw_chunk_cache(kw_proto *p); /* number of a new inline cache; memory comes with kw_chunk_finish */
/* Make p->params: `count` of them, the variadic one included, all zero with constant KW_UNDEF; sets
 * param_count and variadic. */
void kw_chunk_params(kw_vm *vm, kw_proto *p, unsigned count, bool variadic);
/* Trim the arrays and make the caches. */
void kw_chunk_finish(kw_vm *vm, kw_proto *p);
/* The call whose last word was emitted just now names what it calls: for the error if that is
 * null. */
void kw_chunk_note_called(kw_vm *vm, kw_proto *p, kw_string *name);
/* The name of the call whose last word is at `pc`; NULL: it calls the result of an expression. */
kw_string *kw_chunk_called(const kw_proto *p, uint32_t pc);
/* The line of the instruction at `pc`. */
uint32_t kw_chunk_line(const kw_proto *p, uint32_t pc);

#endif
