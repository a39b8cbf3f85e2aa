/* parse_stmt.c - statements, their guards, and the blocks that hold them. */
#include "config.h"

#include <assert.h>

#include "lang/parse_internal.h"

/* --- blocks --- */

static bool closes_block(kw_token_kind kind)
{
    switch ((int)kind) {
    case KW_T_EOF:
    case KW_KEY_END:
    case KW_KEY_ELSE:
    case KW_KEY_ELSIF:
    case KW_KEY_WHEN:
    case KW_KEY_CATCH:
    case KW_KEY_FINALLY: return true;
    default: return false;
    }
}

bool kw_parse_statements(kw_parser *p, kw_node_list *list, kw_context context)
{
    kw_context outer = p->context;
    size_t mark = kw_parse_mark(p);
    p->context = context;
    *list = (kw_node_list){0};
    while (!kw_parse_failed(p)) {
        while (kw_parse_accept(p, KW_T_COMMA))
            continue;
        if (closes_block(p->token.kind))
            break;
        uint32_t decorators = kw_parse_at(p, KW_KEY_FN) ? kw_parse_count_decorators(p, mark) : 0;
        kw_node *node = decorators > 0 ? kw_parse_decorated(p, decorators) : kw_parse_statement(p);
        if (node == NULL || !kw_parse_push(p, &node, sizeof(kw_node *)))
            return false;
    }
    p->context = outer;
    return kw_parse_take_nodes(p, mark, list);
}

/* `end`, or the error of what stands there instead. */
static bool expect_end(kw_parser *p, const kw_token *opener)
{
    if (kw_parse_failed(p))
        return false;
    if (kw_parse_accept(p, KW_KEY_END))
        return !kw_parse_failed(p);
    if (kw_parse_at(p, KW_T_EOF))
        kw_parse_unclosed(p, opener);
    else if (kw_parse_at(p, KW_KEY_ELSE) || kw_parse_at(p, KW_KEY_ELSIF))
        kw_parse_fail(p, KW_E_BLOCK_OPEN);
    else
        kw_parse_unexpected(p);
    return false;
}

bool kw_parse_block(kw_parser *p, kw_node_list *list, const kw_token *opener)
{
    return kw_parse_statements(p, list, (kw_context){0}) && expect_end(p, opener);
}

/* --- if, case --- */

/* For kw_parse_take(): its pointer to any type of item. */
static bool take_branches(kw_parser *p, size_t mark, kw_if_node *chain)
{
    void *items;
    bool good = kw_parse_take(p, mark, sizeof(kw_if_branch), &items, &chain->branch_count);
    chain->branches = items;
    return good;
}

static kw_node *parse_if(kw_parser *p)
{
    const kw_context inside = {.else_closes = true};
    kw_token opener = p->token;
    kw_node *node = kw_parse_node(p, KW_N_IF, opener.pos);
    kw_if_node *chain = kw_parse_alloc(p, sizeof(*chain));
    if (node == NULL || chain == NULL)
        return NULL;
    node->as.if_chain = chain;
    size_t mark = kw_parse_mark(p);
    do {
        bool first = kw_parse_mark(p) == mark;
        kw_if_branch branch = {0};
        kw_parse_advance(p);
        if (first && (!kw_parse_same_line(p) || kw_parse_at(p, KW_T_EOF)))
            return kw_parse_fail_at(p, &opener, KW_E_IF_CONDITION, NULL);
        if (!first && (closes_block(p->token.kind)))
            return kw_parse_fail(p, KW_E_ELSIF_CONDITION);
        branch.condition = kw_parse_expr(p);
        if (branch.condition == NULL || !kw_parse_statements(p, &branch.body, inside) ||
            !kw_parse_push(p, &branch, sizeof(branch)))
            return NULL;
    } while (kw_parse_at(p, KW_KEY_ELSIF));
    if (!take_branches(p, mark, chain))
        return NULL;
    chain->has_else = kw_parse_accept(p, KW_KEY_ELSE);
    if (chain->has_else && !kw_parse_statements(p, &chain->else_body, (kw_context){0}))
        return NULL;
    return expect_end(p, &opener) ? node : NULL;
}

static bool parse_conditions(kw_parser *p, kw_case_clause *clause)
{
    size_t mark = kw_parse_mark(p);
    do {
        kw_case_condition condition = {0};
        if (closes_block(p->token.kind))
            return kw_parse_fail(p, kw_parse_mark(p) == mark ? KW_E_WHEN_CONDITION : KW_E_WHEN_VALUE) != NULL;
        condition.low = kw_parse_expr(p);
        if (condition.low == NULL)
            return false;
        if (kw_parse_accept(p, KW_T_DOTDOT) || kw_parse_accept(p, KW_KEY_TO)) {
            condition.high = kw_parse_expr(p);
            if (condition.high == NULL)
                return false;
        }
        if (!kw_parse_push(p, &condition, sizeof(condition)))
            return false;
    } while (kw_parse_accept(p, KW_T_COMMA));
    kw_parse_accept(p, KW_T_COLON);
    void *items;
    bool good = kw_parse_take(p, mark, sizeof(kw_case_condition), &items, &clause->condition_count);
    clause->conditions = items;
    return good;
}

static bool parse_clauses(kw_parser *p, kw_case_node *node)
{
    const kw_context inside = {.in_when = true, .else_closes = true};
    size_t mark = kw_parse_mark(p);
    while (kw_parse_at(p, KW_KEY_WHEN)) {
        kw_case_clause clause = {.pos = p->token.pos};
        kw_parse_advance(p);
        if (!parse_conditions(p, &clause) || !kw_parse_statements(p, &clause.body, inside))
            return false;
        if (kw_parse_at(p, KW_T_EOF))
            return kw_parse_fail(p, KW_E_TEXT_END) != NULL;
        if (!kw_parse_push(p, &clause, sizeof(clause)))
            return false;
    }
    void *items;
    bool good = kw_parse_take(p, mark, sizeof(kw_case_clause), &items, &node->clause_count);
    node->clauses = items;
    return good;
}

static bool parse_subject(kw_parser *p, kw_case_node *node)
{
    if (kw_parse_at(p, KW_KEY_WHEN) || kw_parse_at(p, KW_KEY_ELSE) || kw_parse_at(p, KW_KEY_END) ||
        kw_parse_at(p, KW_T_EOF))
        return true;
    kw_context outer = p->context;
    p->context = (kw_context){.in_when = true}; /* the first `when` is no guard of a lambda's */
    node->subject = kw_parse_expr(p);
    p->context = outer;
    if (node->subject == NULL)
        return false;
    if (kw_parse_accept(p, KW_KEY_AS)) {
        node->as_name = kw_parse_name(p, KW_E_IDENTIFIER);
        return node->as_name != NULL;
    }
    return true;
}

kw_node *kw_parse_case(kw_parser *p)
{
    kw_token opener = p->token;
    kw_level level;
    kw_node *node = kw_parse_node(p, KW_N_CASE, opener.pos);
    kw_case_node *body = kw_parse_alloc(p, sizeof(*body));
    if (node == NULL || body == NULL || !kw_parse_enter(p, &level))
        return NULL;
    node->as.case_of = body;
    kw_parse_advance(p);
    if (!parse_subject(p, body))
        return NULL;
    if (kw_parse_at(p, KW_T_EOF))
        return kw_parse_unclosed(p, &opener);
    if (kw_parse_at(p, KW_KEY_END))
        return kw_parse_fail(p, KW_E_WHEN_CLAUSE);
    if (!kw_parse_at(p, KW_KEY_WHEN) && !kw_parse_at(p, KW_KEY_ELSE))
        return kw_parse_fail(p, KW_E_CASE_WHEN);
    if (!parse_clauses(p, body))
        return NULL;
    body->has_else = kw_parse_accept(p, KW_KEY_ELSE);
    if (body->has_else) {
        kw_parse_accept(p, KW_T_COLON);
        if (!kw_parse_statements(p, &body->else_body, (kw_context){0}))
            return NULL;
    }
    return expect_end(p, &opener) && kw_parse_leave(p, level) ? node : NULL;
}

/* --- loops --- */

static bool parse_loop_head(kw_parser *p, kw_loop_node *loop, kw_token_kind word)
{
    if (word == KW_KEY_FOR) {
        loop->first = kw_parse_name(p, KW_E_IDENTIFIER);
        if (loop->first == NULL)
            return false;
        if (kw_parse_accept(p, KW_T_COMMA)) {
            loop->second = kw_parse_name(p, KW_E_IDENTIFIER);
            if (loop->second == NULL)
                return false;
        }
        if (!kw_parse_expect(p, KW_KEY_IN, KW_E_FOR_IN))
            return false;
    }
    loop->subject = kw_parse_expr(p);
    if (loop->subject == NULL)
        return false;
    if (word == KW_KEY_REPEAT && kw_parse_accept(p, KW_KEY_AS))
        loop->first = kw_parse_name(p, KW_E_REPEAT_NAME);
    return kw_parse_expect(p, KW_KEY_DO,
                           word == KW_KEY_FOR     ? KW_E_FOR_DO
                           : word == KW_KEY_WHILE ? KW_E_WHILE_DO
                                                  : KW_E_REPEAT_DO);
}

kw_node *kw_parse_loop(kw_parser *p)
{
    kw_token opener = p->token;
    kw_node_kind kind = opener.kind == KW_KEY_FOR ? KW_N_FOR : opener.kind == KW_KEY_WHILE ? KW_N_WHILE : KW_N_REPEAT;
    assert(kind != KW_N_REPEAT || opener.kind == KW_KEY_REPEAT);
    kw_node *node = kw_parse_node(p, kind, opener.pos);
    kw_loop_node *loop = kw_parse_alloc(p, sizeof(*loop));
    kw_level level;
    if (node == NULL || loop == NULL || !kw_parse_enter(p, &level))
        return NULL;
    node->as.loop = loop;
    kw_parse_advance(p);
    if (!parse_loop_head(p, loop, opener.kind) || !kw_parse_block(p, &loop->body, &opener))
        return NULL;
    return kw_parse_leave(p, level) ? node : NULL;
}

/* --- try --- */

static bool parse_catch_names(kw_parser *p, kw_try_node *node)
{
    kw_error_id expected = KW_E_CATCH_NAME;
    bool grouped = kw_parse_accept(p, KW_T_LPAREN);
    if (!grouped && !(kw_parse_at(p, KW_T_NAME) && kw_parse_same_line(p)))
        return !kw_parse_failed(p);
    node->first = kw_parse_name(p, expected);
    if (node->first == NULL)
        return false;
    if (kw_parse_accept(p, KW_T_COMMA)) {
        node->second = kw_parse_name(p, expected);
        if (node->second == NULL)
            return false;
    }
    return !grouped || kw_parse_expect(p, KW_T_RPAREN, KW_E_CATCH_PAREN);
}

static bool parse_try_parts(kw_parser *p, kw_try_node *node)
{
    if (!kw_parse_statements(p, &node->body, (kw_context){0}))
        return false;
    node->has_catch = kw_parse_accept(p, KW_KEY_CATCH);
    if (node->has_catch && (!parse_catch_names(p, node) || !kw_parse_statements(p, &node->catch_body, (kw_context){0})))
        return false;
    node->has_finally = kw_parse_accept(p, KW_KEY_FINALLY);
    return !node->has_finally || kw_parse_statements(p, &node->finally_body, (kw_context){0});
}

kw_node *kw_parse_try(kw_parser *p)
{
    kw_token opener = p->token;
    kw_node *node = kw_parse_node(p, KW_N_TRY, opener.pos);
    kw_try_node *parts = kw_parse_alloc(p, sizeof(*parts));
    kw_level level;
    if (node == NULL || parts == NULL || !kw_parse_enter(p, &level))
        return NULL;
    node->as.try_catch = parts;
    kw_parse_advance(p);
    if (!parse_try_parts(p, parts))
        return NULL;
    if (kw_parse_at(p, KW_T_EOF))
        return kw_parse_fail(p, KW_E_TEXT_END);
    return expect_end(p, &opener) && kw_parse_leave(p, level) ? node : NULL;
}

/* --- small statements --- */

/* printxy(value, x, y); the commas may be left out. */
static kw_node *parse_printxy(kw_parser *p)
{
    kw_node *node = kw_parse_node(p, KW_N_PRINTXY, p->token.pos);
    kw_parse_advance(p);
    if (node == NULL || !kw_parse_expect(p, KW_T_LPAREN, KW_E_VALUE_IN_PARENS))
        return NULL;
    kw_node **parts[] = {&node->as.printxy.value, &node->as.printxy.x, &node->as.printxy.y};
    size_t count = 0;
    while (!kw_parse_at(p, KW_T_RPAREN)) {
        if (kw_parse_accept(p, KW_T_COMMA))
            continue;
        if (!kw_parse_starts_value(p))
            return kw_parse_fail(p, KW_E_EXPRESSION);
        if (count == 3)
            return kw_parse_fail(p, KW_E_PRINTXY_COUNT);
        if ((*parts[count++] = kw_parse_expr(p)) == NULL)
            return NULL;
    }
    if (count < 3)
        return kw_parse_fail(p, KW_E_PRINTXY_COUNT);
    kw_parse_advance(p);
    return kw_parse_failed(p) ? NULL : node;
}

kw_node *kw_parse_print(kw_parser *p)
{
    if (kw_parse_at(p, KW_KEY_PRINTXY))
        return parse_printxy(p);
    kw_node *node = kw_parse_node(p, KW_N_PRINT, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_token_kind word = p->token.kind;
    node->as.print.to_stderr = word == KW_KEY_EPRINT || word == KW_KEY_EPRINTLN;
    node->as.print.newline = word == KW_KEY_PRINTLN || word == KW_KEY_EPRINTLN;
    kw_parse_advance(p);
    node->as.print.value = kw_parse_expr(p);
    return node->as.print.value != NULL ? node : NULL;
}

/* return, throw, exit, yield and their optional value; break and next, which have none. */
static kw_node *parse_jump(kw_parser *p, kw_node_kind kind, bool with_value)
{
    kw_node *node = kw_parse_node(p, kind, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    if (!with_value || !kw_parse_starts_value(p))
        return kw_parse_failed(p) ? NULL : node;
    node->as.value = kw_parse_expr(p);
    return node->as.value != NULL ? node : NULL;
}

static kw_node *parse_yield(kw_parser *p)
{
    if (p->function != NULL && p->function->is_lambda)
        return kw_parse_fail(p, KW_E_YIELD_IN_LAMBDA);
    if (p->function != NULL)
        p->function->has_yield = true;
    return parse_jump(p, KW_N_YIELD, true);
}

static kw_node *parse_require(kw_parser *p)
{
    kw_node *node = kw_parse_node(p, KW_N_REQUIRE, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    if (kw_parse_at(p, KW_T_STRING) && !p->token.interpolated) {
        node->as.value = kw_parse_string(p);
        assert(node->as.value == NULL || node->as.value->kind == KW_N_STRING); /* ast.h promises no other */
        return node->as.value != NULL ? node : NULL;
    }
    kw_pos pos = p->token.pos;
    const kw_name *name = kw_lex_is_type(p->token.kind) /* string, list, date ... */
                              ? kw_parse_take_name(p)
                              : kw_parse_name(p, KW_E_PACKAGE_TO_REQUIRE);
    node->as.value = name == NULL ? NULL : kw_parse_node(p, KW_N_STRING, pos);
    if (node->as.value == NULL)
        return NULL;
    node->as.value->as.string.text = name->text;
    node->as.value->as.string.size = name->size;
    return node;
}

static kw_node *parse_do(kw_parser *p)
{
    kw_token opener = p->token;
    kw_node *node = kw_parse_node(p, KW_N_BLOCK, opener.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    return kw_parse_block(p, &node->as.list, &opener) ? node : NULL;
}

/* --- unpacking --- */

/* Does `name, name ... =` begin at the current token?  Reads ahead without making tokens.  A failed
 * look covers all the names it saw, so that a long list of them is looked at once. */
static bool at_unpacking(kw_parser *p)
{
    if (!kw_parse_at(p, KW_T_NAME) || p->token.pos.offset < p->no_unpack || kw_parse_peek(p)->kind != KW_T_COMMA)
        return false;
    assert(p->has_next); /* the comma */
    kw_lexer ahead = p->lexer;
    kw_token token;
    do {
        kw_lex_next(&ahead, &token);
        if (token.kind != KW_T_NAME) {
            p->no_unpack = token.pos.offset;
            return false;
        }
        kw_lex_next(&ahead, &token);
    } while (token.kind == KW_T_COMMA);
    if (token.kind == KW_T_ASSIGN || token.kind == KW_T_ASSIGN_OLD)
        return true;
    p->no_unpack = token.pos.offset;
    return false;
}

static bool parse_unpack_names(kw_parser *p, kw_node *node)
{
    size_t mark = kw_parse_mark(p);
    do {
        const kw_name *name = kw_parse_take_name(p);
        if (name == NULL || !kw_parse_push(p, &name, sizeof(name)))
            return false;
    } while (kw_parse_accept(p, KW_T_COMMA));
    void *names;
    bool good = kw_parse_take(p, mark, sizeof(const kw_name *), &names, &node->as.unpack.name_count);
    node->as.unpack.names = names;
    return good;
}

static kw_node *parse_unpack(kw_parser *p)
{
    kw_node *node = kw_parse_node(p, KW_N_UNPACK, p->token.pos);
    if (node == NULL || !parse_unpack_names(p, node))
        return NULL;
    /* at_unpacking() read the same tokens */
    assert(node->as.unpack.name_count >= 2 && (kw_parse_at(p, KW_T_ASSIGN) || kw_parse_at(p, KW_T_ASSIGN_OLD)));
    if (kw_parse_at(p, KW_T_ASSIGN_OLD) && p->options->warn != NULL)
        p->options->warn(p->options->context, "Deprecation warning: '=<' is deprecated. Use '=' for unpacking instead.",
                         p->token.pos);
    kw_parse_advance(p);
    size_t mark = kw_parse_mark(p);
    uint32_t count = 0;
    do { /* extra expressions become statements: the comma stays */
        kw_node *value = kw_parse_expr(p);
        if (value == NULL || !kw_parse_push(p, &value, sizeof(kw_node *)))
            return NULL;
        count++;
    } while (count < node->as.unpack.name_count && kw_parse_accept(p, KW_T_COMMA));
    return kw_parse_take_nodes(p, mark, &node->as.unpack.values) ? node : NULL;
}

/* --- statements --- */

/* A type word begins a statement only as part of a qualified name. */
static kw_node *parse_typed_start(kw_parser *p)
{
    if (kw_parse_peek(p)->kind == KW_T_QUALIFIER)
        return kw_parse_expr(p);
    return NULL;
}

/* `TYPE` of the error of tokens that cannot begin a statement, NULL for all others. */
static const char *stream_type(kw_token_kind kind)
{
    switch ((int)kind) {
    case KW_T_RPAREN: return "RParen";
    case KW_T_RBRACKET: return "RBracket";
    case KW_T_RBRACE: return "RBrace";
    case KW_T_COLON: return "Colon";
    case KW_T_DOT: return "Dot";
    case KW_T_DOTDOT: return "Range";
    case KW_T_ARROW: return "Arrow";
    case KW_T_ESCAPE: return "Escape";
    case KW_T_QUESTION: return "Question";
    case KW_T_QUALIFIER: return "Qualifier";
    default: return kw_lex_is_type(kind) ? "Typename" : NULL;
    }
}

static kw_node *parse_expr_statement(kw_parser *p)
{
    if (kw_parse_at(p, KW_T_ATTRIBUTE) && kw_parse_peek(p)->kind == KW_T_QUALIFIER)
        return kw_parse_qualified_decorator(p);
    if (at_unpacking(p))
        return parse_unpack(p);
    if (kw_lex_is_type(p->token.kind)) {
        kw_node *node = parse_typed_start(p);
        if (node != NULL || kw_parse_failed(p))
            return node;
    }
    const char *type = stream_type(p->token.kind);
    if (type != NULL) {
        char message[96];
        snprintf(message, sizeof(message), KW_E_TEXT_STATEMENT_TOKEN, type, (int)(p->token.end - p->token.pos.offset),
                 p->options->text + p->token.pos.offset);
        return kw_parse_fail_with(p, KW_E_STATEMENT_TOKEN, message);
    }
    kw_node *node = kw_parse_expr(p);
    return node != NULL && kw_parse_late_arguments(p, node) ? node : NULL;
}

static kw_node *parse_plain(kw_parser *p)
{
    switch ((int)p->token.kind) {
    case KW_T_ELLIPSIS: return parse_jump(p, KW_N_ELLIPSIS, false);
    case KW_KEY_IF: return parse_if(p);
    case KW_KEY_DO: return kw_parse_starts_value(p) ? kw_parse_expr(p) : parse_do(p);
    case KW_KEY_PRINT:
    case KW_KEY_PRINTLN:
    case KW_KEY_EPRINT:
    case KW_KEY_EPRINTLN:
    case KW_KEY_PRINTXY: return kw_parse_print(p);
    case KW_KEY_WHILE:
    case KW_KEY_REPEAT:
    case KW_KEY_FOR: return kw_parse_loop(p);
    case KW_KEY_TRY: return kw_parse_try(p);
    case KW_KEY_RETURN: return parse_jump(p, KW_N_RETURN, true);
    case KW_KEY_THROW: return parse_jump(p, KW_N_THROW, true);
    case KW_KEY_EXIT: return parse_jump(p, KW_N_EXIT, true);
    case KW_KEY_YIELD: return parse_yield(p);
    case KW_KEY_BREAK: return parse_jump(p, KW_N_BREAK, false);
    case KW_KEY_NEXT: return parse_jump(p, KW_N_NEXT, false);
    case KW_KEY_VAR: return kw_parse_var(p);
    case KW_KEY_CONST: return kw_parse_const(p);
    case KW_KEY_FN: return kw_parse_function(p, false);
    case KW_KEY_ABSTRACT:
    case KW_KEY_STRUCT: return kw_parse_struct(p);
    case KW_KEY_ENUM: return kw_parse_enum(p);
    case KW_KEY_PACKAGE: return kw_parse_package(p);
    case KW_KEY_EXPORT: return kw_parse_word_value(p, KW_N_EXPORT, KW_E_EXPORT_VALUE);
    case KW_KEY_REQUIRE: return parse_require(p);
    case KW_KEY_ON:
    case KW_KEY_ONCE: return kw_parse_on(p);
    case KW_KEY_OFF: return kw_parse_off(p);
    case KW_KEY_END:
    case KW_KEY_ELSE:
    case KW_KEY_ELSIF: return kw_parse_fail(p, KW_E_BLOCK_OPEN);
    default: return parse_expr_statement(p);
    }
}

/* return, throw, exit, break and next: `when` is theirs, and there is no else. */
static bool owns_guard(const kw_node *node)
{
    switch (node->kind) {
    case KW_N_RETURN:
    case KW_N_THROW:
    case KW_N_EXIT:
    case KW_N_BREAK:
    case KW_N_NEXT: return true;
    default: return false;
    }
}

/* In the body of an if or a when, `else` on a new line divides that, not the guard. */
static bool accept_guard_else(kw_parser *p)
{
    return kw_parse_at(p, KW_KEY_ELSE) && (!p->context.else_closes || kw_parse_same_line(p)) &&
           kw_parse_accept(p, KW_KEY_ELSE);
}

static kw_node *parse_guard(kw_parser *p, kw_node *body)
{
    bool assign = body->kind == KW_N_ASSIGN;
    assert(kw_parse_at(p, KW_KEY_WHEN) && (!assign || body->as.assign.guard == NULL));
    kw_node *node = assign ? body : kw_parse_node(p, KW_N_GUARD, p->token.pos);
    kw_parse_advance(p);
    if (node == NULL)
        return NULL;
    if (closes_block(p->token.kind))
        return kw_parse_fail(p, KW_E_WHEN_CONDITION);
    kw_node *condition = kw_parse_expr(p), *other = NULL;
    if (condition == NULL)
        return NULL;
    if (!owns_guard(body) && accept_guard_else(p)) {
        if (assign && !kw_parse_starts_value(p))
            return kw_parse_fail(p, KW_E_ELSE_EXPRESSION);
        if (kw_parse_at(p, KW_T_EOF))
            return kw_parse_fail(p, KW_E_ELSE_STATEMENT);
        other = assign ? kw_parse_expr(p) : kw_parse_statement(p);
        if (other == NULL)
            return NULL;
    }
    if (assign) {
        node->as.assign.guard = condition;
        node->as.assign.else_value = other;
    } else {
        node->as.guard.condition = condition;
        node->as.guard.body = body;
        node->as.guard.other = other;
    }
    return kw_parse_link(p) ? node : NULL;
}

/* Does `when` here guard the statement `body`?  Directly in a when-body it begins the next clause,
 * unless the statement has a `when` of its own on the same line. */
static bool at_guard(const kw_parser *p, const kw_node *body)
{
    if (!kw_parse_at(p, KW_KEY_WHEN))
        return false;
    if (!p->context.in_when)
        return true;
    return (owns_guard(body) || body->kind == KW_N_ASSIGN) && kw_parse_same_line(p);
}

kw_node *kw_parse_statement(kw_parser *p)
{
    kw_level level;
    if (!kw_parse_enter(p, &level))
        return NULL;
    kw_node *node = parse_plain(p);
    /* A grouped assignment, (x = 1) when c, ends in its parenthesis and is guarded as a whole. */
    if (node != NULL && at_guard(p, node))
        node = parse_guard(p, node);
    return kw_parse_leave(p, level) ? node : NULL;
}
