/* fuzz_fmt.c - libFuzzer target: formats, with values of all kinds. */
#include "config.h"

#include "fuzz/data.h"

static const char script[] =
    "for values in [[], [1, -1, 2.5, \"7\", 300, 65, 0.1, 1e300, -7], [null, \"text\", [1], {a: 1}]] do\n"
    "  try\n"
    "    fmt::sprintf(data, values)\n"
    "  catch (kind, message)\n"
    "    throw kind when ![\"ConversionError\", \"InvalidOperationError\", \"MemoryError\"].contains(kind)\n"
    "  end\n"
    "end\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_data(script, data, size);
    return 0;
}
