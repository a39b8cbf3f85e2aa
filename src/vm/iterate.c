/* iterate.c - what a `for` loop goes through. */
#include "config.h"

#include "vm/interp.h"

kw_value kw_iterate_keys(kw_vm *vm, kw_map *map)
{
    kw_list *keys = kw_list_new(vm, map->count);
    if (keys == NULL)
        return kw_undef();
    uint32_t at = 0;
    for (kw_entry *e; (e = kw_map_next(map, &at)) != NULL;)
        keys->items[keys->count++] = e->key;
    return kw_of_list(keys);
}

bool kw_iterate_range(kw_vm *vm, kw_value *r)
{
    if (!kw_is(r[0], KW_INT) || !kw_is(r[1], KW_INT)) {
        kw_throw(vm, "RangeError", "Range values must be integers.");
        return false;
    }
    /* r[0] next value, r[1] how many are left, r[2] step; unsigned arithmetic: the whole range
     * may be used */
    bool up = r[0].as.i <= r[1].as.i;
    uint64_t span = up ? (uint64_t)r[1].as.i - (uint64_t)r[0].as.i : (uint64_t)r[0].as.i - (uint64_t)r[1].as.i;
    r[2] = kw_int(up ? 1 : -1);
    r[1].as.i = (int64_t)(span == UINT64_MAX ? span : span + 1);
    return true;
}
