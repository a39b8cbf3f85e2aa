/* output.c - see output.h.
 *
 * Without stdio, whose buffer loses what does not fit into a full pipe that does not block. */
#include "config.h"

#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

static int failed; /* an errno */

static void wait_for_room(void)
{
    struct pollfd room = {.fd = STDOUT_FILENO, .events = POLLOUT};
    (void)poll(&room, 1, -1); /* whatever it says, the next write() knows */
}

void kc_output(const char *text)
{
    for (size_t left = strlen(text); left > 0 && failed == 0;) {
        ssize_t n = write(STDOUT_FILENO, text, left);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            wait_for_room();
        else if (n < 0 && errno != EINTR)
            failed = errno;
        if (n > 0) {
            text += n;
            left -= (size_t)n;
        }
    }
}

int kc_output_error(void)
{
    return failed;
}
