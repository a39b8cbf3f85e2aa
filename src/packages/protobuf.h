/* protobuf.h - package protobuf: messages by schemas that are hashmaps (FUNCTIONS.md and PACKAGES.md, "protobuf").
 *
 * Place: packages layer.  Threads: the interpreter thread only.
 * Errors are ProtobufErrors, which name the field. */
#ifndef KP_PROTOBUF_H
#define KP_PROTOBUF_H

#include "packages/package.h"

enum { KP_PROTOBUF_DEPTH = 100 /* of messages within each other */ };

/* How a field lies in the data: the lowest bits of its tag. */
typedef enum kp_protobuf_wire {
    KP_PROTOBUF_VARINT,
    KP_PROTOBUF_64,
    KP_PROTOBUF_SIZED,
    KP_PROTOBUF_GROUP,
    KP_PROTOBUF_GROUP_END,
    KP_PROTOBUF_32
} kp_protobuf_wire;

typedef enum kp_protobuf_kind {
    KP_PROTOBUF_INTEGER,
    KP_PROTOBUF_ZIGZAG,
    KP_PROTOBUF_BOOL,
    KP_PROTOBUF_REAL,
    KP_PROTOBUF_STRING,
    KP_PROTOBUF_BYTES,
    KP_PROTOBUF_MESSAGE
} kp_protobuf_kind;

typedef struct kp_protobuf_type {
    const char *name;
    kp_protobuf_wire wire;
    kp_protobuf_kind kind;
    int64_t least, most; /* of integers */
} kp_protobuf_type;

/* A field of a schema. */
typedef struct kp_protobuf_field {
    uint64_t number;
    kw_string *name;
    const kp_protobuf_type *type;
    bool repeated;
    kw_map *schema; /* of a message; else NULL */
} kp_protobuf_field;

/* The field that an entry of a schema describes.  false: thrown, since it does not. */
bool kp_protobuf_field_read(kw_vm *vm, kw_value number, kw_value descriptor, kp_protobuf_field *out);
/* Do repeated values of the type lie behind each other without tags? */
bool kp_protobuf_is_packed(const kp_protobuf_type *type);

/* protobuf::encode(schema, data) and protobuf::decode(schema, data). */
kw_result kp_protobuf_encode(kw_vm *vm, kw_call *call);
kw_result kp_protobuf_decode(kw_vm *vm, kw_call *call);

#endif
