/* lead.c - leading the waiting room: one thread at a time waits in it for all.  Timers are served
 * there too.  The contracts are in state.h and kiwi/net.h. */
#include "config.h"

#include "net/state.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/locks.h"

/* ---- Pipes ----------------------------------------------------------------------------------- */

/* A full pipe is as good as a byte more: the reader wakes in any case. */
void kn_pipe_write(int fd)
{
    while (write(fd, "", 1) < 0 && errno == EINTR)
        continue;
}

void kn_pipe_drain(int fd)
{
    char bytes[64];
    ssize_t count;
    do
        count = read(fd, bytes, sizeof(bytes));
    while (count == (ssize_t)sizeof(bytes) || (count < 0 && errno == EINTR));
}

/* ---- Timers: a binary heap, earliest first -------------------------------------------------- */

static int64_t due(const kn_op *op)
{
    return op->deadline_us < op->pause_us ? op->deadline_us : op->pause_us;
}

static void heap_set(kiwi_net *net, size_t at, kn_op *op)
{
    net->timers[at] = op;
    op->timer = at + 1;
}

static void heap_sift(kiwi_net *net, size_t at, kn_op *op)
{
    while (at > 0 && due(net->timers[(at - 1) / 2]) > due(op)) {
        heap_set(net, at, net->timers[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (size_t child; (child = 2 * at + 1) < net->timer_count; at = child) {
        if (child + 1 < net->timer_count && due(net->timers[child + 1]) < due(net->timers[child]))
            child++;
        if (due(net->timers[child]) >= due(op))
            break;
        heap_set(net, at, net->timers[child]);
    }
    heap_set(net, at, op);
}

void kn_timer_clear(kiwi_net *net, kn_op *op)
{
    if (op->timer == 0)
        return;
    size_t at = op->timer - 1;
    op->timer = 0;
    kn_op *last = net->timers[--net->timer_count];
    if (last != op)
        heap_sift(net, at, last);
}

/* (Re)arm the timer of `op`.  kn_op_new() has made room in the heap. */
void kn_timer_set(kiwi_net *net, kn_op *op)
{
    kn_timer_clear(net, op);
    if (due(op) == KB_NEVER)
        return;
    assert(net->timer_count < net->timer_size);
    heap_sift(net, net->timer_count++, op);
    if (op->timer == 1)
        kn_lead_kick(net); /* the leader sleeps for too long */
}

static void run_timers(kiwi_net *net) /* locked */
{
    if (net->timer_count == 0)
        return;
    int64_t now_us = kb_clock_us();
    while (net->timer_count > 0 && due(net->timers[0]) <= now_us) {
        kn_op *op = net->timers[0];
        if (op->deadline_us <= now_us) {
            kn_op_expire(net, op);
        } else {
            op->pause_us = KB_NEVER;
            kn_timer_set(net, op);
            if (op->state == KN_PARKED)
                kn_op_ready(net, op);
        }
    }
}

/* ---- Parking -------------------------------------------------------------------------------- */

/* Tell a level-triggered room which directions of `sock` are waited for. */
static int watch_level(kiwi_net *net, kn_sock *sock)
{
    bool want[2] = {false, false};
    for (int side = 0; side < 2; side++) {
        const kb_link *link = kb_list_first(&sock->side[side]);
        const kn_op *op = link == NULL ? NULL : KB_OWNER(link, kn_op, queue);
        if (op != NULL && op->state == KN_PARKED && op->want != KN_NOTHING)
            want[op->want] = true;
    }
    uint64_t key = (uint64_t)net->slots[sock->slot].generation << 32 | sock->slot;
    return net->room_kind->watch(net->room, sock->fd, key, want[KN_READ], want[KN_WRITE],
                                 &sock->place);
}

/* Let `op` wait in the room, `want` a direction or KN_NOTHING.  Locked. */
void kn_park(kiwi_net *net, kn_op *op, int want)
{
    kn_sock *sock = op->sock;
    op->state = KN_PARKED;
    op->want = (uint8_t)want;
    net->parked++;
    if (want == KN_NOTHING)
        return;
    int error = 0;
    if (!net->room_kind->edge) {
        error = watch_level(net, sock);
        kn_lead_kick(net); /* it waits for an older list */
    } else if (!sock->registered) {
        uint64_t key = (uint64_t)net->slots[sock->slot].generation << 32 | sock->slot;
        error = net->room_kind->watch(net->room, sock->fd, key, true, true, &sock->place);
        sock->registered = error == 0;
    }
    if (error != 0) {
        kiwi_result out = {0};
        kn_fault_sys(&out, error);
        kn_op_fail(net, op, &out);
    }
}

void kn_sock_event(kiwi_net *net, const kn_event *event)
{
    uint32_t slot = (uint32_t)event->key;
    if (slot >= net->slot_count || net->slots[slot].generation != event->key >> 32)
        return; /* fetched before its socket was closed */
    kn_sock *sock = net->slots[slot].sock;
    if (sock == NULL || sock->closing)
        return;
    sock->hup = sock->hup || event->hup;
    sock->events[KN_READ] += event->in;
    sock->events[KN_WRITE] += event->out;
    for (int side = 0; side < 2; side++) {
        const kb_link *link = kb_list_first(&sock->side[side]);
        kn_op *op = link == NULL ? NULL : KB_OWNER(link, kn_op, queue);
        if (op == NULL || op->state != KN_PARKED)
            continue;
        if ((op->want == KN_READ && event->in) || (op->want == KN_WRITE && event->out))
            kn_op_ready(net, op);
    }
    if (!net->room_kind->edge)
        (void)watch_level(net, sock); /* fewer directions than before: cannot fail */
}

/* ---- Leading -------------------------------------------------------------------------------- */

bool kn_helps(const kiwi_net *net)
{
    return net->help || net->unmanned;
}

kn_op *kn_help_pick(const kiwi_net *net, bool sole)
{
    kb_link *link = kb_list_first(&net->ready);
    if (link == NULL && (net->unmanned || (sole && net->op_count == 1)))
        link = kb_list_first(&net->ready_heavy);
    return link == NULL ? NULL : KB_OWNER(link, kn_op, ready);
}

int64_t kn_sleep_until(const kiwi_net *net, int64_t until_us)
{
    int64_t again_us = net->worker_count > 0 ? KB_NEVER
                                             : kb_clock_after_ms(kb_clock_us(), KN_PAUSE_MS);
    return again_us < until_us ? again_us : until_us;
}

bool kn_lead_needed(const kiwi_net *net)
{
    return net->parked > 0 || net->timer_count > 0;
}

void kn_lead_kick(kiwi_net *net)
{
    if (!net->in_room || net->kicked)
        return;
    net->kicked = true;
    kn_pipe_write(net->kick[1]);
}

void kn_lead_tell(kiwi_net *net)
{
    if (net->lead == KN_LEAD_HELPER)
        kn_lead_kick(net);
    if (net->asleep > 0 && !net->alarmed) {
        net->alarmed = true;
        kn_pipe_write(net->alarm[1]);
    }
}

void kn_lead_once(kiwi_net *net, kn_lead as, int64_t until_us)
{
    if (net->timer_count > 0 && due(net->timers[0]) < until_us)
        until_us = due(net->timers[0]);
    int wait_ms = until_us == KB_NEVER ? -1
                  : until_us <= 0      ? 0
                                       : kb_clock_poll_ms(kb_clock_us(), until_us);
    net->lead = as;
    net->in_room = true;
    kb_unlock(&net->lock);
    int count = net->room_kind->wait(net->room, net->events, wait_ms);
    kb_lock(&net->lock);
    net->in_room = net->kicked = false;
    net->rounds++;
    if (net->closers > 0)
        MUST(pthread_cond_broadcast(&net->sock_freed));
    net->lead = KN_LEAD_NONE;
    for (int i = 0; i < count; i++) {
        if (net->events[i].key == 0)
            kn_pipe_drain(net->kick[0]);
        else
            kn_sock_event(net, &net->events[i]);
    }
    run_timers(net);
    if (net->lead_wanted)
        MUST(pthread_cond_broadcast(&net->lead_free));
}

/* ---- kiwi_net_wait() ------------------------------------------------------------------------ */

/* `for_next`: the caller wants a watched task; another thread may have taken the last one. */
static bool something_to_tell(kiwi_net *net, bool for_next)
{
    return !kb_list_empty(&net->completions) || (for_next && net->watched_running == 0) ||
           atomic_load_explicit(&net->woken, memory_order_acquire);
}

/* Sleep until the alarm rings: where this thread must not lead, or cannot.  Locked. */
static void sleep_aside(kiwi_net *net, int64_t until_us)
{
    until_us = kn_sleep_until(net, until_us);
    int wait_ms = until_us == KB_NEVER ? -1 : kb_clock_poll_ms(kb_clock_us(), until_us);
    struct pollfd alarm = {.fd = net->alarm[0], .events = POLLIN};
    net->asleep++;
    kb_unlock(&net->lock);
    (void)poll(&alarm, 1, wait_ms);
    kb_lock(&net->lock);
    if (--net->asleep == 0) { /* the last one clears it; the others must see it, too */
        kn_pipe_drain(net->alarm[0]);
        net->alarmed = false;
    }
}

/* Make the lead this thread's own if it can be had.  Locked. */
static bool take_lead(kiwi_net *net, bool may_wait)
{
    if (!kn_helps(net))
        return false;
    while (net->lead == KN_LEAD_WORKER) {
        if (!may_wait || net->lead_wanted)
            return false;
        net->lead_wanted = true;
        kn_lead_kick(net);
        kb_cond_until(&net->lead_free, &net->lock, KB_NEVER);
        net->lead_wanted = false;
    }
    return net->lead != KN_LEAD_HELPER;
}

/* Take steps that a helping thread may take, a bounded number.  Locked. */
static void help_some(kiwi_net *net, bool sole)
{
    for (int steps = 0; steps < KN_HELP_STEPS; steps++) {
        kn_op *op = kn_help_pick(net, sole);
        if (op == NULL)
            break;
        kn_op_run(net, op, NULL, sole && net->op_count == 1);
    }
    if (!kb_list_empty(&net->ready_heavy))
        kn_pool_nudge(net);
}

void kn_net_wait(kiwi_net *net, int64_t timeout_us, bool sole, bool for_next)
{
    int64_t until_us = timeout_us < 0 ? KB_NEVER : 0;
    if (timeout_us > 0) {
        int64_t now_us = kb_clock_us();
        until_us = timeout_us > KB_NEVER - now_us ? KB_NEVER : now_us + timeout_us;
    }
    kb_lock(&net->lock);
    bool looked = false;
    for (;;) {
        bool helps = kn_helps(net);
        if (helps)
            help_some(net, sole);
        if (something_to_tell(net, for_next))
            break;
        if (looked && until_us != KB_NEVER && (until_us == 0 || kb_clock_us() >= until_us))
            break;
        looked = true;
        if (until_us == 0 && !kn_lead_needed(net))
            continue; /* nothing to look for */
        bool lead = take_lead(net, until_us != 0);
        if (something_to_tell(net, for_next))
            break; /* taking the lead may have let go of the lock */
        if (lead) {
            kn_lead_once(net, KN_LEAD_HELPER, kn_help_pick(net, sole) == NULL ? until_us : 0);
        } else if (until_us == 0) {
            kn_pool_nudge(net);
            break;
        } else {
            kn_pool_nudge(net);
            if (helps == kn_helps(net))
                sleep_aside(net, until_us);
        }
    }
    atomic_store_explicit(&net->woken, false, memory_order_relaxed);
    if (net->lead == KN_LEAD_NONE) {
        if (net->lazy && net->help)
            net->lead = KN_LEAD_AWAY;
        else
            kn_pool_nudge(net);
    }
    kb_unlock(&net->lock);
}

void kiwi_net_wait(kiwi_net *net, int64_t timeout_us, bool sole)
{
    kn_net_wait(net, timeout_us, sole, false);
}

void kiwi_net_flush(kiwi_net *net)
{
    kb_lock(&net->lock);
    if (net->lead == KN_LEAD_AWAY)
        net->lead = KN_LEAD_NONE;
    kn_pool_nudge(net);
    kb_unlock(&net->lock);
}

void kiwi_net_wake(kiwi_net *net)
{
    int saved = errno; /* a signal handler must not change it */
    atomic_store_explicit(&net->woken, true, memory_order_release);
    kn_pipe_write(net->kick[1]);
    kn_pipe_write(net->alarm[1]);
    errno = saved;
}
