/* check_null.c - a pointer that is missing is an error like any other, or means what kiwi/kiwi.h says. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "kiwi/kiwi.h"
#include "support/suite.h"

static kiwi_vm *make_vm(const kiwi_vm_options *options)
{
    kiwi_vm *vm = NULL;
    ck_assert_int_eq(kiwi_vm_new(options, &vm), 0);
    ck_assert_ptr_nonnull(vm);
    return vm;
}

START_TEST(making)
{
    static const char *const words[] = {"one", NULL, "three"};
    kiwi_vm *vm = NULL;
    kiwi_vm_options options = {.argc = 1};
    ck_assert_int_eq(kiwi_vm_new(NULL, NULL), EINVAL);
    ck_assert_int_eq(kiwi_vm_new(&options, &vm), EINVAL);
    ck_assert_ptr_null(vm);
    options = (kiwi_vm_options){.argc = 3, .argv = words};
    ck_assert_int_eq(kiwi_vm_new(&options, &vm), EINVAL);
    ck_assert_ptr_null(vm);
    options.argc = 1;
    kiwi_vm_free(make_vm(&options));
    kiwi_vm_free(make_vm(NULL));
    kiwi_vm_free(NULL);
}
END_TEST

START_TEST(running)
{
    static const char text[] = "x = 3";
    bool ended = true;
    kiwi_vm *vm = make_vm(NULL);
    ck_assert_int_eq(kiwi_run_file(vm, NULL), 2);
    ck_assert_int_eq(kiwi_run_text(vm, NULL, NULL, 5), 2);
    ck_assert_int_eq(kiwi_run_text(vm, NULL, NULL, 0), 0);
    ck_assert_int_eq(kiwi_run_text(vm, NULL, text, strlen(text)), 0);
    ck_assert_int_eq(kiwi_check_text(vm, NULL, NULL, 5), 2);
    ck_assert_int_eq(kiwi_check_text(vm, NULL, NULL, 0), 0);
    ck_assert_int_eq(kiwi_check_text(vm, NULL, text, strlen(text)), 0);
    ck_assert_int_eq(kiwi_disassemble_text(vm, NULL, NULL, 5), 2);
    ck_assert_int_eq(kiwi_disassemble_text(vm, NULL, NULL, 0), 0);
    ck_assert_int_eq(kiwi_eval_text(vm, NULL, 5, &ended), 2);
    ck_assert(!ended);
    ck_assert_int_eq(kiwi_eval_text(vm, NULL, 0, &ended), 0);
    ck_assert_int_eq(kiwi_eval_text(vm, text, strlen(text), NULL), 0);
    ck_assert_int_eq(kiwi_eval_text(vm, "exit 4", 6, NULL), 4);
    ck_assert(!kiwi_text_continues(NULL, 0));
    ck_assert(!kiwi_text_continues(NULL, 5));
    kiwi_vm_free(vm);
}
END_TEST

SUITE_MAIN("null", 30, making, running)
