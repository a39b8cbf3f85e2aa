/* fault.h - how tasks fail: descriptions of faults, kept copies of them, and TLS connects that failed.
 *
 * Place: net layer, on state.h alone. */
#ifndef KN_FAULT_H
#define KN_FAULT_H

#include "net/state.h"

/* *out is a fault with the formatted text. */
void kn_fault(kiwi_result *out, kiwi_fault fault, int sys, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* *out is a fault with the system's text for errno `sys`. */
void kn_fault_sys(kiwi_result *out, int sys);
/* *out is the fault of an operation that may not have the `bytes` it needs to `receive`, say. */
void kn_fault_limit(kiwi_result *out, const char *receive, size_t bytes);
/* *out is a fault made of what the TLS layer reported. */
void kn_fault_tls(kiwi_result *out, kb_status status, const kb_error *err);

/* Is *out the fault of a connection that the peer has reset? */
bool kn_fault_is_reset(const kiwi_result *out);

/* Is it one of this machine, which was short of something, and not of the connection? */
bool kn_fault_is_shortage(const kiwi_result *out);

/* A copy of how *from failed; NULL: memory is short. */
kn_reason *kn_fault_keep(const kiwi_result *from);
/* The fault that was kept; without memory for a copy there was just that. */
void kn_fault_kept(const kn_reason *reason, kiwi_result *out);

/* Does `id` stand for a TLS connect that failed, not too long ago?  *out (may be NULL) says how.  Locked. */
bool kn_fault_of_connect(kiwi_net *net, kiwi_id id, kiwi_result *out);

#endif
