/* interact.c - the read-eval-print loop: lines are collected until they are a whole program. */
#include "config.h"

#include "cli/interact.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/line.h"
#include "cli/output.h"

typedef struct input { /* the lines so far, each with its line feed */
    char *text;
    size_t size;
} input;

static kiwi_vm *running; /* for the handler; set before it is installed */

static void on_interrupt(int number)
{
    (void)number;
    kiwi_interrupt(running);
    kc_line_interrupt();
}

/* False: no memory, and what was collected stays. */
static bool add_line(input *in, const char *line)
{
    size_t size = strlen(line);
    char *text = realloc(in->text, in->size + size + 1);
    if (text == NULL)
        return false;
    memcpy(text + in->size, line, size);
    text[in->size + size] = '\n';
    in->text = text;
    in->size += size + 1;
    return true;
}

static void drop(input *in)
{
    free(in->text);
    *in = (input){.text = NULL};
}

/* Read lines until they are complete or wrong.  KC_LINE: `in` holds them; else it is empty. */
static kc_line_end read_input(input *in)
{
    do {
        char *line;
        kc_line_end end = kc_line_read(in->size == 0 ? "kiwi> " : "  ... ", &line);
        if (end != KC_LINE) {
            kc_output("\n");
            if (end == KC_LINE_EOF && in->size > 0)
                return KC_LINE; /* what is there is reported as unfinished; the next read ends */
            drop(in);
            return end;
        }
        kc_line_remember(line);
        bool added = add_line(in, line);
        free(line);
        if (!added) {
            fputs("kiwi: out of memory\n", stderr);
            drop(in);
            return KC_LINE_INTERRUPTED;
        }
    } while (kiwi_text_continues(in->text, in->size));
    return KC_LINE;
}

int kc_interact(kiwi_vm *vm)
{
    input in = {.text = NULL};
    struct sigaction before, action = {.sa_handler = on_interrupt}; /* no SA_RESTART: reads end */
    bool ended = false;
    int code = EXIT_SUCCESS;
    kc_line_end end;
    running = vm;
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, &before);
    kc_output("kiwi ");
    kc_output(kiwi_version());
    kc_output(". Ctrl-C stops what runs, Ctrl-D ends.\n");
    kc_line_load();
    while (!ended && (end = read_input(&in)) != KC_LINE_EOF) {
        if (end == KC_LINE)
            code = kiwi_eval_text(vm, in.text, in.size, &ended);
        drop(&in);
    }
    kc_line_save();
    if (!ended) /* pending tasks are waited for, as after every program */
        code = kiwi_run_text(vm, "", "", 0);
    (void)sigaction(SIGINT, &before, NULL);
    return code;
}
