/* regex_turn.c - writing what is matched from right to left (regex_scan.h). */
#include "config.h"

#include "types/regex_scan.h"

const char *kw_regex_anchor(const kw_regex_scan *s, char c, bool turned)
{
#define FINAL "(?:\\A|(?<=\\A\\x{a}))" /* at the end or before a final LF: turned round */
    static const struct {
        char c;
        const char *plain, *turned, *turned_multiline;
    } rows[] = {
        {'^', "^", "\\z", "(?=\\x{a}|\\z)"}, {'$', "$", FINAL, "(?:\\A|(?<=\\x{a}))"},
        {'A', "\\A", "\\z", "\\z"},          {'z', "\\z", "\\A", "\\A"},
        {'Z', "\\Z", FINAL, FINAL},
    };
#undef FINAL
    size_t i = 0;
    while (rows[i].c != c)
        i++;
    if (!turned)
        return rows[i].plain;
    return s->options & KW_REGEX_M ? rows[i].turned_multiline : rows[i].turned;
}

static void turn_bytes(char *from, char *to)
{
    while (from < to) {
        char c = *from;
        *from++ = *--to;
        *to = c;
    }
}

void kw_regex_turn_units(char *text, size_t from, const size_t *ends, size_t count)
{
    char *at = text + from;
    turn_bytes(at, text + ends[count - 1]);
    for (size_t i = count; i > 0; i--) { /* and each unit back */
        size_t size = ends[i - 1] - (i > 1 ? ends[i - 2] : from);
        turn_bytes(at, at + size);
        at += size;
    }
}
