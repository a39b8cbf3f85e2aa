/* document.c - kiwi_document(): the index as text for people, as JSON for programs, as a page of reference. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kiwi/kiwi.h"
#include "packages/index.h"
#include "vm/vm.h"

typedef struct document {
    kw_buf buf;
    const char *name; /* what is asked for; NULL: all */
    size_t entries;   /* that were written */
} document;

static void put(document *d, const char *text)
{
    kw_buf_puts(&d->buf, text);
}

/* Each line of `text`, behind `margin`. */
static void put_lines(document *d, const char *margin, const char *text)
{
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        put(d, margin);
        kw_buf_put(&d->buf, text, size);
        put(d, "\n");
        text += size + (text[size] == '\n' ? 1 : 0);
    }
}

/* What is before the name: "socket::", "string.", "Channel."; nothing for global functions. */
static void put_prefix(document *d, const kp_entry *e)
{
    if (e->kind != KP_METHOD_ENTRY &&
        (e->place[0] == '\0' || e->kind == KP_PACKAGE_ENTRY || e->kind == KP_STRUCT_ENTRY))
        return;
    put(d, e->owner != NULL ? e->owner : e->place);
    put(d, e->kind == KP_METHOD_ENTRY ? "." : "::");
}

/* How it is called: the signature, or the name of what has none. */
static void put_call(document *d, const kp_entry *e)
{
    if (e->signature != NULL)
        put(d, e->signature);
    else
        kw_buf_put(&d->buf, e->name, e->name_size);
}

/* ---- For people -------------------------------------------------------------------------------------- */

static bool same(const char *text, const char *name, size_t size)
{
    return strncmp(text, name, size) == 0 && text[size] == '\0';
}

/* Is the entry itself asked for: by its name, alone or behind that of its package, type or struct? */
static bool is_asked(const kp_entry *e, const char *asked)
{
    const char *dots = strstr(asked, "::"), *dot = strchr(asked, '.');
    const char *name = dots != NULL ? dots + 2 : dot != NULL ? dot + 1 : asked;
    size_t before = dots != NULL ? (size_t)(dots - asked) : dot != NULL ? (size_t)(dot - asked) : 0;
    if (!same(name, e->name, e->name_size) || e->kind == KP_PACKAGE_ENTRY)
        return false;
    return name == asked || (strlen(e->place) == before && strncmp(e->place, asked, before) == 0) ||
           (e->owner != NULL && strlen(e->owner) == before && strncmp(e->owner, asked, before) == 0);
}

static void write_whole(document *d, const kp_entry *e)
{
    put_prefix(d, e);
    put_call(d, e);
    put(d, "\n");
    if (e->about != NULL)
        put_lines(d, "    ", e->about);
    if (e->refused != NULL && e->kind != KP_STRUCT_ENTRY)
        put(d, "    Not available in safe mode.\n");
    if (e->example != NULL && e->setup != NULL)
        put_lines(d, "        ", e->setup);
    if (e->example != NULL)
        put_lines(d, "        ", e->example);
    put(d, "\n");
    d->entries++;
}

static void write_line(document *d, const kp_entry *e)
{
    put(d, e->kind == KP_PACKAGE_ENTRY || e->kind == KP_STRUCT_ENTRY ? "" : "  ");
    put_call(d, e);
    put(d, "\n");
    if (e->about != NULL)
        put_lines(d, e->kind == KP_PACKAGE_ENTRY ? "    " : "      ", e->about);
    d->entries++;
}

static void take_asked(const kp_entry *e, void *context)
{
    document *d = context;
    bool inside = strcmp(e->place, d->name) == 0 || (e->owner != NULL && strcmp(e->owner, d->name) == 0);
    if (inside)
        write_line(d, e);
    else if (is_asked(e, d->name))
        write_whole(d, e);
}

/* Without a name: the packages, each with its sentence. */
static void take_package(const kp_entry *e, void *context)
{
    document *d = context;
    if (e->kind == KP_PACKAGE_ENTRY)
        write_line(d, e);
}

static void write_text(document *d)
{
    kp_index_each(d->name != NULL ? take_asked : take_package, d);
    if (d->name == NULL)
        put(d, "\nMore: `kiwi --doc NAME` for a package, a type, or a function such as socket::recv or "
               "string.split.\n");
}

/* ---- For programs ------------------------------------------------------------------------------------ */

static void put_json_char(document *d, unsigned char c)
{
    char code[8];
    if (c == '"' || c == '\\')
        put(d, "\\");
    if (c == '\n')
        put(d, "\\n");
    else if (c < ' ')
        kw_buf_put(&d->buf, code, (size_t)snprintf(code, sizeof(code), "\\u%04x", c));
    else
        kw_buf_putc(&d->buf, (char)c);
}

static void put_json(document *d, const char *key, const char *text, size_t size)
{
    put(d, key[0] == 'k' ? "" : ", ");
    put(d, "\"");
    put(d, key);
    put(d, text != NULL ? "\": \"" : "\": null");
    for (size_t i = 0; text != NULL && i < size; i++)
        put_json_char(d, (unsigned char)text[i]);
    put(d, text != NULL ? "\"" : "");
}

static void take_json(const kp_entry *e, void *context)
{
    static const char *const kinds[] = {"package", "struct", "constant", "function", "method"};
    document *d = context;
    const struct {
        const char *key, *text;
    } fields[] = {
        {e->of_type ? "type" : "package", e->place},
        {"struct", e->owner},
        {"signature", e->signature},
        {"about", e->about},
        {"example", e->example},
        {"setup", e->setup},
        {"refused", e->refused},
    };
    put(d, d->entries++ > 0 ? ",\n  {" : "\n  {");
    put_json(d, "kind", kinds[e->kind], strlen(kinds[e->kind]));
    put_json(d, "name", e->name, e->name_size);
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        put_json(d, fields[i].key, fields[i].text, fields[i].text != NULL ? strlen(fields[i].text) : 0);
    put(d, "}");
}

static void write_json(document *d)
{
    put(d, "[");
    kp_index_each(take_json, d);
    put(d, "\n]\n");
}

/* ---- The page ---------------------------------------------------------------------------------------- */

static void take_page(const kp_entry *e, void *context)
{
    document *d = context;
    bool first_method = e->of_type && strcmp(d->name, e->place) != 0;
    if (e->kind == KP_PACKAGE_ENTRY || first_method) {
        put(d, e->of_type ? "\n## Methods of " : "\n## Package ");
        put(d, strcmp(e->place, "any") == 0 ? "every value" : e->place);
        put(d, "\n");
        d->name = e->place;
    }
    if (e->kind == KP_PACKAGE_ENTRY) {
        put(d, "\n");
        put_lines(d, "", e->about != NULL ? e->about : "");
        return;
    }
    put(d, e->kind == KP_STRUCT_ENTRY ? "\n### Struct `" : "\n`");
    put_prefix(d, e);
    put_call(d, e);
    put(d, e->kind == KP_STRUCT_ENTRY ? "`\n\n" : "`  \n");
    put_lines(d, "", e->about != NULL ? e->about : "");
    if (e->example == NULL)
        return;
    put(d, "\n```kiwi\n");
    put_lines(d, "", e->example);
    put(d, "```\n");
}

static void write_page(document *d)
{
    put(d, "# Functions, methods and packages\n\n"
           "Made by `kiwi --doc=markdown`. Types and defaults are those that the program checks.\n\n"
           "## Global functions\n");
    d->name = "";
    kp_index_each(take_page, d);
}

/* ---- All --------------------------------------------------------------------------------------------- */

char *kiwi_document(const char *name, kiwi_document_form form)
{
    document d = {.name = name};
    kw_buf_init(&d.buf);
    if (form == KIWI_DOCUMENT_JSON)
        write_json(&d);
    else if (form == KIWI_DOCUMENT_MARKDOWN)
        write_page(&d);
    else
        write_text(&d);
    bool found = d.buf.size > 0;
    char *text = NULL;
    if (found && !d.buf.failed && (text = malloc(d.buf.size + 1)) != NULL) {
        memcpy(text, d.buf.text, d.buf.size);
        text[d.buf.size] = '\0';
    }
    errno = text != NULL ? 0 : found ? ENOMEM : ENOENT;
    kw_buf_free(&d.buf);
    return text;
}
