/* lead.c - see lead.h. */
#include "config.h"

#include "net/lead.h"

#include "base/locks.h"
#include "net/fd.h"
#include "net/op.h"
#include "net/park.h"
#include "net/timer.h"
#include "net/wake.h"

static void serve_timers(kiwi_net *net) /* locked */
{
    if (net->timer_count == 0)
        return;
    int64_t now_us = kb_clock_us();
    for (kn_op *op; (op = kn_timer_due(net, now_us)) != NULL;) {
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

void kn_lead_once(kiwi_net *net, kn_lead as, int64_t until_us)
{
    kn_locked(net);
    int64_t timer_us = kn_timer_next(net);
    if (timer_us < until_us)
        until_us = timer_us;
    int wait_ms = until_us == KB_NEVER ? -1 : until_us <= 0 ? 0 : kb_clock_poll_ms(kb_clock_us(), until_us);
    net->lead = as;
    net->in_room = true;
    kn_wake_unlock(net);
    int count = net->room_kind->wait(net->room, net->events, wait_ms);
    kn_lock(net);
    net->in_room = net->kicked = false;
    net->rounds++;
    if (net->closers > 0)
        MUST(pthread_cond_broadcast(&net->sock_freed));
    net->lead = KN_LEAD_NONE;
    for (int i = 0; i < count; i++) {
        if (net->events[i].key == 0)
            kn_fd_drain(net->kick[0]);
        else
            kn_park_event(net, &net->events[i]);
    }
    serve_timers(net);
    if (net->lead_wanted)
        MUST(pthread_cond_broadcast(&net->lead_free));
}
