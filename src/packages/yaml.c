/* yaml.c - package yaml: the natives of it (FUNCTIONS.md, "yaml"), and what plain scalars mean; files are read in
 * yaml.kiwi. */
#include "config.h"

#include "packages/yaml.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Plain scalars ----------------------------------------------------------------------------------- */

static const char *after_digits(const char *p)
{
    while (*p >= '0' && *p <= '9')
        p++;
    return p;
}

/* Behind an exponent, if there is one at `p`. */
static const char *after_exponent(const char *p)
{
    if (*p != 'e' && *p != 'E')
        return p;
    const char *first = p[1] == '-' || p[1] == '+' ? p + 2 : p + 1, *end = after_digits(first);
    return end > first ? end : p;
}

/* An integer that 64 bits do not hold stays a string: as a float it would lose digits. */
static bool read_number(const char *text, size_t size, kw_value *out)
{
    const char *first = text[0] == '-' || text[0] == '+' ? text + 1 : text, *end = after_digits(first);
    size_t digits = (size_t)(end - first);
    if (end == text + size && digits > 0) {
        errno = 0;
        *out = kw_int(strtoll(text, NULL, 10));
        return errno == 0;
    }
    if (*end == '.') {
        const char *fraction = end + 1;
        end = after_digits(fraction);
        digits += (size_t)(end - fraction);
    }
    if (digits == 0 || after_exponent(end) != text + size)
        return false;
    *out = kw_float(strtod(text, NULL));
    return true;
}

bool kp_yaml_typed(const char *text, size_t size, kw_value *out)
{
    assert(text[size] == '\0');
    static const struct {
        const char *names;
        kw_value value;
    } words[] = {
        {" ~ null Null NULL ", {.tag = KW_NULL}},
        {" true True TRUE ", {.tag = KW_BOOL, .as.i = 1}},
        {" false False FALSE ", {.tag = KW_BOOL, .as.i = 0}},
        {" .inf .Inf .INF +.inf +.Inf +.INF ", {.tag = KW_FLOAT, .as.f = HUGE_VAL}},
        {" -.inf -.Inf -.INF ", {.tag = KW_FLOAT, .as.f = -HUGE_VAL}},
        {" .nan .NaN .NAN ", {.tag = KW_FLOAT, .as.f = (double)NAN}},
    };
    enum { LONGEST = 5 };
    *out = kw_null();
    if (size == 0)
        return true;
    if (size <= LONGEST && memchr(text, ' ', size) == NULL && memchr(text, '\0', size) == NULL) {
        char word[LONGEST + 3] = " ";
        memcpy(word + 1, text, size);
        word[size + 1] = ' ';
        for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
            if (strstr(words[i].names, word) != NULL) {
                *out = words[i].value;
                return true;
            }
    }
    return read_number(text, size, out);
}

/* ---- The package ------------------------------------------------------------------------------------- */

/* clang-format off */
static const kw_native_def functions[] = {
    {"parse(text: string): any", kp_yaml_parse,
     "The value of the first document, null if there is none.  Plain scalars become null, booleans, integers and "
     "floats where they look like that; keys are always strings.  An alias is the very value that its anchor names. "
     "What aliases stand for is limited to 1,000,000 values, nesting to 256 levels.",
     "println yaml::parse(\"port: 8080\\nhosts: [a, b]\")  # => {\"port\": 8080, \"hosts\": [\"a\", \"b\"]}"},
    {"parse_all(text: string): list", kp_yaml_parse_all, "The values of all documents that are not null.",
     "println yaml::parse_all(\"--- 1\\n--- x\\n\")  # => [1, \"x\"]"},
    {"stringify(value: any): string", kp_yaml_stringify,
     "The YAML text of a value, in block style.  What is nested deeper than 256 levels is a YamlError.",
     "println yaml::stringify({name: \"kiwi\", tags: [1, \"2\"]}).replace(\"\\n\", \"|\")"
     "  # => name: kiwi|tags:|  - 1|  - \"2\"|"},
    {NULL},
};
/* clang-format on */

const kp_package kp_yaml = {
    .name = "yaml",
    .about = "YAML: read it and write it.",
    .functions = functions,
};
