/* csv.c - package csv: rows of strings from text and back (FUNCTIONS.md, "csv"); its pipeline is in csv.kiwi.
 *
 * A field that begins with a quotation mark goes on to the next one, whatever is between; two of them stand for one.
 * What follows the end of a quoted part up to the delimiter belongs to the field, too. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "packages/package.h"
#include "packages/writing.h"
#include "types/give.h"
#include "vm/text.h"

typedef struct reader {
    kw_vm *vm;
    const char *at, *end; /* of the text, which has a NUL there */
    const char *delimiter;
    size_t delimiter_size;
    bool ends[256]; /* may a field end at this byte? */
    kw_list *row;   /* fields of the row that is being read; others take its place */
    bool cut;       /* the text ended before its line did */
} reader;

/* ---- Delimiters -------------------------------------------------------------------------------------- */

/* The first character of argument `at`, a comma if there is none. */
static const char *delimiter_of(const kw_call *call, uint32_t at, size_t *size)
{
    const kw_string *s = kw_native_argument(call, at).as.string;
    const char *end = s->text;
    if (s->size == 0) {
        *size = 1;
        return ",";
    }
    (void)kw_utf8_next(&end);
    *size = (size_t)(end - s->text);
    return s->text;
}

static void begin(reader *r, kw_vm *vm, const kw_string *text, size_t from)
{
    assert(from <= text->size);
    r->vm = vm;
    r->at = text->text + from;
    r->end = text->text + text->size;
    memset(r->ends, 0, sizeof(r->ends));
    r->ends['\n'] = r->ends['\r'] = r->ends[0] = r->ends[(unsigned char)*r->delimiter] = true;
}

static bool at_delimiter(const reader *r, const char *p)
{
    return (size_t)(r->end - p) >= r->delimiter_size && memcmp(p, r->delimiter, r->delimiter_size) == 0;
}

/* Bytes of the line end at `p`; 0: there is none. */
static size_t line_end(const char *p)
{
    return *p == '\n' ? 1 : *p == '\r' && p[1] == '\n' ? 2 : 0;
}

/* Where the field that goes on at `p` without quotation marks ends. */
static const char *field_end(const reader *r, const char *p)
{
    for (;; p++) {
        while (!r->ends[(unsigned char)*p])
            p++;
        if (p >= r->end || line_end(p) > 0 || at_delimiter(r, p))
            return p;
    }
}

/* ---- Reading ----------------------------------------------------------------------------------------- */

/* A field whose quoted part begins at `p`: more of it than what is between two quotation marks. */
static kw_string *mended_field(reader *r, const char *p)
{
    kw_buf buf;
    kw_buf_init(&buf);
    while (kw_buf_go_on(r->vm, &buf)) {
        const char *quote = memchr(p, '"', (size_t)(r->end - p));
        const char *stop = quote != NULL ? quote : r->end; /* without an end it is all that is left */
        kw_buf_put(&buf, p, (size_t)(stop - p));
        p = quote != NULL ? quote + 1 : r->end;
        if (*p != '"' || p >= r->end)
            break;
        kw_buf_putc(&buf, '"');
        p++;
    }
    r->at = field_end(r, p);
    kw_buf_put(&buf, p, (size_t)(r->at - p));
    return kw_buf_string(r->vm, &buf);
}

/* NULL: thrown. */
static kw_string *read_field(reader *r)
{
    const char *p = r->at;
    if (*p != '"') {
        r->at = field_end(r, p);
        return kw_string_valid(r->vm, p, (size_t)(r->at - p), SIZE_MAX);
    }
    p++;
    const char *quote = memchr(p, '"', (size_t)(r->end - p));
    if (quote == NULL || quote[1] == '"' || field_end(r, quote + 1) != quote + 1)
        return mended_field(r, p);
    r->at = quote + 1;
    return kw_string_valid(r->vm, p, (size_t)(quote - p), SIZE_MAX);
}

typedef enum progress { ROW, PAUSE, FAILED } progress;

/* Read fields up to the end of the line, and pass that: ROW; or with `may_pause` those of a slice.  FAILED: thrown. */
static progress read_row(reader *r, bool may_pause)
{
    for (;;) {
        kw_string *field = read_field(r);
        if (field == NULL || !kw_list_push(r->vm, r->row, kw_of_string(field)) || !kw_go_on(r->vm))
            return FAILED;
        if (r->at >= r->end || line_end(r->at) > 0)
            break;
        assert(at_delimiter(r, r->at)); /* a field ends at nothing else */
        r->at += r->delimiter_size;
        if (may_pause && kw_slice_over(r->vm))
            return PAUSE;
    }
    assert(r->at <= r->end);
    size_t size = line_end(r->at);
    r->cut = size == 0;
    r->at += size;
    return ROW;
}

/* The fields of the row, in a list of their own.  false: thrown. */
static bool add_row(reader *r, kw_list *rows)
{
    kw_list *row = kw_list_new(r->vm, r->row->count);
    if (row == NULL)
        return false;
    memcpy(row->items, r->row->items, r->row->count * sizeof(kw_value));
    row->count = r->row->count;
    r->row->count = 0;
    return kw_list_push(r->vm, rows, kw_of_list(row));
}

static kw_result csv_parse(kw_vm *vm, kw_call *call)
{
    enum { ROWS, AT, IN_ROW, CUT, KEPT_COUNT }; /* CUT: a row has begun, though there may be no more of it */
    const kw_string *text = kw_native_operand(call, 0).as.string;
    kw_list *rows = call->kept != NULL ? kw_kept(call, ROWS).as.list : kw_list_new(vm, 0);
    reader r;
    r.delimiter = delimiter_of(call, 1, &r.delimiter_size);
    begin(&r, vm, text, kw_kept_size(call, AT));
    r.row = call->kept != NULL ? kw_kept(call, IN_ROW).as.list : kw_list_new(vm, 16);
    bool begun = kw_kept_size(call, CUT) != 0;
    while (r.at < r.end || begun) {
        progress came = read_row(&r, true);
        if (came == FAILED || (came == ROW && !add_row(&r, rows)))
            return KW_THROWN;
        begun = came == PAUSE;
        if (begun || kw_slice_over(vm)) {
            const kw_value kept[KEPT_COUNT] = {[ROWS] = kw_of_list(rows),
                                               [AT] = kw_int(r.at - text->text),
                                               [IN_ROW] = kw_of_list(r.row),
                                               [CUT] = kw_int(begun ? 1 : 0)};
            return kw_call_again(vm, call, kept, KEPT_COUNT);
        }
    }
    return kw_give_list(call, rows);
}

/* The rows that are whole in a part of a text, and what follows them, which may go on in the next part. */
static kw_result csv_whole(kw_vm *vm, kw_call *call)
{
    const kw_string *text = kw_native_operand(call, 0).as.string;
    kw_list *rows = kw_list_new(vm, 0), *both = kw_list_new(vm, 2);
    const char *whole = text->text; /* the end of the last row that is */
    reader r;
    r.delimiter = delimiter_of(call, 1, &r.delimiter_size);
    begin(&r, vm, text, 0);
    r.row = kw_list_new(vm, 16);
    while (r.at < r.end) {
        if (read_row(&r, false) == FAILED)
            return KW_THROWN;
        if (r.cut)
            break;
        if (!add_row(&r, rows))
            return KW_THROWN;
        whole = r.at;
    }
    kw_string *rest = kw_string_valid(vm, whole, (size_t)(r.end - whole), SIZE_MAX);
    if (rest == NULL || !kw_list_push(vm, both, kw_of_list(rows)) || !kw_list_push(vm, both, kw_of_string(rest)))
        return KW_THROWN;
    return kw_give_list(call, both);
}

/* ---- Writing ----------------------------------------------------------------------------------------- */

static bool contains(const char *text, size_t size, const char *part, size_t part_size)
{
    for (const char *p = text, *end = text + size; (p = memchr(p, *part, (size_t)(end - p))) != NULL; p++)
        if ((size_t)(end - p) >= part_size && memcmp(p, part, part_size) == 0)
            return true;
    return false;
}

static void put_quoted(kw_buf *buf, const char *p, size_t size)
{
    const char *quote, *end = p + size;
    kw_buf_putc(buf, '"');
    for (; (quote = memchr(p, '"', (size_t)(end - p))) != NULL; p = quote + 1) {
        kw_buf_put(buf, p, (size_t)(quote + 1 - p));
        kw_buf_putc(buf, '"');
    }
    kw_buf_put(buf, p, (size_t)(end - p));
    kw_buf_putc(buf, '"');
}

/* A field; null is empty.  false: thrown. */
static bool put_field(kw_vm *vm, kw_buf *buf, kw_value v, const char *delimiter, size_t delimiter_size)
{
    const kw_string *s = kw_is(v, KW_NULL) ? NULL : kw_display_text(vm, v);
    if (s == NULL)
        return kw_is(v, KW_NULL);
    if (contains(s->text, s->size, "\"", 1) || contains(s->text, s->size, "\n", 1) ||
        contains(s->text, s->size, "\r", 1) || contains(s->text, s->size, delimiter, delimiter_size))
        put_quoted(buf, s->text, s->size);
    else
        kw_buf_put(buf, s->text, s->size);
    return true;
}

static bool step_rows(kp_writing *w, kw_value row)
{
    if (kw_is(row, KW_LIST))
        (void)kp_writing_open(w, row);
    else
        (void)kw_throw_expected(w->vm, "list", row);
    return kw_is(row, KW_LIST);
}

static bool step_row(kp_writing *w, kw_value field, bool first)
{
    const kw_string *delimiter = w->levels[0].about.as.string;
    if (!first)
        kw_buf_put(&w->buf, delimiter->text, delimiter->size);
    return put_field(w->vm, &w->buf, field, delimiter->text, delimiter->size);
}

/* The next row, a field of it, or its end. */
static bool step(kp_writing *w)
{
    kp_level *level = kp_writing_innermost(w);
    const kw_list *list = level->value.as.list;
    bool in_row = w->depth > 1;
    if (!kw_buf_go_on(w->vm, &w->buf))
        return false;
    assert(w->depth <= 2 && kw_is(level->value, KW_LIST)); /* the rows, and one of them */
    if (level->at < list->count) {
        kw_value v = list->items[level->at++];
        return in_row ? step_row(w, v, level->at == 1) : step_rows(w, v);
    }
    if (in_row)
        kw_buf_putc(&w->buf, '\n');
    w->depth--;
    return true;
}

static kw_result csv_stringify(kw_vm *vm, kw_call *call)
{
    kp_writing first, *w = kp_writing_begin(vm, call, &first);
    if (w == &first) {
        size_t size;
        const char *delimiter = delimiter_of(call, 1, &size);
        kp_level *rows = kp_writing_open(w, kw_native_operand(call, 0));
        rows->about = kw_of_string(kw_intern(vm, delimiter, size));
    }
    return kp_writing_go_on(call, w, step);
}

/* clang-format off */
static const kw_native_def functions[] = {
    {"parse(text: string, delim: string = \",\"): list", csv_parse,
     "The rows of a text, lists of strings.  In quotation marks a field may have delimiters and newlines; two of them "
     "stand for one.",
     "println csv::parse(\"a,b\\n1,2\")  # => [[\"a\", \"b\"], [\"1\", \"2\"]]", "__csv_parse__/2"},
    {"stringify(rows: list, delim: string = \",\"): string", csv_stringify,
     "The text of rows, lists of values: a line each, with quotation marks where they are needed.",
     "println csv::stringify([[\"a\", \"b,c\"]]).trim()  # => a,\"b,c\""},
    {"__whole__(text: string, delim: string): list", csv_whole, "Whole rows, and the rest.", NULL},
    {NULL},
};
/* clang-format on */

const kp_package kp_csv = {
    .name = "csv",
    .about = "Comma-separated values.",
    .functions = functions,
};
