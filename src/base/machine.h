/* machine.h - what the machine has: memory that this process may use, and giving memory back.
 *
 * Place: base layer.  Callable from any thread. */
#ifndef KB_MACHINE_H
#define KB_MACHINE_H

#include <stddef.h>

/* Bytes of memory that this process should not pass: 80 % of what its control group allows (or one
 * of those around it, if that is less), where there are such groups; at most 75 % of what the
 * machine has.  0: unknown.  `root` is put before the names of the system's files: "" but in tests. */
size_t kb_machine_memory_allowed(const char *root);

/* Give freed memory back to the system, which the C library may keep otherwise. */
void kb_machine_memory_release(void);

#endif
