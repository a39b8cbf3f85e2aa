/* suite.h - the main() that all test programs share.
 *
 * SUITE_MAIN("name", seconds, test, test, ...) runs the tests in the order given, each in a process of
 * its own with a time limit of `seconds` (CK_FORK=no and CK_TIMEOUT_MULTIPLIER of the environment are
 * honoured).  Exit status 0 if all passed. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

typedef const TTest *suite_test;

/* Run `count` tests; returns the exit status of the program. */
static inline int suite_run(const char *name, double seconds, const suite_test *tests, size_t count)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, seconds);
    for (size_t i = 0; i < count; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#define SUITE_MAIN(name, seconds, ...)                                                                                 \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        const suite_test suite_tests[] = {__VA_ARGS__};                                                                \
        return suite_run(name, seconds, suite_tests, sizeof(suite_tests) / sizeof(suite_tests[0]));                    \
    }

#endif
