/* allocator.h - settings of malloc that suit the memory of an interpreter.
 *
 * Place: cli: a setting of the process, so none for a library to make. */
#ifndef KC_ALLOCATOR_H
#define KC_ALLOCATOR_H

/* Keep the memory that a garbage collection frees.  glibc gives it back to the system at once by default,
 * and a script that makes one text of 100 KB after the other has all of it mapped and zeroed again each
 * time.  Blocks of a megabyte and more stay mappings of their own, which grow without a copy.  Elsewhere
 * it does nothing.  To be called once, before any thread is started. */
void kc_allocator_keep_freed_memory(void);

#endif
