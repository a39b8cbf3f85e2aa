/* line.c - lines from the terminal: by readline, else by the terminal's own editing.  See line.h. */
#include "config.h"

#include "cli/line.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

void kc_line_interrupt(void)
{
    interrupted = 1;
}

/* Wait until `fd` can be read; false: a signal came.  SIGINT is let in only while we look, so that one
 * which comes just before the wait is not missed. */
static bool wait_for_input(int fd, bool (*interrupt_came)(void))
{
    sigset_t only, before;
    fd_set set;
    bool ready = false;
    (void)sigemptyset(&only);
    (void)sigaddset(&only, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &only, &before);
    FD_ZERO(&set);
    FD_SET((unsigned)fd, &set); /* unsigned: in some libraries a macro that computes with it */
    if (!interrupt_came())
        ready = pselect(fd + 1, &set, NULL, NULL, NULL, &before) >= 0 || errno != EINTR;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ready;
}

#ifdef HAVE_READLINE

#include <readline/history.h>
#include <readline/readline.h>

enum { HISTORY_LINES = 1000 };

static bool given_up; /* the line being read */

static bool interrupt_came(void)
{
    return interrupted || rl_pending_signal() == SIGINT;
}

/* A byte of input for readline, whose own function goes on reading after SIGINT.  Readline's handlers only
 * note a signal; they pass it on when they are asked. */
static int get_byte(FILE *in)
{
    unsigned char c;
    while (!wait_for_input(fileno(in), interrupt_came)) {
        if (interrupt_came()) {
            given_up = true;
            rl_replace_line("", 0);
            return '\n';
        }
        rl_check_signals();
    }
    return read(fileno(in), &c, 1) == 1 ? c : EOF;
}

kc_line_end kc_line_read(const char *prompt, char **line)
{
    interrupted = 0;
    given_up = false;
    rl_getc_function = get_byte;
    *line = readline(prompt);
    if (given_up) {
        free(*line);
        *line = NULL;
        return KC_LINE_INTERRUPTED;
    }
    return *line != NULL ? KC_LINE : KC_LINE_EOF;
}

void kc_line_remember(const char *line)
{
    if (line[0] != '\0')
        add_history(line);
}

/* Read or write (`act`) the file of the history. */
static void with_file(int (*act)(const char *path))
{
    const char *home = getenv("HOME");
    char path[4096];
    if (home == NULL || home[0] == '\0')
        return;
    int size = snprintf(path, sizeof(path), "%s/.kiwi_history", home);
    if (size > 0 && (size_t)size < sizeof(path))
        (void)act(path);
}

void kc_line_load(void)
{
    using_history();
    stifle_history(HISTORY_LINES);
    with_file(read_history);
}

void kc_line_save(void)
{
    with_file(write_history);
}

#else

#include "cli/output.h"

static bool interrupt_came(void)
{
    return interrupted != 0;
}

kc_line_end kc_line_read(const char *prompt, char **line)
{
    size_t room = 256, used = 0;
    char *text = malloc(room);
    interrupted = 0;
    kc_output(prompt);
    while (!wait_for_input(STDIN_FILENO, interrupt_came) && !interrupted)
        continue; /* another signal */
    while (text != NULL && !interrupted && fgets(text + used, (int)(room - used), stdin) != NULL) {
        used += strlen(text + used);
        if (used > 0 && text[used - 1] == '\n') {
            text[used - 1] = '\0';
            *line = text;
            return KC_LINE;
        }
        if (room - used > 1)
            continue; /* the input ended, or a NUL byte came: what follows it is read over it */
        char *more = realloc(text, room * 2);
        if (more == NULL)
            break;
        text = more;
        room *= 2;
    }
    clearerr(stdin);
    if (!interrupted && used > 0) { /* the last line has no line feed */
        *line = text;
        return KC_LINE;
    }
    free(text);
    *line = NULL;
    return interrupted ? KC_LINE_INTERRUPTED : KC_LINE_EOF;
}

void kc_line_remember(const char *line)
{
    (void)line;
}

void kc_line_load(void)
{
    (void)setvbuf(stdin, NULL, _IONBF, 0); /* what follows the line may be for input() */
}

void kc_line_save(void) {}

#endif
