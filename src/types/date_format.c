/* date_format.c - dates as text, by a pattern or a standard letter (types.md section 14). */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/date_names.h"
#include "types/types.h"

const char *const kw_month_names[12] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
const char *const kw_day_names[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                     "Thursday", "Friday", "Saturday"};

static void put_number(kw_buf *buf, int64_t n, int width)
{
    char text[24];
    int size = snprintf(text, sizeof(text), "%0*lld", width, (long long)n);
    kw_buf_put(buf, text, (size_t)size);
}

static void put_fraction(kw_buf *buf, int ticks, size_t digits, bool trim)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "%07d", ticks);
    while (trim && digits > 0 && text[digits - 1] == '0')
        digits--;
    if (trim && digits == 0) {
        if (buf->size > 0 && buf->text[buf->size - 1] == '.')
            buf->size--; /* the point before an empty fraction goes, too */
        return;
    }
    kw_buf_put(buf, text, digits);
}

static void put_offset(kw_buf *buf, int64_t ticks, size_t count)
{
    int minutes = kw_utc_offset(ticks);
    kw_buf_putc(buf, minutes < 0 ? '-' : '+');
    minutes = abs(minutes);
    put_number(buf, minutes / 60, count == 1 ? 1 : 2);
    if (count >= 3) {
        kw_buf_putc(buf, ':');
        put_number(buf, minutes % 60, 2);
    }
}

static void put_name(kw_buf *buf, const char *name, size_t count)
{
    kw_buf_put(buf, name, count == 3 ? 3 : strlen(name));
}

static void put_year(kw_buf *buf, int64_t year, size_t count)
{
    put_number(buf, count <= 2 ? year % 100 : year, count == 1 ? 1 : (int)count);
}

/* `count` times the pattern letter `letter`; false: it is no pattern letter. */
static bool put_field(kw_buf *buf, int64_t ticks, const kw_civil *c, char letter, size_t count)
{
    int width = count == 1 ? 1 : 2, hour12 = c->hour % 12 == 0 ? 12 : c->hour % 12;
    switch (letter) {
    case 'd':
        if (count <= 2)
            put_number(buf, c->day, width);
        else
            put_name(buf, kw_day_names[c->weekday], count);
        return true;
    case 'M':
        if (count <= 2)
            put_number(buf, c->month, width);
        else
            put_name(buf, kw_month_names[c->month - 1], count);
        return true;
    case 'y': put_year(buf, c->year, count > 18 ? 18 : count); return true;
    case 'H': put_number(buf, c->hour, width); return true;
    case 'h': put_number(buf, hour12, width); return true;
    case 'm': put_number(buf, c->minute, width); return true;
    case 's': put_number(buf, c->second, width); return true;
    case 'f':
    case 'F': put_fraction(buf, c->fraction, count > 7 ? 7 : count, letter == 'F'); return true;
    case 't': kw_buf_put(buf, c->hour < 12 ? "AM" : "PM", count == 1 ? 1 : 2); return true;
    case 'z': put_offset(buf, ticks, count); return true;
    case 'K': return true; /* dates have no zone */
    default: return false;
    }
}

static void put_pattern(kw_buf *buf, int64_t ticks, const char *format, size_t size)
{
    kw_civil c;
    kw_civil_of(ticks, &c);
    for (size_t i = 0; i < size;) {
        char letter = format[i];
        if (letter == '\'' || letter == '"') {
            for (i++; i < size && format[i] != letter; i++)
                kw_buf_putc(buf, format[i]);
            i++;
            continue;
        }
        if (letter == '\\' && i + 1 < size) {
            kw_buf_putc(buf, format[i + 1]);
            i += 2;
            continue;
        }
        if (letter == '%') {
            i++;
            continue;
        }
        size_t count = 1;
        while (i + count < size && format[i + count] == letter)
            count++;
        if (put_field(buf, ticks, &c, letter, count)) {
            i += count;
        } else {
            kw_buf_putc(buf, letter);
            i++;
        }
    }
}

/* The patterns of standard letters. */
static const char *standard(char letter)
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

bool kw_date_format(kw_buf *buf, int64_t ticks, const char *format, size_t size)
{
    if (size != 1) {
        put_pattern(buf, ticks, format, size);
        return true;
    }
    const char *pattern = standard(format[0]);
    if (pattern == NULL)
        return false;
    if (format[0] == 'U')
        ticks -= kw_utc_offset(ticks) * INT64_C(60) * KW_TICKS_PER_SECOND;
    put_pattern(buf, ticks < 0 ? 0 : ticks, pattern, strlen(pattern));
    return true;
}
