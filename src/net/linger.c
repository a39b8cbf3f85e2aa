/* linger.c - see linger.h. */
#include "config.h"

#include "net/linger.h"

#include <errno.h>
#include <sys/socket.h>

#include "net/fd.h"
#include "net/help.h"
#include "net/lead.h"
#include "net/op.h"
#include "net/run.h"
#include "net/sock.h"
#include "net/timer.h"
#include "net/wake.h"

enum {
    SILENCE_US = 2 * KB_US_PER_S,     /* without input, once everything is acknowledged */
    LOOK_US = 250 * KB_US_PER_MS,     /* how often a socket is asked what is acknowledged, */
    FIRST_LOOK_US = 5 * KB_US_PER_MS, /* after a first look that comes sooner */
    PAUSE_MAX_US = 16 * KB_US_PER_MS, /* the same while the program waits for its end */
    TURN = 64,                        /* pieces of input discarded in one step */
    PIECE = 16384,
};

/* ---- The step (not locked) ------------------------------------------------------------------- */

typedef enum input { QUIET, MORE, ENDED, DEAD } input;

/* Discard input.  QUIET: no more has come yet; MORE: perhaps more has; ENDED: the peer's FIN; DEAD: the connection
 * is gone.  *heard: some has come. */
static input discard(int fd, bool *heard)
{
    unsigned char piece[PIECE];
    for (int i = 0; i < TURN; i++) {
        ssize_t n = recv(fd, piece, sizeof(piece), KN_FD_NOW);
        if (n > 0)
            *heard = true;
        else if (n == 0)
            return ENDED;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            return QUIET;
        else if (errno != EINTR)
            return DEAD;
    }
    return MORE;
}

/* Say close_notify, after what the session still has to send.  KN_WANT_WRITE: it has to wait. */
static kn_step say_bye(kn_sock *sock)
{
    kb_status status = KB_OK;
    kb_error err;
    kn_tls_take(sock->session);
    kn_step step = kn_tls_flush(sock->session, &status, &err);
    if (step == KN_DONE && status == KB_OK)
        step = kn_tls_bye(sock->session, &status, &err);
    kn_tls_pass(sock->session);
    return step;
}

/* As kn_fd_unsent(). */
static int unsent_of(const kn_sock *sock)
{
    return sock->local ? 0 : kn_fd_unsent(sock->fd);
}

/* Has everything arrived that was sent before the send that was cut short? */
static bool earlier_arrived(const kn_op *op)
{
    int unsent = unsent_of(op->sock);
    return op->u.linger.alone || (unsent >= 0 && (uint64_t)unsent <= op->u.linger.cut_bytes);
}

/* A send was cut short: wait for what was sent before it.  Only for that is input discarded: the peer would take
 * more of it for sent. */
static kn_step step_cut(kn_op *op, int64_t now_us)
{
    bool heard = false;
    if (earlier_arrived(op) || discard(op->sock->fd, &heard) == DEAD || earlier_arrived(op))
        return KN_DONE;
    op->u.linger.next_us = now_us + op->u.linger.look_us;
    op->u.linger.look_us = LOOK_US;
    return KN_WANT_READ;
}

/* Wait for the peer's FIN, or for silence. */
static kn_step step_whole(kn_op *op, int64_t now_us)
{
    int fd = op->sock->fd;
    bool heard = false;
    input met = discard(fd, &heard);
    if (met == ENDED || met == DEAD)
        return KN_DONE; /* nothing can come any more that would destroy what was sent */
    int unsent = unsent_of(op->sock);
    if (!op->begun && unsent <= 0 && !heard)
        return KN_DONE;
    if (!op->begun)
        (void)shutdown(fd, SHUT_WR);
    if (!op->begun || heard)
        op->u.linger.silent_us = now_us;
    op->begun = true;
    int64_t enough_us = op->u.linger.silent_us + SILENCE_US;
    if (unsent <= 0 && now_us >= enough_us)
        return KN_DONE;
    op->u.linger.next_us = met == MORE ? now_us : now_us < enough_us ? enough_us : now_us + LOOK_US;
    return KN_WANT_READ;
}

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    (void)out;
    int64_t now_us = kb_clock_us();
    if (op->u.linger.cut)
        return step_cut(op, now_us);
    if (op->u.linger.unknown)
        return KN_WANT_OTHERS;
    if (op->sock->session != NULL && !op->begun && say_bye(op->sock) == KN_WANT_WRITE)
        return KN_WANT_WRITE;
    return step_whole(op, now_us);
}

/* ---- Life (locked) --------------------------------------------------------------------------- */

static void ended(kiwi_net *net, kn_sock *sock, const kiwi_result *out)
{
    (void)out;
    sock->linger = NULL;
    kb_list_remove(&sock->lingering);
    net->lingering_count--;
    kn_sock_shut(net, sock);
}

/* Note what is known of a send that was cut short; a thread may still be inside it.  Or inside one of which it is not known
 * yet whether it goes out whole. */
static void note_cut(kn_op *op)
{
    const kn_sock *sock = op->sock;
    const kb_link *writers = &sock->side[KN_WRITE];
    uint64_t bytes = sock->cut_bytes;
    op->u.linger.unknown = !kb_list_empty(writers);
    for (const kb_link *link = writers->next; link != writers; link = link->next) {
        const kn_op *writer = KB_OWNER(link, kn_op, queue);
        bytes += writer->kind->sends ? writer->u.send.noted : 0;
    }
    op->u.linger.cut = sock->cut;
    op->u.linger.cut_bytes = bytes;
    op->u.linger.alone = sock->bytes_out == bytes;
}

/* When to look again; and what was cut short may be known better. */
static void progress(kiwi_net *net, kn_op *op)
{
    (void)net;
    bool unknown = op->u.linger.unknown;
    op->pause_us = op->u.linger.next_us;
    note_cut(op);
    op->poked = op->poked || (unknown && !op->u.linger.unknown); /* the step knew less */
}

static void note(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    (void)net;
    (void)out;
    op->sock->own_ref = true; /* the runner's, whose last step this was */
}

static const kn_kind linger = {
    .name = "linger", .side = KN_READ, .step = step, .progress = progress, .note = note, .ended = ended};

/* End the one that lingers for longest, whatever has arrived.  false: none does. */
static bool end_oldest(kiwi_net *net)
{
    kb_link *link = kb_list_first(&net->lingering);
    if (link == NULL)
        return false;
    kn_op_fail(net, KB_OWNER(link, kn_sock, lingering)->linger, &(kiwi_result){0});
    return true;
}

bool kn_linger_relieve(void *data)
{
    kiwi_net *net = data;
    kn_lock(net);
    bool ended = end_oldest(net);
    kn_wake_unlock(net);
    return ended;
}

/* Is there nothing to wait for?  A reset is asked for; or the peer has ended, and the system sends the rest by itself. */
static bool is_over(const kn_sock *sock)
{
    bool whole = sock->ended && !sock->tls && !sock->cut && kb_list_empty(&sock->side[KN_WRITE]);
    return sock->fd < 0 || sock->linger_ms == 0 || whole;
}

void kn_linger_begin(kiwi_net *net, kn_sock *sock)
{
    kn_locked(net);
    sock->cut = sock->cut || sock->linger_ms == 0;
    kn_op *op = is_over(sock) ? NULL : kn_op_new(net, sock, &linger);
    if (op == NULL) {
        kn_sock_shut(net, sock);
        return;
    }
    op->u.linger.look_us = FIRST_LOOK_US;
    op->u.linger.next_us = KB_NEVER;
    note_cut(op);
    op->deadline_us = kb_clock_after_ms(kb_clock_us(), sock->linger_ms > 0 ? sock->linger_ms : KN_LINGER_MS);
    op->fresh = false; /* it has no claim to a blocking place */
    if (op->u.linger.unknown)
        kn_timer_set(net, op);
    if (net->lingering_count >= net->lingering_max)
        (void)end_oldest(net);
    sock->linger = op;
    kb_list_push(&net->lingering, &sock->lingering);
    net->lingering_count++;
    kn_op_ready(net, op);
    kn_run_op(net, op, NULL, false);
}

/* ---- The end of the runtime -------------------------------------------------------------------- */

/* Is everything acknowledged that lingering sockets wait for?  Their number is limited, and nobody else is
 * here any more: the system may be asked under the lock. */
static bool all_arrived(const kiwi_net *net)
{
    for (const kb_link *link = net->lingering.next; link != &net->lingering; link = link->next) {
        const kn_sock *sock = KB_OWNER(link, kn_sock, lingering);
        int unsent = unsent_of(sock);
        if (sock->linger->u.linger.unknown)
            return false;
        if (unsent > 0 && (uint64_t)unsent > (sock->cut ? sock->cut_bytes : 0))
            return false;
    }
    return true;
}

/* Let lingering sockets go on until `until_us`. */
static void attend(kiwi_net *net, int64_t until_us)
{
    for (kn_op *op; (op = kn_help_pick(net, true)) != NULL;)
        kn_run_op(net, op, NULL, true);
    if (net->lead == KN_LEAD_NONE || net->lead == KN_LEAD_AWAY)
        kn_lead_once(net, KN_LEAD_HELPER, until_us);
    else
        kn_wake_wait(net, &net->sock_freed, until_us);
}

void kn_linger_farewell(kiwi_net *net, int64_t until_us)
{
    kn_locked(net);
    int64_t now_us = kb_clock_us();
    for (int64_t pause_us = KB_US_PER_MS; now_us < until_us && !all_arrived(net); pause_us *= 2) {
        if (pause_us > PAUSE_MAX_US)
            pause_us = PAUSE_MAX_US;
        attend(net, now_us + pause_us < until_us ? now_us + pause_us : until_us);
        now_us = kb_clock_us();
    }
    while (end_oldest(net))
        continue;
}
