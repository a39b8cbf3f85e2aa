/* check_patience.c - memory that is short for a while changes nothing for a script that tries
 * again: what it gets in the end is what it would have got.  So nothing goes wrong without an
 * error, in particular while the library is loaded. */
#include "config.h"

#include <stdio.h>

#include "support/suite.h"

#if defined(HAVE_LINK_WRAP)

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kiwi/kiwi.h"
#include "net/faults.h"

/* FAILURE_STEP=1 in the environment: every allocation in turn, instead of every seventh. */
enum { NO_FAILURE = 40, WRONG = 41, STEP = 7, TEXT_SIZE = 1 << 14 };

static const char prelude[] = "fn patient(f)\n"
                              "  while true do\n"
                              "    try\n"
                              "      return f()\n"
                              "    catch (type, message)\n"
                              "      throw \"${type}: ${message}\" when !message.contains(\"emory\")\n"
                              "    end\n"
                              "  end\n"
                              "end\n";

static const char *const scripts[] = {
    "println patient(with () do [3, 1, 2].sort(with (a, b) do a < b end) end)",
    "println patient(with () do [3, 1, 2].map(*[with (x) do x + 1 end]) end)",
    "println patient(with () do [3, 1, 2].reduce(*[1, with (a, x) do a + x end]) end)",
    "println patient(with () do [3, 1, 2].first_where(with (x) do x < 2 end) end)",
    "println patient(with () do [3, 1, 2].sum_integer(*[]) end)",
    "println patient(with () do Set.new([1, 2, 2]).size() end)",
    "println patient(with () do\n h = Heap.new()\n h.insert(3)\n h.insert(1)\n h.extract_root()\nend)",
    "println patient(with () do \"ab\".padstart(*[5, \"-\"]) end)",
    "println patient(with () do math::sqrt(16.0) + string::echo(\"ab\", 2).size() end)",
    "println patient(with () do\n m = import \"math\"\n m.sqrt(4.0)\nend)",
    "println patient(with () do [string::titleize([]), string::contains_any([\"a\"], \"ab\"), __divisors__(12)] end)",
    "println patient(with () do\n c = __chan_create__(1)\n __chan_send__(c, 3)\n __chan_recv__(c)\nend)",
    "println patient(with () do task::await(task::spawn(with (x) do x * 2 end, [21])) end)",
    "println patient(with () do task::timer(1, with () do 7 end) end)",
    "println patient(with () do\n c = task::channel(1)\n c.send([1])\n c.recv()\nend)",
    "println patient(with () do\n m = task::mutex()\n n = [0]\n m.synchronize(with () do n[0] = 5 end)\n n\nend)",
    "println patient(with () do \"a1b22\".scan(\"[0-9]+\") end)",
    "println patient(with () do \"a1b22\".rreplace(\"([a-z])([0-9]+)\", \"$2$1\") end)",
    "on \"e\" do \"heard\" end\nprintln patient(with () do emit \"e\" end)",
    "println patient(with () do eval \"[1, 2.5, {'a': [null, true]}].to_string()\" end)",
    "println patient(with () do deserialize(\"{'a': [1, 2]}\") end)",
    "println patient(with () do\n eval \"struct P fn new(x) @x = x end fn twice() @x * 2 end end\"\n P.new(4).twice()\nend)",
    "fn gen(n)\n for i in [1..n] do yield i end\nend\n"
    "println patient(with () do\n s = 0\n for i in gen(5) do s += i end\n s\nend)",
    "println patient(with () do\n m = {}\n for i in [1..40] do m[[i, {'k': i}]] = i end\n"
    " m[[7, {'k': 7}]] + m[[39, {'k': 39}]]\nend)",
    "println patient(with () do\n a = [1]\n repeat 400 do a = [a, a] end\n a == a.take(1) + a.take(1)\nend)",
    "println patient(with () do\n r = [1..300].map(with (x) do [[x % 7, {'a': x}], x] end)\n r.sort().take(2)\nend)",
    "println patient(with () do [[1, [2, []]], [[[3]]]].flatten() + [1, 1, 2].unique() end)",
    "println patient(with () do [1, \"b\", {'c': [2.5, null]}].pretty().size() end)",
    "println patient(with () do __tokenize__(\"x = 1 + f(2)\").tokens.size() end)",
    "fn f(a, b = 2, *c) [a, b, c] end\nprintln patient(with () do [f(b: 5, a: 1), f(1, 2, *[3, 4])] end)",
    "println patient(with () do (\"x,\" * 300).split(\",\").size() + (\"abc\" * 100).replace(\"b\", \"bbb\").size() end)",
    "println patient(with () do\n eval \"fn g(s: Set) s.size() end\"\n g(Set.new([4, 5]))\nend)",
    "println patient(with () do\n eval \"fn g(c: Channel) c.closed() end\"\n g(task::channel())\nend)",
    "println patient(with () do\n t = signal::trap(\"mine\", with () do 1 end)\n signal::reset(\"mine\")\n t > 0\nend)",
    "println patient(with () do [d(2020, 1, 2).to_string(), regex::escape(\"a.b\")] end)",
    "println patient(with () do [1..50].map(with (i) do spawn(with () do i end) end)"
    ".map(with (t) do await(t) end).sum() end)",
};

typedef struct run {
    int code; /* of the process */
    char out[TEXT_SIZE], err[TEXT_SIZE];
} run;

static void read_all(int fd, char *text)
{
    size_t size = 0;
    ssize_t n;
    while (size < TEXT_SIZE - 1 && (n = read(fd, text + size, TEXT_SIZE - 1 - size)) > 0)
        size += (size_t)n;
    text[size] = '\0';
    (void)close(fd);
}

/* Run a script while the allocations `first` to `last` fail (0: none does). */
static _Noreturn void run_child(const char *script, long first, long last)
{
    char text[4096];
    (void)snprintf(text, sizeof(text), "%s%s\n", prelude, script);
    kiwi_vm *vm = NULL;
    if (kiwi_vm_new(NULL, &vm) != 0)
        _exit(WRONG);
    if (first > 0)
        fault_arm(FAULT_memory, ENOMEM, first, last);
    int code = kiwi_run_text(vm, "", text, strlen(text));
    bool failed = fault_disarm() > 0;
    kiwi_vm_free(vm);
    _exit(code == 0 && !failed ? NO_FAILURE : code);
}

static void run_script(const char *script, long first, long last, run *r)
{
    int out[2], err[2], status = 0;
    ck_assert_int_eq(pipe(out), 0);
    ck_assert_int_eq(pipe(err), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0)
            _exit(WRONG);
        (void)alarm(10);
        run_child(script, first, last);
    }
    (void)close(out[1]);
    (void)close(err[1]);
    read_all(out[0], r->out);
    read_all(err[0], r->err);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    r->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static long step(void)
{
    const char *text = getenv("FAILURE_STEP");
    return text != NULL && atol(text) > 0 ? atol(text) : STEP;
}

static void try_again(const char *script, long count)
{
    static run good, r;
    run_script(script, 0, 0, &good);
    if (strstr(good.err, "is not available: this build") != NULL) /* made without a library it needs */
        return;
    ck_assert_msg(good.code == NO_FAILURE, "%s\n%s", script, good.err);
    for (long n = 1; r.code != NO_FAILURE; n += step()) {
        run_script(script, n, n + count - 1, &r);
        bool fits = (r.code == 0 || r.code == NO_FAILURE) && strcmp(r.out, good.out) == 0;
        /* an error of memory that nobody caught */
        bool told = r.code == 1 && (strstr(r.err, "emory") != NULL);
        ck_assert_msg(fits || told, "%s\nallocation %ld: exit code %d\n%s%s", script, n, r.code, r.out, r.err);
    }
    r.code = 0;
}

START_TEST(one_failure_changes_nothing)
{
    try_again(scripts[_i], 1);
}
END_TEST

START_TEST(some_failures_change_nothing)
{
    try_again(scripts[_i], 12);
}
END_TEST

int main(void)
{
    int count = (int)(sizeof(scripts) / sizeof(scripts[0]));
    Suite *suite = suite_create("patience");
    TCase *tcase = tcase_create("patience");
    tcase_set_timeout(tcase, 300);
    tcase_add_loop_test(tcase, one_failure_changes_nothing, 0, count);
    tcase_add_loop_test(tcase, some_failures_change_nothing, 0, count);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#else

int main(void)
{
    return puts("1..1\nok 1 - patience # SKIP the linker has no --wrap") < 0;
}

#endif
