/* line.c - see line.h. */
#include "config.h"

#include "net/line.h"

#include <stdlib.h>

#include "base/locks.h"

struct kiwi_line {
    pthread_mutex_t lock; /* guards all below; see base/locks.h */
    kb_link waiting;
    bool busy; /* somebody has the turn */
    int refs;  /* of who opened it, and of each turn */
};

kiwi_line *kiwi_line_open(void)
{
    kiwi_line *line = calloc(1, sizeof(*line));
    if (line == NULL || pthread_mutex_init(&line->lock, NULL) != 0) {
        free(line);
        return NULL;
    }
    kb_list_init(&line->waiting);
    line->refs = 1;
    return line;
}

/* Let go of the lock and of a reference. */
static void leave(kiwi_line *line)
{
    bool last = --line->refs == 0;
    kb_unlock(&line->lock);
    if (!last)
        return;
    MUST(pthread_mutex_destroy(&line->lock));
    free(line);
}

void kiwi_line_close(kiwi_line *line)
{
    if (line == NULL)
        return;
    kb_lock(&line->lock);
    leave(line);
}

bool kn_line_enter(kn_turn *turn)
{
    kiwi_line *line = turn->line;
    kb_lock(&line->lock);
    bool at_once = !line->busy;
    line->busy = true;
    line->refs++;
    if (!at_once)
        kb_list_push(&line->waiting, &turn->waiting);
    kb_unlock(&line->lock);
    return at_once;
}

kn_turn *kn_line_leave(kn_turn *turn)
{
    kiwi_line *line = turn->line;
    kb_lock(&line->lock);
    kb_link *next = kb_list_pop(&line->waiting);
    line->busy = next != NULL;
    leave(line);
    return next != NULL ? KB_OWNER(next, kn_turn, waiting) : NULL;
}
