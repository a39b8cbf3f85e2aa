/* fio_job.c - see fio_job.h. */
#include "config.h"

#include "packages/fio_job.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "packages/pathname.h"

static void work(kp_job *job)
{
    kp_fio_job *j = (kp_fio_job *)(void *)job;
    if (j->error == 0)
        j->error = j->op->work(j);
}

void kp_fio_job_free_texts(char **texts)
{
    for (char **t = texts; t != NULL && *t != NULL; t++)
        free(*t);
    free(texts);
}

static void free_job(kp_job *job)
{
    kp_fio_job *j = (kp_fio_job *)(void *)job;
    free(j->shown);
    free(j->path);
    free(j->to);
    free(j->copied);
    kp_disk_release(&j->bytes);
    kp_disk_release(&j->folders);
    kp_fio_job_free_texts(j->includes);
    kp_fio_job_free_texts(j->excludes);
}

static bool fail(kw_vm *vm, const kp_fio_job *j)
{
    char why[96];
    if (j->error == ENOMEM)
        (void)kp_job_no_memory(vm, &j->job, j->shown);
    else
        (void)kw_throw(vm, j->op->type, "%s%s%s", j->op->prefix, j->shown, j->op->suffix);
    kp_host_reason(vm, kb_error_errno_text(j->error, why, sizeof(why)));
    return false;
}

static bool give(kw_vm *vm, kp_job *job, kw_value *value)
{
    const kp_fio_job *j = (const kp_fio_job *)(const void *)job;
    *value = kw_bool(true);
    if (j->error != 0 && j->op->type != NULL)
        return fail(vm, j);
    return j->op->give == NULL || j->op->give(vm, j, value);
}

static const kp_job_kind job_kind = {.size = sizeof(kp_fio_job), .work = work, .give = give, .free = free_job};

/* Is there no NUL in the string, which the system would take for its end? */
bool kp_fio_job_whole(const kw_string *s)
{
    return strlen(s->text) == s->size;
}

/* A job of `what` for the path that is argument 0.  NULL: thrown. */
kp_fio_job *kp_fio_job_begin(kw_vm *vm, const kw_call *call, const kp_fio_op *what)
{
    assert(what->type != NULL || what->give != NULL); /* one of them tells errors */
    const kw_string *path = kw_native_operand(call, 0).as.string;
    kp_fio_job *j = (kp_fio_job *)(void *)kp_job_new(vm, &job_kind);
    if (j == NULL)
        return NULL;
    j->op = what;
    j->bytes.claim = j->folders.claim = &j->job.claim;
    j->shown = strdup(path->text);
    j->path = strdup(path->text);
    j->error = j->shown == NULL || j->path == NULL ? ENOMEM : kp_fio_job_whole(path) ? 0 : EINVAL;
    if (j->shown != NULL && j->path != NULL)
        return j;
    kp_job_drop(&j->job);
    (void)kw_throw_memory(vm, path->size);
    return NULL;
}

/* The path from the folder that is the current one now, malloc'ed.  NULL: errno. */
char *kp_fio_job_from_here(const char *path, char *(*combine)(const char *, const char *))
{
    char *here = path[0] == '/' ? strdup("/") : kp_fio_job_here();
    char *full = here != NULL ? combine(here, path) : NULL;
    free(here);
    return full;
}

int kp_fio_job_absolute(char **path, char *(*combine)(const char *, const char *))
{
    if (*path == NULL || **path == '\0')
        return 0;
    char *full = kp_fio_job_from_here(*path, combine);
    if (full == NULL)
        return errno;
    free(*path);
    *path = full;
    return 0;
}

/* Another thread sees its paths from the folder that was the current one at the call, and data of its own. */
static void make_independent(kp_fio_job *j)
{
    assert(j->copied == NULL); /* once */
    if (j->error == 0)
        j->error = kp_fio_job_absolute(&j->path, kp_pathname_join);
    if (j->error == 0)
        j->error = kp_fio_job_absolute(&j->to, kp_pathname_join);
    if (j->error == 0 && j->size > 0) {
        j->copied = malloc(j->size);
        if (j->copied == NULL)
            j->error = ENOMEM;
        else
            j->data = memcpy(j->copied, j->data, j->size);
    }
}

kw_result kp_fio_job_run(kw_vm *vm, kw_call *call, kp_fio_job *j)
{
    if (j->error != 0 || (j->op->short_one != NULL && j->op->short_one(j)))
        return kp_job_now(vm, call, &j->job);
    kw_result room = kp_job_claim(vm, call, &j->job, j->size);
    if (room != KW_DONE)
        return room;
    make_independent(j);
    return kp_job_aside(vm, call, &j->job);
}

/* A function that needs no more than its path. */
kw_result kp_fio_job_simple(kw_vm *vm, kw_call *call, const kp_fio_op *what)
{
    kp_fio_job *j = kp_fio_job_begin(vm, call, what);
    return j == NULL ? KW_THROWN : kp_fio_job_run(vm, call, j);
}

bool kp_fio_job_at_once(const kp_fio_job *j)
{
    (void)j;
    return true;
}

/* Is there no more than a small file of a known size, or nothing, to be read? */
bool kp_fio_job_reads_little(const kp_fio_job *j)
{
    struct stat s;
    return stat(j->path, &s) != 0 || S_ISDIR(s.st_mode) ||
           (S_ISREG(s.st_mode) && s.st_size > 0 && s.st_size <= KP_FIO_SMALL);
}

/* ---- Outcomes -------------------------------------------------------------------------------- */

bool kp_fio_job_give_number(kw_vm *vm, const kp_fio_job *j, kw_value *value)
{
    (void)vm;
    *value = kw_int(j->number);
    return true;
}

bool kp_fio_job_give_flag(kw_vm *vm, const kp_fio_job *j, kw_value *value)
{
    (void)vm;
    *value = kw_bool(j->number != 0);
    return true;
}

bool kp_fio_job_push_text(kw_vm *vm, kw_list *list, const char *text, size_t size)
{
    kw_string *s = kw_string_new(vm, text, size);
    return s != NULL && kw_list_push(vm, list, kw_of_string(s)) && kw_go_on(vm);
}

/* ---- Where we are ---------------------------------------------------------------------------- */

char *kp_fio_job_here(void)
{
    enum { FIRST_ROOM = 256 };
    for (size_t room = FIRST_ROOM;; room *= 2) {
        char *here = malloc(room);
        if (here == NULL || getcwd(here, room) != NULL)
            return here;
        free(here);
        if (errno != ERANGE)
            return NULL;
    }
}
