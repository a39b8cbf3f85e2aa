/* locks.h - the order in which locks are taken, and thin wrappers.
 *
 * Lock order (a thread that holds one may take only those further down):
 *   0. the list of who can close a descriptor (base/relief.c), whose members are asked under it
 *   1. the turns of a TLS session (net/tls.h): taken with no other lock held; whoever has them takes leaves only
 *   2. the lock of a runtime, kiwi_net.lock: its table, queues, pool and room
 *   3. leaves, under which no other is taken: the poll() room (net/waiting_poll.c), threads for work that may hang
 *      (net/aside.c), lines of jobs (net/line.c), sockets that were handed over (net/handed.c), the queue of turns
 *      (base/turns.c), tickets (net/ticket.c), TLS contexts (net/tls_context.c), the trust of one (net/tls_trust.h),
 *      development certificates (net/cert.c), the loading of libraries (base/library.c), standard input
 *      (packages/input.c), the terminal's settings (packages/terminal.c)
 *   4. accounts of memory (packages/account.c), which work asks that holds a leaf
 * No callback and no look-up under 2 to 4, and no system call that can wait, but for the loading of libraries, which
 * happens once.  Under 1 GnuTLS sends and receives, without waiting for the peer.
 * In a build with --enable-debug-locks, as those with sanitizers are, each thread keeps a list of what it holds: who
 * takes a lock against the order, or calls a function without the lock that this wants, ends the program. */
#ifndef KB_LOCKS_H
#define KB_LOCKS_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/must.h"

/* The numbers of the order. */
typedef enum kb_rank { KB_RANK_RELIEF = 1, KB_RANK_TURNS, KB_RANK_RUNTIME, KB_RANK_LEAF, KB_RANK_ACCOUNT } kb_rank;

#if defined(KIWI_DEBUG_LOCKS)
/* Note what the calling thread is about to take, or gives back; end the program with a message if it may not. */
void kb_locks_taking(const void *lock, kb_rank rank);
void kb_locks_gave_back(const void *lock);
void kb_locks_assert_held(const void *lock);
#else
static inline void kb_locks_taking(const void *lock, kb_rank rank)
{
    (void)lock;
    (void)rank;
}
static inline void kb_locks_gave_back(const void *lock)
{
    (void)lock;
}
static inline void kb_locks_assert_held(const void *lock)
{
    (void)lock;
}
#endif

static inline void kb_lock_ranked(pthread_mutex_t *lock, kb_rank rank)
{
    kb_locks_taking(lock, rank);
    MUST(pthread_mutex_lock(lock));
}

/* A leaf. */
static inline void kb_lock(pthread_mutex_t *lock)
{
    kb_lock_ranked(lock, KB_RANK_LEAF);
}

/* The same without waiting.  false: another thread holds it. */
static inline bool kb_try_lock(pthread_mutex_t *lock)
{
    int error = pthread_mutex_trylock(lock);
    MUST(error == EBUSY ? 0 : error);
    if (error == 0)
        kb_locks_taking(lock, KB_RANK_LEAF);
    return error == 0;
}

static inline void kb_unlock(pthread_mutex_t *lock)
{
    kb_locks_gave_back(lock);
    MUST(pthread_mutex_unlock(lock));
}

/* A leaf that several threads may hold to read, or one to write. */
static inline void kb_lock_read(pthread_rwlock_t *lock)
{
    kb_locks_taking(lock, KB_RANK_LEAF);
    MUST(pthread_rwlock_rdlock(lock));
}

static inline void kb_lock_write(pthread_rwlock_t *lock)
{
    kb_locks_taking(lock, KB_RANK_LEAF);
    MUST(pthread_rwlock_wrlock(lock));
}

static inline void kb_unlock_shared(pthread_rwlock_t *lock)
{
    kb_locks_gave_back(lock);
    MUST(pthread_rwlock_unlock(lock));
}

/* Initialise `cond` for kb_locks_cond_until().  0 or an errno. */
int kb_locks_cond_init(pthread_cond_t *cond);

/* Wait on `cond` until it is signalled or the monotonic clock shows `deadline_us` (KB_NEVER: no
 * limit).  Returns at spurious wake-ups too: call it in a loop over the predicate. */
void kb_locks_cond_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t deadline_us);

#endif
