/* sys.c - package sys: other programs (FUNCTIONS.md, "sys").
 *
 * Nobody sits and waits for a child: its end and its output are operations of the networking runtime. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "packages/file.h"
#include "packages/job.h"
#include "packages/library.h"
#include "packages/package.h"
#include "packages/process.h"
#include "types/date.h"
#include "types/give.h"

enum {
    ENDED_MAX = 4096, /* exit codes kept for wait(), the oldest are forgotten */
    SWEEP_MIN = 16,   /* children, before it is looked which have ended */
};

/* A program that was started and that nobody has waited for. */
typedef struct child {
    struct child *next; /* started before */
    pid_t pid;
    bool opened;        /* nobody will */
    bool ended, killed; /* it has ended, with `code`; or is about to */
    int code;
} child;

typedef struct sys_state {
    child *children;
    size_t count, sweep_at; /* children; how many of them make the next sweep due */
} sys_state;

extern const kp_package kp_sys;

/* ---- Starting ---------------------------------------------------------------------------------- */

/* The program and its arguments for the system, ended by NULL: malloc'ed, lent strings.  NULL: thrown. */
static char **arguments(kw_vm *vm, const kw_call *call, const char *verb)
{
    const kw_string *program = kw_native_operand(call, 0).as.string;
    kw_value given = kw_native_operand(call, 1);
    size_t count = kw_is(given, KW_LIST) ? given.as.list->count : 0;
    char **argv = calloc(count + 2, sizeof(*argv));
    if (argv == NULL) {
        (void)kw_throw_memory(vm, count * sizeof(*argv));
        return NULL;
    }
    for (size_t i = 0; i <= count; i++) {
        kw_value v = i == 0 ? kw_native_operand(call, 0) : given.as.list->items[i - 1];
        if (!kw_is(v, KW_STRING))
            (void)kw_throw(vm, "SystemError", "Failed to %s '%s': Expected a string but instead received `%s`.", verb,
                           program->text, kw_display_type_title((kw_type)v.tag));
        else if (strlen(v.as.string->text) != v.as.string->size)
            (void)kw_throw(vm, "SystemError", "Failed to %s '%s': An argument must not contain a NUL character.", verb,
                           program->text);
        else {
            argv[i] = v.as.string->text;
            continue;
        }
        free(argv);
        return NULL;
    }
    return argv;
}

static kw_result failed(kw_vm *vm, const kw_call *call, const char *verb, int error)
{
    char why[96];
    return kw_throw(vm, "SystemError", "Failed to %s '%s': %s", verb, kw_native_operand(call, 0).as.string->text,
                    kb_error_errno_text(error, why, sizeof(why)));
}

/* Start the program of the call.  false: thrown.  What was printed before comes before what it prints. */
static bool start(kw_vm *vm, const kw_call *call, const char *verb, pid_t *pid, int out[2])
{
    char **argv = kp_host_net(vm) == NULL || !kw_out_flush(vm) ? NULL : arguments(vm, call, verb);
    if (argv == NULL)
        return false;
    int error = argv[0][0] == '\0' ? ENOENT : kp_process_start(argv, pid, out);
    free(argv);
    if (error != 0)
        (void)failed(vm, call, verb, error);
    return error == 0;
}

static kw_result sys_exec(kw_vm *vm, kw_call *call)
{
    pid_t pid;
    if (!start(vm, call, "execute", &pid, NULL))
        return KW_THROWN;
    return kp_host_await_own(vm, call, kiwi_process_wait(kp_host_net(vm), pid), NULL);
}

/* ---- Output ------------------------------------------------------------------------------------ */

static kw_result sys_execout(kw_vm *vm, kw_call *call)
{
    pid_t pid;
    int out[2];
    if (!start(vm, call, "execute", &pid, out))
        return KW_THROWN;
    kiwi_net *net = kp_host_net(vm);
    kiwi_id ids[] = {kiwi_pipe_read(net, out[0], SIZE_MAX), kiwi_pipe_read(net, out[1], SIZE_MAX),
                     kiwi_process_wait(net, pid)}; /* no more is read than memory allows */
    kw_value args[4] = {kw_native_operand(call, 0)};
    for (int i = 0; i < 3; i++) {
        kiwi_task_hide(net, ids[i]);
        args[i + 1] = kw_int(ids[i]);
    }
    return kp_host_go_on_with(vm, call, kp_library_function(vm, "sys", "sys::__collect__"), args, 4);
}

/* The end of a pipe: its text. */
static kw_string *settle_text(kw_vm *vm, kiwi_result *result, kw_value *value)
{
    if (result->state == KIWI_TASK_COMPLETED)
        return kp_host_text_of(vm, result, value);
    if (result->fault != KIWI_FAULT_SYSTEM || result->sys != ENOMEM)
        return kw_string_new(vm, result->message, strlen(result->message));
    (void)kw_throw(vm, "MemoryError", "%s", result->message);
    *value = kw_undef();
    return NULL;
}

static kw_result sys_text(kw_vm *vm, kw_call *call)
{
    kiwi_id id = kw_native_operand(call, 0).as.i;
    kiwi_task_hide(kp_host_net(vm), id); /* one that was put back is not */
    return kp_host_await(vm, call, id, settle_text);
}

/* ---- Children ---------------------------------------------------------------------------------- */

/* Has the child ended?  The system forgets it then. */
static bool has_ended(child *c)
{
    int status = 0;
    pid_t pid = c->ended ? 0 : waitpid(c->pid, &status, WNOHANG);
    if (pid != 0) { /* -1: somebody else has waited for it */
        c->ended = true;
        c->code = pid < 0 ? -1 : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }
    return c->ended;
}

/* Forget those that have ended and that nobody will ask for. */
static void sweep(sys_state *state)
{
    int ended = 0;
    state->count = 0;
    for (child **at = &state->children; *at != NULL;) {
        child *c = *at;
        if (has_ended(c) && (c->opened || ++ended > ENDED_MAX)) {
            *at = c->next;
            free(c);
        } else {
            at = &c->next;
            state->count++;
        }
    }
    state->sweep_at = state->count * 2 + SWEEP_MIN;
}

static void close_state(kw_vm *vm, void *data)
{
    sys_state *state = data;
    (void)vm;
    sweep(state);
    for (child *c; (c = state->children) != NULL;) {
        state->children = c->next;
        free(c);
    }
}

/* NULL: there is none. */
static child *find_child(sys_state *state, int64_t pid)
{
    child *c = state->children;
    while (c != NULL && c->pid != pid)
        c = c->next;
    return c;
}

static void forget_child(sys_state *state, const child *gone)
{
    assert(state->count > 0);
    child **at = &state->children;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    state->count--;
    free((child *)gone);
}

/* Start a program that goes on alone.  NULL: thrown. */
static child *start_child(kw_vm *vm, const kw_call *call, const char *verb)
{
    sys_state *state = kp_state(vm, &kp_sys);
    child *c = state == NULL ? NULL : calloc(1, sizeof(*c));
    if (c == NULL) {
        if (state != NULL)
            (void)kw_throw_memory(vm, sizeof(*c));
        return NULL;
    }
    if (state->count >= state->sweep_at)
        sweep(state);
    if (!start(vm, call, verb, &c->pid, NULL)) {
        free(c);
        return NULL;
    }
    c->next = state->children;
    state->children = c;
    state->count++;
    return c;
}

static kw_result sys_spawn(kw_vm *vm, kw_call *call)
{
    const child *c = start_child(vm, call, "spawn");
    return c == NULL ? KW_THROWN : kw_return(call, kw_int(c->pid));
}

static kw_result sys_wait(kw_vm *vm, kw_call *call)
{
    int64_t pid = kw_native_operand(call, 0).as.i;
    sys_state *state = kp_state(vm, &kp_sys);
    if (state == NULL || kp_host_net(vm) == NULL)
        return KW_THROWN;
    child *c = find_child(state, pid);
    if (c == NULL)
        return kw_throw(vm, "SystemError", "Failed to wait for process %lld: No such child process", (long long)pid);
    bool ended = c->ended;
    int code = c->code;
    forget_child(state, c);
    if (ended)
        return kw_return(call, kw_int(code));
    return kp_host_await_own(vm, call, kiwi_process_wait(kp_host_net(vm), pid), NULL);
}

static bool is_running(sys_state *state, int64_t pid)
{
    child *c = find_child(state, pid);
    return c != NULL ? !has_ended(c) && !c->killed : kp_process_runs(pid);
}

static kw_result sys_running(kw_vm *vm, kw_call *call)
{
    sys_state *state = kp_state(vm, &kp_sys);
    if (state == NULL)
        return KW_THROWN;
    return kw_return(call, kw_bool(is_running(state, kw_native_operand(call, 0).as.i)));
}

static kw_result sys_kill(kw_vm *vm, kw_call *call)
{
    int64_t pid = kw_native_operand(call, 0).as.i;
    sys_state *state = kp_state(vm, &kp_sys);
    if (state == NULL)
        return KW_THROWN;
    if (!is_running(state, pid))
        return kw_return(call, kw_bool(false));
    child *c = find_child(state, pid);
    int error = kp_process_kill((pid_t)pid);
    char why[96];
    if (error != 0 && error != ESRCH)
        return kw_throw(vm, "SystemError", "Failed to kill process %lld: %s", (long long)pid,
                        kb_error_errno_text(error, why, sizeof(why)));
    if (c != NULL)
        c->killed = true;
    return kw_return(call, kw_bool(error == 0));
}

static kw_result sys_open(kw_vm *vm, kw_call *call)
{
    child *c = start_child(vm, call, "execute");
    if (c == NULL && strcmp(vm->error.type->text, "SystemError") != 0)
        return KW_THROWN;
    kw_throw_clear(vm);
    if (c != NULL)
        c->opened = true;
    return kw_return(call, kw_bool(c != NULL));
}

/* ---- All processes ----------------------------------------------------------------------------- */

typedef struct list_job {
    kp_job job;
    char *name; /* only those of this name; "": all */
    bool whole; /* all that is known of them */
    int error;
    kp_disk_bytes found;
} list_job;

static void list_work(kp_job *job)
{
    list_job *j = (list_job *)(void *)job;
    j->error = kp_process_list(&j->found);
}

static void list_free(kp_job *job)
{
    list_job *j = (list_job *)(void *)job;
    free(j->name);
    free(j->found.data);
}

static kw_value started(const kp_process *p)
{
    return kw_date_here(KW_EPOCH_TICKS + p->started_ms * KW_TICKS_PER_MS);
}

static kw_value describe(kw_vm *vm, const kp_process *p)
{
    kw_map *map = kw_map_new(vm, 6);
    kw_string *link = kw_string_format(vm, "/proc/%lld/exe", (long long)p->pid);
    char *path = link != NULL ? kp_file_real_path(vm, link->text) : NULL;
    bool known = path != NULL && strncmp(path, "/proc/", 6) != 0;
    (void)kw_map_set_c(vm, map, "pid", kw_int(p->pid));
    (void)kw_map_set_c(vm, map, "name", kw_string_c(vm, p->name));
    (void)kw_map_set_c(vm, map, "path", kw_string_c(vm, known ? path : ""));
    (void)kw_map_set_c(vm, map, "memory", kw_int(p->memory));
    (void)kw_map_set_c(vm, map, "threads", kw_int(p->threads));
    (void)kw_map_set_c(vm, map, "started", started(p));
    free(path);
    return kw_of_map(map);
}

static bool list_give(kw_vm *vm, kp_job *job, kw_value *value)
{
    const list_job *j = (const list_job *)(const void *)job;
    const kp_process *all = (const kp_process *)(const void *)j->found.data;
    kw_list *list = kw_list_new(vm, 0);
    *value = kw_of_list(list);
    for (size_t i = 0; i < j->found.size / sizeof(*all); i++) {
        if (j->name[0] != '\0' && strcmp(j->name, all[i].name) != 0)
            continue;
        kw_value v = j->whole ? describe(vm, &all[i]) : kw_int(all[i].pid);
        if (!kw_list_push(vm, list, v))
            return false;
    }
    char why[96];
    if (j->error == ENOENT)
        (void)kw_throw(vm, "NotAvailableError", "sys::%s needs /proc", j->whole ? "processes" : "pids");
    else if (j->error != 0)
        (void)kw_throw(vm, "SystemError", "Failed to list processes: %s",
                       kb_error_errno_text(j->error, why, sizeof(why)));
    return j->error == 0;
}

static const kp_job_kind list_kind = {
    .size = sizeof(list_job), .work = list_work, .give = list_give, .free = list_free};

static kw_result list(kw_vm *vm, kw_call *call, bool whole)
{
    list_job *j = (list_job *)(void *)kp_job_new(vm, &list_kind);
    if (j == NULL)
        return KW_THROWN;
    j->whole = whole;
    j->name = strdup(kw_native_argument(call, 0).as.string->text);
    if (j->name != NULL)
        return kp_job_aside(vm, call, &j->job);
    kp_job_drop(&j->job);
    return kw_throw_memory(vm, 0);
}

static kw_result sys_pids(kw_vm *vm, kw_call *call)
{
    return list(vm, call, false);
}

static kw_result sys_processes(kw_vm *vm, kw_call *call)
{
    return list(vm, call, true);
}

static kw_result sys_pid(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_int(getpid()));
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"exec(program: string, args: list = []): integer", sys_exec,
     "Run a program to its end; its exit code.  It is found through PATH, and no shell is involved.",
     "println sys::exec(\"sh\", [\"-c\", \"exit 3\"])  # => 3", "__sys_exec__"},
    {"execout(program: string, args: list = []): hashmap", sys_execout,
     "Run a program to its end: stdout, stderr, exit_code.",
     "println sys::execout(\"echo\", [\"hi\"])[\"stdout\"].trim()  # => hi", "__sys_execout__"},
    {"spawn(program: string, args: list = []): integer", sys_spawn, "Start a program; its process id.",
     "p = sys::spawn(\"true\")\nprintln sys::wait(p)  # => 0", "__sys_spawn__"},
    {"wait(pid: integer): integer", sys_wait,
     "Wait for the end of a program that spawn started, once; its exit code, or 128 and the number of the signal.",
     "p = sys::spawn(\"sh\", [\"-c\", \"exit 7\"])\nprintln sys::wait(p)  # => 7", "__sys_wait__"},
    {"running(pid: integer): boolean", sys_running, "Does the process run?",
     "println sys::running(sys::pid())  # => true", "__sys_running__"},
    {"kill(pid: integer): boolean", sys_kill,
     "End a process at once, and all that it has started; false if it does not run.",
     "p = sys::spawn(\"sleep\", [\"9\"])\nprintln sys::kill(p)  # => true", "__sys_kill__"},
    {"open(program: string, args: list = []): boolean", sys_open,
     "Start a program and forget it; false if it cannot be started.", "println sys::open(\"true\")  # => true",
     "__sys_open__"},
    {"pid(): integer", sys_pid, "The id of this process.", "println sys::pid() > 0  # => true", "__sys_pid__"},
    {"pids(name: string = \"\"): list", sys_pids, "The ids of all processes, or of those of a name.",
     "println sys::pids().contains(sys::pid())  # => true", "__sys_pids__"},
    {"processes(name: string = \"\"): list", sys_processes,
     "What is known of all processes: pid, name, path, memory, threads, started.",
     "println sys::processes().size() > 0  # => true", "__sys_processes__"},
    {"__text__(id: integer): string", sys_text, "Await the output of a program.", NULL},
    {NULL},
};
/* clang-format on */

const kp_package kp_sys = {
    .name = "sys",
    .about = "Other programs.",
    .functions = functions,
    .refused = "sys",
    .network = true,
    .state_size = sizeof(sys_state),
    .close = close_state,
};
