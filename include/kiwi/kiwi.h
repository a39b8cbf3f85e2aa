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
 * Threads: a kiwi_vm belongs to the thread that made it; only kiwi_version() may be called from
 * others.  Several interpreters may exist in one process, each on a thread of its own.
 * Output: scripts print to the standard output and standard error of the process.  Both are
 * flushed before any function here returns.
 * Signals: SIGPIPE is never raised by what a script does on a socket; no handler is installed
 * here.
 * Source: reference, "Program and command line", "Uncaught errors". */
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
    size_t memory_limit;     /* bytes of heap; 0: KIWI_MEMORY_LIMIT of the environment, else no limit */
} kiwi_vm_options;

/* Make an interpreter in *out (NULL on failure).  No thread is started and no file is read before
 * a script needs it.  Returns 0, ENOMEM or EINVAL (a negative argc, argv missing, a malformed
 * limit in the environment). */
KIWI_API int kiwi_vm_new(const kiwi_vm_options *options, kiwi_vm **out);

/* Run the program in the file `path` and wait for its pending tasks.  Returns its exit code, 0 to 255:
 *   0     the program ended normally
 *   n     it called `exit n` (modulo 256; then pending tasks are not waited for)
 *   1     an uncaught error or a syntax error; its report has gone to standard error
 *   2     `path` cannot be read, or is no UTF-8 text; one line about it has gone to standard error */
KIWI_API int kiwi_run_file(kiwi_vm *vm, const char *path);

/* The same for `size` bytes of program text (NUL bytes are an error of the program like any other).
 * `name` stands for the path in messages; NULL or "" for text that has none ("File: :2:0"). */
KIWI_API int kiwi_run_text(kiwi_vm *vm, const char *name, const char *text, size_t size);

/* Parse only.  Returns 0, or 1 after the errors have been printed to standard error. */
KIWI_API int kiwi_check_text(kiwi_vm *vm, const char *name, const char *text, size_t size);

/* For interactive use.  Run `text`; tasks that it begins go on with what is run next on this
 * kiwi_vm.  The value of its last statement, if it is not null, is written to standard output.
 * Returns as kiwi_run_text() does; *ended tells whether the program called `exit`. */
KIWI_API int kiwi_eval_text(kiwi_vm *vm, const char *text, size_t size, bool *ended);

/* Is the text the beginning of a program of which only the rest is missing, such as an `end`?
 * Needs no kiwi_vm; callable from any thread. */
KIWI_API bool kiwi_text_continues(const char *text, size_t size);

/* Raise InterruptError in the program that runs; where it has ended and its tasks are waited for,
 * end the wait (exit code 130).  Async-signal-safe, on the thread of the kiwi_vm. */
KIWI_API void kiwi_interrupt(kiwi_vm *vm);

/* Compile only, and write the bytecode to standard output.  Returns 0, or 1 after the errors have
 * been printed to standard error. */
KIWI_API int kiwi_disassemble_text(kiwi_vm *vm, const char *name, const char *text, size_t size);

/* Close the program's sockets, end its tasks and threads, free everything.  NULL is allowed. */
KIWI_API void kiwi_vm_free(kiwi_vm *vm);

/* The version of this library, as in "0.1.0".  Constant text. */
KIWI_API const char *kiwi_version(void);

#ifdef __cplusplus
}
#endif

#endif
