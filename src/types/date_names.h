/* date_names.h - English names of months and days, as the invariant culture has them
 * (date_names.c). */
#ifndef KW_DATE_NAMES_H
#define KW_DATE_NAMES_H

extern const char *const kw_month_names[12];
extern const char *const kw_day_names[7];

#endif
