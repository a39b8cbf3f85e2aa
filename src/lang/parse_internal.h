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
    kw_token last;   /* the one before `token`; kind EOF at the start */
    uint32_t tokens; /* so far */
    uint32_t depth;
    uint32_t height; /* tallest node finished since the innermost kw_parse_enter() */
    kw_context context;
    kw_function_node *function; /* the innermost one, or NULL */
    uint32_t structs;           /* how many are open around */
    uint32_t stamp;             /* last number used in kw_name.stamp */
    uint32_t no_unpack;         /* no unpacking begins before this offset */
    char *scratch;              /* stack of unfinished lists */
    size_t scratch_used;
    size_t scratch_size;
} kw_parser;

/* State to restore by kw_parse_leave(). */
typedef struct kw_level {
    uint32_t height;
} kw_level;

/* --- parse.c: tokens, errors, lists --- */
/* Where the text begins, behind a byte order mark. */
kw_lexer kw_parse_first_place(const kw_parse_options *options);
void kw_parse_advance(kw_parser *p);
const kw_token *kw_parse_peek(kw_parser *p);
/* Does the current token begin on the line where the one before ended? */
bool kw_parse_same_line(const kw_parser *p);
bool kw_parse_at(const kw_parser *p, kw_token_kind kind);
/* Skip the current token if it is of this kind. */
bool kw_parse_accept(kw_parser *p, kw_token_kind kind);
/* The same, but fail with the error `expected` if it is not. */
bool kw_parse_expect(kw_parser *p, kw_token_kind kind, kw_error_id expected);
/* Report an error of vm/errors.h at the current token, at the end of the text at the last one; returns NULL. */
void *kw_parse_fail(kw_parser *p, kw_error_id id);
/* The same with what the row's text has become, filled in; at another token.  message NULL: the row's text. */
void *kw_parse_fail_with(kw_parser *p, kw_error_id id, const char *message);
void *kw_parse_fail_at(kw_parser *p, const kw_token *token, kw_error_id id, const char *message);
/* The current token cannot stand where a value or statement is expected. */
void *kw_parse_unexpected(kw_parser *p);
void *kw_parse_unclosed(kw_parser *p, const kw_token *opener);
void *kw_parse_no_memory(kw_parser *p);
bool kw_parse_failed(const kw_parser *p);

/* Around every recursion: false (and an error) if the nesting is too deep. */
bool kw_parse_enter(kw_parser *p, kw_level *level);
/* Ends it and accounts for one node above all finished inside; false if the tree is too high. */
bool kw_parse_leave(kw_parser *p, kw_level level);
/* One more link of a chain like a + b + c or a.b.c. */
bool kw_parse_link(kw_parser *p);

kw_node *kw_parse_node(kw_parser *p, kw_node_kind kind, kw_pos pos);
void *kw_parse_alloc(kw_parser *p, size_t size);
/* The name in the current token (NAME, type word, ATTRIBUTE without its @), which is skipped. */
kw_name *kw_parse_take_name(kw_parser *p);
/* The name if the current token is a NAME, else fail with the error `expected`. */
kw_name *kw_parse_name(kw_parser *p, kw_error_id expected);

/* Unfinished lists: push items above a mark, then take them all into the arena.  Sizes are
 * multiples of 8. */
size_t kw_parse_mark(const kw_parser *p);
bool kw_parse_push(kw_parser *p, const void *item, size_t size);
/* *items is NULL and *count 0 if there is none. */
bool kw_parse_take(kw_parser *p, size_t mark, size_t item_size, void **items, uint32_t *count);
bool kw_parse_take_nodes(kw_parser *p, size_t mark, kw_node_list *list);

/* --- parse_expr.c --- */
kw_node *kw_parse_expr(kw_parser *p);
bool kw_parse_starts_value(kw_parser *p);
/* The current word - import, include, eval, export - and the whole expression behind it; `expected`
 * is the error if there is none. */
kw_node *kw_parse_word_value(kw_parser *p, kw_node_kind kind, kw_error_id expected);
/* name, a::b::c from the current NAME or type word. */
kw_node *kw_parse_qualified(kw_parser *p);
/* "(" is the current token. */
bool kw_parse_args(kw_parser *p, kw_arg_list *args);

/* --- parse_text.c: literals made of characters --- */
kw_node *kw_parse_string(kw_parser *p);
kw_node *kw_parse_bytes(kw_parser *p);
/* Report that the current token opens a string, byte literal or comment that never ends: NULL. */
void *kw_parse_unterminated(kw_parser *p);

/* --- parse_lambda.c --- */
/* `fn` is the current token. */
kw_node *kw_parse_function(kw_parser *p, bool in_struct);
/* `do (` or `with`. */
kw_node *kw_parse_lambda(kw_parser *p);
/* ":" type, if it is there. */
bool kw_parse_hint(kw_parser *p, kw_type_hint *hint);
/* do ... end of an event as a lambda without parameters; `do` is the current token. */
kw_node *kw_parse_block_lambda(kw_parser *p);

/* --- parse_stmt.c --- */
kw_node *kw_parse_statement(kw_parser *p);
/* Statements up to one of the words that close or divide blocks; the word stays. */
bool kw_parse_statements(kw_parser *p, kw_node_list *list, kw_context context);
/* Statements and `end`. */
bool kw_parse_block(kw_parser *p, kw_node_list *list, const kw_token *opener);
kw_node *kw_parse_case(kw_parser *p);
kw_node *kw_parse_print(kw_parser *p);
kw_node *kw_parse_loop(kw_parser *p);
kw_node *kw_parse_try(kw_parser *p);

/* --- parse_decorate.c --- */
/* @pkg::name, with ATTRIBUTE as the current token and `::` behind it.  More decorators and the
 * function must follow. */
kw_node *kw_parse_qualified_decorator(kw_parser *p);
/* Could `object`.name or the whole `object` be the start of a decorator?  Nothing is one in a
 * struct. */
bool kw_parse_may_decorate(const kw_parser *p, const kw_node *object);
/* The statement `node` just ended in front of a `(` on a later line: fail if it was meant for a
 * decorator, that is, if a function or another decorator comes behind the `)`. */
bool kw_parse_late_arguments(kw_parser *p, const kw_node *node);
/* How many of the statements above `mark` directly before this place are decorators? */
uint32_t kw_parse_count_decorators(const kw_parser *p, size_t mark);
/* Make decorators of the last `count` statements of the unfinished list, and parse the function. */
kw_node *kw_parse_decorated(kw_parser *p, uint32_t count);

/* --- parse_define.c --- */
kw_node *kw_parse_struct(kw_parser *p);
kw_node *kw_parse_enum(kw_parser *p);
kw_node *kw_parse_package(kw_parser *p);
kw_node *kw_parse_var(kw_parser *p);
kw_node *kw_parse_const(kw_parser *p);
kw_node *kw_parse_on(kw_parser *p);
kw_node *kw_parse_off(kw_parser *p);
kw_node *kw_parse_emit(kw_parser *p);

#endif
