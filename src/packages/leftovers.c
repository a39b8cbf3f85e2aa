/* leftovers.c - see leftovers.h. */
#include "config.h"

#include "packages/leftovers.h"

#include <assert.h>
#include <stdlib.h>

enum {
    PURGE = 1 << 17, /* the runtime remembers a million of tasks before it forgets the first one */
    /* Of messages; the runtime has short copies of those that are dropped. */
    FAULTS_MAX = 16 << 20,
    ENTRY = 128, /* what a message costs besides its text: its string, its entry, its origin */
};

void kp_leftovers_init(kw_vm *vm, kp_leftovers *l)
{
    *l = (kp_leftovers){.vm = vm, .purge_at = PURGE};
    l->values = kw_map_new(vm, 0);
    l->light = kw_map_new(vm, 0);
    l->faults = kw_map_new(vm, 0);
}

void kp_leftovers_mark(kp_leftovers *l)
{
    kw_gc_mark_obj(l->vm, l->values);
    kw_gc_mark_obj(l->vm, l->light);
    kw_gc_mark_obj(l->vm, l->faults);
}

/* ---- Taking ---------------------------------------------------------------------------------- */

/* What `map` has of `id`; KW_UNDEF: nothing. */
static kw_value find(kw_map *map, kiwi_id id)
{
    return map->count == 0 ? kw_undef() : kw_map_get(map, kw_int(id));
}

kw_value kp_leftovers_value(const kp_leftovers *l, kiwi_id id)
{
    kw_value value = find(l->light, id);
    return kw_is(value, KW_UNDEF) ? find(l->values, id) : value;
}

kw_string *kp_leftovers_message(const kp_leftovers *l, kiwi_id id)
{
    kw_value message = find(l->faults, id);
    return kw_is(message, KW_UNDEF) ? NULL : message.as.string;
}

/* Returns how many bytes are not kept any more. */
static size_t let_go(kp_leftovers *l, kw_value key)
{
    kw_value weighed = find(l->values, key.as.i), given = find(l->light, key.as.i);
    if (!kw_is(given, KW_UNDEF))
        (void)kw_map_remove(l->light, key);
    if (kw_is(weighed, KW_UNDEF))
        return kw_is(given, KW_BYTES) ? given.as.bytes->size : kw_is(given, KW_STRING) ? given.as.string->size : 0;
    (void)kw_map_remove(l->values, key);
    return kw_weigh_undo(weighed);
}

static void remove_value(kp_leftovers *l, kw_value key)
{
    if (!kw_map_remove(l->light, key))
        (void)let_go(l, key);
}

static void remove_fault(kp_leftovers *l, kw_value key)
{
    kw_string *message = kp_leftovers_message(l, key.as.i);
    if (message == NULL)
        return;
    assert(l->faults_held >= message->size + ENTRY);
    l->faults_held -= message->size + ENTRY;
    (void)kw_map_remove(l->faults, key);
}

void kp_leftovers_take(kp_leftovers *l, kiwi_id id, kw_value *value, kw_string **message)
{
    *value = kp_leftovers_value(l, id);
    *message = kp_leftovers_message(l, id);
    if (!kw_is(*value, KW_UNDEF))
        remove_value(l, kw_int(id));
    if (*message != NULL)
        remove_fault(l, kw_int(id));
}

void kp_leftovers_drop(kp_leftovers *l, kiwi_net *net)
{
    if (l->values->count == 0 && l->light->count == 0)
        return;
    for (kiwi_id id; (id = kiwi_task_dropped(net)) != 0;)
        kw_heap_dropped(l->vm, let_go(l, kw_int(id)));
}

/* ---- Keeping --------------------------------------------------------------------------------- */

static size_t count_all(const kp_leftovers *l)
{
    return (size_t)l->values->count + l->light->count + l->faults->count;
}

static int compare_ids(const void *a, const void *b)
{
    kiwi_id x = *(const kiwi_id *)a, y = *(const kiwi_id *)b;
    return x < y ? -1 : x > y;
}

typedef void remover(kp_leftovers *l, kw_value key);

static void purge_map(kp_leftovers *l, kw_map *map, remover *drop, const kiwi_id *ids, size_t count)
{
    assert(count == 0 || ids[0] <= ids[count - 1]); /* the runtime gives them in order */
    uint32_t at = 0;
    for (kw_entry *e; (e = kw_map_next(map, &at)) != NULL;)
        if (bsearch(&e->key.as.i, ids, count, sizeof(*ids), compare_ids) == NULL)
            drop(l, e->key);
}

bool kp_leftovers_full(const kp_leftovers *l)
{
    return count_all(l) >= l->purge_at;
}

/* The status of the tasks is not asked for, as that would count as a look at their failures. */
void kp_leftovers_purge(kp_leftovers *l, kiwi_net *net)
{
    kiwi_id *ids;
    size_t count, running;
    if (kiwi_task_list(net, &ids, &count, &running) != 0)
        return;
    purge_map(l, l->values, remove_value, ids, count);
    purge_map(l, l->light, remove_value, ids, count);
    purge_map(l, l->faults, remove_fault, ids, count);
    free(ids);
    l->purge_at = 2 * count_all(l) + PURGE;
}

bool kp_leftovers_show(kp_leftovers *l, kiwi_id id, kw_value value)
{
    return kw_map_set(l->vm, l->light, kw_int(id), value);
}

void kp_leftovers_complete(kp_leftovers *l, kiwi_net *net, kiwi_id id, kw_value value, bool awaited)
{
    assert(kw_is(kp_leftovers_value(l, id), KW_UNDEF)); /* a task ends once */
    size_t weight = awaited ? 0 : kw_weigh(l->vm, value);
    if (!kw_map_set(l->vm, weight > 0 ? l->values : l->light, kw_int(id), value)) {
        if (weight > 0)
            (void)kw_weigh_undo(value);
        (void)kiwi_task_fault(net, id, "Not enough memory for the result.");
        return;
    }
    (void)kiwi_task_complete_kept(net, id, weight);
    if (weight > 0)
        kp_leftovers_drop(l, net);
}

/* The oldest messages go until half of the room is free again. */
static void make_room(kp_leftovers *l)
{
    uint32_t at = 0;
    if (l->faults_held <= FAULTS_MAX)
        return;
    for (kw_entry *e; l->faults_held > FAULTS_MAX / 2 && (e = kw_map_next(l->faults, &at)) != NULL;)
        remove_fault(l, e->key);
}

void kp_leftovers_fault(kp_leftovers *l, kiwi_net *net, kiwi_id id, kw_string *message)
{
    assert(kp_leftovers_message(l, id) == NULL);
    /* without memory for it the runtime's copy counts */
    if (kw_map_set(l->vm, l->faults, kw_int(id), kw_of_string(message)))
        l->faults_held += message->size + ENTRY;
    make_room(l);
    (void)kiwi_task_fault(net, id, message->text);
}
