/* vm_test.h - short names for the tests of values. */
#ifndef VM_TEST_H
#define VM_TEST_H

#include <string.h>

#include "support/suite.h"
#include "vm/gc.h"
#include "vm/object.h"
#include "vm/vm.h"

static inline kw_vm *make_vm(void)
{
    kw_vm *vm = kw_vm_create();
    ck_assert_ptr_nonnull(vm);
    return vm;
}

static inline kw_value list_of(kw_vm *vm, size_t count, const kw_value *items)
{
    kw_list *list = kw_list_new(vm, count);
    for (size_t i = 0; i < count; i++)
        ck_assert(kw_list_push(vm, list, items[i]));
    return kw_of_list(list);
}
#define LIST(vm, ...) list_of(vm, sizeof((kw_value[]){__VA_ARGS__}) / sizeof(kw_value), (kw_value[]){__VA_ARGS__})

static inline void shows(kw_vm *vm, kw_value v, const char *text)
{
    kw_string *s = kw_display_text(vm, v);
    ck_assert_ptr_nonnull(s);
    ck_assert_str_eq(s->text, text);
}

/* The error that was thrown, which is cleared. */
static inline void threw(kw_vm *vm, const char *type, const char *message)
{
    ck_assert_ptr_nonnull(vm->error.type);
    ck_assert_str_eq(vm->error.type->text, type);
    ck_assert_str_eq(vm->error.message->text, message);
    kw_throw_clear(vm);
}

static inline void gives(kw_vm *vm, kw_binop op, kw_value a, kw_value b, const char *text)
{
    kw_value out = kw_undef();
    ck_assert(kw_arith_binary(vm, op, a, b, &out));
    shows(vm, out, text);
}

static inline void fails(kw_vm *vm, kw_binop op, kw_value a, kw_value b, const char *type, const char *message)
{
    kw_value out = kw_undef();
    ck_assert(!kw_arith_binary(vm, op, a, b, &out));
    threw(vm, type, message);
}

#endif
