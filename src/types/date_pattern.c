/* date_pattern.c - patterns of dates and the names in them.  See date_text.h. */
#include "config.h"

#include <string.h>

#include "types/date_text.h"

const char *const kw_date_month_names[12] = {"January", "February", "March",     "April",   "May",      "June",
                                             "July",    "August",   "September", "October", "November", "December"};
const char *const kw_date_day_names[7] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

const char *kw_date_standard(char letter)
{
    switch (letter) {
    case 'd': return "MM/dd/yyyy";
    case 'D': return "dddd, dd MMMM yyyy";
    case 't': return "HH:mm";
    case 'T': return "HH:mm:ss";
    case 'g': return "MM/dd/yyyy HH:mm";
    case 'G': return "MM/dd/yyyy HH:mm:ss";
    case 's': return "yyyy-MM-dd'T'HH:mm:ss";
    case 'u': return "yyyy-MM-dd HH:mm:ss'Z'";
    case 'R':
    case 'r': return "ddd, dd MMM yyyy HH:mm:ss 'GMT'";
    case 'M':
    case 'm': return "MMMM dd";
    case 'Y':
    case 'y': return "yyyy MMMM";
    case 'U': return "dddd, dd MMMM yyyy HH:mm:ss";
    default: return NULL;
    }
}

bool kw_date_pattern_next(kw_date_pattern *p, kw_date_pattern_item *out)
{
    while (p->at < p->end) {
        char c = *p->at++;
        *out = (kw_date_pattern_item){.letter = c};
        if (p->quote != 0 ? c == p->quote : c == '\'' || c == '"') {
            p->quote = p->quote != 0 ? 0 : c;
            continue;
        }
        if (p->quote != 0)
            return true;
        if (c == '%') /* makes a pattern of a single letter */
            continue;
        if (c == '\\' && p->at < p->end) {
            out->letter = *p->at++;
            return true;
        }
        if (c == '\0' || strchr("dMyHhmsfFtzK", c) == NULL)
            return true;
        for (out->count = 1; p->at < p->end && *p->at == c; p->at++)
            out->count++;
        return true;
    }
    return false;
}
