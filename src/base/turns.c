/* turns.c - see turns.h. */
#include "config.h"

#include "base/turns.h"

#include "base/clock.h"
#include "base/locks.h"

int kb_turns_init(kb_turns *turns)
{
    turns->next = turns->now = 0;
    int error = pthread_mutex_init(&turns->lock, NULL);
    if (error != 0)
        return error;
    if ((error = kb_locks_cond_init(&turns->passed)) != 0)
        MUST(pthread_mutex_destroy(&turns->lock));
    return error;
}

void kb_turns_fini(kb_turns *turns)
{
    MUST(pthread_cond_destroy(&turns->passed));
    MUST(pthread_mutex_destroy(&turns->lock));
}

void kb_turns_take(kb_turns *turns)
{
    kb_lock(&turns->lock);
    uint64_t turn = turns->next++;
    while (turns->now != turn)
        kb_locks_cond_until(&turns->passed, &turns->lock, KB_NEVER);
    kb_unlock(&turns->lock);
    kb_locks_taking(turns, KB_RANK_TURNS);
}

void kb_turns_pass(kb_turns *turns)
{
    kb_locks_gave_back(turns);
    kb_lock(&turns->lock);
    turns->now++;
    if (turns->now != turns->next) /* few wait: all look whose turn it is */
        MUST(pthread_cond_broadcast(&turns->passed));
    kb_unlock(&turns->lock);
}
