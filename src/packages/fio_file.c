/* fio_file.c - struct File of package fio: open files.  The work is stream.c's; this is what scripts see of it. */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "packages/fio.h"
#include "packages/fio_left.h"
#include "packages/job.h"
#include "packages/pathname.h"
#include "packages/piece.h"
#include "packages/stream.h"
#include "types/types.h"

typedef struct file {
    kp_left *left;
    kp_stream *stream; /* that one's */
    kw_string *path;   /* for error texts; marked */
} file;

static void mark_file(kw_vm *vm, void *data)
{
    kw_gc_mark_obj(vm, ((file *)data)->path);
}

static void free_file(kw_vm *vm, void *data) /* one that was not closed, but forgotten */
{
    kp_fio_left_forget(((file *)data)->left);
    kw_heap_release(vm, data, sizeof(file));
}

/* ---- Jobs -------------------------------------------------------------------------------------- */

typedef struct file_job file_job;

typedef struct action {
    int (*work)(file_job *j, bool aside);
    bool (*give)(kw_vm *vm, file_job *j, kw_value *value);
    bool reads;
} action;

struct file_job {
    kp_job job;
    const action *action;
    kp_stream *stream;
    char *path; /* for error texts, and of open */
    char *mode;
    kp_want want; /* of reads; */
    char *stop;   /* owned */
    bool line, ended;
    const void *data; /* of writes; `copied`: is the job's own */
    void *copied;
    size_t size;
    int64_t offset; /* of seek */
    int whence;
    int error;
    kp_disk_bytes out;
};

static void work(kp_job *job)
{
    file_job *j = (file_job *)(void *)job;
    j->error = j->action->work(j, true);
}

static void free_job(kp_job *job)
{
    file_job *j = (file_job *)(void *)job;
    if (j->stream != NULL)
        kp_stream_drop(j->stream);
    free(j->path);
    free(j->mode);
    free(j->stop);
    free(j->copied);
    kp_disk_release(&j->out);
}

static bool fail(kw_vm *vm, const file_job *j)
{
    char why[96];
    if (j->error == EBADF)
        (void)kw_throw(vm, "InvalidOperationError", "The file is closed: '%s'", j->path);
    else if (j->error == ENOMEM)
        (void)kp_job_no_memory(vm, &j->job, j->path);
    else if (j->action->reads)
        (void)kw_throw(vm, "FileReadError", "Failed to read file: '%s'", j->path);
    else
        (void)kw_throw(vm, "FileSystemError", "Could not write to file: %s", j->path);
    kp_host_reason(vm, kb_error_errno_text(j->error, why, sizeof(why)));
    return false;
}

static bool give(kw_vm *vm, kp_job *job, kw_value *value)
{
    file_job *j = (file_job *)(void *)job;
    return j->error != 0 ? fail(vm, j) : j->action->give == NULL || j->action->give(vm, j, value);
}

static const kp_job_kind job_kind = {.size = sizeof(file_job), .work = work, .give = give, .free = free_job};

static file_job *new_job(kw_vm *vm, const action *what, const kw_string *path)
{
    file_job *j = (file_job *)(void *)kp_job_new(vm, &job_kind);
    if (j == NULL)
        return NULL;
    j->action = what;
    j->out.claim = &j->job.claim;
    j->path = strdup(path->text);
    if (j->path != NULL)
        return j;
    kp_job_drop(&j->job);
    (void)kw_throw_memory(vm, path->size);
    return NULL;
}

/* A job for the receiver's stream.  NULL: thrown. */
static file_job *begin(kw_vm *vm, const kw_call *call, const action *what)
{
    const file *f = kp_struct_handle(vm, call, &kp_fio_file);
    file_job *j = f == NULL ? NULL : new_job(vm, what, f->path);
    if (j != NULL)
        j->stream = kp_stream_ref(f->stream);
    return j;
}

/* Do it at once if that cannot take long; else on a thread, which has data of its own. */
static kw_result run(kw_vm *vm, kw_call *call, file_job *j)
{
    kw_value value = kw_null();
    j->error = j->action->work(j, false);
    if (j->error != EAGAIN) {
        bool given = kp_job_give(vm, &j->job, &value);
        kp_job_drop(&j->job);
        return given ? kw_return(call, value) : KW_THROWN;
    }
    kw_result room = kp_job_claim(vm, call, &j->job, j->size);
    if (room != KW_DONE)
        return room;
    if (j->size > 0) {
        assert(j->copied == NULL);
        j->copied = malloc(j->size);
        if (j->copied == NULL) {
            kp_job_drop(&j->job);
            return kw_throw_memory(vm, j->size);
        }
        j->data = memcpy(j->copied, j->data, j->size);
    }
    return kp_job_aside(vm, call, &j->job);
}

/* ---- Opening ----------------------------------------------------------------------------------- */

/* A pipe may wait for its other end. */
static int do_open(file_job *j, bool aside)
{
    struct stat s;
    if (!aside && stat(j->path, &s) == 0 && !S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode))
        return EAGAIN;
    return kp_stream_open(j->path, j->mode, &j->stream);
}

static bool give_file(kw_vm *vm, file_job *j, kw_value *value)
{
    assert(j->stream != NULL);
    kp_left *left = kp_fio_left_new(vm, j->stream);
    j->stream = NULL;
    if (left == NULL)
        return false;
    kw_object *object = kw_object_new(vm, kp_struct_class(vm, &kp_fio_file));
    file *f = kw_heap_realloc(vm, NULL, 0, sizeof(*f));
    *f = (file){.left = left, .stream = kp_fio_left_stream(left), .path = kw_string_new(vm, j->path, strlen(j->path))};
    kp_struct_give_handle(vm, object, &kp_fio_file, f);
    *value = kw_of_obj(KW_OBJECT, object);
    return true;
}

static const action open_to_read = {do_open, give_file, true};
static const action open_to_write = {do_open, give_file, false};

static bool is_mode(const char *mode)
{
    size_t more = mode[0] != '\0' && strchr("rwa", mode[0]) != NULL ? strlen(mode + 1) : 3;
    return more == strspn(mode + 1, "+b") && more <= 2 && (more < 2 || mode[1] != mode[2]);
}

kw_result kp_fio_file_open(kw_vm *vm, kw_call *call)
{
    const kw_string *path = kw_native_operand(call, 0).as.string, *mode = kw_native_argument(call, 1).as.string;
    if (mode->size == 0 || !is_mode(mode->text))
        return kw_throw(vm, "InvalidOperationError", "Invalid mode '%s': expected r, w or a, with + or b.", mode->text);
    if (kp_args_text(vm, call, 0, "A path") == NULL)
        return KW_THROWN;
    kp_lefts *lefts = kp_state_known(vm, &kp_fio);
    if (lefts != NULL)
        kp_fio_left_collect(vm, lefts); /* their descriptors may be missing */
    file_job *j = new_job(vm, mode->text[0] == 'r' ? &open_to_read : &open_to_write, path);
    if (j == NULL)
        return KW_THROWN;
    j->mode = strdup(mode->text);
    if (j->mode == NULL) {
        kp_job_drop(&j->job);
        return kw_throw_memory(vm, mode->size);
    }
    return run(vm, call, j);
}

/* ---- Reading ----------------------------------------------------------------------------------- */

static int do_read(file_job *j, bool aside)
{
    return kp_stream_read(j->stream, &j->want, aside, &j->out, &j->ended);
}

/* Null at the end of the file. */
static bool give_read(kw_vm *vm, file_job *j, kw_value *value)
{
    if (j->ended)
        return true;
    if (j->line && j->out.size > 0 && j->out.data[j->out.size - 1] == '\r')
        j->out.size--;
    if (kp_stream_is_binary(j->stream) && !j->line) {
        *value = kw_of_bytes(kw_bytes_adopt(vm, j->out.data, j->out.size));
        j->out = (kp_disk_bytes){.claim = NULL}; /* which is settled */
        return true;
    }
    kw_string *s = kw_string_new(vm, j->out.size > 0 ? (const char *)j->out.data : "", j->out.size);
    if (s != NULL)
        *value = kw_of_string(s);
    return s != NULL;
}

/* The lines of a text, whose last one has no end. */
static bool give_lines(kw_vm *vm, file_job *j, kw_value *value)
{
    const char *at = j->out.size > 0 ? (const char *)j->out.data : "", *end = at + j->out.size, *stop;
    if (j->ended)
        return true;
    kw_list *list = kw_list_new(vm, 0);
    *value = kw_of_list(list);
    do {
        stop = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        size_t size = (size_t)((stop != NULL ? stop : end) - at);
        kw_string *s = kw_string_new(vm, size > 0 ? at : "", size > 0 && at[size - 1] == '\r' ? size - 1 : size);
        if (s == NULL || !kw_list_push(vm, list, kw_of_string(s)))
            return false;
        at = stop != NULL ? stop + 1 : end;
    } while (stop != NULL);
    return true;
}

static const action action_lines = {do_read, give_lines, true};
static const action action_read = {do_read, give_read, true};

/* The job for a read; NULL: thrown. */
static file_job *begin_read(kw_vm *vm, kw_call *call, const action *what)
{
    file_job *j = begin(vm, call, what);
    if (j == NULL)
        return NULL;
    j->want = (kp_want){.most = SIZE_MAX, .text = !kp_stream_is_binary(j->stream)};
    if (kp_stream_reads(j->stream))
        return j;
    (void)kw_throw(vm, "InvalidOperationError", "The file is not open for reading: '%s'", j->path);
    kp_job_drop(&j->job);
    return NULL;
}

static kw_result file_read(kw_vm *vm, kw_call *call)
{
    kw_value most = kw_arg(call, 0);
    if (kw_is(most, KW_INT) && most.as.i < 0)
        return kw_throw(vm, "InvalidOperationError", "Invalid size %lld.", (long long)most.as.i);
    file_job *j = begin_read(vm, call, &action_read);
    if (j == NULL)
        return KW_THROWN;
    if (kw_is(most, KW_INT))
        j->want.most = kw_to_size(most.as.i);
    return run(vm, call, j);
}

static kw_result read_to(kw_vm *vm, kw_call *call, const void *stop, size_t size, bool line)
{
    file_job *j = begin_read(vm, call, &action_read);
    if (j == NULL)
        return KW_THROWN;
    j->stop = malloc(size);
    if (j->stop == NULL) {
        kp_job_drop(&j->job);
        return kw_throw_memory(vm, size);
    }
    j->want.stop = memcpy(j->stop, stop, size);
    j->want.stop_size = size;
    j->line = line;
    return run(vm, call, j);
}

static kw_result file_read_line(kw_vm *vm, kw_call *call)
{
    return read_to(vm, call, "\n", 1, true);
}

/* __lines__(): those that one look at the file gives; null at its end. */
static kw_result file_lines(kw_vm *vm, kw_call *call)
{
    file_job *j = begin_read(vm, call, &action_lines);
    if (j == NULL)
        return KW_THROWN;
    j->want.stop = "\n";
    j->want.stop_size = 1;
    j->want.many = true;
    return run(vm, call, j);
}

static kw_result file_read_until(kw_vm *vm, kw_call *call)
{
    kp_piece stop = kp_piece_of(kw_arg(call, 0));
    if (stop.size == 0)
        return kw_throw(vm, "InvalidOperationError", "The delimiter must not be empty.");
    return read_to(vm, call, stop.data, stop.size, false);
}

/* ---- Writing ----------------------------------------------------------------------------------- */

static int do_write(file_job *j, bool aside)
{
    return kp_stream_write(j->stream, j->data, j->size, aside);
}

static bool give_size(kw_vm *vm, file_job *j, kw_value *value)
{
    (void)vm;
    *value = kw_int((int64_t)j->size);
    return true;
}

static int do_flush(file_job *j, bool aside)
{
    return kp_stream_flush(j->stream, aside);
}

static int do_close(file_job *j, bool aside)
{
    return kp_stream_close(j->stream, aside);
}

static int do_seek(file_job *j, bool aside)
{
    return kp_stream_seek(j->stream, j->offset, j->whence, aside, &j->offset);
}

static bool give_place(kw_vm *vm, file_job *j, kw_value *value)
{
    (void)vm;
    *value = kw_int(j->offset);
    return true;
}

static const action action_write = {do_write, give_size, false};
static const action action_flush = {do_flush, NULL, false};
static const action action_close = {do_close, NULL, false};
static const action action_seek = {do_seek, give_place, true};

static kw_result file_write(kw_vm *vm, kw_call *call)
{
    file_job *j = begin(vm, call, &action_write);
    if (j == NULL)
        return KW_THROWN;
    if (!kp_stream_writes(j->stream)) {
        (void)kw_throw(vm, "InvalidOperationError", "The file is not open for writing: '%s'", j->path);
        kp_job_drop(&j->job);
        return KW_THROWN;
    }
    kp_piece text = kp_piece_of(kw_arg(call, 0));
    j->data = text.data;
    j->size = text.size;
    return run(vm, call, j);
}

static kw_result simple(kw_vm *vm, kw_call *call, const action *what)
{
    file_job *j = begin(vm, call, what);
    return j == NULL ? KW_THROWN : run(vm, call, j);
}

static kw_result file_flush(kw_vm *vm, kw_call *call)
{
    return simple(vm, call, &action_flush);
}

static kw_result file_close(kw_vm *vm, kw_call *call)
{
    return simple(vm, call, &action_close);
}

static kw_result file_seek(kw_vm *vm, kw_call *call)
{
    static const struct {
        const char *name;
        int whence;
    } names[] = {{"start", SEEK_SET}, {"current", SEEK_CUR}, {"end", SEEK_END}};
    const char *from = kw_native_argument(call, 1).as.string->text;
    size_t i = 0;
    while (i < 3 && strcmp(from, names[i].name) != 0)
        i++;
    if (i == 3)
        return kw_throw(vm, "InvalidOperationError", "Invalid place '%s': expected start, current or end.", from);
    file_job *j = begin(vm, call, &action_seek);
    if (j == NULL)
        return KW_THROWN;
    j->offset = kw_arg(call, 0).as.i;
    j->whence = names[i].whence;
    return run(vm, call, j);
}

static kw_result file_new(kw_vm *vm, kw_call *call)
{
    (void)call;
    return kw_throw(vm, "InvalidOperationError", "fio::open() makes files.");
}

/* clang-format off */
static const kw_native_def methods[] = {
    {"new()", file_new, "Not to be called: fio::open() makes files.",
     "try\n  File.new()\ncatch type, message\n  println message  # => fio::open() makes files.\nend", NULL,
     KW_CHECK_NONE},
    {"read(n: integer? = null): any", file_read,
     "Read up to `n` bytes, or all that is left: a string without a cut character, in mode b bytes; null at the end.",
     "f = fio::open(path)\nprintln f.read(3)  # => one\nf.close()"},
    {"read_line(): string", file_read_line, "Read a line, without its end; null at the end of the file.",
     "f = fio::open(path)\nprintln f.read_line()  # => one\nf.close()"},
    {"read_until(delimiter: string|bytes): any", file_read_until,
     "Read up to the delimiter, which is left out; what is left where it does not come; null at the end.",
     "f = fio::open(path)\nprintln f.read_until(\"e\")  # => on\nf.close()"},
    {"write(data: string|bytes): integer", file_write, "Write; the number of bytes.",
     "f = fio::open(path, \"a\")\nprintln f.write(\"é\")  # => 2\nf.close()"},
    {"seek(offset: integer, from: string = \"start\"): integer", file_seek,
     "Go to a place, counted in bytes from the start, the current place or the end; the place from the start.",
     "f = fio::open(path)\nprintln f.seek(4)  # => 4\nprintln f.read_line()  # => two\nf.close()"},
    {"__lines__(): list", file_lines, "The next lines."},
    {"flush()", file_flush, "Give the system what was written.",
     "f = fio::open(path, \"a\")\nf.write(\"x\")\nf.flush()\nf.close()"},
    {"close()", file_close, "Write what is left and close; again: harmless.", "f = fio::open(path)\nf.close()"},
    {NULL},
};
/* clang-format on */

const kp_struct kp_fio_file = {
    .package = &kp_fio,
    .name = "File",
    .about = "An open file, from fio::open(); `for line in file` reads it line by line.",
    .methods = methods,
    .noun = "file",
    .field = "file",
    .each = "fio::__each_line__",
    .mark = mark_file,
    .free = free_file,
};
