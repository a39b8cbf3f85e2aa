/* fuzz_zip.c - libFuzzer target: zip archives.  What was read is within the limits, can be written, and is read again, as
 * the same. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "packages/zip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const kp_zip_limits limits = {.entries = 64, .size = 1 << 20, .ratio = 1000, .memory = 1 << 21};

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_limits(const kp_zip_entry *entries, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        check(kp_zip_is_safe(entries[i].name, entries[i].name_size));
        size += entries[i].size;
    }
    check(count <= limits.entries && size <= limits.size);
}

static void check_again(const kp_zip_entry *entries, size_t count)
{
    kp_codec_out out = {.limit = SIZE_MAX, .most = SIZE_MAX};
    kp_zip_limits wide = limits;
    kp_zip_entry *again;
    size_t same;
    wide.ratio = SIZE_MAX;
    check(kp_zip_write(entries, count, 1, &out, NULL) == KB_OK);
    check(kp_zip_read(out.data, out.size, &wide, &again, &same, NULL) == KB_OK && same == count);
    for (size_t i = 0; i < count; i++) {
        check(again[i].name_size == entries[i].name_size && again[i].size == entries[i].size);
        check(memcmp(again[i].name, entries[i].name, again[i].name_size) == 0);
        check(again[i].size == 0 || memcmp(again[i].data, entries[i].data, again[i].size) == 0);
    }
    kp_zip_free(again, same);
    free(out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kp_zip_entry *entries;
    size_t count;
    check(kb_library_load(kp_codec_deflate.expander, NULL) == KB_OK);
    if (kp_zip_read(data, size, &limits, &entries, &count, NULL) == KB_OK) {
        check_limits(entries, count);
        check_again(entries, count);
    }
    kp_zip_free(entries, count);
    return 0;
}
