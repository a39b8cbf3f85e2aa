/* parse_define.c - structs, enums, packages, variables, constants and events. */
#include "config.h"

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
        if (kw_p_accept(p, KW_K_STATIC))
            m.is_static = true;
        else if (kw_p_accept(p, KW_K_PRIVATE))
            m.is_private = true;
        else if (kw_p_accept(p, KW_K_ABSTRACT))
            m.is_abstract = true;
        else if (kw_p_accept(p, KW_K_OVERRIDE))
            m.is_override = true;
        else
            return m;
    }
}

/* static @name [: type] = value, behind `static`. */
static bool parse_static(kw_parser *p, kw_static_decl *decl)
{
    *decl = (kw_static_decl){.pos = p->token.pos};
    decl->name = kw_p_take_name(p);
    kw_type_hint hint;
    if (decl->name == NULL ||
        !kw_p_hint(p, &hint, "Expected a type name in static variable type hint.") ||
        !kw_p_expect(p, KW_T_ASSIGN, "Expected '=' after the name of a static variable."))
        return false;
    decl->value = kw_p_expr(p);
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
    static_link *link = kw_p_alloc(p, sizeof(*link));
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
    node->statics = kw_p_alloc(p, lists->static_count * sizeof(*node->statics));
    if (node->statics == NULL)
        return false;
    for (const static_link *link = lists->first; link != NULL; link = link->next)
        node->statics[node->static_count++] = link->decl;
    return true;
}

/* One member; functions go onto the scratch stack, other statements are parsed and dropped. */
static bool parse_member(kw_parser *p, member_lists *lists)
{
    modifiers m = parse_modifiers(p);
    bool modified = m.is_static || m.is_private || m.is_abstract || m.is_override;
    if (m.is_static && kw_p_at(p, KW_T_ATTRIBUTE) && kw_p_peek(p)->kind != KW_K_FN)
        return add_static(p, lists);
    if (kw_p_at(p, KW_K_FN)) {
        kw_level level;
        if (!kw_p_enter(p, &level))
            return false;
        kw_node *node = kw_p_function(p, true);
        if (node == NULL || !kw_p_leave(p, level))
            return false;
        kw_function_node *f = node->as.function;
        f->is_static = m.is_static;
        f->is_private = m.is_private;
        f->is_abstract = m.is_abstract;
        f->is_override = m.is_override;
        return kw_p_push(p, &node, sizeof(kw_node *));
    }
    if (modified && !kw_p_at(p, KW_T_ATTRIBUTE))
        return kw_p_fail(p, "Expected 'fn' in struct.") != NULL;
    return kw_p_statement(p) != NULL;
}

static bool parse_struct_head(kw_parser *p, kw_struct_node *node)
{
    kw_name *name = kw_p_name(p, "Expected identifier for struct name.");
    if (name == NULL)
        return false;
    name->is_struct = true; /* its own methods may use it as a type */
    node->name = name;
    if (kw_p_accept(p, KW_T_LT)) {
        node->base = kw_p_name(p, "Expected identifier for base struct name.");
        if (node->base == NULL)
            return false;
    }
    if (!kw_p_accept(p, KW_T_COLON))
        return !kw_p_failed(p);
    do { /* interfaces: accepted and ignored */
        if (kw_p_name(p, "Expected identifier for interface name.") == NULL)
            return false;
    } while (kw_p_accept(p, KW_T_COMMA));
    return !kw_p_failed(p);
}

kw_node *kw_p_struct(kw_parser *p)
{
    kw_pos pos = p->token.pos;
    kw_struct_node *body = kw_p_alloc(p, sizeof(*body));
    kw_node *node = kw_p_node(p, KW_N_STRUCT, pos);
    if (node == NULL || body == NULL)
        return NULL;
    node->as.struct_def = body;
    body->is_abstract = kw_p_accept(p, KW_K_ABSTRACT);
    kw_token opener = p->token;
    if (!kw_p_expect(p, KW_K_STRUCT, "Expected 'struct' after 'abstract'.") ||
        !parse_struct_head(p, body))
        return NULL;
    kw_function_node *outer_function = p->function;
    kw_context outer = p->context;
    member_lists lists = {0};
    lists.tail = &lists.first;
    size_t mark = kw_p_mark(p);
    p->function = NULL;
    p->context = (kw_context){0};
    while (!kw_p_at(p, KW_K_END)) {
        if (kw_p_at(p, KW_T_EOF))
            return kw_p_unclosed(p, &opener);
        if (!kw_p_accept(p, KW_T_COMMA) && !parse_member(p, &lists))
            return NULL;
    }
    p->function = outer_function;
    p->context = outer;
    kw_p_advance(p);
    if (!kw_p_take_nodes(p, mark, &body->methods) || !finish_statics(p, &lists, body))
        return NULL;
    return kw_p_failed(p) ? NULL : node;
}

/* --- enums, packages --- */

kw_node *kw_p_enum(kw_parser *p)
{
    kw_token opener = p->token;
    kw_node *node = kw_p_node(p, KW_N_ENUM, opener.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    node->as.enum_def.name = kw_p_name(p, "Expected identifier for enum name.");
    if (node->as.enum_def.name == NULL)
        return NULL;
    size_t mark = kw_p_mark(p);
    while (!kw_p_at(p, KW_K_END)) {
        kw_enum_member member = {.pos = p->token.pos};
        if (kw_p_at(p, KW_T_EOF))
            return kw_p_unclosed(p, &opener);
        member.name = kw_p_name(p, "Expected identifier for enum member name.");
        if (member.name == NULL)
            return NULL;
        if (kw_p_accept(p, KW_T_ASSIGN)) {
            member.value = kw_p_expr(p);
            if (member.value == NULL)
                return NULL;
        }
        if (!kw_p_push(p, &member, sizeof(member)))
            return NULL;
    }
    kw_p_advance(p);
    void *members;
    if (!kw_p_take(p, mark, sizeof(kw_enum_member), &members, &node->as.enum_def.count))
        return NULL;
    node->as.enum_def.members = members;
    return node;
}

kw_node *kw_p_package(kw_parser *p)
{
    const char *message = "Expected identifier for package name.";
    kw_token opener = p->token;
    kw_node *node = kw_p_node(p, KW_N_PACKAGE, opener.pos);
    size_t mark = kw_p_mark(p);
    if (node == NULL)
        return NULL;
    do {
        kw_p_advance(p);
        const kw_name *name = kw_token_is_type(p->token.kind) ? kw_p_take_name(p)
                                                              : kw_p_name(p, message);
        if (name == NULL || !kw_p_push(p, &name, sizeof(name)))
            return NULL;
    } while (kw_p_at(p, KW_T_QUALIFIER));
    void *parts;
    if (!kw_p_take(p, mark, sizeof(const kw_name *), &parts, &node->as.package.count))
        return NULL;
    node->as.package.parts = parts;
    if (node->as.package.count > KW_NESTING_MAX) /* each part is a package inside the one before */
        return kw_p_fail(p, "Nesting too deep.");
    return kw_p_block(p, &node->as.package.body, &opener) ? node : NULL;
}

/* --- var, const --- */

static bool parse_var_decl(kw_parser *p, kw_var_decl *decl)
{
    *decl = (kw_var_decl){.pos = p->token.pos};
    decl->name = kw_p_name(p, "Expected variable name or '(' after 'var'.");
    if (decl->name == NULL ||
        !kw_p_hint(p, &decl->hint, "Expected a type name in variable type hint."))
        return false;
    if (!kw_p_accept(p, KW_T_ASSIGN))
        return !kw_p_failed(p);
    decl->value = kw_p_expr(p);
    return decl->value != NULL;
}

static bool check_var_names(kw_parser *p, const kw_var_decl *decls, uint32_t count)
{
    uint32_t stamp = ++p->stamp;
    for (uint32_t i = 0; i < count; i++) {
        kw_name *name = kw_arena_name(p->arena, decls[i].name->text, decls[i].name->size);
        if (name == NULL)
            return kw_p_no_memory(p) != NULL;
        if (name->stamp == stamp) {
            char message[160];
            snprintf(message, sizeof(message), "The variable name `%.80s` is already declared.",
                     name->text);
            kw_token token = {.pos = decls[i].pos, .end_line = decls[i].pos.line};
            token.end_column = decls[i].pos.column + name->size;
            return kw_p_fail_at(p, &token, "SyntaxError", message) != NULL;
        }
        name->stamp = stamp;
    }
    return true;
}

kw_node *kw_p_var(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_VAR, p->token.pos);
    size_t mark = kw_p_mark(p);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    bool grouped = kw_p_accept(p, KW_T_LPAREN);
    do {
        kw_var_decl decl;
        if (!parse_var_decl(p, &decl) || !kw_p_push(p, &decl, sizeof(decl)))
            return NULL;
    } while (grouped && kw_p_accept(p, KW_T_COMMA));
    if (grouped && !kw_p_expect(p, KW_T_RPAREN, "Expected ',' or ')' in variable list."))
        return NULL;
    void *items;
    if (!kw_p_take(p, mark, sizeof(kw_var_decl), &items, &node->as.var.count))
        return NULL;
    node->as.var.items = items;
    return check_var_names(p, items, node->as.var.count) ? node : NULL;
}

kw_node *kw_p_const(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_CONST, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    kw_token token = p->token;
    const kw_name *name = kw_p_name(p, "Expected identifier after 'const'.");
    if (name == NULL)
        return NULL;
    for (uint32_t i = 0; i < name->size; i++)
        if (name->text[i] >= 'a' && name->text[i] <= 'z')
            return kw_p_fail_at(p, &token, "SyntaxError",
                                "Constant identifiers should contain only uppercase characters "
                                "and underscores.");
    if (!kw_p_expect(p, KW_T_ASSIGN, "Expected '=' in constant definition."))
        return NULL;
    node->as.constant.name = name;
    node->as.constant.value = kw_p_expr(p);
    return node->as.constant.value != NULL ? node : NULL;
}

/* --- events --- */

/* A plain or interpolated string or the name of a variable. */
static kw_node *parse_event_name(kw_parser *p)
{
    if (kw_p_at(p, KW_T_STRING))
        return kw_p_string(p);
    if (!kw_p_at(p, KW_T_NAME))
        return kw_p_fail(p, "Expected event name.");
    kw_node *node = kw_p_node(p, KW_N_NAME, p->token.pos);
    if (node == NULL)
        return NULL;
    node->as.name = kw_p_take_name(p);
    return node->as.name != NULL ? node : NULL;
}

static kw_node *parse_handler(kw_parser *p)
{
    if (kw_p_at(p, KW_K_WITH) || (kw_p_at(p, KW_K_DO) && kw_p_starts_value(p)))
        return kw_p_lambda(p);
    if (kw_p_at(p, KW_K_DO))
        return kw_p_block_lambda(p);
    if (!kw_p_expect(p, KW_T_LPAREN, "Expected an event handler."))
        return NULL;
    kw_node *handler = kw_p_expr(p);
    if (handler == NULL || !kw_p_expect(p, KW_T_RPAREN, "Expected ')' after event handler."))
        return NULL;
    return handler;
}

kw_node *kw_p_on(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_ON, p->token.pos);
    if (node == NULL)
        return NULL;
    node->as.on.once = kw_p_at(p, KW_K_ONCE);
    kw_p_advance(p);
    if (!kw_p_at(p, KW_T_STRING) || p->token.interpolated)
        return kw_p_fail(p, "Expected a string-literal for event name.");
    kw_node *name = kw_p_string(p);
    if (name == NULL)
        return NULL;
    node->as.on.text = name->as.string.text;
    node->as.on.size = name->as.string.size;
    if (kw_p_accept(p, KW_T_COMMA)) {
        node->as.on.priority = p->token.integer;
        if (!kw_p_expect(p, KW_T_INTEGER, "Expected an integer priority after ','."))
            return NULL;
    }
    node->as.on.handler = parse_handler(p);
    return node->as.on.handler != NULL ? node : NULL;
}

kw_node *kw_p_off(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_OFF, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    node->as.off.name = parse_event_name(p);
    if (node->as.off.name == NULL)
        return NULL;
    if (!kw_p_at(p, KW_T_LPAREN) || !kw_p_same_line(p))
        return node;
    node->as.off.callable = parse_handler(p);
    return node->as.off.callable != NULL ? node : NULL;
}

kw_node *kw_p_emit(kw_parser *p)
{
    kw_node *node = kw_p_node(p, KW_N_EMIT, p->token.pos);
    if (node == NULL)
        return NULL;
    kw_p_advance(p);
    node->as.emit.name = parse_event_name(p);
    if (node->as.emit.name == NULL)
        return NULL;
    if (!kw_p_at(p, KW_T_LPAREN) || !kw_p_same_line(p))
        return node;
    return kw_p_args(p, &node->as.emit.args) ? node : NULL;
}
