/* check_interrupt.c - kiwi_interrupt() from another thread ends whatever a program does: computing,
 * one long call, waiting. */
#include "config.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "kiwi/kiwi.h"
#include "support/suite.h"

/* What would take minutes, or for ever.  `tower` stands for 2^60 numbers. */
static const char prelude[] = "tower = [1]\n"
                              "repeat 60 do tower = [tower, tower] end\n"
                              "fn copies(n)\n"
                              "  var (rows = [], i = 0)\n"
                              "  one = [1..20000]\n"
                              "  other = one.clone()\n"
                              "  while i < n do\n"
                              "    rows.push(null)\n"
                              "    rows[i] = i % 2 == 0 ? [one, i] : [other, i]\n"
                              "    i += 1\n"
                              "  end\n"
                              "  rows\n"
                              "end\n";

static const char *const programs[] = {
    "while true do end",
    "task::sleep(3600000)",
    "task::channel().recv()",
    "s = udp::socket().bind(0, \"127.0.0.1\")\ns.recv()",
    "tower.clone()",
    "[tower] * 2",
    "tower.to_string()",
    "println tower",
    "tower.pretty()",
    "tower.flatten()",
    "copies(20000).sort()",
    "copies(20000).contains([[1..20000], -1])",
    "copies(20000).count([[1..20000], -1])",
    "copies(20000) - [[[1..20000], -1]]",
    "[[1..20000], -1] in copies(20000)",
    "x = copies(20000)\ny = copies(20000)\ny[19999] = 1\nwhile true do x == y end",
    "while true do (\"ab\" * 1000000).replace(\"a\", \"bb\") end",
    "while true do ((\"a\" * 24 + \"b \") * 300).matches(\"(a+)+c\") end",
    "string::contains_any(\"ab\" * 1000000, copies(100000).map(with (x) do \"abb\" end))",
    "__tokenize__(\"x + 1 \" * 20000000)",
};

static kiwi_vm *vm;

static void *interrupt_soon(void *unused)
{
    const struct timespec soon = {.tv_nsec = 300000000};
    (void)nanosleep(&soon, NULL);
    kiwi_interrupt(vm);
    return unused;
}

START_TEST(whatever_it_does_it_ends)
{
    const kiwi_vm_options options = {.memory_limit = (size_t)1 << 30};
    char text[2048];
    pthread_t thread;
    (void)snprintf(text, sizeof(text), "%s%s\nprintln \"not reached\"\n", prelude, programs[_i]);
    ck_assert_int_eq(kiwi_vm_new(&options, &vm), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_soon, NULL), 0);
    struct timespec start, end;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    ck_assert_int_eq(kiwi_run_text(vm, "", text, strlen(text)), 1);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert_msg(end.tv_sec - start.tv_sec < 5, "%s took %d seconds", programs[_i], (int)(end.tv_sec - start.tv_sec));
    kiwi_vm_free(vm);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("interrupt");
    TCase *tcase = tcase_create("interrupt");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, whatever_it_does_it_ends, 0, (int)(sizeof(programs) / sizeof(programs[0])));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
