/* out.c - what scripts print: standard output through a buffer, standard error at once.
 *
 * Nothing is dropped while somebody may still read it: a descriptor that is full and does not block is
 * waited for.  When nobody reads standard output any more the program ends without a word, as a filter
 * does; any other failure is told on standard error and ends it, too.  What goes wrong with standard
 * error itself is told to nobody. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/interp.h"

/* A script that prints line by line should not pay a system call for each.  A terminal gets every
 * line at once. */
struct kw_output {
    char text[1 << 15];
    size_t size;
    bool terminal;
    bool failed; /* what is printed from here on is dropped */
};

struct kw_output *kw_out_new(void)
{
    struct kw_output *out = malloc(sizeof(*out));
    if (out == NULL)
        return NULL;
    out->size = 0;
    out->terminal = isatty(STDOUT_FILENO) != 0;
    out->failed = false;
    return out;
}

/* The next write() may wait for a reader that is slow: not with what was submitted.  The line of a reader that
 * keeps up is not worth it. */
static void flush_if_slow(kw_vm *vm, int fd, size_t size)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    if (size > _POSIX_PIPE_BUF || poll(&room, 1, 0) <= 0)
        kw_port_flush(vm);
}

/* The descriptor does not block: wait. */
static void wait_for_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    (void)poll(&room, 1, -1); /* whatever it says, the next write() knows */
}

/* 0, or the errno of the write() that failed. */
static int write_all(kw_vm *vm, int fd, const char *text, size_t size)
{
    while (size > 0) {
        flush_if_slow(vm, fd, size);
        ssize_t n = write(fd, text, size);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            wait_for_room(fd);
        else if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0) {
            text += n;
            size -= (size_t)n;
        }
    }
    return 0;
}

/* The program ends at once: at the statement that printed, or where it waits. */
static void fail(kw_vm *vm, int error)
{
    char why[96];
    vm->output->failed = true;
    vm->exiting = true;
    vm->exit_code = error == EPIPE ? KW_OUTPUT_GONE : EXIT_FAILURE;
    if (error == EPIPE)
        return;
    kw_out(vm, 2, "kiwi: cannot write to standard output: ", 39);
    const char *text = kb_error_errno_text(error, why, sizeof(why));
    kw_out(vm, 2, text, strlen(text));
    kw_out(vm, 2, "\n", 1);
}

static bool put(kw_vm *vm, const char *text, size_t size)
{
    if (vm->output->failed)
        return false;
    int error = write_all(vm, STDOUT_FILENO, text, size);
    if (error != 0)
        fail(vm, error);
    return error == 0;
}

bool kw_out_flush(kw_vm *vm)
{
    size_t size = vm->output->size;
    vm->output->size = 0;
    return put(vm, vm->output->text, size);
}

bool kw_out(kw_vm *vm, int stream, const char *text, size_t size)
{
    struct kw_output *out = vm->output;
    if (stream == 2) {
        if (!out->failed)
            (void)kw_out_flush(vm); /* keep the order of what is written */
        (void)write_all(vm, STDERR_FILENO, text, size);
        return !out->failed;
    }
    if (size > sizeof(out->text) - out->size && !kw_out_flush(vm))
        return false;
    if (size > sizeof(out->text))
        return put(vm, text, size);
    memcpy(out->text + out->size, text, size);
    out->size += size;
    if (out->terminal && memchr(text, '\n', size) != NULL)
        return kw_out_flush(vm);
    return !out->failed;
}

bool kw_out_is_terminal(const kw_vm *vm)
{
    return vm->output->terminal;
}
