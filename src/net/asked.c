/* asked.c - see asked.h. */
#include "config.h"

#include "net/asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"

typedef struct answer {
    kb_link link; /* the one that was silent for longest first */
    struct sockaddr_in6 peer;
    struct in6_addr asked;
} answer;

struct kn_asked {
    kb_map by_peer; /* hash of the peer -> answer; of two with one hash the later counts */
    kb_link order;
    size_t count;
};

/* FNV-1a over address and port. */
static int64_t hash(const struct sockaddr_in6 *peer)
{
    uint64_t h = 14695981039346656037u ^ peer->sin6_port;
    for (size_t i = 0; i < sizeof(peer->sin6_addr.s6_addr); i++)
        h = (h ^ peer->sin6_addr.s6_addr[i]) * 1099511628211u;
    return (int64_t)h;
}

static bool same(const struct sockaddr_in6 *a, const struct sockaddr_in6 *b)
{
    return a->sin6_port == b->sin6_port && memcmp(&a->sin6_addr, &b->sin6_addr, sizeof(a->sin6_addr)) == 0;
}

/* A place for another peer: a new one, or that of the oldest.  NULL: memory is short. */
static answer *take_place(kn_asked *all)
{
    if (all->count < KN_ASKED_MAX) {
        answer *a = calloc(1, sizeof(*a));
        all->count += a != NULL;
        return a;
    }
    answer *oldest = KB_OWNER(kb_list_pop(&all->order), answer, link);
    (void)kb_map_take(&all->by_peer, hash(&oldest->peer));
    return oldest;
}

static kn_asked *asked_new(void)
{
    kn_asked *all = calloc(1, sizeof(*all));
    if (all != NULL) {
        kb_map_init(&all->by_peer);
        kb_list_init(&all->order);
    }
    return all;
}

void kn_asked_note(kn_asked **at, const struct sockaddr_in6 *peer, const struct in6_addr *asked)
{
    if (*at == NULL && (*at = asked_new()) == NULL)
        return;
    kn_asked *all = *at;
    answer *a = kb_map_get(&all->by_peer, hash(peer));
    if (a == NULL) {
        if ((a = take_place(all)) == NULL)
            return;
        if (kb_map_put(&all->by_peer, hash(peer), a) != KB_OK) {
            free(a);
            all->count--;
            return;
        }
    }
    a->peer = *peer;
    a->asked = *asked;
    kb_list_remove(&a->link);
    kb_list_push(&all->order, &a->link);
}

struct in6_addr kn_asked_find(const kn_asked *asked, const struct sockaddr_in6 *peer)
{
    const answer *a = asked == NULL ? NULL : kb_map_get(&asked->by_peer, hash(peer));
    return a != NULL && same(&a->peer, peer) ? a->asked : in6addr_any;
}

void kn_asked_free(kn_asked *asked)
{
    if (asked == NULL)
        return;
    for (kb_link *link; (link = kb_list_pop(&asked->order)) != NULL;)
        free(KB_OWNER(link, answer, link));
    kb_map_fini(&asked->by_peer);
    free(asked);
}
