/* list.c - lists: growing arrays of values. */
#include "config.h"

#include "vm/object.h"

#include <assert.h>
#include <string.h>

#include "vm/vm.h"

kw_list *kw_list_new(kw_vm *vm, size_t cap)
{
    kw_list *list = kw_heap_new_obj(vm, KW_KIND_LIST, sizeof(*list));
    if (cap > 0 && !kw_list_reserve(vm, list, cap))
        return NULL; /* the empty list is garbage */
    return list;
}

static size_t front_of(const kw_list *list)
{
    return list->header.spare32;
}

/* Let the elements begin at slot `front` of the memory. */
static void slide(kw_list *list, size_t front)
{
    kw_value *start = list->items - front_of(list);
    assert(front + list->count <= front_of(list) + list->cap);
    memmove(start + front, list->items, list->count * sizeof(kw_value));
    list->items = start + front;
    list->cap = list->cap + front_of(list) - front;
    list->header.spare32 = (uint32_t)front;
}

bool kw_list_reserve(kw_vm *vm, kw_list *list, size_t cap)
{
    if (cap <= list->cap)
        return true;
    if (cap >= 4096 && !kw_heap_room(vm, cap - list->cap, sizeof(kw_value)))
        return false;
    if (front_of(list) > 0) {
        slide(list, 0);
        if (cap <= list->cap)
            return true;
    }
    kw_value *items =
        kw_heap_try_resize_elements(vm, list->items, list->cap * sizeof(kw_value), cap * sizeof(kw_value));
    if (items == NULL)
        return false;
    list->items = items;
    list->cap = cap;
    return true;
}

void kw_list_free_items(kw_vm *vm, kw_list *list)
{
    if (list->items != NULL)
        kw_heap_free_elements(vm, list->items - front_of(list), (list->cap + front_of(list)) * sizeof(kw_value));
}

void kw_list_take(kw_vm *vm, kw_list *list, kw_list *from)
{
    assert(list != from);
    kw_list_free_items(vm, list);
    list->items = from->items;
    list->count = from->count;
    list->cap = from->cap;
    list->header.spare32 = from->header.spare32;
    from->items = NULL;
    from->count = from->cap = from->header.spare32 = 0;
}

static size_t larger(size_t cap)
{
    return cap < 4 ? 4 : cap < 1 << 20 ? cap * 2 : cap + cap / 2;
}

/* Make room behind the last element. */
static bool grow(kw_vm *vm, kw_list *list)
{
    assert(list->count == list->cap);
    if (front_of(list) > list->count / 2) { /* a queue: so many were taken off that moving is cheap */
        slide(list, 0);
        return true;
    }
    return kw_list_reserve(vm, list, larger(list->cap));
}

bool kw_list_push(kw_vm *vm, kw_list *list, kw_value v)
{
    if (list->count == list->cap && !grow(vm, list))
        return false;
    list->items[list->count++] = v;
    return true;
}

/* Make room before the first element. */
static bool grow_front(kw_vm *vm, kw_list *list)
{
    if (list->count == list->cap && !grow(vm, list))
        return false;
    size_t half = (list->cap - list->count + 1) / 2;
    slide(list, half < UINT32_MAX ? half : UINT32_MAX);
    return true;
}

bool kw_list_insert(kw_vm *vm, kw_list *list, size_t at, kw_value v)
{
    if (at == 0) {
        if (front_of(list) == 0 && !grow_front(vm, list))
            return false;
        list->items--;
        list->cap++;
        list->header.spare32--;
    } else {
        if (list->count == list->cap && !grow(vm, list))
            return false;
        if (at > list->count)
            at = list->count;
        memmove(list->items + at + 1, list->items + at, (list->count - at) * sizeof(kw_value));
    }
    assert(at <= list->count && list->count < list->cap);
    list->items[at] = v;
    list->count++;
    return true;
}

void kw_list_remove_at(kw_list *list, size_t at)
{
    if (at >= list->count)
        return;
    list->count--;
    if (at == 0 && list->header.spare32 < UINT32_MAX) {
        list->items++;
        list->cap--;
        list->header.spare32++;
    } else {
        memmove(list->items + at, list->items + at + 1, (list->count - at) * sizeof(kw_value));
    }
}
