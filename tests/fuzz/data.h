/* data.h - fuzzing of what reads data: a script that takes it as `raw`, bytes, and `data`, a string. */
#ifndef FUZZ_DATA_H
#define FUZZ_DATA_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Run the script, which catches what data may do wrong.  Any error that it does not catch ends the process, as do
 * its own complaints, which it throws. */
void fuzz_data(const char *script, const uint8_t *data, size_t size);

#endif
