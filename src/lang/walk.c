/* walk.c - the children of a node of the syntax tree, in the order of evaluation. */
#include "config.h"

#include "lang/walk.h"

#include <assert.h>

static void one(const kw_node *node, kw_visit visit, void *context)
{
    if (node != NULL)
        visit(context, node);
}

static void all(kw_node_list list, kw_visit visit, void *context)
{
    assert((list.count == 0) == (list.items == NULL));
    for (uint32_t i = 0; i < list.count; i++)
        visit(context, list.items[i]);
}

static void args_of(kw_arg_list args, kw_visit visit, void *context)
{
    for (uint32_t i = 0; i < args.count; i++)
        visit(context, args.items[i].value);
}

static void case_children(const kw_case_node *c, kw_visit visit, void *context)
{
    one(c->subject, visit, context);
    for (uint32_t i = 0; i < c->clause_count; i++) {
        for (uint32_t k = 0; k < c->clauses[i].condition_count; k++) {
            one(c->clauses[i].conditions[k].low, visit, context);
            one(c->clauses[i].conditions[k].high, visit, context);
        }
        all(c->clauses[i].body, visit, context);
    }
    all(c->else_body, visit, context);
}

static void if_children(const kw_if_node *n, kw_visit visit, void *context)
{
    for (uint32_t i = 0; i < n->branch_count; i++) {
        one(n->branches[i].condition, visit, context);
        all(n->branches[i].body, visit, context);
    }
    all(n->else_body, visit, context);
}

void kw_walk_children(const kw_node *n, kw_visit visit, void *context)
{
    switch (n->kind) {
    case KW_N_INTERPOLATION:
    case KW_N_LIST:
    case KW_N_HASHMAP:
    case KW_N_PROGRAM:
    case KW_N_BLOCK: all(n->as.list, visit, context); break;
    case KW_N_RANGE:
        one(n->as.range.low, visit, context);
        one(n->as.range.high, visit, context);
        break;
    case KW_N_UNARY: one(n->as.unary.operand, visit, context); break;
    case KW_N_BINARY:
    case KW_N_LOGICAL:
        one(n->as.binary.left, visit, context);
        one(n->as.binary.right, visit, context);
        break;
    case KW_N_TERNARY:
        one(n->as.ternary.condition, visit, context);
        one(n->as.ternary.yes, visit, context);
        one(n->as.ternary.no, visit, context);
        break;
    case KW_N_ASSIGN:
        one(n->as.assign.target, visit, context);
        one(n->as.assign.guard, visit, context);
        one(n->as.assign.value, visit, context);
        one(n->as.assign.else_value, visit, context);
        break;
    case KW_N_CALL:
        one(n->as.call.callee, visit, context);
        args_of(n->as.call.args, visit, context);
        break;
    case KW_N_METHOD_CALL:
    case KW_N_SUPER_CALL:
        one(n->as.method.object, visit, context);
        args_of(n->as.method.args, visit, context);
        break;
    case KW_N_MEMBER: one(n->as.member.object, visit, context); break;
    case KW_N_INDEX:
        one(n->as.index.object, visit, context);
        one(n->as.index.index, visit, context);
        break;
    case KW_N_SLICE:
        one(n->as.slice.object, visit, context);
        one(n->as.slice.start, visit, context);
        one(n->as.slice.stop, visit, context);
        one(n->as.slice.step, visit, context);
        break;
    case KW_N_CASE: case_children(n->as.case_of, visit, context); break;
    case KW_N_IF: if_children(n->as.if_chain, visit, context); break;
    case KW_N_IMPORT:
    case KW_N_INCLUDE:
    case KW_N_EVAL:
    case KW_N_RETURN:
    case KW_N_THROW:
    case KW_N_EXIT:
    case KW_N_YIELD:
    case KW_N_EXPORT:
    case KW_N_REQUIRE: one(n->as.value, visit, context); break;
    case KW_N_EMIT:
        one(n->as.emit.name, visit, context);
        args_of(n->as.emit.args, visit, context);
        break;
    case KW_N_PRINT: one(n->as.print.value, visit, context); break;
    case KW_N_PRINTXY:
        one(n->as.printxy.value, visit, context);
        one(n->as.printxy.x, visit, context);
        one(n->as.printxy.y, visit, context);
        break;
    case KW_N_GUARD:
        one(n->as.guard.condition, visit, context);
        one(n->as.guard.body, visit, context);
        one(n->as.guard.other, visit, context);
        break;
    case KW_N_WHILE:
    case KW_N_REPEAT:
    case KW_N_FOR:
        one(n->as.loop->subject, visit, context);
        all(n->as.loop->body, visit, context);
        break;
    case KW_N_TRY:
        all(n->as.try_catch->body, visit, context);
        all(n->as.try_catch->catch_body, visit, context);
        all(n->as.try_catch->finally_body, visit, context);
        break;
    case KW_N_VAR:
        for (uint32_t i = 0; i < n->as.var.count; i++)
            one(n->as.var.items[i].value, visit, context);
        break;
    case KW_N_CONST: one(n->as.constant.value, visit, context); break;
    case KW_N_UNPACK: all(n->as.unpack.values, visit, context); break;
    case KW_N_FUNCTION: /* the body is a scope of its own; decorators belong outside */
        for (uint32_t i = 0; i < n->as.function->decorator_count; i++) {
            one(n->as.function->decorators[i].callee, visit, context);
            args_of(n->as.function->decorators[i].args, visit, context);
        }
        break;
    case KW_N_STRUCT:
        all(n->as.struct_def->methods, visit, context);
        for (uint32_t i = 0; i < n->as.struct_def->static_count; i++)
            one(n->as.struct_def->statics[i].value, visit, context);
        break;
    case KW_N_ENUM:
        for (uint32_t i = 0; i < n->as.enum_def.count; i++)
            one(n->as.enum_def.members[i].value, visit, context);
        break;
    case KW_N_PACKAGE: all(n->as.package.body, visit, context); break;
    case KW_N_ON: one(n->as.on.handler, visit, context); break;
    case KW_N_OFF:
        one(n->as.off.name, visit, context);
        one(n->as.off.callable, visit, context);
        break;
    case KW_N_NULL: /* leaves, and lambdas: their bodies are scopes of their own */
    case KW_N_TRUE:
    case KW_N_FALSE:
    case KW_N_INTEGER:
    case KW_N_FLOAT:
    case KW_N_STRING:
    case KW_N_BYTES:
    case KW_N_NAME:
    case KW_N_QUALIFIED:
    case KW_N_SELF:
    case KW_N_ATTRIBUTE:
    case KW_N_STATIC:
    case KW_N_LAMBDA:
    case KW_N_ELLIPSIS:
    case KW_N_BREAK:
    case KW_N_NEXT: break;
    case KW_N_COUNT: assert(false); break;
    }
}
