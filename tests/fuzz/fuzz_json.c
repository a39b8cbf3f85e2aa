/* fuzz_json.c - libFuzzer target: json::parse and json::stringify.  What was written is read again, as the same. */
#include "config.h"

#include "fuzz/data.h"

static const char script[] =
    "fn check(text)\n"
    "  value = null\n"
    "  try\n"
    "    value = json::parse(text)\n"
    "  catch (kind, message)\n"
    "    throw message when kind != \"JsonError\"\n"
    "    return null\n"
    "  end\n"
    "  written = null\n"
    "  try\n"
    "    written = json::stringify(value)\n"
    "  catch (kind, message)\n" /* an infinity */
    "    throw message when kind != \"JsonError\"\n"
    "    return null\n"
    "  end\n"
    "  throw \"not as before: ${written}\" when json::stringify(json::parse(written)) != written\n"
    "  throw \"not as before: ${written}\" when json::stringify(json::parse(json::stringify(value, true))) != written\n"
    "end\n"
    "check(data)\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_data(script, data, size);
    return 0;
}
