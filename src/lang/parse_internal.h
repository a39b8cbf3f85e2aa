/* parse_internal.h - what the files of the parser share; nobody else includes it.
 *
 * Convention: a function that returns a node returns NULL after an error, one that returns bool
 * returns false; the first error is in parser->diag and parser->status.  All tokens behind an error
 * are EOF, so that no loop goes on. */
#ifndef KW_PARSE_INTERNAL_H
#define KW_PARSE_INTERNAL_H

#include "lang/lex.h"
#include "lang/parse.h"

enum {
    KW_NESTING_MAX = 200 /* expressions and statements inside each other; bounds the C stack */
};

/* What surrounds a statement and changes its grammar. */
typedef struct kw_context {
    bool in_when;     /* directly in a when-body: `when` is the next clause (8.3) */
    bool else_closes; /* `else` on a new line belongs to the if or case around, not to a guard */
} kw_context;

typedef struct kw_parser {
    const kw_parse_options *options;
    kw_arena *arena;
    kw_diag *diag;
    kb_status status;
    kw_lexer lexer; /* behind `next` if has_next, else behind `token` */
    kw_token token; /* the current one */
    kw_token next;
    bool has_next;
    kw_token last; /* the one before `token`; kind EOF at the start */
    uint32_t depth;
    uint32_t height; /* tallest node finished since the innermost kw_p_enter() */
    kw_context context;
    kw_function_node *function; /* the innermost one, or NULL */
    uint32_t stamp;             /* last number used in kw_name.stamp */
    uint32_t no_unpack;         /* no unpacking begins before this offset */
    char *scratch;              /* stack of unfinished lists */
    size_t scratch_used;
    size_t scratch_size;
} kw_parser;

/* State to restore by kw_p_leave(). */
typedef struct kw_level {
    uint32_t height;
} kw_level;

/* --- parse.c: tokens, errors, lists --- */
void kw_p_advance(kw_parser *p);
const kw_token *kw_p_peek(kw_parser *p);
/* Does the current token begin on the line where the one before ended? */
bool kw_p_same_line(const kw_parser *p);
bool kw_p_at(const kw_parser *p, kw_token_kind kind);
/* Skip the current token if it is of this kind. */
bool kw_p_accept(kw_parser *p, kw_token_kind kind);
/* The same, but fail with `message` if it is not. */
bool kw_p_expect(kw_parser *p, kw_token_kind kind, const char *message);
/* Report an error at the current token, at the end of the text at the last one; returns NULL. */
void *kw_p_fail(kw_parser *p, const char *message);
void *kw_p_fail_type(kw_parser *p, const char *type, const char *message);
void *kw_p_fail_at(kw_parser *p, const kw_token *token, const char *type, const char *message);
/* Report `before`, text of the token, `after`. */
void *kw_p_fail_token(kw_parser *p, const char *before, const char *after);
/* The current token cannot stand where a value or statement is expected. */
void *kw_p_unexpected(kw_parser *p);
void *kw_p_unclosed(kw_parser *p, const kw_token *opener);
void *kw_p_no_memory(kw_parser *p);
bool kw_p_failed(const kw_parser *p);

/* Around every recursion: false (and an error) if the nesting is too deep. */
bool kw_p_enter(kw_parser *p, kw_level *level);
/* Ends it and accounts for one node above all finished inside; false if the tree is too high. */
bool kw_p_leave(kw_parser *p, kw_level level);
/* One more link of a chain like a + b + c or a.b.c. */
bool kw_p_link(kw_parser *p);

kw_node *kw_p_node(kw_parser *p, kw_node_kind kind, kw_pos pos);
void *kw_p_alloc(kw_parser *p, size_t size);
/* The name in the current token (NAME, type word, ATTRIBUTE without its @), which is skipped. */
kw_name *kw_p_take_name(kw_parser *p);
/* The name if the current token is a NAME, else fail with `message`. */
kw_name *kw_p_name(kw_parser *p, const char *message);

/* Unfinished lists: push items above a mark, then take them all into the arena.  Sizes are
 * multiples of 8. */
size_t kw_p_mark(const kw_parser *p);
bool kw_p_push(kw_parser *p, const void *item, size_t size);
/* *items is NULL and *count 0 if there is none. */
bool kw_p_take(kw_parser *p, size_t mark, size_t item_size, void **items, uint32_t *count);
bool kw_p_take_nodes(kw_parser *p, size_t mark, kw_node_list *list);

/* --- parse_expr.c --- */
kw_node *kw_p_expr(kw_parser *p);
bool kw_p_starts_value(kw_parser *p);
/* name, a::b::c from the current NAME or type word. */
kw_node *kw_p_qualified(kw_parser *p);
/* "(" is the current token. */
bool kw_p_args(kw_parser *p, kw_arg_list *args);

/* --- parse_text.c: literals made of characters --- */
kw_node *kw_p_string(kw_parser *p);
kw_node *kw_p_bytes(kw_parser *p);

/* --- parse_lambda.c --- */
/* `fn` is the current token. */
kw_node *kw_p_function(kw_parser *p, bool in_struct);
/* `do (` or `with`. */
kw_node *kw_p_lambda(kw_parser *p);
/* ":" type, if it is there. */
bool kw_p_hint(kw_parser *p, kw_type_hint *hint, const char *message);
/* do ... end of an event as a lambda without parameters; `do` is the current token. */
kw_node *kw_p_block_lambda(kw_parser *p);

/* --- parse_stmt.c --- */
kw_node *kw_p_statement(kw_parser *p);
/* Statements up to one of the words that close or divide blocks; the word stays. */
bool kw_p_statements(kw_parser *p, kw_node_list *list, kw_context context);
/* Statements and `end`. */
bool kw_p_block(kw_parser *p, kw_node_list *list, const kw_token *opener);
kw_node *kw_p_case(kw_parser *p);
kw_node *kw_p_print(kw_parser *p);
kw_node *kw_p_loop(kw_parser *p);
kw_node *kw_p_try(kw_parser *p);

/* --- parse_decorate.c --- */
/* @pkg::name, with ATTRIBUTE as the current token and `::` behind it.  More decorators and the
 * function must follow. */
kw_node *kw_p_qualified_decorator(kw_parser *p);
/* How many of the statements above `mark` directly before this place are decorators? */
uint32_t kw_p_count_decorators(const kw_parser *p, size_t mark);
/* Make decorators of the last `count` statements of the unfinished list, and parse the function. */
kw_node *kw_p_decorated(kw_parser *p, uint32_t count);

/* --- parse_define.c --- */
kw_node *kw_p_struct(kw_parser *p);
kw_node *kw_p_enum(kw_parser *p);
kw_node *kw_p_package(kw_parser *p);
kw_node *kw_p_var(kw_parser *p);
kw_node *kw_p_const(kw_parser *p);
kw_node *kw_p_on(kw_parser *p);
kw_node *kw_p_off(kw_parser *p);
kw_node *kw_p_emit(kw_parser *p);

#endif
