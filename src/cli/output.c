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

static void wait_for_room(int fd)
{
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    (void)poll(&room, 1, -1); /* whatever it says, the next write() knows */
}

int kc_output_to(int fd, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            wait_for_room(fd);
        else if (n < 0 && errno != EINTR)
            return errno;
        bytes += n > 0 ? n : 0;
        size -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

void kc_output(const char *text)
{
    if (failed == 0)
        failed = kc_output_to(STDOUT_FILENO, text, strlen(text));
}

int kc_output_error(void)
{
    return failed;
}
