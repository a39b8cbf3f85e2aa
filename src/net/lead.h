/* lead.h - leading the waiting room: one thread at a time waits in it for all, and serves the timers.
 *
 * Place: net layer, above op.h and park.h. */
#ifndef KN_LEAD_H
#define KN_LEAD_H

#include "net/state.h"

/* Lead once: wait in the room until `until_us`, and make what became ready READY.  Locked; `lead`
 * must be free and is free afterwards. */
void kn_lead_once(kiwi_net *net, kn_lead as, int64_t until_us);

#endif
