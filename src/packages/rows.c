/* rows.c - see rows.h. */
#include "config.h"

#include "packages/rows.h"

#include "vm/object.h"

kw_value kp_rows_hashmap(kw_vm *vm, const kp_row *rows, size_t count)
{
    kw_map *map = kw_map_new(vm, count);
    for (size_t i = 0; map != NULL && i < count; i++)
        if (kw_is(rows[i].value, KW_UNDEF) || !kw_map_set_c(vm, map, rows[i].key, rows[i].value))
            return kw_undef();
    return map == NULL ? kw_undef() : kw_of_map(map);
}

kw_value kp_rows_text(kw_vm *vm, const char *text)
{
    return text == NULL || text[0] == '\0' ? kw_null() : kw_string_c(vm, text);
}
