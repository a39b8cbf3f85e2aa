/* main.c - the kiwi command: find the program, hand it to the interpreter, pass on its exit code.
 *
 * It uses the installed header only, as any other program that embeds Kiwi would.  Where Kiwi 1.4.3
 * prints its own complaints on standard output and exits with 0, this command uses standard error and
 * EXIT_USAGE. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/allocator.h"
#include "cli/interact.h"
#include "cli/output.h"
#include "cli/workers.h"
#include "kiwi/kiwi.h"

#define LANGUAGE_VERSION "1.4.3" /* of the Kiwi whose scripts run here */

enum { EXIT_USAGE = 2 };                 /* a bad command line, or a file that cannot be read */
enum { MAX_PROGRAM = 40 * 1024 * 1024 }; /* bytes of a program from standard input */

typedef enum action {
    DO_RUN_FILE,
    DO_RUN_CODE,
    DO_RUN_STDIN,
    DO_INTERACT,
    DO_CHECK,
    DO_DISASSEMBLE,
    DO_NEW,
    DO_HELP,
    DO_VERSION,
    DO_DOCUMENT,
    DO_DESCRIBE,
    DO_PAGE
} action;

/* What the command line asks for.  Texts belong to argv, `path` is malloc'ed. */
typedef struct request {
    action what;
    bool decided;      /* `what` was named: the words that follow are the program's arguments */
    char *path;        /* DO_RUN_FILE: the script, as found; else NULL */
    const char *word;  /* DO_RUN_CODE: the text; DO_CHECK, DO_DISASSEMBLE, DO_NEW: the file;
                          DO_DOCUMENT: a name or NULL */
    const char *lost;  /* the first word that is neither option nor file, or NULL */
    const char **args; /* the program's arguments */
    int workers;       /* processes that run it; 0: this one */
    kiwi_vm_options options;
} request;

static const char usage[] =
    "Usage: kiwi [options] [script] [arguments]\n"
    "\n"
    "Runs a Kiwi script; without one, the program on standard input, or on a terminal what is\n"
    "typed there.\n"
    "\n"
    "  -e, --execute CODE      run CODE\n"
    "  -c, --check FILE        look for syntax errors only\n"
    "  --disassemble FILE      print the bytecode of FILE\n"
    "  -i, --interactive       read, evaluate and print what is typed\n"
    "  -n, --new FILE          create an empty script\n"
    "  -p, --stdlib-path DIR   run the *.kiwi files of DIR in place of the standard library\n"
    "  -ns, --no-stdlib        run without the standard library\n"
    "  -sm, --safemode         forbid files, processes and the network\n"
    "  -                       run the program on standard input\n"
    "  --memory-limit SIZE     let the script use SIZE bytes at most (64m: k, m or g may follow)\n"
    "  --workers N             run the script in N processes, which share the ports they listen on\n"
    "  --doc [NAME]            tell of a package, type or function; without NAME: of all packages\n"
    "  --describe              print all of that as JSON; --doc=markdown as a page\n"
    "  -v, --version           print the version of the language\n"
    "  -h, --help              print this text\n";

/* ---- Files --------------------------------------------------------------------------------- */

static bool is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

/* `a` and `b` in one malloc'ed text; NULL without memory. */
static char *joined(const char *a, const char *b)
{
    size_t len_a = strlen(a), len_b = strlen(b);
    char *both = malloc(len_a + len_b + 1);
    if (both == NULL)
        return NULL;
    memcpy(both, a, len_a);
    memcpy(both + len_a, b, len_b + 1);
    return both;
}

/* The path that `word` names: ~/ is the home folder; ".kiwi" is added where the file has no extension
 * and does not exist without.  Malloc'ed; NULL: there is no such file. */
static char *find_script(const char *word)
{
    const char *home = getenv("HOME");
    bool tilde = strncmp(word, "~/", 2) == 0 && home != NULL;
    char *path = tilde ? joined(home, word + 1) : joined("", word);
    if (path == NULL || is_file(path))
        return path;
    const char *slash = strrchr(path, '/');
    char *longer = strchr(slash != NULL ? slash : path, '.') == NULL ? joined(path, ".kiwi") : NULL;
    free(path);
    if (longer != NULL && is_file(longer))
        return longer;
    free(longer);
    return NULL;
}

/* Read all of `from` into *text (malloc'ed).  False: it cannot be read, is too long, or no memory. */
static bool read_all(FILE *from, char **text, size_t *size)
{
    size_t room = 64 * 1024, used = 0;
    char *buf = malloc(room);
    while (buf != NULL) {
        used += fread(buf + used, 1, room - used, from);
        if (used < room)
            break;
        if (used > MAX_PROGRAM)
            goto fail;
        char *more = realloc(buf, room * 2);
        if (more == NULL)
            goto fail;
        buf = more;
        room *= 2;
    }
    if (buf == NULL || ferror(from) || used > MAX_PROGRAM)
        goto fail;
    *text = buf;
    *size = used;
    return true;

fail:
    free(buf);
    return false;
}

/* ---- The command line ---------------------------------------------------------------------- */

/* Is `word` the option `brief` or `full`?  Case is ignored. */
static bool is_option(const char *word, const char *brief, const char *full)
{
    return strcasecmp(word, brief) == 0 || strcasecmp(word, full) == 0;
}

static void decide(request *req, action what)
{
    req->what = what;
    req->decided = true;
}

/* The word after argv[*i], which becomes *i; NULL after a complaint if there is none. */
static const char *next_word(int argc, char **argv, int *i, const char *complaint)
{
    if (*i + 1 < argc)
        return argv[++*i];
    fprintf(stderr, "%s\n", complaint);
    return NULL;
}

/* A number of bytes that is not 0; k, m or g may follow. */
static bool is_size(const char *text)
{
    enum { MOST_DIGITS = 19 }; /* of what fits into 64 bits */
    size_t digits = strspn(text, "0123456789");
    size_t suffix = strspn(text + digits, "kKmMgG");
    return digits > 0 && digits <= MOST_DIGITS && strspn(text, "0") < digits && suffix <= 1 &&
           text[digits + suffix] == '\0';
}

/* The variable of the environment is what the interpreter reads, and the programs which the script runs.
 * False after a complaint. */
static bool limit_memory(const char *size)
{
    if (is_size(size) && setenv("KIWI_MEMORY_LIMIT", size, 1) == 0)
        return true;
    fprintf(stderr, "Not a size for `--memory-limit`: %s\n", size);
    return false;
}

/* False after a complaint. */
static bool take_workers(request *req, const char *count)
{
    char *end;
    long n = strtol(count, &end, 10);
    req->workers = n >= 1 && n <= KC_WORKERS_MAX && *end == '\0' ? (int)n : 0;
    if (req->workers == 0)
        fprintf(stderr, "Not a number of workers from 1 to %d: %s\n", KC_WORKERS_MAX, count);
    return req->workers > 0;
}

/* Take the option argv[*i], with the word it needs.  False after a complaint. */
static bool take_option(request *req, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    const char *file_expected = "Expected a file path.";
    if (is_option(word, "-v", "--version")) {
        decide(req, DO_VERSION);
    } else if (is_option(word, "-h", "--help")) {
        decide(req, DO_HELP);
    } else if (strcasecmp(word, "--describe") == 0) {
        decide(req, DO_DESCRIBE);
    } else if (strcasecmp(word, "--doc") == 0) {
        decide(req, DO_DOCUMENT);
        req->word = *i + 1 < argc ? argv[++*i] : NULL;
    } else if (is_option(word, "-ns", "--no-stdlib")) {
        req->options.no_stdlib = true;
    } else if (is_option(word, "-sm", "--safemode")) {
        req->options.safe_mode = true;
    } else if (is_option(word, "-p", "--stdlib-path")) {
        req->options.stdlib_path = next_word(argc, argv, i, "Expected a folder after `-p`.");
        return req->options.stdlib_path != NULL;
    } else if (strcasecmp(word, "--memory-limit") == 0) {
        const char *size = next_word(argc, argv, i, "Expected a size after `--memory-limit`.");
        return size != NULL && limit_memory(size);
    } else if (strcasecmp(word, "--workers") == 0) {
        const char *count = next_word(argc, argv, i, "Expected a number after `--workers`.");
        return count != NULL && take_workers(req, count);
    } else if (is_option(word, "-e", "--execute")) {
        decide(req, DO_RUN_CODE);
        req->word = next_word(argc, argv, i, "Expected code string after `-e`.");
        return req->word != NULL;
    } else if (is_option(word, "-c", "--check")) {
        decide(req, DO_CHECK);
        req->word = next_word(argc, argv, i, file_expected);
        return req->word != NULL;
    } else if (strcasecmp(word, "--disassemble") == 0) {
        decide(req, DO_DISASSEMBLE);
        req->word = next_word(argc, argv, i, file_expected);
        return req->word != NULL;
    } else if (is_option(word, "-i", "--interactive")) {
        decide(req, DO_INTERACT);
    } else if (is_option(word, "-n", "--new")) {
        decide(req, DO_NEW);
        req->word = next_word(argc, argv, i, file_expected);
        return req->word != NULL;
    } else {
        fprintf(stderr, "Unknown option: %s\n", word);
        return false;
    }
    return true;
}

/* Fill *req, which is all zero, from the command line.  False after a complaint. */
static bool parse_command_line(request *req, int argc, char **argv)
{
    req->args = calloc((size_t)argc + 1, sizeof(req->args[0]));
    if (req->args == NULL) {
        fputs("kiwi: out of memory\n", stderr);
        return false;
    }
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i];
        if (req->decided) {
            req->args[req->options.argc++] = word;
        } else if (strcmp(word, "-") == 0) {
            decide(req, DO_RUN_STDIN);
        } else if (strcasecmp(word, "--doc=markdown") == 0) {
            decide(req, DO_PAGE);
        } else if (word[0] == '-' && strchr(word, '=') == NULL) {
            if (!take_option(req, argc, argv, &i))
                return false;
        } else if (word[0] != '-' && (req->path = find_script(word)) != NULL) {
            decide(req, DO_RUN_FILE);
        } else { /* -k=v, or a word before the script */
            req->args[req->options.argc++] = word;
            if (word[0] != '-' && req->lost == NULL)
                req->lost = word;
        }
    }
    if (!req->decided && req->lost != NULL) {
        fprintf(stderr, "The file does not exist: %s\n", req->lost);
        return false;
    }
    if (!req->decided)
        req->what = isatty(STDIN_FILENO) ? DO_INTERACT : DO_RUN_STDIN;
    if (req->workers > 0 && req->what != DO_RUN_FILE && req->what != DO_RUN_CODE) {
        fputs("Expected a script for `--workers`.\n", stderr);
        return false;
    }
    req->options.command = argc > 0 ? argv[0] : "kiwi";
    req->options.argv = req->args;
    req->options.script = req->path;
    return true;
}

/* ---- Actions ------------------------------------------------------------------------------- */

static int run_stdin(kiwi_vm *vm)
{
    char *text = NULL;
    size_t size = 0;
    if (!read_all(stdin, &text, &size)) {
        fputs("kiwi: the program on standard input cannot be read\n", stderr);
        return EXIT_USAGE;
    }
    int code = size == 0 ? EXIT_SUCCESS : kiwi_run_text(vm, "", text, size);
    free(text);
    return code;
}

typedef int text_action(kiwi_vm *vm, const char *name, const char *text, size_t size);

/* Apply `act` to what the file holds. */
static int treat_file(kiwi_vm *vm, const char *name, text_action *act)
{
    char *text = NULL, *path = find_script(name);
    size_t size = 0;
    if (path == NULL) {
        fprintf(stderr, "The file does not exist: %s\n", name);
        return EXIT_USAGE;
    }
    FILE *file = fopen(path, "rb");
    int code = EXIT_USAGE;
    if (file == NULL || !read_all(file, &text, &size)) {
        fprintf(stderr, "The file cannot be read: %s\n", name);
        goto out;
    }
    code = act(vm, path, text, size) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
out:
    if (file != NULL)
        fclose(file);
    free(text);
    free(path);
    return code;
}

static int check_file(kiwi_vm *vm, const char *name)
{
    int code = treat_file(vm, name, kiwi_check_text);
    if (code == EXIT_SUCCESS) {
        kc_output("No syntax errors found in: ");
        kc_output(name);
        kc_output("\n");
    }
    return code;
}

static int new_file(const char *name)
{
    FILE *file = fopen(name, "wx"); /* x: what is there already stays as it is */
    if (file == NULL || fclose(file) != 0) {
        fprintf(stderr, "The file cannot be created: %s\n", name);
        return EXIT_USAGE;
    }
    return EXIT_SUCCESS;
}

/* Why there is no interpreter: an error of kiwi_vm_new(). */
static void complain(int error)
{
    static const char *const sizes[] = {"KIWI_MEMORY_LIMIT", "KIWI_LEFTOVERS"};
    fputs("kiwi: the interpreter cannot be started", stderr);
    for (size_t i = 0; error == EINVAL && i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        const char *text = getenv(sizes[i]);
        if (text != NULL && text[0] != '\0' && !is_size(text))
            fprintf(stderr, "; %s is no size: %s", sizes[i], text);
    }
    fputc('\n', stderr);
}

static int run_request(const request *req)
{
    kiwi_vm *vm = NULL;
    int error = kiwi_vm_new(&req->options, &vm);
    if (error != 0) {
        complain(error);
        return EXIT_USAGE;
    }
    int code = EXIT_FAILURE;
    if (req->what == DO_RUN_FILE)
        code = kiwi_run_file(vm, req->path);
    else if (req->what == DO_RUN_CODE)
        code = kiwi_run_text(vm, "", req->word, strlen(req->word));
    else if (req->what == DO_CHECK)
        code = check_file(vm, req->word);
    else if (req->what == DO_DISASSEMBLE)
        code = treat_file(vm, req->word, kiwi_disassemble_text);
    else if (req->what == DO_INTERACT)
        code = kc_interact(vm);
    else
        code = run_stdin(vm);
    kiwi_vm_free(vm);
    return code;
}

static int tell(const char *name, kiwi_document_form form)
{
    char *text = kiwi_document(name, form);
    if (text == NULL) {
        fprintf(stderr, errno == ENOENT ? "Nothing is called: %s\n" : "kiwi: out of memory\n", name);
        return EXIT_FAILURE;
    }
    kc_output(text);
    free(text);
    return EXIT_SUCCESS;
}

static int perform(const request *req)
{
    switch (req->what) {
    case DO_DOCUMENT: return tell(req->word, KIWI_DOCUMENT_TEXT);
    case DO_DESCRIBE: return tell(NULL, KIWI_DOCUMENT_JSON);
    case DO_PAGE: return tell(NULL, KIWI_DOCUMENT_MARKDOWN);
    case DO_VERSION:
        kc_output("kiwi " LANGUAGE_VERSION "\n"); /* what scripts can rely on; the library has a version of its own */
        return EXIT_SUCCESS;
    case DO_HELP: kc_output(usage); return EXIT_SUCCESS;
    case DO_NEW: return new_file(req->word);
    case DO_RUN_FILE:
    case DO_RUN_CODE:
    case DO_RUN_STDIN:
    case DO_INTERACT:
    case DO_CHECK:
    case DO_DISASSEMBLE: break;
    }
    return run_request(req);
}

/* The same in as many processes as are asked for. */
static int perform_all(request *req)
{
    unsigned char secret[KIWI_SECRET_SIZE];
    int code = EXIT_FAILURE;
    if (req->workers > 0) {
        if (!kc_workers_split(req->workers, secret, &code))
            return code;
        req->options.siblings = secret;
    }
    return perform(req);
}

/* A standard descriptor that is closed would be the next socket or file, which would then get what is
 * printed.  Hold its place by one that cannot be used that way, so that the error shows. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* A file that has reached the limit of its size is an error of the script (EFBIG), not the end of the process. */
static void survive_full_files(void)
{
#if defined(SIGXFSZ)
    struct sigaction now;
    if (sigaction(SIGXFSZ, NULL, &now) == 0 && now.sa_handler == SIG_DFL) {
        now.sa_handler = SIG_IGN;
        (void)sigaction(SIGXFSZ, &now, NULL);
    }
#endif
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    survive_full_files();
    kc_allocator_keep_freed_memory();
    request req = {.what = DO_RUN_STDIN};
    int code = parse_command_line(&req, argc, argv) ? perform_all(&req) : EXIT_USAGE;
    int error = fflush(stdout) != 0 ? errno : kc_output_error(); /* readline prints by stdio */
    if (error != 0 && code == EXIT_SUCCESS) {
        if (error != EPIPE) /* nobody reads it: no word about it */
            fputs("kiwi: standard output cannot be written\n", stderr);
        code = EXIT_FAILURE;
    }
    free(req.args);
    free(req.path);
    return code;
}
