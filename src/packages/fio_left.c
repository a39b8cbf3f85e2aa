/* fio_left.c - see fio_left.h. */
#include "config.h"

#include "packages/fio_left.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "packages/fio.h"

enum { PATIENCE_MS = 2000 }; /* at the end, with a disk that does not answer: as with sockets */

struct kp_left {
    kp_lefts *all; /* NULL: the interpreter ends, and nothing is kept any more */
    kp_left *next, **link;
    kp_stream *stream;
    kiwi_id job; /* that closes it and gives an errno; 0: none */
};

/* ---- Lists ------------------------------------------------------------------------------------- */

static void put(kp_left *left, kp_left **list)
{
    left->next = *list;
    left->link = list;
    if (left->next != NULL)
        left->next->link = &left->next;
    *list = left;
}

static void take(kp_left *left)
{
    *left->link = left->next;
    if (left->next != NULL)
        left->next->link = left->link;
}

kp_left *kp_fio_left_new(kw_vm *vm, kp_stream *stream)
{
    kp_lefts *all = kp_state(vm, &kp_fio);
    kp_left *left = all != NULL ? calloc(1, sizeof(*left)) : NULL;
    if (left == NULL) {
        if (all != NULL)
            (void)kw_throw_memory(vm, sizeof(*left));
        kp_stream_drop(stream);
        return NULL;
    }
    left->all = all;
    left->stream = stream;
    put(left, &all->open);
    return left;
}

kp_stream *kp_fio_left_stream(const kp_left *left)
{
    return left->stream;
}

/* The last of it. */
static void drop(kp_left *left)
{
    kp_stream_drop(left->stream);
    free(left);
}

void kp_fio_left_forget(kp_left *left)
{
    if (left->all == NULL) {
        drop(left);
        return;
    }
    take(left);
    if (kp_stream_is_clean(left->stream))
        drop(left);
    else
        put(left, &left->all->forgotten);
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static void tell(kw_vm *vm, kp_lefts *all, const kp_stream *stream, int error)
{
    char why[96];
    const char *const parts[] = {"kiwi: cannot write to ", kp_stream_path(stream), ": ",
                                 kb_error_errno_text(error, why, sizeof(why)), "\n"};
    all->failed = true;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        (void)kw_out(vm, 2, parts[i], strlen(parts[i]));
}

static void run(void *data, kiwi_result *out)
{
    out->kind = KIWI_RESULT_INTEGER;
    out->integer = kp_stream_close(data, true);
}

static void let_go(void *data)
{
    kp_stream_drop(data);
}

/* Let a thread close the stream.  Where there is no runtime it is done here. */
static int close_aside(kw_vm *vm, kp_left *left)
{
    kiwi_net *net = kp_host_net(vm);
    if (net == NULL) {
        kw_throw_clear(vm);
        return kp_stream_close(left->stream, true);
    }
    left->job = kiwi_job(net, run, kp_stream_ref(left->stream), let_go);
    kiwi_task_hide(net, left->job);
    return EAGAIN;
}

/* Has the job ended within `patience_ms`?  EAGAIN: not yet. */
static int outcome(kw_vm *vm, kp_left *left, int patience_ms)
{
    kiwi_result result;
    if (kiwi_task_await(kp_host_of(vm)->net, left->job, patience_ms, &result) != 0)
        return EAGAIN;
    left->job = 0;
    return result.state == KIWI_TASK_COMPLETED ? (int)result.integer : result.sys != 0 ? result.sys : EIO;
}

/* A file that is forgotten is closed.  EAGAIN: later. */
static int settle(kw_vm *vm, kp_left *left)
{
    if (left->job != 0)
        return outcome(vm, left, 0);
    if (!kp_stream_is_sole(left->stream)) /* a job of the script's is at it, or is to be */
        return EAGAIN;
    int error = kp_stream_close(left->stream, false);
    return error == EAGAIN ? close_aside(vm, left) : error;
}

void kp_fio_left_collect(kw_vm *vm, void *state)
{
    kp_lefts *all = state;
    for (kp_left *left = all->forgotten, *next; left != NULL; left = next) {
        next = left->next;
        int error = settle(vm, left);
        if (error == EAGAIN)
            continue;
        if (error != 0)
            tell(vm, all, left->stream, error);
        take(left);
        drop(left);
    }
}

/* Nothing else is to be done: what is pending is written here and now.  Who still uses the stream after the end was
 * interrupted by it, or is stuck. */
static void finish(kw_vm *vm, kp_lefts *all, kp_left *left)
{
    if (!kp_stream_writes(left->stream))
        return;
    int error = left->job != 0 ? outcome(vm, left, PATIENCE_MS) : kp_stream_finish(left->stream);
    if (error != 0)
        tell(vm, all, left->stream, error == EAGAIN ? EBUSY : error);
}

bool kp_fio_left_end(kw_vm *vm, void *state)
{
    kp_lefts *all = state;
    kp_left *left;
    for (left = all->open; left != NULL; left = left->next)
        finish(vm, all, left);
    while ((left = all->forgotten) != NULL) {
        finish(vm, all, left);
        take(left);
        drop(left);
    }
    bool well = !all->failed;
    all->failed = false; /* told: another program may follow */
    return well;
}

void kp_fio_left_close(kw_vm *vm, void *state)
{
    kp_lefts *all = state;
    (void)kp_fio_left_end(vm, state);
    for (kp_left *left = all->open; left != NULL; left = left->next)
        left->all = NULL;
}
