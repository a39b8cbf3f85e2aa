/* parse_lambda.c - functions and lambdas: parameters, type hints, bodies. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "lang/parse_internal.h"

/* --- type hints --- */

static bool push_type(kw_parser *p)
{
    kw_error_id expected = KW_E_TYPE_NAME; /* of whatever */
    const kw_name *name = NULL;
    if (kw_parse_at(p, KW_KEY_NONE) || kw_parse_at(p, KW_KEY_NULL)) {
        kw_parse_advance(p);
        name = kw_arena_name(p->arena, "null", 4);
    } else if (kw_lex_is_type(p->token.kind)) {
        name = kw_parse_take_name(p);
    } else if (kw_parse_at(p, KW_T_NAME)) {
        kw_token token = p->token;
        kw_name *found = kw_parse_take_name(p);
        const kw_parse_options *options = p->options;
        if (found != NULL && !found->is_struct &&
            (options->known_type == NULL || !options->known_type(options->context, found->text, found->size)))
            found = kw_parse_fail_at(p, &token, expected, NULL);
        name = found;
    } else {
        kw_parse_fail(p, expected);
    }
    if (name == NULL)
        return kw_parse_no_memory(p) != NULL;
    return kw_parse_push(p, &name, sizeof(name));
}

bool kw_parse_hint(kw_parser *p, kw_type_hint *hint)
{
    size_t mark = kw_parse_mark(p);
    bool optional = false;
    *hint = (kw_type_hint){0};
    if (!kw_parse_accept(p, KW_T_COLON))
        return !kw_parse_failed(p);
    do {
        if (!push_type(p))
            return false;
        optional |= kw_parse_accept(p, KW_T_QUESTION);
    } while (kw_parse_accept(p, KW_T_BOR));
    if (optional) {
        const kw_name *null = kw_arena_name(p->arena, "null", 4);
        if (null == NULL || !kw_parse_push(p, &null, sizeof(null)))
            return kw_parse_no_memory(p) != NULL;
    }
    void *names;
    bool good = kw_parse_take(p, mark, sizeof(const kw_name *), &names, &hint->count);
    hint->names = names;
    return good;
}

/* --- parameters --- */

static bool parse_param(kw_parser *p, kw_param_node *param)
{
    *param = (kw_param_node){.pos = p->token.pos};
    param->variadic = kw_parse_accept(p, KW_T_MUL);
    param->name = kw_parse_name(p, param->variadic ? KW_E_VARIADIC_NAME : KW_E_PARAMETER_NAME);
    if (param->name == NULL)
        return false;
    if (param->variadic)
        return kw_parse_at(p, KW_T_RPAREN) || kw_parse_fail(p, KW_E_VARIADIC_LAST) != NULL;
    if (!kw_parse_hint(p, &param->hint))
        return false;
    if (kw_parse_accept(p, KW_T_ASSIGN)) {
        param->fallback = kw_parse_expr(p);
        return param->fallback != NULL;
    }
    return !kw_parse_failed(p);
}

/* The names are marked only now: lambdas in defaults have parameters of their own. */
static bool check_names(kw_parser *p, const kw_function_node *f)
{
    uint32_t stamp = ++p->stamp;
    for (uint32_t i = 0; i < f->param_count; i++) {
        kw_name *name = kw_arena_name(p->arena, f->params[i].name->text, f->params[i].name->size);
        if (name == NULL)
            return kw_parse_no_memory(p) != NULL;
        assert(name == f->params[i].name); /* only that it can be written to */
        if (name->stamp != stamp) {
            name->stamp = stamp;
            continue;
        }
        char message[160];
        const char *quote = f->is_lambda ? "'" : "`";
        snprintf(message, sizeof(message), KW_E_TEXT_PARAMETER_TWICE, quote, name->text, quote);
        kw_token token = {.pos = f->params[i].pos, .end_line = f->params[i].pos.line};
        token.end_column = f->params[i].pos.column + name->size;
        return kw_parse_fail_at(p, &token, KW_E_PARAMETER_TWICE, message) != NULL;
    }
    return true;
}

/* "(" params ")" [":" type] */
static bool parse_params(kw_parser *p, kw_function_node *f)
{
    size_t mark = kw_parse_mark(p);
    kw_context outer = p->context;
    assert(kw_parse_at(p, KW_T_LPAREN));
    p->context = (kw_context){0};
    kw_parse_advance(p);
    while (!kw_parse_at(p, KW_T_RPAREN)) {
        kw_param_node param;
        if (!parse_param(p, &param) || !kw_parse_push(p, &param, sizeof(param)))
            return false;
        f->has_variadic |= param.variadic;
        if (!kw_parse_accept(p, KW_T_COMMA))
            break;
    }
    p->context = outer;
    if (!kw_parse_expect(p, KW_T_RPAREN, KW_E_PARAMETERS_PAREN))
        return false;
    void *items;
    if (!kw_parse_take(p, mark, sizeof(kw_param_node), &items, &f->param_count))
        return false;
    f->params = items;
    assert(!f->has_variadic || f->params[f->param_count - 1].variadic); /* only the last one takes the rest */
    return check_names(p, f) && kw_parse_hint(p, &f->result);
}

/* --- bodies --- */

static kw_function_node *new_function(kw_parser *p, bool is_lambda)
{
    kw_function_node *f = kw_parse_alloc(p, sizeof(*f));
    if (f != NULL) {
        f->is_lambda = is_lambda;
        f->pos = p->token.pos;
    }
    return f;
}

static kw_node *function_node(kw_parser *p, kw_function_node *f)
{
    kw_node *node = kw_parse_node(p, f->is_lambda ? KW_N_LAMBDA : KW_N_FUNCTION, f->pos);
    if (node != NULL)
        node->as.function = f;
    return node;
}

static bool parse_body(kw_parser *p, kw_function_node *f, const kw_token *opener)
{
    kw_function_node *outer = p->function;
    p->function = f;
    bool good = kw_parse_block(p, &f->body, opener);
    assert(!good || p->function == f);
    p->function = outer;
    f->end = p->last.pos;
    return good;
}

/* The one statement behind =>, and an `end` if one comes next, on whatever line. */
static bool parse_arrow(kw_parser *p, kw_function_node *f)
{
    kw_function_node *outer = p->function;
    p->function = f;
    f->is_arrow = true;
    size_t mark = kw_parse_mark(p);
    kw_parse_advance(p);
    kw_node *statement = kw_parse_statement(p);
    p->function = outer;
    if (statement == NULL || !kw_parse_push(p, &statement, sizeof(kw_node *)) ||
        !kw_parse_take_nodes(p, mark, &f->body))
        return false;
    f->end = p->last.pos;
    kw_parse_accept(p, KW_KEY_END);
    return !kw_parse_failed(p);
}

kw_node *kw_parse_lambda(kw_parser *p)
{
    kw_function_node *f = new_function(p, true);
    if (f == NULL)
        return NULL;
    kw_token opener = p->token;
    bool with = kw_parse_accept(p, KW_KEY_WITH);
    if (!with)
        kw_parse_advance(p); /* do */
    if (kw_parse_at(p, KW_T_LPAREN) && !parse_params(p, f))
        return NULL;
    if (with && !kw_parse_expect(p, KW_KEY_DO, KW_E_LAMBDA_DO))
        return NULL;
    bool good = kw_parse_at(p, KW_T_ARROW) ? parse_arrow(p, f) : parse_body(p, f, &opener);
    return good ? function_node(p, f) : NULL;
}

kw_node *kw_parse_block_lambda(kw_parser *p)
{
    kw_function_node *f = new_function(p, true);
    kw_token opener = p->token;
    kw_parse_advance(p);
    return f != NULL && parse_body(p, f, &opener) ? function_node(p, f) : NULL;
}

/* --- named functions --- */

static bool is_operator(kw_token_kind kind)
{
    switch ((int)kind) {
    case KW_T_ADD:
    case KW_T_SUB:
    case KW_T_MUL:
    case KW_T_DIV:
    case KW_T_FLOORDIV:
    case KW_T_MOD:
    case KW_T_POW:
    case KW_T_EQ:
    case KW_T_NE:
    case KW_T_LT:
    case KW_T_LE:
    case KW_T_GT:
    case KW_T_GE:
    case KW_T_BAND:
    case KW_T_BOR:
    case KW_T_BXOR:
    case KW_T_BNOT:
    case KW_T_SHL:
    case KW_T_SHR:
    case KW_T_USHR:
    case KW_T_AND:
    case KW_T_OR:
    case KW_T_NOT: return true;
    default: return false;
    }
}

static bool parse_function_name(kw_parser *p, kw_function_node *f, bool in_struct)
{
    if (kw_parse_at(p, KW_T_EOF) || !kw_parse_same_line(p))
        return kw_parse_fail_at(p, &p->last, KW_E_FUNCTION_LINE, NULL) != NULL;
    f->is_operator = is_operator(p->token.kind);
    if (f->is_operator && !in_struct)
        return kw_parse_fail(p, KW_E_GLOBAL_OPERATOR) != NULL;
    if (!f->is_operator && !kw_parse_at(p, KW_T_NAME) && !kw_lex_is_type(p->token.kind))
        return kw_parse_fail(p, KW_E_FUNCTION_NAME) != NULL;
    f->name = kw_parse_take_name(p);
    return f->name != NULL;
}

kw_node *kw_parse_function(kw_parser *p, bool in_struct)
{
    kw_function_node *f = new_function(p, false);
    if (f == NULL)
        return NULL;
    kw_token opener = p->token;
    kw_parse_advance(p);
    if (!parse_function_name(p, f, in_struct))
        return NULL;
    if (kw_parse_at(p, KW_T_LPAREN) && !parse_params(p, f)) /* on whatever line */
        return NULL;
    return parse_body(p, f, &opener) ? function_node(p, f) : NULL;
}
