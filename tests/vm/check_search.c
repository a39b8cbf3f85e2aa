/* check_search.c - vm/search: what is found is what a look at every place finds, and soon, whatever
 * the texts are. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "vm/search.h"

static unsigned long long state = 88172645463325252ull;

static unsigned draw(unsigned below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)(state >> 33) % below;
}

static void fill(char *text, size_t size, unsigned letters)
{
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + draw(letters));
}

/* All answers for one pair of texts, by looking at every place. */
static void agree(const char *text, size_t size, const char *needle, size_t count)
{
    size_t first = SIZE_MAX, last = SIZE_MAX, found = 0, from = size / 3, later = SIZE_MAX;
    for (size_t i = 0; i + count <= size; i++) {
        if (memcmp(text + i, needle, count) != 0)
            continue;
        first = first == SIZE_MAX ? i : first;
        later = later == SIZE_MAX && i >= from ? i : later;
        last = i;
        found++;
    }
    ck_assert_uint_eq(kw_search_first(text, size, 0, needle, count), first);
    ck_assert_uint_eq(kw_search_first(text, size, from, needle, count), later);
    ck_assert_uint_eq(kw_search_last(text, size, needle, count), last);
    ck_assert_uint_eq(kw_search_count(text, size, needle, count), found);
}

START_TEST(every_occurrence_is_found)
{
    char text[200], needle[60];
    for (int round = 0; round < 100000; round++) {
        size_t size = draw(sizeof(text)), count = 1 + draw(round % 3 == 0 ? 4 : sizeof(needle) - 1);
        fill(text, size, 1 + draw(3));
        fill(needle, count, 1 + draw(3));
        if (size > count && draw(2) == 0) /* one that does occur */
            memcpy(needle, text + draw((unsigned)(size - count)), count);
        if (count > 8 && draw(4) == 0) /* one that repeats itself */
            memmove(needle + count / 2, needle, count - count / 2);
        agree(text, size, needle, count);
    }
}
END_TEST

START_TEST(empty_texts)
{
    ck_assert_uint_eq(kw_search_first("abc", 3, 1, "", 0), 1);
    ck_assert_uint_eq(kw_search_last("abc", 3, "", 0), 3);
    ck_assert_uint_eq(kw_search_first("", 0, 0, "a", 1), SIZE_MAX);
    ck_assert_uint_eq(kw_search_first("a", 1, 2, "a", 1), SIZE_MAX);
    ck_assert_uint_eq(kw_search_last("", 0, "a", 1), SIZE_MAX);
    ck_assert_uint_eq(kw_search_count("", 0, "a", 1), 0);
}
END_TEST

/* Needles that all but occur everywhere: a look at every place would take hours. */
START_TEST(it_takes_no_longer_for_texts_that_were_made_for_it)
{
    enum { SIZE = 4 << 20, COUNT = SIZE / 2 };
    char *text = malloc(SIZE), *needle = malloc(COUNT);
    ck_assert(text != NULL && needle != NULL);
    memset(text, 'a', SIZE);
    /* the letter that differs: at the end, at the start, in the middle */
    for (int where = 0; where < 4; where++) {
        memset(needle, 'a', COUNT);
        if (where < 3)
            needle[where == 0 ? COUNT - 1 : where == 1 ? 0 : COUNT / 2] = 'b';
        size_t found = where == 3 ? SIZE - COUNT + 1 : 0;
        ck_assert_uint_eq(kw_search_first(text, SIZE, 0, needle, COUNT), found > 0 ? 0 : SIZE_MAX);
        ck_assert_uint_eq(kw_search_last(text, SIZE, needle, COUNT), found > 0 ? SIZE - COUNT : SIZE_MAX);
        ck_assert_uint_eq(kw_search_count(text, SIZE, needle, COUNT), found);
    }
    for (size_t i = 0; i < SIZE; i++) /* and one with a period of more than half of itself */
        text[i] = i % (COUNT - 10) == 0 ? 'b' : 'a';
    memcpy(needle, text, COUNT);
    ck_assert_uint_eq(kw_search_count(text, SIZE, needle, COUNT), 2);
    free(text);
    free(needle);
}
END_TEST

SUITE_MAIN("search", 20, every_occurrence_is_found, empty_texts, it_takes_no_longer_for_texts_that_were_made_for_it)
