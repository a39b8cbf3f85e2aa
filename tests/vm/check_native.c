/* check_native.c - vm/native: what is checked before a native runs. */
#include "config.h"

#include "vm/native.h"
#include "vm_test.h"

static kw_result give_null(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_null());
}

static const kw_native_def join = {"join(first: string, more...: string)", give_null, "", "", NULL, KW_CHECK_ALL};
/* clang-format off */
static const kw_native_def methods[] = {
    {"pad(width: integer = 4)", give_null, "", "", NULL, KW_CHECK_ALL},
    {"name(text: string?)", give_null, "", "", NULL, KW_CHECK_COUNT},
    {NULL},
};
/* clang-format on */

static bool may_run(kw_vm *vm, kw_value native, kw_value self, uint32_t argc, const kw_value *args)
{
    kw_call call = {.self = self, .args = args, .argc = argc, .native = (const kw_native *)native.as.obj};
    return kw_native_fits(&call) || kw_native_check(vm, &call);
}

/* The method `name` that strings have by `methods`. */
static kw_value method_of_strings(kw_vm *vm, const char *name)
{
    kw_native_define_methods(vm, KW_STRING, methods);
    kw_value *method = kw_map_find_string(vm->methods[KW_STRING], kw_intern_c(vm, name));
    ck_assert_ptr_nonnull(method);
    return *method;
}

START_TEST(a_variadic_parameter_takes_none_and_each_of_its_type)
{
    kw_vm *vm = make_vm();
    kw_value s = kw_string_c(vm, "a"), native = kw_native_new(vm, &join), none = kw_undef();
    ck_assert(may_run(vm, native, none, 1, &s));
    ck_assert(may_run(vm, native, none, 3, (kw_value[]){s, s, s}));
    ck_assert(may_run(vm, native, s, 1, &s)); /* called as a method */
    ck_assert(!may_run(vm, native, none, 3, (kw_value[]){s, s, kw_int(1)}));
    threw(vm, "ParameterTypeMismatchError",
          "The type for parameter 2 of `join` is not an expected type. Expected String but received Integer.");
    ck_assert(!may_run(vm, native, s, 2, (kw_value[]){s, kw_int(1)}));
    threw(vm, "ParameterTypeMismatchError",
          "The type for parameter 2 of `join` is not an expected type. Expected String but received Integer.");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(null_stands_for_a_default_in_functions_of_packages_alone)
{
    kw_vm *vm = make_vm();
    kw_value null = kw_null(), s = kw_string_c(vm, "a");
    ck_assert(may_run(vm, kw_native_new(vm, &methods[0]), kw_undef(), 1, &null));
    kw_value method = method_of_strings(vm, "pad");
    ck_assert(may_run(vm, method, s, 0, NULL));
    ck_assert(!may_run(vm, method, s, 1, &null));
    threw(vm, "ParameterTypeMismatchError",
          "The type for parameter 0 of `pad` is not an expected type. Expected Integer but received None.");
    kw_vm_destroy(vm);
}
END_TEST

START_TEST(a_method_wants_its_receiver_and_its_number_of_arguments)
{
    kw_vm *vm = make_vm();
    kw_value one = kw_int(1), s = kw_string_c(vm, "a"), method = method_of_strings(vm, "name");
    for (int i = 0; i < 2; i++) { /* also when its first call was wrong */
        ck_assert(!may_run(vm, method, one, 1, &one));
        threw(vm, "InvalidOperationError", "Method `name` cannot be called on a `Integer`.");
        ck_assert(!may_run(vm, method, s, 0, NULL));
        threw(vm, "ParameterCountMismatchError",
              "The parameter count for function `name` does not match parameters passed. Expected 1 but received 0.");
        ck_assert(may_run(vm, method, s, 1, &one)); /* its type is the function's business */
    }
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("native", 10, a_variadic_parameter_takes_none_and_each_of_its_type,
           null_stands_for_a_default_in_functions_of_packages_alone,
           a_method_wants_its_receiver_and_its_number_of_arguments)
