/* account.h - memory that work beside the interpreter takes, counted against its limit while it is taken.
 *
 * The work of a job runs on a thread and allocates there.  Whatever grows asks first: a claim takes bytes of its
 * interpreter's account, which says no when the limit would be passed, and gives them back when they are free, or when
 * they become the content of a value that the heap counts.  All claims of an interpreter share the account, so that
 * many jobs at once cannot have a multiple of what there is.
 * Place: packages layer, without the interpreter.  Threads: any; a claim is used by one thread at a time. */
#ifndef KP_ACCOUNT_H
#define KP_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

/* Counts references, since a thread may be at work when its interpreter is gone. */
typedef struct kp_account kp_account;

typedef struct kp_claim {
    kp_account *account; /* a reference; NULL: nothing is counted, and nothing refused */
    size_t held;         /* bytes */
    size_t refused;      /* that were asked for last in vain; 0: none were */
} kp_claim;

/* An account that asks `affords` whether there is room for so many bytes more, beside those that it holds.  It is asked
 * on any thread, under the last of all locks.  NULL: memory is short. */
kp_account *kp_account_new(bool (*affords)(void *data, size_t more), void *data);
/* `affords` is not asked any more, and nothing more is granted; drop the reference. */
void kp_account_close(kp_account *account);
/* Bytes that all claims hold; takes no lock. */
size_t kp_account_held(const kp_account *account);

/* Count what `claim`, which is zeroed, takes from here on. */
void kp_account_claim(kp_claim *claim, kp_account *account);
/* Give back all that it holds; it counts no more. */
void kp_account_release(kp_claim *claim);
/* Before `more` bytes are allocated.  false: there is no room.  NULL is a claim that does not count. */
bool kp_account_take(kp_claim *claim, size_t more);
/* They are free, or counted elsewhere. */
void kp_account_give(kp_claim *claim, size_t less);
/* `size` bytes are the other claim's now. */
void kp_account_move(kp_claim *from, kp_claim *to, size_t size);

#endif
