/* state.h - the data of a runtime, shared by the modules of the net layer.  Only structs: what can be done with
 * them is declared in the header of each module.
 *
 * Everything here is guarded by kiwi_net.lock unless it says otherwise.  In all headers of this layer a
 * function whose comment says "locked" is called with that lock held and returns with it held.
 *
 * Life of an operation (kn_op.state):
 *   RESOLVING -> READY, QUEUED; QUEUED -> READY, PARKED, RESOLVING; READY -> RUNNING;
 *   RUNNING -> PARKED, READY or the end; PARKED -> READY; every state -> the end, when its socket closes or its time
 *   is up; QUEUED -> RUNNING -> QUEUED or the end: it joins the step of another one.  move.h checks that.
 * An operation whose task has ended while a thread runs it is `abandoned`: that thread deals with the outcome
 * (kn_kind.lost) and frees it.  In every other state whoever ends it frees it. */
#ifndef KN_STATE_H
#define KN_STATE_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "base/relief.h"
#include "kiwi/net.h"
#include "net/ahead.h"
#include "net/aside.h"
#include "net/asked.h"
#include "net/header.h"
#include "net/resolve.h"
#include "net/room.h"
#include "net/step.h"
#include "net/tls.h"
#include "net/unix.h"

typedef struct kn_task kn_task;
typedef struct kn_op kn_op;
typedef struct kn_kind kn_kind;
typedef struct kn_sock kn_sock;
typedef struct kn_worker kn_worker;
typedef struct kn_errand kn_errand; /* errand.h */
typedef struct kn_notice kn_notice; /* notice.c */
typedef struct kn_proxy kn_proxy;   /* proxy.c */

enum { KN_READ, KN_WRITE }; /* directions of a descriptor, sides of a socket */

enum {
    KN_LEFTOVERS_MAX = 1000000, /* finished tasks that nobody awaits (invariant I7) */
    KN_TLS_FAILED_MAX = 4096,   /* reasons of failed TLS connects; see net.h */
    KN_VALUES_MAX = 64 << 20,   /* bytes of their values, where nobody says otherwise */
    KN_SPARE_MAX = 1024,        /* freed tasks and operations kept for reuse, each */
    KN_SHAKES_MAX = 512,        /* handshakes and untaken connections of one TLS listener */
    KN_HELP_STEPS = 64,         /* steps in a row before completions are looked at again */
    KN_HANDSHAKE_MS = 10000,    /* limit of a handshake where no option names one */
    KN_PAUSE_MS = 50,           /* before accepting again when descriptors are short */
    KN_LINGER_MS = 10000,       /* how long a closed socket lingers at most; see linger.h */
    KN_LINGERING_MAX = 1024,    /* sockets that linger at a time */
    KN_FAREWELL_MS = 2000,      /* how long closing the runtime waits for what was sent */
    KN_TLS_TURN_MAX = 65536,    /* bytes in one turn of a session: the other direction waits for no more */
    KN_LIGHT_TLS_MAX = 65536,   /* bytes a helping thread encrypts: 50 us, a few hand-overs */
    KN_JOIN_MAX = 16384,        /* bytes of TLS sends that go out together: one record */
    KN_JOIN_COUNT = 64,         /* sends that join another one */
    KN_LOOKUPS_MAX = 64,        /* threads for look-ups: names that hang delay no others before that */
    KN_FILES_MAX = 64,          /* threads for files of TLS contexts, on servers that may be gone */
    KN_JOBS_MAX = 64,           /* threads for jobs: files that hang delay no others before that */
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
    int sys, tls, alert;
    bool handshake;
    kb_link unseen;     /* on kiwi_net.unseen until somebody looks at it; the following are set then */
    kn_task *task;      /* NULL: forgotten, and this is all that is left of it */
    kiwi_id id, socket; /* of the task, and of its socket: 0 if it had none */
    const char *what;   /* name of its kind; NULL: it was no operation */
    int64_t faulted_us;
    char text[]; /* terminated */
} kn_reason;

typedef struct kn_failures { /* clients that a listener has dropped; see shake.h */
    uint64_t count;
    kn_reason *last;            /* how the last one failed; NULL: none, or memory was short */
    struct sockaddr_in6 client; /* who it was; or a sockaddr_in */
} kn_failures;

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
    kn_op *op;         /* while it runs; NULL for own tasks and jobs */
    kn_job *job;       /* until it is done; NULL: it is none */
    const kn_kind *of; /* the operation that it is or was; NULL: none */
    kiwi_id socket;    /* of that operation; 0: none that had an id when it began */
    kn_waiter *waiters;
    kn_notice *notice; /* its end is to be told; NULL: not */
    kb_link link;      /* on leftovers or completions once it has ended */
    size_t held;       /* bytes of its value, here or with the caller, once it has ended */
    bool dropped;      /* its value was */
    bool given;        /* its bytes were handed over: they are the caller's to count */
    kb_link value;     /* leftover: on kiwi_net.values if it holds anything; dropped: on kiwi_net.dropped */
};

/* A kind of operation: one row a kind, in the file that knows how it is done.  All functions but `step` are
 * called with the runtime's lock held; NULL stands for what the comment says. */
struct kn_kind {
    const char *name;
    uint8_t side;      /* the side of its socket that it queues on */
    bool has_task;     /* somebody can await it */
    bool makes_socket; /* it works on a hidden socket, which gets an id at a good end and is closed at a bad one */
    bool unready;      /* its step does not need the descriptor to be ready */
    bool on_listener;  /* it works on a listener */
    bool sends;        /* it gives the system bytes of the program, over TCP and TLS those of u.send */
    uint8_t calls;     /* kn_calls */
    /* Can it not be done any more, as far as its socket is known?  *out says why.  NULL: it can. */
    bool (*refused)(const kn_sock *sock, kiwi_result *out);
    /* Before a step: take along operations that wait behind `op` and that its step carries out, too, at most
     * KN_JOIN_COUNT of them, as RUNNING; their number.  They end like `op`.  NULL: it goes alone. */
    size_t (*gather)(kn_op *op, kn_op *joined[]);
    /* One step, not locked: what can be done as op->how allows.  Works on the operation, on those that joined
     * it and on the fields of its side; fills in *out when it is KN_DONE. */
    kn_step (*step)(kiwi_net *net, kn_op *op, kiwi_result *out);
    /* Its host was looked up: takes over `addresses`, for its port, or (NULL) says in *out why not.  NULL: has no
     * host. */
    void (*resolved)(kn_op *op, kn_addresses *addresses, int sys, const char *why, kiwi_result *out);
    /* After each step: note how far it has come.  NULL: nothing to note. */
    void (*progress)(kiwi_net *net, kn_op *op);
    /* It has the TLS context that it waited for (a reference of its own must be taken); or `err` says why there is
     * none; or, with KB_OK, nobody could read the files: kn_equip_now().  NULL: it needs none. */
    void (*equipped)(kiwi_net *net, kn_op *op, kn_tls_context *context, kb_status status, const kb_error *err);
    /* A step has given KN_DONE and the task still wants it; the operation is on its socket.  NULL: nothing to
     * note. */
    void (*note)(kiwi_net *net, kn_op *op, kiwi_result *out);
    /* In place of the end after KN_DONE without a fault.  True: `op` has ended, or waits; false: step again.
     * NULL: it ends. */
    bool (*got)(kiwi_net *net, kn_op *op, kiwi_result *out);
    /* KN_WANT_WORKER: what follows computes for long.  NULL: nothing to note. */
    void (*computes)(kiwi_net *net, kn_op *op);
    /* Its time is up: describe that.  NULL: "timed out". */
    void (*expired)(const kn_op *op, kiwi_result *out);
    /* The step of an abandoned operation has come back: keep what must not be lost.  NULL: nothing. */
    void (*lost)(kiwi_net *net, kn_op *op, kn_step step, kiwi_result *out);
    /* It has ended as *out says, and was freed; without a task this is how anybody learns of it.  NULL: nobody. */
    void (*ended)(kiwi_net *net, kn_sock *sock, const kiwi_result *out);
    /* Free what the operation owns.  NULL: nothing. */
    void (*release)(kiwi_net *net, kn_op *op);
};

typedef enum kn_op_state {
    KN_RESOLVING,
    KN_QUEUED,
    KN_READY,
    KN_RUNNING,
    KN_PARKED,
} kn_op_state;

/* What a step may do. */
typedef enum kn_how {
    KN_HELP,  /* neither compute for long nor wait: the thread has other things to do */
    KN_WORK,  /* compute */
    KN_BLOCK, /* compute, and wait in the system's call itself until op->call_until_us: a worker with a place */
} kn_how;

/* When a worker with a blocking place waits in the call itself instead of poll(). */
typedef enum kn_calls {
    KN_CALLS_NEVER,
    KN_CALLS_FIRST, /* at its first step already: it has to wait more often than not */
    KN_CALLS_LATER, /* when a step had to wait */
} kn_calls;

struct kn_bind;    /* bind.c */
struct kn_connect; /* connect.c */
struct kn_inherit; /* inherit.c */
struct kn_remote;  /* udp.c */
struct kn_rival;   /* connect.c */
struct kn_upgrade; /* tls_upgrade.c */
struct kn_whole;   /* whole.h */

struct kn_op {
    kb_link queue; /* in its side's queue */
    kb_link ready; /* in the ready list */
    kn_task *task;
    kn_sock *sock;
    const kn_kind *kind;
    kn_errand *errand; /* RESOLVING: what it waits for; */
    kb_link waiting;   /* among others that do */
    uint16_t port;     /* of the host that is looked up */
    uint8_t state;
    uint8_t want;     /* parked: KN_READ or KN_WRITE; KN_NOTHING: for time or a turn only */
    uint8_t how;      /* kn_how of the step that runs; changed under the lock, by the runner alone */
    bool abandoned;   /* see above */
    bool poked;       /* something has happened to it while it ran: it must not wait */
    bool heavy;       /* computes for long: workers, or a thread that has nothing else to do */
    bool fresh;       /* has not been in the waiting room: may take a blocking place */
    bool begun;       /* a step was taken (runner only) */
    bool queue_later; /* RESOLVING outside its side's queue: it holds up nobody */
    bool lent;        /* u.send.data is the submitter's: who runs the first step itself, or until u.send.done */
    bool counted;     /* the copy of what is to be sent is in kiwi_net.held */
    bool failed;      /* send: the connection has failed under it */
    bool torn;        /* receive: bytes came and could not be kept */
    bool drained;     /* the last step emptied the descriptor (runner only) */
    uint32_t seen[2]; /* kn_sock.events when the step began */
    int64_t deadline_us, pause_us; /* KB_NEVER: none */
    int64_t own_us;                /* its own limit, whatever that of its socket is; KB_NEVER: none */
    int64_t call_until_us;         /* KN_BLOCK: when the call has to return (runner only) */
    bool to_block;                 /* KN_BLOCK: the descriptor must be put into blocking mode (runner only) */
    bool no_call;                  /* the system sets no such limit: wait in poll() (runner only) */
    size_t timer;                  /* index in the timer heap + 1; 0: not there */
    kn_worker *worker;             /* the worker that waits for it in a blocking place */
    kn_op **joined;                /* on the stack of the runner (runner only) */
    size_t joined_count;
    union {                     /* runner only while running */
        size_t max;             /* recv */
        struct kn_whole *whole; /* recv of something whole */
        struct {
            unsigned char *data; /* never written; owned unless lent */
            size_t size, sent;
            size_t noted;            /* `sent` after the last step; guarded by the lock */
            void (*done)(void *arg); /* lent for the life of the operation; else NULL */
            void *arg;
        } send;
        struct {
            int64_t silent_us;        /* since when nothing came */
            int64_t look_us, next_us; /* pause to the next look; when that is */
            bool cut;                 /* as kn_sock.cut, cut_bytes; */
            bool alone;               /* nothing was sent before it; */
            bool unknown;             /* a thread is inside a send that may go out whole; */
            uint64_t cut_bytes;       /* of a send that a thread is still inside: what it has told */
        } linger;
        struct kn_connect *connect;
        struct kn_rival *rival;
        struct {
            struct sockaddr_in6 peer;
            struct in6_addr asked; /* by it: see fd.h */
        } datagram;                /* recv of UDP */
        struct sockaddr_in6 peer;  /* accept, handshake: of the connection; or a sockaddr_in */
        struct kn_bind *bind;
        struct kn_inherit *inherit;
        struct kn_remote *remote; /* send_to */
        struct kn_upgrade *upgrade;
        struct {
            kn_tls_context *old, *fresh; /* NULL: it is not its turn yet; they are not read yet */
        } reload;
        struct kn_names *names;
        struct kn_examine *examine;
        struct {
            bool trusted, required;
        } header;    /* of a proxy */
        pid_t child; /* wait */
        struct {
            unsigned char *bytes; /* owned */
            size_t size, room, max;
            size_t held; /* counted of `room`; written locked */
        } drain;         /* read of a pipe */
        kn_op *spare;    /* freed: the next one */
    } u;
};

enum { KN_NOTHING = 2 }; /* kn_op.want */

/* Small numbers and flags lie together: there may be 100,000 of these. */
struct kn_sock {
    kn_entry entry; /* id 0: hidden */
    int fd;         /* -1: none yet (connect).  Changed under the lock by the one thread that runs the op */
    int refs;       /* 1 while open, 1 for each thread in a step; the last one closes the descriptor */
    bool listener, tls, udp, closing;
    bool own_ref;       /* who shuts it holds one of them, and is in no step */
    bool local;         /* a Unix socket: what was sent is with the peer already */
    bool shared;        /* a listener that other processes have, too: it is never shut down */
    bool proxied;       /* a connection of a listener with `proxy`, or that one itself */
    kn_file *file;      /* of a listener that is one; NULL: none */
    char *host;         /* that it was connected to; NULL: unknown */
    bool registered;    /* edge-triggered room: events come for ever */
    bool hup;           /* the peer has ended: never dry again */
    bool blocking;      /* the descriptor is in blocking mode, or a thread is about to put it there */
    bool limited[2];    /* calls of the direction have a limit of the system's (runner of the side only) */
    bool untimed;       /* it has no times of keepalive yet (runner of the read side only) */
    bool reset;         /* the peer has reset the connection: that must not look like an orderly end */
    bool torn;          /* bytes were received and lost: what follows must not look like what comes behind the others */
    bool ended;         /* the end of what the peer sends has been read: nothing comes any more */
    bool cut;           /* a send ended after a part of it: what follows would be taken for its rest */
    int linger_ms;      /* how long it lingers at most; 0: its end resets the connection; -1: KN_LINGER_MS */
    uint32_t slot;      /* in kiwi_net.slots */
    unsigned place;     /* the room's note */
    uint32_t events[2]; /* counts events of the direction; a counter, so that two runners cannot erase it */
    uint32_t dry[2];    /* value of events[] at which the direction was found empty or full; 0: never */
    kb_link side[2];    /* queues of operations, the head is the current one */
    kb_link resolving;  /* datagrams whose host is looked up: they hold up nobody */
    int64_t timeout_ms; /* 0: none */
    uint32_t received;  /* bytes of the last receive (its runner only): what to expect of the next */
    int handshake_ms;   /* of a listener */
    uint64_t bytes_in, bytes_out;
    uint64_t queued;    /* bytes of its sends that the system has not taken */
    kn_ahead ahead;     /* received already; its side's head only */
    size_t ahead_held;  /* as kiwi_net.held has it */
    uint64_t cut_bytes; /* how much of the send that was cut went */
    kb_link all;        /* on kiwi_net.socks */
    kn_asked *asked;    /* UDP: see asked.h */
    /* Closed by the program, but lingering */
    kn_op *linger;     /* what it waits with; on no side.  NULL: it does not linger */
    kb_link lingering; /* on kiwi_net.lingering */
    /* TLS */
    kn_tls *session;         /* used in turns: kn_tls_take(); set before the socket is seen by others */
    kn_tls_context *context; /* listener; connecting */
    /* Listeners, and the connections they have accepted but not handed out */
    kn_sock *listener_of;    /* hidden connection: its listener */
    kb_link shake;           /* on one of the listener's lists */
    kb_link silent, shaking; /* with a header or in the handshake: nothing has come yet; something has.  Oldest first */
    kb_link accepted;        /* done, and not handed out */
    unsigned shakes, untaken;     /* length of the first two; of the third */
    kiwi_socket_options *options; /* of a listener, and its connections; constant; NULL: none */
    kn_failures handshakes;
    struct sockaddr_in6 client; /* of a hidden connection.  Or a sockaddr_in */
    kn_proxy *proxy;            /* of a listener that takes headers of proxies; NULL: it does not */
    kn_header *origin;          /* of a connection that came with one; NULL: it did not */
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
    pthread_cond_t work;  /* with the lock; says: called, or the pool stops */
    bool called;          /* taken from the idle ones */
    kn_worker *idle_next; /* while idle */
    int wake[2];          /* a pipe, made on first need: gets it out of poll(); -1 */
};

struct kiwi_net {
    pthread_mutex_t lock;
    /* constant after open */
    bool help, lazy, report;
    bool shared; /* other processes listen on the same ports, and know this: */
    unsigned char secret[KIWI_NET_SECRET_SIZE];
    int workers_max, places_max;
    void *(*worker_main)(void *worker); /* kn_worker_main() */
    const kn_room_kind *room_kind;
    kn_room *room;
    void (*log)(void *data, const char *text);
    void *log_data;
    bool (*afford)(void *data, size_t more);
    void *afford_data;
    size_t values_max;         /* bytes of leftovers */
    int kick[2];               /* pipe: gets the leader out of the room */
    int alarm[2];              /* pipe: gets kiwi_net_wait() callers that do not lead out of poll() */
    kn_aside *lookups, *files; /* threads for errands */
    kn_aside *jobs;            /* threads for kiwi_job() */
    atomic_bool woken;         /* kiwi_net_wake() was called; release there, acquire in kiwi_net_wait() */
    kb_map errands;            /* hash of kind and key -> the first one */
    /* table */
    kiwi_id last_id, last_failed_id;
    kb_map table;
    kb_map failed; /* negative ids to reasons */
    size_t running, pending, watched_running;
    kb_link leftovers, completions;
    kb_link notices; /* ends to be told of: kiwi_task_noticed() */
    size_t leftover_count;
    kb_relief relief;        /* closes lingering sockets; constant after new */
    kb_link values, dropped; /* oldest first */
    size_t values_held;      /* bytes of all on `values` */
    kb_link unseen;          /* failures that nobody has looked at: forgotten ones, then by age */
    atomic_bool some_unseen; /* false: there are none; written under the lock */
    atomic_size_t held;      /* kiwi_net_held(); written under the lock */
    atomic_size_t entries;   /* bytes of tasks and operations themselves; as `held` */
    kn_task *spare_tasks;    /* freed, chained by `token` */
    kn_op *spare_ops;
    size_t spare_task_count, spare_op_count, op_count;
    /* sockets */
    kb_link socks;
    kn_slot *slots;
    uint32_t slot_count, slot_free; /* index + 1 */
    pthread_cond_t sock_freed;
    kb_link lingering; /* oldest first */
    size_t lingering_count, lingering_max;
    /* pool */
    kb_link ready, ready_heavy;
    unsigned lights; /* of `ready` that were begun in a row */
    kn_worker *workers;
    kn_worker *idle; /* stack */
    int worker_count, waking, blocked;
    bool stopping;
    bool unmanned; /* no worker could be started: threads that wait carry out everything */
    /* to be done by kn_wake_unlock() */
    unsigned wake;
    kn_worker *wake_worker;
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

#endif
