/* terminal.c - have the terminal on standard input give keys at once.  See terminal.h. */
#include "config.h"

#include "packages/terminal.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <termios.h>
#include <unistd.h>

#include "base/locks.h"

static const int deadly[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { DEADLY = sizeof(deadly) / sizeof(deadly[0]) };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static unsigned wanted;                                  /* by how many */
static bool caught[DEADLY];                              /* signals that restore_and_end() handles */
/* Does not change while a signal is caught, so that the handler may read it. */
static struct termios before;

static void restore_and_end(int number)
{
    int error = errno;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
    (void)raise(number); /* delivered when this returns, with the action reset */
    errno = error;
}

/* Locked. */
static void catch_signals(void)
{
    struct sigaction old, action = {.sa_handler = restore_and_end, .sa_flags = (int)SA_RESETHAND};
    (void)sigemptyset(&action.sa_mask);
    for (int i = 0; i < DEADLY; i++) {
        caught[i] = sigaction(deadly[i], NULL, &old) == 0 && (old.sa_flags & SA_SIGINFO) == 0 &&
                    old.sa_handler == SIG_DFL && sigaction(deadly[i], &action, NULL) == 0;
    }
}

/* Locked.  What somebody else handles since stays. */
static void release_signals(void)
{
    struct sigaction now, action = {.sa_handler = SIG_DFL};
    (void)sigemptyset(&action.sa_mask);
    for (int i = 0; i < DEADLY; i++)
        if (caught[i] && sigaction(deadly[i], NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) == 0 &&
            now.sa_handler == restore_and_end)
            (void)sigaction(deadly[i], &action, NULL);
}

/* Locked. */
static int start(void)
{
    if (tcgetattr(STDIN_FILENO, &before) != 0)
        return errno;
    struct termios keys = before;
    keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* signals stay */
    keys.c_cc[VMIN] = 1;
    keys.c_cc[VTIME] = 0;
    catch_signals();
    if (tcsetattr(STDIN_FILENO, TCSANOW, &keys) == 0)
        return 0;
    int error = errno;
    release_signals();
    return error;
}

int kp_terminal_keys(void)
{
    kb_lock(&lock);
    int error = wanted == 0 ? start() : 0;
    if (error == 0)
        wanted++;
    kb_unlock(&lock);
    return error;
}

void kp_terminal_lines(void)
{
    kb_lock(&lock);
    assert(wanted > 0);
    if (--wanted == 0) {
        (void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
        release_signals();
    }
    kb_unlock(&lock);
}
