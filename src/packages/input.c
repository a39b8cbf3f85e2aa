/* input.c - lines from standard input, for input() and whatever else reads lines.
 *
 * A fiber that waits for a line must not hold up the others.  What is there already is read at once;
 * else the fiber parks, and a thread that is started on first need waits for the input and wakes the
 * interpreter when a line has come.  Standard input belongs to the process: so do the thread and the
 * text that was read ahead, and several interpreters may wait.
 *
 * The thread reads only while some fiber waits, and nothing before poll() says that there is something,
 * so that it can be told to stop: whoever reads the terminal after us (the interactive loop, a program
 * that the script starts) has it to itself.  It is detached and nobody waits for it at the end. */
#include "config.h"

#include "packages/input.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/locks.h"
#include "net/fd.h"
#include "packages/host.h"

enum { CHUNK = 1 << 14, LARGE = 1 << 16, STACK_SIZE = 1 << 18, PAUSE_US = KB_US_PER_S };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards all that follows */
static pthread_cond_t changed; /* `readers`, `reading`, or a line was taken; made with the thread */
static kp_input *readers;      /* interpreters whose fibers wait */
static char *text;             /* read ahead: text[from..to); no line ends in text[from..seen) */
static size_t from, seen, to, room;
static bool ended;             /* behind that the input ended: one reader is told */
static bool full;              /* there is no memory for more: one reader is told */
static bool started;           /* the thread */
static bool reading;           /* it is in poll() or read() */
static bool sparing;           /* read no byte behind the line: somebody else wants what follows */
static size_t most = SIZE_MAX; /* of the text read ahead: more is too much, be it one line or all */
static int stop[2] = {-1, -1}; /* a pipe that gets it out of poll() */

/* ---- Text (all locked) ----------------------------------------------------------------------- */

/* Is there a line, the end or a failure?  Looks at each byte once. */
static bool line_there(void)
{
    assert(from <= seen && seen <= to && to <= room);
    if (ended || full)
        return true;
    if (seen < to && memchr(text + seen, '\n', to - seen) != NULL)
        return true;
    seen = to;
    return false;
}

/* Is there what is wanted, or why it never will be? */
static bool there(kp_input_what what)
{
    if (what == KP_INPUT_LINE || what == KP_INPUT_LINE_OR_NULL)
        return line_there();
    return ended || full || (what == KP_INPUT_ENDED && from < to);
}

/* Make room for CHUNK bytes at text + to; else it is `full`. */
static bool reserve(void)
{
    full = to - from > most;
    if (full || room - to >= CHUNK)
        return !full;
    if (from > 0) { /* what follows the lines that were taken is less than a line */
        memmove(text, text + from, to - from);
        seen -= from;
        to -= from;
        from = 0;
    }
    if (room - to >= CHUNK)
        return true;
    size_t twice = room * 2 + CHUNK, wanted = most < twice - CHUNK ? most + CHUNK : twice;
    if (wanted < to + CHUNK)
        wanted = to + CHUNK;
    char *grown = realloc(text, wanted);
    full = grown == NULL;
    if (full)
        return false;
    text = grown;
    room = wanted;
    return true;
}

/* Note what read() put where room was made, with errno if -1. */
static void note_read(ssize_t n)
{
    assert(n <= 0 || (size_t)n <= room - to);
    if (n > 0)
        to += (size_t)n;
    else if (n == 0 || (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK))
        ended = true; /* a standard input that cannot be read is at its end */
}

/* What was taken: malloc'ed; NULL: no memory for `size` bytes. */
typedef struct taken {
    kp_input_what what;
    char *text;
    size_t size;
    bool nothing; /* it was the end */
} taken;

/* The first `size` bytes of the text, which they and the `after` bytes behind them leave. */
static char *copy_text(size_t size, size_t after)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return NULL;
    if (size > 0)
        memcpy(copy, text + from, size);
    from += size + after;
    seen = from;
    return copy;
}

/* The same where they are most of it: the rest moves, since there may be no room for two of so much. */
static char *give_buffer(size_t size, size_t after)
{
    size_t rest = to - from - size - after;
    char *all = text, *other = malloc(rest + CHUNK);
    if (other == NULL)
        return NULL;
    memcpy(other, text + from + size + after, rest);
    memmove(all, all + from, size);
    text = other;
    from = seen = 0;
    to = rest;
    room = rest + CHUNK;
    return all;
}

/* Take `size` bytes, and leave out those behind them.  The thread may be about to fill the buffer for somebody else. */
static char *take_text(size_t size, size_t after)
{
    bool most_of_it = size >= LARGE && size > to - from - size - after;
    return most_of_it && !reading ? give_buffer(size, after) : copy_text(size, after);
}

/* The line that is there, without its end. */
static void copy_line(taken *t)
{
    const char *start = text + from;
    const char *end = memchr(start, '\n', to - from);
    size_t whole = end != NULL ? (size_t)(end - start) : to - from;
    size_t after = end != NULL ? 1 : 0;
    t->size = whole + 1;
    t->text = take_text(whole, after);
    if (t->text == NULL)
        return;
    t->size = whole > 0 && t->text[whole - 1] == '\r' ? whole - 1 : whole;
    t->nothing = whole == 0 && end == NULL;
    ended = ended && end != NULL;
}

static void copy_rest(taken *t)
{
    size_t all = to - from;
    t->size = all + 1;
    t->text = take_text(all, 0);
    if (t->text == NULL)
        return;
    t->size = all;
    ended = false;
}

static void look_for_end(taken *t)
{
    t->nothing = from == to;
    t->text = malloc(t->size = 1);
}

/* Take what is there, or learn that there was no memory for it. */
static void take(taken *t)
{
    t->size = to - from + CHUNK;
    if (full && (t->what == KP_INPUT_TEXT || t->what == KP_INPUT_BYTES))
        from = to = seen = 0; /* nobody can have it, so that a later look finds room */
    else if (!full && (t->what == KP_INPUT_TEXT || t->what == KP_INPUT_BYTES))
        copy_rest(t);
    else if (!full && t->what == KP_INPUT_ENDED)
        look_for_end(t);
    else if (!full)
        copy_line(t);
    full = false;
    if (readers != NULL) /* for whom the thread may go on */
        MUST(pthread_cond_broadcast(&changed));
}

/* ---- Reading (entered and left locked) ------------------------------------------------------- */

static size_t read_size(void)
{
    return sparing ? 1 : CHUNK;
}

/* While the thread does not read: read what is there without waiting. */
static void read_now(kp_input_what what)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    while (!there(what) && poll(&in, 1, 0) > 0 && reserve())
        note_read(read(STDIN_FILENO, text + to, read_size()));
}

/* Does an interpreter wait for what is not there? */
static bool more_is_wanted(void)
{
    const kp_input *r = readers;
    while (r != NULL && there(r->what))
        r = r->next;
    return r != NULL;
}

/* On the thread: wait for input and read it, or be told to stop.  Nobody else moves the text meanwhile. */
static void read_patiently(void)
{
    struct pollfd fds[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = stop[0], .events = POLLIN}};
    char *where = text + to;
    size_t size = read_size();
    ssize_t n = -1;
    reading = true;
    kb_unlock(&lock);
    int ready = poll(fds, 2, -1);
    int error = EINTR;
    if (ready > 0 && fds[1].revents != 0) {
        kn_fd_drain(stop[0]);
    } else if (ready > 0) {
        n = read(STDIN_FILENO, where, size);
        error = errno;
    }
    kb_lock(&lock);
    reading = false;
    errno = error;
    assert(where == text + to); /* as said above */
    note_read(n);
}

static void *thread_main(void *unused)
{
    (void)unused;
    kb_lock(&lock);
    for (;;) {
        while (!more_is_wanted())
            kb_locks_cond_until(&changed, &lock, KB_NEVER);
        if (reserve())
            read_patiently();
        for (kp_input *r = readers; r != NULL; r = r->next)
            if (there(r->what))
                kiwi_net_wake(r->net);
        MUST(pthread_cond_broadcast(&changed));
    }
    return NULL;
}

/* Locked.  All signals are the others', but for the one that stops a background process which reads
 * from its terminal. */
static int start_thread(void)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t blocked, before;
    int error = kn_fd_pipe(stop);
    if (error == 0 && (error = kb_locks_cond_init(&changed)) == 0) {
        MUST(pthread_attr_init(&attr));
        (void)pthread_attr_setstacksize(&attr, STACK_SIZE); /* refused: the system's default */
        MUST(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED));
        (void)sigfillset(&blocked);
        (void)sigdelset(&blocked, SIGTTIN);
        MUST(pthread_sigmask(SIG_SETMASK, &blocked, &before));
        error = pthread_create(&thread, &attr, thread_main, NULL);
        MUST(pthread_sigmask(SIG_SETMASK, &before, NULL));
        (void)pthread_attr_destroy(&attr);
        if (error != 0)
            (void)pthread_cond_destroy(&changed);
    }
    if (error != 0 && stop[0] >= 0) {
        (void)close(stop[0]);
        (void)close(stop[1]);
        stop[0] = stop[1] = -1;
    }
    started = error == 0;
    return error;
}

/* Locked, and once lines are wanted the thread is there: they are wanted here, or no longer. */
static void list_reader(kp_input *mine, bool wanted)
{
    assert(!wanted || started);
    kp_input **at = &readers;
    while (*at != NULL && *at != mine)
        at = &(*at)->next;
    if (*at == mine && !wanted) {
        *at = mine->next;
    } else if (*at == NULL && wanted) {
        mine->next = NULL;
        *at = mine;
    }
    if (wanted)
        MUST(pthread_cond_broadcast(&changed));
    else if (readers == NULL && reading)
        kn_fd_signal(stop[1]);
}

/* ---- Fibers ---------------------------------------------------------------------------------- */

/* Does a fiber wait here?  Those that were woken by something else since are forgotten. */
static bool somebody_waits(kw_vm *vm, kp_input *mine)
{
    size_t before = mine->waiting.count;
    bool waits = kp_queue_waits(&mine->waiting);
    if (mine->waiting.count < before)
        kiwi_net_expect(kp_host_of(vm)->net, -(int)(before - mine->waiting.count));
    return waits;
}

/* What the first fiber that waits here waits for. */
static kp_input_what first_wants(const kp_input *mine)
{
    assert(mine->waiting.count > 0);
    return (kp_input_what)mine->waiting.items[mine->waiting.first].value.as.i;
}

static kw_string *adopt(kw_vm *vm, taken *t)
{
    void *data = t->text;
    kw_string *s = kw_string_adopt(vm, &data, t->size);
    t->text = data;
    return s;
}

/* The value of what was taken; its text is freed or adopted.  false: thrown. */
static bool value_of(kw_vm *vm, taken *t, kw_value *value)
{
    kw_string *s = NULL;
    *value = kw_null();
    if (t->text == NULL) {
        (void)kw_throw_memory(vm, t->size);
        return false;
    }
    bool is_text = t->what != KP_INPUT_ENDED && (t->what != KP_INPUT_LINE_OR_NULL || !t->nothing);
    if (t->what == KP_INPUT_BYTES) {
        *value = kw_of_bytes(kw_bytes_adopt(vm, t->text, t->size));
        return true;
    }
    if (t->what == KP_INPUT_ENDED)
        *value = kw_bool(t->nothing);
    else if (is_text)
        s = adopt(vm, t); /* input may be invalid UTF-8 */
    free(t->text);
    if (s != NULL)
        *value = kw_of_string(s);
    return s != NULL || !is_text;
}

/* How much may be read ahead: as much as memory allows, and a line of usual length in any case. */
static size_t room_for_text(kw_vm *vm)
{
    size_t left = kw_heap_left(vm);
    return left > LARGE ? left : LARGE;
}

/* Take what is wanted if it can be had without waiting.  *again: nothing was taken, since memory is short; there may be
 * more after a collection.  Not if the thread reads, for somebody who asked before. */
static bool take_now(kw_vm *vm, taken *t, bool may_again, bool *again)
{
    size_t left = room_for_text(vm);
    kb_lock(&lock);
    sparing = vm->interactive;
    most = left;
    if (!reading)
        read_now(t->what);
    bool is_there = !reading && there(t->what);
    *again = is_there && full && may_again;
    if (*again)
        full = false;
    else if (is_there)
        take(t);
    kb_unlock(&lock);
    return is_there;
}

/* Wait for it, behind those who wait already. */
static kw_result wait_for(kw_vm *vm, kp_input *mine, kp_input_what what)
{
    kiwi_net *net = kp_host_net(vm);
    if (net == NULL)
        return KW_THROWN;
    kb_lock(&lock);
    int error = started ? 0 : start_thread();
    kb_unlock(&lock);
    if (error != 0) {
        char why[96];
        return kw_throw(vm, "SystemError", "Cannot wait for input: %s", kb_error_errno_text(error, why, sizeof(why)));
    }
    if (!kp_queue_put(vm, &mine->waiting, (kp_item){.parked = kw_fiber_parked_here(vm), .value = kw_int(what)}))
        return KW_THROWN;
    kiwi_net_expect(net, 1);
    kp_input_resume(vm);
    kw_fiber_park(vm, "input");
    return KW_SUSPEND;
}

kw_result kp_input_take(kw_vm *vm, kw_call *call, kp_input_what what)
{
    kp_input *mine = &kp_host_of(vm)->input;
    taken t = {.what = what};
    kw_value value;
    bool first = call->kept == NULL, again = false;
    if (first && mine->tries_again) /* lines go to those who asked first */
        return kw_call_again(vm, call, &call->result, 1);
    mine->tries_again = false;
    bool had = !somebody_waits(vm, mine) && take_now(vm, &t, first, &again);
    if (again) {
        mine->tries_again = true;
        (void)kw_heap_fits(vm, SIZE_MAX); /* asks for it */
        return kw_call_again(vm, call, &call->result, 1);
    }
    if (had)
        return value_of(vm, &t, &value) ? kw_return(call, value) : KW_THROWN;
    return wait_for(vm, mine, what);
}

kw_result kp_input_line(kw_vm *vm, kw_call *call)
{
    return kp_input_take(vm, call, KP_INPUT_LINE);
}

kw_result kp_input_prompt(kw_vm *vm, kw_call *call)
{
    kw_value prompt = kw_arg(call, 0);
    if (!kw_is(prompt, KW_NULL) && call->kept == NULL) {
        const kw_string *s = kw_display_text(vm, prompt);
        if (s == NULL || !kw_out(vm, 1, s->text, s->size))
            return KW_THROWN;
    }
    return kw_out_flush(vm) ? kp_input_line(vm, call) : KW_THROWN;
}

/* Give it to the fiber that has waited longest; there is one. */
static void deliver(kw_vm *vm, kp_input *mine, taken *t)
{
    kp_item it = kp_queue_take(&mine->waiting);
    kw_value value;
    kiwi_net_expect(kp_host_of(vm)->net, -1);
    if (value_of(vm, t, &value)) {
        kw_fiber_wake(vm, it.parked.fiber, value);
        return;
    }
    kw_fiber_wake_error(vm, it.parked.fiber, "MemoryError", kw_throw_take(vm));
}

void kp_input_collect(kw_vm *vm)
{
    kp_input *mine = &kp_host_of(vm)->input;
    if (mine->waiting.count == 0)
        return;
    while (somebody_waits(vm, mine)) {
        taken t = {.what = first_wants(mine)};
        kb_lock(&lock);
        bool is_there = there(t.what);
        if (is_there)
            take(&t);
        kb_unlock(&lock);
        if (!is_there) {
            if (mine->what != t.what) /* something else than the one before */
                kp_input_resume(vm);
            return;
        }
        deliver(vm, mine, &t);
    }
    kb_lock(&lock);
    list_reader(mine, false);
    kb_unlock(&lock);
}

void kp_input_mark(kw_vm *vm)
{
    kp_queue_mark(vm, &kp_host_of(vm)->input.waiting);
}

void kp_input_resume(kw_vm *vm)
{
    kp_input *mine = &kp_host_of(vm)->input;
    if (mine->waiting.count == 0)
        return;
    size_t left = room_for_text(vm);
    kb_lock(&lock);
    mine->net = kp_host_of(vm)->net;
    mine->what = first_wants(mine);
    sparing = vm->interactive;
    most = left;
    list_reader(mine, true);
    kb_unlock(&lock);
}

void kp_input_pause(kw_vm *vm)
{
    kp_input *mine = &kp_host_of(vm)->input;
    int64_t deadline_us = kb_clock_us() + PAUSE_US;
    kp_input_collect(vm);
    kb_lock(&lock);
    list_reader(mine, false);
    while (readers == NULL && reading && kb_clock_us() < deadline_us)
        kb_locks_cond_until(&changed, &lock, deadline_us);
    kb_unlock(&lock);
}

void kp_input_close(kw_vm *vm)
{
    kp_input *mine = &kp_host_of(vm)->input;
    kb_lock(&lock);
    list_reader(mine, false);
    kb_unlock(&lock);
    kp_queue_free(vm, &mine->waiting);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

size_t kp_input_peek(kw_vm *vm, char *bytes, size_t size, bool *at_end)
{
    kb_lock(&lock);
    sparing = vm->interactive;
    if (!reading)
        read_now(KP_INPUT_LINE);
    size_t count = to - from < size ? to - from : size;
    if (count > 0)
        memcpy(bytes, text + from, count);
    *at_end = count == 0 && ended;
    if (*at_end)
        ended = false;
    kb_unlock(&lock);
    return count;
}

void kp_input_skip(size_t count)
{
    kb_lock(&lock);
    from += count < to - from ? count : to - from; /* another interpreter may have taken some since */
    if (seen < from)
        seen = from;
    kb_unlock(&lock);
}
