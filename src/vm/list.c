/* list.c - lists: growing arrays of values. */
#include "config.h"

#include "vm/object.h"

#include <string.h>

#include "vm/vm.h"

kw_list *kw_list_new(kw_vm *vm, size_t cap)
{
    kw_list *list = kw_new_obj(vm, KW_K_LIST, sizeof(*list));
    if (cap > 0 && !kw_list_reserve(vm, list, cap))
        return NULL; /* the empty list is garbage */
    return list;
}

bool kw_list_reserve(kw_vm *vm, kw_list *list, size_t cap)
{
    if (cap <= list->cap)
        return true;
    if (cap >= 4096 && !kw_gc_room(vm, cap - list->cap, sizeof(kw_value)))
        return false;
    kw_value *items =
        kw_try_realloc(vm, list->items, list->cap * sizeof(kw_value), cap * sizeof(kw_value));
    if (items == NULL)
        return false;
    list->items = items;
    list->cap = cap;
    return true;
}

static bool grow(kw_vm *vm, kw_list *list)
{
    size_t cap = list->cap < 4         ? 4
                 : list->cap < 1 << 20 ? list->cap * 2
                                       : list->cap + list->cap / 2;
    return kw_list_reserve(vm, list, cap);
}

bool kw_list_push(kw_vm *vm, kw_list *list, kw_value v)
{
    if (list->count == list->cap && !grow(vm, list))
        return false;
    list->items[list->count++] = v;
    return true;
}

bool kw_list_insert(kw_vm *vm, kw_list *list, size_t at, kw_value v)
{
    if (list->count == list->cap && !grow(vm, list))
        return false;
    if (at > list->count)
        at = list->count;
    memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof(kw_value));
    list->items[at] = v;
    list->count++;
    return true;
}

void kw_list_remove_at(kw_list *list, size_t at)
{
    if (at >= list->count)
        return;
    list->count--;
    memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof(kw_value));
}
