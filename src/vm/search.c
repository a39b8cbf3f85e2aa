/* search.c - the obvious way while it is quick, else the two-way algorithm (Crochemore and Perrin),
 * which needs no memory. */
#include "config.h"

#include "vm/search.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* ---- Two-way --------------------------------------------------------------------------------- */

/* A row of bytes, from its first (step 1) or from its last on (step -1). */
typedef struct row {
    const char *first;
    ptrdiff_t size;
    ptrdiff_t step;
} row;

static row forward(const char *text, size_t size)
{
    return (row){.first = text, .size = (ptrdiff_t)size, .step = 1};
}

static row backward(const char *text, size_t size)
{
    return (row){.first = text + size - (size > 0 ? 1 : 0), .size = (ptrdiff_t)size, .step = -1};
}

static inline unsigned char at(const row *r, ptrdiff_t i)
{
    return (unsigned char)r->first[i * r->step];
}

/* Position before the greatest suffix of the row by the order of bytes, or by the opposite order,
 * and the period of that suffix. */
static ptrdiff_t greatest_suffix(const row *x, bool opposite, ptrdiff_t *period)
{
    ptrdiff_t suffix = -1, j = 0, k = 1, p = 1;
    while (j + k < x->size) {
        unsigned char a = at(x, j + k), b = at(x, suffix + k);
        if (a == b) {
            j += k == p ? p : 0;
            k = k == p ? 1 : k + 1;
        } else if ((a < b) != opposite) {
            j += k;
            k = 1;
            p = j - suffix;
        } else {
            suffix = j++;
            k = p = 1;
        }
    }
    *period = p;
    return suffix;
}

/* The occurrences of a needle, one after the other. */
typedef struct two_way {
    row needle, text;
    /* the needle is read from behind this position to its end, then the rest backwards */
    ptrdiff_t cut;
    ptrdiff_t period; /* or, unless `periodic`, a distance that is not more than it */
    bool periodic;
    ptrdiff_t known; /* needle[0..known] is known to occur at `pos`; -1: nothing is */
    ptrdiff_t pos;
} two_way;

static two_way two_way_new(row text, row needle)
{
    ptrdiff_t p, q;
    ptrdiff_t i = greatest_suffix(&needle, false, &p), j = greatest_suffix(&needle, true, &q);
    two_way s = {.needle = needle, .text = text, .cut = i > j ? i : j, .period = i > j ? p : q, .known = -1};
    s.periodic = s.period + s.cut < needle.size;
    for (ptrdiff_t k = 0; k <= s.cut && s.periodic; k++)
        s.periodic = at(&needle, k) == at(&needle, k + s.period);
    if (!s.periodic) {
        ptrdiff_t left = s.cut + 1, right = needle.size - left;
        s.period = (left > right ? left : right) + 1;
    }
    return s;
}

/* The next occurrence, or -1. */
static ptrdiff_t two_way_next(two_way *s)
{
    const row *x = &s->needle, *y = &s->text;
    while (s->pos <= y->size - x->size) {
        ptrdiff_t here = s->pos, i = (s->cut > s->known ? s->cut : s->known) + 1;
        while (i < x->size && at(x, i) == at(y, i + here))
            i++;
        if (i < x->size) {
            s->pos += i - s->cut;
            s->known = -1;
            continue;
        }
        for (i = s->cut; i > s->known && at(x, i) == at(y, i + here);)
            i--;
        bool found = i <= s->known;
        s->pos += s->period;
        s->known = s->periodic ? x->size - s->period - 1 : -1;
        if (found)
            return here;
    }
    return -1;
}

/* ---- The obvious way ------------------------------------------------------------------------- */

/* Bytes that were compared, and went by, since the search began. */
typedef struct search_pace {
    size_t compared, gone;
} search_pace;

/* Does it take more than a few comparisons for each byte of the text? */
static bool too_slow(const search_pace *p, size_t count)
{
    enum { FEW = 4 };
    return p->compared > FEW * p->gone + count;
}

static size_t same_bytes(const char *text, const char *needle, size_t count)
{
    size_t same = 0;
    while (same < count && text[same] == needle[same])
        same++;
    return same;
}

/* Look at each place from *from on where the first byte of the needle stands.  True: *found is the
 * result; else it is too slow, and *from is where to go on. */
static bool quick_first(const char *text, size_t size, size_t *from, const char *needle, size_t count,
                        search_pace *pace, size_t *found)
{
    *found = SIZE_MAX;
    while (size - *from >= count) {
        const char *p = memchr(text + *from, needle[0], size - *from - count + 1);
        if (p == NULL)
            return true;
        size_t place = (size_t)(p - text), same = same_bytes(p, needle, count);
        pace->compared += same;
        pace->gone += place + 1 - *from;
        *from = place + 1;
        if (same == count) {
            *found = place;
            return true;
        }
        if (too_slow(pace, count))
            return false;
    }
    return true;
}

size_t kw_search_first(const char *text, size_t size, size_t from, const char *needle, size_t count)
{
    search_pace pace = {.compared = 0};
    size_t found;
    if (count == 0 || from > size)
        return count == 0 ? from : SIZE_MAX;
    if (count == 1) {
        const char *p = memchr(text + from, needle[0], size - from);
        return p == NULL ? SIZE_MAX : (size_t)(p - text);
    }
    if (quick_first(text, size, &from, needle, count, &pace, &found))
        return found;
    two_way s = two_way_new(forward(text + from, size - from), forward(needle, count));
    ptrdiff_t next = two_way_next(&s);
    return next < 0 ? SIZE_MAX : from + (size_t)next;
}

size_t kw_search_last(const char *text, size_t size, const char *needle, size_t count)
{
    search_pace pace = {.compared = 0};
    if (count > size)
        return SIZE_MAX;
    size_t end = size; /* of the place that is looked at */
    for (; end >= count && !too_slow(&pace, count); end--, pace.gone++) {
        size_t same = same_bytes(text + end - count, needle, count);
        if (same == count)
            return end - count;
        pace.compared += same;
    }
    if (end < count)
        return SIZE_MAX;
    two_way s = two_way_new(backward(text, end), backward(needle, count));
    ptrdiff_t next = two_way_next(&s);
    return next < 0 ? SIZE_MAX : end - count - (size_t)next;
}

size_t kw_search_count(const char *text, size_t size, const char *needle, size_t count)
{
    search_pace pace = {.compared = 0};
    size_t occurrences = 0, from = 0, found;
    for (; !too_slow(&pace, count); occurrences++) {
        if (!quick_first(text, size, &from, needle, count, &pace, &found))
            break;
        if (found == SIZE_MAX)
            return occurrences;
    }
    two_way s = two_way_new(forward(text + from, size - from), forward(needle, count));
    while (two_way_next(&s) >= 0)
        occurrences++;
    return occurrences;
}
