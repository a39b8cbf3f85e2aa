/* map.c - hashmaps: entries in insertion order, and a table of their numbers.
 *
 * Up to SMALL entries there is no table: comparing the hashes in a row is faster.  A removed entry
 * stays in its place, with key KW_UNDEF, until the entries are full: so positions do not move while
 * something iterates and removes. */
#include "config.h"

#include "vm/object.h"

#include <assert.h>
#include <string.h>

#include "vm/vm.h"

enum {
    SMALL = 8,
    STEP = 17, /* to the next place where one is taken: over a row of sixteen numbers (hash.h) */
};

kw_map *kw_map_new(kw_vm *vm, size_t hint)
{
    kw_map *map = kw_heap_new_obj(vm, KW_KIND_MAP, sizeof(*map));
    if (hint > 0 && hint <= SMALL) {
        map->cap = (uint32_t)hint;
        map->entries = kw_heap_resize_elements(vm, NULL, 0, map->cap * sizeof(kw_entry));
    }
    return map;
}

/* ---- Finding --------------------------------------------------------------------------------- */

static bool same_key(const kw_entry *e, kw_value key, uint32_t hash)
{
    if (e->hash != hash || e->key.tag != key.tag)
        return false;
    if (key.tag == KW_STRING)
        return kw_string_same(e->key.as.string, key.as.string);
    if (key.tag == KW_INT)
        return e->key.as.i == key.as.i;
    return e->key.tag != KW_UNDEF && kw_equal_strict(e->key, key);
}

static kw_entry *find_hashed(kw_map *map, kw_value key, uint32_t hash)
{
    if (map->index == NULL) {
        for (uint32_t i = 0; i < map->used; i++)
            if (same_key(&map->entries[i], key, hash))
                return &map->entries[i];
        return NULL;
    }
    uint32_t mask = map->index_cap - 1;
    for (uint32_t at = hash & mask; map->index[at] != 0; at = (at + STEP) & mask) {
        kw_entry *e = &map->entries[map->index[at] - 1];
        if (same_key(e, key, hash))
            return e;
    }
    return NULL;
}

kw_value *kw_map_find_string(kw_map *map, kw_string *key)
{
    if (map->index == NULL) {
        for (uint32_t i = 0; i < map->used; i++)
            if (map->entries[i].key.tag == KW_STRING && map->entries[i].key.as.string == key)
                return &map->entries[i].value;
    }
    if (map->count == 0)
        return NULL;
    kw_entry *e = find_hashed(map, kw_of_string(key), kw_string_hash(key));
    return e == NULL ? NULL : &e->value;
}

kw_value *kw_map_find(kw_map *map, kw_value key)
{
    if (key.tag == KW_STRING)
        return kw_map_find_string(map, key.as.string);
    if (map->count == 0 || key.tag == KW_UNDEF)
        return NULL;
    kw_entry *e = find_hashed(map, key, kw_hash(key));
    return e == NULL ? NULL : &e->value;
}

kw_value kw_map_get(kw_map *map, kw_value key)
{
    kw_value *v = kw_map_find(map, key);
    return v == NULL ? kw_undef() : *v;
}

kw_entry *kw_map_next(kw_map *map, uint32_t *at)
{
    while (*at < map->used) {
        kw_entry *e = &map->entries[(*at)++];
        if (e->key.tag != KW_UNDEF)
            return e;
    }
    return NULL;
}

/* ---- Changing -------------------------------------------------------------------------------- */

static void index_put(kw_map *map, uint32_t number, uint32_t hash)
{
    uint32_t mask = map->index_cap - 1, at = hash & mask;
    assert(number < map->cap && map->cap * 2 <= map->index_cap); /* so there is a free place */
    while (map->index[at] != 0)
        at = (at + STEP) & mask;
    map->index[at] = number + 1;
}

static void close_gaps(kw_map *map)
{
    uint32_t to = 0;
    for (uint32_t i = 0; i < map->used; i++)
        if (map->entries[i].key.tag != KW_UNDEF)
            map->entries[to++] = map->entries[i];
    map->used = to;
}

static void reindex(kw_map *map)
{
    if (map->index == NULL)
        return;
    memset(map->index, 0, map->index_cap * sizeof(*map->index));
    for (uint32_t i = 0; i < map->used; i++)
        index_put(map, i, map->entries[i].hash);
}

typedef void *(*resizing)(kw_vm *vm, void *p, size_t old_size, size_t new_size);

/* Have room for `cap` entries, more than there are, and none removed among them. */
static bool resize_to(kw_vm *vm, kw_map *map, uint32_t cap, resizing resize)
{
    uint32_t index_cap = 0;
    assert(cap > map->count || cap == map->cap);
    if (cap > SMALL)
        for (index_cap = 32; index_cap < cap * 2;)
            index_cap *= 2;
    if (index_cap != 0) {
        size_t size = (size_t)index_cap * sizeof(uint32_t);
        uint32_t *index = resize(vm, NULL, 0, size);
        if (index == NULL)
            return false;
        kw_entry *entries = resize(vm, map->entries, map->cap * sizeof(kw_entry), cap * sizeof(kw_entry));
        if (entries == NULL) {
            kw_heap_free_elements(vm, index, size);
            return false;
        }
        kw_heap_free_elements(vm, map->index, map->index_cap * sizeof(uint32_t));
        map->index = index;
        map->index_cap = index_cap;
        map->entries = entries;
    } else {
        map->entries = kw_heap_resize_elements(vm, map->entries, map->cap * sizeof(kw_entry), cap * sizeof(kw_entry));
    }
    map->cap = cap;
    assert((map->index != NULL) == (cap > SMALL));
    close_gaps(map);
    reindex(map);
    return true;
}

/* Is that too many entries for a map?  Then it is thrown. */
static bool no_more(kw_vm *vm, size_t cap)
{
    bool many = cap >= (size_t)1 << 30;
    if (many)
        kw_throw_memory(vm, cap * sizeof(kw_entry));
    return many;
}

/* The entries are full: make room for at least one more, with memory from `resize`. */
static bool make_room(kw_vm *vm, kw_map *map, resizing resize)
{
    if (map->cap > SMALL && map->count <= map->used / 2) {
        close_gaps(map);
        reindex(map);
        return true;
    }
    if (map->cap <= SMALL && map->count < map->used) {
        close_gaps(map);
        return true;
    }
    if (no_more(vm, map->cap))
        return false;
    return resize_to(vm, map, map->cap == 0 ? 4 : map->cap < SMALL ? SMALL : map->cap * 2, resize);
}

static bool set(kw_vm *vm, kw_map *map, kw_value key, kw_value value, resizing resize)
{
    assert(!kw_is(key, KW_UNDEF)); /* the key of what was removed */
    uint32_t hash = kw_hash(key);
    kw_entry *e = map->count == 0 ? NULL : find_hashed(map, key, hash);
    if (e != NULL) {
        e->value = value;
        return true;
    }
    if (map->used == map->cap && !make_room(vm, map, resize))
        return false;
    map->entries[map->used] = (kw_entry){.key = key, .value = value, .hash = hash};
    if (map->index != NULL)
        index_put(map, map->used, hash);
    map->used++;
    map->count++;
    return true;
}

bool kw_map_set(kw_vm *vm, kw_map *map, kw_value key, kw_value value)
{
    return set(vm, map, key, value, kw_heap_try_resize_elements);
}

kw_map *kw_map_of(kw_vm *vm, const kw_value *pairs, size_t count)
{
    kw_map *map = kw_map_new(vm, count);
    if (count > SMALL && (no_more(vm, count) || !resize_to(vm, map, (uint32_t)count, kw_heap_try_resize_elements)))
        return NULL;
    for (size_t i = 0; i < count; i++)
        if (!kw_map_set(vm, map, pairs[2 * i], pairs[2 * i + 1]))
            return NULL;
    return map;
}

void kw_map_put(kw_vm *vm, kw_map *map, kw_value key, kw_value value)
{
    (void)set(vm, map, key, value, kw_heap_resize_elements);
}

bool kw_map_set_c(kw_vm *vm, kw_map *map, const char *key, kw_value value)
{
    return kw_map_set(vm, map, kw_of_string(kw_intern_c(vm, key)), value);
}

bool kw_map_remove(kw_map *map, kw_value key)
{
    if (map->count == 0)
        return false;
    kw_entry *e = find_hashed(map, key, kw_hash(key));
    if (e == NULL)
        return false;
    e->key = kw_undef();
    e->value = kw_undef();
    if (--map->count == 0)
        kw_map_clear(map);
    return true;
}

void kw_map_clear(kw_map *map)
{
    map->used = map->count = 0;
    if (map->index != NULL)
        memset(map->index, 0, map->index_cap * sizeof(*map->index));
}
