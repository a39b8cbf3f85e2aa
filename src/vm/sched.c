/* sched.c - which fiber runs: a FIFO run queue, a heap of timers, and the port to the world
 * outside.
 *
 * When nothing can run the scheduler sleeps in the port until the next timer or event.  When
 * nothing can ever run (all wait for each other, no timer, no event to come) every wait ends with
 * an error that says who waits for what, instead of hanging. */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/nap.h"
#include "vm/interp.h"

typedef struct timer {
    int64_t due_us;
    uint64_t order; /* timers due at the same time fire in the order they were set */
    kw_fiber *fiber;
    kw_value value;
} timer;

struct kw_sched {
    kw_fiber *first, *last; /* run queue */
    kw_fiber *all;          /* fibers that have not ended; generators are not among them */
    size_t live;            /* their number */
    kw_fiber *main;         /* the main program while it has not ended; its address may be used again */
    timer *timers;          /* binary heap, the next one first */
    size_t timer_count, timer_cap;
    uint64_t orders;
    unsigned turns;     /* since the port was asked last */
    kb_nap nap;         /* where nothing but timers is waited for */
    unsigned deadlocks; /* in a row: nothing else has woken anybody since the first of them */
};

enum { TURNS_BETWEEN_POLLS = 32 };

static int64_t now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

kw_sched *kw_sched_new(void)
{
    kw_sched *s = calloc(1, sizeof(*s));
    if (s != NULL)
        kb_nap_init(&s->nap);
    return s;
}

void kw_sched_free(kw_vm *vm)
{
    if (vm->sched == NULL)
        return;
    kb_nap_fini(&vm->sched->nap);
    free(vm->sched->timers);
    free(vm->sched);
    vm->sched = NULL;
}

void kw_sched_added(kw_vm *vm, kw_fiber *fiber)
{
    kw_sched *s = vm->sched;
    assert(!fiber->is_generator); /* these belong to who consumes them */
    fiber->all_prev = NULL;
    fiber->all_next = s->all;
    if (s->all != NULL)
        s->all->all_prev = fiber;
    s->all = fiber;
    s->live++;
}

void kw_sched_removed(kw_vm *vm, kw_fiber *fiber)
{
    kw_sched *s = vm->sched;
    assert(s->live > 0 && (fiber->all_prev != NULL || s->all == fiber));
    if (fiber->all_prev != NULL)
        fiber->all_prev->all_next = fiber->all_next;
    else
        s->all = fiber->all_next;
    if (fiber->all_next != NULL)
        fiber->all_next->all_prev = fiber->all_prev;
    fiber->all_next = fiber->all_prev = NULL;
    s->live--;
}

void kw_sched_ready(kw_vm *vm, kw_fiber *fiber)
{
    kw_sched *s = vm->sched;
    assert(fiber->state != KW_FIBER_READY && fiber->state != KW_FIBER_ENDED);
    fiber->state = KW_FIBER_READY;
    fiber->queue_next = NULL;
    if (s->last != NULL)
        s->last->queue_next = fiber;
    else
        s->first = fiber;
    s->last = fiber;
}

static kw_fiber *take_ready(kw_sched *s)
{
    kw_fiber *fiber = s->first;
    assert(fiber != NULL && fiber->state == KW_FIBER_READY);
    s->first = fiber->queue_next;
    if (s->first == NULL)
        s->last = NULL;
    fiber->queue_next = NULL;
    return fiber;
}

/* ---- Timers: a binary heap; each fiber knows its place in it --------------------------------- */

static bool sooner(const timer *a, const timer *b)
{
    return a->due_us != b->due_us ? a->due_us < b->due_us : a->order < b->order;
}

static void put_timer(kw_sched *s, size_t at, timer t)
{
    s->timers[at] = t;
    t.fiber->timer_at = (uint32_t)at + 1;
}

static void sift_up(kw_sched *s, size_t at)
{
    timer t = s->timers[at];
    while (at > 0 && sooner(&t, &s->timers[(at - 1) / 2])) {
        put_timer(s, at, s->timers[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put_timer(s, at, t);
}

static void sift_down(kw_sched *s, size_t at)
{
    timer t = s->timers[at];
    for (size_t child; (child = 2 * at + 1) < s->timer_count; at = child) {
        if (child + 1 < s->timer_count && sooner(&s->timers[child + 1], &s->timers[child]))
            child++;
        if (!sooner(&s->timers[child], &t))
            break;
        put_timer(s, at, s->timers[child]);
    }
    put_timer(s, at, t);
}

static void remove_timer(kw_sched *s, size_t at)
{
    assert(at < s->timer_count && s->timers[at].fiber->timer_at == at + 1);
    s->timers[at].fiber->timer_at = 0;
    timer last = s->timers[--s->timer_count];
    if (at == s->timer_count)
        return;
    put_timer(s, at, last);
    sift_up(s, at);
    sift_down(s, s->timers[at].fiber == last.fiber ? at : last.fiber->timer_at - 1);
}

void kw_sched_untime(kw_vm *vm, kw_fiber *fiber)
{
    if (fiber->timer_at != 0)
        remove_timer(vm->sched, fiber->timer_at - 1);
}

void kw_sched_timer(kw_vm *vm, kw_fiber *fiber, double ms, kw_value value)
{
    kw_sched *s = vm->sched;
    assert(fiber->state == KW_FIBER_PARKED && fiber->timer_at == 0);
    if (s->timer_count == s->timer_cap) {
        size_t cap = s->timer_cap == 0 ? 16 : s->timer_cap * 2;
        timer *timers = realloc(s->timers, cap * sizeof(timer));
        if (timers == NULL) {
            kw_fiber_wake_error(vm, fiber, "MemoryError", kw_intern_c(vm, "No memory for a timer."));
            return;
        }
        s->timers = timers;
        s->timer_cap = cap;
    }
    int64_t wait = ms < 0 ? 0 : ms > 9e15 ? INT64_MAX / 4 : (int64_t)(ms * 1000);
    s->timers[s->timer_count] =
        (timer){.due_us = now_us() + wait, .order = s->orders++, .fiber = fiber, .value = value};
    sift_up(s, s->timer_count++);
}

static void fire_timers(kw_vm *vm)
{
    kw_sched *s = vm->sched;
    if (s->timer_count == 0)
        return;
    int64_t now = now_us();
    while (s->timer_count > 0 && s->timers[0].due_us <= now) {
        timer t = s->timers[0];
        remove_timer(s, 0);
        kw_fiber_wake(vm, t.fiber, t.value);
    }
}

/* ---- The port -------------------------------------------------------------------------------- */

static bool port_pending(kw_vm *vm)
{
    return vm->port.pending != NULL && vm->port.pending(vm->port.data);
}

/* Something to be told that is no event. */
static bool port_due(kw_vm *vm)
{
    return vm->port.due != NULL && vm->port.due(vm->port.data);
}

/* Let the port make progress for at most `timeout_us` and wake the fibers whose events came. */
static void attend_port(kw_vm *vm, int64_t timeout_us)
{
    vm->sched->turns = 0;
    if (vm->port.wait == NULL || !vm->port.wait(vm->port.data, timeout_us, vm->sched->live == 1))
        kb_nap_sleep(&vm->sched->nap, timeout_us < 0 ? 0 : timeout_us);
    if (vm->port.collect != NULL)
        vm->port.collect(vm, vm->port.data);
}

/* ---- When nothing can ever run again --------------------------------------------------------- */

static void put_who_waits(kw_vm *vm, kw_buf *buf)
{
    unsigned shown = 0;
    for (kw_fiber *f = vm->sched->all; f != NULL && shown < 8; f = f->all_next, shown++) {
        char text[128];
        uint32_t line = 0;
        for (uint32_t i = f->frame_count; i-- > 0 && line == 0;) {
            const kw_proto *p = f->frames[i].closure->proto;
            if (p->file->text[0] != '<') /* not library code inside the binary */
                line = kw_chunk_line(p, (uint32_t)(f->frames[i].pc - p->code) - 1);
        }
        if (f->id == 0)
            (void)snprintf(text, sizeof(text), "%smain program: %s (line %u)", shown ? "; " : "", f->why, line);
        else
            (void)snprintf(text, sizeof(text), "%stask %lld: %s (line %u)", shown ? "; " : "", (long long)f->id, f->why,
                           line);
        kw_buf_puts(buf, text);
    }
    if (vm->sched->live > shown)
        kw_buf_puts(buf, "; and more");
}

/* Who catches the error and waits again gets it again, but not at once: a program that does nothing
 * else should not take a processor for it. */
static void slow_down(kw_vm *vm)
{
    enum { FIRST_MS = 1, DOUBLINGS = 10 };
    kw_sched *s = vm->sched;
    kw_port_flush(vm);
    unsigned doublings = s->deadlocks - 1 < DOUBLINGS ? s->deadlocks - 1 : DOUBLINGS;
    if (s->deadlocks++ > 0)
        kb_nap_sleep(&s->nap, (INT64_C(1000) * FIRST_MS) << doublings);
}

static void break_deadlock(kw_vm *vm)
{
    slow_down(vm);
    if (vm->interrupted)
        return;
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_puts(&buf, "Deadlock: nothing can run any more. Waiting: ");
    put_who_waits(vm, &buf);
    kw_string *message = kw_buf_string(vm, &buf);
    kw_throw_clear(vm);
    for (kw_fiber *f = vm->sched->all; f != NULL; f = f->all_next) {
        kw_fiber *waiter = f;
        while (waiter->producer != NULL) /* it is the generator that waits */
            waiter = waiter->producer;
        if (waiter->state == KW_FIBER_PARKED)
            kw_fiber_wake_error(vm, waiter, "SystemError", message);
    }
}

/* ---- Running --------------------------------------------------------------------------------- */

/* Is what runs the main program, or a generator that it waits for? */
static bool runs_main(const kw_vm *vm)
{
    const kw_fiber *f = vm->fiber;
    while (f->consumer != NULL)
        f = f->consumer;
    return f == vm->sched->main;
}

/* A signal asks for an end: wake the main program with an error if it waits; if it can run, it
 * notices at its next safepoint.  False: it has ended already. */
static bool interrupt_main(kw_vm *vm)
{
    kw_fiber *f = vm->sched->main;
    while (f != NULL && f->producer != NULL)
        f = f->producer;
    if (f == NULL || f->state == KW_FIBER_PARKED)
        vm->interrupted = false;
    if (f != NULL && f->state == KW_FIBER_PARKED)
        kw_fiber_wake_error(vm, f, "InterruptError", kw_intern_c(vm, "Interrupted."));
    return f != NULL;
}

bool kw_sched_safepoint(kw_vm *vm)
{
    vm->budget = KW_SLICE;
    kw_port_flush(vm);
    if (vm->interrupted) {
        if (!runs_main(vm))
            return true; /* to kw_sched_run(), which finds the main program */
        vm->interrupted = false;
        kw_throw(vm, "InterruptError", "Interrupted.");
        return false;
    }
    if (kw_heap_due(vm) && vm->loading == 0) {
        kw_gc_collect(vm);
        if (kw_heap_overdrawn(vm))
            return false;
    }
    return vm->sched->first != NULL || vm->sched->timer_count > 0 || port_pending(vm) || port_due(vm);
}

/* The interrupt of a native that another fiber than the main program runs is told to that one, too. */
bool kw_sched_may_go_on(kw_vm *vm)
{
    if (vm->strained && kw_heap_strained(vm))
        return false;
    if (!vm->interrupted || vm->fiber == NULL)
        return true;
    if (runs_main(vm))
        vm->interrupted = false;
    kw_throw(vm, "InterruptError", "Interrupted.");
    return false;
}

/* Wait for something to become runnable.  False: nothing ever will. */
static bool wait_for_work(kw_vm *vm)
{
    kw_sched *s = vm->sched;
    if (!kw_out_flush(vm))
        return true; /* to kw_sched_run(), which ends */
    int64_t timeout_us = -1;
    if (!port_pending(vm)) {
        if (vm->port.collect != NULL) /* what ended last may not have been told yet */
            vm->port.collect(vm, vm->port.data);
        if (s->first != NULL || s->timer_count == 0)
            return s->first != NULL;
    }
    if (s->timer_count > 0) {
        timeout_us = s->timers[0].due_us - now_us();
        timeout_us = timeout_us < 0 ? 0 : timeout_us;
    }
    attend_port(vm, kw_gc_idle(vm, timeout_us));
    fire_timers(vm);
    s->deadlocks = 0;
    return true;
}

/* Run one fiber for one slice.  Returns what kw_sched_run() returns, or -1: go on. */
static int run_one(kw_vm *vm, kw_fiber *fiber)
{
    assert(vm->fiber == NULL && vm->error.type == NULL);
    vm->fiber = fiber;
    vm->budget = kw_heap_due(vm) ? 0 : KW_SLICE;
    fiber->state = KW_FIBER_RUNNING;
    kw_stop stop = kw_loop_run(vm);
    fiber = vm->fiber;
    vm->fiber = NULL;
    switch (stop) {
    case KW_STOP_EXIT: return vm->exit_code;
    case KW_STOP_PARKED: kw_fiber_parked(vm, fiber); return -1;
    case KW_STOP_SLICE:
        vm->sched->turns = TURNS_BETWEEN_POLLS; /* a whole slice has passed: look for events */
        kw_sched_ready(vm, fiber);
        return -1;
    case KW_STOP_ENDED: break;
    }
    if (fiber == vm->sched->main) {
        vm->sched->main = NULL;
        vm->last_value = fiber->result;
        return kw_is(fiber->result, KW_UNDEF) ? 1 : -1;
    }
    if (vm->port.fiber_done != NULL)
        vm->port.fiber_done(vm, vm->port.data, fiber);
    kw_throw_clear(vm);
    return -1;
}

static int run_all(kw_vm *vm)
{
    kw_sched *s = vm->sched;
    for (;;) {
        if (vm->exiting) /* standard output failed where nothing ran */
            return vm->exit_code;
        if (vm->interrupted && !interrupt_main(vm))
            return KW_INTERRUPTED;
        fire_timers(vm);
        if (++s->turns >= TURNS_BETWEEN_POLLS && (port_pending(vm) || port_due(vm)))
            attend_port(vm, 0);
        if (s->first != NULL) {
            int code = run_one(vm, take_ready(s));
            if (code >= 0)
                return code;
        } else if (vm->interactive && s->main == NULL) {
            return 0;
        } else if (s->live == 0 && !port_pending(vm)) {
            return 0;
        } else if (!wait_for_work(vm)) {
            break_deadlock(vm);
        }
    }
}

void kw_sched_interrupt(kw_vm *vm)
{
    atomic_store(&vm->interrupted, true);
    kb_nap_wake(&vm->sched->nap);
}

int kw_sched_run(kw_vm *vm, kw_fiber *main_fiber)
{
    assert(vm->fiber == NULL && vm->sched->main == NULL); /* not from inside itself */
    kw_heap *before = kw_heap_enter(vm->heap);
    vm->sched->main = main_fiber;
    vm->last_value = kw_undef();
    kw_sched_ready(vm, main_fiber);
    int code = run_all(vm);
    kw_port_flush(vm); /* the host may be away for long */
    (void)kw_heap_enter(before);
    return code;
}

void kw_sched_mark(kw_vm *vm)
{
    kw_sched *s = vm->sched;
    for (kw_fiber *f = s->all; f != NULL; f = f->all_next)
        kw_gc_mark_obj(vm, f);
    for (kw_fiber *f = s->first; f != NULL; f = f->queue_next)
        kw_gc_mark_obj(vm, f);
    for (size_t i = 0; i < s->timer_count; i++) {
        kw_gc_mark_obj(vm, s->timers[i].fiber);
        kw_gc_mark_value(vm, s->timers[i].value);
    }
    kw_gc_mark_obj(vm, vm->fiber);
}
