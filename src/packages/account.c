/* account.c - see account.h. */
#include "config.h"

#include "packages/account.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/locks.h"

struct kp_account {
    atomic_int refs;
    pthread_mutex_t lock;                     /* the last of all: asking and taking are one */
    bool (*affords)(void *data, size_t more); /* guarded by lock; NULL: closed */
    void *data;                               /* the same */
    atomic_size_t held;                       /* written under the lock, read without */
};

kp_account *kp_account_new(bool (*affords)(void *data, size_t more), void *data)
{
    kp_account *account = calloc(1, sizeof(*account));
    if (account == NULL || pthread_mutex_init(&account->lock, NULL) != 0) {
        free(account);
        return NULL;
    }
    account->affords = affords;
    account->data = data;
    atomic_init(&account->refs, 1);
    atomic_init(&account->held, 0);
    return account;
}

static void drop(kp_account *account)
{
    if (atomic_fetch_sub_explicit(&account->refs, 1, memory_order_acq_rel) > 1)
        return;
    assert(kp_account_held(account) == 0); /* each claim gives back what it has */
    MUST(pthread_mutex_destroy(&account->lock));
    free(account);
}

void kp_account_close(kp_account *account)
{
    if (account == NULL)
        return;
    kb_lock_ranked(&account->lock, KB_RANK_ACCOUNT);
    account->affords = NULL;
    kb_unlock(&account->lock);
    drop(account);
}

/* Relaxed: what is read without the lock may be a moment old. */
size_t kp_account_held(const kp_account *account)
{
    return atomic_load_explicit(&account->held, memory_order_relaxed);
}

void kp_account_claim(kp_claim *claim, kp_account *account)
{
    assert(claim->account == NULL && claim->held == 0);
    atomic_fetch_add_explicit(&account->refs, 1, memory_order_relaxed);
    claim->account = account;
}

void kp_account_release(kp_claim *claim)
{
    if (claim->account == NULL)
        return;
    kp_account_give(claim, claim->held);
    drop(claim->account);
    claim->account = NULL;
}

bool kp_account_take(kp_claim *claim, size_t more)
{
    if (claim == NULL || claim->account == NULL || more == 0)
        return true;
    kp_account *account = claim->account;
    kb_lock_ranked(&account->lock, KB_RANK_ACCOUNT);
    bool granted = account->affords != NULL && account->affords(account->data, more);
    if (granted)
        atomic_fetch_add_explicit(&account->held, more, memory_order_relaxed);
    kb_unlock(&account->lock);
    if (granted)
        claim->held += more;
    else
        claim->refused = more;
    return granted;
}

void kp_account_give(kp_claim *claim, size_t less)
{
    if (claim == NULL || claim->account == NULL || less == 0)
        return;
    assert(less <= claim->held);
    claim->held -= less;
    kb_lock_ranked(&claim->account->lock, KB_RANK_ACCOUNT);
    atomic_fetch_sub_explicit(&claim->account->held, less, memory_order_relaxed);
    kb_unlock(&claim->account->lock);
}

void kp_account_move(kp_claim *from, kp_claim *to, size_t size)
{
    if (from == NULL || to == NULL || from->account == NULL || to->account != from->account) {
        kp_account_give(from, size);
        return;
    }
    assert(size <= from->held);
    from->held -= size;
    to->held += size;
}
