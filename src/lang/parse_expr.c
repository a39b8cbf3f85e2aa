/* parse_expr.c - expressions: precedence climbing over unary, postfix and primary ones. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "lang/parse_internal.h"

/* --- operators --- */

typedef struct binary_rule {
    kw_opr op;
    int level; /* 0: no binary operator; the higher, the tighter */
} binary_rule;

static binary_rule binary_of(kw_token_kind kind)
{
    switch ((int)kind) {
    case KW_T_OR: return (binary_rule){KW_OPR_OR, 1};
    case KW_T_COALESCE: return (binary_rule){KW_OPR_COALESCE, 1};
    case KW_T_AND: return (binary_rule){KW_OPR_AND, 2};
    case KW_T_BOR: return (binary_rule){KW_OPR_BOR, 3};
    case KW_T_BXOR: return (binary_rule){KW_OPR_BXOR, 4};
    case KW_T_BAND: return (binary_rule){KW_OPR_BAND, 5};
    case KW_T_EQ: return (binary_rule){KW_OPR_EQ, 6};
    case KW_T_NE: return (binary_rule){KW_OPR_NE, 6};
    case KW_T_LT: return (binary_rule){KW_OPR_LT, 7};
    case KW_T_LE: return (binary_rule){KW_OPR_LE, 7};
    case KW_T_GT: return (binary_rule){KW_OPR_GT, 7};
    case KW_T_GE: return (binary_rule){KW_OPR_GE, 7};
    case KW_KEY_IN: return (binary_rule){KW_OPR_IN, 7};
    case KW_T_SHL: return (binary_rule){KW_OPR_SHL, 8};
    case KW_T_SHR: return (binary_rule){KW_OPR_SHR, 8};
    case KW_T_USHR: return (binary_rule){KW_OPR_USHR, 8};
    case KW_T_ADD: return (binary_rule){KW_OPR_ADD, 9};
    case KW_T_SUB: return (binary_rule){KW_OPR_SUB, 9};
    case KW_T_MUL: return (binary_rule){KW_OPR_MUL, 10};
    case KW_T_DIV: return (binary_rule){KW_OPR_DIV, 10};
    case KW_T_FLOORDIV: return (binary_rule){KW_OPR_FLOORDIV, 10};
    case KW_T_MOD: return (binary_rule){KW_OPR_MOD, 10};
    case KW_T_POW: return (binary_rule){KW_OPR_POW, 10};
    default: return (binary_rule){KW_OPR_NONE, 0};
    }
}

/* The operator in front of the =, KW_OPR_COUNT if this assigns nothing. */
static kw_opr assign_of(kw_token_kind kind)
{
    switch ((int)kind) {
    case KW_T_ASSIGN: return KW_OPR_NONE;
    case KW_T_ADD_ASSIGN: return KW_OPR_ADD;
    case KW_T_SUB_ASSIGN: return KW_OPR_SUB;
    case KW_T_MUL_ASSIGN: return KW_OPR_MUL;
    case KW_T_DIV_ASSIGN: return KW_OPR_DIV;
    case KW_T_FLOORDIV_ASSIGN: return KW_OPR_FLOORDIV;
    case KW_T_MOD_ASSIGN: return KW_OPR_MOD;
    case KW_T_POW_ASSIGN: return KW_OPR_POW;
    case KW_T_BAND_ASSIGN: return KW_OPR_BAND;
    case KW_T_BOR_ASSIGN: return KW_OPR_BOR;
    case KW_T_BXOR_ASSIGN: return KW_OPR_BXOR;
    case KW_T_SHL_ASSIGN: return KW_OPR_SHL;
    case KW_T_SHR_ASSIGN: return KW_OPR_SHR;
    case KW_T_USHR_ASSIGN: return KW_OPR_USHR;
    case KW_T_AND_ASSIGN: return KW_OPR_AND;
    case KW_T_OR_ASSIGN: return KW_OPR_OR;
    default: return KW_OPR_COUNT;
    }
}

static kw_opr unary_of(kw_token_kind kind)
{
    switch ((int)kind) {
    case KW_T_SUB: return KW_OPR_NEG;
    case KW_T_BNOT: return KW_OPR_BNOT;
    case KW_T_NOT: return KW_OPR_NOT;
    default: return KW_OPR_NONE;
    }
}

bool kw_parse_starts_value(kw_parser *p)
{
    switch ((int)p->token.kind) {
    case KW_T_NAME:
    case KW_T_INTEGER:
    case KW_T_FLOAT:
    case KW_T_STRING:
    case KW_T_BYTES:
    case KW_T_ATTRIBUTE:
    case KW_T_STATIC_NAME:
    case KW_T_SELF:
    case KW_T_LPAREN:
    case KW_T_LBRACKET:
    case KW_T_LBRACE:
    case KW_T_SUB:
    case KW_T_BNOT:
    case KW_T_NOT:
    case KW_KEY_NULL:
    case KW_KEY_TRUE:
    case KW_KEY_FALSE:
    case KW_KEY_CASE:
    case KW_KEY_WITH:
    case KW_KEY_SUPER:
    case KW_KEY_IMPORT:
    case KW_KEY_INCLUDE:
    case KW_KEY_EVAL:
    case KW_KEY_EMIT: return true;
    case KW_KEY_DO: return kw_parse_peek(p)->kind == KW_T_LPAREN;
    default: return kw_lex_is_type(p->token.kind);
    }
}

/* --- arguments --- */

static bool parse_arg(kw_parser *p, kw_arg_node *arg)
{
    *arg = (kw_arg_node){0};
    if (kw_parse_at(p, KW_T_NAME)) {
        kw_token_kind next = kw_parse_peek(p)->kind;
        if (next == KW_T_ASSIGN || next == KW_T_COLON) {
            arg->name = kw_parse_take_name(p);
            kw_parse_advance(p);
        }
    }
    if (arg->name == NULL)
        arg->splat = kw_parse_accept(p, KW_T_MUL);
    arg->value = kw_parse_expr(p);
    return arg->value != NULL;
}

bool kw_parse_args(kw_parser *p, kw_arg_list *args)
{
    size_t mark = kw_parse_mark(p);
    kw_context outer = p->context;
    assert(kw_parse_at(p, KW_T_LPAREN));
    p->context = (kw_context){0};
    *args = (kw_arg_list){0};
    kw_parse_advance(p);
    while (!kw_parse_at(p, KW_T_RPAREN)) {
        kw_token start = p->token;
        kw_arg_node arg;
        if (!parse_arg(p, &arg) || !kw_parse_push(p, &arg, sizeof(arg)))
            return false;
        args->has_named |= arg.name != NULL;
        args->has_splat |= arg.splat;
        if (args->has_named && args->has_splat) {
            kw_parse_fail_at(p, &start, KW_E_SPLAT_AND_NAMES, NULL);
            return false;
        }
        if (!kw_parse_accept(p, KW_T_COMMA))
            break;
    }
    p->context = outer;
    if (!kw_parse_expect(p, KW_T_RPAREN, KW_E_CALL_PAREN))
        return false;
    void *items;
    bool good = kw_parse_take(p, mark, sizeof(kw_arg_node), &items, &args->count);
    args->items = items;
    return good;
}

/* --- primary expressions --- */

static kw_node *parse_group(kw_parser *p)
{
    kw_context outer = p->context;
    p->context = (kw_context){0};
    kw_parse_advance(p);
    if (kw_parse_at(p, KW_T_RPAREN))
        return kw_parse_fail(p, KW_E_VALUE_IN_PARENS);
    kw_node *inner = kw_parse_expr(p);
    p->context = outer;
    if (inner == NULL)
        return NULL;
    if (!kw_parse_at(p, KW_T_RPAREN))
        return kw_parse_at(p, KW_T_EOF) ? kw_parse_unexpected(p) : kw_parse_fail(p, KW_E_PAREN);
    kw_parse_advance(p);
    return inner;
}

static kw_node *parse_range_end(kw_parser *p, kw_node *low, kw_pos pos)
{
    kw_parse_advance(p);
    kw_node *high = kw_parse_expr(p);
    if (high == NULL)
        return NULL;
    if (!kw_parse_expect(p, KW_T_RBRACKET, KW_E_RANGE_BRACKET))
        return NULL;
    kw_node *node = kw_parse_node(p, KW_N_RANGE, pos);
    if (node != NULL) {
        node->as.range.low = low;
        node->as.range.high = high;
    }
    return node;
}

static kw_node *parse_list(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    size_t mark = kw_parse_mark(p);
    kw_context outer = p->context;
    p->context = (kw_context){0};
    kw_parse_advance(p);
    while (!kw_parse_at(p, KW_T_RBRACKET)) {
        kw_node *item = kw_parse_expr(p);
        if (item == NULL)
            return NULL;
        if (kw_parse_at(p, KW_T_DOTDOT) || kw_parse_at(p, KW_KEY_TO)) {
            if (kw_parse_mark(p) != mark)
                return kw_parse_fail(p, KW_E_RANGE_BRACKET);
            p->context = outer;
            return parse_range_end(p, item, pos);
        }
        if (!kw_parse_push(p, &item, sizeof(kw_node *)))
            return NULL;
        if (!kw_parse_accept(p, KW_T_COMMA))
            break;
    }
    p->context = outer;
    if (!kw_parse_expect(p, KW_T_RBRACKET, KW_E_LIST_BRACKET))
        return NULL;
    kw_node *node = kw_parse_node(p, KW_N_LIST, pos);
    return node != NULL && kw_parse_take_nodes(p, mark, &node->as.list) ? node : NULL;
}

static kw_node *string_node(kw_parser *p, const char *text, uint32_t size, kw_pos pos)
{
    kw_node *node = kw_parse_node(p, KW_N_STRING, pos);
    if (node != NULL) {
        node->as.string.text = text;
        node->as.string.size = size;
    }
    return node;
}

static kw_node *parse_key(kw_parser *p)
{
    switch ((int)p->token.kind) {
    case KW_T_NAME:
        if (kw_parse_peek(p)->kind == KW_T_COLON) {
            kw_pos pos = p->token.pos;
            kw_name *name = kw_parse_take_name(p);
            return name == NULL ? NULL : string_node(p, name->text, name->size, pos);
        }
        break;
    case KW_T_STRING:
        if (p->token.interpolated)
            return kw_parse_fail(p, KW_E_HASHMAP_KEY);
        break;
    case KW_T_INTEGER:
    case KW_T_FLOAT:
    case KW_KEY_TRUE:
    case KW_KEY_FALSE:
    case KW_KEY_NULL:
    case KW_T_SUB:
    case KW_T_BNOT:
    case KW_T_NOT: break;
    default: return kw_parse_fail(p, KW_E_HASHMAP_KEY);
    }
    return kw_parse_expr(p);
}

static kw_node *parse_hashmap(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    size_t mark = kw_parse_mark(p);
    kw_context outer = p->context;
    p->context = (kw_context){0};
    kw_parse_advance(p);
    while (!kw_parse_at(p, KW_T_RBRACE)) {
        if (kw_parse_at(p, KW_T_EOF))
            return kw_parse_fail(p, KW_E_HASHMAP_BRACE);
        kw_node *key = parse_key(p);
        if (key == NULL || !kw_parse_push(p, &key, sizeof(kw_node *)) ||
            !kw_parse_expect(p, KW_T_COLON, KW_E_HASHMAP_COLON))
            return NULL;
        kw_node *value = kw_parse_expr(p);
        if (value == NULL || !kw_parse_push(p, &value, sizeof(kw_node *)))
            return NULL;
        if (!kw_parse_accept(p, KW_T_COMMA))
            break;
    }
    p->context = outer;
    if (!kw_parse_expect(p, KW_T_RBRACE, KW_E_HASHMAP_BRACE))
        return NULL;
    kw_node *node = kw_parse_node(p, KW_N_HASHMAP, pos);
    return node != NULL && kw_parse_take_nodes(p, mark, &node->as.list) ? node : NULL;
}

static bool is_name_token(kw_token_kind kind)
{
    return kind == KW_T_NAME || kw_lex_is_type(kind);
}

kw_node *kw_parse_qualified(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    size_t mark = kw_parse_mark(p);
    const kw_name *name = kw_parse_take_name(p);
    if (name == NULL || !kw_parse_push(p, &name, sizeof(name)))
        return NULL;
    /* In a[i::2] the two colons belong to the slice. */
    while (kw_parse_at(p, KW_T_QUALIFIER) && is_name_token(kw_parse_peek(p)->kind)) {
        kw_parse_advance(p);
        name = kw_parse_take_name(p);
        if (name == NULL || !kw_parse_push(p, &name, sizeof(name)))
            return NULL;
    }
    void *parts;
    uint32_t count;
    if (!kw_parse_take(p, mark, sizeof(name), &parts, &count))
        return NULL;
    kw_node *node = kw_parse_node(p, count == 1 ? KW_N_NAME : KW_N_QUALIFIED, pos);
    if (node == NULL)
        return NULL;
    if (count == 1) {
        node->as.name = name;
    } else {
        node->as.qualified.parts = parts;
        node->as.qualified.count = count;
    }
    return node;
}

/* A type word: the first part of a qualified name, else a string. */
static kw_node *parse_type_word(kw_parser *p)
{
    if (kw_parse_peek(p)->kind == KW_T_QUALIFIER)
        return kw_parse_qualified(p);
    kw_pos pos = p->token.pos;
    bool none = kw_parse_at(p, KW_KEY_NONE);
    kw_name *name = kw_parse_take_name(p);
    if (name == NULL)
        return NULL;
    return none ? string_node(p, "null", 4, pos) : string_node(p, name->text, name->size, pos);
}

static kw_node *parse_super(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    kw_parse_advance(p);
    if (!kw_parse_expect(p, KW_T_DOT, KW_E_SUPER_DOT))
        return NULL;
    kw_node *node = kw_parse_node(p, KW_N_SUPER_CALL, pos);
    if (node == NULL)
        return NULL;
    node->as.method.name = kw_parse_name(p, KW_E_SUPER_NAME);
    if (node->as.method.name == NULL)
        return NULL;
    if (!kw_parse_at(p, KW_T_LPAREN))
        return kw_parse_fail(p, KW_E_SUPER_PAREN);
    return kw_parse_args(p, &node->as.method.args) ? node : NULL;
}

kw_node *kw_parse_word_value(kw_parser *p, kw_node_kind kind, kw_error_id expected)
{
    kw_node *node = kw_parse_node(p, kind, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    if (!kw_parse_starts_value(p))
        return kw_parse_fail(p, expected);
    node->as.value = kw_parse_expr(p);
    return node->as.value != NULL ? node : NULL;
}

static kw_node *parse_plain(kw_parser *p, kw_node_kind kind)
{
    kw_node *node = kw_parse_node(p, kind, p->token.pos);
    if (node == NULL)
        return NULL;
    if (kind == KW_N_INTEGER)
        node->as.integer = p->token.integer;
    else if (kind == KW_N_FLOAT)
        node->as.number = p->token.number;
    if (kind != KW_N_ATTRIBUTE && kind != KW_N_STATIC) {
        kw_parse_advance(p);
        return node;
    }
    node->as.name = kw_parse_take_name(p);
    return node->as.name != NULL ? node : NULL;
}

static kw_node *parse_primary(kw_parser *p)
{
    switch ((int)p->token.kind) {
    case KW_T_NAME: return kw_parse_qualified(p);
    case KW_T_INTEGER: return parse_plain(p, KW_N_INTEGER);
    case KW_T_FLOAT: return parse_plain(p, KW_N_FLOAT);
    case KW_T_STRING: return kw_parse_string(p);
    case KW_T_BYTES: return kw_parse_bytes(p);
    case KW_T_ATTRIBUTE: return parse_plain(p, KW_N_ATTRIBUTE);
    case KW_T_STATIC_NAME: return parse_plain(p, KW_N_STATIC);
    case KW_T_SELF: return parse_plain(p, KW_N_SELF);
    case KW_KEY_NULL: return parse_plain(p, KW_N_NULL);
    case KW_KEY_TRUE: return parse_plain(p, KW_N_TRUE);
    case KW_KEY_FALSE: return parse_plain(p, KW_N_FALSE);
    case KW_T_LPAREN: return parse_group(p);
    case KW_T_LBRACKET: return parse_list(p);
    case KW_T_LBRACE: return parse_hashmap(p);
    case KW_KEY_CASE: return kw_parse_case(p);
    case KW_KEY_WITH: return kw_parse_lambda(p);
    case KW_KEY_DO: return kw_parse_starts_value(p) ? kw_parse_lambda(p) : kw_parse_unexpected(p);
    case KW_KEY_SUPER: return parse_super(p);
    case KW_KEY_IMPORT: return kw_parse_word_value(p, KW_N_IMPORT, KW_E_IMPORT_VALUE);
    case KW_KEY_INCLUDE: return kw_parse_word_value(p, KW_N_INCLUDE, KW_E_INCLUDE_PATH);
    case KW_KEY_EVAL: return kw_parse_word_value(p, KW_N_EVAL, KW_E_EVAL_VALUE);
    case KW_KEY_EMIT: return kw_parse_emit(p);
    case KW_KEY_PRINT:
    case KW_KEY_PRINTLN:
    case KW_KEY_EPRINT:
    case KW_KEY_EPRINTLN:
    case KW_KEY_PRINTXY: return kw_parse_print(p);
    case KW_KEY_WHILE:
    case KW_KEY_REPEAT:
    case KW_KEY_FOR: return kw_parse_loop(p);
    case KW_KEY_TRY: return kw_parse_try(p);
    default: return kw_lex_is_type(p->token.kind) ? parse_type_word(p) : kw_parse_unexpected(p);
    }
}

/* --- postfix expressions and assignment --- */

/* Any word may be the name of a method that is called: none, any, next, and, ... */
static bool at_method_word(kw_parser *p)
{
    kw_token_kind kind = p->token.kind;
    bool word = kw_lex_is_keyword(kind);
    if (kind == KW_T_AND || kind == KW_T_OR || kind == KW_T_NOT) /* written as words? */
        word = strchr("aon", p->options->text[p->token.pos.offset]) != NULL;
    return word && kw_parse_peek(p)->kind == KW_T_LPAREN;
}

static kw_node *parse_member(kw_parser *p, kw_node *object)
{
    kw_pos pos = p->token.pos;
    kw_parse_advance(p);
    kw_name *name = at_method_word(p) ? kw_parse_take_name(p) : kw_parse_name(p, KW_E_MEMBER_NAME);
    if (name == NULL)
        return NULL;
    bool call = kw_parse_at(p, KW_T_LPAREN) &&
                (kw_parse_same_line(p) || !kw_parse_may_decorate(p, object)); /* else on whatever line */
    kw_node *node = kw_parse_node(p, call ? KW_N_METHOD_CALL : KW_N_MEMBER, pos);
    if (node == NULL)
        return NULL;
    if (!call) {
        node->as.member.object = object;
        node->as.member.name = name;
        return node;
    }
    node->as.method.object = object;
    node->as.method.name = name;
    return kw_parse_args(p, &node->as.method.args) ? node : NULL;
}

static kw_node *parse_call(kw_parser *p, kw_node *callee)
{
    kw_node *node = kw_parse_node(p, KW_N_CALL, callee->pos);
    if (node == NULL)
        return NULL;
    node->as.call.callee = callee;
    return kw_parse_args(p, &node->as.call.args) ? node : NULL;
}

/* One optional part of a slice: nothing before a colon or the bracket. */
static bool slice_part(kw_parser *p, kw_node **part)
{
    *part = NULL;
    if (kw_parse_at(p, KW_T_COLON) || kw_parse_at(p, KW_T_QUALIFIER) || kw_parse_at(p, KW_T_RBRACKET))
        return true;
    *part = kw_parse_expr(p);
    return *part != NULL;
}

static kw_node *parse_slice(kw_parser *p, kw_node *object, kw_node *start, kw_pos pos)
{
    kw_node *node = kw_parse_node(p, KW_N_SLICE, pos);
    if (node == NULL)
        return NULL;
    node->as.slice.object = object;
    node->as.slice.start = start;
    /* where an index would have its bracket */
    assert(kw_parse_at(p, KW_T_COLON) || kw_parse_at(p, KW_T_QUALIFIER));
    bool step = kw_parse_at(p, KW_T_QUALIFIER); /* x[a::c] */
    kw_parse_advance(p);
    if (!step) {
        if (!slice_part(p, &node->as.slice.stop))
            return NULL;
        step = kw_parse_accept(p, KW_T_COLON);
    }
    if (step && !slice_part(p, &node->as.slice.step))
        return NULL;
    return node;
}

static kw_node *parse_index(kw_parser *p, kw_node *object)
{
    kw_pos pos = p->token.pos;
    kw_context outer = p->context;
    p->context = (kw_context){0};
    kw_parse_advance(p);
    if (kw_parse_at(p, KW_T_RBRACKET))
        return kw_parse_fail(p, KW_E_INDEX_VALUE);
    kw_node *start, *node;
    if (!slice_part(p, &start))
        return NULL;
    if (kw_parse_at(p, KW_T_COLON) || kw_parse_at(p, KW_T_QUALIFIER)) {
        node = parse_slice(p, object, start, pos);
    } else {
        node = kw_parse_node(p, KW_N_INDEX, pos);
        if (node != NULL) {
            node->as.index.object = object;
            node->as.index.index = start;
        }
    }
    p->context = outer;
    if (node == NULL || !kw_parse_expect(p, KW_T_RBRACKET, KW_E_INDEX_BRACKET))
        return NULL;
    return node;
}

static bool assignable(const kw_node *node)
{
    switch (node->kind) {
    case KW_N_NAME:
    case KW_N_ATTRIBUTE:
    case KW_N_STATIC:
    case KW_N_MEMBER:
    case KW_N_INDEX:
    case KW_N_SLICE: return true;
    default: return false;
    }
}

static kw_node *parse_assign(kw_parser *p, kw_node *target, kw_opr op, bool grouped)
{
    if (grouped || !assignable(target))
        return kw_parse_unexpected(p);
    if (target->kind == KW_N_SLICE && op != KW_OPR_NONE)
        return kw_parse_fail(p, KW_E_SLICE_COMPOUND);
    kw_node *node = kw_parse_node(p, KW_N_ASSIGN, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    node->as.assign.target = target;
    node->as.assign.op = op;
    node->as.assign.value = kw_parse_expr(p);
    return node->as.assign.value != NULL && kw_parse_link(p) ? node : NULL;
}

static kw_node *parse_postfix(kw_parser *p)
{
    bool grouped = kw_parse_at(p, KW_T_LPAREN); /* (a) = 1 assigns nothing */
    kw_node *node = parse_primary(p);
    while (node != NULL) {
        if (kw_parse_at(p, KW_T_DOT))
            node = parse_member(p, node);
        else if (kw_parse_at(p, KW_T_LPAREN) && (kw_parse_same_line(p) || (node->kind == KW_N_QUALIFIED && !grouped)))
            node = parse_call(p, node);
        else if (kw_parse_at(p, KW_T_LBRACKET) && kw_parse_same_line(p))
            node = parse_index(p, node);
        else
            break;
        grouped = false;
        if (!kw_parse_link(p))
            return NULL;
    }
    if (node == NULL)
        return NULL;
    kw_opr op = assign_of(p->token.kind);
    return op == KW_OPR_COUNT ? node : parse_assign(p, node, op, grouped);
}

static kw_node *parse_unary(kw_parser *p)
{
    kw_opr op = unary_of(p->token.kind);
    if (op == KW_OPR_NONE)
        return parse_postfix(p);
    kw_level level;
    if (!kw_parse_enter(p, &level))
        return NULL;
    kw_node *node = kw_parse_node(p, KW_N_UNARY, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    node->as.unary.op = op;
    node->as.unary.operand = parse_unary(p);
    return kw_parse_leave(p, level) && node->as.unary.operand != NULL ? node : NULL;
}

static kw_node *parse_binary(kw_parser *p, int least)
{
    kw_level level;
    assert(least >= 1); /* what is no operator has the level 0 and must end the loop */
    if (!kw_parse_enter(p, &level))
        return NULL;
    kw_node *left = parse_unary(p);
    while (left != NULL) {
        binary_rule rule = binary_of(p->token.kind);
        if (rule.level < least || !kw_parse_same_line(p))
            break;
        bool logical = rule.level <= 2;
        /* the two levels are those of && || ??, which follow each other in their enum, too */
        assert(logical == (rule.op >= KW_OPR_AND && rule.op <= KW_OPR_COALESCE));
        kw_node *node = kw_parse_node(p, logical ? KW_N_LOGICAL : KW_N_BINARY, p->token.pos);
        if (node == NULL)
            return NULL;
        kw_parse_advance(p);
        node->as.binary.op = rule.op;
        node->as.binary.left = left;
        node->as.binary.right = parse_binary(p, rule.level + 1);
        left = node->as.binary.right != NULL && kw_parse_link(p) ? node : NULL;
    }
    return kw_parse_leave(p, level) ? left : NULL;
}

static kw_node *parse_ternary(kw_parser *p, kw_node *condition)
{
    kw_level level = {0};
    uint32_t before = p->height; /* the condition is part of this node */
    if (!kw_parse_enter(p, &level))
        return NULL;
    p->height = before;
    kw_node *node = kw_parse_node(p, KW_N_TERNARY, condition->pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    node->as.ternary.condition = condition;
    node->as.ternary.yes = kw_parse_expr(p);
    if (node->as.ternary.yes == NULL || !kw_parse_expect(p, KW_T_COLON, KW_E_TERNARY_COLON))
        return NULL;
    node->as.ternary.no = kw_parse_expr(p);
    return node->as.ternary.no != NULL && kw_parse_leave(p, level) ? node : NULL;
}

kw_node *kw_parse_expr(kw_parser *p)
{
    kw_node *node = parse_binary(p, 1);
    if (node != NULL && kw_parse_at(p, KW_T_QUESTION))
        return parse_ternary(p, node);
    return node;
}
