/* net_wait.c - waiting for what the runtime has to tell, and what ends such a wait.  The contracts are in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>

#include "net/fd.h"
#include "net/help.h"
#include "net/pool.h"
#include "net/wake.h"

void kiwi_net_wait(kiwi_net *net, int64_t timeout_us, bool sole)
{
    kn_help_wait(net, timeout_us, sole, KN_UNTIL_TOLD);
}

bool kiwi_net_wait_pending(kiwi_net *net, int64_t timeout_us, bool sole)
{
    kn_help_wait(net, timeout_us, sole, KN_UNTIL_PENDING);
    return kiwi_net_pending(net) > 0;
}

void kiwi_net_expect(kiwi_net *net, int change)
{
    kn_lock(net);
    net->pending = (size_t)((ptrdiff_t)net->pending + change);
    if (net->pending == 0)
        kn_wake_waiters(net);
    kn_wake_unlock(net);
}

void kiwi_net_flush(kiwi_net *net)
{
    kn_lock(net);
    if (net->lead == KN_LEAD_AWAY)
        net->lead = KN_LEAD_NONE;
    kn_pool_nudge(net);
    kn_wake_unlock(net);
}

void kiwi_net_wake(kiwi_net *net)
{
    int saved = errno; /* a signal handler must not change it */
    atomic_store_explicit(&net->woken, true, memory_order_release);
    kn_fd_signal(net->kick[1]);
    kn_fd_signal(net->alarm[1]);
    errno = saved;
}
