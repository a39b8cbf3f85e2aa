/* object.h - the layout of heap objects, and the operations on strings, lists, maps and bytes.
 *
 * Place: vm layer.  Objects are owned by the collector (gc.h): they are freed when no root reaches
 * them.  Collection happens at safepoints of the bytecode loop only (loop back-edges and calls),
 * never inside an allocation, so C code may hold plain pointers as long as it does not return to
 * the loop.
 * Allocation: small objects never fail (heap.h keeps a reserve); functions that may need much
 * memory return NULL or false and have thrown a catchable error in the vm.
 * Threads: the interpreter thread only. */
#ifndef KW_OBJECT_H
#define KW_OBJECT_H

#include <stdarg.h>
#include <stddef.h>

#include "vm/value.h"

/* What a heap object is; finer than the value's tag. */
typedef enum kw_kind {
    KW_KIND_STRING,
    KW_KIND_LIST,
    KW_KIND_MAP,
    KW_KIND_BYTES,
    KW_KIND_CLASS,
    KW_KIND_OBJECT,
    KW_KIND_CLOSURE,
    KW_KIND_NATIVE,
    KW_KIND_BOUND,
    KW_KIND_CELL,
    KW_KIND_FIBER,
    KW_KIND_PACKAGE,
    KW_KIND_POINTER,
    KW_KIND_PROTO,
    KW_KIND_COUNT
} kw_kind;

struct kw_obj {
    kw_obj *next;  /* all objects, for the sweep */
    uint8_t kind;  /* kw_kind */
    uint8_t mark;  /* collector's colour */
    uint8_t flags; /* per kind */
    uint8_t spare;
    uint32_t spare32; /* per kind: string hash */
};

/* ---- Strings: immutable UTF-8, indexed by code point ----------------------------------------- */

/* Flags of a string's header. */
enum {
    KW_STR_ASCII = 1,
    KW_STR_HASHED = 2,
    KW_STR_INTERNED = 4,
    KW_STR_TOLD = 8,    /* kw_origin_of() knows it */
    KW_STR_CLOSED = 16, /* of the fault of an operation that the script itself has ended */
    KW_STR_FAULT = 32,  /* kw_fault_of() knows it */
};

struct kw_string {
    kw_obj header;   /* spare32: hash, valid with KW_STR_HASHED */
    size_t size;     /* bytes */
    size_t length;   /* code points */
    uint32_t *index; /* NULL, or byte offset of every 64th code point; made on first need if not ASCII
                         and size < 4 GiB */
    char text[];     /* size bytes and a NUL */
};

/* A string of `size` bytes at `text`, invalid UTF-8 replaced by U+FFFD (one per maximal invalid
 * sub-sequence).  NULL: too large, thrown. */
kw_string *kw_string_new(kw_vm *vm, const char *text, size_t size);
/* The same for text known to be valid UTF-8 with `length` code points (SIZE_MAX: count them). */
kw_string *kw_string_valid(kw_vm *vm, const char *text, size_t size, size_t length);
/* One whose text the caller fills in at once; only the NUL behind it is there. */
kw_string *kw_string_blank(kw_vm *vm, size_t size, size_t length);
/* Set all of a string but its text. */
void kw_string_fill(kw_string *s, size_t size, size_t length);
/* The one string with this text: for names and constants; pointer-comparable with others
 * interned. */
kw_string *kw_intern(kw_vm *vm, const char *text, size_t size);
kw_string *kw_intern_c(kw_vm *vm, const char *text);
kw_value kw_string_c(kw_vm *vm, const char *text); /* value of a C string */
kw_string *kw_string_format(kw_vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));
kw_string *kw_string_vformat(kw_vm *vm, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
uint32_t kw_string_hash(kw_string *s);
bool kw_string_same(kw_string *a, kw_string *b); /* equal text */
/* Byte offset of code point `at` (0..length). */
size_t kw_string_offset(kw_string *s, size_t at);
/* Code points [from, to) as a new string. */
kw_string *kw_string_sub(kw_vm *vm, kw_string *s, size_t from, size_t to);
/* The one-character string at code point `at` (shared for ASCII). */
kw_string *kw_string_at(kw_vm *vm, kw_string *s, size_t at);
/* a + b.  NULL: too large, thrown. */
kw_string *kw_string_concat(kw_vm *vm, kw_string *a, kw_string *b);
/* Dictionary order of strings (TYPES.md section 5): < 0, 0, > 0. */
int kw_collate_strings(kw_string *a, kw_string *b);

/* `s` itself or the interned string with its text. */
kw_string *kw_names_intern_string(kw_vm *vm, kw_string *s);

/* A growing text, for display, join and the like.  Not an object: end it with kw_buf_string(), its
 * like, or kw_buf_free().  What it takes beyond `small` counts for the heap of the vm that runs on
 * this thread; a long text becomes a string or bytes without a copy. */
typedef struct kw_buf {
    char *text;
    size_t size, cap;
    struct kw_heap *heap; /* that counts it; NULL: none */
    bool failed;          /* out of memory or over the limit; further puts are ignored */
    char small[112];
} kw_buf;
void kw_buf_init(kw_buf *buf);
void kw_buf_put(kw_buf *buf, const char *text, size_t size);
void kw_buf_put_reversed(kw_buf *buf, const char *text, size_t size); /* the last character first */
void kw_buf_putc(kw_buf *buf, char c);
void kw_buf_puts(kw_buf *buf, const char *text);
/* Where the next bytes go, with room for `size` more: who writes there adds to buf->size.  NULL: failed. */
char *kw_buf_room(kw_buf *buf, size_t size);
void kw_buf_fill(kw_buf *buf, char c, size_t count); /* so many times */
void kw_buf_free(kw_buf *buf);
/* The text as a string (assumed valid UTF-8), and free the buffer.  NULL: failed, thrown. */
kw_string *kw_buf_string(kw_vm *vm, kw_buf *buf);
/* The same for a text that may be invalid, which is mended as by kw_string_new(). */
kw_string *kw_buf_text(kw_vm *vm, kw_buf *buf);
/* The text as bytes, and free the buffer.  NULL: failed, thrown. */
kw_bytes *kw_buf_bytes(kw_vm *vm, kw_buf *buf);

/* ---- Lists ----------------------------------------------------------------------------------- */

struct kw_list {
    kw_obj header; /* spare32: how many free slots lie before items[0], so that the first element
                          can be taken off and put on at once */
    kw_value *items;
    size_t count, cap; /* cap: slots from items[0] on */
};
kw_list *kw_list_new(kw_vm *vm, size_t cap);             /* NULL: too large, thrown */
bool kw_list_push(kw_vm *vm, kw_list *list, kw_value v); /* false: too large, thrown */
bool kw_list_insert(kw_vm *vm, kw_list *list, size_t at, kw_value v);
void kw_list_remove_at(kw_list *list, size_t at);
/* Let `list` have the elements of `from`, which is empty then. */
void kw_list_take(kw_vm *vm, kw_list *list, kw_list *from);
void kw_list_free_items(kw_vm *vm, kw_list *list); /* for the collector */
bool kw_list_reserve(kw_vm *vm, kw_list *list, size_t cap);

/* ---- Hashmaps: dense entries in insertion order + an index table ----------------------------- */

typedef struct kw_entry {
    kw_value key; /* KW_UNDEF: removed */
    kw_value value;
    uint32_t hash;
} kw_entry;
struct kw_map {
    kw_obj header;
    kw_entry *entries;
    uint32_t used;      /* entries in use, removed ones included */
    uint32_t count;     /* live entries */
    uint32_t cap;       /* of entries */
    uint32_t *index;    /* hash table of entry number + 1; 0 empty; NULL while small */
    uint32_t index_cap; /* power of two */
};
kw_map *kw_map_new(kw_vm *vm, size_t hint);
/* One of `count` keys, each with its value behind it; of equal keys the last value counts.  NULL: too large, thrown. */
kw_map *kw_map_of(kw_vm *vm, const kw_value *pairs, size_t count);
/* The value stored under `key` (strict equality), or NULL.  Valid until the map changes. */
kw_value *kw_map_find(kw_map *map, kw_value key);
kw_value *kw_map_find_string(kw_map *map, kw_string *key);
kw_value kw_map_get(kw_map *map, kw_value key);                        /* KW_UNDEF if missing */
bool kw_map_set(kw_vm *vm, kw_map *map, kw_value key, kw_value value); /* false: too large, thrown */
bool kw_map_set_c(kw_vm *vm, kw_map *map, const char *key, kw_value value);
/* The same for tables of the interpreter's own, in which nothing may be missing: it does not fail,
 * whatever the limit is. */
void kw_map_put(kw_vm *vm, kw_map *map, kw_value key, kw_value value);
bool kw_map_remove(kw_map *map, kw_value key); /* was it there? */
void kw_map_clear(kw_map *map);
/* Iterate: for (uint32_t i = 0; (e = kw_map_next(map, &i)) != NULL;) */
kw_entry *kw_map_next(kw_map *map, uint32_t *at);

/* ---- Bytes ----------------------------------------------------------------------------------- */

struct kw_bytes {
    kw_obj header;
    uint8_t *data; /* malloc'ed, or in `store`; NULL if there are none */
    size_t size;
    size_t cap;             /* of data; 0 in a store */
    struct kw_store *store; /* memory that others hold, too: see bytes_store.h; NULL: it is this row's own */
};
kw_bytes *kw_bytes_new(kw_vm *vm, const void *data, size_t size); /* copies; NULL: too large, thrown */
/* Takes over the malloc'ed `data` without copying. */
/* The string whose text are the malloc'ed bytes *text, which become part of it: that needs no second room, unless they
 * are not UTF-8 and have to be mended.  NULL: thrown, and *text is still the caller's; else it is NULL. */
kw_string *kw_string_adopt(kw_vm *vm, void **text, size_t size);
kw_bytes *kw_bytes_adopt(kw_vm *vm, void *data, size_t size);
bool kw_bytes_push(kw_vm *vm, kw_bytes *b, uint8_t byte);

/* ---- Structs and their objects --------------------------------------------------------------- */

/* A hidden class: which attribute lies in which slot.  Objects of one struct that got their
 * attributes in the same order share a shape, so an instruction can remember (shape, slot).  Owned
 * by its class. */
typedef struct kw_shape kw_shape;
struct kw_shape {
    kw_shape *parent;  /* one attribute fewer; NULL: the empty shape */
    kw_string *name;   /* the attribute that this shape adds; NULL for the empty one */
    uint32_t count;    /* attributes; the one added has slot count - 1 */
    kw_shape *child;   /* shapes with one more attribute: first, */
    kw_shape *sibling; /* and next child of the same parent */
    kw_map *table;     /* name -> slot, made when count grows beyond 8; NULL before */
};

/* Flags of a class's header. */
enum {
    KW_CLASS_ABSTRACT = 1,
    KW_CLASS_ENUM = 2,
    KW_CLASS_LIBRARY = 4 /* a struct of a script that has its name does not take its place */
};

typedef struct kw_method {
    kw_value callable; /* KW_LAMBDA */
    kw_class *home;    /* the struct that defines it */
    bool is_static, is_abstract;
} kw_method;

struct kw_class {
    kw_obj header;
    kw_string *name;
    kw_class *base;  /* or NULL */
    kw_map *methods; /* own: name -> KW_POINTER of kw_method (see class.c) */
    kw_map *statics; /* own static variables; the members of an enum */
    kw_shape *empty; /* root of the shapes */
};

struct kw_object {
    kw_obj header;
    kw_class *klass;
    kw_shape *shape;
    kw_value *slots; /* cap values, shape->count of them in use; points to `first` while they fit */
    uint32_t cap;
    bool cloned; /* shown as <struct(name=S)> */
    kw_value first[];
};

kw_class *kw_class_new(kw_vm *vm, kw_string *name);
/* Add or replace a method; bumps vm->method_epoch. */
void kw_class_add(kw_vm *vm, kw_class *c, kw_string *name, kw_value callable, bool is_static, bool is_abstract);
/* The method `name` of `c` or its nearest ancestor that has one; NULL if none. */
const kw_method *kw_class_find(kw_class *c, kw_string *name);
/* The first abstract method among the ancestors of `c` that is not defined; NULL if none or `c` is
 * abstract. */
kw_string *kw_class_missing(kw_class *c);
/* Is `c` (may be NULL) `ancestor` or does it inherit from it? */
bool kw_class_is_a(const kw_class *c, const kw_class *ancestor);
/* Make `old` what `fresh` is (base, methods, statics, flags): a struct was defined again.  `fresh`
 * must not inherit from `old`. */
void kw_class_replace(kw_vm *vm, kw_class *old, kw_class *fresh);

kw_object *kw_object_new(kw_vm *vm, kw_class *c);
/* A new shape: `parent` with attribute `name`, which is interned; of NULL and NULL the empty one. */
kw_shape *kw_object_shape(kw_vm *vm, kw_shape *parent, kw_string *name);
/* Slot of attribute `name`, or -1. */
int64_t kw_object_slot(kw_shape *shape, kw_string *name);
/* Attribute or KW_UNDEF.  Names are without "@". */
kw_value kw_object_get(kw_object *o, kw_string *name);
void kw_object_set(kw_vm *vm, kw_object *o, kw_string *name, kw_value v);

/* ---- Things that can be called --------------------------------------------------------------- */

/* A function compiled to bytecode is in chunk.h (kw_proto). */
/* Flag of a closure: no generator, no variadic parameter, no self of its own. */
enum { KW_CLOSURE_PLAIN = 1 };

struct kw_closure {
    kw_obj header;
    kw_proto *proto;
    kw_value self;  /* the captured `@` of a lambda written in a method; else KW_UNDEF */
    kw_class *home; /* struct whose method this is (or whose method the lambda was written in), or NULL */
    uint32_t count;
    kw_cell *cells[]; /* captured variables */
};

struct kw_cell {
    kw_obj header;
    kw_value value;
};

struct kw_bound { /* a method together with its object */
    kw_obj header;
    kw_value callable; /* closure or native */
    kw_value self;
    kw_class *home;
};

/* A closure of `p` with its cells still NULL, no self and no home. */
kw_closure *kw_closure_new(kw_vm *vm, kw_proto *p);
kw_cell *kw_cell_new(kw_vm *vm, kw_value v);
kw_value kw_bound_new(kw_vm *vm, kw_value callable, kw_value self, kw_class *home);
kw_value kw_package_new(kw_vm *vm, kw_string *name);

struct kw_package { /* a package used as a value */
    kw_obj header;
    kw_string *name;
};

/* An opaque handle of native code.  `free` (may be NULL) is called by the collector, `mark` (may be
 * NULL) marks the values it holds. */
struct kw_pointer {
    kw_obj header;
    const char *type; /* compared by address: who made it */
    void *data;
    void (*mark)(kw_vm *vm, void *data);
    void (*free)(kw_vm *vm, void *data);
};
kw_value kw_pointer_new(kw_vm *vm, const char *type, void *data, void (*mark)(kw_vm *, void *),
                        void (*release)(kw_vm *, void *));

/* ---- Operations on any value (truth.c, hash_value.c, equal.c, display.c) --------------------------------- */

bool kw_truth_of(kw_value v);
bool kw_truth_not(kw_value v);                /* `!`: false also for structs, pointers, generators and packages */
bool kw_equal(kw_value a, kw_value b);        /* loose: ==, in, case */
bool kw_equal_strict(kw_value a, kw_value b); /* strict: keys, contains, unique */
uint32_t kw_hash(kw_value v);                 /* equal for strictly equal values */
/* Can it be seen at once that they are not strictly equal?  For loops. */
static inline bool kw_differ(kw_value a, kw_value b)
{
    return a.tag != b.tag || (a.tag == KW_INT && a.as.i != b.as.i);
}
/* The same for what may take long, since the values have many parts: false: an error is thrown, an
 * interrupt for example. */
bool kw_equal_try(kw_vm *vm, kw_value a, kw_value b, bool *same);
bool kw_equal_try_strict(kw_vm *vm, kw_value a, kw_value b, bool *same);
typedef enum kw_order { KW_ORD_LT, KW_ORD_LE, KW_ORD_GT, KW_ORD_GE } kw_order;
bool kw_order_has(kw_order op, kw_value a, kw_value b);                 /* operators < <= > >= without overloads */
int kw_order_total(kw_value a, kw_value b);                             /* of list.sort() */
bool kw_order_try_total(kw_vm *vm, kw_value a, kw_value b, int *order); /* false: thrown */
/* Deep copy of lists and hashmaps; cycles are kept.  Other values are returned as they are. */
kw_value kw_copy_deep(kw_vm *vm, kw_value v); /* KW_UNDEF: thrown */
/* Append the display form (TYPES.md section 4). */
void kw_display(kw_vm *vm, kw_buf *buf, kw_value v);
kw_string *kw_display_text(kw_vm *vm, kw_value v); /* NULL: thrown */
enum { KW_MOST_JOINED = 256 };
/* The display forms of at most KW_MOST_JOINED values, joined.  NULL: thrown. */
kw_string *kw_display_joined(kw_vm *vm, const kw_value *from, unsigned count);
/* Shortest round-trip text of a double (TYPES.md section 8) into buf (>= 32 bytes); returns its
 * size. */
size_t kw_display_double(double d, char *buf);
/* The digits of an integer, not terminated, into buf (>= 20 bytes); returns their size. */
size_t kw_display_int(int64_t i, char *buf);
/* typeof(v) */
kw_string *kw_display_typeof(kw_vm *vm, kw_value v);
/* Binary operators without overloads, integer fast paths included: arith.c.  false: thrown. */
typedef enum kw_binop {
    KW_OP_ADD,
    KW_OP_SUB,
    KW_OP_MUL,
    KW_OP_DIV,
    KW_OP_IDIV,
    KW_OP_MOD,
    KW_OP_POW,
    KW_OP_BAND,
    KW_OP_BOR,
    KW_OP_BXOR,
    KW_OP_SHL,
    KW_OP_SHR,
    KW_OP_USHR,
    KW_OP_IN
} kw_binop;
bool kw_arith_binary(kw_vm *vm, kw_binop op, kw_value a, kw_value b, kw_value *out);
bool kw_arith_negate(kw_vm *vm, kw_value a, kw_value *out);  /* unary - */
bool kw_arith_bit_not(kw_vm *vm, kw_value a, kw_value *out); /* ~ */
/* A float as an integer: toward 0, saturating; NaN gives 0. */
int64_t kw_arith_truncate(double d);
/* The same of an integer or float. */
static inline int64_t kw_arith_whole(kw_value number)
{
    return number.tag == KW_INT ? number.as.i : kw_arith_truncate(number.as.f);
}
/* x[i], x[i] = v, x[a:b:c] without inline fast paths.  false: thrown.  Slice parts not given:
 * KW_UNDEF. */
bool kw_index(kw_vm *vm, kw_value x, kw_value i, kw_value *out);
bool kw_index_set(kw_vm *vm, kw_value x, kw_value i, kw_value v);
bool kw_index_slice(kw_vm *vm, kw_value x, const kw_value part[3], kw_value *out);
bool kw_index_set_slice(kw_vm *vm, kw_value x, const kw_value part[3], kw_value v);
/* [a..b] as a new list; RangeError. */
bool kw_index_range(kw_vm *vm, kw_value a, kw_value b, kw_value *out);

#endif
