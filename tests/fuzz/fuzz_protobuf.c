/* fuzz_protobuf.c - libFuzzer target: protobuf::decode and protobuf::encode.  What was written is read again, as the
 * same. */
#include "config.h"

#include "fuzz/data.h"

static const char script[] =
    "types = [\"int32\", \"int64\", \"uint32\", \"uint64\", \"sint32\", \"sint64\", \"bool\", \"enum\", \"fixed32\", \"fixed64\",\n"
    "         \"sfixed32\", \"sfixed64\", \"string\", \"bytes\"]\n"
    "schema = {15: {name: \"m\", type: \"message\", schema: {}}}\n"
    "schema[15].schema = schema\n"
    "schema[14] = {name: \"ms\", type: \"message\", repeated: true, schema: schema}\n"
    "for type, i in types do\n"
    "  schema[i + 16] = {name: type, type: type}\n"
    "  schema[i == 13 ? 31 : i + 1] = {name: \"all \" + type, type: type, repeated: true}\n"
    "end\n"
    "try\n"
    "  found = protobuf::decode(schema, raw)\n"
    "  throw \"not as before\" when protobuf::decode(schema, protobuf::encode(schema, found)) != found\n"
    "catch (kind, message)\n"
    "  throw message when ![\"ProtobufError\", \"MemoryError\"].contains(kind)\n"
    "end\n"
    "protobuf::decode({1: {name: \"d\", type: \"string\"}}, protobuf::encode({1: {name: \"d\", type: \"string\"}}, {d: data}))\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_data(script, data, size);
    return 0;
}
