/* ast.h - the syntax tree of a Kiwi text.
 *
 * Place: lang; the parser makes it, scope analysis and compiler read it.  Plain data without
 * behaviour; depends on the arena only.
 * Ownership: all nodes, lists, names and strings live in the arena given to kw_parse().
 *
 * A node is a tagged union: `kind` says which member of `as` is valid; the table below names it.
 * A pointer said to be "or NULL" may be NULL, every other one never is in a finished tree. */
#ifndef KW_AST_H
#define KW_AST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "lang/arena.h"

/* X(KIND, member of `as` ("none": no payload), meaning) */
#define KW_NODES(X)                                                                                                    \
    /* literals */                                                                                                     \
    X(NULL, none, "null")                                                                                              \
    X(TRUE, none, "true")                                                                                              \
    X(FALSE, none, "false")                                                                                            \
    X(INTEGER, integer, "64-bit integer")                                                                              \
    X(FLOAT, number, "double")                                                                                         \
    X(STRING, string, "plain string, escapes done; also a type word used as a value")                                  \
    X(INTERPOLATION, list, "parts: STRING nodes and expressions; the value is always a string")                        \
    X(BYTES, bytes, "byte literal, escapes done")                                                                      \
    X(LIST, list, "[a, b]: the elements")                                                                              \
    X(RANGE, range, "[a..b]")                                                                                          \
    X(HASHMAP, list, "{k: v}: key, value, key, value ...; a bare identifier key is a STRING")                          \
    /* names */                                                                                                        \
    X(NAME, name, "variable, function, struct, package ...")                                                           \
    X(QUALIFIED, qualified, "a::b::c, two parts or more")                                                              \
    X(SELF, none, "@")                                                                                                 \
    X(ATTRIBUTE, name, "@a")                                                                                           \
    X(STATIC, name, "@@a")                                                                                             \
    /* operations */                                                                                                   \
    X(UNARY, unary, "-x ~x !x")                                                                                        \
    X(BINARY, binary, "arithmetic, bits, comparison, in")                                                              \
    X(LOGICAL, binary, "&& || ??: the right side is evaluated only if needed")                                         \
    X(TERNARY, ternary, "c ? x : y")                                                                                   \
    X(ASSIGN, assign, "target op= value, with an optional guard of its own")                                           \
    X(CALL, call, "callee(args)")                                                                                      \
    X(METHOD_CALL, method, "object.name(args); @.m(...) has a SELF object")                                            \
    X(SUPER_CALL, method, "super.name(args); object is NULL")                                                          \
    X(MEMBER, member, "object.name without arguments")                                                                 \
    X(INDEX, index, "object[index]")                                                                                   \
    X(SLICE, slice, "object[start:stop:step], each part optional")                                                     \
    X(LAMBDA, function, "do (x) => ..., with ... do ... end; name is NULL")                                            \
    X(CASE, case_of, "case; an expression and a statement")                                                            \
    X(IMPORT, value, "import e")                                                                                       \
    X(INCLUDE, value, "include e")                                                                                     \
    X(EVAL, value, "eval e")                                                                                           \
    X(EMIT, emit, "emit name(args); an expression")                                                                    \
    /* statements; an expression in a statement list is an expression statement; PRINT, PRINTXY,   \
     * WHILE, REPEAT, FOR and TRY may stand where a value is expected: it is null */                   \
    X(PROGRAM, list, "the whole text")                                                                                 \
    X(ELLIPSIS, none, "... : does nothing; null as the last statement")                                                \
    X(PRINT, print, "print println eprint eprintln")                                                                   \
    X(PRINTXY, printxy, "printxy(e, x, y)")                                                                            \
    X(GUARD, guard, "body when condition else other; also of return, throw, exit, break, next")                        \
    X(IF, if_chain, "if, elsif ..., else")                                                                             \
    X(WHILE, loop, "while subject do body; no names")                                                                  \
    X(REPEAT, loop, "repeat subject as first do body")                                                                 \
    X(FOR, loop, "for first, second in subject do body")                                                               \
    X(BLOCK, list, "do ... end as a statement")                                                                        \
    X(TRY, try_catch, "try, catch, finally")                                                                           \
    X(RETURN, value, "value or NULL")                                                                                  \
    X(THROW, value, "value or NULL")                                                                                   \
    X(EXIT, value, "value or NULL")                                                                                    \
    X(YIELD, value, "value or NULL")                                                                                   \
    X(BREAK, none, "break")                                                                                            \
    X(NEXT, none, "next")                                                                                              \
    X(VAR, var, "var a: type = e, ...; the declarations")                                                              \
    X(CONST, constant, "const NAME = e")                                                                               \
    X(UNPACK, unpack, "a, b = e1, e2")                                                                                 \
    X(FUNCTION, function, "fn name(params) ... end, with decorators")                                                  \
    X(STRUCT, struct_def, "struct S < Base members end")                                                               \
    X(ENUM, enum_def, "enum E A B = 5 end")                                                                            \
    X(PACKAGE, package, "package a::b body end")                                                                       \
    X(EXPORT, value, "export e")                                                                                       \
    X(REQUIRE, value, "require name: always a STRING node")                                                            \
    X(ON, on, "on/once name, priority handler")                                                                        \
    X(OFF, off, "off name (callable)")

typedef enum kw_node_kind {
#define KW_NODE_ENUM(name, member, meaning) KW_N_##name,
    KW_NODES(KW_NODE_ENUM)
#undef KW_NODE_ENUM
        KW_N_COUNT
} kw_node_kind;

/* X(NAME, text): operators of UNARY, BINARY, LOGICAL and (as `op=`) ASSIGN nodes. */
#define KW_OPERATORS(X)                                                                                                \
    X(NONE, "")                                                                                                        \
    X(ADD, "+")                                                                                                        \
    X(SUB, "-")                                                                                                        \
    X(MUL, "*")                                                                                                        \
    X(DIV, "/")                                                                                                        \
    X(FLOORDIV, "//")                                                                                                  \
    X(MOD, "%")                                                                                                        \
    X(POW, "**")                                                                                                       \
    X(BAND, "&")                                                                                                       \
    X(BOR, "|")                                                                                                        \
    X(BXOR, "^")                                                                                                       \
    X(SHL, "<<")                                                                                                       \
    X(SHR, ">>")                                                                                                       \
    X(USHR, ">>>")                                                                                                     \
    X(EQ, "==")                                                                                                        \
    X(NE, "!=")                                                                                                        \
    X(LT, "<")                                                                                                         \
    X(LE, "<=")                                                                                                        \
    X(GT, ">")                                                                                                         \
    X(GE, ">=")                                                                                                        \
    X(IN, "in")                                                                                                        \
    X(AND, "&&")                                                                                                       \
    X(OR, "||")                                                                                                        \
    X(COALESCE, "??")                                                                                                  \
    X(NEG, "-")                                                                                                        \
    X(BNOT, "~")                                                                                                       \
    X(NOT, "!")

typedef enum kw_opr {
#define KW_OPERATOR_ENUM(name, text) KW_OPR_##name,
    KW_OPERATORS(KW_OPERATOR_ENUM)
#undef KW_OPERATOR_ENUM
        KW_OPR_COUNT
} kw_opr;

/* No path from the root to a leaf is longer than this (the parser refuses such texts), so that
 * walking the tree by recursion is safe.  A list of statements counts once. */
enum { KW_TREE_HEIGHT_MAX = 1000 };

typedef struct kw_node kw_node;

typedef struct kw_pos {
    uint32_t line;   /* from 1 (or from kw_parse_options.first_line) */
    uint32_t column; /* from 1, in code points */
    uint32_t offset; /* bytes from the start of the text */
} kw_pos;

typedef struct kw_node_list {
    kw_node **items; /* NULL if count is 0 */
    uint32_t count;
} kw_node_list;

/* One argument of a call.  `name` or NULL; `splat`: written *value.  Never both in one call. */
typedef struct kw_arg_node {
    const kw_name *name;
    kw_node *value;
    bool splat;
} kw_arg_node;

typedef struct kw_arg_list {
    kw_arg_node *items;
    uint32_t count;
    bool has_named;
    bool has_splat;
} kw_arg_list;

/* A type hint: type words and struct names as written; `T?` adds "null".  count 0: no hint. */
typedef struct kw_type_hint {
    const kw_name **names;
    uint32_t count;
} kw_type_hint;

typedef struct kw_param_node {
    const kw_name *name;
    kw_type_hint hint;
    kw_node *fallback; /* default expression or NULL */
    bool variadic;     /* *rest; only the last one */
    kw_pos pos;
} kw_param_node;

/* @name, @pkg::name, @obj.name, with or without arguments. */
typedef struct kw_decorator {
    kw_node *callee; /* NAME, QUALIFIED or MEMBER */
    kw_arg_list args;
    kw_pos pos;
} kw_decorator;

/* A function, method or lambda. */
typedef struct kw_function_node {
    const kw_name *name; /* operators by their text ("+"); NULL for a lambda */
    kw_param_node *params;
    uint32_t param_count; /* with the variadic one */
    kw_type_hint result;
    kw_node_list body;
    kw_decorator *decorators; /* as written, outermost first */
    uint32_t decorator_count;
    bool is_lambda;
    bool is_arrow;     /* body is the one statement behind => */
    bool is_operator;  /* name is an operator; inside a struct only */
    bool has_yield;    /* a yield in the body itself, not in functions inside: a generator */
    bool has_variadic; /* the last parameter is *rest */
    bool is_static;    /* these four in structs only */
    bool is_private;
    bool is_abstract;
    bool is_override;
    kw_pos pos;  /* of `fn`, `do` or `with` */
    kw_pos end;  /* of the closing `end`, or of the last token of an arrow body */
    void *scope; /* for the compiler; NULL after parsing */
} kw_function_node;

typedef struct kw_if_branch {
    kw_node *condition;
    kw_node_list body;
} kw_if_branch;

/* One condition of a case clause: value, or low..high if high is not NULL. */
typedef struct kw_case_condition {
    kw_node *low;
    kw_node *high; /* or NULL */
} kw_case_condition;

typedef struct kw_case_clause {
    kw_case_condition *conditions; /* one or more */
    uint32_t condition_count;
    kw_node_list body;
    kw_pos pos;
} kw_case_clause;

typedef struct kw_var_decl {
    const kw_name *name;
    kw_type_hint hint;
    kw_node *value; /* or NULL */
    kw_pos pos;
} kw_var_decl;

typedef struct kw_enum_member {
    const kw_name *name;
    kw_node *value; /* or NULL: previous + 1, the first is 0 */
    kw_pos pos;
} kw_enum_member;

/* static @name = value */
typedef struct kw_static_decl {
    const kw_name *name;
    kw_node *value;
    kw_pos pos;
} kw_static_decl;

typedef struct kw_assign_node {
    kw_node *target; /* NAME, ATTRIBUTE, STATIC, MEMBER, INDEX or (plain = only) SLICE */
    kw_node *value;
    kw_node *guard;      /* x = value when guard; or NULL */
    kw_node *else_value; /* ... else else_value; or NULL */
    kw_opr op;           /* KW_OPR_NONE for plain =; AND, OR for &&= ||= */
} kw_assign_node;

typedef struct kw_case_node {
    kw_node *subject;       /* or NULL: conditions are tested for truth */
    const kw_name *as_name; /* or NULL */
    kw_case_clause *clauses;
    uint32_t clause_count; /* may be 0 if has_else */
    bool has_else;
    kw_node_list else_body;
} kw_case_node;

typedef struct kw_if_node {
    kw_if_branch *branches; /* one or more: if, elsif ... */
    uint32_t branch_count;
    bool has_else;
    kw_node_list else_body;
} kw_if_node;

typedef struct kw_loop_node {
    const kw_name *first;  /* FOR: always; REPEAT: the counter or NULL; WHILE: NULL */
    const kw_name *second; /* FOR only; or NULL */
    kw_node *subject;      /* condition, count or collection */
    kw_node_list body;
} kw_loop_node;

typedef struct kw_try_node {
    kw_node_list body;
    bool has_catch;
    bool has_finally;
    const kw_name *first;  /* catch e, catch type, message; or NULL */
    const kw_name *second; /* or NULL */
    kw_node_list catch_body;
    kw_node_list finally_body;
} kw_try_node;

typedef struct kw_struct_node {
    const kw_name *name;
    const kw_name *base;     /* or NULL */
    kw_node_list methods;    /* FUNCTION nodes */
    kw_static_decl *statics; /* in the order of the text */
    uint32_t static_count;
    bool is_abstract;
} kw_struct_node;

struct kw_node {
    kw_node_kind kind;
    kw_pos pos; /* of the first token; of the operator for BINARY, LOGICAL and ASSIGN */
    union {
        int64_t integer;
        double number;
        struct {
            const char *text; /* UTF-8, may contain NUL; a NUL follows */
            uint32_t size;
        } string;
        struct {
            const uint8_t *data;
            uint32_t size;
            uint32_t bad_size;    /* of bad_char, 0 if the literal is fine */
            const char *bad_char; /* first non-ASCII character: an error when executed (3.4) */
        } bytes;
        kw_node_list list;
        const kw_name *name;
        struct {
            const kw_name **parts;
            uint32_t count; /* two or more */
        } qualified;
        struct {
            kw_node *low, *high;
        } range;
        struct {
            kw_opr op;
            kw_node *operand;
        } unary;
        struct {
            kw_opr op;
            kw_node *left, *right;
        } binary;
        struct {
            kw_node *condition, *yes, *no;
        } ternary;
        kw_assign_node assign;
        struct {
            kw_node *callee;
            kw_arg_list args;
        } call;
        struct {
            kw_node *object; /* NULL for SUPER_CALL */
            const kw_name *name;
            kw_arg_list args;
        } method;
        struct {
            kw_node *object;
            const kw_name *name;
        } member;
        struct {
            kw_node *object, *index;
        } index;
        struct {
            kw_node *object;
            kw_node *start, *stop, *step; /* each or NULL */
        } slice;
        kw_function_node *function;
        kw_case_node *case_of;
        kw_node *value; /* or NULL where the table says so */
        struct {
            kw_node *name; /* STRING, INTERPOLATION or NAME */
            kw_arg_list args;
        } emit;
        struct {
            kw_node *value;
            bool to_stderr;
            bool newline;
        } print;
        struct {
            kw_node *value, *x, *y;
        } printxy;
        struct {
            kw_node *condition;
            kw_node *body;
            kw_node *other; /* statement behind else, or NULL */
        } guard;
        kw_if_node *if_chain;
        kw_loop_node *loop;
        kw_try_node *try_catch;
        struct {
            kw_var_decl *items;
            uint32_t count;
        } var;
        struct {
            const kw_name *name;
            kw_node *value;
        } constant;
        struct {
            const kw_name **names; /* two or more */
            uint32_t name_count;
            kw_node_list values; /* one or more */
        } unpack;
        kw_struct_node *struct_def;
        struct {
            const kw_name *name;
            kw_enum_member *members;
            uint32_t count;
        } enum_def;
        struct {
            const kw_name **parts; /* one or more: package a::b */
            uint32_t count;
            kw_node_list body;
        } package;
        struct {
            const char *text; /* event name, may hold wildcards; a NUL follows */
            uint32_t size;
            int64_t priority;
            kw_node *handler; /* LAMBDA or an expression */
            bool once;
        } on;
        struct {
            kw_node *name;     /* STRING, INTERPOLATION or NAME */
            kw_node *callable; /* or NULL */
        } off;
    } as;
};

/* "INTEGER", "BINARY" ...: for dumps and tests; static storage. */
const char *kw_ast_kind_name(kw_node_kind kind);
/* "+", "in" ...: static storage. */
const char *kw_ast_operator_text(kw_opr op);
/* Write `node` (may be NULL) as one line of s-expressions, without a line feed: for tests. */
void kw_ast_dump(FILE *out, const kw_node *node);

#endif
