/* random.h - bytes that nobody can guess, for keys of hashes.
 *
 * Place: base layer.  Callable from any thread. */
#ifndef KB_RANDOM_H
#define KB_RANDOM_H

#include <stddef.h>

/* Fill `out` from the system's generator.  Where it gives nothing (no such call, and no
 * /dev/urandom) the bytes come from clocks and addresses: unlike in every process, but no secret. */
void kb_random(void *out, size_t size);

#endif
