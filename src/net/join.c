/* join.c - small sends that wait in the queue of one TLS socket go out together, in full records:
 * a record costs 2 to 5 us on each side whatever its size.  The contracts are in state.h. */
#include "config.h"

#include "net/state.h"

#include "base/locks.h"

static bool joinable(const kn_op *op)
{
    return op->kind == KN_OP_SEND && op->u.send.sent == 0 && op->u.send.size > 0 &&
           op->u.send.size <= KN_JOIN_MAX;
}

size_t kn_join_gather(kn_op *first, kn_op *joined[KN_JOIN_COUNT])
{
    const kb_link *end = &first->sock->side[KN_WRITE];
    size_t count = 0, total = first->u.send.size;
    if (!first->sock->tls || !joinable(first))
        return 0;
    for (kb_link *link = first->queue.next; link != end && count < KN_JOIN_COUNT;
         link = link->next) {
        kn_op *op = KB_OWNER(link, kn_op, queue);
        if (op->state != KN_QUEUED || !joinable(op) || (total += op->u.send.size) > KN_JOIN_MAX)
            break;
        op->state = KN_RUNNING; /* nobody frees its data while the step reads it */
        joined[count++] = op;
    }
    return count;
}

/* Under session_lock. */
static kn_step send_all(kn_op *first, kn_op *const joined[], size_t count, kb_status *status,
                        kb_error *err)
{
    kn_tls *session = first->sock->session;
    kn_step step = kn_tls_flush(session, status, err);
    if (step != KN_DONE || *status != KB_OK)
        return step;
    kn_tls_cork(session);
    for (size_t i = 0; i <= count && *status == KB_OK; i++) {
        kn_op *op = i == 0 ? first : joined[i - 1];
        step = kn_tls_send(session, op->u.send.data, op->u.send.size, &op->u.send.sent, status, err);
    }
    kn_tls_uncork(session);
    return *status == KB_OK ? kn_tls_flush(session, status, err) : step;
}

kn_step kn_join_step(kn_op *first, kn_op *const joined[], size_t count, kiwi_result *out)
{
    kb_status status = KB_OK;
    kb_error err = {0};
    kb_lock(&first->sock->session_lock);
    kn_step step = send_all(first, joined, count, &status, &err);
    kb_unlock(&first->sock->session_lock);
    if (step == KN_DONE && status != KB_OK)
        kn_fault_tls(out, status, &err);
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = (int64_t)first->u.send.size;
    return step;
}

void kn_join_release(kiwi_net *net, kn_op *const joined[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (joined[i]->abandoned)
            kn_op_discard(net, joined[i]);
        else
            joined[i]->state = KN_QUEUED;
    }
}

void kn_join_finish(kiwi_net *net, kn_op *const joined[], size_t count, const kiwi_result *result)
{
    for (size_t i = 0; i < count; i++) {
        kiwi_result out = *result;
        out.integer = (int64_t)joined[i]->u.send.size;
        if (joined[i]->abandoned)
            kn_op_discard(net, joined[i]);
        else
            kn_op_finish(net, joined[i], &out);
    }
}
