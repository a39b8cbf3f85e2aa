/* child.c - operations on child processes: waiting for their end, reading what they write.  The contracts are in
 * kiwi/net.h.
 *
 * Each works on a hidden socket over a descriptor that is none, and waits in the room like all the others: no thread
 * sits there, however many children run.  Where the system has no descriptor for a process the child is looked at
 * again and again, after a pause. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/fault.h"
#include "net/fd.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

enum {
    SIGNALLED = 128,     /* + the number of the signal, as shells count */
    PIECE = 65536,       /* what a pipe of Linux holds */
    PART = 8,            /* of what was read */
    PIECES_IN_A_ROW = 8, /* before a worker takes over */
};

/* ---- Steps (not locked) ---------------------------------------------------------------------- */

static kn_step step_wait(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    int status = 0;
    pid_t pid = -1;
    (void)net;
    do
        pid = waitpid(op->u.child, &status, WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (pid == 0)
        return op->sock->fd >= 0 ? KN_WANT_READ : KN_WANT_TIME;
    if (pid < 0) {
        kn_fault_sys(out, errno);
        return KN_DONE;
    }
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = WIFSIGNALED(status) ? SIGNALLED + WTERMSIG(status) : WEXITSTATUS(status);
    return KN_DONE;
}

/* May there be room for `more` bytes?  Asking and holding are one, since many read at once. */
static bool hold(kiwi_net *net, kn_op *op, size_t more)
{
    kn_lock(net);
    bool afforded = kn_task_affords(net, more);
    if (afforded) {
        kn_task_hold(net, (ptrdiff_t)more);
        op->u.drain.held += more;
    }
    kn_wake_unlock(net);
    return afforded;
}

/* Room for a piece more.  False: *out says why not. */
static bool reserve(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    size_t room = op->u.drain.room;
    if (op->u.drain.size > op->u.drain.max) {
        kn_fault(out, KIWI_FAULT_SYSTEM, ENOMEM, "output is larger than %zu bytes", op->u.drain.max);
        return false;
    }
    if (room - op->u.drain.size >= PIECE)
        return true;
    size_t more = room + PIECE;
    if (!hold(net, op, more)) {
        more = room / PART + PIECE; /* instead of as much again */
        if (!hold(net, op, more)) {
            kn_fault_limit(out, "receive", more);
            return false;
        }
    }
    unsigned char *bytes = realloc(op->u.drain.bytes, room + more);
    if (bytes == NULL) {
        kn_fault_sys(out, ENOMEM);
        return false;
    }
    op->u.drain.bytes = bytes;
    op->u.drain.room = room + more;
    return true;
}

/* The end of the pipe: what was read is the result. */
static void give(kn_op *op, kiwi_result *out)
{
    out->kind = KIWI_RESULT_BYTES;
    out->size = op->u.drain.size;
    out->bytes = op->u.drain.bytes;
    op->u.drain.bytes = NULL;
    unsigned char *less = out->size > 0 ? realloc(out->bytes, out->size) : NULL;
    if (out->size == 0)
        free(out->bytes);
    if (less != NULL || out->size == 0)
        out->bytes = less;
}

static kn_step step_drain(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    for (int i = 0; i < PIECES_IN_A_ROW; i++) {
        if (!reserve(net, op, out))
            return KN_DONE;
        ssize_t n = read(op->sock->fd, op->u.drain.bytes + op->u.drain.size, PIECE);
        if (n > 0) {
            op->u.drain.size += (size_t)n;
        } else if (n == 0) {
            give(op, out);
            return KN_DONE;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            return KN_WANT_READ;
        } else if (errno != EINTR) {
            kn_fault_sys(out, errno);
            return KN_DONE;
        }
    }
    return KN_WANT_WORKER;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void release_drain(kiwi_net *net, kn_op *op)
{
    kn_task_hold(net, -(ptrdiff_t)op->u.drain.held); /* what is given is the task's */
    free(op->u.drain.bytes);
}

static const kn_kind wait_kind = {
    .name = "wait", .side = KN_READ, .has_task = true, .step = step_wait, .ended = kn_sock_served};
static const kn_kind drain_kind = {.name = "read",
                                   .side = KN_READ,
                                   .has_task = true,
                                   .step = step_drain,
                                   .ended = kn_sock_served,
                                   .release = release_drain};

/* ---- Submitting ------------------------------------------------------------------------------ */

/* An operation of `kind` on `fd`, which is taken over.  NULL: memory is short.  Locked. */
static kn_op *make(kiwi_net *net, int fd, const kn_kind *kind)
{
    kn_sock *sock = kn_sock_new(net, fd, false);
    if (sock == NULL) {
        if (fd >= 0)
            (void)close(fd);
        return NULL;
    }
    kn_op *op = kn_op_new(net, sock, kind);
    if (op == NULL)
        kn_sock_close(net, sock);
    else
        op->fresh = false; /* no worker waits for it in a place */
    return op;
}

static kiwi_id begin(kiwi_net *net, kn_op *op)
{
    kiwi_id id = op->task->entry.id;
    kn_op_queue(net, op);
    kn_pool_submitted(net);
    return id;
}

kiwi_id kiwi_process_wait(kiwi_net *net, int64_t pid)
{
    bool known = pid > 0 && pid == (pid_t)pid;
    int fd = known ? kn_fd_process((pid_t)pid) : -1;
    kn_lock(net);
    kiwi_id id;
    kn_op *op;
    if (!known) {
        id = kn_task_refused(net, KIWI_FAULT_INVALID, ECHILD, "No such child process");
    } else if ((op = make(net, fd, &wait_kind)) == NULL) {
        id = kn_task_no_memory(net);
    } else {
        op->u.child = (pid_t)pid;
        id = begin(net, op);
    }
    kn_wake_unlock(net);
    return id;
}

kiwi_id kiwi_pipe_read(kiwi_net *net, int fd, size_t max)
{
    int error = kn_fd_now(fd);
    kn_lock(net);
    kiwi_id id;
    kn_op *op;
    if (error != 0) {
        id = kn_task_refused(net, KIWI_FAULT_INVALID, error, "Invalid descriptor");
    } else if ((op = make(net, fd, &drain_kind)) == NULL) {
        id = kn_task_no_memory(net);
    } else {
        op->u.drain.bytes = NULL;
        op->u.drain.size = op->u.drain.room = op->u.drain.held = 0;
        op->u.drain.max = max;
        id = begin(net, op);
    }
    kn_wake_unlock(net);
    return id;
}
