/* parse_stmt.c - statements, their guards, and the blocks that hold them. */
#include "config.h"

#include "lang/parse_internal.h"

/* --- blocks --- */

static bool closes_block(kw_token_kind kind)
{
    switch ((int)kind) {
    case KW_T_EOF:
    case KW_K_END:
    case KW_K_ELSE:
    case KW_K_ELSIF:
    case KW_K_WHEN:
    case KW_K_CATCH:
    case KW_K_FINALLY: return true;
    default: return false;
    }
}

bool kw_p_statements(kw_parser *p, kw_node_list *list, kw_context context)
{
    kw_context outer = p->context;
    size_t mark = kw_p_mark(p);
    p->context = context;
    *list = (kw_node_list){0};
    while (!kw_p_failed(p)) {
        while (kw_p_accept(p, KW_T_COMMA))
            continue;
        if (closes_block(p->token.kind))
            break;
        uint32_t decorators = kw_p_at(p, KW_K_FN) ? kw_p_count_decorators(p, mark) : 0;
        kw_node *node = decorators > 0 ? kw_p_decorated(p, decorators) : kw_p_statement(p);
        if (node == NULL || !kw_p_push(p, &node, sizeof(kw_node *)))
            return false;
    }
    p->context = outer;
    return kw_p_take_nodes(p, mark, list);
}

/* `end`, or the error of what stands there instead. */
static bool expect_end(kw_parser *p, const kw_token *opener)
{
    if (kw_p_failed(p))
        return false;
    if (kw_p_accept(p, KW_K_END))
        return !kw_p_failed(p);
    if (kw_p_at(p, KW_T_EOF))
        kw_p_unclosed(p, opener);
    else if (kw_p_at(p, KW_K_ELSE) || kw_p_at(p, KW_K_ELSIF))
        kw_p_fail(p, "Expected if-statement or case-statement.");
    else
        kw_p_unexpected(p);
    return false;
}

bool kw_p_block(kw_parser *p, kw_node_list *list, const kw_token *opener)
{
    return kw_p_statements(p, list, (kw_context){0}) && expect_end(p, opener);
}

/* --- if, case --- */

/* For kw_p_take(): its pointer to any type of item. */
static bool take_branches(kw_parser *p, size_t mark, kw_if_node *chain)
{
    void *items;
    bool good = kw_p_take(p, mark, sizeof(kw_if_branch), &items, &chain->branch_count);
    chain->branches = items;
    return good;
}

static kw_node *parse_if(kw_parser *p)
{
    const kw_context inside = {.else_closes = true};
    kw_token opener = p->token;
    kw_node *node = kw_p_node(p, KW_N_IF, opener.pos);
    kw_if_node *chain = kw_p_alloc(p, sizeof(*chain));
    if (node == NULL || chain == NULL)
        return NULL;
    node->as.if_chain = chain;
    size_t mark = kw_p_mark(p);
    do {
        bool first = kw_p_mark(p) == mark;
        kw_if_branch branch = {0};
        kw_p_advance(p);
        if (first && (!kw_p_same_line(p) || kw_p_at(p, KW_T_EOF)))
            return kw_p_fail(p, "Expected condition on the same line as 'if'.");
        if (!first && (closes_block(p->token.kind)))
            return kw_p_fail(p, "Expected condition after 'elsif'.");
        branch.condition = kw_p_expr(p);
        if (branch.condition == NULL || !kw_p_statements(p, &branch.body, inside) ||
            !kw_p_push(p, &branch, sizeof(branch)))
            return NULL;
    } while (kw_p_at(p, KW_K_ELSIF));
    if (!take_branches(p, mark, chain))
        return NULL;
    chain->has_else = kw_p_accept(p, KW_K_ELSE);
    if (chain->has_else && !kw_p_statements(p, &chain->else_body, (kw_context){0}))
        return NULL;
    return expect_end(p, &opener) ? node : NULL;
}

static bool parse_conditions(kw_parser *p, kw_case_clause *clause)
{
    size_t mark = kw_p_mark(p);
    do {
        kw_case_condition condition = {0};
        if (closes_block(p->token.kind))
            return kw_p_fail(p, kw_p_mark(p) == mark
                                    ? "Expected condition after 'when'."
                                    : "Expected condition or value for case-when.") != NULL;
        condition.low = kw_p_expr(p);
        if (condition.low == NULL)
            return false;
        if (kw_p_accept(p, KW_T_DOTDOT) || kw_p_accept(p, KW_K_TO)) {
            condition.high = kw_p_expr(p);
            if (condition.high == NULL)
                return false;
        }
        if (!kw_p_push(p, &condition, sizeof(condition)))
            return false;
    } while (kw_p_accept(p, KW_T_COMMA));
    kw_p_accept(p, KW_T_COLON);
    void *items;
    bool good = kw_p_take(p, mark, sizeof(kw_case_condition), &items, &clause->condition_count);
    clause->conditions = items;
    return good;
}

static bool parse_clauses(kw_parser *p, kw_case_node *node)
{
    const kw_context inside = {.in_when = true, .else_closes = true};
    size_t mark = kw_p_mark(p);
    while (kw_p_at(p, KW_K_WHEN)) {
        kw_case_clause clause = {.pos = p->token.pos};
        kw_p_advance(p);
        if (!parse_conditions(p, &clause) || !kw_p_statements(p, &clause.body, inside))
            return false;
        if (kw_p_at(p, KW_T_EOF))
            return kw_p_fail_type(p, "UnexpectedEndOfFileError", "Unexpected end of file.") != NULL;
        if (!kw_p_push(p, &clause, sizeof(clause)))
            return false;
    }
    void *items;
    bool good = kw_p_take(p, mark, sizeof(kw_case_clause), &items, &node->clause_count);
    node->clauses = items;
    return good;
}

static bool parse_subject(kw_parser *p, kw_case_node *node)
{
    if (kw_p_at(p, KW_K_WHEN) || kw_p_at(p, KW_K_ELSE) || kw_p_at(p, KW_K_END) ||
        kw_p_at(p, KW_T_EOF))
        return true;
    kw_context outer = p->context;
    p->context = (kw_context){.in_when = true}; /* the first `when` is no guard of a lambda's */
    node->subject = kw_p_expr(p);
    p->context = outer;
    if (node->subject == NULL)
        return false;
    if (kw_p_accept(p, KW_K_AS)) {
        node->as_name = kw_p_name(p, "Expected identifier after 'as'.");
        return node->as_name != NULL;
    }
    return true;
}

kw_node *kw_p_case(kw_parser *p)
{
    kw_token opener = p->token;
    kw_level level;
    kw_node *node = kw_p_node(p, KW_N_CASE, opener.pos);
    kw_case_node *body = kw_p_alloc(p, sizeof(*body));
    if (node == NULL || body == NULL || !kw_p_enter(p, &level))
        return NULL;
    node->as.case_of = body;
    kw_p_advance(p);
    if (!parse_subject(p, body))
        return NULL;
    if (kw_p_at(p, KW_T_EOF))
        return kw_p_unclosed(p, &opener);
    if (kw_p_at(p, KW_K_END))
        return kw_p_fail(p, "Expected at least one 'when' clause in 'case' statement.");
    if (!kw_p_at(p, KW_K_WHEN) && !kw_p_at(p, KW_K_ELSE))
        return kw_p_fail(p, "Expected 'when' or 'else' in 'case' statement.");
    if (!parse_clauses(p, body))
        return NULL;
    body->has_else = kw_p_accept(p, KW_K_ELSE);
    if (body->has_else) {
        kw_p_accept(p, KW_T_COLON);
        if (!kw_p_statements(p, &body->else_body, (kw_context){0}))
            return NULL;
    }
    return expect_end(p, &opener) && kw_p_leave(p, level) ? node : NULL;
}

/* --- loops --- */

static bool parse_loop_head(kw_parser *p, kw_loop_node *loop, kw_token_kind word)
{
    if (word == KW_K_FOR) {
        loop->first = kw_p_name(p, "Expected identifier in for-loop.");
        if (loop->first == NULL)
            return false;
        if (kw_p_accept(p, KW_T_COMMA)) {
            loop->second = kw_p_name(p, "Expected identifier in for-loop.");
            if (loop->second == NULL)
                return false;
        }
        if (!kw_p_expect(p, KW_K_IN, "Expected 'in' in for-loop."))
            return false;
    }
    loop->subject = kw_p_expr(p);
    if (loop->subject == NULL)
        return false;
    if (word == KW_K_REPEAT && kw_p_accept(p, KW_K_AS))
        loop->first = kw_p_name(p, "Expected identifier after 'as'.");
    const char *message = word == KW_K_FOR     ? "Expected 'do' in for-loop."
                          : word == KW_K_WHILE ? "Expected 'do' in while-loop."
                                               : "Expected 'do' in repeat-loop.";
    return kw_p_expect(p, KW_K_DO, message);
}

kw_node *kw_p_loop(kw_parser *p)
{
    kw_token opener = p->token;
    kw_node_kind kind = opener.kind == KW_K_FOR     ? KW_N_FOR
                   : opener.kind == KW_K_WHILE ? KW_N_WHILE
                                               : KW_N_REPEAT;
    kw_node *node = kw_p_node(p, kind, opener.pos);
    kw_loop_node *loop = kw_p_alloc(p, sizeof(*loop));
    kw_level level;
    if (node == NULL || loop == NULL || !kw_p_enter(p, &level))
        return NULL;
    node->as.loop = loop;
    kw_p_advance(p);
    if (!parse_loop_head(p, loop, opener.kind) || !kw_p_block(p, &loop->body, &opener))
        return NULL;
    return kw_p_leave(p, level) ? node : NULL;
}

/* --- try --- */

static bool parse_catch_names(kw_parser *p, kw_try_node *node)
{
    bool grouped = kw_p_accept(p, KW_T_LPAREN);
    if (!grouped && !(kw_p_at(p, KW_T_NAME) && kw_p_same_line(p)))
        return !kw_p_failed(p);
    node->first = kw_p_name(p, "Expected identifier in catch parameter expression.");
    if (node->first == NULL)
        return false;
    if (kw_p_accept(p, KW_T_COMMA)) {
        node->second = kw_p_name(p, "Expected identifier in catch parameter expression.");
        if (node->second == NULL)
            return false;
    }
    return !grouped || kw_p_expect(p, KW_T_RPAREN, "Expected ')' in catch parameter expression.");
}

static bool parse_try_parts(kw_parser *p, kw_try_node *node)
{
    if (!kw_p_statements(p, &node->body, (kw_context){0}))
        return false;
    node->has_catch = kw_p_accept(p, KW_K_CATCH);
    if (node->has_catch &&
        (!parse_catch_names(p, node) || !kw_p_statements(p, &node->catch_body, (kw_context){0})))
        return false;
    node->has_finally = kw_p_accept(p, KW_K_FINALLY);
    return !node->has_finally || kw_p_statements(p, &node->finally_body, (kw_context){0});
}

kw_node *kw_p_try(kw_parser *p)
{
    kw_token opener = p->token;
    kw_node *node = kw_p_node(p, KW_N_TRY, opener.pos);
    kw_try_node *parts = kw_p_alloc(p, sizeof(*parts));
    kw_level level;
    if (node == NULL || parts == NULL || !kw_p_enter(p, &level))
        return NULL;
    node->as.try_catch = parts;
    kw_p_advance(p);
    if (!parse_try_parts(p, parts))
        return NULL;
    if (kw_p_at(p, KW_T_EOF))
        return kw_p_fail_type(p, "UnexpectedEndOfFileError", "Unexpected end of file.");
    return expect_end(p, &opener) && kw_p_leave(p, level) ? node : NULL;
}

/* --- small statements --- */

static kw_node *parse_printxy(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_PRINTXY, p->token.pos);
    kw_p_advance(p);
    if (node == NULL || !kw_p_expect(p, KW_T_LPAREN, "Expected '(' after 'printxy'."))
        return NULL;
    kw_node **parts[] = {&node->as.printxy.value, &node->as.printxy.x, &node->as.printxy.y};
    for (int i = 0; i < 3; i++) {
        if (i > 0 && !kw_p_expect(p, KW_T_COMMA, "Expected ',' in 'printxy'."))
            return NULL;
        *parts[i] = kw_p_expr(p);
        if (*parts[i] == NULL)
            return NULL;
    }
    return kw_p_expect(p, KW_T_RPAREN, "Expected ')' in 'printxy'.") ? node : NULL;
}

kw_node *kw_p_print(kw_parser *p)
{
    if (kw_p_at(p, KW_K_PRINTXY))
        return parse_printxy(p);
    kw_node *node = kw_p_node(p, KW_N_PRINT, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_token_kind word = p->token.kind;
    node->as.print.to_stderr = word == KW_K_EPRINT || word == KW_K_EPRINTLN;
    node->as.print.newline = word == KW_K_PRINTLN || word == KW_K_EPRINTLN;
    kw_p_advance(p);
    node->as.print.value = kw_p_expr(p);
    return node->as.print.value != NULL ? node : NULL;
}

/* return, throw, exit, yield and their optional value; break and next, which have none. */
static kw_node *parse_jump(kw_parser *p, kw_node_kind kind, bool with_value)
{
    kw_node *node = kw_p_node(p, kind, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    if (!with_value || !kw_p_starts_value(p))
        return kw_p_failed(p) ? NULL : node;
    node->as.value = kw_p_expr(p);
    return node->as.value != NULL ? node : NULL;
}

static kw_node *parse_yield(kw_parser *p)
{
    if (p->function != NULL && p->function->is_lambda)
        return kw_p_fail(p, "A lambda cannot contain 'yield'.");
    if (p->function != NULL)
        p->function->has_yield = true;
    return parse_jump(p, KW_N_YIELD, true);
}

static kw_node *parse_export(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_EXPORT, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    node->as.value = kw_p_expr(p);
    return node->as.value != NULL ? node : NULL;
}

static kw_node *parse_require(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_REQUIRE, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    if (kw_p_at(p, KW_T_STRING) && !p->token.interpolated) {
        node->as.value = kw_p_string(p);
        return node->as.value != NULL ? node : NULL;
    }
    kw_pos pos = p->token.pos;
    const kw_name *name = kw_token_is_type(p->token.kind) /* string, list, date ... */
                              ? kw_p_take_name(p)
                              : kw_p_name(p, "Expected the name of a package after 'require'.");
    node->as.value = name == NULL ? NULL : kw_p_node(p, KW_N_STRING, pos);
    if (node->as.value == NULL)
        return NULL;
    node->as.value->as.string.text = name->text;
    node->as.value->as.string.size = name->size;
    return node;
}

static kw_node *parse_do(kw_parser *p)
{
    kw_token opener = p->token;
    kw_node *node = kw_p_node(p, KW_N_BLOCK, opener.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    return kw_p_block(p, &node->as.list, &opener) ? node : NULL;
}

/* --- unpacking --- */

/* Does `name, name ... =` begin at the current token?  Reads ahead without making tokens.  A failed
 * look covers all the names it saw, so that a long list of them is looked at once. */
static bool at_unpacking(kw_parser *p)
{
    if (!kw_p_at(p, KW_T_NAME) || p->token.pos.offset < p->no_unpack ||
        kw_p_peek(p)->kind != KW_T_COMMA)
        return false;
    kw_lexer ahead = p->lexer; /* behind the comma */
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
    size_t mark = kw_p_mark(p);
    do {
        const kw_name *name = kw_p_take_name(p);
        if (name == NULL || !kw_p_push(p, &name, sizeof(name)))
            return false;
    } while (kw_p_accept(p, KW_T_COMMA));
    void *names;
    bool good = kw_p_take(p, mark, sizeof(const kw_name *), &names, &node->as.unpack.name_count);
    node->as.unpack.names = names;
    return good;
}

static kw_node *parse_unpack(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_UNPACK, p->token.pos);
    if (node == NULL || !parse_unpack_names(p, node))
        return NULL;
    if (kw_p_at(p, KW_T_ASSIGN_OLD) && p->options->warn != NULL)
        p->options->warn(p->options->context,
                         "Deprecation warning: '=<' is deprecated. Use '=' for unpacking instead.",
                         p->token.pos);
    kw_p_advance(p);
    size_t mark = kw_p_mark(p);
    uint32_t count = 0;
    do { /* extra expressions become statements: the comma stays */
        kw_node *value = kw_p_expr(p);
        if (value == NULL || !kw_p_push(p, &value, sizeof(kw_node *)))
            return NULL;
        count++;
    } while (count < node->as.unpack.name_count && kw_p_accept(p, KW_T_COMMA));
    return kw_p_take_nodes(p, mark, &node->as.unpack.values) ? node : NULL;
}

/* --- statements --- */

/* A type word begins a statement only as part of a qualified name. */
static kw_node *parse_typed_start(kw_parser *p)
{
    if (kw_p_peek(p)->kind == KW_T_QUALIFIER)
        return kw_p_expr(p);
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
    default: return kw_token_is_type(kind) ? "Typename" : NULL;
    }
}

static kw_node *parse_expr_statement(kw_parser *p)
{
    if (kw_p_at(p, KW_T_ATTRIBUTE) && kw_p_peek(p)->kind == KW_T_QUALIFIER)
        return kw_p_qualified_decorator(p);
    if (at_unpacking(p))
        return parse_unpack(p);
    if (kw_token_is_type(p->token.kind)) {
        kw_node *node = parse_typed_start(p);
        if (node != NULL || kw_p_failed(p))
            return node;
    }
    const char *type = stream_type(p->token.kind);
    if (type != NULL) {
        char message[96];
        snprintf(message, sizeof(message), "Unexpected token in statement: %s: `%.*s`", type,
                 (int)(p->token.end - p->token.pos.offset), p->options->text + p->token.pos.offset);
        return kw_p_fail_type(p, "TokenStreamError", message);
    }
    return kw_p_expr(p);
}

static kw_node *parse_plain(kw_parser *p)
{
    switch ((int)p->token.kind) {
    case KW_T_ELLIPSIS: return parse_jump(p, KW_N_ELLIPSIS, false);
    case KW_K_IF: return parse_if(p);
    case KW_K_DO: return kw_p_starts_value(p) ? kw_p_expr(p) : parse_do(p);
    case KW_K_PRINT:
    case KW_K_PRINTLN:
    case KW_K_EPRINT:
    case KW_K_EPRINTLN:
    case KW_K_PRINTXY: return kw_p_print(p);
    case KW_K_WHILE:
    case KW_K_REPEAT:
    case KW_K_FOR: return kw_p_loop(p);
    case KW_K_TRY: return kw_p_try(p);
    case KW_K_RETURN: return parse_jump(p, KW_N_RETURN, true);
    case KW_K_THROW: return parse_jump(p, KW_N_THROW, true);
    case KW_K_EXIT: return parse_jump(p, KW_N_EXIT, true);
    case KW_K_YIELD: return parse_yield(p);
    case KW_K_BREAK: return parse_jump(p, KW_N_BREAK, false);
    case KW_K_NEXT: return parse_jump(p, KW_N_NEXT, false);
    case KW_K_VAR: return kw_p_var(p);
    case KW_K_CONST: return kw_p_const(p);
    case KW_K_FN: return kw_p_function(p, false);
    case KW_K_ABSTRACT:
    case KW_K_STRUCT: return kw_p_struct(p);
    case KW_K_ENUM: return kw_p_enum(p);
    case KW_K_PACKAGE: return kw_p_package(p);
    case KW_K_EXPORT: return parse_export(p);
    case KW_K_REQUIRE: return parse_require(p);
    case KW_K_ON:
    case KW_K_ONCE: return kw_p_on(p);
    case KW_K_OFF: return kw_p_off(p);
    case KW_K_END:
    case KW_K_ELSE:
    case KW_K_ELSIF: return kw_p_fail(p, "Expected if-statement or case-statement.");
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
    return kw_p_at(p, KW_K_ELSE) && (!p->context.else_closes || kw_p_same_line(p)) &&
           kw_p_accept(p, KW_K_ELSE);
}

static kw_node *parse_guard(kw_parser *p, kw_node *body)
{
    bool assign = body->kind == KW_N_ASSIGN;
    kw_node *node = assign ? body : kw_p_node(p, KW_N_GUARD, p->token.pos);
    kw_p_advance(p);
    if (node == NULL)
        return NULL;
    if (closes_block(p->token.kind))
        return kw_p_fail(p, "Expected condition after 'when'.");
    kw_node *condition = kw_p_expr(p), *other = NULL;
    if (condition == NULL)
        return NULL;
    if (!owns_guard(body) && accept_guard_else(p)) {
        other = assign ? kw_p_expr(p) : kw_p_statement(p);
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
    return kw_p_link(p) ? node : NULL;
}

/* Does `when` here guard the statement `body`?  Directly in a when-body it begins the next clause,
 * unless the statement has a `when` of its own on the same line. */
static bool at_guard(const kw_parser *p, const kw_node *body)
{
    if (!kw_p_at(p, KW_K_WHEN))
        return false;
    if (!p->context.in_when)
        return true;
    return (owns_guard(body) || body->kind == KW_N_ASSIGN) && kw_p_same_line(p);
}

kw_node *kw_p_statement(kw_parser *p)
{
    kw_level level;
    if (!kw_p_enter(p, &level))
        return NULL;
    kw_node *node = parse_plain(p);
    /* A grouped assignment, (x = 1) when c, ends in its parenthesis and is guarded as a whole. */
    if (node != NULL && at_guard(p, node))
        node = parse_guard(p, node);
    return kw_p_leave(p, level) ? node : NULL;
}
