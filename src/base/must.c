/* must.c - see must.h. */
#include "config.h"

#include "base/must.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void kb_must_failed(const char *call, const char *file, int line)
{
    fprintf(stderr, "kiwi: internal error at %s:%d: %s\n", file, line, call);
    abort();
}
