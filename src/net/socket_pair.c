/* socket_pair.c - two sockets that are connected to each other.  The contract is in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <unistd.h>

#include "base/relief.h"
#include "net/fault.h"
#include "net/fd.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

/* An open socket over `fd`, which it takes over, in *out.  Locked. */
static int enter(kiwi_net *net, int fd, kn_sock **out)
{
    kn_sock *sock = kn_sock_new(net, fd, false);
    if (sock == NULL) {
        (void)close(fd);
        return ENOMEM;
    }
    sock->local = true;
    int error = kn_task_enter(net, &sock->entry);
    if (error != 0)
        kn_sock_close(net, sock);
    else
        *out = sock;
    return error;
}

/* Both of them, or none. */
static int enter_both(kiwi_net *net, const int fds[2], kiwi_id out[2])
{
    kn_sock *first = NULL, *second = NULL;
    kn_lock(net);
    int error = enter(net, fds[0], &first);
    if (error != 0)
        (void)close(fds[1]);
    else
        error = enter(net, fds[1], &second);
    if (error == 0) {
        out[0] = first->entry.id;
        out[1] = second->entry.id;
    } else if (first != NULL) {
        kn_sock_close(net, first);
    }
    kn_wake_unlock(net);
    return error;
}

int kiwi_socket_pair(kiwi_net *net, kiwi_id out[2], kiwi_result *why)
{
    kiwi_result unseen;
    int fds[2], error;
    if (out == NULL)
        return EINVAL;
    if (why == NULL)
        why = &unseen;
    *why = (kiwi_result){.state = KIWI_TASK_COMPLETED};
    out[0] = out[1] = 0;
    do
        error = kn_fd_pair(fds);
    while (kb_relief_ask(error));
    if (error == 0)
        error = enter_both(net, fds, out);
    if (error != 0) {
        why->state = KIWI_TASK_FAULTED;
        kn_fault_sys(why, error);
    }
    return error;
}
