/* hash_value.c - hashing of any value. */
#include "config.h"

#include "vm/object.h"

#include <math.h>
#include <string.h>

#include "vm/hash.h"

/* parts of a value that its hash looks at: what differs elsewhere collides */
enum { HASH_BUDGET = 1024 };

static uint32_t hash_in(kw_value v, unsigned budget);

/* What each of `count` parts may look at, of what is left for all of them. */
static unsigned share(unsigned budget, size_t count)
{
    return count < budget ? (budget - 1) / (unsigned)count : 0;
}

static uint32_t hash_list(const kw_list *list, unsigned budget)
{
    size_t looked_at = list->count < budget ? list->count : budget;
    kw_hasher h;
    kw_hash_begin(&h);
    kw_hash_put(&h, list->count);
    for (size_t i = 0; i < looked_at; i++)
        kw_hash_put(&h, hash_in(list->items[i], share(budget, looked_at)));
    return kw_hash_end(&h);
}

/* Sums, since the order does not matter. */
static uint32_t hash_map(kw_map *map, unsigned budget)
{
    uint64_t sum = map->count;
    const kw_entry *e;
    for (uint32_t i = 0; budget > 0 && (e = kw_map_next(map, &i)) != NULL;)
        sum += kw_hash_word((uint64_t)e->hash << 32 | hash_in(e->value, share(budget, map->count)));
    return kw_hash_word(sum);
}

static uint32_t hash_object(const kw_object *o, unsigned budget)
{
    uint64_t sum = kw_string_hash(o->klass->name);
    for (const kw_shape *s = o->shape; budget > 0 && s->name != NULL; s = s->parent)
        sum += kw_hash_word((uint64_t)kw_string_hash(s->name) << 32 |
                            hash_in(o->slots[s->count - 1], share(budget, o->shape->count)));
    return kw_hash_word(sum);
}

static uint32_t hash_float(double f)
{
    uint64_t bits = 0x7FF8000000000000u; /* all NaN are one key, and so are the zeroes */
    if (f == 0.0)
        bits = 0;
    else if (!isnan(f))
        memcpy(&bits, &f, sizeof(bits));
    return kw_hash_word(bits);
}

static uint32_t hash_lambda(const kw_obj *o)
{
    if (o->kind != KW_KIND_BOUND)
        return kw_hash_word((uint64_t)(uintptr_t)o);
    const kw_bound *b = (const kw_bound *)o;
    return kw_hash_word((uint64_t)(uintptr_t)b->callable.as.obj) + kw_hash_word((uint64_t)b->self.as.i);
}

/* Values can contain themselves, and a few lists in each other can stand for any number: what a
 * hash looks at is bounded. */
static uint32_t hash_in(kw_value v, unsigned budget)
{
    switch ((kw_type)v.tag) {
    case KW_INT: return kw_hash_number((uint64_t)v.as.i);
    case KW_DATE: return kw_hash_word((uint64_t)v.as.i);
    case KW_FLOAT: return hash_float(v.as.f);
    case KW_BOOL: return kw_hash_word(v.as.i != 0);
    case KW_STRING: return kw_string_hash(v.as.string);
    case KW_BYTES: return kw_hash_bytes(v.as.bytes->data, v.as.bytes->size);
    case KW_LIST: return hash_list(v.as.list, budget);
    case KW_MAP: return hash_map(v.as.map, budget);
    case KW_OBJECT: return hash_object(v.as.object, budget);
    case KW_LAMBDA: return hash_lambda(v.as.obj);
    case KW_NULL:
    case KW_UNDEF:
    case KW_TYPE_COUNT: return kw_hash_word(v.tag);
    default: return kw_hash_word((uint64_t)(uintptr_t)v.as.obj);
    }
}

uint32_t kw_hash(kw_value v)
{
    return hash_in(v, HASH_BUDGET);
}
