/* arena.h - memory that is freed all at once: everything that belongs to one parse.
 *
 * Place: lang; of the vm it knows the hash alone.  One thread at a time.
 * Ownership: all that comes from an arena lives until kw_arena_fini() and is never freed alone. */
#ifndef KW_ARENA_H
#define KW_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An identifier.  Interned: within one arena equal names are the same pointer. */
typedef struct kw_name {
    uint32_t size; /* bytes, without the terminating NUL */
    uint32_t hash;
    uint32_t stamp;       /* the parser's: number of the list that last held this name */
    bool is_struct;       /* the parser's: a struct of this name was defined further up */
    bool is_constant;     /* the parser's: a function defines a constant of this name */
    struct kw_name *next; /* the arena's hash chain */
    char text[];          /* NUL-terminated */
} kw_name;

typedef struct kw_arena {
    struct kw_arena_chunk *chunks; /* newest first */
    kw_name **buckets;             /* table of names, in the arena itself */
    uint32_t bucket_count;         /* a power of two, or 0 */
    uint32_t name_count;
    size_t total; /* bytes taken from the system so far */
    size_t limit; /* fail instead of taking more than this; 0: no limit */
} kw_arena;

/* Make `arena` empty; allocates nothing. */
void kw_arena_init(kw_arena *arena);
/* Free everything; the arena is empty afterwards and may be used again. */
void kw_arena_fini(kw_arena *arena);
/* `size` zeroed bytes, aligned for any type; NULL if memory is short. */
void *kw_arena_alloc(kw_arena *arena, size_t size);
/* A copy of `size` bytes with a NUL behind; NULL if memory is short. */
char *kw_arena_copy(kw_arena *arena, const char *text, size_t size);
/* The one kw_name of these bytes; NULL if memory is short. */
kw_name *kw_arena_name(kw_arena *arena, const char *text, size_t size);

#endif
