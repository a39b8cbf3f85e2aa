/* value.h - what a script's value is.
 *
 * Place: vm layer, the bottom of the interpreter.  A value is 16 bytes: a tag and a payload.
 * Integers of Kiwi are full 64-bit, so no bits are free for boxing tags into doubles.  The tag of a
 * heap value is its type, so that a type test never touches the heap.
 * Threads: values and everything they point to belong to the interpreter thread. */
#ifndef KW_VALUE_H
#define KW_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* X(tag, type name as typeof() gives it, name in error texts): TYPES.md section 1.  The
 * order up to KW_PACKAGE is the rank that orders values of different types (TYPES.md section 5). */
#define KW_TYPES(X)                                                                                                    \
    X(KW_INT, "integer", "Integer")                                                                                    \
    X(KW_FLOAT, "float", "Float")                                                                                      \
    X(KW_BOOL, "boolean", "Boolean")                                                                                   \
    X(KW_STRING, "string", "String")                                                                                   \
    X(KW_LIST, "list", "List")                                                                                         \
    X(KW_MAP, "hashmap", "Hashmap")                                                                                    \
    X(KW_OBJECT, "object", "Object") /* instance of a struct; typeof gives the struct's name */                        \
    X(KW_LAMBDA, "lambda", "Lambda") /* closure, bound method or native function */                                    \
    X(KW_NULL, "null", "None")                                                                                         \
    X(KW_STRUCT, "", "Struct") /* a struct or enum itself */                                                           \
    X(KW_POINTER, "pointer", "Pointer")                                                                                \
    X(KW_DATE, "date", "Date") /* payload: 100 ns ticks since 0001-01-01 */                                            \
    X(KW_BYTES, "bytes", "Bytes")                                                                                      \
    X(KW_GENERATOR, "generator", "Generator")                                                                          \
    X(KW_PACKAGE, "", "Package")                                                                                       \
    X(KW_CELL, "cell", "Cell")    /* a captured variable; never seen by scripts */                                     \
    X(KW_UNDEF, "undef", "Undef") /* "nothing here"; never seen by scripts */

typedef enum kw_type {
#define KW_TYPE_ENUM(tag, name, title) tag,
    KW_TYPES(KW_TYPE_ENUM)
#undef KW_TYPE_ENUM
        KW_TYPE_COUNT
} kw_type;

typedef struct kw_obj kw_obj;
typedef struct kw_string kw_string;
typedef struct kw_list kw_list;
typedef struct kw_map kw_map;
typedef struct kw_bytes kw_bytes;
typedef struct kw_class kw_class;
typedef struct kw_object kw_object;
typedef struct kw_closure kw_closure;
typedef struct kw_native kw_native;
typedef struct kw_bound kw_bound;
typedef struct kw_cell kw_cell;
typedef struct kw_fiber kw_fiber;
typedef struct kw_package kw_package;
typedef struct kw_pointer kw_pointer;
typedef struct kw_proto kw_proto;
typedef struct kw_global kw_global;
typedef struct kw_vm kw_vm;

typedef struct kw_value {
    uint32_t tag; /* kw_type */
    union {
        _Alignas(8) int64_t i; /* KW_INT, KW_DATE, KW_BOOL (0 or 1); aligned: 16 bytes on 32 bits, too */
        double f;
        kw_obj *obj;
        kw_string *string;
        kw_list *list;
        kw_map *map;
        kw_bytes *bytes;
        kw_class *klass;
        kw_object *object;
        kw_fiber *generator;
        kw_package *package;
        kw_pointer *pointer;
        kw_cell *cell;
    } as;
} kw_value;

static inline kw_value kw_null(void)
{
    return (kw_value){.tag = KW_NULL, .as.i = 0};
}
static inline kw_value kw_undef(void)
{
    return (kw_value){.tag = KW_UNDEF, .as.i = 0};
}
static inline kw_value kw_int(int64_t i)
{
    return (kw_value){.tag = KW_INT, .as.i = i};
}
static inline kw_value kw_float(double f)
{
    return (kw_value){.tag = KW_FLOAT, .as.f = f};
}
static inline kw_value kw_bool(bool b)
{
    return (kw_value){.tag = KW_BOOL, .as.i = b};
}
static inline kw_value kw_date(int64_t ticks)
{
    return (kw_value){.tag = KW_DATE, .as.i = ticks};
}
static inline kw_value kw_of_string(kw_string *s)
{
    return (kw_value){.tag = KW_STRING, .as.string = s};
}
static inline kw_value kw_of_list(kw_list *l)
{
    return (kw_value){.tag = KW_LIST, .as.list = l};
}
static inline kw_value kw_of_map(kw_map *m)
{
    return (kw_value){.tag = KW_MAP, .as.map = m};
}
static inline kw_value kw_of_bytes(kw_bytes *b)
{
    return (kw_value){.tag = KW_BYTES, .as.bytes = b};
}
static inline kw_value kw_of_class(kw_class *c)
{
    return (kw_value){.tag = KW_STRUCT, .as.klass = c};
}
/* Any heap object whose tag is `tag`. */
static inline kw_value kw_of_obj(kw_type tag, void *obj)
{
    return (kw_value){.tag = tag, .as.obj = (kw_obj *)obj};
}

/* *to = *from, tag and payload apart.  A copy of 16 bytes at once would wait until both parts of a
 * value that was stored just now have left the processor's store buffer: use this wherever that is
 * likely. */
static inline void kw_copy(kw_value *to, const kw_value *from)
{
    to->tag = from->tag;
    to->as.i = from->as.i;
}

static inline bool kw_is(kw_value v, kw_type tag)
{
    return v.tag == (uint32_t)tag;
}
static inline bool kw_is_number(kw_value v)
{
    return v.tag <= KW_FLOAT;
}
/* An integer or float as a double; only for numbers. */
static inline double kw_to_double(kw_value v)
{
    return v.tag == KW_INT ? (double)v.as.i : v.as.f;
}
/* Does the payload point to a heap object that the collector owns? */
static inline bool kw_is_heap(kw_value v)
{
    switch ((kw_type)v.tag) {
    case KW_INT:
    case KW_FLOAT:
    case KW_BOOL:
    case KW_NULL:
    case KW_DATE:
    case KW_UNDEF:
    case KW_TYPE_COUNT: return false;
    default: return true;
    }
}

/* Type names: as typeof() gives it for built-in types, and as error texts spell it. */
const char *kw_display_type_name(kw_type type);
const char *kw_display_type_title(kw_type type);

#endif
