/* check_regex_none.c - types/regex_none: without PCRE2 the methods are there and say why they do
 * not work. */
#include "config.h"

#include <stdio.h>

#include "types/types.h"
#include "vm/vm_test.h"

START_TEST(the_methods_throw_an_error_that_says_why)
{
    static const char *const names[] = {"find",        "match",          "matches",  "matches_all", "scan",
                                        "scan_groups", "named_captures", "rreplace", "rsplit"};
    kw_vm *vm = make_vm();
    kw_native_define_methods(vm, KW_STRING, kw_regex_methods);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        kw_value method = kw_map_get(vm->methods[KW_STRING], kw_of_string(kw_intern_c(vm, names[i])));
        ck_assert(kw_is(method, KW_LAMBDA));
        kw_call call = {.self = kw_string_c(vm, "a"), .native = (const kw_native *)method.as.obj};
        ck_assert_int_eq(call.native->fn(vm, &call), KW_THROWN);
        char want[128];
        snprintf(want, sizeof(want), "`%s` is not available: this build has no regular expressions (PCRE2).", names[i]);
        threw(vm, "RegexError", want);
    }
    kw_vm_destroy(vm);
}
END_TEST

SUITE_MAIN("regex_none", 10, the_methods_throw_an_error_that_says_why)
