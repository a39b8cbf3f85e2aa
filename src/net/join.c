/* join.c - small sends that wait in the queue of one TLS socket go out together, in full records:
 * a record costs 2 to 5 us on each side whatever its size.  The contract is in join.h. */
#include "config.h"

#include "net/join.h"

#include "net/move.h"

static bool joinable(const kn_op *op)
{
    return op->kind->gather == kn_join_gather && op->u.send.sent == 0 && op->u.send.size > 0 &&
           op->u.send.size <= KN_JOIN_MAX;
}

size_t kn_join_gather(kn_op *first, kn_op *joined[])
{
    const kb_link *end = &first->sock->side[KN_WRITE];
    size_t count = 0, total = first->u.send.size;
    if (!joinable(first))
        return 0;
    for (kb_link *link = first->queue.next; link != end && count < KN_JOIN_COUNT; link = link->next) {
        kn_op *op = KB_OWNER(link, kn_op, queue);
        if (op->state != KN_QUEUED || !joinable(op) || (total += op->u.send.size) > KN_JOIN_MAX)
            break;
        kn_move_op(op, KN_RUNNING); /* nobody frees its data while the step reads it */
        joined[count++] = op;
    }
    return count;
}

kn_step kn_join_step(kn_op *first, kb_status *status, kb_error *err)
{
    kn_tls *session = first->sock->session;
    kn_step step = kn_tls_flush(session, status, err);
    if (step != KN_DONE || *status != KB_OK)
        return step;
    kn_tls_cork(session);
    for (size_t i = 0; i <= first->joined_count && *status == KB_OK; i++) {
        kn_op *op = i == 0 ? first : first->joined[i - 1];
        step = kn_tls_send(session, op->u.send.data, op->u.send.size, &op->u.send.sent, status, err);
    }
    kn_tls_uncork(session);
    return *status == KB_OK ? kn_tls_flush(session, status, err) : step;
}
