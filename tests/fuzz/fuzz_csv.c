/* fuzz_csv.c - libFuzzer target: csv::parse and csv::stringify.  What was written is read again, as the same. */
#include "config.h"

#include "fuzz/data.h"

static const char script[] = "for delim in [\",\", \"\\t\", data] do\n"
                             "  csv::parse(data, delim)\n"
                             "end\n"
                             "rows = csv::parse(data)\n"
                             "throw \"not as before\" when csv::parse(csv::stringify(rows)) != rows\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_data(script, data, size);
    return 0;
}
