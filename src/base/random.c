/* random.c - one system call where there is one: a file would cost two more at every start. */
#include "config.h"

#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(HAVE_SYS_RANDOM_H)
#include <sys/random.h>
#endif

#if defined(HAVE_SYS_RANDOM_H) && (defined(HAVE_GETRANDOM) || defined(HAVE_GETENTROPY))
static bool from_call(unsigned char *out, size_t size)
{
    enum { MOST = 256 }; /* at once: so many are never given in part */
    for (size_t part; size > 0; out += part, size -= part) {
        part = size < MOST ? size : MOST;
#if defined(HAVE_GETRANDOM)
        ssize_t n;
        do
            /* early in the system's start: not waited for */
            n = getrandom(out, part, GRND_NONBLOCK);
        while (n < 0 && errno == EINTR);
        if (n != (ssize_t)part)
            return false;
#else
        if (getentropy(out, part) != 0)
            return false;
#endif
    }
    return true;
}
#else
static bool from_call(unsigned char *out, size_t size)
{
    (void)out;
    (void)size;
    return false;
}
#endif

static bool from_file(unsigned char *out, size_t size)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    while (size > 0) {
        ssize_t n = read(fd, out, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        out += n;
        size -= (size_t)n;
    }
    (void)close(fd);
    return size == 0;
}

static uint64_t scrambled(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

static void from_clocks(unsigned char *out, size_t size)
{
    struct timespec real = {.tv_sec = 0}, up = {.tv_sec = 0};
    (void)clock_gettime(CLOCK_REALTIME, &real);
    (void)clock_gettime(CLOCK_MONOTONIC, &up);
    uint64_t state = scrambled((uint64_t)real.tv_sec << 30 ^ (uint64_t)real.tv_nsec) ^
                     scrambled((uint64_t)up.tv_sec << 30 ^ (uint64_t)up.tv_nsec ^ (uint64_t)getpid() << 40) ^
                     scrambled((uint64_t)(uintptr_t)&real);
    for (size_t i = 0; i < size; i++) {
        if (i % sizeof(state) == 0)
            state = scrambled(state + UINT64_C(0x9E3779B97F4A7C15));
        out[i] = (unsigned char)(state >> 8 * (i % sizeof(state)));
    }
}

void kb_random(void *out, size_t size)
{
    if (!from_call(out, size) && !from_file(out, size))
        from_clocks(out, size);
}
