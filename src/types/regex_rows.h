/* regex_rows.h - the rows of the methods that take a regular expression, which builds without PCRE2 have, too.
 *
 * Place: types layer; regex_methods.c and regex_none.c make kw_regex_methods of it. */
#ifndef KW_REGEX_ROWS_H
#define KW_REGEX_ROWS_H

#include "types/types.h"

/* FUNCTION(name): what does the method of this name. */
/* clang-format off */
#define KW_REGEX_ROWS(FUNCTION) \
    {"find(pattern: string): string", FUNCTION(find), "The text of the first match; empty where there is none.", \
     "println \"ab12cd\".find('\\d+')  # => 12", NULL, KW_CHECK_COUNT}, \
    {"match(pattern: string): list", FUNCTION(match), "The texts of the groups of the first match.", \
     "println \"ab12\".match('([a-z]+)(\\d+)')  # => [\"ab\", \"12\"]", NULL, KW_CHECK_COUNT}, \
    {"matches(pattern: string): boolean", FUNCTION(matches), "Is the first match as long as the string?", \
     "println \"2024\".matches('\\d+')  # => true", NULL, KW_CHECK_COUNT}, \
    {"matches_all(pattern: string): boolean", FUNCTION(matches_all), \
     "Are all matches together as long as the string?", \
     "println \"1212\".matches_all('12')  # => true", NULL, KW_CHECK_COUNT}, \
    {"scan(pattern: string): list", FUNCTION(scan), "The texts of all matches.", \
     "println \"a1b22\".scan('\\d+')  # => [\"1\", \"22\"]", NULL, KW_CHECK_COUNT}, \
    {"scan_groups(pattern: string): list", FUNCTION(scan_groups), "The texts of the groups of each match.", \
     "println \"a1b2\".scan_groups('([a-z])(\\d)')  # => [[\"a\", \"1\"], [\"b\", \"2\"]]", NULL, KW_CHECK_COUNT}, \
    {"named_captures(pattern: string): hashmap", FUNCTION(named_captures), \
     "The texts of the first match by group name.", \
     "println \"ab12\".named_captures('(?<number>\\d+)')  # => {\"number\": \"12\"}", NULL, KW_CHECK_COUNT}, \
    {"rreplace(pattern: string, template: string): string", FUNCTION(rreplace), \
     "The string with the template in place of each match; `$1` or `${name}` in it is the text of a group.", \
     "println \"a1b2\".rreplace('(\\d)', \"<$1>\")  # => a<1>b<2>", NULL, KW_CHECK_COUNT}, \
    {"rsplit(pattern: string, limit: integer = -1): list", FUNCTION(rsplit), \
     "The pieces between the matches, at most `limit` of them; 0: all; less than 0: all but the empty ones.", \
     "println \"a1b2c\".rsplit('\\d')  # => [\"a\", \"b\", \"c\"]", NULL, KW_CHECK_COUNT}, \
    {NULL}
/* clang-format on */

#endif
