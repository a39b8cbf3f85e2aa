/* net.h - TCP, TLS and UDP on a fixed pool of blocking threads, for C programs.
 *
 * Every operation that takes time (accept, recv, send, connect) is submitted and returns the id of
 * a task at once.  A pool of worker threads, fixed in number, carries tasks out; their results lie
 * in one task table until somebody takes them: kiwi_task_await() for one task, kiwi_task_next()
 * for whichever ends next.  Sockets and tasks share one space of ids: positive, growing, never
 * used twice.
 *
 * Threads: every function may be called from any thread, unless it says otherwise.
 * Errors: functions that return a kiwi_id give a positive id; an operation that cannot be carried
 * out (unknown socket, bad argument) is a task that has faulted already, so there is one way to
 * learn of errors.  Functions that return int give 0 or an error code of <errno.h>.
 * Source: specification, "socket / tls"; reference, "Tasks and networking". */
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

typedef enum kiwi_net_room { /* how operations that wait for a peer are watched */
    KIWI_ROOM_DEFAULT,       /* the environment's KIWI_NET_ROOM (epoll, poll), else the best there is */
    KIWI_ROOM_EPOLL,
    KIWI_ROOM_POLL,
} kiwi_net_room;

typedef enum kiwi_switch { KIWI_DEFAULT, KIWI_ON, KIWI_OFF } kiwi_switch;

typedef struct kiwi_net_options {
    int workers;        /* threads of the pool; 0: KIWI_WORKERS of the environment, else 16 */
    kiwi_net_room room;
    kiwi_switch help;   /* may a thread that awaits carry out steps itself?  KIWI_DEFAULT: on, unless
                           KIWI_NET_HELP=0 in the environment */
    bool lazy;          /* do not wake a worker at each submission: the one thread that submits promises
                           to call kiwi_net_flush() or kiwi_net_wait() soon (an interpreter does) */
    void (*log)(void *data, const char *text); /* warnings; NULL: standard error.  From any thread; it must
                                                  not call the runtime, whose lock may be held */
    void *log_data;
} kiwi_net_options;

/* Create a runtime in *out.  `options` may be NULL (all defaults).  Threads start on first need.
 * Errors: EINVAL (an option out of range, an unknown KIWI_NET_ROOM), ENOMEM, EMFILE. */
KIWI_API int kiwi_net_open(const kiwi_net_options *options, kiwi_net **out);

/* Close all sockets, end all tasks, join the threads and free.  NULL is allowed.  No other thread
 * may use `net` any more.  A name look-up that hangs does not delay this: its thread is left to
 * end alone. */
KIWI_API void kiwi_net_close(kiwi_net *net);

/* ---- Tasks ----------------------------------------------------------------------------------- */

typedef enum kiwi_task_state {
    KIWI_TASK_UNKNOWN, /* never existed, already awaited, or forgotten */
    KIWI_TASK_RUNNING,
    KIWI_TASK_COMPLETED,
    KIWI_TASK_FAULTED,
} kiwi_task_state;

typedef enum kiwi_result_kind {
    KIWI_RESULT_NONE,
    KIWI_RESULT_INTEGER, /* bytes sent, or the id of a socket */
    KIWI_RESULT_BYTES,   /* bytes received; none at the end of the stream */
    KIWI_RESULT_DATAGRAM, /* a datagram and where it came from */
} kiwi_result_kind;

typedef enum kiwi_fault { /* why a task faulted */
    KIWI_FAULT_NONE,
    KIWI_FAULT_CLOSED,    /* the socket was closed by this program */
    KIWI_FAULT_INVALID,   /* no such socket, or an argument out of range */
    KIWI_FAULT_RESOLVE,   /* the name look-up failed */
    KIWI_FAULT_SYSTEM,    /* a system call failed: `sys` is the errno */
    KIWI_FAULT_TLS,       /* the TLS layer failed: `tls` is the GnuTLS code */
    KIWI_FAULT_TRUNCATED, /* a TLS stream ended without close_notify */
    KIWI_FAULT_TIMEOUT,
    KIWI_FAULT_CALLER,    /* set by kiwi_task_fault() */
} kiwi_fault;

typedef struct kiwi_result {
    kiwi_id id;
    kiwi_task_state state; /* never KIWI_TASK_RUNNING in a result that was taken */
    kiwi_result_kind kind; /* of a completed task */
    int64_t integer;       /* KIWI_RESULT_INTEGER; KIWI_RESULT_DATAGRAM: the sender's port */
    unsigned char *bytes;  /* KIWI_RESULT_BYTES: malloc'ed, the taker frees it; NULL if size is 0.
                              KIWI_RESULT_DATAGRAM: malloc'ed, never NULL; behind the `size` bytes stands
                              the sender's numeric address, terminated */
    size_t size;           /* number of bytes */
    void *token;           /* as given to kiwi_task_watch(), else NULL */
    kiwi_fault fault;      /* of a faulted task */
    int sys;               /* errno, 0 if none */
    int tls;               /* GnuTLS code, 0 if none */
    char message[192];     /* of a faulted task; for a person; terminated */
} kiwi_result;

/* What is known of `id` now.  Never blocks, never fails.  The id of an open socket is COMPLETED;
 * the negative id of a failed kiwi_tls_connect_id() is FAULTED. */
KIWI_API kiwi_task_state kiwi_task_status(kiwi_net *net, kiwi_id id);

/* Wait until task `id` has ended and take its result into *out; it leaves the table.  `timeout_ms`
 * < 0: no limit.  The id of an open socket gives itself (KIWI_RESULT_INTEGER) and stays.  Returns
 * 0 (look at out->state), ETIMEDOUT (the task goes on), or ENOENT (unknown id).  Several threads
 * may await one id: all that wait when it ends get the result (bytes are copied for all but
 * one). */
KIWI_API int kiwi_task_await(kiwi_net *net, kiwi_id id, int timeout_ms, kiwi_result *out);

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

/* Wait until kiwi_task_next() has something, kiwi_net_wake() was called, or `timeout_us` has
 * passed (< 0: no limit; 0: make progress without waiting; rounded up to milliseconds).  With
 * helping the caller leads the waiting room and takes steps meanwhile.  In a lazy runtime it keeps
 * the lead afterwards: what arrives waits for the next call or for kiwi_net_flush().  `sole`:
 * nothing else in this program can run until the watched task ends (a hint). */
KIWI_API void kiwi_net_wait(kiwi_net *net, int64_t timeout_us, bool sole);

/* Hand every operation that was submitted and not begun, and the lead of the waiting room, to the
 * workers.  Never waits. */
KIWI_API void kiwi_net_flush(kiwi_net *net);

/* Make a kiwi_net_wait() in progress, or the next one, return.  Async-signal-safe. */
KIWI_API void kiwi_net_wake(kiwi_net *net);

/* A task of the caller's own making in the same table: open gives its id, Running; exactly one of
 * complete and fault ends it.  complete stores `integer`.  Ending an unknown task: ENOENT. */
KIWI_API kiwi_id kiwi_task_open(kiwi_net *net);
KIWI_API int kiwi_task_complete(kiwi_net *net, kiwi_id id, int64_t integer);
KIWI_API int kiwi_task_fault(kiwi_net *net, kiwi_id id, const char *message);

/* The ids of all tasks not yet taken, ascending, into a malloc'ed array *ids (the caller frees it).
 * Sockets are not tasks.  *running: how many of them have not ended.  0 or ENOMEM. */
KIWI_API int kiwi_task_list(kiwi_net *net, kiwi_id **ids, size_t *count, size_t *running);

/* Leave task `id` out of kiwi_task_list() and kiwi_task_running(): it is a step of something else
 * of the caller's, and nobody else knows its id.  It stays in kiwi_net_pending().  Unknown ids are
 * ignored. */
KIWI_API void kiwi_task_hide(kiwi_net *net, kiwi_id id);

/* The number of tasks that have not ended.  O(1). */
KIWI_API size_t kiwi_task_running(kiwi_net *net);

/* The number of running tasks that the runtime itself will end (network operations): O(1).  When
 * this is 0 only the caller's own tasks are left. */
KIWI_API size_t kiwi_net_pending(kiwi_net *net);

/* ---- TCP ------------------------------------------------------------------------------------- */

/* Bind and listen: a task that gives the id of the new socket.  `host`: a name (its first IPv4
 * address, if it has one) or an address; "" is every address of both kinds.  `port` 0..65535, 0
 * lets the system choose.  `backlog` < 1: the smallest. */
KIWI_API kiwi_id kiwi_tcp_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog);

/* Connect: a task that gives the id of the new socket.  Names are looked up and each address is
 * tried in turn.  timeout_ms 0: the system's limit. */
KIWI_API kiwi_id kiwi_tcp_connect(kiwi_net *net, const char *host, int64_t port, int timeout_ms);

/* Accept: a task that gives the id of the new connection.  Any number may be pending; connections
 * go to them in the order of the calls.  Fault "Invalid server socket" for an id that is no open
 * listener. */
KIWI_API kiwi_id kiwi_tcp_accept(kiwi_net *net, kiwi_id listener);

/* Receive at least one and at most `max` bytes (1..2147483647): a task that gives bytes, none at
 * the end of the stream.  Pending receives are served in the order of the calls. */
KIWI_API kiwi_id kiwi_tcp_recv(kiwi_net *net, kiwi_id socket, int64_t max);

/* Send `size` bytes at `data`: a task that gives their number when all were handed to the system.
 * The bytes are copied unless they could be sent at once. */
KIWI_API kiwi_id kiwi_tcp_send(kiwi_net *net, kiwi_id socket, const void *data, size_t size);

/* Close: every pending operation of the socket faults with "Socket closed" before this returns;
 * bytes of completed sends are still delivered.  Unknown ids are ignored.  The port is free when
 * this returns. */
KIWI_API void kiwi_tcp_close(kiwi_net *net, kiwi_id socket);

/* ---- TLS ------------------------------------------------------------------------------------- */

typedef struct kiwi_tls_options { /* all strings may be NULL; they are copied */
    const char *cert;             /* PEM file: certificate chain (server; client certificate) */
    const char *key;              /* PEM file: private key */
    const char *ca;               /* PEM file: trust these authorities instead of the system's (client) */
    const char *client_ca;        /* PEM file: require client certificates of these authorities (server) */
    const char *alpn;             /* protocols offered, comma-separated, most wanted first */
    kiwi_switch verify;           /* verify the peer (client); default on, unless KIWI_TLS_VERIFY=0 */
    bool allow_truncation;        /* a bare FIN is the end of the stream, not a fault */
    int timeout_ms;               /* of connect and handshake together; 0: 10 s for the handshake */
} kiwi_tls_options;

/* Like the functions of the same name for TCP.  A TCP function does not know TLS sockets and the
 * other way round.  `options` may be NULL. */
KIWI_API kiwi_id kiwi_tls_listen(kiwi_net *net, const char *host, int64_t port, int64_t backlog,
                                 const kiwi_tls_options *options);

/* Connect and shake hands.  `sni`: the name sent and verified; NULL or blank: `host`. */
KIWI_API kiwi_id kiwi_tls_connect(kiwi_net *net, const char *host, int64_t port, const char *sni,
                                  const kiwi_tls_options *options);
KIWI_API kiwi_id kiwi_tls_accept(kiwi_net *net, kiwi_id listener);
KIWI_API kiwi_id kiwi_tls_recv(kiwi_net *net, kiwi_id socket, int64_t max);
KIWI_API kiwi_id kiwi_tls_send(kiwi_net *net, kiwi_id socket, const void *data, size_t size);
KIWI_API void kiwi_tls_close(kiwi_net *net, kiwi_id socket);

/* Record the reason of a failed TLS connect under a new unique negative id, which is returned:
 * awaiting that id and operations on it fault with `reason`.  At most 4096 are kept, the oldest go
 * first. */
KIWI_API kiwi_id kiwi_tls_failed(kiwi_net *net, const kiwi_result *reason);

/* The reason recorded for a negative id, into *out: 0, or ENOENT. */
KIWI_API int kiwi_tls_error(kiwi_net *net, kiwi_id id, kiwi_result *out);

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
KIWI_API kiwi_id kiwi_udp_send(kiwi_net *net, kiwi_id socket, const char *host, int64_t port,
                               const void *data, size_t size);

/* Receive one datagram, whole: a task that gives a KIWI_RESULT_DATAGRAM.  `timeout_ms` <= 0: no
 * limit but that of kiwi_socket_timeout(); of two limits the earlier one counts. */
KIWI_API kiwi_id kiwi_udp_recv(kiwi_net *net, kiwi_id socket, int64_t timeout_ms);

/* As kiwi_tcp_close(). */
KIWI_API void kiwi_udp_close(kiwi_net *net, kiwi_id socket);

/* ---- All kinds ------------------------------------------------------------------------------- */

typedef struct kiwi_socket_info {
    bool listener, tls, udp;
    bool verified; /* TLS: the peer's certificate was, in this session or in the one resumed */
    bool resumed;  /* TLS: the handshake took up an earlier session */
    char local_host[46], peer_host[46]; /* numeric; "" if unknown */
    int local_port, peer_port;          /* 0 if unknown */
    uint64_t bytes_in, bytes_out;       /* of the application */
    char version[16], cipher[64], alpn[32]; /* TLS; "" if none */
    uint64_t handshakes_failed;             /* listener: clients dropped in the handshake */
} kiwi_socket_info;

/* Describe an open socket: 0, or ENOENT. */
KIWI_API int kiwi_socket_info_get(kiwi_net *net, kiwi_id socket, kiwi_socket_info *out);

/* Pending and later operations of the socket fault with "timed out" after `ms`; 0: no limit.
 * ENOENT. */
KIWI_API int kiwi_socket_timeout(kiwi_net *net, kiwi_id socket, int64_t ms);

/* Send FIN (TLS: close_notify) after what is queued, and keep receiving: a task without a value. */
KIWI_API kiwi_id kiwi_socket_shutdown(kiwi_net *net, kiwi_id socket);

#ifdef __cplusplus
}
#endif

#endif
