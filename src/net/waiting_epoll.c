/* waiting_epoll.c - the waiting room on Linux: edge-triggered, registered once.  See room.h. */
#include "config.h"

#include "net/room.h"

#if defined(HAVE_SYS_EPOLL_H) && defined(HAVE_EPOLL_CREATE1)

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

struct kn_room {
    int fd; /* constant after open */
};

static int add(kn_room *room, int fd, uint64_t key, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = key};
    if (epoll_ctl(room->fd, EPOLL_CTL_ADD, fd, &event) == 0)
        return 0;
    if (errno == EEXIST && epoll_ctl(room->fd, EPOLL_CTL_MOD, fd, &event) == 0)
        return 0;
    return errno;
}

static void room_close(kn_room *room)
{
    if (room == NULL)
        return;
    (void)close(room->fd);
    free(room);
}

static int room_open(int kick_fd, kn_room **out)
{
    *out = NULL;
    kn_room *room = calloc(1, sizeof(*room));
    if (room == NULL)
        return ENOMEM;
    room->fd = epoll_create1(EPOLL_CLOEXEC);
    int error = room->fd < 0 ? errno : add(room, kick_fd, 0, EPOLLIN);
    if (error != 0) {
        if (room->fd >= 0)
            (void)close(room->fd);
        free(room);
        return error;
    }
    *out = room;
    return 0;
}

static int room_watch(kn_room *room, int fd, uint64_t key, bool in, bool out, unsigned *place)
{
    (void)in;
    (void)out;
    (void)place;
    return add(room, fd, key, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
}

static void room_forget(kn_room *room, int fd, unsigned *place)
{
    (void)room; /* closing the descriptor removes it; no call needed */
    (void)fd;
    (void)place;
}

static int room_wait(kn_room *room, kn_event *events, int timeout_ms)
{
    struct epoll_event got[KN_ROOM_BATCH];
    int count = epoll_wait(room->fd, got, KN_ROOM_BATCH, timeout_ms);
    for (int i = 0; i < count; i++) {
        uint32_t mask = got[i].events;
        bool end = (mask & (EPOLLHUP | EPOLLERR)) != 0;
        events[i] = (kn_event){
            .key = got[i].data.u64,
            .in = end || (mask & (EPOLLIN | EPOLLRDHUP)) != 0,
            .out = end || (mask & EPOLLOUT) != 0,
            .hup = end || (mask & EPOLLRDHUP) != 0,
        };
    }
    return count < 0 ? 0 : count;
}

static const kn_room_kind epoll_kind = {
    .name = "epoll",
    .edge = true,
    .open = room_open,
    .close = room_close,
    .watch = room_watch,
    .forget = room_forget,
    .wait = room_wait,
};

const kn_room_kind *kn_waiting_epoll(void)
{
    return &epoll_kind;
}

#else

#include <stddef.h>

const kn_room_kind *kn_waiting_epoll(void)
{
    return NULL;
}

#endif
