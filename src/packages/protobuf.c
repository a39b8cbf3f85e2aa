/* protobuf.c - package protobuf: its schemas, and the declaration; what goes through files is in protobuf.kiwi. */
#include "config.h"

#include "packages/protobuf.h"

#include <string.h>

/* ---- Schemas ----------------------------------------------------------------------------------------- */

/* Those of 64 bits without a sign are taken as their bits: beyond INT64_MAX they are negative. */
static const kp_protobuf_type types[] = {
    {"int32", KP_PROTOBUF_VARINT, KP_PROTOBUF_INTEGER, INT32_MIN, INT32_MAX},
    {"int64", KP_PROTOBUF_VARINT, KP_PROTOBUF_INTEGER, INT64_MIN, INT64_MAX},
    {"uint32", KP_PROTOBUF_VARINT, KP_PROTOBUF_INTEGER, 0, UINT32_MAX},
    {"uint64", KP_PROTOBUF_VARINT, KP_PROTOBUF_INTEGER, INT64_MIN, INT64_MAX},
    {"sint32", KP_PROTOBUF_VARINT, KP_PROTOBUF_ZIGZAG, INT32_MIN, INT32_MAX},
    {"sint64", KP_PROTOBUF_VARINT, KP_PROTOBUF_ZIGZAG, INT64_MIN, INT64_MAX},
    {"bool", KP_PROTOBUF_VARINT, KP_PROTOBUF_BOOL, 0, 0},
    {"enum", KP_PROTOBUF_VARINT, KP_PROTOBUF_INTEGER, INT32_MIN, INT32_MAX},
    {"float", KP_PROTOBUF_32, KP_PROTOBUF_REAL, 0, 0},
    {"double", KP_PROTOBUF_64, KP_PROTOBUF_REAL, 0, 0},
    {"fixed32", KP_PROTOBUF_32, KP_PROTOBUF_INTEGER, 0, UINT32_MAX},
    {"sfixed32", KP_PROTOBUF_32, KP_PROTOBUF_INTEGER, INT32_MIN, INT32_MAX},
    {"fixed64", KP_PROTOBUF_64, KP_PROTOBUF_INTEGER, INT64_MIN, INT64_MAX},
    {"sfixed64", KP_PROTOBUF_64, KP_PROTOBUF_INTEGER, INT64_MIN, INT64_MAX},
    {"string", KP_PROTOBUF_SIZED, KP_PROTOBUF_STRING, 0, 0},
    {"bytes", KP_PROTOBUF_SIZED, KP_PROTOBUF_BYTES, 0, 0},
    {"message", KP_PROTOBUF_SIZED, KP_PROTOBUF_MESSAGE, 0, 0},
};

bool kp_protobuf_is_packed(const kp_protobuf_type *type)
{
    return type->wire != KP_PROTOBUF_SIZED;
}

static const kp_protobuf_type *type_of(kw_value name)
{
    for (size_t i = 0; kw_is(name, KW_STRING) && i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].name, name.as.string->text) == 0)
            return &types[i];
    return NULL;
}

/* An entry of a descriptor; null: there is none. */
static kw_value entry(kw_vm *vm, kw_map *descriptor, const char *name)
{
    const kw_value *v = kw_map_find_string(descriptor, kw_intern_c(vm, name));
    return v != NULL ? *v : kw_null();
}

static bool refuse(kw_vm *vm, kw_value number, const char *what, kw_value got)
{
    kw_string *at = kw_display_text(vm, number), *shown = at != NULL ? kw_display_text(vm, got) : NULL;
    if (shown != NULL)
        (void)kw_throw(vm, "ProtobufError", "The schema's field %s: %s, not '%.64s'.", at->text, what, shown->text);
    return false;
}

bool kp_protobuf_field_read(kw_vm *vm, kw_value number, kw_value descriptor, kp_protobuf_field *out)
{
    enum { LAST = (1 << 29) - 1 };
    if (!kw_is(number, KW_INT) || number.as.i < 1 || number.as.i > LAST)
        return refuse(vm, number, "the number of a field is an integer from 1 to 536870911", number);
    if (!kw_is(descriptor, KW_MAP))
        return refuse(vm, number, "it is described by a hashmap", descriptor);
    kw_map *map = descriptor.as.map;
    kw_value name = entry(vm, map, "name"), type = entry(vm, map, "type"), schema = entry(vm, map, "schema");
    kw_value repeated = entry(vm, map, "repeated");
    *out = (kp_protobuf_field){.number = (uint64_t)number.as.i, .type = type_of(type)};
    if (!kw_is(name, KW_STRING))
        return refuse(vm, number, "its name is a string", name);
    if (out->type == NULL)
        return refuse(vm, number, "its type is one of Protocol Buffers", type);
    if (!kw_is(repeated, KW_BOOL) && !kw_is(repeated, KW_NULL))
        return refuse(vm, number, "`repeated` is true or false", repeated);
    if (out->type->kind == KP_PROTOBUF_MESSAGE && !kw_is(schema, KW_MAP))
        return refuse(vm, number, "a message has a schema, which is a hashmap", schema);
    out->name = name.as.string;
    out->repeated = kw_is(repeated, KW_BOOL) && repeated.as.i != 0;
    out->schema = out->type->kind == KP_PROTOBUF_MESSAGE ? schema.as.map : NULL;
    return true;
}

/* ---- The package ------------------------------------------------------------------------------------- */

/* clang-format off */
static const kw_native_def functions[] = {
    {"encode(schema: hashmap, data: hashmap): bytes", kp_protobuf_encode,
     "The message with the fields of `data` that the schema names and that are not null.  A schema has a hashmap for "
     "each number of a field: its `name` and `type` (int32 int64 uint32 uint64 sint32 sint64 bool enum float double "
     "fixed32 fixed64 sfixed32 sfixed64 string bytes message), `repeated: true` for a list, and the `schema` of a "
     "message.",
     "println protobuf::encode({1: {name: \"id\", type: \"int32\"}}, {id: 150})  # => [8, 150, 1]",
     "__protobuf_encode__"},
    {"decode(schema: hashmap, data: bytes): hashmap", kp_protobuf_decode,
     "The fields of a message by their names; repeated ones are always there.  Fields that the schema does not know "
     "are left out.",
     "println protobuf::decode({1: {name: \"id\", type: \"int32\"}}, b\"\\x08\\x96\\x01\")  # => {\"id\": 150}",
     "__protobuf_decode__"},
    {NULL},
};
/* clang-format on */

const kp_package kp_protobuf = {
    .name = "protobuf",
    .about = "Protocol Buffers (proto3), by schemas that are hashmaps.",
    .functions = functions,
};
