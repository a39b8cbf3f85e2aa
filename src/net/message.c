/* message.c - receiving messages, a size and so many bytes, over a stream.  The contract is in kiwi/net.h. */
#include "config.h"

#include "net/fault.h"
#include "net/whole.h"

enum { HEAD = 4 };

/* The size that the first bytes say. */
static uint32_t size_of(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static kn_look look(kn_whole *w, const unsigned char *bytes, size_t have, bool ended, kiwi_result *out)
{
    size_t size = have < HEAD ? 0 : size_of(bytes);
    if (size > w->max) {
        kn_fault(out, KIWI_FAULT_TOO_LONG, 0, "A message of %zu bytes is too large: at most %zu.", size, w->max);
        return KN_LOOK_FAULT;
    }
    w->missing = have < HEAD + size ? HEAD + size - have : 0;
    if (w->missing > 0 && !ended)
        return KN_LOOK_MORE;
    if (w->missing > 0 && have == 0)
        return KN_LOOK_NOTHING;
    if (w->missing > 0) {
        kn_fault(out, KIWI_FAULT_TRUNCATED, 0, "The stream has ended within a message.");
        return KN_LOOK_FAULT;
    }
    w->before = HEAD;
    w->size = size;
    return KN_LOOK_FOUND;
}

kiwi_id kiwi_tcp_recv_message(kiwi_net *net, kiwi_id socket, int64_t max)
{
    return kn_whole_submit(net, socket, false, 0, max, &(kn_whole){.look = look});
}
