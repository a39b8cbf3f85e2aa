/* diag.c - the lines that an uncaught error leaves behind.  The contract is in diag.h. */
#include "config.h"

#include "lang/diag.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/* Find line `number` of the text.  The last line is never shown, so it is not found. */
static bool find_line(const char *text, size_t size, uint32_t number, const char **line, size_t *line_size)
{
    const char *end = text + size;
    if (number == 0)
        return false;
    if (size >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) /* a byte order mark has no column */
        text += 3;
    for (uint32_t i = 1;; i++) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (stop == NULL || stop + 1 == end)
            return false;
        if (i == number) {
            *line = text;
            *line_size = (size_t)(stop - text);
            return true;
        }
        text = stop + 1;
    }
}

/* The source line and carets from the column to its end, counted in characters. */
static void print_source(FILE *out, const char *line, size_t size, uint32_t column)
{
    if (size > 0 && line[size - 1] == '\r')
        size--;
    fwrite(line, 1, size, out);
    fputc('\n', out);
    uint32_t at = 0;
    for (size_t i = 0; i < size; i++) {
        if (((unsigned char)line[i] & 0xC0) == 0x80)
            continue;
        at++;
        fputc(at < column ? ' ' : '^', out);
    }
    fputc('\n', out);
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

void kw_diag_print(FILE *out, const kw_diag_report *report)
{
    fprintf(out, "[%s]: ", or_empty(report->type));
    if (report->message != NULL)
        fwrite(report->message, 1, report->message_size, out);
    fprintf(out, "\nFile: %s:%lu:%lu\n", or_empty(report->file), (unsigned long)report->line,
            (unsigned long)report->column);
    const char *line;
    size_t size;
    if (report->source != NULL && find_line(report->source, report->source_size, report->line, &line, &size))
        print_source(out, line, size, report->column);
    if (report->at_function != NULL)
        fprintf(out, "at %s in %s:%lu:0\n", report->at_function, or_empty(report->at_file),
                (unsigned long)report->at_line);
    fputs(or_empty(report->notes), out);
    if (report->hint != NULL)
        fprintf(out, "hint: %s\n", report->hint);
}

void kw_diag_print_syntax(FILE *out, const kw_diag *diag, const char *source, size_t source_size)
{
    assert(diag->line > 0 && diag->column > 0 && memchr(diag->message, '\0', sizeof(diag->message)) != NULL);
    kw_diag_report report = {
        .type = diag->type,
        .message = diag->message,
        .message_size = strlen(diag->message),
        .file = diag->file,
        .line = diag->line,
        .column = diag->column,
        .source = source,
        .source_size = source_size,
    };
    kw_diag_print(out, &report);
}
