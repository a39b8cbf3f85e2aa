/* nap.c - the sleeper waits for a byte in a pipe. */
#include "config.h"

#include "base/nap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

void kb_nap_init(kb_nap *nap)
{
    atomic_init(&nap->woken, false);
    atomic_init(&nap->write_fd, -1);
    nap->read_fd = -1;
}

void kb_nap_fini(kb_nap *nap)
{
    if (nap->read_fd < 0)
        return;
    (void)close(nap->read_fd);
    (void)close(atomic_load(&nap->write_fd));
}

static bool set_flags(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

static bool have_pipe(kb_nap *nap)
{
    int fds[2];
    if (nap->read_fd >= 0)
        return true;
    if (pipe(fds) != 0)
        return false;
    if (!set_flags(fds[0]) || !set_flags(fds[1])) {
        (void)close(fds[0]);
        (void)close(fds[1]);
        return false;
    }
    nap->read_fd = fds[0];
    /* who wakes before this is seen by `woken`, which is read after it */
    atomic_store(&nap->write_fd, fds[1]);
    return true;
}

/* A short sleep is exact to the microsecond and takes no pipe. */
void kb_nap_sleep(kb_nap *nap, int64_t us)
{
    enum { SHORT_US = 2000 };
    if (us <= SHORT_US || !have_pipe(nap)) {
        struct timespec t = kb_clock_timespec(us > SHORT_US ? SHORT_US : us);
        (void)nanosleep(&t, NULL);
    } else if (!atomic_load(&nap->woken)) {
        int64_t ms = (us - SHORT_US / 2) / 1000; /* the caller sleeps again for the rest */
        struct pollfd fd = {.fd = nap->read_fd, .events = POLLIN};
        (void)poll(&fd, 1, ms > INT32_MAX ? INT32_MAX : (int)ms);
    }
    if (!atomic_exchange(&nap->woken, false))
        return;
    char bytes[16];
    while (nap->read_fd >= 0 && read(nap->read_fd, bytes, sizeof(bytes)) > 0)
        ;
}

void kb_nap_wake(kb_nap *nap)
{
    int before = errno;
    atomic_store(&nap->woken, true);
    int fd = atomic_load(&nap->write_fd);
    if (fd >= 0) {
        ssize_t ignored = write(fd, "", 1); /* full: then it has been woken often enough */
        (void)ignored;
    }
    errno = before;
}
