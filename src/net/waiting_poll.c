/* waiting_poll.c - the waiting room of any POSIX system: poll().  See room.h.
 *
 * The leader polls a copy of the list, because others change the list meanwhile; whoever adds to it
 * kicks the leader, so that it copies again. */
#include "config.h"

#include "net/room.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/locks.h"

enum {
    FIRST_ROOM = 64,
    SHORT_MS = 50, /* between tries to make room for the copy, when memory is short */
};

typedef struct place {
    struct pollfd poll;
    uint64_t key;
    unsigned *note; /* the descriptor's note: index + 1 */
} place;

struct kn_room {
    pthread_mutex_t lock; /* leaf; see base/locks.h */
    place *places;        /* guarded by lock; place 0 is the kick */
    size_t count, size;   /* guarded by lock */
    struct pollfd *polls; /* leader only: the copy, and the keys that belong to it */
    uint64_t *keys;
    size_t copied_size;
};

static void room_close(kn_room *room)
{
    if (room == NULL)
        return;
    MUST(pthread_mutex_destroy(&room->lock));
    free(room->places);
    free(room->polls);
    free(room->keys);
    free(room);
}

static int room_open(int kick_fd, kn_room **out)
{
    *out = NULL;
    kn_room *room = calloc(1, sizeof(*room));
    if (room == NULL)
        return ENOMEM;
    int error = pthread_mutex_init(&room->lock, NULL);
    if (error != 0) {
        free(room);
        return error;
    }
    room->places = calloc(FIRST_ROOM, sizeof(place));
    room->polls = calloc(FIRST_ROOM, sizeof(*room->polls)); /* the kick is always watched */
    room->keys = calloc(FIRST_ROOM, sizeof(*room->keys));
    if (room->places == NULL || room->polls == NULL || room->keys == NULL) {
        room_close(room);
        return ENOMEM;
    }
    room->size = room->copied_size = FIRST_ROOM;
    room->count = 1;
    room->places[0].poll = (struct pollfd){.fd = kick_fd, .events = POLLIN};
    *out = room;
    return 0;
}

static void drop(kn_room *room, unsigned *note) /* needs room->lock */
{
    if (*note == 0)
        return;
    size_t at = *note - 1;
    *note = 0;
    room->count--;
    if (at != room->count) {
        room->places[at] = room->places[room->count];
        *room->places[at].note = (unsigned)at + 1;
    }
}

static int room_watch(kn_room *room, int fd, uint64_t key, bool in, bool out, unsigned *note)
{
    int error = 0;
    kb_lock(&room->lock);
    if (!in && !out) {
        drop(room, note);
        goto done;
    }
    if (*note == 0) {
        if (room->count == room->size) {
            place *more = realloc(room->places, room->size * 2 * sizeof(place));
            if (more == NULL) {
                error = ENOMEM;
                goto done;
            }
            room->places = more;
            room->size *= 2;
        }
        *note = (unsigned)++room->count;
    }
    short events = (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
    room->places[*note - 1] = (place){.poll = {.fd = fd, .events = events}, .key = key, .note = note};
done:
    kb_unlock(&room->lock);
    return error;
}

static void room_forget(kn_room *room, int fd, unsigned *note)
{
    (void)fd;
    kb_lock(&room->lock);
    drop(room, note);
    kb_unlock(&room->lock);
}

/* Copy the list for the leader; returns its length.  *whole: memory was not short, nothing is
 * missing. */
static size_t copy_places(kn_room *room, bool *whole)
{
    kb_lock(&room->lock);
    size_t count = room->count;
    *whole = true;
    if (room->copied_size < count) {
        size_t size = room->size;
        struct pollfd *polls = malloc(size * sizeof(*polls));
        uint64_t *keys = malloc(size * sizeof(*keys));
        if (polls == NULL || keys == NULL) { /* watch as many as there is room for */
            free(polls);
            free(keys);
            count = room->copied_size;
            *whole = false;
        } else {
            free(room->polls);
            free(room->keys);
            room->polls = polls;
            room->keys = keys;
            room->copied_size = size;
        }
    }
    for (size_t i = 0; i < count; i++) {
        room->polls[i] = room->places[i].poll;
        room->keys[i] = room->places[i].key;
    }
    kb_unlock(&room->lock);
    return count;
}

static int room_wait(kn_room *room, kn_event *events, int timeout_ms)
{
    bool whole;
    size_t count = copy_places(room, &whole);
    if (!whole && (timeout_ms < 0 || timeout_ms > SHORT_MS))
        timeout_ms = SHORT_MS; /* the newest are missing */
    int ready = poll(room->polls, (nfds_t)count, timeout_ms), told = 0;
    for (size_t i = 0; i < count && ready > 0 && told < KN_ROOM_BATCH; i++) {
        short got = room->polls[i].revents;
        if (got == 0)
            continue;
        ready--;
        bool end = (got & (POLLHUP | POLLERR | POLLNVAL)) != 0;
        events[told++] = (kn_event){
            .key = room->keys[i],
            .in = end || (got & POLLIN) != 0,
            .out = end || (got & POLLOUT) != 0,
            .hup = end,
        };
    }
    return told;
}

const kn_room_kind kn_room_poll = {
    .name = "poll",
    .edge = false,
    .open = room_open,
    .close = room_close,
    .watch = room_watch,
    .forget = room_forget,
    .wait = room_wait,
};
