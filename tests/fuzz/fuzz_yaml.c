/* fuzz_yaml.c - libFuzzer target: yaml::parse, yaml::parse_all and yaml::stringify.  What was written is read again,
 * as the same. */
#include "config.h"

#include "fuzz/data.h"

static const char script[] = "fn attempt(f)\n"
                             "  try\n"
                             "    return f()\n"
                             "  catch (kind, message)\n"
                             "    throw message when ![\"YamlError\", \"MemoryError\"].contains(kind)\n"
                             "    return null\n"
                             "  end\n"
                             "end\n"
                             "attempt(do () => yaml::parse(data))\n"
                             "values = attempt(do () => yaml::parse_all(data))\n"
                             "written = attempt(do () => yaml::stringify(values))\n"
                             "if written != null\n"
                             "  again = yaml::stringify(yaml::parse(written))\n"
                             "  throw \"not as before\" when again != written\n"
                             "end\n"
                             "for value in [data, [data], {data: data}, [[{data: [data]}]]] do\n"
                             "  throw \"not the same\" when yaml::parse(yaml::stringify(value)) != value\n"
                             "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_data(script, data, size);
    return 0;
}
