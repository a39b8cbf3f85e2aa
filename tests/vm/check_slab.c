/* check_slab.c - vm/slab: blocks keep apart, are used again, and slabs without blocks go back. */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "support/suite.h"
#include "vm/slab.h"

enum { BLOCKS = 20000 };

static unsigned char *blocks[BLOCKS];

static size_t size_of(size_t i)
{
    return 1 + i * 7 % KW_SLAB_MAX;
}

static void take(kw_slabs *slabs, size_t i)
{
    blocks[i] = kw_slab_take(slabs, size_of(i));
    ck_assert_ptr_nonnull(blocks[i]);
    ck_assert_uint_eq((uintptr_t)blocks[i] % KW_SLAB_STEP, 0);
    memset(blocks[i], (int)(i & 255), size_of(i));
}

static void give(kw_slabs *slabs, size_t i)
{
    size_t same = 0; /* one check for all of them: each costs more than a block */
    while (same < size_of(i) && blocks[i][same] == (i & 255))
        same++;
    ck_assert_uint_eq(same, size_of(i));
    kw_slab_give(slabs, blocks[i], size_of(i));
}

START_TEST(blocks_do_not_overlap)
{
    kw_slabs slabs = {.count = 0};
    for (size_t i = 0; i < BLOCKS; i++)
        take(&slabs, i);
    for (size_t i = 0; i < BLOCKS; i += 3)
        give(&slabs, i);
    for (size_t i = 0; i < BLOCKS; i += 3)
        take(&slabs, i);
    for (size_t i = 0; i < BLOCKS; i++)
        give(&slabs, i);
    kw_slab_fini(&slabs);
}
END_TEST

START_TEST(slabs_are_used_again_and_go_back)
{
    kw_slabs slabs = {.count = 0};
    size_t full = 0;
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < BLOCKS; i++)
            take(&slabs, i);
        if (round == 0)
            full = slabs.count;
        ck_assert_uint_eq(slabs.count, full); /* what was given back serves again */
        for (size_t i = 0; i < BLOCKS; i++)
            give(&slabs, i);
        ck_assert_uint_eq(slabs.empty, slabs.count);
        kw_slab_trim(&slabs);
        if (full > 0) /* 0: malloc() is used instead */
            ck_assert_uint_lt(slabs.count, full);
    }
    kw_slab_fini(&slabs);
}
END_TEST

SUITE_MAIN("slab", 20, blocks_do_not_overlap, slabs_are_used_again_and_go_back)
