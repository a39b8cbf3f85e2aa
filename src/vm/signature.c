/* signature.c - see signature.h. */
#include "config.h"

#include "vm/signature.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vm/names.h"
#include "vm/vm.h"

typedef struct reader {
    kw_vm *vm;
    const char *at;
} reader;

static void skip_blanks(reader *r)
{
    while (*r->at == ' ')
        r->at++;
}

static bool read_char(reader *r, char c)
{
    skip_blanks(r);
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

size_t kw_signature_name(const char *text)
{
    size_t size = 0;
    while (isalnum((unsigned char)text[size]) || text[size] == '_')
        size++;
    return size;
}

/* The word at the reader, as [*word, *word + size); 0: there is none. */
static uint32_t read_name(reader *r, const char **word)
{
    skip_blanks(r);
    *word = r->at;
    r->at += kw_signature_name(r->at);
    return (uint32_t)(r->at - *word);
}

/* ---- Types ---------------------------------------------------------------------------------------- */

static bool same(const char *word, uint32_t size, const char *name)
{
    return strlen(name) == size && memcmp(word, name, size) == 0;
}

/* The types that a word stands for; 0: none. */
static uint32_t types_of(const char *word, uint32_t size)
{
    static const struct {
        const char *word;
        uint32_t types;
    } words[] = {
        {"any", KW_ANY_TYPE},        {"number", 1U << KW_INT | 1U << KW_FLOAT},
        {"struct", 1U << KW_STRUCT}, {"package", 1U << KW_PACKAGE},
        {"task", 1U << KW_INT},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (same(word, size, words[i].word))
            return words[i].types;
    for (unsigned type = KW_INT; type <= KW_GENERATOR; type++)
        if (same(word, size, kw_display_type_name((kw_type)type)))
            return 1U << type;
    return size > 0 && isupper((unsigned char)*word) ? 1U << KW_OBJECT : 0;
}

static bool read_type(reader *r, uint32_t *types, bool *nullable);

/* What is between < and >: told to readers, and not checked. */
static bool read_inner(reader *r)
{
    uint32_t types = 0;
    bool nullable;
    do {
        if (!read_type(r, &types, &nullable))
            return false;
    } while (read_char(r, ','));
    return read_char(r, '>');
}

static bool read_type(reader *r, uint32_t *types, bool *nullable)
{
    const char *word;
    *types = 0;
    do {
        uint32_t size = read_name(r, &word), some = types_of(word, size);
        if (some == 0 || (read_char(r, '<') && !read_inner(r)))
            return false;
        *types |= some;
    } while (read_char(r, '|'));
    *nullable = read_char(r, '?');
    return true;
}

/* ---- Defaults ------------------------------------------------------------------------------------- */

static bool read_string(reader *r, kw_value *out)
{
    const char *end = strchr(r->at, '"'); /* no default has escapes */
    if (end == NULL)
        return false;
    *out = r->vm == NULL ? kw_null() : kw_of_string(kw_intern(r->vm, r->at, (size_t)(end - r->at)));
    r->at = end + 1;
    return true;
}

static bool read_number(reader *r, kw_value *out)
{
    char *end;
    long long whole = strtoll(r->at, &end, 10);
    if (*end == '.' || *end == 'e')
        *out = kw_float(strtod(r->at, &end));
    else
        *out = kw_int(whole);
    bool read = end > r->at;
    r->at = end;
    return read;
}

static bool read_default(reader *r, kw_value *out)
{
    static const struct {
        const char *text;
        kw_value value;
    } words[] = {
        {"null", {.tag = KW_NULL}},  {"[]", {.tag = KW_NULL}},
        {"{}", {.tag = KW_NULL}},    {"true", {.tag = KW_BOOL, .as.i = 1}},
        {"false", {.tag = KW_BOOL}},
    };
    skip_blanks(r);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t size = strlen(words[i].text);
        if (strncmp(r->at, words[i].text, size) == 0) {
            *out = words[i].value;
            r->at += size;
            return true;
        }
    }
    return read_char(r, '"') ? read_string(r, out) : read_number(r, out);
}

/* ---- Parameters ----------------------------------------------------------------------------------- */

static bool read_parameter(reader *r, kw_parameter *p)
{
    *p = (kw_parameter){.types = KW_ANY_TYPE, .nullable = true, .otherwise = kw_undef()};
    p->name_size = read_name(r, &p->name);
    if (p->name_size == 0)
        return false;
    if (strncmp(r->at, "...", 3) == 0) {
        p->variadic = true;
        r->at += 3;
    }
    if (read_char(r, ':') && !read_type(r, &p->types, &p->nullable))
        return false;
    return !read_char(r, '=') || read_default(r, &p->otherwise);
}

static void count_arguments(kw_signature *s)
{
    s->most = s->count;
    for (uint32_t i = 0; i < s->count; i++) {
        if (s->params[i].variadic)
            s->most = UINT32_MAX;
        else if (kw_is(s->params[i].otherwise, KW_UNDEF))
            s->least = i + 1;
    }
}

/* Parameters are separated by commas, which defaults do not have. */
static bool make_room(kw_signature *s, const char *text)
{
    size_t most = 1;
    for (const char *c = text; *c != '\0'; c++)
        most += *c == ',' ? 1 : 0;
    s->params = calloc(most, sizeof(*s->params));
    return s->params != NULL;
}

static bool read_signature(reader *r, kw_signature *s)
{
    bool nullable;
    uint32_t types;
    if (!read_char(r, '('))
        return false;
    if (!read_char(r, ')')) {
        do {
            if (!read_parameter(r, &s->params[s->count++]))
                return false;
        } while (read_char(r, ','));
        if (!read_char(r, ')'))
            return false;
    }
    count_arguments(s);
    if (read_char(r, ':')) {
        skip_blanks(r);
        s->result = r->at;
        if (!read_type(r, &types, &nullable))
            return false;
    }
    return *r->at == '\0';
}

bool kw_signature_parse(kw_vm *vm, const char *text, kw_signature *out, const char **at)
{
    *out = (kw_signature){.name = text, .name_size = (uint32_t)kw_signature_name(text)};
    *at = NULL;
    if (!make_room(out, text))
        return false;
    reader r = {.vm = vm, .at = text + out->name_size};
    if (out->name_size > 0 && read_signature(&r, out))
        return true;
    *at = r.at;
    kw_signature_free(out);
    return false;
}

void kw_signature_free(kw_signature *s)
{
    free(s->params);
    s->params = NULL;
}
