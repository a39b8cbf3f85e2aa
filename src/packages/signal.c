/* signal.c - package signal: handlers in tasks for signals of the process and for names that
 * scripts raise (NETWORK.md section 11); and watches of the library itself, which go beside the handlers.
 *
 * A trapped name has one task, which looks every 50 ms whether the name was marked.  It does not
 * wake for that: it sleeps until a mark, and then until its next look. A signal of the process
 * is noted by its C handler in `arrived` and wakes the scheduler; the interpreter thread marks
 * the name when it collects events.  A watch is told at once, through a channel.  Signals belong to the process, so one
 * interpreter at a time has them. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "packages/library.h"
#include "packages/package.h"
#include "packages/task.h"
#include "types/unicode.h"

enum { LOOK_US = 50000 };

/* A name that was trapped. */
typedef struct trap {
    struct trap *next;
    kw_string *name;  /* upper case */
    kw_value handler; /* KW_NULL: reset, and the task has not noticed yet */
    kiwi_id task;
    int real; /* index in real_signals while this handles it; -1 */
    bool marked;
    bool waiting, timed; /* the task sleeps; and will wake at its next look */
    kw_parked parked;    /* with waiting: where */
    int64_t look_us;     /* the next look */
} trap;

/* Somebody in the library who wants to know of a signal of the process, whoever else handles it. */
typedef struct watch {
    struct watch *next;
    int real;
    kw_value channel; /* without a struct; gets the name */
} watch;

typedef struct traps {
    trap *first;
    watch *watches;
} traps;

extern const kp_package kp_signal;

/* ---- Signals of the process ------------------------------------------------------------------ */

static const struct {
    const char *name;
    int number;
} real_signals[] = {
    {"SIGINT", SIGINT},     {"SIGTERM", SIGTERM}, {"SIGHUP", SIGHUP},   {"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2},
    {"SIGQUIT", SIGQUIT},   {"SIGALRM", SIGALRM}, {"SIGCONT", SIGCONT}, {"SIGTSTP", SIGTSTP},
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
static int owned;              /* how many; this and the following: owner's thread only */
static struct {
    int users;               /* traps and watches */
    struct sigaction before; /* what to restore */
} held[REAL_COUNT];

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

/* The index of a signal of the process; -1: the name is none. */
static int real_of(const char *name)
{
    for (int i = 0; i < REAL_COUNT; i++)
        if (strcmp(real_signals[i].name, name) == 0)
            return i;
    return -1;
}

/* Let the signal arrive here, for one user more.  false: thrown. */
static bool hold(kw_vm *vm, int real)
{
    assert(real >= 0 && real < REAL_COUNT);
    kw_vm *nobody = NULL;
    if (!atomic_compare_exchange_strong(&owner, &nobody, vm) && nobody != vm) {
        kw_throw(vm, "SystemError", "Another interpreter of this process traps signals.");
        return false;
    }
    if (held[real].users++ > 0)
        return true;
    atomic_store(&runtime, kp_host_of(vm)->net);
    atomic_store(&arrived[real], false);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    /* It fails for numbers of no signal only. */
    (void)sigaction(real_signals[real].number, &action, &held[real].before);
    owned++;
    return true;
}

/* For one user less: back to what the process did before; the last one gives the signals up. */
static void let_go(int real)
{
    assert(held[real].users > 0 && owned > 0);
    if (--held[real].users > 0)
        return;
    (void)sigaction(real_signals[real].number, &held[real].before, NULL);
    if (--owned > 0)
        return;
    atomic_store(&runtime, NULL);
    while (atomic_load(&handlers_running) > 0) /* on another thread, for a moment */
        (void)sched_yield();
    atomic_store(&owner, NULL);
}

/* Handle the signal of this name, if there is one of the process.  false: thrown. */
static bool install(kw_vm *vm, trap *s)
{
    int real = s->real >= 0 ? -1 : real_of(s->name->text);
    if (real >= 0 && !hold(vm, real))
        return false;
    if (real >= 0)
        s->real = real;
    return true;
}

static void uninstall(trap *s)
{
    if (s->real >= 0)
        let_go(s->real);
    s->real = -1;
}

/* ---- Names ----------------------------------------------------------------------------------- */

static kw_string *upper(kw_vm *vm, const kw_string *name)
{
    kw_buf buf;
    kw_buf_init(&buf);
    for (const char *at = name->text; at < name->text + name->size;) {
        char bytes[4];
        kw_buf_put(&buf, bytes, kw_text_encode(kw_unicode_upper(kw_utf8_next(&at)), bytes));
    }
    return kw_buf_string(vm, &buf);
}

/* The name at argument 0; NULL: thrown. */
static kw_string *name_arg(kw_vm *vm, const kw_call *call)
{
    kw_value v = kw_arg(call, 0);
    if (kw_is(v, KW_STRING))
        return upper(vm, v.as.string);
    kw_throw_expected(vm, "a string", v);
    return NULL;
}

static trap *find(kw_vm *vm, kw_string *name)
{
    const traps *all = kp_state_known(vm, &kp_signal);
    trap *s = all != NULL ? all->first : NULL;
    while (s != NULL && !kw_string_same(s->name, name))
        s = s->next;
    return s;
}

/* NULL: thrown. */
static trap *add(kw_vm *vm, kw_string *name)
{
    traps *all = kp_state(vm, &kp_signal);
    if (all == NULL)
        return NULL;
    trap *s = kw_heap_realloc(vm, NULL, 0, sizeof(*s));
    *s = (trap){.next = all->first, .name = name, .handler = kw_null(), .real = -1};
    all->first = s;
    return s;
}

static void drop(kw_vm *vm, trap *s)
{
    traps *all = kp_state_known(vm, &kp_signal);
    trap **at = &all->first;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    kw_heap_release(vm, s, sizeof(*s));
}

static bool trapped(const trap *s)
{
    return s != NULL && !kw_is(s->handler, KW_NULL);
}

/* Its task lives: a handler that failed has ended it. */
static bool served(kw_vm *vm, const trap *s)
{
    return kiwi_task_status(kp_host_of(vm)->net, s->task) == KIWI_TASK_RUNNING;
}

/* There is something to be seen: if the task sleeps, let it wake at its next look. */
static void call_look(kw_vm *vm, trap *s)
{
    if (!s->waiting || s->timed)
        return;
    int64_t now_us = kb_clock_us();
    if (s->look_us <= now_us)
        s->look_us += ((now_us - s->look_us) / LOOK_US + 1) * LOOK_US;
    assert(s->look_us > now_us); /* at a multiple of LOOK_US, as it would without sleeping */
    s->timed = true;
    kw_sched_timer(vm, s->parked.fiber, (double)(s->look_us - now_us) / 1000, kw_int(1));
}

static void mark(kw_vm *vm, trap *s)
{
    s->marked = true;
    call_look(vm, s);
}

/* Tell the watches of a signal of the process. */
static void tell_watches(kw_vm *vm, int real)
{
    const traps *all = kp_state_known(vm, &kp_signal);
    for (const watch *w = all != NULL ? all->watches : NULL; w != NULL; w = w->next)
        if (w->real == real)
            kp_channel_post(vm, w->channel, kw_of_string(kw_intern_c(vm, real_signals[real].name)));
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
    trap *known = find(vm, name), *s = known != NULL ? known : add(vm, name);
    if (s == NULL)
        return KW_THROWN;
    if (!install(vm, s)) {
        if (known == NULL)
            drop(vm, s);
        return KW_THROWN;
    }
    s->handler = handler;
    if (!served(vm, s)) {
        kw_value serve = kp_library_function(vm, "signal", "signal::__serve__");
        kw_value arg = kw_of_string(name);
        s->marked = s->waiting = s->timed = false;
        s->look_us = kb_clock_us();
        if (kw_is(serve, KW_UNDEF) || !kp_host_spawn(vm, serve, &arg, 1, &s->task))
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
    trap *s = find(vm, name);
    if (trapped(s))
        mark(vm, s);
    tell_watches(vm, real_of(name->text));
    return KW_DONE;
}

static kw_result signal_reset(kw_vm *vm, kw_call *call)
{
    kw_string *name = name_arg(vm, call);
    trap *s = name == NULL ? NULL : find(vm, name);
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
    trap *s = name == NULL ? NULL : find(vm, name);
    if (name == NULL)
        return KW_THROWN;
    if (s == NULL)
        return kw_return(call, kw_int(0));
    if (s->waiting)
        kiwi_net_expect(host->net, -1);
    s->waiting = s->timed = false;
    bool due = s->marked || !trapped(s);
    int64_t now_us = kb_clock_us();
    if (!due || now_us < s->look_us) {
        s->parked = kw_fiber_parked_here(vm);
        s->waiting = true;
        kiwi_net_expect(host->net, 1);
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
    trap *s = name == NULL ? NULL : find(vm, name);
    if (name == NULL)
        return KW_THROWN;
    return kw_return(call, trapped(s) ? s->handler : kw_null());
}

/* ---- For the library ------------------------------------------------------------------------- */

/* __watch__(name, channel): the channel gets the name whenever that signal comes. */
static kw_result signal_watch(kw_vm *vm, kw_call *call)
{
    kw_string *name = name_arg(vm, call);
    traps *all = name == NULL ? NULL : kp_state(vm, &kp_signal);
    if (all == NULL)
        return KW_THROWN;
    int real = real_of(name->text);
    if (real < 0 || kp_struct_handle_at(kw_arg(call, 1), &kp_channel) == NULL)
        return kw_throw(vm, "TypeError", "Expected a signal of the process and a channel.");
    if (!hold(vm, real))
        return KW_THROWN;
    watch *w = kw_heap_realloc(vm, NULL, 0, sizeof(*w));
    *w = (watch){.next = all->watches, .real = real, .channel = kw_arg(call, 1)};
    all->watches = w;
    return KW_DONE;
}

static void drop_watch(kw_vm *vm, watch **at)
{
    watch *w = *at;
    *at = w->next;
    let_go(w->real);
    kw_heap_release(vm, w, sizeof(*w));
}

/* __unwatch__(channel): no watch of this channel is left. */
static kw_result signal_unwatch(kw_vm *vm, kw_call *call)
{
    traps *all = kp_state_known(vm, &kp_signal);
    const void *channel = kp_struct_handle_at(kw_arg(call, 0), &kp_channel);
    for (watch **at = all != NULL ? &all->watches : NULL; at != NULL && *at != NULL;) {
        if (kp_struct_handle_at((*at)->channel, &kp_channel) == channel)
            drop_watch(vm, at);
        else
            at = &(*at)->next;
    }
    return KW_DONE;
}

/* ---- The package ----------------------------------------------------------------------------- */

/* Its task was woken by something else, such as task::cancel(): nothing is waited for any more. */
static void stop_waiting(kw_vm *vm, trap *s)
{
    if (!s->waiting || kw_fiber_still_parked(s->parked))
        return;
    s->waiting = s->timed = false;
    kiwi_net_expect(kp_host_of(vm)->net, -1);
}

/* One of the signals that this interpreter has came. */
static void deliver(kw_vm *vm, const traps *all, int real)
{
    for (trap *s = all->first; s != NULL; s = s->next)
        if (s->real == real)
            mark(vm, s);
    tell_watches(vm, real);
}

static void collect(kw_vm *vm, void *state)
{
    const traps *all = state;
    for (trap *s = all->first; s != NULL; s = s->next)
        stop_waiting(vm, s);
    if (atomic_load(&owner) != vm)
        return;
    for (int i = 0; i < REAL_COUNT; i++)
        if (held[i].users > 0 && atomic_exchange(&arrived[i], false))
            deliver(vm, all, i);
}

static void mark_all(kw_vm *vm, void *state)
{
    const traps *all = state;
    for (const trap *s = all->first; s != NULL; s = s->next) {
        kw_gc_mark_obj(vm, s->name);
        kw_gc_mark_value(vm, s->handler);
    }
    for (const watch *w = all->watches; w != NULL; w = w->next)
        kw_gc_mark_value(vm, w->channel);
}

static void close_all(kw_vm *vm, void *state)
{
    traps *all = state;
    for (trap *s; (s = all->first) != NULL;) {
        uninstall(s);
        drop(vm, s);
    }
    while (all->watches != NULL)
        drop_watch(vm, &all->watches);
}

/* The functions look at their arguments themselves: the error texts are those of the library's Kiwi code. */
/* clang-format off */
static const kw_native_def functions[] = {
    {"trap(name: string, handler: lambda): task<any>", signal_trap,
     "Call the handler in a task of its own whenever the signal comes; the id of the task.",
     "signal::trap(\"mine\", with () do println \"came\" end)\nsignal::reset(\"mine\")", NULL, KW_CHECK_NONE},
    {"trapped(name: string): boolean", signal_trapped, "Is there a handler?",
     "println signal::trapped(\"SIGHUP\")  # => false", NULL, KW_CHECK_NONE},
    {"raise_signal(name: string)", signal_raise, "Act as if the signal had come.",
     "signal::raise_signal(\"SIGUSR1\")", NULL, KW_CHECK_NONE},
    {"reset(name: string)", signal_reset, "Remove the handler; its task ends.",
     "signal::reset(\"SIGUSR1\")", NULL, KW_CHECK_NONE},
    {"__look__(name: string)", signal_look, "Wait for a signal or its reset.", NULL, NULL, KW_CHECK_NONE},
    {"__handler__(name: string)", signal_handler, "The handler.", NULL, NULL, KW_CHECK_NONE},
    {"__watch__(name: string, channel: pointer)", signal_watch, "Send the name into the channel whenever the signal comes.", NULL,
     NULL, KW_CHECK_NONE},
    {"__unwatch__(channel: pointer)", signal_unwatch, "No more.", NULL, NULL, KW_CHECK_NONE},
    {NULL},
};
/* clang-format on */

/* Those of real_signals. */
#define NAME_OF(name)                                                                                                  \
    {                                                                                                                  \
        name, name, 0, "The name of the signal."                                                                       \
    }
static const kp_constant constants[] = {
    NAME_OF("SIGINT"),
    NAME_OF("SIGTERM"),
    NAME_OF("SIGHUP"),
    NAME_OF("SIGUSR1"),
    NAME_OF("SIGUSR2"),
    NAME_OF("SIGQUIT"),
    NAME_OF("SIGALRM"),
    NAME_OF("SIGCONT"),
    NAME_OF("SIGTSTP"),
#if defined(SIGWINCH)
    NAME_OF("SIGWINCH"),
#endif
    {NULL},
};

const kp_package kp_signal = {
    .name = "signal",
    .about = "Handlers for signals of the process, and for names that scripts raise.",
    .functions = functions,
    .constants = constants,
    .refused = "signal",
    .network = true,
    .state_size = sizeof(traps),
    .mark = mark_all,
    .collect = collect,
    .close = close_all,
};
