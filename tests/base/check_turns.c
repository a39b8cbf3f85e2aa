/* check_turns.c - base/turns: nobody is passed over, and one at a time has the turn. */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/locks.h"
#include "base/turns.h"
#include "support/suite.h"

enum { ROUNDS = 200 };

typedef struct queue {
    kb_turns turns;
    atomic_bool waits, stop;
    int inside; /* guarded by the turn */
    long greedy;
} queue;

/* Takes the turn again as soon as it has passed it. */
static void *take_greedily(void *arg)
{
    queue *q = arg;
    while (!atomic_load(&q->stop)) {
        kb_turns_take(&q->turns);
        q->greedy++;
        ck_assert_int_eq(++q->inside, 1);
        q->inside--;
        kb_turns_pass(&q->turns);
    }
    return NULL;
}

START_TEST(whoever_waits_has_the_next_turn)
{
    queue q = {.inside = 0};
    pthread_t greedy;
    atomic_init(&q.stop, false);
    ck_assert_int_eq(kb_turns_init(&q.turns), 0);
    ck_assert_int_eq(pthread_create(&greedy, NULL, take_greedily, &q), 0);
    for (int i = 0; i < ROUNDS; i++) {
        kb_turns_take(&q.turns);
        uint64_t turn = q.turns.now;
        ck_assert_int_eq(++q.inside, 1);
        q.inside--;
        ck_assert_uint_eq(q.turns.now, turn);
        kb_turns_pass(&q.turns);
    }
    atomic_store(&q.stop, true);
    ck_assert_int_eq(pthread_join(greedy, NULL), 0);
    ck_assert_uint_eq(q.turns.now, q.turns.next);
    kb_turns_fini(&q.turns);
}
END_TEST

/* The greedy one gets in between no more than once for each time that the other one waits. */
START_TEST(a_greedy_thread_gets_one_turn_for_each_of_another)
{
    queue q = {.inside = 0};
    pthread_t greedy;
    long worst = 0;
    atomic_init(&q.stop, false);
    ck_assert_int_eq(kb_turns_init(&q.turns), 0);
    ck_assert_int_eq(pthread_create(&greedy, NULL, take_greedily, &q), 0);
    for (int i = 0; i < ROUNDS; i++) {
        (void)pthread_mutex_lock(&q.turns.lock);
        uint64_t mine = q.turns.next++; /* kb_turns_take() by hand: the turns before this one are counted */
        uint64_t ahead = mine - q.turns.now;
        while (q.turns.now != mine)
            (void)pthread_cond_wait(&q.turns.passed, &q.turns.lock);
        (void)pthread_mutex_unlock(&q.turns.lock);
        kb_locks_taking(&q.turns, KB_RANK_TURNS);
        worst = (long)ahead > worst ? (long)ahead : worst;
        kb_turns_pass(&q.turns);
    }
    atomic_store(&q.stop, true);
    ck_assert_int_eq(pthread_join(greedy, NULL), 0);
    ck_assert_int_le(worst, 1);
    kb_turns_fini(&q.turns);
}
END_TEST

SUITE_MAIN("turns", 20, whoever_waits_has_the_next_turn, a_greedy_thread_gets_one_turn_for_each_of_another)
