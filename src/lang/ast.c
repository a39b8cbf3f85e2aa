/* ast.c - names of node kinds and operators, and the dump that the tests compare. */
#include "config.h"

#include "lang/ast.h"

#include <inttypes.h>
#include <string.h>

const char *kw_ast_kind_name(kw_node_kind kind)
{
    static const char *const NAMES[] = {
#define NAME(name, member, meaning) #name,
        KW_NODES(NAME)
#undef NAME
    };
    return kind < KW_N_COUNT ? NAMES[kind] : "?";
}

const char *kw_ast_operator_text(kw_opr op)
{
    static const char *const TEXTS[] = {
#define TEXT(name, text) text,
        KW_OPERATORS(TEXT)
#undef TEXT
    };
    return op < KW_OPR_COUNT ? TEXTS[op] : "?";
}

/* --- pieces --- */

static void dump_text(FILE *out, const char *text, size_t size)
{
    fputc('"', out);
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c == '\n')
            fputs("\\n", out);
        else if (c < 0x20 || c == 0x7F)
            fprintf(out, "\\x%02X", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

/* " name", or nothing for NULL. */
static void dump_name(FILE *out, const kw_name *name)
{
    if (name != NULL)
        fprintf(out, " %s", name->text);
}

/* " node"; `_` for a node that is not there. */
static void dump_child(FILE *out, const kw_node *node)
{
    fputc(' ', out);
    kw_ast_dump(out, node);
}

static void dump_optional(FILE *out, const char *label, const kw_node *node)
{
    if (node == NULL)
        return;
    fprintf(out, " %s:", label);
    kw_ast_dump(out, node);
}

static void dump_list(FILE *out, const kw_node_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        dump_child(out, list->items[i]);
}

/* " label[node node]" */
static void dump_body(FILE *out, const char *label, const kw_node_list *list)
{
    fprintf(out, " %s[", label);
    for (uint32_t i = 0; i < list->count; i++) {
        if (i > 0)
            fputc(' ', out);
        kw_ast_dump(out, list->items[i]);
    }
    fputc(']', out);
}

static void dump_args(FILE *out, const kw_arg_list *args)
{
    for (uint32_t i = 0; i < args->count; i++) {
        const kw_arg_node *arg = &args->items[i];
        fputc(' ', out);
        if (arg->name != NULL)
            fprintf(out, "%s=", arg->name->text);
        if (arg->splat)
            fputc('*', out);
        kw_ast_dump(out, arg->value);
    }
}

static void dump_hint(FILE *out, const kw_type_hint *hint)
{
    for (uint32_t i = 0; i < hint->count; i++)
        fprintf(out, "%c%s", i == 0 ? ':' : '|', hint->names[i]->text);
}

static void dump_parts(FILE *out, const kw_name *const *parts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        fprintf(out, "%s%s", i == 0 ? " " : "::", parts[i]->text);
}

/* --- the larger nodes --- */

static void dump_function(FILE *out, const kw_function_node *f)
{
    dump_name(out, f->name);
    fputs(f->is_static ? " static" : "", out);
    fputs(f->is_private ? " private" : "", out);
    fputs(f->is_abstract ? " abstract" : "", out);
    fputs(f->is_override ? " override" : "", out);
    fputs(f->is_operator ? " operator" : "", out);
    fputs(f->has_yield ? " yields" : "", out);
    for (uint32_t i = 0; i < f->decorator_count; i++) {
        fputs(" @(", out);
        kw_ast_dump(out, f->decorators[i].callee);
        dump_args(out, &f->decorators[i].args);
        fputc(')', out);
    }
    fputs(" (", out);
    for (uint32_t i = 0; i < f->param_count; i++) {
        const kw_param_node *param = &f->params[i];
        fprintf(out, "%s%s%s", i > 0 ? " " : "", param->variadic ? "*" : "", param->name->text);
        dump_hint(out, &param->hint);
        if (param->fallback != NULL) {
            fputc('=', out);
            kw_ast_dump(out, param->fallback);
        }
    }
    fputc(')', out);
    dump_hint(out, &f->result);
    dump_body(out, f->is_arrow ? "=>" : "", &f->body);
}

static void dump_case(FILE *out, const kw_case_node *node)
{
    dump_optional(out, "of", node->subject);
    if (node->as_name != NULL)
        fprintf(out, " as:%s", node->as_name->text);
    for (uint32_t i = 0; i < node->clause_count; i++) {
        const kw_case_clause *clause = &node->clauses[i];
        fputs(" (when", out);
        for (uint32_t k = 0; k < clause->condition_count; k++) {
            dump_child(out, clause->conditions[k].low);
            if (clause->conditions[k].high != NULL) {
                fputs("..", out);
                kw_ast_dump(out, clause->conditions[k].high);
            }
        }
        dump_body(out, "", &clause->body);
        fputc(')', out);
    }
    if (node->has_else)
        dump_body(out, "else", &node->else_body);
}

static void dump_if(FILE *out, const kw_if_node *node)
{
    for (uint32_t i = 0; i < node->branch_count; i++) {
        dump_child(out, node->branches[i].condition);
        dump_body(out, "", &node->branches[i].body);
    }
    if (node->has_else)
        dump_body(out, "else", &node->else_body);
}

static void dump_try(FILE *out, const kw_try_node *node)
{
    dump_body(out, "", &node->body);
    if (node->has_catch) {
        fputs(" catch", out);
        dump_name(out, node->first);
        dump_name(out, node->second);
        dump_body(out, "", &node->catch_body);
    }
    if (node->has_finally)
        dump_body(out, "finally", &node->finally_body);
}

static void dump_struct(FILE *out, const kw_struct_node *node)
{
    fputs(node->is_abstract ? " abstract" : "", out);
    dump_name(out, node->name);
    if (node->base != NULL)
        fprintf(out, " <%s", node->base->text);
    for (uint32_t i = 0; i < node->static_count; i++) {
        fprintf(out, " @@%s=", node->statics[i].name->text);
        kw_ast_dump(out, node->statics[i].value);
    }
    dump_list(out, &node->methods);
}

static void dump_var(FILE *out, const kw_var_decl *decls, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        dump_name(out, decls[i].name);
        dump_hint(out, &decls[i].hint);
        if (decls[i].value != NULL) {
            fputc('=', out);
            kw_ast_dump(out, decls[i].value);
        }
    }
}

static void dump_enum(FILE *out, const kw_node *node)
{
    dump_name(out, node->as.enum_def.name);
    for (uint32_t i = 0; i < node->as.enum_def.count; i++) {
        dump_name(out, node->as.enum_def.members[i].name);
        if (node->as.enum_def.members[i].value != NULL) {
            fputc('=', out);
            kw_ast_dump(out, node->as.enum_def.members[i].value);
        }
    }
}

static void dump_definition(FILE *out, const kw_node *node)
{
    switch ((int)node->kind) {
    case KW_N_LAMBDA:
    case KW_N_FUNCTION: dump_function(out, node->as.function); break;
    case KW_N_CASE: dump_case(out, node->as.case_of); break;
    case KW_N_IF: dump_if(out, node->as.if_chain); break;
    case KW_N_WHILE:
    case KW_N_REPEAT:
    case KW_N_FOR:
        dump_name(out, node->as.loop->first);
        dump_name(out, node->as.loop->second);
        dump_child(out, node->as.loop->subject);
        dump_body(out, "", &node->as.loop->body);
        break;
    case KW_N_TRY: dump_try(out, node->as.try_catch); break;
    case KW_N_STRUCT: dump_struct(out, node->as.struct_def); break;
    case KW_N_ENUM: dump_enum(out, node); break;
    case KW_N_PACKAGE:
        dump_parts(out, node->as.package.parts, node->as.package.count);
        dump_body(out, "", &node->as.package.body);
        break;
    case KW_N_ON:
        fputs(node->as.on.once ? " once " : " ", out);
        dump_text(out, node->as.on.text, node->as.on.size);
        fprintf(out, " %" PRId64, node->as.on.priority);
        dump_child(out, node->as.on.handler);
        break;
    default: break;
    }
}

static void dump_statement(FILE *out, const kw_node *node)
{
    switch ((int)node->kind) {
    case KW_N_PRINT:
        fputs(node->as.print.to_stderr ? " err" : "", out);
        fputs(node->as.print.newline ? " ln" : "", out);
        dump_child(out, node->as.print.value);
        break;
    case KW_N_PRINTXY:
        dump_child(out, node->as.printxy.value);
        dump_child(out, node->as.printxy.x);
        dump_child(out, node->as.printxy.y);
        break;
    case KW_N_GUARD:
        dump_child(out, node->as.guard.condition);
        dump_child(out, node->as.guard.body);
        dump_optional(out, "else", node->as.guard.other);
        break;
    case KW_N_VAR: dump_var(out, node->as.var.items, node->as.var.count); break;
    case KW_N_CONST:
        dump_name(out, node->as.constant.name);
        dump_child(out, node->as.constant.value);
        break;
    case KW_N_UNPACK:
        for (uint32_t i = 0; i < node->as.unpack.name_count; i++)
            dump_name(out, node->as.unpack.names[i]);
        fputs(" =", out);
        dump_list(out, &node->as.unpack.values);
        break;
    case KW_N_OFF:
        dump_child(out, node->as.off.name);
        dump_optional(out, "handler", node->as.off.callable);
        break;
    case KW_N_EMIT:
        dump_child(out, node->as.emit.name);
        dump_args(out, &node->as.emit.args);
        break;
    default: dump_definition(out, node); break;
    }
}

static void dump_slice(FILE *out, const kw_node *node)
{
    dump_child(out, node->as.slice.object);
    dump_child(out, node->as.slice.start);
    dump_child(out, node->as.slice.stop);
    dump_child(out, node->as.slice.step);
}

static void dump_operation(FILE *out, const kw_node *node)
{
    switch ((int)node->kind) {
    case KW_N_RANGE:
        dump_child(out, node->as.range.low);
        dump_child(out, node->as.range.high);
        break;
    case KW_N_TERNARY:
        dump_child(out, node->as.ternary.condition);
        dump_child(out, node->as.ternary.yes);
        dump_child(out, node->as.ternary.no);
        break;
    case KW_N_CALL:
        dump_child(out, node->as.call.callee);
        dump_args(out, &node->as.call.args);
        break;
    case KW_N_METHOD_CALL:
    case KW_N_SUPER_CALL:
        if (node->kind == KW_N_METHOD_CALL)
            dump_child(out, node->as.method.object);
        dump_name(out, node->as.method.name);
        dump_args(out, &node->as.method.args);
        break;
    case KW_N_MEMBER:
        dump_child(out, node->as.member.object);
        dump_name(out, node->as.member.name);
        break;
    case KW_N_INDEX:
        dump_child(out, node->as.index.object);
        dump_child(out, node->as.index.index);
        break;
    case KW_N_SLICE: dump_slice(out, node); break;
    default: dump_statement(out, node); break;
    }
}

static bool has_value(kw_node_kind kind)
{
    switch ((int)kind) {
    case KW_N_IMPORT:
    case KW_N_INCLUDE:
    case KW_N_EVAL:
    case KW_N_RETURN:
    case KW_N_THROW:
    case KW_N_EXIT:
    case KW_N_YIELD:
    case KW_N_EXPORT:
    case KW_N_REQUIRE: return true;
    default: return false;
    }
}

static bool has_list(kw_node_kind kind)
{
    return kind == KW_N_PROGRAM || kind == KW_N_BLOCK || kind == KW_N_LIST || kind == KW_N_HASHMAP ||
           kind == KW_N_INTERPOLATION;
}

/* Literals and names stand without parentheses; true if `node` was one. */
static bool dump_leaf(FILE *out, const kw_node *node)
{
    switch ((int)node->kind) {
    case KW_N_NULL: fputs("null", out); return true;
    case KW_N_TRUE: fputs("true", out); return true;
    case KW_N_FALSE: fputs("false", out); return true;
    case KW_N_INTEGER: fprintf(out, "%" PRId64, node->as.integer); return true;
    case KW_N_FLOAT: fprintf(out, "%.17gf", node->as.number); return true;
    case KW_N_STRING: dump_text(out, node->as.string.text, node->as.string.size); return true;
    case KW_N_BYTES:
        fputs(node->as.bytes.bad_size > 0 ? "b!" : "b", out);
        dump_text(out, (const char *)node->as.bytes.data, node->as.bytes.size);
        return true;
    case KW_N_NAME: fputs(node->as.name->text, out); return true;
    case KW_N_SELF: fputs("@", out); return true;
    case KW_N_ATTRIBUTE: fprintf(out, "@%s", node->as.name->text); return true;
    case KW_N_STATIC: fprintf(out, "@@%s", node->as.name->text); return true;
    default: return false;
    }
}

void kw_ast_dump(FILE *out, const kw_node *node)
{
    if (node == NULL) {
        fputc('_', out);
        return;
    }
    if (dump_leaf(out, node))
        return;
    kw_node_kind kind = node->kind;
    fputc('(', out);
    if (kind == KW_N_UNARY) {
        fprintf(out, "u%s", kw_ast_operator_text(node->as.unary.op));
        dump_child(out, node->as.unary.operand);
    } else if (kind == KW_N_BINARY || kind == KW_N_LOGICAL) {
        fputs(kw_ast_operator_text(node->as.binary.op), out);
        dump_child(out, node->as.binary.left);
        dump_child(out, node->as.binary.right);
    } else if (kind == KW_N_ASSIGN) {
        fprintf(out, "%s=", kw_ast_operator_text(node->as.assign.op));
        dump_child(out, node->as.assign.target);
        dump_child(out, node->as.assign.value);
        dump_optional(out, "when", node->as.assign.guard);
        dump_optional(out, "else", node->as.assign.else_value);
    } else {
        fputs(kw_ast_kind_name(kind), out);
        if (kind == KW_N_QUALIFIED)
            dump_parts(out, node->as.qualified.parts, node->as.qualified.count);
        else if (has_list(kind))
            dump_list(out, &node->as.list);
        else if (has_value(kind))
            dump_optional(out, "", node->as.value);
        else
            dump_operation(out, node);
    }
    fputc(')', out);
}
