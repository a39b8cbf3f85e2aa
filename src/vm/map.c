/* map.c - hashmaps: entries in insertion order, and a table of their numbers.
 *
 * Up to SMALL entries there is no table: comparing the hashes in a row is faster.  A removed entry
 * stays in its place, with key KW_UNDEF, until the entries are full: so positions do not move while
 * something iterates and removes. */
#include "config.h"

#include "vm/object.h"

#include <string.h>

#include "vm/vm.h"

enum { SMALL = 8 };

kw_map *kw_map_new(kw_vm *vm, size_t hint)
{
    kw_map *map = kw_new_obj(vm, KW_K_MAP, sizeof(*map));
    if (hint > 0 && hint <= SMALL) {
        map->cap = (uint32_t)hint;
        map->entries = kw_realloc(vm, NULL, 0, map->cap * sizeof(kw_entry));
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
    return e->key.tag != KW_UNDEF && kw_strict(e->key, key);
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
    for (uint32_t at = hash & mask; map->index[at] != 0; at = (at + 1) & mask) {
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
    while (map->index[at] != 0)
        at = (at + 1) & mask;
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

/* The entries are full: make room for at least one more. */
static bool make_room(kw_vm *vm, kw_map *map)
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
    if (map->cap >= (uint32_t)1 << 30) {
        kw_throw_memory(vm, (size_t)map->cap * 2 * sizeof(kw_entry));
        return false;
    }
    uint32_t cap = map->cap == 0 ? 4 : map->cap < SMALL ? SMALL : map->cap * 2;
    uint32_t index_cap = 0;
    if (cap > SMALL)
        for (index_cap = 32; index_cap < cap * 2;)
            index_cap *= 2;
    if (index_cap != 0) {
        size_t size = (size_t)index_cap * sizeof(uint32_t);
        uint32_t *index = kw_try_realloc(vm, NULL, 0, size);
        if (index == NULL)
            return false;
        kw_entry *entries =
            kw_try_realloc(vm, map->entries, map->cap * sizeof(kw_entry), cap * sizeof(kw_entry));
        if (entries == NULL) {
            kw_free(vm, index, size);
            return false;
        }
        kw_free(vm, map->index, map->index_cap * sizeof(uint32_t));
        map->index = index;
        map->index_cap = index_cap;
        map->entries = entries;
    } else {
        map->entries =
            kw_realloc(vm, map->entries, map->cap * sizeof(kw_entry), cap * sizeof(kw_entry));
    }
    map->cap = cap;
    close_gaps(map);
    reindex(map);
    return true;
}

bool kw_map_set(kw_vm *vm, kw_map *map, kw_value key, kw_value value)
{
    uint32_t hash = kw_hash(key);
    kw_entry *e = map->count == 0 ? NULL : find_hashed(map, key, hash);
    if (e != NULL) {
        e->value = value;
        return true;
    }
    if (map->used == map->cap && !make_room(vm, map))
        return false;
    map->entries[map->used] = (kw_entry){.key = key, .value = value, .hash = hash};
    if (map->index != NULL)
        index_put(map, map->used, hash);
    map->used++;
    map->count++;
    return true;
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
