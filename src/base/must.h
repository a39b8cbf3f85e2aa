/* must.h - abort, in release builds too, when a call that cannot fail has failed.
 *
 * For calls whose failure would be our own bug (a mutex misused), never for anything that comes
 * from a script, a peer or the system. */
#ifndef KB_MUST_H
#define KB_MUST_H

#define MUST(call) ((call) == 0 ? (void)0 : kb_must_failed(#call, __FILE__, __LINE__))

/* Print what failed and abort. */
_Noreturn void kb_must_failed(const char *call, const char *file, int line);

#endif
