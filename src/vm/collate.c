/* collate.c - dictionary order of strings (TYPES.md section 5). */
#include "config.h"

#include "vm/object.h"

#include <pthread.h>

#include "vm/text.h"

/* ASCII in ascending primary order, letters left out. */
static const char order[] = "\t\n\v\f\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789";

enum { FIRST = 40 /* weight of TAB: other control characters lie below, by code */ };

static uint32_t weights[128];
static pthread_once_t weights_once = PTHREAD_ONCE_INIT;

static void make_weights(void)
{
    for (uint32_t c = 0; c < 32; c++)
        weights[c] = c;
    weights[127] = 32;
    uint32_t w = FIRST;
    for (const char *p = order; *p != '\0'; p++)
        weights[(unsigned char)*p] = w++;
    for (uint32_t i = 0; i < 26; i++)
        weights['a' + i] = weights['A' + i] = w + i;
}

static uint32_t weight(uint32_t cp)
{
    return cp < 128 ? weights[cp] : 1000 + cp;
}

int kw_collate_strings(kw_string *a, kw_string *b)
{
    if (a == b)
        return 0;
    (void)pthread_once(&weights_once, make_weights);
    const char *p = a->text, *p_end = p + a->size, *q = b->text, *q_end = q + b->size;
    int by_case = 0, bad = 0;
    while (p < p_end && q < q_end) {
        uint32_t x, y;
        p += kw_text_decode(p, p_end, &x, &bad);
        q += kw_text_decode(q, q_end, &y, &bad);
        if (x == y)
            continue;
        uint32_t wx = weight(x), wy = weight(y);
        if (wx != wy)
            return wx < wy ? -1 : 1;
        if (by_case == 0) /* the same letter in two cases */
            by_case = x > y ? -1 : 1;
    }
    if (p < p_end || q < q_end)
        return p < p_end ? 1 : -1;
    return by_case;
}
