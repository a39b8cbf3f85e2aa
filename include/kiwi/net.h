/* net.h - TCP, TLS and UDP on a fixed pool of blocking threads, for C programs.
 *
 * Every operation that takes time (accept, recv, send, connect) is submitted and returns the id of
 * a task at once.  A pool of worker threads, fixed in number, carries tasks out; their results lie
 * in one task table until somebody takes them: kiwi_task_await() for one task, kiwi_task_next()
 * for whichever ends next.  Sockets and tasks share one space of ids: positive, growing, never
 * used twice.
 *
 * Threads: every function may be called from any thread, unless it says otherwise.
 * Pointers: `net` is never NULL, but in kiwi_net_close().  Others may be NULL where their comment says so; where it does
 * not, that is an error as any other, never a crash: a task that has faulted, or EINVAL.
 * Errors: functions that return a kiwi_id give a positive id; an operation that cannot be carried
 * out (unknown socket, bad argument) is a task that has faulted already, so there is one way to
 * learn of errors.  Functions that return int give 0 or an error code of <errno.h>.
 * Source: NETWORK.md; the design is told in src/net/README.md. */
#ifndef KIWI_NET_H
#define KIWI_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define KIWI_API __attribute__((visibility("default")))
#else
#define KIWI_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef int64_t kiwi_id;
typedef struct kiwi_net kiwi_net;

/* ---- Opening and closing ------------------------------------------------------------------- */

typedef enum kiwi_net_room {                    /* how operations that wait for a peer are watched */
                             KIWI_ROOM_DEFAULT, /* the environment's KIWI_NET_ROOM (epoll, poll), else the best there is */
                             KIWI_ROOM_EPOLL,
                             KIWI_ROOM_POLL,
} kiwi_net_room;

typedef enum kiwi_switch { KIWI_DEFAULT, KIWI_ON, KIWI_OFF } kiwi_switch;

enum { KIWI_NET_SECRET_SIZE = 32 }; /* bytes */

typedef struct kiwi_net_options {
    int workers; /* threads of the pool; 0: KIWI_WORKERS of the environment, else 16 */
    kiwi_net_room room;
    kiwi_switch help; /* may a thread that awaits carry out steps itself?  KIWI_DEFAULT: on, unless
                           KIWI_NET_HELP=0 in the environment */
    bool lazy;        /* do not wake a worker at each submission: the one thread that submits promises
                           to call kiwi_net_flush() or kiwi_net_wait() soon (an interpreter does) */
    size_t leftovers; /* most bytes of results that nobody has awaited yet, beyond them the oldest are dropped;
                           0: KIWI_LEFTOVERS of the environment (64m, say), else 64 MiB */
    bool report;      /* failures that nobody looks at are kept for kiwi_task_unseen() */
    bool (*afford)(void *data, size_t more); /* may the runtime keep `more` bytes beside kiwi_net_held()?  NULL: it
                           may.  Asked before bytes are copied to be sent, and before any are received.  From any
                           thread; it must not call the runtime, whose lock may be held, but for kiwi_net_held()
                           and kiwi_net_memory() */
    void *afford_data;
    void (*log)(void *data, const char *text); /* warnings; NULL: standard error.  From any thread; it must
                                                  not call the runtime, whose lock may be held */
    void *log_data;
    const void *siblings; /* KIWI_NET_SECRET_SIZE bytes that this process shares with others that listen on the same
                             ports, and with nobody else: listeners have reuse_port unless their options say
                             otherwise, a port 0 is refused, tickets of TLS servers are good in all of them.
                             NULL: there are no others */
} kiwi_net_options;

/* Create a runtime in *out.  `options` may be NULL (all defaults).  Threads start on first need.
 * Errors: EINVAL (an option out of range, an unknown KIWI_NET_ROOM), ENOMEM, EMFILE. */
KIWI_API int kiwi_net_open(const kiwi_net_options *options, kiwi_net **out);

/* Close all sockets, end all tasks, join the threads and free.  NULL is allowed.  No other thread
 * may use `net` any more.  Waits, for 2 s at most, while bytes of completed sends are not acknowledged.  A name
 * look-up that hangs does not delay this: its thread is left to end alone. */
KIWI_API void kiwi_net_close(kiwi_net *net);

/* The bytes that the runtime keeps for its user: copies of what is to be sent, received bytes and results that nobody
 * has taken.  Bytes that are lent (kiwi_tcp_send_lent()) and values that the caller keeps are the caller's and do not
 * count.  O(1), takes no lock. */
KIWI_API size_t kiwi_net_held(kiwi_net *net);

/* The same and what tasks and operations take themselves, which are without number but for the user's restraint.
 * O(1), takes no lock. */
KIWI_API size_t kiwi_net_memory(kiwi_net *net);

/* ---- Tasks ----------------------------------------------------------------------------------- */

typedef enum kiwi_task_state {
    KIWI_TASK_UNKNOWN, /* never existed, already awaited, or forgotten */
    KIWI_TASK_RUNNING,
    KIWI_TASK_COMPLETED,
    KIWI_TASK_FAULTED,
} kiwi_task_state;

typedef enum kiwi_result_kind {
    KIWI_RESULT_NONE,
    KIWI_RESULT_INTEGER,  /* bytes sent, or the id of a socket */
    KIWI_RESULT_BYTES,    /* bytes received; none at the end of the stream */
    KIWI_RESULT_DATAGRAM, /* a datagram and where it came from */
    KIWI_RESULT_TEXT,     /* bytes that are meant as text, UTF-8 as a rule */
    KIWI_RESULT_LINES,    /* lines of text, each with an LF at its end */
} kiwi_result_kind;

typedef enum kiwi_fault { /* why a task faulted */
                          KIWI_FAULT_NONE,
                          KIWI_FAULT_CLOSED,  /* the socket was closed by this program */
                          KIWI_FAULT_INVALID, /* no such socket, or an argument out of range */
                          KIWI_FAULT_RESOLVE, /* the name look-up failed */
                          KIWI_FAULT_SYSTEM,  /* a system call failed: `sys` is the errno */
                          KIWI_FAULT_TLS,     /* the TLS layer failed: `tls` is the GnuTLS code */
                          KIWI_FAULT_TRUNCATED, /* a stream ended too early, one of TLS without close_notify, say; an earlier send was cut
                             short */
                          KIWI_FAULT_TIMEOUT,
                          KIWI_FAULT_CALLER, /* set by kiwi_task_fault() */
                          KIWI_FAULT_DROPPED, /* the task has completed, but nobody awaited it, and its value was dropped */
                          KIWI_FAULT_CANCELLED, /* by kiwi_task_cancel() */
                          KIWI_FAULT_TOO_LONG,  /* more has come than was to be received */
} kiwi_fault;

typedef struct kiwi_result {
    kiwi_id id;
    kiwi_task_state state; /* never KIWI_TASK_RUNNING in a result that was taken */
    kiwi_result_kind kind; /* of a completed task */
    int64_t integer;       /* KIWI_RESULT_INTEGER; KIWI_RESULT_DATAGRAM: the sender's port */
    unsigned char *bytes;  /* KIWI_RESULT_BYTES, _TEXT and _LINES: malloc'ed, the taker frees it; NULL if size is 0.
                              KIWI_RESULT_DATAGRAM: malloc'ed, never NULL; behind the `size` bytes stands
                              the sender's numeric address, terminated */
    size_t size;           /* number of bytes */
    void *token;           /* as given to kiwi_task_watch(), else NULL */
    kiwi_fault fault;      /* of a faulted task */
    int sys;               /* errno, 0 if none */
    int tls;               /* GnuTLS code, 0 if none */
    int alert;             /* number of the TLS alert that the peer sent, 0 if none */
    bool handshake;        /* KIWI_FAULT_TLS: it failed in the handshake */
    char message[192];     /* of a faulted task; for a person; terminated */
} kiwi_result;

/* The kind of a fault as one word, "refused", say: the table in src/packages/NETWORK.md, section 18.  NULL: of a task that
 * has not faulted, or of one of the caller's own.  Static. */
KIWI_API const char *kiwi_fault_kind(const kiwi_result *fault);

/* Its number: of the TLS alert that the peer sent, else the errno; 0: it has none. */
KIWI_API int kiwi_fault_code(const kiwi_result *fault);

/* What is known of `id` now.  Never blocks, never fails.  The id of an open socket is COMPLETED;
 * the negative id of kiwi_tls_failed() is FAULTED; a task whose value was dropped stays COMPLETED, though awaiting it
 * gives a fault. */
KIWI_API kiwi_task_state kiwi_task_status(kiwi_net *net, kiwi_id id);

/* Wait until task `id` has ended and take its result into *out; it leaves the table.  `timeout_ms`
 * < 0: no limit.  The id of an open socket gives itself (KIWI_RESULT_INTEGER) and stays.  Returns
 * 0 (look at out->state), ETIMEDOUT (the task goes on), or ENOENT (unknown id).  Several threads
 * may await one id: all that wait when it ends get the result (bytes are copied for all but
 * one). */
KIWI_API int kiwi_task_await(kiwi_net *net, kiwi_id id, int timeout_ms, kiwi_result *out);

/* Like kiwi_task_peek() for a task with bytes, which are the caller's from here on: who awaits the task gets none.  They
 * count with the results that nobody has awaited yet, and kiwi_task_dropped() tells when that is too much, as if
 * kiwi_task_complete_kept() had ended the task.  ENOENT (also if it was dropped, hidden, or has none), EAGAIN (running).
 * hand_back takes `result->bytes` over again. */
KIWI_API int kiwi_task_hand_over(kiwi_net *net, kiwi_id id, kiwi_result *out);
KIWI_API void kiwi_task_hand_back(kiwi_net *net, kiwi_result *result);

/* Put back the result of a task that has completed, as it was given by kiwi_task_await(), kiwi_task_watch() or
 * kiwi_task_next(): it can be awaited once more.  Takes over `result->bytes`.  ENOMEM; EINVAL: not such a result, or the
 * task is there: the bytes stay with the caller. */
KIWI_API int kiwi_task_return(kiwi_net *net, kiwi_result *result);

/* Like kiwi_task_await() with a time limit of 0, but the result stays and bytes are lent:
 * `out->bytes` is valid until the task is taken.  For kiwi_task_status() with details.  ENOENT,
 * EAGAIN (running). */
KIWI_API int kiwi_task_peek(kiwi_net *net, kiwi_id id, kiwi_result *out);

/* Take the result of `id` if it has ended: 0 (the id of an open socket gives itself).  Otherwise
 * mark the task as watched and return EINPROGRESS: when it ends its result, with `token` (not
 * NULL), is handed out by kiwi_task_next().  With helping this tries one step first.  ENOENT:
 * unknown id.  EBUSY: already watched. */
KIWI_API int kiwi_task_watch(kiwi_net *net, kiwi_id id, void *token, kiwi_result *out);

/* Take the next watched task that has ended, oldest first.  timeout_ms 0: do not wait; < 0: no
 * limit.  0, ETIMEDOUT, or ENOENT when no watched task is left that could end.  Several threads
 * may wait here. */
KIWI_API int kiwi_task_next(kiwi_net *net, int timeout_ms, kiwi_result *out);

/* Ask to be told of the end of task `id` without taking its result, which others may do meanwhile: EINPROGRESS, and
 * kiwi_task_noticed() gives the id once when it has ended, however often this was asked for.  0: it has ended already,
 * or is an open socket, or the negative id of kiwi_tls_failed().  With helping this tries one step first.  ENOENT:
 * unknown id.  ENOMEM. */
KIWI_API int kiwi_task_notice(kiwi_net *net, kiwi_id id);

/* The oldest end that was asked for and has not been told; 0: there is none (now).  Never waits. */
KIWI_API kiwi_id kiwi_task_noticed(kiwi_net *net);

/* End the pending operation `id` now: its task faults with "cancelled", and the socket stays open.  As with a time limit
 * bytes that a receive has got by then are given to the next one, and a send of which a part has gone out leaves the
 * stream without its rest.  Where a thread is inside the system's own call, what was submitted behind it begins when that
 * has come back.  A job that has begun goes on alone.  0; ENOENT: no such task, or it has ended; EINVAL: a task
 * of the caller's own, which only the caller ends. */
KIWI_API int kiwi_task_cancel(kiwi_net *net, kiwi_id id);

/* Give the pending operation `id` a time limit of its own: after `ms` > 0 it alone faults with "timed out", with the same
 * consequences.  Of this limit and that of kiwi_socket_timeout() the earlier one counts.  0; ENOENT: no such task, or it
 * has ended; EINVAL: it is no operation on a socket, or `ms` is less than 1. */
KIWI_API int kiwi_task_timeout(kiwi_net *net, kiwi_id id, int64_t ms);

/* Wait until kiwi_task_next() or kiwi_task_noticed() has something, kiwi_net_wake() was called, or `timeout_us` has
 * passed (< 0: no limit; 0: make progress without waiting; rounded up to milliseconds).  With
 * helping the caller leads the waiting room and takes steps meanwhile.  In a lazy runtime it keeps
 * the lead afterwards: what arrives waits for the next call or for kiwi_net_flush().  `sole`:
 * nothing else in this program can run until the watched task ends (a hint). */
KIWI_API void kiwi_net_wait(kiwi_net *net, int64_t timeout_us, bool sole);

/* The same as long as anything is pending (kiwi_net_pending()): returns also when nothing is, or is any more,
 * so that a program learns that it waits in vain.  false: nothing is pending. */
KIWI_API bool kiwi_net_wait_pending(kiwi_net *net, int64_t timeout_us, bool sole);

/* Count `change` events that come from outside the runtime with what is pending: a signal that is waited for, an
 * own task that another thread will complete (+1), that it came (-1).  kiwi_net_wait_pending() waits for them. */
KIWI_API void kiwi_net_expect(kiwi_net *net, int change);

/* Hand every operation that was submitted and not begun, and the lead of the waiting room, to the
 * workers.  Never waits. */
KIWI_API void kiwi_net_flush(kiwi_net *net);

/* Make a kiwi_net_wait() in progress, or the next one, return.  Async-signal-safe. */
KIWI_API void kiwi_net_wake(kiwi_net *net);

/* A task of the caller's own making in the same table: open gives its id, Running; exactly one of
 * complete and fault ends it.  complete stores `integer`, fault the text `message` (NULL: "").  Ending an unknown
 * task: ENOENT. */
KIWI_API kiwi_id kiwi_task_open(kiwi_net *net);
KIWI_API int kiwi_task_complete(kiwi_net *net, kiwi_id id, int64_t integer);

/* As kiwi_task_complete(), for a task whose value the caller keeps: `size` bytes, which count with the results that
 * nobody has awaited yet.  kiwi_task_dropped() gives the ids of those whose value is to be dropped, or has been (that
 * of an operation, of which the caller may keep a copy), one at a time, 0 if there is none (now). */
KIWI_API int kiwi_task_complete_kept(kiwi_net *net, kiwi_id id, size_t size);
KIWI_API kiwi_id kiwi_task_dropped(kiwi_net *net);
KIWI_API int kiwi_task_fault(kiwi_net *net, kiwi_id id, const char *message);

/* Work of the caller's own that may block or computes for long: files, databases, compression. */
typedef void kiwi_job_run(void *data, kiwi_result *out);
typedef void kiwi_job_free(void *data);

/* Let run(data, out) do work on a thread: a task that ends as *out says, which is zeroed before: KIWI_RESULT_NONE, an
 * integer, malloc'ed bytes, or a fault with `sys` and a message.  free(data) (may be NULL) is called once, from any
 * thread, before the task ends (unless it is cancelled), also when the job was never begun; the functions must not call the runtime.
 * Jobs have at most 64 threads of their own, made on demand, beside the workers: others wait until one is free, in the
 * order of submission, and no socket waits for them.  All signals are blocked there, and the stack has 512 KiB.  Where
 * no thread can be started the caller does the work itself.
 * kiwi_net_close() forgets those that were not begun and does not wait for the others, which end alone. */
KIWI_API kiwi_id kiwi_job(kiwi_net *net, kiwi_job_run *run, void *data, kiwi_job_free *free);

/* A line: of the jobs in it one runs at a time, in the order of submission, and those that wait for their turn have no
 * thread.  For what only one thread may use at a time: a database, say.  NULL: memory is short.  Any thread. */
typedef struct kiwi_line kiwi_line;
KIWI_API kiwi_line *kiwi_line_open(void);
/* The caller needs it no more; jobs that are in it go on. */
KIWI_API void kiwi_line_close(kiwi_line *line);
/* As kiwi_job(), in its turn.  A job whose runtime is closed before its turn is forgotten when that comes. */
KIWI_API kiwi_id kiwi_job_in_line(kiwi_net *net, kiwi_line *line, kiwi_job_run *run, void *data, kiwi_job_free *free);

/* The ids of all tasks not yet taken, ascending, into a malloc'ed array *ids (the caller frees it).
 * Sockets are not tasks.  *running: how many of them have not ended.  0 or ENOMEM. */
KIWI_API int kiwi_task_list(kiwi_net *net, kiwi_id **ids, size_t *count, size_t *running);

/* Leave task `id` out of kiwi_task_list() and kiwi_task_running(): it is a step of something else
 * of the caller's, and nobody else knows its id.  It stays in kiwi_net_pending().  Unknown ids are
 * ignored. */
KIWI_API void kiwi_task_hide(kiwi_net *net, kiwi_id id);

/* The number of tasks that have not ended.  O(1). */
KIWI_API size_t kiwi_task_running(kiwi_net *net);

/* The number of running tasks that the runtime itself will end (network operations), and of events that
 * kiwi_net_expect() announced: O(1).  When this is 0 only the caller's own tasks are left. */
KIWI_API size_t kiwi_net_pending(kiwi_net *net);

/* ---- Child processes ------------------------------------------------------------------------- */

/* Wait for the end of the child `pid` of this process: a task that gives its exit code, 128 + N if signal N ended it.
 * Nobody else may wait for it.  No thread sits there, whatever the number of children.  Faults: ECHILD (not a child,
 * or one that was waited for). */
KIWI_API kiwi_id kiwi_process_wait(kiwi_net *net, int64_t pid);

/* Read the pipe `fd`, which this takes over and closes, to its end: a task that gives all its bytes.  More than `max`
 * of them: a fault with ENOMEM, and who writes finds the pipe broken. */
KIWI_API kiwi_id kiwi_pipe_read(kiwi_net *net, int fd, size_t max);

/* ---- Failures that nobody has looked at ------------------------------------------------------ */

typedef struct kiwi_unseen {
    kiwi_result fault; /* of the task; without bytes */
    kiwi_id socket;    /* whose operation it was; 0: none that had an id when it began */
    const char *what;  /* what it was: "recv", say; NULL: no operation, or one that could not begin */
    bool forgotten;    /* its entry has left the table, so that nobody can look at it any more */
} kiwi_unseen;

/* Take the oldest failure that nobody has looked at for `age_us`, or that was forgotten unseen: true; with out NULL
 * none is taken, and *due_us alone is set.  Awaiting,
 * kiwi_task_next() and kiwi_task_peek() look at it, kiwi_task_status() too, and what "Socket closed" says is no news.
 * The task stays where it is.  *due_us (may be NULL): in how many microseconds there may be one, -1 if there is none
 * of any age.  kiwi_net_wait() returns when there is the first one.  Only with the option `report`. */
KIWI_API bool kiwi_task_unseen(kiwi_net *net, int64_t age_us, kiwi_unseen *out, int64_t *due_us);

/* ---- TCP ------------------------------------------------------------------------------------- */

/* Bind and listen: a task that gives the id of the new socket.  `host`: a name (its first IPv4
 * address, if it has one) or an address; "" is every address of both kinds.  `port` 0..65535, 0
 * lets the system choose.  `backlog` < 1: the smallest. */
KIWI_API kiwi_id kiwi_tcp_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog);

/* Connect: a task that gives the id of the new socket.  Names are looked up and each address is
 * tried in turn; localhost and the names below it are 127.0.0.1 and ::1 without a look-up, here and
 * wherever a host is named.  timeout_ms 0: the system's limit. */
KIWI_API kiwi_id kiwi_tcp_connect(kiwi_net *net, const char *host, int64_t port, int timeout_ms);

typedef enum kiwi_socket_option {                      /* a switch is 0 or 1, no value is negative */
                                  KIWI_SOCKET_NODELAY, /* switch: small sends go out at once, as they do by default; TCP only */
                                  KIWI_SOCKET_KEEPALIVE, /* switch: ask a peer that is silent for 60 s whether it is there, as by default; TCP only */
                                  KIWI_SOCKET_RCVBUF, /* bytes of the system's buffer for what comes; it may take another size */
                                  KIWI_SOCKET_SNDBUF, /* the same for what is sent */
                                  KIWI_SOCKET_LINGER, /* milliseconds that it lingers at most when it is closed; 0: closing resets it, and what is
                              on its way is lost */
                                  KIWI_SOCKET_REUSE_PORT, /* switch: several listeners that all have it share a port, and the connections; listening only */
                                  KIWI_SOCKET_IPV6_ONLY, /* switch: no IPv4; listening only */
                                  KIWI_SOCKET_OPTIONS    /* their number */
} kiwi_socket_option;

typedef enum kiwi_proxy { /* does a listener take headers by which proxies say whose a connection is? */
                          KIWI_PROXY_OFF,
                          KIWI_PROXY_OPTIONAL, /* a connection may begin with one */
                          KIWI_PROXY_REQUIRED, /* it must */
} kiwi_proxy;

typedef struct kiwi_socket_options {
    unsigned given; /* 1u << option for each one that has a value here; the others are left alone */
    int value[KIWI_SOCKET_OPTIONS];
    const char *local_host; /* connecting: the address that the connection comes from; NULL or "": the system chooses */
    int local_port;         /* the same for its port; 0: the system chooses */
    kiwi_proxy
        proxy; /* listening: headers of the PROXY protocol, versions 1 and 2, which come before TLS.  A connection
                               is handed out when its header has come, within 10 s (kiwi_tls_options.timeout_ms), without it.
                               One with a header from a peer that is not trusted, and one without, where it is required, is
                               closed and counted.  OPTIONAL, too, waits until a client has sent something */
    const char *trusted; /* with `proxy`: the networks of the proxies, "10.0.0.0/8,::1", say.  Peers of Unix sockets are
                               trusted */
} kiwi_socket_options;

/* Listen and connect with options, which may be NULL and are copied.  Those of a listener are those of its connections, too.
 * Faults: INVALID for a `local_host` that is no address (nor localhost), and for a `local_port` beyond 0..65535. */
KIWI_API kiwi_id kiwi_tcp_listen_with(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                                      const kiwi_socket_options *options);
KIWI_API kiwi_id kiwi_tcp_connect_with(kiwi_net *net, const char *host, int64_t port, int timeout_ms,
                                       const kiwi_socket_options *options);

typedef enum kiwi_family {
    KIWI_FAMILY_ANY,
    KIWI_FAMILY_IPV4,
    KIWI_FAMILY_IPV6,
} kiwi_family;

/* Look `host` up: a task that gives its addresses of that family as KIWI_RESULT_LINES, one at least, numeric, an IPv6 one
 * perhaps with %ZONE, in the order in which kiwi_tcp_connect() tries them.  `host` is copied.  A limit: kiwi_task_timeout().
 * Faults: KIWI_FAULT_RESOLVE (no such name, or without such an address), KIWI_FAULT_TIMEOUT.  Any thread. */
KIWI_API kiwi_id kiwi_resolve(kiwi_net *net, const char *host, kiwi_family family);

/* Take a socket that whoever started this process has opened for it: a task that gives its id.  systemd hands sockets over
 * by LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES, inetd one as descriptor 0, which becomes an empty input.  `name` NULL:
 * number `index`, from 0 on; else the first of that name that is free.  A listener accepts what has come before, too, and its
 * connections get `options` (NULL: none); a connection gets them itself.  The descriptor is close-on-exec from now on, and
 * closing a listener leaves it open to others who have it.
 * Faults: INVALID (there is none so called, it was taken before, it is no stream socket), with what there is. */
KIWI_API kiwi_id kiwi_tcp_inherited(kiwi_net *net, const char *name, int64_t index, const kiwi_socket_options *options);

/* Accept: a task that gives the id of the new connection.  Any number may be pending; connections
 * go to them in the order of the calls.  Fault "Invalid server socket" for an id that is no open
 * listener. */
KIWI_API kiwi_id kiwi_tcp_accept(kiwi_net *net, kiwi_id listener);

/* Let no connection begin any more on the listener, before it is closed: closing resets what waits for an accept by then.  Those
 * that have begun can be accepted still; who tries meanwhile tries again after a second.  0; ENOENT: it is no listener that is open;
 * ENOTSUP: the system cannot do that, or it is not needed (Unix sockets, listeners that other processes have, too). */
KIWI_API int kiwi_tcp_stop_new(kiwi_net *net, kiwi_id listener);

/* Receive at least one and at most `max` bytes (1..2147483647): a task that gives bytes, none at
 * the end of the stream.  Pending receives are served in the order of the calls. */
KIWI_API kiwi_id kiwi_tcp_recv(kiwi_net *net, kiwi_id socket, int64_t max);

/* Send `size` bytes at `data`: a task that gives their number when all were handed to the system.
 * The bytes are copied unless they could be sent at once. */
KIWI_API kiwi_id kiwi_tcp_send(kiwi_net *net, kiwi_id socket, const void *data, size_t size);

/* As kiwi_tcp_send(), but the bytes are not copied: they stay the caller's, who leaves them alone until done(arg) is
 * called, once, from any thread: when they are not needed any more, mostly before the task ends, but after a close or a
 * time limit soon after it.  It must not call the runtime, whose lock may be held. */
KIWI_API kiwi_id kiwi_tcp_send_lent(kiwi_net *net, kiwi_id socket, const void *data, size_t size,
                                    void (*done)(void *arg), void *arg);

/* Close: every pending operation of the socket faults with "Socket closed" before this returns, without waiting.
 * Bytes of completed sends are still delivered: until the peer has ended its side too, or has acknowledged them and
 * is silent for 2 s, but for 10 s at most, the connection lingers in the background and discards what comes.  A send
 * that was pending is cut short, and the peer must not take that for an orderly end: the connection is reset (over
 * TLS without close_notify) when it has acknowledged what was sent before.  Unknown ids are ignored.  A listener's
 * port is free when this returns. */
KIWI_API void kiwi_tcp_close(kiwi_net *net, kiwi_id socket);

/* The following receive something whole, however it comes.  Faults: TRUNCATED if the stream ends too early, TOO_LONG if
 * more than `max` bytes would have to be given.  With a fault, at a time limit and when it is cancelled, all that has
 * come stays for the next receive of any kind, as does what came behind what was given. */

/* Receive up to the delimiter of `size` (1..4096) bytes: a task that gives the bytes before it, at most `max`
 * (1..2147483647), and drops the delimiter itself. */
KIWI_API kiwi_id kiwi_tcp_recv_until(kiwi_net *net, kiwi_id socket, const void *delimiter, size_t size, int64_t max);
/* Receive a line: a task that gives it (KIWI_RESULT_TEXT) without its LF or CR LF, at most `max` (1..2147483647)
 * bytes; or nothing (KIWI_RESULT_NONE) if the stream has ended before. */
KIWI_API kiwi_id kiwi_tcp_recv_line(kiwi_net *net, kiwi_id socket, int64_t max);
/* Receive `size` (0..2147483647) bytes, no less: a task that gives them.  Takes no more from the system. */
KIWI_API kiwi_id kiwi_tcp_recv_exactly(kiwi_net *net, kiwi_id socket, int64_t size);
/* Receive all there is until the stream ends: a task that gives it, at most `max` (1..2147483647) bytes. */
KIWI_API kiwi_id kiwi_tcp_recv_all(kiwi_net *net, kiwi_id socket, int64_t max);
/* Receive a message: its size in 4 bytes, the most significant one first, and then so many bytes, at most `max`
 * (0..2147483647): a task that gives them, or nothing (KIWI_RESULT_NONE) if the stream has ended before. */
KIWI_API kiwi_id kiwi_tcp_recv_message(kiwi_net *net, kiwi_id socket, int64_t max);

/* ---- Unix sockets ---------------------------------------------------------------------------- */

/* Their ids go into the functions for TCP.  A path is used as it is when the operation begins, and `@NAME` is the
 * abstract name NAME on Linux.  What was sent is with the peer at once, so that closing leaves nothing behind. */

/* Bind and listen at `path`: a task that gives the id of the new socket.  `mode`: of the file, < 0: as the umask leaves
 * it.  A socket's file behind which nobody is gives way; anything else there is EADDRINUSE.  Closing removes the file,
 * unless another one has taken its place. */
KIWI_API kiwi_id kiwi_unix_listen(kiwi_net *net, const char *path, int64_t backlog, int mode);

/* Connect: a task that gives the id of the new socket.  It waits while the listener's queue is full.  timeout_ms 0: no
 * limit.  Faults: ENOENT, ECONNREFUSED (nobody is there). */
KIWI_API kiwi_id kiwi_unix_connect(kiwi_net *net, const char *path, int timeout_ms);

/* Two sockets that are connected to each other, as if both had come from there: out[0] and out[1], both 0 on failure.  0,
 * or the system's error (EMFILE, ENOMEM); `why` (may be NULL) gets fault, sys and message. */
KIWI_API int kiwi_socket_pair(kiwi_net *net, kiwi_id out[2], kiwi_result *why);

/* ---- TLS ------------------------------------------------------------------------------------- */

typedef struct kiwi_tls_name { /* a pair that a server has for one of its names */
    const char *name;          /* a host, or "*." and one for the hosts of one more label; letters in either case */
    const char *cert, *key;    /* as below, both needed */
    const char *key_password;
    const char *ocsp;
} kiwi_tls_name;

typedef struct kiwi_tls_options {      /* all strings may be NULL; they are copied */
    const char *cert;                  /* PEM file: certificate chain (server; client certificate) */
    const char *key;                   /* PEM file: private key */
    const char *key_password;          /* of the key, if that is encrypted */
    const char *ca;                    /* PEM file: trust these authorities instead of the system's (client) */
    const char *client_ca;             /* PEM file: require client certificates of these authorities (server) */
    bool client_optional;              /* with client_ca: a client may come without any certificate */
    const char *ocsp;                  /* DER file: an OCSP response for cert, which clients get with it (server) */
    const kiwi_tls_name *names;        /* name_count of them: pairs for clients that ask for one of these names */
    size_t name_count;                 /* (server); others, and those that ask for none, get cert and key */
    const char *alpn;                  /* protocols offered, comma-separated, most wanted first */
    const char *min_version;           /* "1.2" or "1.3"; NULL: 1.2 */
    const char *ciphers;               /* priority text of GnuTLS, in place of its own choice of algorithms */
    kiwi_switch verify;                /* verify the peer (client); default on, unless KIWI_TLS_VERIFY=0 */
    bool allow_truncation;             /* a bare FIN is the end of the stream, not a fault */
    int timeout_ms;                    /* of connect and handshake together; 0: 10 s for the handshake */
    const kiwi_socket_options *socket; /* kiwi_tls_listen() and kiwi_tls_connect(); NULL: none */
} kiwi_tls_options;

/* Like the functions of the same name for TCP.  A TCP function does not know TLS sockets and the
 * other way round.  `options` may be NULL.  In a build without GnuTLS listening and connecting fault
 * at once, with a message that says so. */
KIWI_API kiwi_id kiwi_tls_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                                 const kiwi_tls_options *options);

/* As kiwi_tcp_inherited(), of listeners alone: TLS begins on a connection by kiwi_tls_upgrade_server(). */
KIWI_API kiwi_id kiwi_tls_inherited(kiwi_net *net, const char *name, int64_t index, const kiwi_tls_options *options);

/* Connect and shake hands.  `sni`: the name sent and verified; NULL or blank: `host`. */
KIWI_API kiwi_id kiwi_tls_connect(kiwi_net *net, const char *host, int64_t port, const char *sni,
                                  const kiwi_tls_options *options);

/* The same over a Unix socket: see kiwi_unix_listen() and kiwi_unix_connect().  `sni`: NULL or blank: "localhost".  Peers
 * there count as those on the loopback. */
KIWI_API kiwi_id kiwi_tls_unix_listen(kiwi_net *net, const char *path, int64_t backlog, int mode,
                                      const kiwi_tls_options *options);
KIWI_API kiwi_id kiwi_tls_unix_connect(kiwi_net *net, const char *path, const char *sni,
                                       const kiwi_tls_options *options);

/* Start TLS on the open connection `socket`, of TCP, a Unix socket or TLS (then there is TLS inside TLS): a task that
 * gives the id of the new socket.  The old id ends with the call.  As the client, `sni` (NULL or blank: the host that
 * `socket` was connected to) is sent and verified.  The handshake begins when the sends that are pending have ended; the
 * time limit counts from the call.  Refused (INVALID), and `socket` is as before, while a receive is pending, or bytes that
 * were received before are kept: they would be taken for what came over TLS.  After any other fault the connection is
 * closed. */
KIWI_API kiwi_id kiwi_tls_upgrade(kiwi_net *net, kiwi_id socket, const char *sni, const kiwi_tls_options *options);
KIWI_API kiwi_id kiwi_tls_upgrade_server(kiwi_net *net, kiwi_id socket, const kiwi_tls_options *options);

/* Read the files of `listener`, one over TLS, again at once: a task without a value.  Clients whose handshake begins after
 * its end get the new pairs and authorities.  Files that are no use: the task faults with the reason, and what was read
 * before stays in use. */
KIWI_API kiwi_id kiwi_tls_reload(kiwi_net *net, kiwi_id listener);
KIWI_API kiwi_id kiwi_tls_accept(kiwi_net *net, kiwi_id listener);
KIWI_API kiwi_id kiwi_tls_recv(kiwi_net *net, kiwi_id socket, int64_t max);
KIWI_API kiwi_id kiwi_tls_recv_until(kiwi_net *net, kiwi_id socket, const void *delimiter, size_t size, int64_t max);
KIWI_API kiwi_id kiwi_tls_recv_line(kiwi_net *net, kiwi_id socket, int64_t max);
KIWI_API kiwi_id kiwi_tls_recv_exactly(kiwi_net *net, kiwi_id socket, int64_t size);
KIWI_API kiwi_id kiwi_tls_recv_all(kiwi_net *net, kiwi_id socket, int64_t max);
KIWI_API kiwi_id kiwi_tls_send(kiwi_net *net, kiwi_id socket, const void *data, size_t size);
KIWI_API kiwi_id kiwi_tls_send_lent(kiwi_net *net, kiwi_id socket, const void *data, size_t size,
                                    void (*done)(void *arg), void *arg);
KIWI_API void kiwi_tls_close(kiwi_net *net, kiwi_id socket);

/* Record the reason (NULL: memory was short) of a failed TLS connect under a new unique negative id, which is returned:
 * awaiting that id and operations on it fault with `reason`.  At most 4096 are kept, the oldest go
 * first. */
KIWI_API kiwi_id kiwi_tls_failed(kiwi_net *net, const kiwi_result *reason);

/* The reason recorded for a negative id, into *out (may be NULL): 0, or ENOENT. */
KIWI_API int kiwi_tls_error(kiwi_net *net, kiwi_id id, kiwi_result *out);

typedef struct kiwi_tls_der { /* a certificate */
    unsigned char *bytes;
    size_t size;
} kiwi_tls_der;

typedef struct kiwi_tls_peer {
    bool verified;          /* its certificate was, in this session or in the one resumed */
    char why_not[192];      /* "" if it was; also for a client that refuses nobody: see kiwi_tls_options.verify */
    char *subject, *issuer; /* distinguished names (RFC 4514); these and all below: of its certificate, NULL, "" or 0 */
    char serial[129], sha256[65];  /* hexadecimal digits; the second is the digest of the certificate */
    int64_t not_before, not_after; /* seconds since 1970 */
    char **names;                  /* that it is good for: of hosts, addresses, ...; 1000 at most */
    size_t name_count;
    kiwi_tls_der *chain; /* as the peer has sent it, its own certificate first; NULL: it has sent none */
    size_t chain_count;
} kiwi_tls_peer;

/* Describe the peer of the open TLS connection `socket` in *out, which kiwi_tls_peer_free() frees.  0; ENOENT: there is no
 * such connection; ENOMEM; EINVAL: its certificate cannot be read; EAGAIN: a client that refuses nobody has not verified
 * it yet, kiwi_tls_examine() does. */
KIWI_API int kiwi_tls_peer_get(kiwi_net *net, kiwi_id socket, kiwi_tls_peer **out);
KIWI_API void kiwi_tls_peer_free(kiwi_tls_peer *peer); /* NULL is allowed */
/* A task that verifies the certificate of the peer of `socket`, whatever comes of it, and gives the socket's id: the files
 * of the authorities are read unless a connection has done that. */
KIWI_API kiwi_id kiwi_tls_examine(kiwi_net *net, kiwi_id socket);

typedef struct kiwi_tls_binding {
    unsigned char bytes[64];
    size_t size;
    char why_not[192]; /* ENOTSUP: why there are none */
} kiwi_tls_binding;

/* Bytes that bind something else, a log-in say, to the open TLS connection `socket`: both ends have the same, and nobody
 * who sits between them has (RFC 5056).  `kind`: "tls-server-end-point" (RFC 5929: a digest of the server's certificate)
 * or "tls-exporter" (RFC 9266: derived from the session's secrets).  0; EINVAL: another kind; ENOENT: there is no such
 * connection; ENOMEM; ENOTSUP: there are none of this kind for this connection, or with this GnuTLS. */
KIWI_API int kiwi_tls_channel_binding(kiwi_net *net, kiwi_id socket, const char *kind, kiwi_tls_binding *out);

/* Is there TLS at all?  Opens GnuTLS if that has not been done; a failure is not remembered. */
KIWI_API bool kiwi_tls_available(void);

/* ---- UDP ------------------------------------------------------------------------------------- */

/* Open a socket on a port of the system's choice, for IPv4 and IPv6 where the system has both in
 * one.  *out is the socket id, 0 on failure.  The system's errors; `result` (may be NULL) gets
 * fault, sys and message. */
KIWI_API int kiwi_udp_open(kiwi_net *net, kiwi_id *out, kiwi_result *result);

/* Open a socket and bind it: a task that gives its id.  `host`: a name (its first IPv4 address, if
 * it has one) or an address; "" is every address of both kinds.  `port` 0..65535, 0 lets the
 * system choose. */
KIWI_API kiwi_id kiwi_udp_bind(kiwi_net *net, const char *host, int64_t port);

/* Send one datagram of `size` bytes, which may be 0: a task that gives their number.  `data` is
 * copied.  A name's IPv4 addresses are tried first.  Broadcasts are allowed.  A look-up holds up
 * nothing else. */
KIWI_API kiwi_id kiwi_udp_send(kiwi_net *net, kiwi_id socket, const char *host, int64_t port, const void *data,
                               size_t size);

/* From now on the socket receives from `host`:`port` alone, and learns when nobody is there: a task without a value.  A
 * name's IPv4 addresses are tried first.  Sending to others stays possible. */
KIWI_API kiwi_id kiwi_udp_connect(kiwi_net *net, kiwi_id socket, const char *host, int64_t port);

/* As kiwi_udp_send(), to whom the socket is connected.  Faults: SYSTEM (EDESTADDRREQ: it is not). */
KIWI_API kiwi_id kiwi_udp_write(kiwi_net *net, kiwi_id socket, const void *data, size_t size);

/* Be in the group (a multicast address) from now on, or (not `join`) no more.  `interface` is its name, or its address for
 * IPv4; NULL or "": the system chooses.  One that was named is also that by which the socket sends to groups.  0; ENOENT; EINVAL
 * (no such group or interface), or the system's error; `why` (may be NULL) gets fault, sys and message. */
KIWI_API int kiwi_udp_group(kiwi_net *net, kiwi_id socket, const char *group, const char *interface, bool join,
                            kiwi_result *why);

typedef enum kiwi_udp_option {
    KIWI_UDP_TTL, /* 1..255: how many routers a datagram may pass, also one to a group, which passes none by default */
    KIWI_UDP_BROADCAST, /* switch: may it be sent to all, as by default? */
} kiwi_udp_option;

/* Set an option.  0, ENOENT, EINVAL (the value is out of range), or the system's error; `why` as above. */
KIWI_API int kiwi_udp_set(kiwi_net *net, kiwi_id socket, kiwi_udp_option option, int value, kiwi_result *why);

/* Receive one datagram, whole: a task that gives a KIWI_RESULT_DATAGRAM.  `timeout_ms` <= 0: no
 * limit but that of kiwi_socket_timeout(); of two limits the earlier one counts. */
KIWI_API kiwi_id kiwi_udp_recv(kiwi_net *net, kiwi_id socket, int64_t timeout_ms);

/* As kiwi_tcp_close(). */
KIWI_API void kiwi_udp_close(kiwi_net *net, kiwi_id socket);

/* ---- All kinds ------------------------------------------------------------------------------- */

typedef struct kiwi_socket_info {
    bool listener, tls, udp;
    bool verified;                          /* TLS: the peer's certificate was, in this session or in the one resumed */
    bool resumed;                           /* TLS: the handshake took up an earlier session */
    char local_host[46], peer_host[46];     /* numeric; "" if unknown */
    int local_port, peer_port;              /* 0 if unknown */
    uint64_t bytes_in, bytes_out;           /* of the application: received, handed to the system */
    uint64_t queued;                        /* bytes of pending sends that the system has not taken */
    char version[16], cipher[64], alpn[32]; /* TLS; "" if none */
    /* TLS listener: clients dropped in the handshake; why the last one was, and who it was */
    uint64_t handshakes_failed;
    char handshake_failure[192], handshake_host[46]; /* "" if none, or unknown */
    int handshake_port;
    /* Headers of proxies: the listener takes them, or that of the connection does */
    bool proxied;
    char proxy_host[46],
        asked_host[46]; /* came with one: where from; the destination that it names, "" if it names none.
                                            peer_host is the client then */
    int proxy_port, asked_port;
    unsigned arriving;       /* listener: connections that are accepted and not handed out: they shake hands, say */
    uint64_t headers_failed; /* listener: clients dropped because of theirs; why the last one was, and who it was */
    char header_failure[192], header_host[46];
    int header_port;
} kiwi_socket_info;

/* Describe an open socket: 0, or ENOENT. */
KIWI_API int kiwi_socket_info_get(kiwi_net *net, kiwi_id socket, kiwi_socket_info *out);

/* Pending and later operations of the socket fault with "timed out" after `ms`; 0: no limit.  Bytes that a receive
 * gets too late are given to the next one.  A send of which a part has gone out by then leaves the stream without
 * its rest: later sends fault with "a send was cut short".  ENOENT. */
KIWI_API int kiwi_socket_timeout(kiwi_net *net, kiwi_id socket, int64_t ms);

/* Set options (NULL: none) of an open connection, in their order.  0; ENOENT: there is no such connection; EINVAL (a
 * value is negative), or what the system says to the first one that it refuses: those before it are set.  `why` (may be
 * NULL) gets fault, sys and message. */
KIWI_API int kiwi_socket_set(kiwi_net *net, kiwi_id socket, const kiwi_socket_options *options, kiwi_result *why);

/* Send FIN (TLS: close_notify) after what is queued, and keep receiving: a task without a value. */
KIWI_API kiwi_id kiwi_socket_shutdown(kiwi_net *net, kiwi_id socket);

/* ---- Whoever supervises this process ------------------------------------------------------------ */

/* Send the `size` bytes of `text`, "READY=1" say, as one datagram to the socket that NOTIFY_SOCKET names, a path or `@NAME`, as
 * sd_notify(3) does.  Never waits.  0; ENOENT: the variable is not set, or nobody is there; or the system's error
 * (EAFNOSUPPORT: an address of another sort).  Any thread. */
KIWI_API int kiwi_notify(const char *text, size_t size);

/* Within how many microseconds the supervisor wants to hear "WATCHDOG=1" again, by WATCHDOG_USEC and WATCHDOG_PID; 0: it
 * does not, or not from this process.  Who beats does so after half of that. */
KIWI_API int64_t kiwi_watchdog_us(void);

#ifdef __cplusplus
}
#endif

#endif
