/* option.c - see option.h. */
#include "config.h"

/* SO_REUSEPORT and the times of keepalive are not in POSIX.1-2008. */
#define _GNU_SOURCE

#include "net/option.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <sys/socket.h>

#if defined(SO_REUSEPORT_LB) /* FreeBSD: the other one gives all connections to one listener */
enum { REUSE_PORT = SO_REUSEPORT_LB };
#elif defined(SO_REUSEPORT)
enum { REUSE_PORT = SO_REUSEPORT };
#else
enum { REUSE_PORT = -1 }; /* which every system refuses */
#endif

enum { OURS = -1 }; /* level of an option that the system does not know: who uses it asks for its value */

typedef struct row {
    const char *name;
    int level, number;
} row;

static const row rows[KIWI_SOCKET_OPTIONS] = {
    [KIWI_SOCKET_NODELAY] = {"nodelay", IPPROTO_TCP, TCP_NODELAY},
    [KIWI_SOCKET_KEEPALIVE] = {"keepalive", SOL_SOCKET, SO_KEEPALIVE},
    [KIWI_SOCKET_RCVBUF] = {"rcvbuf", SOL_SOCKET, SO_RCVBUF},
    [KIWI_SOCKET_SNDBUF] = {"sndbuf", SOL_SOCKET, SO_SNDBUF},
    [KIWI_SOCKET_LINGER] = {"linger", OURS, 0},
    [KIWI_SOCKET_REUSE_PORT] = {"reuse_port", SOL_SOCKET, REUSE_PORT},
    [KIWI_SOCKET_IPV6_ONLY] = {"ipv6_only", OURS, 0},
};

static bool is_given(const kiwi_socket_options *options, int option)
{
    return options != NULL && (options->given >> option & 1) != 0;
}

int kn_option_value(const kiwi_socket_options *options, kiwi_socket_option option, int otherwise)
{
    return is_given(options, option) ? options->value[option] : otherwise;
}

static int set_one(int fd, const row *r, int value)
{
    if (value < 0)
        return EINVAL;
    return r->level != OURS && setsockopt(fd, r->level, r->number, &value, sizeof(value)) != 0 ? errno : 0;
}

int kn_option_set(int fd, const kiwi_socket_options *options, const char **refused)
{
    for (int i = 0; i < KIWI_SOCKET_OPTIONS; i++) {
        int error = is_given(options, i) ? set_one(fd, &rows[i], options->value[i]) : 0;
        if (error == 0)
            continue;
        if (refused != NULL)
            *refused = rows[i].name;
        return error;
    }
    return 0;
}

int kn_option_share_port(int fd)
{
    return set_one(fd, &rows[KIWI_SOCKET_REUSE_PORT], 1);
}

/* ---- What every connection begins with ----------------------------------------------------------- */

/* A peer that has vanished, with its cable or its NAT entry, is taken for gone after two minutes: most firewalls keep
 * a connection longer than the first 60 s. */
enum { KEEPALIVE_IDLE_S = 60, KEEPALIVE_PAUSE_S = 10, KEEPALIVE_COUNT = 6 };

typedef struct preset {
    int level, number, value;
} preset;

static const preset begins[] = {
    {IPPROTO_TCP, TCP_NODELAY, 1}, /* first: refused where there is no TCP, and then the others say nothing */
    {SOL_SOCKET, SO_KEEPALIVE, 1},
};

static const preset times[] = {
#if defined(TCP_KEEPIDLE)
    {IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S},
#elif defined(TCP_KEEPALIVE)
    {IPPROTO_TCP, TCP_KEEPALIVE, KEEPALIVE_IDLE_S},
#endif
#if defined(TCP_KEEPINTVL)
    {IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_PAUSE_S},
#endif
#if defined(TCP_KEEPCNT)
    {IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_COUNT},
#endif
};

enum { BEGINS = sizeof(begins) / sizeof(begins[0]), TIMES = sizeof(times) / sizeof(times[0]) };

/* As many as the system takes, up to the first that it refuses. */
static void set_all(int fd, const preset presets[], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (setsockopt(fd, presets[i].level, presets[i].number, &presets[i].value, sizeof(presets[i].value)) != 0)
            return;
}

void kn_option_begin(int fd)
{
    set_all(fd, begins, BEGINS);
}

void kn_option_keepalive_times(int fd)
{
    set_all(fd, times, TIMES);
}

/* Has `fd` the value of each?  -1: it does not know the first one. */
static int has_all(int fd, const preset presets[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int value = -1;
        socklen_t size = sizeof(value);
        if (getsockopt(fd, presets[i].level, presets[i].number, &value, &size) != 0)
            return i == 0 ? -1 : 0;
        if (presets[i].value == 1 ? value == 0 : value != presets[i].value)
            return 0;
    }
    return 1;
}

/* A listener hands its options on to its connections on some systems, not on all: the first connection shows it, and
 * saves all others five calls. */
void kn_option_begin_accepted(int fd)
{
    static atomic_int handed_on = -1; /* -1: nobody has looked yet */
    int known = atomic_load(&handed_on);
    if (known < 0) {
        known = has_all(fd, begins, BEGINS);
        if (known < 0)
            return;
        known = known == 1 && has_all(fd, times, TIMES) == 1;
        atomic_store(&handed_on, known);
    }
    if (known == 0) {
        kn_option_begin(fd);
        kn_option_keepalive_times(fd);
    }
}
