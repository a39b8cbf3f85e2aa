/* fuzz_run.c - libFuzzer target: whole scripts, in safe mode, with little memory and time.
 *
 * A script whose time is up is interrupted again and again: it may catch the first interrupts. */
#include "config.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/time.h>

#include "kiwi/kiwi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MEMORY_LIMIT = 16 << 20, TIME_LIMIT_US = 50000, AGAIN_US = 1000 };

static kiwi_vm *running;

static void on_alarm(int number)
{
    (void)number;
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
    (void)sigemptyset(&action.sa_mask);
    if (kiwi_vm_new(&options, &running) != 0 || sigaction(SIGALRM, &action, NULL) != 0)
        abort();
    set_alarm(TIME_LIMIT_US, AGAIN_US);
    (void)kiwi_run_text(running, "", (const char *)data, size);
    set_alarm(0, 0);
    kiwi_vm_free(running);
    return 0;
}
