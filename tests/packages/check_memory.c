/* check_memory.c - memory that runs out at any point of compiling and running a script ends as an
 * error of the script or of the command, never as a crash. */
#include "config.h"

#include <stdio.h>

#include "support/suite.h"

#if defined(HAVE_LINK_WRAP)

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kiwi/kiwi.h"
#include "net/faults.h"

enum { NO_FAILURE = 40, WRONG = 41, DENSE = 400 /* every allocation up to here, then some of them */ };

static const char script[] = "struct Point\n"
                             "  fn new(x, y)\n"
                             "    @x = x\n"
                             "    @y = y\n"
                             "  end\n"
                             "  fn sum() return @x + @y end\n"
                             "end\n"
                             "fn tower(n)\n"
                             "  if n == 0\n"
                             "    return 0\n"
                             "  end\n"
                             "  return 1 + tower(n - 1)\n"
                             "end\n"
                             "fn work()\n"
                             "  l = []\n"
                             "  m = {}\n"
                             "  for i in [1..60] do\n"
                             "    l.push(\"item ${i}\".uppercase().split(\" \"))\n"
                             "    m[\"key ${i}\"] = Point.new(i, [i])\n"
                             "  end\n"
                             "  f = with (x) do l.size() + x end\n"
                             "  s = l.map(with (x) do x.join(\"-\") end).join(\",\")\n"
                             "  println s.size() + f(1) + tower(50)\n"
                             "  println m.keys().sort().to_string().to_bytes().size()\n"
                             "  println l.filter(with (x) do x.size() > 1 end).size()\n"
                             "  t = task::spawn(with () do Point.new(1, 2).sum() end)\n"
                             "  println task::await(t)\n"
                             "  println eval(\"[1, 2.5, null, {'a': true}].to_string()\")\n"
                             "end\n"
                             "try\n"
                             "  work()\n"
                             "catch (type, message)\n"
                             "  println \"${type}: ${message}\"\n"
                             "end\n"
                             "println \"on\"\n";

/* Run the script while the allocations `first` to `last` fail.  Does not return. */
static _Noreturn void run_short_of_memory(long first, long last)
{
    int null = open("/dev/null", O_WRONLY);
    if (null < 0 || dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
        _exit(WRONG);
    kiwi_vm *vm = NULL;
    fault_arm(FAULT_memory, ENOMEM, first, last);
    int error = kiwi_vm_new(NULL, &vm);
    int code = error == 0 ? kiwi_run_text(vm, "short.kiwi", script, sizeof(script) - 1) : 1;
    kiwi_vm_free(vm);
    if (fault_disarm() == 0)
        _exit(error == 0 && code == 0 ? NO_FAILURE : WRONG);
    _exit(error == 0 || error == ENOMEM ? code : WRONG);
}

/* Fail `count` allocations in a row, beginning with each in turn. */
static void fail_in_turn(long count)
{
    int code = 0, failures = 0;
    for (long n = 1; code != NO_FAILURE; n += n < DENSE ? 1 : n / 100, failures++) {
        pid_t child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
            run_short_of_memory(n, count > LONG_MAX - n ? LONG_MAX : n + count - 1);
        int status = 0;
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert_msg(WIFEXITED(status), "allocation %ld: ended by signal %d", n, WTERMSIG(status));
        code = WEXITSTATUS(status);
        ck_assert_msg(code <= 1 || code == NO_FAILURE, "allocation %ld: exit code %d", n, code);
    }
    ck_assert_int_gt(failures, DENSE);
}

START_TEST(one_allocation_fails)
{
    fail_in_turn(1);
}
END_TEST

START_TEST(some_allocations_in_a_row_fail)
{
    fail_in_turn(20);
}
END_TEST

START_TEST(every_allocation_from_some_point_on_fails)
{
    fail_in_turn(LONG_MAX);
}
END_TEST

SUITE_MAIN("memory", 120, one_allocation_fails, some_allocations_in_a_row_fail,
           every_allocation_from_some_point_on_fails)

#else

int main(void)
{
    return puts("1..1\nok 1 - failing allocations # SKIP the linker has no --wrap") < 0;
}

#endif
