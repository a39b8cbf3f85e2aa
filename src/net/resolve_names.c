/* resolve_names.c - kiwi_resolve(): the addresses of a name, as text, in the order in which a connect tries them.  The
 * contract is in kiwi/net.h.
 *
 * An operation on a hidden socket without a descriptor, so that it waits for its look-up, has a time limit and is
 * cancelled as a connect does. */
#include "config.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/fault.h"
#include "net/lookup.h"
#include "net/move.h"
#include "net/op.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/wake.h"

struct kn_names {
    kn_addresses *addresses; /* NULL until looked up */
    kiwi_family family;
    char host[];
};

enum { LINE = 128 }; /* an IPv6 address, the name of its zone and the LF, with room to spare */

static void names_free(struct kn_names *names)
{
    if (names == NULL)
        return;
    free(names->addresses);
    free(names);
}

static void cannot(const struct kn_names *n, kiwi_result *out, kiwi_fault fault, int sys, const char *why)
{
    kn_fault(out, fault, sys, "Cannot resolve %.120s: %s", n->host, why);
}

/* ---- The step (not locked) ------------------------------------------------------------------- */

static bool wanted(const struct kn_names *n, const struct kn_address *a)
{
    switch (n->family) {
    case KIWI_FAMILY_ANY: return true;
    case KIWI_FAMILY_IPV4: return a->addr.ss_family == AF_INET;
    case KIWI_FAMILY_IPV6: return a->addr.ss_family == AF_INET6;
    }
    return false;
}

/* Write the address as a line; its length. */
static size_t put_line(const struct kn_address *a, char line[LINE])
{
    if (getnameinfo((const struct sockaddr *)&a->addr, a->size, line, LINE - 1, NULL, 0, NI_NUMERICHOST) != 0)
        return 0; /* of a family that has no numbers */
    size_t size = strlen(line);
    line[size++] = '\n';
    return size;
}

/* All addresses that are wanted, malloc'ed; NULL: memory is short. */
static char *write_lines(const struct kn_names *n, size_t *size)
{
    char *text = NULL, line[LINE];
    FILE *to = open_memstream(&text, size);
    if (to == NULL)
        return NULL;
    for (size_t i = 0; i < n->addresses->count; i++)
        if (wanted(n, &n->addresses->at[i]))
            (void)fwrite(line, 1, put_line(&n->addresses->at[i], line), to);
    bool failed = ferror(to) != 0;
    if (fclose(to) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

static kn_step step(kiwi_net *net, kn_op *op, kiwi_result *out)
{
    const struct kn_names *n = op->u.names;
    size_t size = 0;
    char *text = write_lines(n, &size);
    (void)net;
    if (text == NULL) {
        kn_fault_sys(out, ENOMEM);
    } else if (size == 0) {
        free(text);
        cannot(n, out, KIWI_FAULT_RESOLVE, 0,
               n->family == KIWI_FAMILY_IPV4 ? "it has no IPv4 address" : "it has no IPv6 address");
    } else {
        out->kind = KIWI_RESULT_LINES;
        out->bytes = (unsigned char *)text;
        out->size = size;
    }
    return KN_DONE;
}

/* ---- Its row (locked) ------------------------------------------------------------------------ */

static void resolved(kn_op *op, kn_addresses *addresses, int sys, const char *why, kiwi_result *out)
{
    op->u.names->addresses = addresses;
    if (addresses == NULL)
        cannot(op->u.names, out, KIWI_FAULT_RESOLVE, sys, why);
    else
        kn_resolve_alternate(addresses);
}

static void expired(const kn_op *op, kiwi_result *out)
{
    char text[64];
    cannot(op->u.names, out, KIWI_FAULT_TIMEOUT, ETIMEDOUT, kb_error_errno_text(ETIMEDOUT, text, sizeof(text)));
}

static void release(kiwi_net *net, kn_op *op)
{
    (void)net;
    names_free(op->u.names);
}

static const kn_kind resolve_kind = {.name = "resolve",
                                     .side = KN_READ,
                                     .has_task = true,
                                     .unready = true,
                                     .step = step,
                                     .resolved = resolved,
                                     .expired = expired,
                                     .ended = kn_sock_served,
                                     .release = release};

/* ---- Submitting ------------------------------------------------------------------------------ */

/* With the addresses of `host` if they are at hand.  NULL: memory is short. */
static struct kn_names *names_new(const char *host, kiwi_family family)
{
    int sys = 0;
    size_t size = strlen(host) + 1;
    struct kn_names *n = malloc(sizeof(*n) + size);
    if (n == NULL)
        return NULL;
    *n = (struct kn_names){.family = family};
    memcpy(n->host, host, size);
    (void)kn_resolve(host, 0, true, false, &n->addresses, &sys);
    return n;
}

/* Submit *n (NULL: memory is short), which is taken over.  Locked. */
static kiwi_id submit(kiwi_net *net, struct kn_names *n)
{
    kn_sock *sock = n == NULL ? NULL : kn_sock_new(net, -1, false);
    kn_op *op = sock == NULL ? NULL : kn_op_new(net, sock, &resolve_kind);
    if (op == NULL) {
        if (sock != NULL)
            kn_sock_close(net, sock);
        names_free(n);
        return kn_task_no_memory(net);
    }
    kiwi_id id = op->task->entry.id;
    op->fresh = false; /* no worker waits for it in a place */
    op->u.names = n;
    bool known = n->addresses != NULL;
    if (!known)
        kn_move_op(op, KN_RESOLVING);
    kn_op_queue(net, op);
    if (!known)
        kn_lookup_begin(net, op, n->host, 0);
    kn_pool_submitted(net);
    return id;
}

kiwi_id kiwi_resolve(kiwi_net *net, const char *host, kiwi_family family)
{
    struct kn_names *n = host == NULL ? NULL : names_new(host, family);
    kn_lock(net);
    kiwi_id id = host == NULL ? kn_task_refused(net, KIWI_FAULT_INVALID, EINVAL, "Invalid host: NULL.")
                              : submit(net, n);
    kn_wake_unlock(net);
    return id;
}
