/* signal.c - package signal: handlers in tasks for signals of the process and for names that
 * scripts raise (task-and-network.md section 11).
 *
 * A trapped name has one task, which looks every 50 ms whether the name was marked.  It does not
 * wake for that: it sleeps until a mark, and then until its next look. A signal of the process
 * is noted by its C handler in `arrived` and wakes the scheduler; the interpreter thread marks
 * the name when it collects events.  Signals belong to the process, so one interpreter at a time
 * has them. */
#include "config.h"

#include "packages/host.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "packages/packages.h"
#include "types/unicode.h"

enum { LOOK_US = 50000 };

struct kp_signal {
    kp_signal *next;
    kw_string *name;  /* upper case */
    kw_value handler; /* KW_NULL: reset, and the task has not noticed yet */
    kiwi_id task;
    int real;                /* index in real_signals while this handles it; -1 */
    struct sigaction before; /* with real >= 0: what to restore */
    bool marked;
    bool waiting, timed; /* the task sleeps; and will wake at its next look */
    kw_parked parked;    /* with waiting: where */
    int64_t look_us;     /* the next look */
};

/* ---- Signals of the process ------------------------------------------------------------------ */

static const struct {
    const char *name;
    int number;
} real_signals[] = {
    {"SIGINT", SIGINT},     {"SIGTERM", SIGTERM}, {"SIGHUP", SIGHUP},
    {"SIGUSR1", SIGUSR1},   {"SIGUSR2", SIGUSR2}, {"SIGQUIT", SIGQUIT},
    {"SIGALRM", SIGALRM},   {"SIGCONT", SIGCONT}, {"SIGTSTP", SIGTSTP},
#if defined(SIGWINCH)
    {"SIGWINCH", SIGWINCH},
#endif
};
enum { REAL_COUNT = sizeof(real_signals) / sizeof(real_signals[0]) };

/* Sequentially consistent, as the default is: the handler counts itself in and then reads
 * `runtime`; who gives the signals up clears `runtime` and then reads the count.  One of the two
 * sees the other. */
static atomic_bool arrived[REAL_COUNT];
static _Atomic(kiwi_net *) runtime; /* to be woken; NULL: none */
static atomic_int handlers_running;
static _Atomic(kw_vm *) owner; /* has the signals, and alone may give them up; NULL: nobody */
static int owned;              /* how many; owner's thread only */

/* Async-signal-safe; runs on any thread of the program that embeds us. */
static void on_signal(int number)
{
    atomic_fetch_add(&handlers_running, 1);
    for (size_t i = 0; i < REAL_COUNT; i++)
        if (real_signals[i].number == number)
            atomic_store(&arrived[i], true);
    kiwi_net *net = atomic_load(&runtime);
    if (net != NULL)
        kiwi_net_wake(net);
    atomic_fetch_sub(&handlers_running, 1);
}

/* Handle the signal of this name, if there is one of the process.  false: thrown. */
static bool install(kw_vm *vm, kp_signal *s)
{
    int real = 0;
    while (real < REAL_COUNT && strcmp(real_signals[real].name, s->name->text) != 0)
        real++;
    if (real == REAL_COUNT || s->real >= 0)
        return true;
    kw_vm *nobody = NULL;
    if (!atomic_compare_exchange_strong(&owner, &nobody, vm) && nobody != vm) {
        kw_throw(vm, "SystemError", "Another interpreter of this process traps signals.");
        return false;
    }
    atomic_store(&runtime, kp_host_of(vm)->net);
    atomic_store(&arrived[real], false);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    /* It fails for numbers of no signal only. */
    (void)sigaction(real_signals[real].number, &action, &s->before);
    s->real = real;
    owned++;
    return true;
}

/* Back to what the process did before; the last one gives the signals up. */
static void uninstall(kp_signal *s)
{
    if (s->real < 0)
        return;
    (void)sigaction(real_signals[s->real].number, &s->before, NULL);
    s->real = -1;
    if (--owned > 0)
        return;
    atomic_store(&runtime, NULL);
    while (atomic_load(&handlers_running) > 0) /* on another thread, for a moment */
        (void)sched_yield();
    atomic_store(&owner, NULL);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static kw_string *upper(kw_vm *vm, const kw_string *name)
{
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = name->text; at < name->text + name->size;) {
        char bytes[4];
        kw_buf_put(&buf, bytes, kw_text_encode(kw_char_upper(kw_utf8_next(&at)), bytes));
    }
    return kw_buf_string(vm, &buf);
}

/* The name at argument 0; NULL: thrown. */
static kw_string *name_arg(kw_vm *vm, const kw_call *call)
{
    kw_value v = kw_arg(call, 0);
    if (!kp_allowed(vm, "signal"))
        return NULL;
    if (kw_is(v, KW_STRING))
        return upper(vm, v.as.string);
    kw_throw_expected(vm, "a string", v);
    return NULL;
}

static kp_signal *find(kw_vm *vm, kw_string *name)
{
    kp_signal *s = kp_host_of(vm)->signals;
    while (s != NULL && !kw_string_same(s->name, name))
        s = s->next;
    return s;
}

static kp_signal *add(kw_vm *vm, kw_string *name)
{
    kp_host *host = kp_host_of(vm);
    kp_signal *s = kw_realloc(vm, NULL, 0, sizeof(*s));
    *s = (kp_signal){.next = host->signals, .name = name, .handler = kw_null(), .real = -1};
    host->signals = s;
    return s;
}

static void drop(kw_vm *vm, kp_signal *s)
{
    kp_signal **at = &kp_host_of(vm)->signals;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    kw_free(vm, s, sizeof(*s));
}

static bool trapped(const kp_signal *s)
{
    return s != NULL && !kw_is(s->handler, KW_NULL);
}

/* Its task lives: a handler that failed has ended it. */
static bool served(kw_vm *vm, const kp_signal *s)
{
    return kiwi_task_status(kp_host_of(vm)->net, s->task) == KIWI_TASK_RUNNING;
}

/* There is something to be seen: if the task sleeps, let it wake at its next look. */
static void call_look(kw_vm *vm, kp_signal *s)
{
    if (!s->waiting || s->timed)
        return;
    int64_t now_us = kb_clock_us();
    if (s->look_us <= now_us)
        s->look_us += ((now_us - s->look_us) / LOOK_US + 1) * LOOK_US;
    s->timed = true;
    kw_sched_timer(vm, s->parked.fiber, (double)(s->look_us - now_us) / 1000, kw_int(1));
}

static void mark(kw_vm *vm, kp_signal *s)
{
    s->marked = true;
    call_look(vm, s);
}

/* ---- Functions ------------------------------------------------------------------------------- */

static kw_result signal_trap(kw_vm *vm, kw_call *call)
{
    kw_string *name = name_arg(vm, call);
    kw_value handler = kw_arg(call, 1);
    if (name == NULL)
        return KW_THROWN;
    if (!kw_is(handler, KW_LAMBDA))
        return kw_throw_expected(vm, "a lambda", handler);
    if (kp_net(vm) == NULL)
        return KW_THROWN;
    kp_signal *known = find(vm, name), *s = known != NULL ? known : add(vm, name);
    if (!install(vm, s)) {
        if (known == NULL)
            drop(vm, s);
        return KW_THROWN;
    }
    s->handler = handler;
    if (!served(vm, s)) {
        kw_value serve =
            kw_global_value(vm, kw_global_at(vm, kw_intern_c(vm, "signal::__serve__")));
        kw_value arg = kw_of_string(name);
        s->marked = s->waiting = s->timed = false;
        s->look_us = kb_clock_us();
        if (kw_is(serve, KW_UNDEF) || !kp_spawn(vm, serve, &arg, 1, &s->task))
            return KW_THROWN;
    }
    return kw_return(call, kw_int(s->task));
}

static kw_result signal_trapped(kw_vm *vm, kw_call *call)
{
    kw_string *name = name_arg(vm, call);
    return name == NULL ? KW_THROWN : kw_return(call, kw_bool(trapped(find(vm, name))));
}

static kw_result signal_raise(kw_vm *vm, kw_call *call)
{
    kw_string *name = name_arg(vm, call);
    if (name == NULL)
        return KW_THROWN;
    kp_signal *s = find(vm, name);
    if (trapped(s))
        mark(vm, s);
    return KW_DONE;
}

static kw_result signal_reset(kw_vm *vm, kw_call *call)
{
    kw_string *name = name_arg(vm, call);
    kp_signal *s = name == NULL ? NULL : find(vm, name);
    if (name == NULL)
        return KW_THROWN;
    if (!trapped(s))
        return KW_DONE;
    uninstall(s);
    s->handler = kw_null();
    s->marked = false;
    if (served(vm, s))
        call_look(vm, s);
    else
        drop(vm, s);
    return KW_DONE;
}

/* ---- For the task ---------------------------------------------------------------------------- */

/* __look__(name): wait if there is nothing to be seen yet.  0: reset; 1: look again; 2: marked. */
static kw_result signal_look(kw_vm *vm, kw_call *call)
{
    kp_host *host = kp_host_of(vm);
    kw_string *name = name_arg(vm, call);
    kp_signal *s = name == NULL ? NULL : find(vm, name);
    if (name == NULL)
        return KW_THROWN;
    if (s == NULL)
        return kw_return(call, kw_int(0));
    if (s->waiting)
        host->signals_waiting--;
    s->waiting = s->timed = false;
    bool due = s->marked || !trapped(s);
    int64_t now_us = kb_clock_us();
    if (!due || now_us < s->look_us) {
        s->parked = kw_parked_here(vm);
        s->waiting = true;
        host->signals_waiting++;
        kw_fiber_park(vm, "signal");
        if (due)
            call_look(vm, s);
        return KW_SUSPEND;
    }
    s->look_us = now_us + LOOK_US;
    s->marked = false;
    if (trapped(s))
        return kw_return(call, kw_int(2));
    drop(vm, s);
    return kw_return(call, kw_int(0));
}

static kw_result signal_handler(kw_vm *vm, kw_call *call)
{
    kw_string *name = name_arg(vm, call);
    kp_signal *s = name == NULL ? NULL : find(vm, name);
    if (name == NULL)
        return KW_THROWN;
    return kw_return(call, trapped(s) ? s->handler : kw_null());
}

/* ---- The host -------------------------------------------------------------------------------- */

void kp_signals_collect(kw_vm *vm)
{
    for (kp_signal *s = kp_host_of(vm)->signals; s != NULL; s = s->next)
        if (s->real >= 0 && atomic_exchange(&arrived[s->real], false))
            mark(vm, s);
}

void kp_signals_mark(kw_vm *vm)
{
    for (const kp_signal *s = kp_host_of(vm)->signals; s != NULL; s = s->next) {
        kw_gc_mark_obj(vm, s->name);
        kw_gc_mark_value(vm, s->handler);
    }
}

void kp_signals_close(kw_vm *vm)
{
    for (kp_signal *s; (s = kp_host_of(vm)->signals) != NULL;) {
        uninstall(s);
        drop(vm, s);
    }
}

void kp_signal_define(kw_vm *vm)
{
    static const kw_native_def functions[] = {
        {"trap", signal_trap, 2, 2, "trap(name, handler): call the handler in a task; its id"},
        {"trapped", signal_trapped, 1, 1, "trapped(name): is there a handler?"},
        {"raise_signal", signal_raise, 1, 1, "raise_signal(name): as if the signal had come"},
        {"reset", signal_reset, 1, 1, "reset(name): remove the handler; its task ends"},
        {"__look__", signal_look, 1, 1, "wait for a signal or its reset"},
        {"__handler__", signal_handler, 1, 1, "the handler"},
        {NULL, NULL, 0, 0, NULL},
    };
    kw_define_functions(vm, "signal", functions);
    for (size_t i = 0; i < REAL_COUNT; i++)
        kw_define_value(vm, "signal", real_signals[i].name, kw_string_c(vm, real_signals[i].name));
}
