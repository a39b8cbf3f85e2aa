/* room.h - the waiting room: tells when a descriptor may be ready.
 *
 * Variants: epoll (edge-triggered: a descriptor is registered once and every change is told once)
 * and poll() (level-triggered: a descriptor is told while it is watched).  Chosen when the runtime
 * opens.
 * Threads: kn_room_kind.wait() by one thread at a time (the leader), without any lock; the others from
 * any thread, under the lock of the runtime.
 * Keys: an event carries the key that was given with the descriptor.  An event may come late,
 * after the descriptor was forgotten: the receiver checks the key.  Key 0 is the kick. */
#ifndef KN_ROOM_H
#define KN_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "kiwi/net.h"

enum { KN_ROOM_BATCH = 128 }; /* events fetched at once: a quarter of a page of epoll_event each way */

typedef struct kn_event {
    uint64_t key;
    bool in, out; /* may be readable, writable (both after an error) */
    bool hup;     /* the peer has ended: reading never waits again */
} kn_event;

typedef struct kn_room kn_room;

typedef struct kn_room_kind {
    const char *name;
    bool edge; /* registered once for both directions; otherwise each watch names the directions */
    /* 0 or an errno; `kick_fd` is watched for ever (level-triggered) under key 0. */
    int (*open)(int kick_fd, kn_room **out);
    void (*close)(kn_room *room);
    /* Watch `fd`.  Edge: once per descriptor, in and out are ignored.  Level: replaces the
     * directions watched (none of them: forget).  *place is the room's own note, 0 at first.  0 or
     * an errno. */
    int (*watch)(kn_room *room, int fd, uint64_t key, bool in, bool out, unsigned *place);
    /* Forget `fd`, which is about to be closed. */
    void (*forget)(kn_room *room, int fd, unsigned *place);
    /* Up to KN_ROOM_BATCH events; timeout_ms < 0: no limit.  The number, 0 at the time limit or
     * EINTR. */
    int (*wait)(kn_room *room, kn_event *events, int timeout_ms);
} kn_room_kind;

extern const kn_room_kind kn_room_poll;

/* NULL where the system has no epoll. */
const kn_room_kind *kn_waiting_epoll(void);

#endif
