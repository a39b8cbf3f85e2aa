/* map.h - a hash map from 64-bit integers to pointers.
 *
 * Place: base layer.  Open addressing, linear probing, removal without tombstones.
 * Threads: the caller's lock.  Ownership: values stay the caller's. */
#ifndef KB_MAP_H
#define KB_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef struct kb_map_cell {
    int64_t key;
    void *value; /* NULL: the cell is free */
} kb_map_cell;

typedef struct kb_map {
    kb_map_cell *cells;
    size_t size; /* cells: a power of two, or 0 */
    size_t count;
} kb_map;

void kb_map_init(kb_map *map);
void kb_map_fini(kb_map *map);

/* The value of `key`, or NULL. */
void *kb_map_get(const kb_map *map, int64_t key);

/* Set the value (not NULL) of `key`, replacing an older one.  KB_ENOMEM leaves the map as it
 * was. */
kb_status kb_map_put(kb_map *map, int64_t key, void *value);

/* Remove `key`; returns its value, or NULL if there was none. */
void *kb_map_take(kb_map *map, int64_t key);

/* Iterate: begin with *at = 0; the next value (and key, if not NULL) in no order, NULL at the end.
 * The map must not change meanwhile. */
void *kb_map_next(const kb_map *map, size_t *at, int64_t *key);

#endif
