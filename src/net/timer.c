/* timer.c - see timer.h. */
#include "config.h"

#include "net/timer.h"

#include <assert.h>
#include <stdlib.h>

#include "net/wake.h"

bool kn_timer_reserve(kiwi_net *net)
{
    kn_locked(net);
    if (net->op_count < net->timer_size)
        return true;
    size_t size = net->timer_size == 0 ? 64 : net->timer_size * 2;
    kn_op **more = realloc(net->timers, size * sizeof(*more));
    if (more == NULL)
        return false;
    net->timers = more;
    net->timer_size = size;
    return true;
}

static int64_t due(const kn_op *op)
{
    return op->deadline_us < op->pause_us ? op->deadline_us : op->pause_us;
}

static void put(kiwi_net *net, size_t at, kn_op *op)
{
    net->timers[at] = op;
    op->timer = at + 1;
}

static void sift(kiwi_net *net, size_t at, kn_op *op)
{
    while (at > 0 && due(net->timers[(at - 1) / 2]) > due(op)) {
        put(net, at, net->timers[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (size_t child; (child = 2 * at + 1) < net->timer_count; at = child) {
        if (child + 1 < net->timer_count && due(net->timers[child + 1]) < due(net->timers[child]))
            child++;
        if (due(net->timers[child]) >= due(op))
            break;
        put(net, at, net->timers[child]);
    }
    put(net, at, op);
}

void kn_timer_clear(kiwi_net *net, kn_op *op)
{
    kn_locked(net);
    if (op->timer == 0)
        return;
    size_t at = op->timer - 1;
    op->timer = 0;
    kn_op *last = net->timers[--net->timer_count];
    if (last != op)
        sift(net, at, last);
}

void kn_timer_set(kiwi_net *net, kn_op *op)
{
    kn_locked(net);
    kn_timer_clear(net, op);
    if (due(op) == KB_NEVER)
        return;
    assert(net->timer_count < net->timer_size); /* kn_timer_reserve() */
    sift(net, net->timer_count++, op);
    if (op->timer == 1)
        kn_wake_leader(net); /* it sleeps for too long */
}

int64_t kn_timer_next(const kiwi_net *net)
{
    return net->timer_count == 0 ? KB_NEVER : due(net->timers[0]);
}

kn_op *kn_timer_due(const kiwi_net *net, int64_t now_us)
{
    kn_locked(net);
    return net->timer_count > 0 && due(net->timers[0]) <= now_us ? net->timers[0] : NULL;
}
