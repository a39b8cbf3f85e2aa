/* check_begun.c - submitted means begun: what a script sends over TLS, which the runtime holds back for a moment
 * so that more can join it, is with the peer while the interpreter thread does something long, and when it has
 * returned to its host. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "kiwi/kiwi.h"
#include "kiwi/net.h"
#include "support/suite.h"

enum { PATIENCE_MS = 30000 };

/* ---- The peer ---------------------------------------------------------------------------------- */

typedef struct peer {
    kiwi_net *net;
    kiwi_id listener;
    int port;
    pthread_t thread;
    _Atomic int to_feed, to_drain; /* descriptors; 0: none */
    _Atomic int64_t came_us;       /* when the byte was there; 0: not yet */
} peer;

static kiwi_id id_of(kiwi_net *net, kiwi_id task)
{
    kiwi_result r;
    ck_assert_int_eq(kiwi_task_await(net, task, PATIENCE_MS, &r), 0);
    ck_assert_msg(r.state == KIWI_TASK_COMPLETED, "%s", r.message);
    return r.integer;
}

/* Give the interpreter thread what it waits for. */
static void let_go_on(const peer *p)
{
    char text[4096];
    if (p->to_feed != 0)
        ck_assert_int_eq(write(p->to_feed, "line\n", 5), 5);
    while (p->to_drain != 0 && read(p->to_drain, text, sizeof(text)) > 0)
        continue;
}

static void *accept_and_receive(void *arg)
{
    peer *p = arg;
    kiwi_result r;
    kiwi_id client = id_of(p->net, kiwi_tls_accept(p->net, p->listener));
    ck_assert_int_eq(kiwi_task_await(p->net, kiwi_tls_recv(p->net, client, 1), PATIENCE_MS, &r), 0);
    ck_assert_uint_eq(r.size, 1);
    atomic_store(&p->came_us, kb_clock_us());
    free(r.bytes);
    let_go_on(p);
    return NULL;
}

static void open_peer(peer *p)
{
    kiwi_socket_info info;
    *p = (peer){.port = 0};
    ck_assert_int_eq(kiwi_net_open(NULL, &p->net), 0);
    p->listener = id_of(p->net, kiwi_tls_listen(p->net, "127.0.0.1", 0, 1, NULL));
    ck_assert_int_eq(kiwi_socket_info_get(p->net, p->listener, &info), 0);
    p->port = info.local_port;
    ck_assert_int_eq(pthread_create(&p->thread, NULL, accept_and_receive, p), 0);
}

static void close_peer(peer *p)
{
    ck_assert_int_eq(pthread_join(p->thread, NULL), 0);
    kiwi_net_close(p->net);
}

/* ---- The script -------------------------------------------------------------------------------- */

static void eval(kiwi_vm *vm, const char *text)
{
    bool ended;
    ck_assert_int_eq(kiwi_eval_text(vm, text, strlen(text), &ended), 0);
    ck_assert(!ended);
}

static kiwi_vm *connected(const peer *p)
{
    char text[256];
    kiwi_vm *vm;
    ck_assert_int_eq(kiwi_vm_new(NULL, &vm), 0);
    (void)snprintf(text, sizeof(text),
                   "peer = await(tls::tcpconnect(\"127.0.0.1\", %d, \"\", {\"verify\": false}))\nnull", p->port);
    eval(vm, text);
    return vm;
}

static void eval_with(kiwi_vm *vm, const char *before, const char *then)
{
    char text[512];
    (void)snprintf(text, sizeof(text), "%s\n%s\nnull", before, then);
    eval(vm, text);
}

static const char submit[] = "tls::send(peer, \"x\".to_bytes())";

/* One call each that takes some 100 ms and more; `before` makes what it needs. */
static const struct {
    const char *before, *call;
} shapes[] = {
    {"l = [1..3000000].map(with (x) do (x * 7919) % 3000017 end)", "l.sort()"},
    {"l = [1..3000000]", "l.to_string()"},
    {"l = [1..1000000].map(with (x) do [x] end)", "l.clone()"},
    {"l = [1..1000000].map(with (x) do [x] end)\nm = l.clone()", "l == m"},
    {"l = [1..1000000].map(with (x) do [x] end)", "l.unique()"},
    {"l = [1..3000000]", "l * 10"},
    {"l = [1..3000000]", "l.zip(l)"},
    {"null", "[1..30000000]"},
    {"s = \"abcdefgh\" * 2000000", "s.chars()"},
    {"s = \"abcdefgh\" * 2000000", "s.split(\"h\")"},
    {"s = \"abcdefgh\" * 30000000", "s.contains(\"hgf\")"},
    {"s = \"abcdefgh\" * 30000000", "\"hgf\" in s"},
    {"s = \"abcdefgh\" * 5000000", "s.uppercase()"},
    {"s = \"abcdefgh\" * 10000000", "s.reverse()"},
    {"b = (\"abcdefgh\" * 5000000).to_bytes()", "b.to_list()"},
    {"b = (\"abcdefgh\" * 5000000).to_bytes()", "b.to_hex()"},
    {"s = \"abcdefgh\" * 5000000", "s.scan(\"[a-c]+\")"},
    {"s = \"a\" * 23 + \"b\"", "s.matches(\"(a+)+c\")"},
    {"s = \"[\" + \"1, \" * 1000000 + \"1]\"", "deserialize(s)"},
    {"s = \"x = 1\\n\" * 300000", "eval s"},
    {"s = \"x + 1 \" * 100000", "__tokenize__(s)"},
    {"m = {}\nfor i in [1..1000000] do m[i] = i end\nn = m.clone()", "m.merge(n)"},
    {"null", "__divisors__(900000000000000)"},
    {"null", "\"ab\" * 300000000"},
    {"l = [1..3000000].map(with (x) do [[x], x] end)", "s = \"ab\" * 30000000\nfor i in [1..300] do s.clone() end"},
};

START_TEST(a_long_call_does_not_hold_it_back)
{
    peer p;
    open_peer(&p);
    kiwi_vm *vm = connected(&p);
    eval_with(vm, shapes[_i].before, "null");
    int64_t start_us = kb_clock_us();
    eval_with(vm, submit, shapes[_i].call);
    int64_t end_us = kb_clock_us(), came_us = atomic_load(&p.came_us);
    ck_assert_msg(end_us - start_us < KB_US_PER_S / 20 || (came_us > 0 && came_us < end_us),
                  "%s took %d ms, and nothing came meanwhile", shapes[_i].call,
                  (int)((end_us - start_us) / KB_US_PER_MS));
    close_peer(&p);
    kiwi_vm_free(vm);
}
END_TEST

/* ---- Back at the host, or blocked ---------------------------------------------------------------- */

static const char *const ends[] = {"null", "7", "exit 3", "throw \"x\"", "\"unfinished", "x.nothing()"};

START_TEST(the_host_does_not_hold_it_back)
{
    peer p;
    bool ended;
    char text[128];
    open_peer(&p);
    kiwi_vm *vm = connected(&p);
    (void)snprintf(text, sizeof(text), "%s\nspawn(with () do end)\n%s", submit, ends[_i]);
    if (strcmp(ends[_i], "\"unfinished") == 0) { /* a program that does not begin, after one that sent */
        eval(vm, submit);
        (void)snprintf(text, sizeof(text), "%s", ends[_i]);
    }
    (void)kiwi_eval_text(vm, text, strlen(text), &ended);
    close_peer(&p); /* comes back when the byte has come */
    kiwi_vm_free(vm);
}
END_TEST

/* What the interpreter thread waits for comes from the peer, when that has the byte. */
static const char *const waits[] = {
    "println \"lots \" * 200000", /* standard output is a pipe that nobody else reads */
    "repeat 200000 do println \"lots\" end",
    "input()", /* and standard input one into which nobody else writes */
    "task::spawn(with () do println \"lots \" * 200000 end)\ntask::sleep(1)\ninput()",
};

START_TEST(a_wait_does_not_hold_it_back)
{
    peer p;
    int in[2], out[2], saved = dup(STDOUT_FILENO);
    open_peer(&p);
    kiwi_vm *vm = connected(&p);
    ck_assert_int_eq(pipe(in), 0);
    ck_assert_int_eq(pipe(out), 0);
    p.to_feed = in[1];
    p.to_drain = out[0];
    ck_assert_int_eq(dup2(in[0], STDIN_FILENO), STDIN_FILENO);
    ck_assert_int_eq(dup2(out[1], STDOUT_FILENO), STDOUT_FILENO);
    (void)close(out[1]);
    eval_with(vm, submit, waits[_i]);
    ck_assert_int_eq(dup2(saved, STDOUT_FILENO), STDOUT_FILENO); /* which ends the draining */
    close_peer(&p);
    kiwi_vm_free(vm);
}
END_TEST

#define COUNT(row) ((int)(sizeof(row) / sizeof((row)[0])))

int main(void)
{
    Suite *suite = suite_create("begun");
    TCase *tcase = tcase_create("begun");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, a_long_call_does_not_hold_it_back, 0, COUNT(shapes));
    tcase_add_loop_test(tcase, the_host_does_not_hold_it_back, 0, COUNT(ends));
    tcase_add_loop_test(tcase, a_wait_does_not_hold_it_back, 0, COUNT(waits));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
