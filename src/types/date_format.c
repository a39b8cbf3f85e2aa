/* date_format.c - dates as text, by a pattern or a standard letter (TYPES.md section 14). */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "types/date.h"
#include "types/date_text.h"

static void put_number(kw_buf *buf, int64_t n, int width)
{
    char text[24];
    int size = snprintf(text, sizeof(text), "%0*lld", width, (long long)n);
    assert(size > 0 && (size_t)size < sizeof(text)); /* `width` is 4 at most */
    kw_buf_put(buf, text, (size_t)size);
}

static void put_fraction(kw_buf *buf, int ticks, size_t digits, bool trim)
{
    char text[16];
    assert(ticks >= 0 && ticks < KW_TICKS_PER_SECOND && digits <= 7); /* seven digits are written */
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
    int minutes = kw_date_utc_offset(ticks);
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
    for (; count > 4; count--) /* a year has four digits at most */
        kw_buf_putc(buf, '0');
    put_number(buf, count <= 2 ? year % 100 : year, (int)count);
}

/* `count` times the pattern letter `letter`. */
static void put_field(kw_buf *buf, int64_t ticks, const kw_date_parts *c, char letter, size_t count)
{
    int width = count == 1 ? 1 : 2, hour12 = c->hour % 12 == 0 ? 12 : c->hour % 12;
    switch (letter) {
    case 'd':
        if (count <= 2)
            put_number(buf, c->day, width);
        else
            put_name(buf, kw_date_day_names[c->weekday], count);
        break;
    case 'M':
        if (count <= 2)
            put_number(buf, c->month, width);
        else
            put_name(buf, kw_date_month_names[c->month - 1], count);
        break;
    case 'y': put_year(buf, c->year, count); break;
    case 'H': put_number(buf, c->hour, width); break;
    case 'h': put_number(buf, hour12, width); break;
    case 'm': put_number(buf, c->minute, width); break;
    case 's': put_number(buf, c->second, width); break;
    case 'f':
    case 'F': put_fraction(buf, c->fraction, count > 7 ? 7 : count, letter == 'F'); break;
    case 't': kw_buf_put(buf, c->hour < 12 ? "AM" : "PM", count == 1 ? 1 : 2); break;
    case 'z': put_offset(buf, ticks, count); break;
    default: break; /* K: dates have no zone */
    }
}

static void put_pattern(kw_buf *buf, int64_t ticks, const char *format, size_t size)
{
    kw_date_pattern pattern = {.at = format, .end = format + size};
    kw_date_pattern_item item;
    kw_date_parts c;
    kw_date_parts_of(ticks, &c);
    while (kw_date_pattern_next(&pattern, &item)) {
        if (item.count == 0)
            kw_buf_putc(buf, item.letter);
        else
            put_field(buf, ticks, &c, item.letter, item.count);
    }
}

bool kw_date_format(kw_buf *buf, int64_t ticks, const char *format, size_t size)
{
    if (size != 1) {
        put_pattern(buf, ticks, format, size);
        return true;
    }
    const char *pattern = kw_date_standard(format[0]);
    if (pattern == NULL)
        return false;
    if (format[0] == 'U')
        ticks -= kw_date_utc_offset(ticks) * INT64_C(60) * KW_TICKS_PER_SECOND;
    put_pattern(buf, ticks < 0 ? 0 : ticks, pattern, strlen(pattern));
    return true;
}
