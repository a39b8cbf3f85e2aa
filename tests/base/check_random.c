/* check_random.c - base/random: all bytes are filled, and no two draws are alike. */
#include "config.h"

#include <string.h>

#include "base/random.h"
#include "support/suite.h"

START_TEST(every_byte_is_drawn)
{
    enum { SIZE = 1000, DRAWS = 64 };
    unsigned char all[SIZE] = {0}, first[SIZE], bytes[SIZE];
    kb_random(first, SIZE);
    for (int i = 0; i < DRAWS; i++) {
        kb_random(bytes, SIZE);
        ck_assert_int_ne(memcmp(bytes, first, SIZE), 0);
        for (int k = 0; k < SIZE; k++)
            all[k] |= bytes[k];
    }
    for (int k = 0; k < SIZE; k++)
        ck_assert_uint_ne(all[k], 0);
}
END_TEST

SUITE_MAIN("random", 20, every_byte_is_drawn)
