/* list.h - intrusive doubly linked lists.
 *
 * A kb_link inside a struct puts it on one list at a time; a list is a ring with a link of its own
 * as head.  Nothing is allocated.  Threads: the caller's lock. */
#ifndef KB_LIST_H
#define KB_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct kb_link {
    struct kb_link *prev, *next; /* both NULL: on no list */
} kb_link;

/* The struct of type `type` that holds `link` as its member `member`. */
#define KB_OWNER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

static inline void kb_list_init(kb_link *list)
{
    list->prev = list->next = list;
}

static inline bool kb_list_empty(const kb_link *list)
{
    return list->next == list;
}

static inline bool kb_list_on(const kb_link *link)
{
    return link->next != NULL;
}

/* Append `link`, which must be on no list. */
static inline void kb_list_push(kb_link *list, kb_link *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

/* Take `link` from its list; allowed if it is on none. */
static inline void kb_list_remove(kb_link *link)
{
    if (link->next == NULL)
        return;
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = NULL;
}

/* The first link, or NULL. */
static inline kb_link *kb_list_first(const kb_link *list)
{
    return list->next == list ? NULL : list->next;
}

/* Take the first link from the list, or NULL. */
static inline kb_link *kb_list_pop(kb_link *list)
{
    kb_link *link = kb_list_first(list);
    if (link != NULL)
        kb_list_remove(link);
    return link;
}

#endif
