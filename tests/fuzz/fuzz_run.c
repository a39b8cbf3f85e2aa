/* fuzz_run.c - libFuzzer target: whole scripts, in safe mode, with little memory and time.
 *
 * A script whose time is up is interrupted again and again: it may catch the first interrupts.  libFuzzer
 * has threads of its own: a signal that meets one of them is passed on to the one that runs scripts, so
 * that none is on its way when the interpreter ends. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>

#include "kiwi/kiwi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_LIMIT = 16 << 20, TIME_LIMIT_US = 50000, AGAIN_US = 1000 };

static pthread_t runner;
static kiwi_vm *volatile running; /* NULL: nothing to interrupt */

static void on_alarm(int number)
{
    if (!pthread_equal(pthread_self(), runner))
        (void)pthread_kill(runner, number);
    else if (running != NULL)
        kiwi_interrupt(running);
}

static void set_alarm(suseconds_t first_us, suseconds_t again_us)
{
    struct itimerval timer = {.it_value.tv_usec = first_us, .it_interval.tv_usec = again_us};
    if (setitimer(ITIMER_REAL, &timer, NULL) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const kiwi_vm_options options = {.safe_mode = true, .memory_limit = MEMORY_LIMIT};
    struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    kiwi_vm *vm;
    (void)sigemptyset(&action.sa_mask);
    if (kiwi_vm_new(&options, &vm) != 0 || sigaction(SIGALRM, &action, NULL) != 0)
        abort();
    runner = pthread_self();
    running = vm;
    set_alarm(TIME_LIMIT_US, AGAIN_US);
    (void)kiwi_run_text(vm, "", (const char *)data, size);
    set_alarm(0, 0);
    running = NULL;
    kiwi_vm_free(vm);
    return 0;
}
