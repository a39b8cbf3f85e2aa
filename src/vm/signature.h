/* signature.h - how a function written in C is called, in a text that a person reads and the program parses.
 *
 *     recv(sock_id: integer, max_bytes: integer = 4096): task<bytes>
 *
 * A type is one of the language (`number`: integer or float), `any`, a struct's name, `task<...>`, an
 * integer in which a task is known, `A|B`, or `T?` where null is allowed, too.  A parameter without a type is of
 * any.  The last one may be `name...: type`, any number of them.  A default is an integer, float, string,
 * true, false, null, [] or {}; the last three leave the argument null.
 * Place: vm layer, below native.h.  Threads: the interpreter thread only. */
#ifndef KW_SIGNATURE_H
#define KW_SIGNATURE_H

#include "vm/object.h"

#define KW_ANY_TYPE UINT32_MAX

/* A parameter as its signature says. */
typedef struct kw_parameter {
    const char *name; /* not terminated */
    uint32_t name_size;
    uint32_t types; /* a bit for each kw_type that fits; all: any */
    bool nullable;  /* may be null, whether it has a default or not */
    bool variadic;
    kw_value otherwise; /* where it is missing or null; KW_UNDEF: it must be there */
} kw_parameter;

typedef struct kw_signature {
    const char *name, *result; /* in the text of the signature; NULL: no result is told */
    uint32_t name_size, count; /* of params */
    uint32_t least, most;      /* arguments; UINT32_MAX: no limit */
    kw_parameter *params;
} kw_signature;

/* Parse `text`, which must live as long as *out.  false: it is no signature, with `*at` where, or there
 * is no memory, with *at NULL.  Strings among the defaults are those of `vm`, alive while somebody marks
 * them; vm NULL: such defaults are null. */
bool kw_signature_parse(kw_vm *vm, const char *text, kw_signature *out, const char **at);
void kw_signature_free(kw_signature *s);
/* Length of the name that a signature begins with. */
size_t kw_signature_name(const char *text);

#endif
