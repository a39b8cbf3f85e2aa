/* state.h - the data of a runtime, shared by the modules of the net layer.
 *
 * Everything here is guarded by kiwi_net.lock unless it says otherwise.  Functions whose comment says
 * "locked" are called with that lock held and return with it held.
 *
 * Life of an operation (kn_op.state):
 *   RESOLVING -> READY; QUEUED -> READY; READY -> RUNNING; RUNNING -> PARKED, READY or the end;
 *   PARKED -> READY; every state -> the end, when its socket closes or its time is up.
 * An operation whose task has ended while a thread runs it is `abandoned`: that thread throws the outcome
 * away and frees it.  In every other state whoever ends it frees it. */
#ifndef KN_STATE_H
#define KN_STATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "kiwi/net.h"
#include "net/resolve.h"
#include "net/room.h"
#include "net/step.h"
#include "net/tls.h"

typedef struct kn_task kn_task;
typedef struct kn_op kn_op;
typedef struct kn_sock kn_sock;
typedef struct kn_worker kn_worker;

enum { KN_READ, KN_WRITE }; /* directions of a descriptor, sides of a socket */

enum {
    KN_LEFTOVERS_MAX = 1000000, /* finished tasks that nobody awaits (invariant I7) */
    KN_TLS_FAILED_MAX = 4096,   /* reasons of failed TLS connects; see net.h */
    KN_SPARE_MAX = 1024,        /* freed tasks and operations kept for reuse, each */
    KN_SHAKES_MAX = 512,        /* handshakes and untaken connections of one TLS listener */
    KN_HELP_STEPS = 64,         /* steps in a row before completions are looked at again */
    KN_HANDSHAKE_MS = 10000,    /* limit of a handshake where no option names one */
    KN_PAUSE_MS = 50,           /* before accepting again when descriptors are short */
    KN_LIGHT_TLS_MAX = 65536,   /* bytes a helping thread encrypts: 50 us, a few hand-overs */
    KN_JOIN_MAX = 16384,        /* bytes of TLS sends that go out together: one record */
    KN_JOIN_COUNT = 64,         /* sends that join another one */
    KN_STACK_SIZE = 256 * 1024, /* ten times the deepest measured (verification of RSA-8192) */
    KN_WORKERS_DEFAULT = 16,
    KN_WORKERS_MAX = 1024,
};

typedef struct kn_entry { /* what the table holds: the first member of a socket or a task */
    kiwi_id id;
    bool is_socket;
} kn_entry;

typedef struct kn_reason { /* why a task faulted; malloc'ed */
    kiwi_fault fault;
    int sys, tls;
    char text[]; /* terminated */
} kn_reason;

typedef struct kn_waiter { /* a thread in kiwi_task_await(), on its stack */
    pthread_cond_t ended;
    kiwi_result *out;
    bool done; /* *out is filled in */
    struct kn_waiter *next;
} kn_waiter;

struct kn_task {
    kn_entry entry;
    kiwi_task_state state;
    kiwi_result_kind kind;
    bool own;     /* made by kiwi_task_open() */
    bool hidden;  /* neither listed nor counted: kiwi_task_hide() */
    bool watched; /* goes to kiwi_net.completions when it ends */
    int64_t integer;
    unsigned char *bytes;
    size_t size;
    kn_reason *reason; /* of a fault; NULL: memory was short */
    void *token;
    kn_op *op; /* while it runs; NULL for own tasks */
    kn_waiter *waiters;
    kb_link link; /* on leftovers or completions once it has ended */
};

typedef enum kn_op_kind {
    KN_OP_RECV,
    KN_OP_SEND,
    KN_OP_FIN, /* kiwi_socket_shutdown() */
    KN_OP_ACCEPT,
    KN_OP_CONNECT,   /* on a hidden socket, which gets an id at the end */
    KN_OP_HANDSHAKE, /* of an accepted connection; hidden socket, no task */
    KN_OP_BIND,      /* of a listener or UDP, on a hidden socket, which gets an id at the end */
    KN_OP_SEND_TO,   /* of UDP */
    KN_OP_RECV_FROM, /* of UDP */
} kn_op_kind;

typedef enum kn_op_state {
    KN_RESOLVING,
    KN_QUEUED,
    KN_READY,
    KN_RUNNING,
    KN_PARKED,
} kn_op_state;

struct kn_bind;    /* bind.c */
struct kn_connect; /* connect.c */
struct kn_remote;  /* udp.c */

struct kn_op {
    kb_link queue; /* in its side's queue */
    kb_link ready; /* in the ready list */
    kn_task *task;
    kn_sock *sock;
    uint8_t kind, state;
    uint8_t want;     /* parked: KN_READ or KN_WRITE; KN_NOTHING: for time or a turn only */
    bool abandoned;   /* see above */
    bool heavy;       /* computes for long: workers, or a thread that has nothing else to do */
    bool fresh;       /* has not been in the waiting room: may take a blocking place */
    bool begun;       /* a step was taken (runner only) */
    bool lent;        /* u.send.data is the submitter's, who runs the first step itself */
    bool drained;     /* the last step emptied the descriptor (runner only) */
    uint32_t seen[2]; /* kn_sock.events when the step began */
    int64_t deadline_us, pause_us; /* KB_NEVER: none */
    size_t timer;                  /* index in the timer heap + 1; 0: not there */
    kn_worker *worker;             /* the worker that waits for it in a blocking place */
    union {                        /* runner only while running */
        size_t max;                /* recv */
        struct {
            unsigned char *data; /* never written; owned unless lent */
            size_t size, sent;
        } send;
        struct kn_connect *connect;
        struct kn_bind *bind;
        struct kn_remote *remote; /* send_to */
        kn_op *spare;             /* freed: the next one */
    } u;
};

enum { KN_NOTHING = 2 }; /* kn_op.want */

struct kn_sock {
    kn_entry entry; /* id 0: hidden */
    int fd; /* -1: none yet (connect).  Changed under the lock by the one thread that runs the op */
    int refs; /* 1 while open, 1 for each thread in a step; the last one closes the descriptor */
    bool listener, tls, udp, closing;
    bool registered; /* edge-triggered room: events come for ever */
    bool hup;        /* the peer has ended: never dry again */
    uint32_t slot;   /* in kiwi_net.slots */
    unsigned place;  /* the room's note */
    uint32_t events
        [2]; /* counts events of the direction; a counter, so that two runners cannot erase it */
    uint32_t
        dry[2]; /* value of events[] at which the direction was found empty or full; 0: never */
    kb_link side[2];    /* queues of operations, the head is the current one */
    kb_link resolving;  /* datagrams whose host is looked up: they hold up nobody */
    int64_t timeout_ms; /* 0: none */
    uint32_t received; /* bytes of the last receive (its runner only): what to expect of the next */
    uint64_t bytes_in, bytes_out;
    kb_link all; /* on kiwi_net.socks */
    /* TLS */
    kn_tls *session; /* used under session_lock only; set before the socket is seen by others */
    pthread_mutex_t session_lock;
    kn_tls_context *context; /* listener; connecting */
    /* Listeners, and the connections they have accepted but not handed out */
    kn_sock *listener_of; /* hidden connection: its listener */
    kb_link shake;        /* on the listener's shaking or accepted list */
    kb_link shaking, accepted;
    unsigned held; /* length of both */
    int handshake_ms;
    uint64_t handshakes_failed;
};

typedef struct kn_slot {
    kn_sock *sock;
    uint32_t generation; /* counts the sockets that have lived here */
    uint32_t next_free;
} kn_slot;

typedef enum kn_lead {
    KN_LEAD_NONE,
    KN_LEAD_AWAY,   /* the thread of a lazy runtime: it comes back or flushes soon */
    KN_LEAD_WORKER, /* in the room */
    KN_LEAD_HELPER, /* in the room: a thread that awaits */
} kn_lead;

struct kn_worker {
    kiwi_net *net;
    pthread_t thread;
    int wake[2]; /* a pipe, made on first need: gets it out of poll(); -1 */
};

struct kiwi_net {
    pthread_mutex_t lock;
    /* constant after open */
    bool help, lazy;
    int workers_max, places_max;
    const kn_room_kind *room_kind;
    kn_room *room;
    void (*log)(void *data, const char *text);
    void *log_data;
    int kick[2];  /* pipe: gets the leader out of the room */
    int alarm[2]; /* pipe: gets kiwi_net_wait() callers that do not lead out of poll() */
    kn_resolver *resolver;
    atomic_bool woken; /* kiwi_net_wake() was called; release there, acquire in kiwi_net_wait() */
    /* table */
    kiwi_id last_id, last_failed_id;
    kb_map table;
    kb_map failed; /* negative ids to reasons */
    size_t running, pending, watched_running;
    kb_link leftovers, completions;
    size_t leftover_count;
    kn_task *spare_tasks; /* freed, chained by `token` */
    kn_op *spare_ops;
    size_t spare_task_count, spare_op_count, op_count;
    /* sockets */
    kb_link socks;
    kn_slot *slots;
    uint32_t slot_count, slot_free; /* index + 1 */
    pthread_cond_t sock_freed;
    /* pool */
    kb_link ready, ready_heavy;
    kn_worker *workers;
    int worker_count, idle, waking, blocked;
    bool stopping;
    bool unmanned; /* no worker could be started: threads that wait carry out everything */
    pthread_cond_t work;
    /* room */
    kn_lead lead;
    bool lead_wanted, kicked, in_room;
    uint64_t rounds;  /* how often a leader has come out of the room */
    unsigned closers; /* threads that wait for that */
    bool alarmed;     /* there is a byte in the alarm pipe */
    int asleep;       /* callers of kiwi_net_wait() in poll() or leading */
    pthread_cond_t lead_free;
    size_t parked;
    kn_op **timers; /* heap, earliest first */
    size_t timer_count, timer_size;
    kn_event *events; /* leader only */
};

/* ---- table.c ---- */

/* Create a running task for `op` (NULL: the caller's own).  Locked.  NULL: memory is short. */
kn_task *kn_task_new(kiwi_net *net);
/* End `task` as *out says (state is set from out->fault); out->bytes become the task's.  Tells
 * whoever waits; the task may be gone afterwards.  Locked. */
void kn_task_end(kiwi_net *net, kn_task *task, kiwi_result *out);
kn_task *kn_task_find(kiwi_net *net, kiwi_id id);
/* Move the result of an ended task into *out and remove it.  Locked. */
void kn_task_take(kiwi_net *net, kn_task *task, kiwi_result *out);
void kn_task_free(kiwi_net *net, kn_task *task);
/* A task that has faulted already; 0 only if memory is short beyond help.  Locked. */
kiwi_id kn_task_faulted(kiwi_net *net, kiwi_result *out);
/* Give `entry` the next id and put it into the table.  0 or ENOMEM.  Locked. */
int kn_entry_add(kiwi_net *net, kn_entry *entry);
/* Ids that are no tasks but have a result: open sockets, failed TLS connects.  Locked. */
bool kn_standing_result(kiwi_net *net, kiwi_id id, kiwi_result *out);

/* ---- fault.c ---- */

/* *out is a fault with the formatted text. */
void kn_fault(kiwi_result *out, kiwi_fault fault, int sys, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* *out is a fault with the system's text for errno `sys`. */
void kn_fault_sys(kiwi_result *out, int sys);
/* *out is a fault made of what the TLS layer reported. */
void kn_fault_tls(kiwi_result *out, kb_status status, const kb_error *err);
/* A copy of how *from failed; NULL: memory is short. */
kn_reason *kn_reason_new(const kiwi_result *from);
/* The fault it stands for; without memory for a reason there was just that. */
void kn_reason_get(const kn_reason *reason, kiwi_result *out);
/* Does `id` stand for a TLS connect that failed, not too long ago?  *out (may be NULL) says how.  Locked. */
bool kn_tls_failure(kiwi_net *net, kiwi_id id, kiwi_result *out);

/* ---- step.c ---- */

/* One step.  Not locked. */
kn_step kn_op_step(kiwi_net *net, kn_op *op, kiwi_result *out, bool may_compute);

/* ---- op.c ---- */

/* A new operation on `sock` with a task (unless it is a handshake).  Locked.  NULL: memory is
 * short. */
kn_op *kn_op_new(kiwi_net *net, kn_sock *sock, kn_op_kind kind);
/* Put it into its side's queue and begin it if it is the head.  Locked. */
void kn_op_queue(kiwi_net *net, kn_op *op);
/* Make the head of a side ready, if it is queued.  Locked. */
void kn_side_advance(kiwi_net *net, kn_sock *sock, int side);
void kn_op_ready(kiwi_net *net, kn_op *op);
/* Run a READY operation until it ends, parks or is handed over.  `worker`: NULL for a helping
 * thread; `may_compute`: it may take long steps, too.  Locked; lets go of the lock meanwhile. */
void kn_op_run(kiwi_net *net, kn_op *op, kn_worker *worker, bool may_compute);
/* End `op` now with the fault *out, whatever state it is in.  Locked. */
void kn_op_abort(kiwi_net *net, kn_op *op, kiwi_result *out);
/* The same, and end the hidden socket it works on (connect, handshake); others go on.  Locked. */
void kn_op_fail(kiwi_net *net, kn_op *op, kiwi_result *out);
/* kn_op_fail() because `op` has used up its time.  Locked. */
void kn_op_expire(kiwi_net *net, kn_op *op);
/* End a running operation that is not abandoned.  Locked. */
void kn_op_finish(kiwi_net *net, kn_op *op, kiwi_result *out);
int kn_op_side(const kn_op *op);
void kn_op_set_deadline(kiwi_net *net, kn_op *op, int64_t deadline_us);
/* Put `op` under the time limit of its socket, if there is one; an earlier deadline stays.
 * Locked. */
void kn_op_limit(kiwi_net *net, kn_op *op);

/* The name look-up for task `id` has ended.  Called by the resolver, not locked. */
void kn_op_resolved(kiwi_net *net, kiwi_id id, kn_addresses *addresses, int code, int sys);
/* Look up the host of the RESOLVING operation of task `id`.  Not locked. */
void kn_look_up(kiwi_net *net, kiwi_id id, const char *host, int port);
/* Free an abandoned operation that nobody runs any more.  Locked. */
void kn_op_discard(kiwi_net *net, kn_op *op);

/* ---- join.c ---- */

/* Take the sends that wait behind the TLS send `first` and go out with it into joined[], as
 * RUNNING: their number.  Locked. */
size_t kn_join_gather(kn_op *first, kn_op *joined[KN_JOIN_COUNT]);
/* One step for all of them; KN_WANT_WRITE: all is with the session, and the rest is flushing.  Not
 * locked. */
kn_step kn_join_step(kn_op *first, kn_op *const joined[], size_t count, kiwi_result *out);
/* After KN_WANT_WRITE: back to the queue.  Locked. */
void kn_join_release(kiwi_net *net, kn_op *const joined[], size_t count);
/* After KN_DONE: they end like their first one, which has ended.  Locked. */
void kn_join_finish(kiwi_net *net, kn_op *const joined[], size_t count, const kiwi_result *result);

/* ---- connect.c ---- */

kn_step kn_connect_step(kiwi_net *net, kn_op *op, kiwi_result *out, bool may_compute);
void kn_connect_free(struct kn_connect *connect);
/* `op` has got its addresses, or (NULL) *out says why not: the name look-up failed with `why`. */
void kn_connect_resolved(const kn_op *op, kn_addresses *addresses, int sys, const char *why,
                         kiwi_result *out);
void kn_connect_timed_out(const kn_op *op, kiwi_result *out);
/* A handshake begins now: where no limit was given it gets one.  Locked. */
void kn_connect_limit_handshake(kiwi_net *net, kn_op *op);

/* ---- udp.c ---- */

kn_step kn_udp_send_step(kn_op *op, kiwi_result *out);
kn_step kn_udp_recv_step(kn_op *op, kiwi_result *out);
void kn_udp_resolved(const kn_op *op, kn_addresses *addresses, int sys, const char *why,
                     kiwi_result *out);
void kn_udp_free(struct kn_remote *remote);

/* ---- bind.c ---- */

/* Bind hidden `sock`, which is taken over (NULL: memory was short), to `host`:`port`: a task that
 * gives its id.  `backlog` 0: UDP, able to broadcast; else TCP, listening.  "" is every address.
 * Not locked. */
kiwi_id kn_bind_submit(kiwi_net *net, kn_sock *sock, const char *host, int64_t port, int backlog);
kn_step kn_bind_step(kiwi_net *net, kn_op *op, kiwi_result *out);
void kn_bind_resolved(const kn_op *op, kn_addresses *addresses, int sys, const char *why,
                      kiwi_result *out);
void kn_bind_free(struct kn_bind *bind);
/* A new descriptor of UDP on every address and a port of the system's choice.  0 with *fd set, or
 * an errno. */
int kn_bind_fresh(int *fd);

/* ---- sock.c ---- */

kn_sock *kn_sock_new(kiwi_net *net, int fd, bool tls); /* locked; NULL: fd is still the caller's */
kn_sock *kn_sock_find(kiwi_net *net, kiwi_id id, bool listener, bool tls); /* not of UDP */
kn_sock *kn_sock_any(kiwi_net *net, kiwi_id id);
void kn_sock_close_id(kiwi_net *net, kn_sock *sock); /* all of kiwi_tcp_close().  Locked. */
/* The numeric text of `addr` and its port; untouched for another family. */
void kn_sock_describe(const struct sockaddr_storage *addr, char *host, size_t size, int *port);
/* End all its operations with "Socket closed" and take it out of the table.  Locked.  First
 * half. */
void kn_sock_abort(kiwi_net *net, kn_sock *sock);
/* Get blocked threads out and drop the open reference.  Locked.  Second half. */
void kn_sock_shut(kiwi_net *net, kn_sock *sock);
void kn_sock_close(kiwi_net *net, kn_sock *sock); /* both halves, without close_notify */
void kn_sock_unref(kiwi_net *net, kn_sock *sock);
/* Replace the descriptor (connect tries the next address); the old one is closed.  Locked. */
void kn_sock_set_fd(kiwi_net *net, kn_sock *sock, int fd);
void kn_sock_event(kiwi_net *net, const kn_event *event);

/* ---- fd.c: *out is non-blocking, close-on-exec and sends without delay.  0 or an errno ---- */

int kn_fd_socket(int family, int type, int *out);
int kn_fd_accept(int listener, int *out); /* the next connection of `listener` */
/* A pipe, non-blocking and close-on-exec at both ends; both are -1 on failure. */
int kn_pipe_open(int fds[2]);

/* ---- listen.c ---- */

kn_step kn_accept_step(kn_op *op, kiwi_result *out);
/* The accept step of the running `op` has got the connection `fd`.  True: `op` needs no further
 * step now: it has ended and is freed, or is parked.  An abandoned `op` is left alone.  Locked. */
bool kn_accept_got(kiwi_net *net, kn_op *op, int fd);
/* The handshake of hidden `sock` has ended; its operation is gone.  Locked. */
void kn_handshake_ended(kiwi_net *net, kn_sock *sock, bool good);
/* Give what was accepted to whoever waits for it.  Locked. */
void kn_accepted_hand_out(kiwi_net *net, kn_sock *listener);
/* Take a connection that waits for an accept; NULL if none.  Locked. */
kn_sock *kn_accepted_pop(kn_sock *listener);

/* ---- pool.c ---- */

/* Make sure that somebody will carry out what is ready and lead the room.  Locked. */
void kn_pool_nudge(kiwi_net *net);
/* Is there a worker besides the calling one and those in blocking places, or can one be started?
 * It leads the room and takes the steps meanwhile (invariant I1).  Locked. */
bool kn_pool_spare(kiwi_net *net);
void kn_pool_stop(kiwi_net *net);

/* ---- lead.c ---- */

/* May a thread that waits take steps?  With helping, or where there is nobody else.  Locked. */
bool kn_helps(const kiwi_net *net);
/* The next operation for such a thread; NULL: none.  Long work is the workers', unless there are
 * none or it is all there is to do (`sole`: the caller has nothing else): then a hand-over would
 * only cost time.  Locked. */
kn_op *kn_help_pick(const kiwi_net *net, bool sole);
/* Until when may a thread sleep that relies on others to lead?  Where there are no workers it
 * looks again from time to time, because none may come.  Locked. */
int64_t kn_sleep_until(const kiwi_net *net, int64_t until_us);

/* Lead once: wait in the room until `until_us`, and make what became ready READY.  Locked; `lead`
 * must be free and is free afterwards. */
void kn_lead_once(kiwi_net *net, kn_lead as, int64_t until_us);
/* Get the leader out of the room, if it is in there.  Locked. */
void kn_lead_kick(kiwi_net *net);
/* Tell callers of kiwi_net_wait() that there is something.  Locked. */
void kn_lead_tell(kiwi_net *net);
bool kn_lead_needed(const kiwi_net *net);
/* kiwi_net_wait(); `for_next`: it also returns once no watched task is left that could end.  Not
 * locked. */
void kn_net_wait(kiwi_net *net, int64_t timeout_us, bool sole, bool for_next);
void kn_park(kiwi_net *net, kn_op *op, int want);
void kn_timer_set(kiwi_net *net, kn_op *op);
void kn_timer_clear(kiwi_net *net, kn_op *op);
void kn_pipe_write(int fd);
void kn_pipe_drain(int fd);

#endif
