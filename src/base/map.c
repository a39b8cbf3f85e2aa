/* map.c - see map.h. */
#include "config.h"

#include "base/map.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_SIZE = 16 }; /* cells */

void kb_map_init(kb_map *map)
{
    *map = (kb_map){0};
}

void kb_map_fini(kb_map *map)
{
    free(map->cells);
    kb_map_init(map);
}

/* Ids are consecutive: the multiplication spreads runs of them, which would make long probes. */
static size_t home(const kb_map *map, int64_t key)
{
    uint64_t hash = (uint64_t)key * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 20) & (map->size - 1);
}

/* The cell of `key`, or the free cell where it would go.  The map has a free cell. */
static kb_map_cell *find(const kb_map *map, int64_t key)
{
    size_t i = home(map, key);
    while (map->cells[i].value != NULL && map->cells[i].key != key)
        i = (i + 1) & (map->size - 1);
    return &map->cells[i];
}

void *kb_map_get(const kb_map *map, int64_t key)
{
    return map->count == 0 ? NULL : find(map, key)->value;
}

static kb_status grow(kb_map *map)
{
    size_t size = map->size == 0 ? FIRST_SIZE : map->size * 2;
    if (size > SIZE_MAX / 2 / sizeof(kb_map_cell))
        return KB_ENOMEM;
    kb_map bigger = {.cells = calloc(size, sizeof(kb_map_cell)), .size = size, .count = map->count};
    if (bigger.cells == NULL)
        return KB_ENOMEM;
    for (size_t i = 0; i < map->size; i++)
        if (map->cells[i].value != NULL)
            *find(&bigger, map->cells[i].key) = map->cells[i];
    free(map->cells);
    *map = bigger;
    return KB_OK;
}

kb_status kb_map_put(kb_map *map, int64_t key, void *value)
{
    assert(value != NULL);
    if (map->count + 1 > map->size / 4 * 3 && grow(map) != KB_OK)
        return KB_ENOMEM;
    kb_map_cell *cell = find(map, key);
    if (cell->value == NULL)
        map->count++;
    *cell = (kb_map_cell){.key = key, .value = value};
    return KB_OK;
}

void *kb_map_take(kb_map *map, int64_t key)
{
    if (map->count == 0)
        return NULL;
    kb_map_cell *cell = find(map, key);
    void *value = cell->value;
    if (value == NULL)
        return NULL;
    map->count--;
    size_t mask = map->size - 1, hole = (size_t)(cell - map->cells), i = hole;
    for (;;) { /* close the gap: move back whatever probed across it */
        i = (i + 1) & mask;
        if (map->cells[i].value == NULL)
            break;
        if (((i - home(map, map->cells[i].key)) & mask) >= ((i - hole) & mask)) {
            map->cells[hole] = map->cells[i];
            hole = i;
        }
    }
    map->cells[hole].value = NULL;
    return value;
}

void *kb_map_next(const kb_map *map, size_t *at, int64_t *key)
{
    while (*at < map->size) {
        const kb_map_cell *cell = &map->cells[(*at)++];
        if (cell->value == NULL)
            continue;
        if (key != NULL)
            *key = cell->key;
        return cell->value;
    }
    return NULL;
}
