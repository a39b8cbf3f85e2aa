/* parse_decorate.c - decorators.
 *
 * @name(args) in front of `fn` looks like the statement that calls the attribute, until the `fn` is
 * reached.  So it is parsed as that statement and turned into a decorator afterwards.  Only the
 * form @pkg::name is no expression; it has a function of its own and cannot stand elsewhere. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "lang/parse_internal.h"

/* @name or @pkg::name */
static bool decorator_name(const kw_parser *p, const kw_node *node)
{
    return node->kind == KW_N_ATTRIBUTE || (node->kind == KW_N_QUALIFIED && p->options->text[node->pos.offset] == '@');
}

static bool decorator_shaped(const kw_parser *p, const kw_node *node)
{
    if (node->kind == KW_N_CALL)
        node = node->as.call.callee;
    else if (node->kind == KW_N_METHOD_CALL)
        node = node->as.method.object;
    else if (node->kind == KW_N_MEMBER)
        node = node->as.member.object;
    return decorator_name(p, node);
}

bool kw_parse_may_decorate(const kw_parser *p, const kw_node *object)
{
    return p->structs == 0 && decorator_name(p, object);
}

/* The token behind the bracketed text that begins at the current `(`. */
static kw_token behind_brackets(const kw_parser *p)
{
    kw_lexer ahead = p->lexer;
    kw_token token = p->token;
    assert(kw_parse_at(p, KW_T_LPAREN));
    if (p->has_next) { /* the lexer stands behind that one; read it again */
        ahead.at = p->token.end;
        ahead.line = p->token.end_line;
        ahead.column = p->token.end_column;
    }
    for (uint32_t open = 1; open > 0 && token.kind != KW_T_EOF;) {
        kw_lex_next(&ahead, &token);
        open += token.kind == KW_T_LPAREN;
        open -= token.kind == KW_T_RPAREN;
    }
    kw_lex_next(&ahead, &token);
    return token;
}

bool kw_parse_late_arguments(kw_parser *p, const kw_node *node)
{
    const kw_node *name = node->kind == KW_N_MEMBER ? node->as.member.object : node;
    if (!kw_parse_at(p, KW_T_LPAREN) || kw_parse_same_line(p) || !kw_parse_may_decorate(p, name))
        return true;
    kw_token_kind behind = behind_brackets(p).kind;
    if (behind == KW_KEY_FN || behind == KW_T_ATTRIBUTE)
        kw_parse_fail(p, KW_E_DECORATED_FN);
    return !kw_parse_failed(p);
}

kw_node *kw_parse_qualified_decorator(kw_parser *p)
{
    kw_token at = p->token;
    kw_node *callee = kw_parse_node(p, KW_N_QUALIFIED, at.pos);
    const kw_name **parts = kw_parse_alloc(p, 2 * sizeof(*parts));
    if (callee == NULL || parts == NULL)
        return NULL;
    assert(kw_parse_at(p, KW_T_ATTRIBUTE));
    parts[0] = kw_parse_take_name(p);
    assert(kw_parse_failed(p) || kw_parse_at(p, KW_T_QUALIFIER));
    kw_parse_advance(p);
    if (kw_lex_is_type(p->token.kind))
        parts[1] = kw_parse_take_name(p);
    else
        parts[1] = kw_parse_name(p, KW_E_QUALIFIED_NAME);
    if (parts[1] == NULL)
        return NULL;
    callee->as.qualified.parts = parts;
    callee->as.qualified.count = 2;
    kw_node *node = callee;
    if (kw_parse_at(p, KW_T_LPAREN) && kw_parse_same_line(p)) {
        node = kw_parse_node(p, KW_N_CALL, at.pos);
        if (node == NULL || !kw_parse_args(p, &node->as.call.args))
            return NULL;
        node->as.call.callee = callee;
    }
    if (!kw_parse_at(p, KW_KEY_FN) && !kw_parse_at(p, KW_T_ATTRIBUTE))
        return kw_parse_fail(p, KW_E_DECORATED_FN);
    return node;
}

static bool name_of_attribute(kw_parser *p, kw_node *attribute, kw_node **out)
{
    assert(attribute->kind == KW_N_ATTRIBUTE || attribute->kind == KW_N_QUALIFIED); /* as decorator_shaped() saw */
    *out = attribute;
    if (attribute->kind != KW_N_ATTRIBUTE)
        return true;
    *out = kw_parse_node(p, KW_N_NAME, attribute->pos);
    if (*out != NULL)
        (*out)->as.name = attribute->as.name;
    return *out != NULL;
}

static bool make_decorator(kw_parser *p, kw_node *node, kw_decorator *decorator)
{
    *decorator = (kw_decorator){.pos = node->pos};
    if (node->kind == KW_N_CALL) {
        decorator->args = node->as.call.args;
        return name_of_attribute(p, node->as.call.callee, &decorator->callee);
    }
    if (node->kind != KW_N_METHOD_CALL && node->kind != KW_N_MEMBER)
        return name_of_attribute(p, node, &decorator->callee);
    bool call = node->kind == KW_N_METHOD_CALL;
    kw_node *member = kw_parse_node(p, KW_N_MEMBER, node->pos);
    if (member == NULL)
        return false;
    if (call)
        decorator->args = node->as.method.args;
    member->as.member.name = call ? node->as.method.name : node->as.member.name;
    decorator->callee = member;
    return name_of_attribute(p, call ? node->as.method.object : node->as.member.object, &member->as.member.object);
}

kw_node *kw_parse_decorated(kw_parser *p, uint32_t count)
{
    kw_decorator *decorators = kw_parse_alloc(p, count * sizeof(*decorators));
    if (decorators == NULL)
        return NULL;
    assert(count > 0 && count <= p->scratch_used / sizeof(kw_node *)); /* the statements are still there */
    p->scratch_used -= count * sizeof(kw_node *);
    for (uint32_t i = 0; i < count; i++) {
        kw_node *node;
        memcpy(&node, p->scratch + p->scratch_used + i * sizeof(node), sizeof(node));
        if (!make_decorator(p, node, &decorators[i]))
            return NULL;
    }
    kw_node *function = kw_parse_function(p, false);
    if (function == NULL)
        return NULL;
    function->as.function->decorators = decorators;
    function->as.function->decorator_count = count;
    return function;
}

uint32_t kw_parse_count_decorators(const kw_parser *p, size_t mark)
{
    uint32_t count = 0;
    assert((p->scratch_used - mark) % sizeof(kw_node *) == 0); /* nothing but statements lies above the mark */
    for (size_t at = p->scratch_used; at > mark; at -= sizeof(kw_node *), count++) {
        kw_node *node;
        memcpy(&node, p->scratch + at - sizeof(node), sizeof(node));
        if (!decorator_shaped(p, node))
            break;
    }
    return count;
}
