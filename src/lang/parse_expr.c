/* parse_expr.c - expressions: precedence climbing over unary, postfix and primary ones. */
#include "config.h"

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
    case KW_K_IN: return (binary_rule){KW_OPR_IN, 7};
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

bool kw_p_starts_value(kw_parser *p)
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
    case KW_K_NULL:
    case KW_K_TRUE:
    case KW_K_FALSE:
    case KW_K_CASE:
    case KW_K_WITH:
    case KW_K_SUPER:
    case KW_K_IMPORT:
    case KW_K_INCLUDE:
    case KW_K_EVAL:
    case KW_K_EMIT: return true;
    case KW_K_DO: return kw_p_peek(p)->kind == KW_T_LPAREN;
    default: return kw_token_is_type(p->token.kind);
    }
}

/* --- arguments --- */

static bool parse_arg(kw_parser *p, kw_arg_node *arg)
{
    *arg = (kw_arg_node){0};
    if (kw_p_at(p, KW_T_NAME)) {
        kw_token_kind next = kw_p_peek(p)->kind;
        if (next == KW_T_ASSIGN || next == KW_T_COLON) {
            arg->name = kw_p_take_name(p);
            kw_p_advance(p);
        }
    }
    if (arg->name == NULL)
        arg->splat = kw_p_accept(p, KW_T_MUL);
    arg->value = kw_p_expr(p);
    return arg->value != NULL;
}

bool kw_p_args(kw_parser *p, kw_arg_list *args)
{
    size_t mark = kw_p_mark(p);
    kw_context outer = p->context;
    p->context = (kw_context){0};
    *args = (kw_arg_list){0};
    kw_p_advance(p);
    while (!kw_p_at(p, KW_T_RPAREN)) {
        kw_token start = p->token;
        kw_arg_node arg;
        if (!parse_arg(p, &arg) || !kw_p_push(p, &arg, sizeof(arg)))
            return false;
        args->has_named |= arg.name != NULL;
        args->has_splat |= arg.splat;
        if (args->has_named && args->has_splat) {
            kw_p_fail_at(p, &start, "SyntaxError",
                         "Splat (*) and named arguments cannot be combined in the same call.");
            return false;
        }
        if (!kw_p_accept(p, KW_T_COMMA))
            break;
    }
    p->context = outer;
    if (!kw_p_expect(p, KW_T_RPAREN, "Expected ')' or ',' in lambda call."))
        return false;
    void *items;
    bool good = kw_p_take(p, mark, sizeof(kw_arg_node), &items, &args->count);
    args->items = items;
    return good;
}

/* --- primary expressions --- */

static kw_node *parse_group(kw_parser *p)
{
    kw_context outer = p->context;
    p->context = (kw_context){0};
    kw_p_advance(p);
    if (kw_p_at(p, KW_T_RPAREN))
        return kw_p_fail(p, "Expected a value between '(' and ')'.");
    kw_node *inner = kw_p_expr(p);
    p->context = outer;
    if (inner == NULL)
        return NULL;
    if (!kw_p_at(p, KW_T_RPAREN))
        return kw_p_at(p, KW_T_EOF) ? kw_p_unexpected(p) : kw_p_fail(p, "Expected ')'.");
    kw_p_advance(p);
    return inner;
}

static kw_node *parse_range_end(kw_parser *p, kw_node *low, kw_pos pos)
{
    kw_p_advance(p);
    kw_node *high = kw_p_expr(p);
    if (high == NULL)
        return NULL;
    if (!kw_p_expect(p, KW_T_RBRACKET, "Expected ']' or '..' in range literal."))
        return NULL;
    kw_node *node = kw_p_node(p, KW_N_RANGE, pos);
    if (node != NULL) {
        node->as.range.low = low;
        node->as.range.high = high;
    }
    return node;
}

static kw_node *parse_list(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    size_t mark = kw_p_mark(p);
    kw_context outer = p->context;
    p->context = (kw_context){0};
    kw_p_advance(p);
    while (!kw_p_at(p, KW_T_RBRACKET)) {
        kw_node *item = kw_p_expr(p);
        if (item == NULL)
            return NULL;
        if (kw_p_at(p, KW_T_DOTDOT) || kw_p_at(p, KW_K_TO)) {
            if (kw_p_mark(p) != mark)
                return kw_p_fail(p, "Expected ']' or '..' in range literal.");
            p->context = outer;
            return parse_range_end(p, item, pos);
        }
        if (!kw_p_push(p, &item, sizeof(kw_node *)))
            return NULL;
        if (!kw_p_accept(p, KW_T_COMMA))
            break;
    }
    p->context = outer;
    if (!kw_p_expect(p, KW_T_RBRACKET, "Expected ']' or ',' in list literal."))
        return NULL;
    kw_node *node = kw_p_node(p, KW_N_LIST, pos);
    return node != NULL && kw_p_take_nodes(p, mark, &node->as.list) ? node : NULL;
}

static kw_node *string_node(kw_parser *p, const char *text, uint32_t size, kw_pos pos)
{
    kw_node *node = kw_p_node(p, KW_N_STRING, pos);
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
        if (kw_p_peek(p)->kind == KW_T_COLON) {
            kw_pos pos = p->token.pos;
            kw_name *name = kw_p_take_name(p);
            return name == NULL ? NULL : string_node(p, name->text, name->size, pos);
        }
        break;
    case KW_T_STRING:
        if (p->token.interpolated)
            return kw_p_fail(p, "Invalid expression for hashmap key.");
        break;
    case KW_T_INTEGER:
    case KW_T_FLOAT:
    case KW_K_TRUE:
    case KW_K_FALSE:
    case KW_K_NULL:
    case KW_T_SUB:
    case KW_T_BNOT:
    case KW_T_NOT: break;
    default: return kw_p_fail(p, "Invalid expression for hashmap key.");
    }
    return kw_p_expr(p);
}

static kw_node *parse_hashmap(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    size_t mark = kw_p_mark(p);
    kw_context outer = p->context;
    p->context = (kw_context){0};
    kw_p_advance(p);
    while (!kw_p_at(p, KW_T_RBRACE)) {
        if (kw_p_at(p, KW_T_EOF))
            return kw_p_fail(p, "Expected '}' or ',' in hashmap literal");
        kw_node *key = parse_key(p);
        if (key == NULL || !kw_p_push(p, &key, sizeof(kw_node *)) ||
            !kw_p_expect(p, KW_T_COLON, "Expected ':' in hashmap literal"))
            return NULL;
        kw_node *value = kw_p_expr(p);
        if (value == NULL || !kw_p_push(p, &value, sizeof(kw_node *)))
            return NULL;
        if (!kw_p_accept(p, KW_T_COMMA))
            break;
    }
    p->context = outer;
    if (!kw_p_expect(p, KW_T_RBRACE, "Expected '}' or ',' in hashmap literal"))
        return NULL;
    kw_node *node = kw_p_node(p, KW_N_HASHMAP, pos);
    return node != NULL && kw_p_take_nodes(p, mark, &node->as.list) ? node : NULL;
}

static bool is_name_token(kw_token_kind kind)
{
    return kind == KW_T_NAME || kw_token_is_type(kind);
}

kw_node *kw_p_qualified(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    size_t mark = kw_p_mark(p);
    const kw_name *name = kw_p_take_name(p);
    if (name == NULL || !kw_p_push(p, &name, sizeof(name)))
        return NULL;
    /* In a[i::2] the two colons belong to the slice. */
    while (kw_p_at(p, KW_T_QUALIFIER) && is_name_token(kw_p_peek(p)->kind)) {
        kw_p_advance(p);
        name = kw_p_take_name(p);
        if (name == NULL || !kw_p_push(p, &name, sizeof(name)))
            return NULL;
    }
    void *parts;
    uint32_t count;
    if (!kw_p_take(p, mark, sizeof(name), &parts, &count))
        return NULL;
    kw_node *node = kw_p_node(p, count == 1 ? KW_N_NAME : KW_N_QUALIFIED, pos);
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
    if (kw_p_peek(p)->kind == KW_T_QUALIFIER)
        return kw_p_qualified(p);
    kw_pos pos = p->token.pos;
    bool none = kw_p_at(p, KW_K_NONE);
    kw_name *name = kw_p_take_name(p);
    if (name == NULL)
        return NULL;
    return none ? string_node(p, "null", 4, pos) : string_node(p, name->text, name->size, pos);
}

static kw_node *parse_super(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    kw_p_advance(p);
    if (!kw_p_expect(p, KW_T_DOT, "Expected '.' after 'super'."))
        return NULL;
    kw_node *node = kw_p_node(p, KW_N_SUPER_CALL, pos);
    if (node == NULL)
        return NULL;
    node->as.method.name = kw_p_name(p, "Expected identifier after '.' in member access.");
    if (node->as.method.name == NULL)
        return NULL;
    if (!kw_p_at(p, KW_T_LPAREN))
        return kw_p_fail(p, "Expected '(' after the method name in 'super' call.");
    return kw_p_args(p, &node->as.method.args) ? node : NULL;
}

/* import e, include e, eval e: the operand is a whole expression. */
static kw_node *parse_word_expr(kw_parser *p, kw_node_kind kind)
{
    kw_node *node = kw_p_node(p, kind, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    node->as.value = kw_p_expr(p);
    return node->as.value != NULL ? node : NULL;
}

static kw_node *parse_plain(kw_parser *p, kw_node_kind kind)
{
    kw_node *node = kw_p_node(p, kind, p->token.pos);
    if (node == NULL)
        return NULL;
    if (kind == KW_N_INTEGER)
        node->as.integer = p->token.integer;
    else if (kind == KW_N_FLOAT)
        node->as.number = p->token.number;
    if (kind != KW_N_ATTRIBUTE && kind != KW_N_STATIC) {
        kw_p_advance(p);
        return node;
    }
    node->as.name = kw_p_take_name(p);
    return node->as.name != NULL ? node : NULL;
}

static kw_node *parse_primary(kw_parser *p)
{
    switch ((int)p->token.kind) {
    case KW_T_NAME: return kw_p_qualified(p);
    case KW_T_INTEGER: return parse_plain(p, KW_N_INTEGER);
    case KW_T_FLOAT: return parse_plain(p, KW_N_FLOAT);
    case KW_T_STRING: return kw_p_string(p);
    case KW_T_BYTES: return kw_p_bytes(p);
    case KW_T_ATTRIBUTE: return parse_plain(p, KW_N_ATTRIBUTE);
    case KW_T_STATIC_NAME: return parse_plain(p, KW_N_STATIC);
    case KW_T_SELF: return parse_plain(p, KW_N_SELF);
    case KW_K_NULL: return parse_plain(p, KW_N_NULL);
    case KW_K_TRUE: return parse_plain(p, KW_N_TRUE);
    case KW_K_FALSE: return parse_plain(p, KW_N_FALSE);
    case KW_T_LPAREN: return parse_group(p);
    case KW_T_LBRACKET: return parse_list(p);
    case KW_T_LBRACE: return parse_hashmap(p);
    case KW_K_CASE: return kw_p_case(p);
    case KW_K_WITH: return kw_p_lambda(p);
    case KW_K_DO: return kw_p_starts_value(p) ? kw_p_lambda(p) : kw_p_unexpected(p);
    case KW_K_SUPER: return parse_super(p);
    case KW_K_IMPORT: return parse_word_expr(p, KW_N_IMPORT);
    case KW_K_INCLUDE: return parse_word_expr(p, KW_N_INCLUDE);
    case KW_K_EVAL: return parse_word_expr(p, KW_N_EVAL);
    case KW_K_EMIT: return kw_p_emit(p);
    case KW_K_PRINT:
    case KW_K_PRINTLN:
    case KW_K_EPRINT:
    case KW_K_EPRINTLN:
    case KW_K_PRINTXY: return kw_p_print(p);
    case KW_K_WHILE:
    case KW_K_REPEAT:
    case KW_K_FOR: return kw_p_loop(p);
    case KW_K_TRY: return kw_p_try(p);
    default: return kw_token_is_type(p->token.kind) ? parse_type_word(p) : kw_p_unexpected(p);
    }
}

/* --- postfix expressions and assignment --- */

/* Any word may be the name of a method that is called: none, any, next, and, ... */
static bool at_method_word(kw_parser *p)
{
    kw_token_kind kind = p->token.kind;
    bool word = kw_token_is_keyword(kind);
    if (kind == KW_T_AND || kind == KW_T_OR || kind == KW_T_NOT) /* written as words? */
        word = strchr("aon", p->options->text[p->token.pos.offset]) != NULL;
    return word && kw_p_peek(p)->kind == KW_T_LPAREN;
}

static kw_node *parse_member(kw_parser *p, kw_node *object)
{
    kw_pos pos = p->token.pos;
    kw_p_advance(p);
    kw_name *name = at_method_word(p)
                        ? kw_p_take_name(p)
                        : kw_p_name(p, "Expected identifier after '.' in member access.");
    if (name == NULL)
        return NULL;
    bool call = kw_p_at(p, KW_T_LPAREN) && kw_p_same_line(p);
    kw_node *node = kw_p_node(p, call ? KW_N_METHOD_CALL : KW_N_MEMBER, pos);
    if (node == NULL)
        return NULL;
    if (!call) {
        node->as.member.object = object;
        node->as.member.name = name;
        return node;
    }
    node->as.method.object = object;
    node->as.method.name = name;
    return kw_p_args(p, &node->as.method.args) ? node : NULL;
}

static kw_node *parse_call(kw_parser *p, kw_node *callee)
{
    kw_node *node = kw_p_node(p, KW_N_CALL, callee->pos);
    if (node == NULL)
        return NULL;
    node->as.call.callee = callee;
    return kw_p_args(p, &node->as.call.args) ? node : NULL;
}

/* One optional part of a slice: nothing before a colon or the bracket. */
static bool slice_part(kw_parser *p, kw_node **part)
{
    *part = NULL;
    if (kw_p_at(p, KW_T_COLON) || kw_p_at(p, KW_T_QUALIFIER) || kw_p_at(p, KW_T_RBRACKET))
        return true;
    *part = kw_p_expr(p);
    return *part != NULL;
}

static kw_node *parse_slice(kw_parser *p, kw_node *object, kw_node *start, kw_pos pos)
{
    kw_node *node = kw_p_node(p, KW_N_SLICE, pos);
    if (node == NULL)
        return NULL;
    node->as.slice.object = object;
    node->as.slice.start = start;
    bool step = kw_p_at(p, KW_T_QUALIFIER); /* x[a::c] */
    kw_p_advance(p);
    if (!step) {
        if (!slice_part(p, &node->as.slice.stop))
            return NULL;
        step = kw_p_accept(p, KW_T_COLON);
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
    kw_p_advance(p);
    if (kw_p_at(p, KW_T_RBRACKET))
        return kw_p_fail(p, "Invalid index value in indexer.");
    kw_node *start, *node;
    if (!slice_part(p, &start))
        return NULL;
    if (kw_p_at(p, KW_T_COLON) || kw_p_at(p, KW_T_QUALIFIER)) {
        node = parse_slice(p, object, start, pos);
    } else {
        node = kw_p_node(p, KW_N_INDEX, pos);
        if (node != NULL) {
            node->as.index.object = object;
            node->as.index.index = start;
        }
    }
    p->context = outer;
    if (node == NULL || !kw_p_expect(p, KW_T_RBRACKET, "Expected ']' in indexer."))
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
        return kw_p_unexpected(p);
    if (target->kind == KW_N_SLICE && op != KW_OPR_NONE)
        return kw_p_fail(p, "Compound assignment operators are not supported on slice ranges.");
    kw_node *node = kw_p_node(p, KW_N_ASSIGN, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    node->as.assign.target = target;
    node->as.assign.op = op;
    node->as.assign.value = kw_p_expr(p);
    return node->as.assign.value != NULL && kw_p_link(p) ? node : NULL;
}

static kw_node *parse_postfix(kw_parser *p)
{
    bool grouped = kw_p_at(p, KW_T_LPAREN); /* (a) = 1 assigns nothing */
    kw_node *node = parse_primary(p);
    while (node != NULL) {
        if (kw_p_at(p, KW_T_DOT))
            node = parse_member(p, node);
        else if (kw_p_at(p, KW_T_LPAREN) && kw_p_same_line(p))
            node = parse_call(p, node);
        else if (kw_p_at(p, KW_T_LBRACKET) && kw_p_same_line(p))
            node = parse_index(p, node);
        else
            break;
        grouped = false;
        if (!kw_p_link(p))
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
    if (!kw_p_enter(p, &level))
        return NULL;
    kw_node *node = kw_p_node(p, KW_N_UNARY, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    node->as.unary.op = op;
    node->as.unary.operand = parse_unary(p);
    return kw_p_leave(p, level) && node->as.unary.operand != NULL ? node : NULL;
}

static kw_node *parse_binary(kw_parser *p, int least)
{
    kw_level level;
    if (!kw_p_enter(p, &level))
        return NULL;
    kw_node *left = parse_unary(p);
    while (left != NULL) {
        binary_rule rule = binary_of(p->token.kind);
        if (rule.level < least || !kw_p_same_line(p))
            break;
        bool logical = rule.level <= 2;
        kw_node *node = kw_p_node(p, logical ? KW_N_LOGICAL : KW_N_BINARY, p->token.pos);
        if (node == NULL)
            return NULL;
        kw_p_advance(p);
        node->as.binary.op = rule.op;
        node->as.binary.left = left;
        node->as.binary.right = parse_binary(p, rule.level + 1);
        left = node->as.binary.right != NULL && kw_p_link(p) ? node : NULL;
    }
    return kw_p_leave(p, level) ? left : NULL;
}

static kw_node *parse_ternary(kw_parser *p, kw_node *condition)
{
    kw_level level = {0};
    uint32_t before = p->height; /* the condition is part of this node */
    if (!kw_p_enter(p, &level))
        return NULL;
    p->height = before;
    kw_node *node = kw_p_node(p, KW_N_TERNARY, condition->pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    node->as.ternary.condition = condition;
    node->as.ternary.yes = kw_p_expr(p);
    if (node->as.ternary.yes == NULL ||
        !kw_p_expect(p, KW_T_COLON, "Expected ':' in ternary operation."))
        return NULL;
    node->as.ternary.no = kw_p_expr(p);
    return node->as.ternary.no != NULL && kw_p_leave(p, level) ? node : NULL;
}

kw_node *kw_p_expr(kw_parser *p)
{
    kw_node *node = parse_binary(p, 1);
    if (node != NULL && kw_p_at(p, KW_T_QUESTION))
        return parse_ternary(p, node);
    return node;
}
