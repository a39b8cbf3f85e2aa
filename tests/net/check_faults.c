/* check_faults.c - every system call and every allocation of src/net fails in turn.
 *
 * A scenario (listen, connect, accept, bytes both ways, half close, close, end of the runtime) is
 * run with the n-th call of one function failing, for n = 1, 2, ... until it ran without any call
 * failing.  Each run must end in time; either it succeeds, or an operation says what failed; no
 * descriptor (and under the address sanitizer no memory) is lost; and the same runtime works as
 * ever once the fault is over. */
#include "config.h"

#include <stdio.h>

#if defined(HAVE_LINK_WRAP)

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <time.h>

#include "base/clock.h"
#include "faults.h"
#include "net/resolve.h"
#include "net_test.h"
#include "support/ca.h"

enum { SLICE_MS = 10, LARGE = 60000, CALLS_MAX = 30 };

/* ---- A scenario, without assertions --------------------------------------------------------- */

typedef struct run {
    const kiwi_net_options *mode;
    const kiwi_tls_options *client_options, *server_options; /* NULL: TCP */
    const char *host;                                        /* to connect to */
    int filling; /* entries put into the table first: which entry makes it grow */
    kiwi_net *net;
    kiwi_id listener, accept, client, server, probe;
    int port;
    int expected;     /* the error that is injected */
    const char *step; /* the first operation that failed, or NULL */
    kiwi_result why;  /* how */
    bool hung, dropped, mixed_up;
    long open_hits; /* calls that failed before anything was closed: what fails then is nobody's */
} run;

static bool failed_with(run *r, const char *step, const kiwi_result *why)
{
    r->step = step;
    r->why = *why;
    return false;
}

static bool fail_sys(run *r, const char *step, int sys)
{
    return failed_with(r, step, &(kiwi_result){.fault = KIWI_FAULT_SYSTEM, .sys = sys});
}

/* Await `id` for at most `wait_ms`.  0 with *out, ETIMEDOUT, or another error noted as a
 * failure. */
static int take(run *r, const char *step, kiwi_id id, int wait_ms, kiwi_result *out)
{
    *out = (kiwi_result){0};
    int error = id <= 0 ? ENOMEM : kiwi_task_await(r->net, id, wait_ms, out);
    if (error != 0 && error != ETIMEDOUT)
        (void)fail_sys(r, step, error);
    if (error == 0 && out->state == KIWI_TASK_FAULTED)
        (void)failed_with(r, step, out);
    return error == ETIMEDOUT || r->step == NULL ? error : EIO;
}

static bool hang(run *r, const char *step)
{
    r->hung = true;
    return failed_with(r, step, &(kiwi_result){0});
}

static kiwi_id submit_recv(run *r, kiwi_id socket, int64_t max)
{
    return r->server_options != NULL ? kiwi_tls_recv(r->net, socket, max) : kiwi_tcp_recv(r->net, socket, max);
}

static kiwi_id submit_send(run *r, kiwi_id socket, const char *data, size_t size)
{
    return r->server_options != NULL ? kiwi_tls_send(r->net, socket, data, size)
                                     : kiwi_tcp_send(r->net, socket, data, size);
}

static bool open_listener(run *r)
{
    kiwi_result opened;
    kiwi_socket_info info;
    int error = kiwi_net_open(r->mode, &r->net);
    if (error != 0)
        return fail_sys(r, "open", error);
    for (int i = 0; i < r->filling; i++)
        (void)kiwi_task_open(r->net);
    kiwi_id listening = r->server_options != NULL ? kiwi_tls_listen(r->net, "127.0.0.1", 0, 16, r->server_options)
                                                  : kiwi_tcp_listen(r->net, "127.0.0.1", 0, 16);
    error = take(r, "listen", listening, LIMIT_MS, &opened);
    if (error != 0)
        return error == ETIMEDOUT ? hang(r, "listen") : false;
    r->listener = opened.integer;
    for (int tries = 0; tries < 2 && r->port == 0; tries++) { /* unknown is what it says on failure */
        (void)kiwi_socket_info_get(r->net, r->listener, &info);
        r->port = info.local_port;
    }
    return r->port != 0 || fail_sys(r, "info", 0);
}

/* Has the server dropped the connection?  Where memory is short it may, and the handshake may
 * fail. */
static bool was_dropped(run *r)
{
    kiwi_result out;
    if (r->probe == 0)
        r->probe = submit_recv(r, r->client, 1);
    return take(r, "dropped", r->probe, SLICE_MS, &out) != ETIMEDOUT; /* nothing was sent: the end */
}

/* It has not: what the probe waits for must be sent. */
static bool end_probe(run *r)
{
    kiwi_result out;
    if (r->probe == 0)
        return true;
    int error = take(r, "send", submit_send(r, r->server, "!", 1), LIMIT_MS, &out);
    if (error == 0)
        error = take(r, "recv", r->probe, LIMIT_MS, &out);
    free(out.bytes);
    return error == 0 || (error == ETIMEDOUT ? hang(r, "recv") : false);
}

static bool accept_client(run *r)
{
    kiwi_result out;
    int error = ETIMEDOUT;
    for (int waited_ms = 0; error == ETIMEDOUT && waited_ms < LIMIT_MS; waited_ms += SLICE_MS) {
        error = take(r, "accept", r->accept, SLICE_MS, &out);
        if (error == ETIMEDOUT && was_dropped(r)) {
            if (r->step != NULL && r->why.sys == r->expected)
                return false; /* the accept was slow, and the fault met the probe */
            r->dropped = true;
            return fail_sys(r, "accept", 0);
        }
    }
    r->server = out.integer;
    if (error == ETIMEDOUT)
        return hang(r, "accept");
    return error == 0 && end_probe(r);
}

static bool connect_client(run *r)
{
    kiwi_result out;
    kiwi_socket_info info = {0};
    r->accept = r->server_options != NULL ? kiwi_tls_accept(r->net, r->listener) : kiwi_tcp_accept(r->net, r->listener);
    kiwi_id id = r->server_options != NULL ? kiwi_tls_connect(r->net, r->host, r->port, NULL, r->client_options)
                                           : kiwi_tcp_connect(r->net, r->host, r->port, 0);
    int error = ETIMEDOUT;
    for (int waited_ms = 0; error == ETIMEDOUT && waited_ms < LIMIT_MS; waited_ms += SLICE_MS) {
        error = take(r, "connect", id, SLICE_MS, &out);
        if (error == ETIMEDOUT && (r->accept == 0 || kiwi_task_status(r->net, r->accept) == KIWI_TASK_FAULTED))
            return take(r, "accept", r->accept, 0, &out) == 0; /* nobody will shake hands */
    }
    if (error == ETIMEDOUT)
        return hang(r, "connect");
    bool others = error != 0 && r->server_options != NULL && r->why.sys != r->expected;
    for (int i = 0; others && !r->dropped && i < 200; i++) {
        kiwi_net_wait(r->net, KB_US_PER_MS, false); /* the client may know before the server counts */
        (void)kiwi_socket_info_get(r->net, r->listener, &info);
        r->dropped = info.handshakes_failed > 0; /* the fault was the server's */
    }
    r->client = out.integer;
    return error == 0 && accept_client(r);
}

/* Send `size` bytes and receive them at the other end. */
static bool carry(run *r, kiwi_id from, kiwi_id to, const char *data, size_t size)
{
    kiwi_result out;
    size_t total = 0;
    kiwi_id sent = submit_send(r, from, data, size);
    for (int waited_ms = 0; total < size;) {
        kiwi_id got = submit_recv(r, to, (int64_t)(size - total));
        int error;
        while ((error = take(r, "recv", got, SLICE_MS, &out)) == ETIMEDOUT) {
            if (kiwi_task_status(r->net, sent) == KIWI_TASK_FAULTED)
                return take(r, "send", sent, 0, &out) == 0;
            if ((waited_ms += SLICE_MS) >= LIMIT_MS)
                return hang(r, "recv");
        }
        if (error != 0)
            return false;
        if (out.size == 0 || memcmp(out.bytes, data + total, out.size) != 0)
            r->mixed_up = true;
        total += out.size;
        free(out.bytes);
        if (r->mixed_up)
            return fail_sys(r, "recv", 0);
    }
    int error = take(r, "send", sent, LIMIT_MS, &out);
    r->mixed_up = r->mixed_up || (error == 0 && out.integer != (int64_t)size);
    return error == 0 || (error == ETIMEDOUT ? hang(r, "send") : false);
}

/* Half close, seen at the other end as the end of the stream. */
static bool finish(run *r)
{
    kiwi_result out;
    int error = take(r, "shutdown", kiwi_socket_shutdown(r->net, r->client), LIMIT_MS, &out);
    if (error == 0)
        error = take(r, "end", submit_recv(r, r->server, 1), LIMIT_MS, &out);
    r->mixed_up = r->mixed_up || (error == 0 && out.size != 0);
    return error == 0 || (error == ETIMEDOUT ? hang(r, "end") : false);
}

static void scenario(run *r)
{
    static char large[LARGE];
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = (char)(i * 7 % 251);
    if (!open_listener(r) || !connect_client(r) || !carry(r, r->client, r->server, "ping", 4) ||
        !carry(r, r->server, r->client, large, sizeof(large)) || !finish(r)) {
        r->open_hits = fault_count();
        return;
    }
    r->open_hits = fault_count();
    if (r->server_options != NULL) {
        kiwi_tls_close(r->net, r->client);
        kiwi_tls_close(r->net, r->server);
        kiwi_tls_close(r->net, r->listener);
    } else {
        kiwi_tcp_close(r->net, r->client);
        kiwi_tcp_close(r->net, r->server);
        kiwi_tcp_close(r->net, r->listener);
    }
}

/* ---- Running it with a fault ---------------------------------------------------------------- */

enum {               /* effects of a fault */
       HARMLESS = 0, /* nothing that anybody sees */
       EITHER = 1,   /* that, or an operation faults with the error */
       REPORTED = 3, /* like EITHER, and one operation at least does */
       DROPS = 4,    /* besides: a connection may be lost at its server */
       /* Not for an edge-triggered room: there EAGAIN and a short read must be true, as they
        * are. */
       LEVEL_ONLY = 8,
       ALWAYS = 16 | REPORTED, /* each time */
};

typedef struct fault {
    fault_site site;
    int error, effect;
} fault;

static void be_quiet(void *data, const char *text)
{
    (void)data;
    (void)text;
}

/* A look-up thread may need a moment to give its descriptors back. */
static void check_descriptors(int before)
{
    const struct timespec nap = {.tv_nsec = 1000000};
    for (int i = 0; i < 1000 && fault_descriptors() != before; i++)
        (void)nanosleep(&nap, NULL);
    ck_assert_int_eq(fault_descriptors(), before);
}

/* The fault is over: the runtime (a new one, if none could be opened) does all it ever did. */
static void check_usable(const run *after)
{
    run r = *after;
    r = (run){.mode = after->mode,
              .client_options = after->client_options,
              .server_options = after->server_options,
              .host = after->host};
    scenario(&r);
    ck_assert_msg(r.step == NULL, "afterwards %s: %s", r.step, r.why.message);
    kiwi_net_close(r.net);
    if (after->net == NULL)
        return;
    pair p = {.net = after->net};
    p.port = listen_local(p.net, &p.listener);
    connect_pair(&p);
    kiwi_id got = kiwi_tcp_recv(p.net, p.server, 10);
    ck_assert_int_eq(await_int(p.net, kiwi_tcp_send(p.net, p.client, "again", 5)), 5);
    await_bytes(p.net, got, "again");
}

static void check_outcome(const run *r, const fault *f, long n)
{
    char where[320];
    (void)snprintf(where, sizeof(where), "site %d, error %d, call %ld, room %d, help %d: %s: %s", f->site, f->error, n,
                   r->mode->room, r->mode->help, r->step != NULL ? r->step : "ok", r->why.message);
    ck_assert_msg(!r->hung, "hung: %s", where);
    ck_assert_msg(!r->mixed_up, "wrong bytes: %s", where);
    if (r->step == NULL)
        return;
    ck_assert_msg((f->effect & EITHER) != 0, "not harmless: %s", where);
    bool right = f->site == FAULT_getaddrinfo ? r->why.fault == KIWI_FAULT_RESOLVE : r->why.sys == f->error;
    ck_assert_msg(right || (r->dropped && (f->effect & DROPS) != 0), "wrong reason %d: %s", r->why.sys, where);
}

/* Run with calls `first` to `last` failing.  Gives how many did; *failed: an operation said so. */
static long run_once(run r, const fault *f, long first, long last, bool *failed)
{
    static unsigned runs;
    kiwi_tls_options fresh;
    char alpn[32];
    if (r.client_options != NULL) { /* contexts of clients are kept: ask for a new one */
        fresh = *r.client_options;
        (void)snprintf(alpn, sizeof(alpn), "run-%u", runs++);
        fresh.alpn = alpn;
        r.client_options = &fresh;
    }
    r.expected = f->error;
    int before = fault_descriptors();
    int64_t start_us = kb_clock_us();
    fault_arm(f->site, f->error, first, last);
    scenario(&r);
    long hits = fault_count();
    if (hits == 0) { /* nothing yet: the end of the runtime is part of it */
        kiwi_net_close(r.net);
        r.net = NULL;
    }
    hits = fault_disarm();
    *failed = r.step != NULL;
    r.hung = r.hung || kb_clock_us() - start_us > (int64_t)LIMIT_MS / 2 * KB_US_PER_MS;
    check_outcome(&r, f, first);
    ck_assert_msg(r.open_hits == 0 || *failed || (f->effect & ALWAYS) != ALWAYS,
                  "site %d, error %d, call %ld: nobody said so", f->site, f->error, first);
    if (*failed)
        check_usable(&r);
    kiwi_net_close(r.net);
    check_descriptors(before);
    return hits;
}

/* Each call in turn until none is left; `for_good`: all that follow it fail, too. */
static void run_all(run r, const fault *f, bool for_good)
{
    int failures = 0, quiet = 0, hits = 0;
    kn_resolve_ask = local_look_up;
    FOR_MODES(mode)
    {
        kiwi_net_options silent = *mode;
        silent.log = be_quiet;
        if ((f->effect & LEVEL_ONLY) != 0 && mode->room != KIWI_ROOM_POLL)
            continue;
        r.mode = &silent;
        quiet = 0;
        for (long n = 1; n <= CALLS_MAX && quiet < 2; n++) { /* twice: the number of calls varies */
            bool failed;
            long hit = run_once(r, f, n, for_good ? LONG_MAX : n, &failed);
            hits += hit > 0;
            failures += failed;
            quiet = hit > 0 ? 0 : quiet + 1;
        }
    }
    ck_assert_msg(hits > 0, "site %d was never reached", f->site);
    if ((f->effect & REPORTED) == REPORTED)
        ck_assert_msg(failures > 0, "site %d, error %d: nobody said so", f->site, f->error);
}

#define RUN_FAULTS(r, faults)                                                                                          \
    for (size_t row = 0; row < sizeof(faults) / sizeof((faults)[0]); row++)                                            \
    run_all((r), &(faults)[row], false)

static const run tcp = {.host = LOCAL_NAME};

static run tls_run(ca *authority, kiwi_tls_options *client, kiwi_tls_options *server)
{
    ca_issue(authority, "good", &(ca_spec){.dns = "localhost", .ip = "127.0.0.1"});
    *server = (kiwi_tls_options){.cert = ca_path(authority, "good.pem"), .key = ca_path(authority, "good.key")};
    *client = (kiwi_tls_options){.ca = ca_path(authority, "root.pem")};
    return (run){.host = "127.0.0.1", .client_options = client, .server_options = server};
}

START_TEST(i6_tcp_survives_each_failing_allocation)
{
    static const fault faults[] = {
        {FAULT_memory, ENOMEM, REPORTED | DROPS},
        {FAULT_pthread_mutex_init, ENOMEM, REPORTED | DROPS},
        {FAULT_pthread_cond_init, ENOMEM, REPORTED},
    };
    RUN_FAULTS(tcp, faults);
    for (int filling = 7; filling < 12; filling++) { /* the table grows at another entry */
        run r = tcp;
        r.filling = filling;
        run_all(r, &faults[0], false);
    }
}
END_TEST

START_TEST(what_a_peer_says_counts_more_than_a_family_that_is_missing)
{
    kiwi_net *net;
    kiwi_result out;
    char text[128];
    ck_assert_int_eq(kiwi_net_open(NULL, &net), 0);
    kiwi_id listener;
    int port = listen_local(net, &listener);
    kiwi_tcp_close(net, listener);
    fault_arm(FAULT_connect, EADDRNOTAVAIL, 2, 2); /* of 127.0.0.1 and ::1 */
    int error = kiwi_task_await(net, kiwi_tcp_connect(net, "localhost", port, 0), LIMIT_MS, &out);
    (void)fault_disarm();
    ck_assert_int_eq(error, 0);
    (void)snprintf(text, sizeof(text), "Cannot connect to localhost:%d: Connection refused", port);
    ck_assert_str_eq(out.message, text);
    kiwi_net_close(net);
}
END_TEST

START_TEST(tcp_says_which_call_failed_while_connecting)
{
    static const fault faults[] = {
        {FAULT_pipe, EMFILE, REPORTED},
#if !defined(HAVE_PIPE2) /* where it is, and accept4(), nothing is left to be set later */
        {FAULT_fcntl, EINVAL, REPORTED | DROPS},
#endif
        {FAULT_socket, EMFILE, REPORTED},
        {FAULT_socket, ENFILE, REPORTED},
        {FAULT_socket, ENOBUFS, REPORTED},
        {FAULT_bind, EACCES, REPORTED},
        {FAULT_listen, EADDRINUSE, REPORTED},
        {FAULT_connect, ECONNREFUSED, REPORTED},
        {FAULT_connect, EADDRNOTAVAIL, REPORTED},
        {FAULT_connect, EINTR, HARMLESS},
        {FAULT_getpeername, ENOTCONN, HARMLESS},
        {FAULT_setsockopt, EINVAL, HARMLESS},
        {FAULT_getsockname, ENOBUFS, HARMLESS},
        {FAULT_getaddrinfo, EAI_AGAIN, REPORTED},
        {FAULT_getaddrinfo, EAI_MEMORY, REPORTED},
        {FAULT_getaddrinfo, EAI_SYSTEM, REPORTED},
        {FAULT_pthread_create, EAGAIN, EITHER},
        {FAULT_close, EINTR, HARMLESS},
    };
    RUN_FAULTS(tcp, faults);
}
END_TEST

START_TEST(accept_backs_off_and_recovers)
{
    static const fault faults[] = {
        {FAULT_accept, EINTR, HARMLESS},  {FAULT_accept, ECONNABORTED, HARMLESS},
        {FAULT_accept, EPROTO, HARMLESS}, {FAULT_accept, EMFILE, HARMLESS},
        {FAULT_accept, ENFILE, HARMLESS}, {FAULT_accept, ENOBUFS, HARMLESS},
        {FAULT_accept, ENOMEM, HARMLESS}, {FAULT_accept, EAGAIN, HARMLESS | LEVEL_ONLY},
        {FAULT_accept, EINVAL, REPORTED},
    };
    RUN_FAULTS(tcp, faults);
}
END_TEST

START_TEST(i6_tcp_survives_failing_transfers)
{
    static const fault faults[] = {
        {FAULT_recv, EINTR, HARMLESS},
        {FAULT_recv, EAGAIN, HARMLESS | LEVEL_ONLY},
        {FAULT_recv, FAULT_SHORT, HARMLESS | LEVEL_ONLY},
        {FAULT_recv, ECONNRESET, ALWAYS},
        {FAULT_recv, ENOMEM, ALWAYS},
        {FAULT_send, EINTR, HARMLESS},
        {FAULT_send, EAGAIN, HARMLESS | LEVEL_ONLY},
        {FAULT_send, FAULT_SHORT, HARMLESS},
        {FAULT_send, EPIPE, ALWAYS},
        {FAULT_send, ECONNRESET, ALWAYS},
        {FAULT_send, ENOBUFS, ALWAYS},
        {FAULT_shutdown, ENOTCONN, EITHER},
    };
    RUN_FAULTS(tcp, faults);
}
END_TEST

START_TEST(the_waiting_room_survives_failing_calls)
{
    static const fault faults[] = {
        {FAULT_poll, EINTR, HARMLESS},
        {FAULT_poll, ENOMEM, HARMLESS},
        {FAULT_read, EINTR, HARMLESS},
        {FAULT_read, EAGAIN, HARMLESS},
        {FAULT_read, FAULT_SHORT, HARMLESS},
        {FAULT_write, EINTR, HARMLESS},
#if defined(HAVE_SYS_EPOLL_H)
        {FAULT_epoll_create1, EMFILE, REPORTED},
        {FAULT_epoll_ctl, ENOSPC, REPORTED},
        {FAULT_epoll_wait, EINTR, HARMLESS},
#endif
    };
    RUN_FAULTS(tcp, faults);
}
END_TEST

START_TEST(a_lasting_shortage_of_memory_ends_nothing_but_operations)
{
    static const fault shortage = {FAULT_memory, ENOMEM, REPORTED | DROPS};
    run_all(tcp, &shortage, true);
}
END_TEST

START_TEST(i6_tls_survives_each_failing_allocation)
{
    static const fault faults[] = {
        {FAULT_memory, ENOMEM, REPORTED | DROPS},
        {FAULT_pthread_mutex_init, ENOMEM, REPORTED | DROPS},
    };
    kiwi_tls_options client, server;
    ca *authority = ca_new();
    run tls = tls_run(authority, &client, &server);
    RUN_FAULTS(tls, faults);
    run_all(tls, &faults[0], true);
    ca_free(authority);
}
END_TEST

START_TEST(i6_tls_survives_failing_system_calls)
{
    static const fault faults[] = {
        {FAULT_recv, EINTR, HARMLESS},
        {FAULT_recv, EAGAIN, HARMLESS | LEVEL_ONLY},
        {FAULT_recv, FAULT_SHORT, HARMLESS | LEVEL_ONLY},
        {FAULT_recv, ECONNRESET, REPORTED | DROPS},
        {FAULT_sendmsg, EINTR, HARMLESS},
        {FAULT_sendmsg, EAGAIN, HARMLESS | LEVEL_ONLY},
        {FAULT_sendmsg, FAULT_SHORT, HARMLESS},
        {FAULT_sendmsg, EPIPE, REPORTED | DROPS},
        {FAULT_sendmsg, ENOBUFS, REPORTED | DROPS},
        {FAULT_open, EACCES, REPORTED},
        {FAULT_accept, EMFILE, HARMLESS},
        {FAULT_pthread_create, EAGAIN, HARMLESS},
        {FAULT_poll, ENOMEM, HARMLESS},
#if defined(HAVE_SYS_EPOLL_H)
        {FAULT_epoll_ctl, ENOSPC, REPORTED | DROPS},
        {FAULT_epoll_wait, EINTR, HARMLESS},
#endif
    };
    kiwi_tls_options client, server;
    ca *authority = ca_new();
    run tls = tls_run(authority, &client, &server);
    RUN_FAULTS(tls, faults);
    ca_free(authority);
}
END_TEST

START_TEST(without_any_thread_whoever_waits_does_the_work)
{
    static const fault none = {FAULT_pthread_create, EAGAIN, HARMLESS};
    kiwi_tls_options client, server;
    ca *authority = ca_new();
    run plain = tcp;
    plain.host = "127.0.0.1"; /* a look-up needs a thread */
    run_all(plain, &none, true);
    run_all(tls_run(authority, &client, &server), &none, true);
    ca_free(authority);
}
END_TEST

SUITE_MAIN("faults", 60, i6_tcp_survives_each_failing_allocation,
           what_a_peer_says_counts_more_than_a_family_that_is_missing, tcp_says_which_call_failed_while_connecting,
           accept_backs_off_and_recovers, i6_tcp_survives_failing_transfers, the_waiting_room_survives_failing_calls,
           a_lasting_shortage_of_memory_ends_nothing_but_operations, i6_tls_survives_each_failing_allocation,
           i6_tls_survives_failing_system_calls, without_any_thread_whoever_waits_does_the_work)

#else

int main(void)
{
    return puts("1..1\nok 1 - fault injection # SKIP the linker has no --wrap") < 0;
}

#endif
