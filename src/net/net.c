/* net.c - opening and closing a runtime.  The contract is in kiwi/net.h. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/locks.h"
#include "base/size.h"
#include "net/close.h"
#include "net/fd.h"
#include "net/linger.h"
#include "net/notice.h"
#include "net/pool.h"
#include "net/sock.h"
#include "net/task.h"
#include "net/unseen.h"
#include "net/wake.h"
#include "net/worker.h"

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
    int64_t value = kb_size_number(text);
    return value < 1 || value > max ? -1 : (int)value;
}

/* The number of bytes in environment variable `name`; `otherwise` if it is unset; 0 if it is no such number. */
static size_t environment_size(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    return text == NULL || text[0] == '\0' ? otherwise : kb_size_parse(text);
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
    *out = wanted == KIWI_ROOM_POLL ? &kn_room_poll : kn_waiting_epoll();
    if (*out == NULL && wanted == KIWI_ROOM_DEFAULT)
        *out = &kn_room_poll;
    return *out == NULL ? EINVAL : 0;
}

/* A quarter of the descriptors at most may belong to sockets that linger. */
static size_t lingering_max(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 >= KN_LINGERING_MAX)
        return KN_LINGERING_MAX;
    return (size_t)limit.rlim_cur / 4;
}

/* Fill in what the options and the environment say. */
static int configure(kiwi_net *net, const kiwi_net_options *o)
{
    const char *help = getenv("KIWI_NET_HELP");
    int workers = o->workers != 0 ? o->workers : environment_number("KIWI_WORKERS", KN_WORKERS_MAX);
    net->values_max = o->leftovers != 0 ? o->leftovers : environment_size("KIWI_LEFTOVERS", KN_VALUES_MAX);
    if (net->values_max == 0 || workers < 0 || workers > KN_WORKERS_MAX || (unsigned)o->help > KIWI_OFF ||
        (unsigned)o->room > KIWI_ROOM_POLL)
        return EINVAL;
    net->worker_main = kn_worker_main;
    net->workers_max = workers == 0 ? KN_WORKERS_DEFAULT : workers;
    /* A quarter, at least one, never waits for a peer: it leads the room and takes the steps. */
    net->places_max = net->workers_max - (net->workers_max + 3) / 4;
    net->help = o->help == KIWI_ON || (o->help == KIWI_DEFAULT && (help == NULL || strcmp(help, "0") != 0));
    net->lazy = o->lazy;
    net->report = o->report;
    net->lingering_max = lingering_max();
    net->afford = o->afford;
    net->afford_data = o->afford_data;
    net->log = o->log == NULL ? log_to_stderr : o->log;
    net->log_data = o->log_data;
    net->shared = o->siblings != NULL;
    if (net->shared)
        memcpy(net->secret, o->siblings, sizeof(net->secret));
    return choose_room(o->room, &net->room_kind);
}

static int make_conditions(kiwi_net *net)
{
    int error = kb_locks_cond_init(&net->sock_freed);
    if (error != 0)
        return error;
    if ((error = kb_locks_cond_init(&net->lead_free)) != 0)
        goto fail_freed;
    if ((error = pthread_mutex_init(&net->lock, NULL)) != 0)
        goto fail_lead;
    return 0;

fail_lead:
    MUST(pthread_cond_destroy(&net->lead_free));
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

static void close_asides(kiwi_net *net)
{
    kn_aside_close(net->lookups);
    kn_aside_close(net->files);
    kn_aside_close(net->jobs);
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
    kb_map_fini(&net->errands);
    MUST(pthread_mutex_destroy(&net->lock));
    MUST(pthread_cond_destroy(&net->lead_free));
    MUST(pthread_cond_destroy(&net->sock_freed));
    free(net);
}

static void init_lists(kiwi_net *net)
{
    kb_map_init(&net->table);
    kb_map_init(&net->failed);
    kb_map_init(&net->errands);
    kb_list_init(&net->leftovers);
    kb_list_init(&net->completions);
    kb_list_init(&net->notices);
    kb_list_init(&net->values);
    kb_list_init(&net->dropped);
    kb_list_init(&net->unseen);
    kb_list_init(&net->socks);
    kb_list_init(&net->lingering);
    kb_list_init(&net->ready);
    kb_list_init(&net->ready_heavy);
    net->kick[0] = net->kick[1] = net->alarm[0] = net->alarm[1] = -1;
}

int kiwi_net_open(const kiwi_net_options *options, kiwi_net **out)
{
    static const kiwi_net_options none;
    if (out == NULL)
        return EINVAL;
    *out = NULL;
    kiwi_net *net = calloc(1, sizeof(*net));
    if (net == NULL)
        return ENOMEM;
    init_lists(net);
    atomic_init(&net->woken, false);
    atomic_init(&net->held, 0);
    atomic_init(&net->entries, 0);
    atomic_init(&net->some_unseen, false);
    int error = configure(net, options == NULL ? &none : options);
    if (error == 0)
        error = make_conditions(net);
    if (error != 0) {
        free(net);
        return error;
    }
    error = kn_fd_pipe(net->kick);
    if (error == 0)
        error = kn_fd_pipe(net->alarm);
    if (error == 0)
        error = net->room_kind->open(net->kick[0], &net->room);
    if (error != 0) {
        free_rest(net);
        return error;
    }
    net->workers = calloc((size_t)net->workers_max, sizeof(*net->workers));
    net->events = malloc(KN_ROOM_BATCH * sizeof(*net->events));
    net->lookups = kn_aside_open(net, KN_LOOKUPS_MAX);
    net->files = kn_aside_open(net, KN_FILES_MAX);
    net->jobs = kn_aside_open(net, KN_JOBS_MAX);
    if (net->workers == NULL || net->events == NULL || net->lookups == NULL || net->files == NULL ||
        net->jobs == NULL) {
        close_asides(net);
        free_rest(net);
        return ENOMEM;
    }
    net->relief = (kb_relief){.relieve = kn_linger_relieve, .data = net};
    kb_relief_add(&net->relief);
    *out = net;
    return 0;
}

static void free_tables(kiwi_net *net)
{
    kn_unseen_free(net);
    kn_notice_free(net);
    size_t at = 0;
    for (kn_entry *e; (e = kb_map_next(&net->table, &at, NULL)) != NULL;) {
        kn_task *task = (kn_task *)(void *)e; /* sockets are closed: only tasks are left */
        kb_list_remove(&task->value);
        kn_task_free(net, task);
    }
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
    kn_lock(net);
    for (kn_sock *sock; (sock = first_open(net)) != NULL;) {
        if (kn_close_file(net, sock))
            continue;
        bool known = sock->entry.id > 0 && !sock->listener && !sock->udp;
        (known ? kn_close_sock : kn_sock_close)(net, sock);
    }
    kn_wake_unlock(net);
    close_asides(net); /* nobody waits for errands any more */
    kn_lock(net);
    kn_linger_farewell(net, kb_clock_after_ms(kb_clock_us(), KN_FAREWELL_MS));
    kn_wake_unlock(net);
    kb_relief_remove(&net->relief);
    kn_pool_stop(net);
    kn_lock(net); /* nobody else is left; but what is called wants it */
    free_tables(net);
    kn_wake_unlock(net);
    free_rest(net);
}

/* ---- What it holds ------------------------------------------------------------------------------- */

size_t kiwi_net_held(kiwi_net *net)
{
    return atomic_load_explicit(&net->held, memory_order_relaxed);
}

size_t kiwi_net_memory(kiwi_net *net)
{
    return kiwi_net_held(net) + atomic_load_explicit(&net->entries, memory_order_relaxed);
}

size_t kiwi_net_pending(kiwi_net *net)
{
    kn_lock(net);
    size_t count = net->pending;
    kn_wake_unlock(net);
    return count;
}
