/* ticket.c - sessions that clients of one context may resume.  The contract is in ticket.h. */
#include "config.h"

#include "net/ticket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/locks.h"
#include "base/must.h"
#include "net/gnutls.h"

void kn_ticket_wipe(gnutls_datum_t *data)
{
    if (data->data == NULL)
        return;
    kn_gnutls.memset(data->data, 0, data->size);
    (*kn_gnutls.free)(data->data);
    *data = (gnutls_datum_t){NULL, 0};
}

int kn_ticket_store_init(kn_tickets *tickets)
{
    *tickets = (kn_tickets){.at = NULL};
    return pthread_mutex_init(&tickets->lock, NULL);
}

void kn_ticket_store_fini(kn_tickets *tickets)
{
    for (unsigned i = 0; tickets->at != NULL && i < KN_TICKETS_MAX; i++)
        kn_ticket_wipe(&tickets->at[i].data);
    free(tickets->at);
    MUST(pthread_mutex_destroy(&tickets->lock));
}

void kn_ticket_store_put(kn_tickets *tickets, const char *key, gnutls_datum_t *data)
{
    assert(strlen(key) < KN_TICKET_KEY);
    kb_lock(&tickets->lock);
    if (tickets->at == NULL)
        tickets->at = calloc(KN_TICKETS_MAX, sizeof(*tickets->at));
    if (tickets->at != NULL) {
        kn_ticket *place = &tickets->at[tickets->next_put];
        tickets->next_put = (tickets->next_put + 1) % KN_TICKETS_MAX;
        kn_ticket_wipe(&place->data);
        memcpy(place->key, key, strlen(key) + 1);
        place->data = *data;
        *data = (gnutls_datum_t){NULL, 0};
    }
    kb_unlock(&tickets->lock);
    kn_ticket_wipe(data);
}

bool kn_ticket_store_take(kn_tickets *tickets, const char *key, gnutls_datum_t *out)
{
    *out = (gnutls_datum_t){NULL, 0};
    kb_lock(&tickets->lock);
    for (unsigned age = 1; tickets->at != NULL && age <= KN_TICKETS_MAX && out->data == NULL; age++) {
        kn_ticket *t = &tickets->at[(tickets->next_put + KN_TICKETS_MAX - age) % KN_TICKETS_MAX];
        if (t->data.data == NULL || strcmp(t->key, key) != 0)
            continue;
        *out = t->data;
        t->data = (gnutls_datum_t){NULL, 0};
    }
    kb_unlock(&tickets->lock);
    return out->data != NULL;
}
