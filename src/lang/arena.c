/* arena.c - bump allocation from a list of chunks.  The contract is in arena.h. */
#include "config.h"

#include "lang/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "vm/hash.h"

enum {
    CHUNK_FIRST = 4096,      /* small: most eval texts fit into one */
    CHUNK_MAX = 1024 * 1024, /* chunks double up to this */
    BUCKETS_FIRST = 64
};

typedef struct kw_arena_chunk {
    struct kw_arena_chunk *next;
    size_t size; /* bytes in data */
    size_t used;
    alignas(max_align_t) char data[];
} chunk;

void kw_arena_init(kw_arena *arena)
{
    *arena = (kw_arena){0};
}

void kw_arena_fini(kw_arena *arena)
{
    chunk *c = arena->chunks;
    while (c != NULL) {
        chunk *next = c->next;
        free(c);
        c = next;
    }
    kw_arena_init(arena);
}

static chunk *add_chunk(kw_arena *arena, size_t need)
{
    size_t size = arena->chunks == NULL ? CHUNK_FIRST : CHUNK_MAX;
    if (arena->chunks != NULL && arena->total < CHUNK_MAX)
        size = arena->total; /* doubles what there is */
    if (size < need)
        size = need;
    if (size > SIZE_MAX - sizeof(chunk))
        return NULL;
    if (arena->limit > 0 && (arena->total > arena->limit || size > arena->limit - arena->total))
        return NULL;
    chunk *c = calloc(1, sizeof(chunk) + size);
    if (c == NULL)
        return NULL;
    c->size = size;
    c->next = arena->chunks;
    arena->chunks = c;
    arena->total += size;
    return c;
}

void *kw_arena_alloc(kw_arena *arena, size_t size)
{
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + unit - 1) / unit * unit;
    chunk *c = arena->chunks;
    if (c == NULL || c->size - c->used < size) {
        c = add_chunk(arena, size);
        if (c == NULL)
            return NULL;
    }
    void *memory = c->data + c->used;
    c->used += size;
    assert(c->used <= c->size && (uintptr_t)memory % unit == 0);
    return memory;
}

char *kw_arena_copy(kw_arena *arena, const char *text, size_t size)
{
    if (size == SIZE_MAX)
        return NULL;
    char *copy = kw_arena_alloc(arena, size + 1);
    if (copy != NULL && size > 0)
        memcpy(copy, text, size);
    return copy;
}

/* Double the table of names; the old one stays in the arena as waste. */
static bool grow_names(kw_arena *arena)
{
    uint32_t count = arena->bucket_count == 0 ? BUCKETS_FIRST : arena->bucket_count * 2;
    if (arena->bucket_count == 0)
        kw_hash_init(); /* the text may come from a peer */
    kw_name **buckets = kw_arena_alloc(arena, count * sizeof(*buckets));
    if (buckets == NULL)
        return false;
    for (uint32_t i = 0; i < arena->bucket_count; i++) {
        kw_name *name = arena->buckets[i];
        while (name != NULL) {
            kw_name *next = name->next;
            name->next = buckets[name->hash & (count - 1)];
            buckets[name->hash & (count - 1)] = name;
            name = next;
        }
    }
    arena->buckets = buckets;
    arena->bucket_count = count;
    return true;
}

kw_name *kw_arena_name(kw_arena *arena, const char *text, size_t size)
{
    if (size > UINT32_MAX - 1)
        return NULL;
    if (arena->name_count >= arena->bucket_count && !grow_names(arena))
        return NULL;
    uint32_t hash = kw_hash_bytes(text, size);
    assert((arena->bucket_count & (arena->bucket_count - 1)) == 0); /* so that the mask reaches all, and no more */
    kw_name **bucket = &arena->buckets[hash & (arena->bucket_count - 1)];
    for (kw_name *name = *bucket; name != NULL; name = name->next)
        if (name->hash == hash && name->size == size && memcmp(name->text, text, size) == 0)
            return name;
    kw_name *name = kw_arena_alloc(arena, sizeof(kw_name) + size + 1);
    if (name == NULL)
        return NULL;
    memcpy(name->text, text, size);
    name->size = (uint32_t)size;
    name->hash = hash;
    name->next = *bucket;
    *bucket = name;
    arena->name_count++;
    return name;
}
