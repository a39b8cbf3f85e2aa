/* relief.c - see relief.h. */
#include "config.h"

#include "base/relief.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/locks.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static kb_link all = {&all, &all}; /* guarded by lock */

void kb_relief_add(kb_relief *relief)
{
    kb_lock_ranked(&lock, KB_RANK_RELIEF);
    kb_list_push(&all, &relief->link);
    kb_unlock(&lock);
}

void kb_relief_remove(kb_relief *relief)
{
    kb_lock_ranked(&lock, KB_RANK_RELIEF);
    if (kb_list_on(&relief->link))
        kb_list_remove(&relief->link);
    kb_unlock(&lock);
}

bool kb_relief_ask(int error)
{
    if (error != EMFILE && error != ENFILE)
        return false;
    bool relieved = false;
    kb_lock_ranked(&lock, KB_RANK_RELIEF);
    for (kb_link *link = all.next; link != &all && !relieved; link = link->next) {
        const kb_relief *relief = KB_OWNER(link, kb_relief, link);
        relieved = relief->relieve(relief->data);
    }
    kb_unlock(&lock);
    errno = error;
    return relieved;
}

void kb_relief_ahead(int count)
{
    enum { MOST = 8 };
    int fds[MOST], made = 0;
    while (made < count && made < MOST) {
        int fd = open("/", O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            fds[made++] = fd;
        else if (!kb_relief_ask(errno))
            break;
    }
    while (made > 0)
        (void)close(fds[--made]);
}
