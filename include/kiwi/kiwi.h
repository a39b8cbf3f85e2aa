/* kiwi.h - the Kiwi interpreter, for C programs.
 *
 *     kiwi_vm *vm;
 *     if (kiwi_vm_new(NULL, &vm) != 0)
 *         return 1;
 *     int code = kiwi_run_file(vm, "script.kiwi");
 *     kiwi_vm_free(vm);
 *     return code;
 *
 * A kiwi_vm is one interpreter: its heap, its global names, its sockets and tasks.  It runs one
 * program; what an earlier program of the same kiwi_vm defined stays defined for the next one.
 *
 * Threads: a kiwi_vm belongs to the thread that made it; only kiwi_version() and kiwi_interrupt() may
 * be called from others.  Several interpreters may exist in one process, each on a thread of its own.
 * Pointers: `vm` is never NULL, but in kiwi_vm_free().  Others may be NULL where their comment says so; where it does
 * not, that is an error as any other, never a crash: its report goes to standard error, or EINVAL.  Text of 0 bytes may
 * be NULL.
 * Output: scripts print to the standard output and standard error of the process.  Both are
 * flushed before any function here returns; a descriptor that does not block is waited for.
 * Warnings: a task that failed and that nobody awaited or looked at is told on standard error by a line that
 * begins with "warning:", while a program runs (after 10 s, or when the task is forgotten), when
 * kiwi_run_file() or kiwi_run_text() returns, and in kiwi_vm_free().  KIWI_TASK_WARNINGS=0 in the
 * environment turns that off.  Values of tasks that nobody has awaited yet may hold 64 MiB, or
 * KIWI_LEFTOVERS bytes (k, m, g); the oldest go first.
 * Signals: SIGPIPE is never raised by what a script does on a socket; no handler is installed
 * here.
 * Source: LANGUAGE.md 17.5 and 19. */
#ifndef KIWI_KIWI_H
#define KIWI_KIWI_H

#include <stdbool.h>
#include <stddef.h>

#ifndef KIWI_API
#if defined(__GNUC__)
#define KIWI_API __attribute__((visibility("default")))
#else
#define KIWI_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct kiwi_vm kiwi_vm;

enum { KIWI_SECRET_SIZE = 32 }; /* bytes */

/* All zero (or NULL instead of a pointer to this) is a sound choice.  The interpreter copies what
 * it keeps: nothing here need outlive kiwi_vm_new(). */
typedef struct kiwi_vm_options {
    int argc;                /* number of argv */
    const char *const *argv; /* the program's arguments, without the names of interpreter and script:
                                what env::args() gives, and "-name=value" words env::argv() */
    const char *command;     /* how the interpreter was called (argv[0]); NULL: "kiwi" */
    const char *script;      /* path of the script, for env and for imports relative to it; NULL: the
                                path given to kiwi_run_file(), or the working directory */
    const char *stdlib_path; /* folder of *.kiwi files, or one such file, to be run before the first
                                program, in place of the embedded standard library; NULL: that one */
    bool no_stdlib;          /* offer no standard library at all */
    bool safe_mode;          /* file, process and network functions raise SafeModeError */
    size_t memory_limit;     /* bytes of heap and of what the network keeps for it; 0: KIWI_MEMORY_LIMIT of
                                the environment, else 80 % of what the control group of the process may use
                                (or one around it, if that is less), at most 75 % of what the machine has */
    const void *siblings;    /* KIWI_SECRET_SIZE bytes that this process shares with others that run the same
                                script, and with nobody else: all listen on the same ports (reuse_port), and
                                take each other's TLS tickets.  NULL: there are no others */
} kiwi_vm_options;

/* Make an interpreter in *out (NULL on failure).  `options` may be NULL (all defaults).  No thread is started and no
 * file is read before a script needs it.  Returns 0, ENOMEM or EINVAL (`out` is NULL, a negative argc, argv or one of
 * its argc words missing, a malformed KIWI_MEMORY_LIMIT or
 * KIWI_LEFTOVERS in the environment). */
KIWI_API int kiwi_vm_new(const kiwi_vm_options *options, kiwi_vm **out);

/* Run the program in the file `path` and wait for its pending tasks.  Returns its exit code, 0 to 255:
 *   0     the program ended normally
 *   n     it called `exit n` (modulo 256; then pending tasks are not waited for)
 *   1     an uncaught error or a syntax error; its report has gone to standard error
 *   1     standard output could not be written; one line about it has gone to standard error
 *   141   nobody reads standard output any more (EPIPE, where SIGPIPE is ignored)
 *   2     `path` cannot be read, or is no UTF-8 text, or there is none (NULL); one line about it has gone to
 *         standard error */
KIWI_API int kiwi_run_file(kiwi_vm *vm, const char *path);

/* The same for `size` bytes of program text (NUL bytes are an error of the program like any other).
 * `name` stands for the path in messages; NULL or "" for text that has none ("File: :2:0").  2: there is no text. */
KIWI_API int kiwi_run_text(kiwi_vm *vm, const char *name, const char *text, size_t size);

/* Parse only; `name` as above.  Returns 0, or 1 after the errors have been printed to standard error; 2: no text. */
KIWI_API int kiwi_check_text(kiwi_vm *vm, const char *name, const char *text, size_t size);

/* For interactive use.  Run `text`; tasks that it begins go on with what is run next on this
 * kiwi_vm.  The value of its last statement, if it is not null, is written to standard output.
 * Returns as kiwi_run_text() does; *ended (`ended` may be NULL) tells whether the program called `exit`. */
KIWI_API int kiwi_eval_text(kiwi_vm *vm, const char *text, size_t size, bool *ended);

/* Is the text the beginning of a program of which only the rest is missing, such as an `end`?
 * Needs no kiwi_vm; callable from any thread.  false: there is no text. */
KIWI_API bool kiwi_text_continues(const char *text, size_t size);

/* Raise InterruptError in the program that runs, or waits; where it has ended and its tasks are waited for,
 * end the wait (exit code 130).  What was asked for before the program began does not count.
 * Async-signal-safe, and callable from any thread until kiwi_vm_free() is called. */
KIWI_API void kiwi_interrupt(kiwi_vm *vm);

/* Compile only, and write the bytecode to standard output; `name` as above.  Returns 0, or 1 after the errors have
 * been printed to standard error; 2: no text. */
KIWI_API int kiwi_disassemble_text(kiwi_vm *vm, const char *name, const char *text, size_t size);

/* Close the program's sockets, end its tasks and threads, free everything.  NULL is allowed. */
KIWI_API void kiwi_vm_free(kiwi_vm *vm);

/* The version of this library, as in "0.1.0".  Constant text. */
KIWI_API const char *kiwi_version(void);

/* What scripts can call, told from the interpreter's own tables. */
typedef enum kiwi_document_form {
    KIWI_DOCUMENT_TEXT,     /* for people: a package, type, function or method; name NULL: all packages */
    KIWI_DOCUMENT_JSON,     /* all, for programs: a list of objects; the name is not looked at */
    KIWI_DOCUMENT_MARKDOWN, /* all, as a page; the name is not looked at */
} kiwi_document_form;

/* A malloc'ed text about `name` ("socket", "socket::recv", "string.split"), to be freed by the caller.
 * NULL with errno: ENOENT (there is nothing of that name) or ENOMEM.  Any thread; no interpreter is needed. */
KIWI_API char *kiwi_document(const char *name, kiwi_document_form form);

#ifdef __cplusplus
}
#endif

#endif
