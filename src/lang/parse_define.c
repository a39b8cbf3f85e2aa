/* parse_define.c - structs, enums, packages, variables, constants and events. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "lang/parse_internal.h"

/* --- structs --- */

typedef struct modifiers {
    bool is_static;
    bool is_private;
    bool is_abstract;
    bool is_override;
} modifiers;

static modifiers parse_modifiers(kw_parser *p)
{
    modifiers m = {0};
    for (;;) {
        if (kw_parse_accept(p, KW_KEY_STATIC))
            m.is_static = true;
        else if (kw_parse_accept(p, KW_KEY_PRIVATE))
            m.is_private = true;
        else if (kw_parse_accept(p, KW_KEY_ABSTRACT))
            m.is_abstract = true;
        else if (kw_parse_accept(p, KW_KEY_OVERRIDE))
            m.is_override = true;
        else
            return m;
    }
}

/* [: type]: any one name, known or not. */
static bool skip_static_type(kw_parser *p)
{
    if (!kw_parse_accept(p, KW_T_COLON))
        return !kw_parse_failed(p);
    if (!kw_parse_at(p, KW_T_NAME) && !kw_lex_is_type(p->token.kind))
        return kw_parse_fail(p, KW_E_STATIC_TYPE) != NULL;
    kw_parse_advance(p);
    return !kw_parse_failed(p);
}

/* static @name [: type] = value, behind `static`. */
static bool parse_static(kw_parser *p, kw_static_decl *decl)
{
    *decl = (kw_static_decl){.pos = p->token.pos};
    decl->name = kw_parse_take_name(p);
    if (decl->name == NULL || !skip_static_type(p) || !kw_parse_expect(p, KW_T_ASSIGN, KW_E_STATIC_ASSIGN))
        return false;
    decl->value = kw_parse_expr(p);
    return decl->value != NULL;
}

/* A struct has two lists in one text; the statics wait in a chain of their own. */
typedef struct static_link {
    struct static_link *next;
    kw_static_decl decl;
} static_link;

typedef struct member_lists {
    static_link *first;
    static_link **tail;
    uint32_t static_count;
} member_lists;

static bool add_static(kw_parser *p, member_lists *lists)
{
    static_link *link = kw_parse_alloc(p, sizeof(*link));
    if (link == NULL || !parse_static(p, &link->decl))
        return false;
    *lists->tail = link;
    lists->tail = &link->next;
    lists->static_count++;
    return true;
}

static bool finish_statics(kw_parser *p, const member_lists *lists, kw_struct_node *node)
{
    if (lists->static_count == 0)
        return true;
    node->statics = kw_parse_alloc(p, lists->static_count * sizeof(*node->statics));
    if (node->statics == NULL)
        return false;
    for (const static_link *link = lists->first; link != NULL; link = link->next)
        node->statics[node->static_count++] = link->decl;
    assert(node->static_count == lists->static_count); /* the room was made for these */
    return true;
}

/* One member; functions go onto the scratch stack, other statements are parsed and dropped. */
static bool parse_member(kw_parser *p, member_lists *lists)
{
    modifiers m = parse_modifiers(p);
    bool modified = m.is_static || m.is_private || m.is_abstract || m.is_override;
    if (m.is_static && kw_parse_at(p, KW_T_ATTRIBUTE) && kw_parse_peek(p)->kind != KW_KEY_FN)
        return add_static(p, lists);
    if (kw_parse_at(p, KW_KEY_FN)) {
        kw_level level;
        if (!kw_parse_enter(p, &level))
            return false;
        kw_node *node = kw_parse_function(p, true);
        if (node == NULL || !kw_parse_leave(p, level))
            return false;
        kw_function_node *f = node->as.function;
        f->is_static = m.is_static;
        f->is_private = m.is_private;
        f->is_abstract = m.is_abstract;
        f->is_override = m.is_override;
        return kw_parse_push(p, &node, sizeof(kw_node *));
    }
    if (modified && !kw_parse_at(p, KW_T_ATTRIBUTE))
        return kw_parse_fail(p, KW_E_STRUCT_FN) != NULL;
    return kw_parse_statement(p) != NULL;
}

static bool parse_struct_head(kw_parser *p, kw_struct_node *node)
{
    kw_name *name = kw_parse_name(p, KW_E_STRUCT_NAME);
    if (name == NULL)
        return false;
    name->is_struct = true; /* its own methods may use it as a type */
    node->name = name;
    if (kw_parse_accept(p, KW_T_LT)) {
        node->base = kw_parse_name(p, KW_E_BASE_NAME);
        if (node->base == NULL)
            return false;
    }
    if (!kw_parse_accept(p, KW_T_COLON))
        return !kw_parse_failed(p);
    do { /* interfaces: accepted and ignored */
        if (kw_parse_name(p, KW_E_INTERFACE_NAME) == NULL)
            return false;
    } while (kw_parse_accept(p, KW_T_COMMA));
    return !kw_parse_failed(p);
}

kw_node *kw_parse_struct(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    kw_struct_node *body = kw_parse_alloc(p, sizeof(*body));
    kw_node *node = kw_parse_node(p, KW_N_STRUCT, pos);
    if (node == NULL || body == NULL)
        return NULL;
    node->as.struct_def = body;
    body->is_abstract = kw_parse_accept(p, KW_KEY_ABSTRACT);
    kw_token opener = p->token;
    if (!kw_parse_expect(p, KW_KEY_STRUCT, KW_E_ABSTRACT_STRUCT) || !parse_struct_head(p, body))
        return NULL;
    kw_function_node *outer_function = p->function;
    kw_context outer = p->context;
    member_lists lists = {0};
    lists.tail = &lists.first;
    size_t mark = kw_parse_mark(p);
    p->function = NULL;
    p->structs++;
    p->context = (kw_context){0};
    while (!kw_parse_at(p, KW_KEY_END)) {
        if (kw_parse_at(p, KW_T_EOF))
            return kw_parse_unclosed(p, &opener);
        if (!kw_parse_accept(p, KW_T_COMMA) && !parse_member(p, &lists))
            return NULL;
    }
    assert(p->function == NULL && p->structs > 0); /* the methods have closed what they opened */
    p->function = outer_function;
    p->structs--;
    p->context = outer;
    kw_parse_advance(p);
    if (!kw_parse_take_nodes(p, mark, &body->methods) || !finish_statics(p, &lists, body))
        return NULL;
    return kw_parse_failed(p) ? NULL : node;
}

/* --- enums, packages --- */

kw_node *kw_parse_enum(kw_parser *p)
{
    kw_token opener = p->token;
    kw_node *node = kw_parse_node(p, KW_N_ENUM, opener.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    node->as.enum_def.name = kw_parse_name(p, KW_E_ENUM_NAME);
    if (node->as.enum_def.name == NULL)
        return NULL;
    size_t mark = kw_parse_mark(p);
    while (!kw_parse_at(p, KW_KEY_END)) {
        kw_enum_member member = {.pos = p->token.pos};
        if (kw_parse_at(p, KW_T_EOF))
            return kw_parse_unclosed(p, &opener);
        member.name = kw_parse_name(p, KW_E_ENUM_MEMBER);
        if (member.name == NULL)
            return NULL;
        if (kw_parse_accept(p, KW_T_ASSIGN)) {
            member.value = kw_parse_expr(p);
            if (member.value == NULL)
                return NULL;
        }
        if (!kw_parse_push(p, &member, sizeof(member)))
            return NULL;
    }
    kw_parse_advance(p);
    void *members;
    if (!kw_parse_take(p, mark, sizeof(kw_enum_member), &members, &node->as.enum_def.count))
        return NULL;
    node->as.enum_def.members = members;
    return node;
}

kw_node *kw_parse_package(kw_parser *p)
{
    kw_error_id expected = KW_E_PACKAGE_NAME;
    kw_token opener = p->token;
    kw_node *node = kw_parse_node(p, KW_N_PACKAGE, opener.pos);
    size_t mark = kw_parse_mark(p);
    if (node == NULL)
        return NULL;
    do {
        kw_parse_advance(p);
        const kw_name *name = kw_lex_is_type(p->token.kind) ? kw_parse_take_name(p) : kw_parse_name(p, expected);
        if (name == NULL || !kw_parse_push(p, &name, sizeof(name)))
            return NULL;
    } while (kw_parse_at(p, KW_T_QUALIFIER));
    void *parts;
    if (!kw_parse_take(p, mark, sizeof(const kw_name *), &parts, &node->as.package.count))
        return NULL;
    node->as.package.parts = parts;
    if (node->as.package.count > KW_NESTING_MAX) /* each part is a package inside the one before */
        return kw_parse_fail(p, KW_E_NESTING);
    return kw_parse_block(p, &node->as.package.body, &opener) ? node : NULL;
}

/* --- var, const --- */

static bool parse_var_decl(kw_parser *p, bool grouped)
{
    kw_var_decl decl = {.pos = p->token.pos};
    decl.name = kw_parse_name(p, grouped ? KW_E_VARIABLE_NAME : KW_E_VARIABLE_OR_PAREN);
    if (decl.name == NULL || !kw_parse_hint(p, &decl.hint))
        return false;
    if (kw_parse_accept(p, KW_T_ASSIGN) && (decl.value = kw_parse_expr(p)) == NULL)
        return false;
    return kw_parse_push(p, &decl, sizeof(decl));
}

/* The declarations between parentheses, behind the first; a comma may follow the last. */
static bool parse_var_group(kw_parser *p)
{
    while (!kw_parse_at(p, KW_T_RPAREN)) {
        if (!parse_var_decl(p, true))
            return false;
        if (!kw_parse_accept(p, KW_T_COMMA))
            break;
    }
    return kw_parse_expect(p, KW_T_RPAREN, KW_E_VARIABLES_PAREN);
}

static bool check_var_names(kw_parser *p, const kw_var_decl *decls, uint32_t count)
{
    uint32_t stamp = ++p->stamp;
    for (uint32_t i = 0; i < count; i++) {
        kw_name *name = kw_arena_name(p->arena, decls[i].name->text, decls[i].name->size);
        if (name == NULL)
            return kw_parse_no_memory(p) != NULL;
        assert(name == decls[i].name); /* only that it can be written to */
        if (name->stamp == stamp) {
            char message[160];
            snprintf(message, sizeof(message), KW_E_TEXT_VARIABLE_TWICE, name->text);
            kw_token token = {.pos = decls[i].pos, .end_line = decls[i].pos.line};
            token.end_column = decls[i].pos.column + name->size;
            return kw_parse_fail_at(p, &token, KW_E_VARIABLE_TWICE, message) != NULL;
        }
        name->stamp = stamp;
    }
    return true;
}

kw_node *kw_parse_var(kw_parser *p)
{
    kw_node *node = kw_parse_node(p, KW_N_VAR, p->token.pos);
    size_t mark = kw_parse_mark(p);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    if (!(kw_parse_accept(p, KW_T_LPAREN) ? parse_var_group(p) : parse_var_decl(p, false)))
        return NULL;
    void *items;
    if (!kw_parse_take(p, mark, sizeof(kw_var_decl), &items, &node->as.var.count))
        return NULL;
    node->as.var.items = items;
    return check_var_names(p, items, node->as.var.count) ? node : NULL;
}

kw_node *kw_parse_const(kw_parser *p)
{
    kw_node *node = kw_parse_node(p, KW_N_CONST, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    kw_token token = p->token;
    kw_name *name = kw_parse_name(p, KW_E_CONSTANT_NAME);
    if (name == NULL)
        return NULL;
    name->is_constant |= p->function != NULL;
    for (uint32_t i = 0; i < name->size; i++)
        if (name->text[i] >= 'a' && name->text[i] <= 'z')
            return kw_parse_fail_at(p, &token, KW_E_CONSTANT_LETTERS, NULL);
    if (!kw_parse_expect(p, KW_T_ASSIGN, KW_E_CONSTANT_ASSIGN))
        return NULL;
    node->as.constant.name = name;
    node->as.constant.value = kw_parse_expr(p);
    return node->as.constant.value != NULL ? node : NULL;
}

/* --- events --- */

/* A plain or interpolated string or the name of a variable. */
static kw_node *parse_event_name(kw_parser *p, kw_error_id expected)
{
    if (kw_parse_at(p, KW_T_STRING))
        return kw_parse_string(p);
    if (!kw_parse_at(p, KW_T_NAME))
        return kw_parse_fail(p, expected);
    kw_node *node = kw_parse_node(p, KW_N_NAME, p->token.pos);
    if (node == NULL)
        return NULL;
    node->as.name = kw_parse_take_name(p);
    return node->as.name != NULL ? node : NULL;
}

static kw_node *parse_handler(kw_parser *p)
{
    if (kw_parse_at(p, KW_KEY_WITH) || (kw_parse_at(p, KW_KEY_DO) && kw_parse_starts_value(p)))
        return kw_parse_lambda(p);
    if (kw_parse_at(p, KW_KEY_DO))
        return kw_parse_block_lambda(p);
    if (!kw_parse_expect(p, KW_T_LPAREN, KW_E_EVENT_HANDLER))
        return NULL;
    kw_node *handler = kw_parse_expr(p);
    if (handler == NULL || !kw_parse_expect(p, KW_T_RPAREN, KW_E_EVENT_PAREN))
        return NULL;
    return handler;
}

kw_node *kw_parse_on(kw_parser *p)
{
    kw_node *node = kw_parse_node(p, KW_N_ON, p->token.pos);
    if (node == NULL)
        return NULL;
    node->as.on.once = kw_parse_at(p, KW_KEY_ONCE);
    kw_parse_advance(p);
    if (!kw_parse_at(p, KW_T_STRING) || p->token.interpolated)
        return kw_parse_fail(p, KW_E_ON_NAME);
    kw_node *name = kw_parse_string(p);
    if (name == NULL)
        return NULL;
    assert(name->kind == KW_N_STRING); /* without ${} it is no interpolation */
    node->as.on.text = name->as.string.text;
    node->as.on.size = name->as.string.size;
    if (kw_parse_accept(p, KW_T_COMMA)) {
        node->as.on.priority = p->token.integer;
        if (!kw_parse_expect(p, KW_T_INTEGER, KW_E_EVENT_PRIORITY))
            return NULL;
    }
    node->as.on.handler = parse_handler(p);
    return node->as.on.handler != NULL ? node : NULL;
}

kw_node *kw_parse_off(kw_parser *p)
{
    kw_node *node = kw_parse_node(p, KW_N_OFF, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    node->as.off.name = parse_event_name(p, KW_E_OFF_NAME);
    if (node->as.off.name == NULL)
        return NULL;
    if (!kw_parse_at(p, KW_T_LPAREN) || !kw_parse_same_line(p))
        return node;
    node->as.off.callable = parse_handler(p);
    return node->as.off.callable != NULL ? node : NULL;
}

kw_node *kw_parse_emit(kw_parser *p)
{
    kw_node *node = kw_parse_node(p, KW_N_EMIT, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_parse_advance(p);
    node->as.emit.name = parse_event_name(p, KW_E_EMIT_NAME);
    if (node->as.emit.name == NULL)
        return NULL;
    if (!kw_parse_at(p, KW_T_LPAREN) || !kw_parse_same_line(p))
        return node;
    return kw_parse_args(p, &node->as.emit.args) ? node : NULL;
}
