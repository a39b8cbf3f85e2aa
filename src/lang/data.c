/* data.c - see data.h.  What is not known to be data is none: a new kind of node, too. */
#include "config.h"

#include "lang/data.h"

#include <assert.h>

#include "lang/walk.h"

static void check(void *context, const kw_node *node)
{
    kw_vm *vm = context;
    if (vm->error.type != NULL)
        return;
    switch (node->kind) {
    case KW_N_NULL:
    case KW_N_TRUE:
    case KW_N_FALSE:
    case KW_N_INTEGER:
    case KW_N_FLOAT:
    case KW_N_STRING:
    case KW_N_BYTES: break;
    case KW_N_PROGRAM:
    case KW_N_LIST:
    case KW_N_RANGE:
    case KW_N_HASHMAP:
    case KW_N_UNARY:
    case KW_N_BINARY:
    case KW_N_LOGICAL:
    case KW_N_TERNARY:
    case KW_N_INDEX:
    case KW_N_SLICE: kw_walk_children(node, check, vm); break;
    case KW_N_NAME: (void)kw_throw_undeclared(vm, node->as.name->text); break;
    default: (void)kw_throw(vm, "InvalidOperationError", "deserialize takes data only."); break;
    }
}

bool kw_data_check(kw_vm *vm, const kw_node *program)
{
    assert(vm->error.type == NULL); /* check() would take it for one of its own */
    check(vm, program);
    return vm->error.type == NULL;
}
