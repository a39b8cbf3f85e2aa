/* net.c - opening and closing a runtime.  The contract is in kiwi/net.h. */
#include "config.h"

#include "net/state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/locks.h"

static void log_to_stderr(void *data, const char *text)
{
    (void)data;
    (void)fprintf(stderr, "%s\n", text);
}

/* The number in environment variable `name`; 0 if unset; -1 if it is not a number from 1 to
 * `max`. */
static int environment_number(const char *name, int max)
{
    const char *text = getenv(name);
    if (text == NULL || text[0] == '\0')
        return 0;
    char *end = NULL;
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno != 0 || *end != '\0' || value < 1 || value > max ? -1 : (int)value;
}

static int choose_room(kiwi_net_room wanted, const kn_room_kind **out)
{
    const char *name = getenv("KIWI_NET_ROOM");
    if (wanted == KIWI_ROOM_DEFAULT && name != NULL && name[0] != '\0') {
        if (strcmp(name, "epoll") == 0)
            wanted = KIWI_ROOM_EPOLL;
        else if (strcmp(name, "poll") == 0)
            wanted = KIWI_ROOM_POLL;
        else
            return EINVAL;
    }
    *out = wanted == KIWI_ROOM_POLL ? &kn_room_poll : kn_room_epoll();
    if (*out == NULL && wanted == KIWI_ROOM_DEFAULT)
        *out = &kn_room_poll;
    return *out == NULL ? EINVAL : 0;
}

/* Fill in what the options and the environment say. */
static int configure(kiwi_net *net, const kiwi_net_options *o)
{
    const char *help = getenv("KIWI_NET_HELP");
    int workers = o->workers != 0 ? o->workers : environment_number("KIWI_WORKERS", KN_WORKERS_MAX);
    if (workers < 0 || workers > KN_WORKERS_MAX || (unsigned)o->help > KIWI_OFF ||
        (unsigned)o->room > KIWI_ROOM_POLL)
        return EINVAL;
    net->workers_max = workers == 0 ? KN_WORKERS_DEFAULT : workers;
    /* A quarter, at least one, never waits for a peer: it leads the room and takes the steps. */
    net->places_max = net->workers_max - (net->workers_max + 3) / 4;
    net->help = o->help == KIWI_ON ||
                (o->help == KIWI_DEFAULT && (help == NULL || strcmp(help, "0") != 0));
    net->lazy = o->lazy;
    net->log = o->log == NULL ? log_to_stderr : o->log;
    net->log_data = o->log_data;
    return choose_room(o->room, &net->room_kind);
}

static int make_conditions(kiwi_net *net)
{
    int error = kb_cond_init(&net->sock_freed);
    if (error != 0)
        return error;
    if ((error = kb_cond_init(&net->work)) != 0)
        goto fail_freed;
    if ((error = kb_cond_init(&net->lead_free)) != 0)
        goto fail_work;
    if ((error = pthread_mutex_init(&net->lock, NULL)) != 0)
        goto fail_lead;
    return 0;

fail_lead:
    MUST(pthread_cond_destroy(&net->lead_free));
fail_work:
    MUST(pthread_cond_destroy(&net->work));
fail_freed:
    MUST(pthread_cond_destroy(&net->sock_freed));
    return error;
}

static void close_pipe(const int fds[2])
{
    for (int i = 0; i < 2; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
}

/* What kiwi_net_open() acquires after the conditions. */
static void free_rest(kiwi_net *net)
{
    if (net->room != NULL)
        net->room_kind->close(net->room);
    close_pipe(net->kick);
    close_pipe(net->alarm);
    free(net->workers);
    free(net->events);
    free(net->timers);
    free(net->slots);
    kb_map_fini(&net->table);
    kb_map_fini(&net->failed);
    MUST(pthread_mutex_destroy(&net->lock));
    MUST(pthread_cond_destroy(&net->lead_free));
    MUST(pthread_cond_destroy(&net->work));
    MUST(pthread_cond_destroy(&net->sock_freed));
    free(net);
}

static void init_lists(kiwi_net *net)
{
    kb_map_init(&net->table);
    kb_map_init(&net->failed);
    kb_list_init(&net->leftovers);
    kb_list_init(&net->completions);
    kb_list_init(&net->socks);
    kb_list_init(&net->ready);
    kb_list_init(&net->ready_heavy);
    net->kick[0] = net->kick[1] = net->alarm[0] = net->alarm[1] = -1;
}

int kiwi_net_open(const kiwi_net_options *options, kiwi_net **out)
{
    static const kiwi_net_options none;
    *out = NULL;
    kiwi_net *net = calloc(1, sizeof(*net));
    if (net == NULL)
        return ENOMEM;
    init_lists(net);
    atomic_init(&net->woken, false);
    int error = configure(net, options == NULL ? &none : options);
    if (error == 0)
        error = make_conditions(net);
    if (error != 0) {
        free(net);
        return error;
    }
    error = kn_pipe_open(net->kick);
    if (error == 0)
        error = kn_pipe_open(net->alarm);
    if (error == 0)
        error = net->room_kind->open(net->kick[0], &net->room);
    if (error != 0) {
        free_rest(net);
        return error;
    }
    net->workers = calloc((size_t)net->workers_max, sizeof(*net->workers));
    net->events = malloc(KN_ROOM_BATCH * sizeof(*net->events));
    net->resolver = kn_resolver_open(net, kn_op_resolved);
    if (net->workers == NULL || net->events == NULL || net->resolver == NULL) {
        kn_resolver_close(net->resolver);
        free_rest(net);
        return ENOMEM;
    }
    *out = net;
    return 0;
}

static void free_tables(kiwi_net *net)
{
    size_t at = 0;
    for (kn_entry *e; (e = kb_map_next(&net->table, &at, NULL)) != NULL;)
        kn_task_free(net, (kn_task *)(void *)e); /* sockets are closed: only tasks are left */
    at = 0;
    for (kn_reason *reason; (reason = kb_map_next(&net->failed, &at, NULL)) != NULL;)
        free(reason);
    while (net->spare_tasks != NULL) {
        kn_task *task = net->spare_tasks;
        net->spare_tasks = task->token;
        free(task);
    }
    while (net->spare_ops != NULL) {
        kn_op *op = net->spare_ops;
        net->spare_ops = op->u.spare;
        free(op);
    }
}

/* A socket to be closed; one that a listener holds is closed with it.  Those that are closed
 * already and still listed are in a step: no more than there are workers. */
static kn_sock *first_open(const kiwi_net *net)
{
    for (kb_link *link = net->socks.next; link != &net->socks; link = link->next) {
        kn_sock *sock = KB_OWNER(link, kn_sock, all);
        if (!sock->closing && sock->listener_of == NULL)
            return sock;
    }
    return NULL;
}

void kiwi_net_close(kiwi_net *net)
{
    if (net == NULL)
        return;
    kn_resolver_close(net->resolver); /* first: look-ups that end now find nobody */
    kb_lock(&net->lock);
    for (kn_sock *sock; (sock = first_open(net)) != NULL;)
        kn_sock_close(net, sock);
    kb_unlock(&net->lock);
    kn_pool_stop(net);
    free_tables(net);
    free_rest(net);
}
