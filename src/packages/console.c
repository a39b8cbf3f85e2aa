/* console.c - package console: colours and keys of the terminal, and lines from it (FUNCTIONS.md, "console").
 *
 * What a terminal is told, nothing but a terminal is told.  console.kiwi has the parts that wait for keys. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "packages/input.h"
#include "packages/keys.h"
#include "packages/package.h"
#include "packages/rows.h"
#include "packages/terminal.h"

typedef struct console {
    unsigned readers; /* of keys, which the terminal gives */
} console;

extern const kp_package kp_console;

/* ---- Output ---------------------------------------------------------------------------------- */

static kw_result tell(kw_vm *vm, const char *text)
{
    return !kw_out_is_terminal(vm) || kw_out(vm, 1, text, strlen(text)) ? KW_DONE : KW_THROWN;
}

/* Names by number, and what ECMA-48 (with the bright ones of aixterm) calls them. */
static const struct {
    const char *name;
    int code;
} colors[] = {
    {"BLACK", 30},     {"DARK_BLUE", 34},    {"DARK_GREEN", 32},  {"DARK_CYAN", 36},
    {"DARK_RED", 31},  {"DARK_MAGENTA", 35}, {"DARK_YELLOW", 33}, {"GRAY", 37},
    {"DARK_GRAY", 90}, {"BLUE", 94},         {"GREEN", 92},       {"CYAN", 96},
    {"RED", 91},       {"MAGENTA", 95},      {"YELLOW", 93},      {"WHITE", 97},
};
enum { COLORS = sizeof(colors) / sizeof(colors[0]), BACKGROUND = 10 };

static int color_number(const kw_call *call)
{
    for (int i = 0; i < COLORS; i++)
        if (strcasecmp(colors[i].name, kw_native_operand(call, 0).as.string->text) == 0)
            return i;
    return 0;
}

static kw_result color(kw_vm *vm, const kw_call *call, int ground)
{
    char text[16];
    (void)snprintf(text, sizeof(text), "\x1b[%dm", colors[color_number(call)].code + ground);
    return tell(vm, text);
}

static kw_result console_fg(kw_vm *vm, kw_call *call)
{
    return color(vm, call, 0);
}

static kw_result console_bg(kw_vm *vm, kw_call *call)
{
    return color(vm, call, BACKGROUND);
}

static kw_result console_reset(kw_vm *vm, kw_call *call)
{
    (void)call;
    return tell(vm, "\x1b[39;49m");
}

static kw_result console_map_color(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_int(color_number(call)));
}

static kw_result console_get_colors(kw_vm *vm, kw_call *call)
{
    kw_map *map = kw_map_new(vm, COLORS);
    for (int i = 0; map != NULL && i < COLORS; i++)
        if (!kw_map_set_c(vm, map, colors[i].name, kw_int(i)))
            return KW_THROWN;
    return map != NULL ? kw_return(call, kw_of_map(map)) : KW_THROWN;
}

static kw_result console_clear(kw_vm *vm, kw_call *call)
{
    (void)call;
    return tell(vm, "\x1b[H\x1b[2J");
}

static kw_result console_cursor_visible(kw_vm *vm, kw_call *call)
{
    return tell(vm, kw_native_operand(call, 0).as.i != 0 ? "\x1b[?25h" : "\x1b[?25l");
}

/* Control characters in the text would end it and tell the terminal something else. */
static kw_result console_title(kw_vm *vm, kw_call *call)
{
    const kw_string *title = kw_native_operand(call, 0).as.string;
    kw_buf buf;
    kw_buf_init(&buf);
    kw_buf_puts(&buf, "\x1b]0;");
    for (size_t i = 0; i < title->size && kw_buf_go_on(vm, &buf); i++)
        if ((unsigned char)title->text[i] >= ' ' && title->text[i] != 0x7F)
            kw_buf_putc(&buf, title->text[i]);
    kw_buf_putc(&buf, '\a');
    const kw_string *text = kw_buf_string(vm, &buf);
    return text != NULL ? tell(vm, text->text) : KW_THROWN;
}

static kw_result print(kw_vm *vm, const kw_call *call, const char *end)
{
    kw_value v = kw_native_operand(call, 0);
    const kw_string *s = kw_is(v, KW_NULL) ? kw_intern_c(vm, "") : kw_display_text(vm, v);
    return s != NULL && kw_out(vm, 1, s->text, s->size) && kw_out(vm, 1, end, strlen(end)) ? KW_DONE : KW_THROWN;
}

static kw_result console_write(kw_vm *vm, kw_call *call)
{
    return print(vm, call, "");
}

static kw_result console_writeln(kw_vm *vm, kw_call *call)
{
    return print(vm, call, "\n");
}

/* ---- Size ------------------------------------------------------------------------------------ */

static int64_t number_in(const char *variable, int64_t otherwise)
{
    const char *text = getenv(variable);
    long n = text != NULL ? strtol(text, NULL, 10) : 0;
    return n > 0 && n < 65536 ? n : otherwise;
}

static kw_result console_size(kw_vm *vm, kw_call *call)
{
    int64_t width = number_in("COLUMNS", 80), height = number_in("LINES", 24);
#if defined(TIOCGWINSZ)
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        width = size.ws_col;
        height = size.ws_row;
    }
#endif
    kw_map *map = kw_map_new(vm, 2);
    return map != NULL && kw_map_set_c(vm, map, "width", kw_int(width)) &&
                   kw_map_set_c(vm, map, "height", kw_int(height))
               ? kw_return(call, kw_of_map(map))
               : KW_THROWN;
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static kw_result console_is_terminal(kw_vm *vm, kw_call *call)
{
    (void)vm;
    return kw_return(call, kw_bool(isatty(STDIN_FILENO) != 0));
}

static kw_result fail(kw_vm *vm, const char *why)
{
    return kw_throw(vm, "KiwiError", "Failed to read key: %s", why);
}

static kw_result console_keys(kw_vm *vm, kw_call *call)
{
    (void)call;
    char why[96];
    console *c = kp_state(vm, &kp_console);
    if (c == NULL || !kw_out_flush(vm))
        return KW_THROWN;
    int error = kp_terminal_keys();
    if (error != 0)
        return fail(vm, kb_error_errno_text(error, why, sizeof(why)));
    c->readers++;
    return KW_DONE;
}

static kw_result console_lines(kw_vm *vm, kw_call *call)
{
    (void)call;
    console *c = kp_state_known(vm, &kp_console);
    if (c != NULL && c->readers > 0) {
        c->readers--;
        kp_terminal_lines();
    }
    return KW_DONE;
}

static void close_console(kw_vm *vm, void *state)
{
    (void)vm;
    for (console *c = state; c->readers > 0; c->readers--)
        kp_terminal_lines();
}

static const char *modifiers(const kp_key *key)
{
    static const char *const texts[] = {"None",    "Shift",          "Alt",          "Alt, Shift",
                                        "Control", "Shift, Control", "Alt, Control", "Alt, Shift, Control"};
    return texts[(key->shift ? 1 : 0) | (key->alt ? 2 : 0) | (key->control ? 4 : 0)];
}

static kw_result give_key(kw_vm *vm, kw_call *call, const kp_key *key)
{
    char buffer[KP_KEYS_TITLE];
    bool printable = (unsigned char)key->text[0] >= ' ' && key->text[0] != 0x7F;
    const kp_row rows[] = {
        {"key", kw_string_c(vm, kp_keys_title(key, buffer))},
        {"char", kw_string_c(vm, key->text)},
        {"modifiers", kw_string_c(vm, modifiers(key))},
        {"is_shift", kw_bool(key->shift)},
        {"is_control", kw_bool(key->control)},
        {"is_alt", kw_bool(key->alt)},
        {"is_printable", kw_bool(printable)},
    };
    kw_value map = kp_rows_hashmap(vm, rows, sizeof(rows) / sizeof(rows[0]));
    return kw_is(map, KW_UNDEF) ? KW_THROWN : kw_return(call, map);
}

/* The key that came, or null. */
static kw_result console_key(kw_vm *vm, kw_call *call)
{
    char bytes[32];
    bool ended;
    size_t size = kp_input_peek(vm, bytes, sizeof(bytes), &ended);
    if (ended)
        return fail(vm, "the input is at its end");
    if (size == 0)
        return KW_DONE;
    kp_key key;
    kp_input_skip(kp_keys_decode(bytes, size, &key));
    return give_key(vm, call, &key);
}

/* ---- Registration ---------------------------------------------------------------------------- */

/* clang-format off */
static const kw_native_def functions[] = {
    {"read(msg: any = \"\"): string", kp_input_prompt,
     "Show the text, and wait for a line of standard input; an empty string at its end.",
     "println console::read().size()", "__console_readline__/1", KW_CHECK_NONE},
    {"readline(msg: any = \"\"): string", kp_input_prompt,
     "Show the text, and wait for a line of standard input; an empty string at its end.",
     "println console::readline().size()", NULL, KW_CHECK_NONE},
    {"write(msg: any = \"\"): null", console_write, "Print a value.",
     "console::write(1)\nprintln \"\"  # => 1"},
    {"writeln(msg: any = \"\"): null", console_writeln, "Print a value and end the line.",
     "console::writeln([1, \"a\"])  # => [1, \"a\"]"},
    {"writeline(msg: any = \"\"): null", console_writeln, "Print a value and end the line.",
     "console::writeline(\"a\")  # => a"},
    {"fg(color: string): null", console_fg, "Print in this colour from here on, on a terminal.",
     "console::fg(\"RED\")", "__console_foreground__"},
    {"bg(color: string): null", console_bg, "Print on this colour from here on, on a terminal.",
     "console::bg(\"DARK_BLUE\")", "__console_background__"},
    {"reset(): null", console_reset, "Print in the terminal's own colours from here on.",
     "console::reset()", "__console_reset__/0"},
    {"map_color(name: string): integer", console_map_color,
     "The number of a colour, whatever the case of its name; 0 if there is none.",
     "println console::map_color(\"yellow\")  # => 14"},
    {"get_colors(): hashmap", console_get_colors, "The names of all colours and their numbers.",
     "println console::get_colors()[\"RED\"]  # => 12"},
    {"size(): hashmap", console_size,
     "`width` and `height` in characters; of no terminal, those in the variables COLUMNS and LINES, or 80 and 24.",
     "println console::size().keys()  # => [\"width\", \"height\"]", "__console_windowsize__/0"},
    {"clear(): null", console_clear, "Clear the terminal.", "console::clear()",
     "__console_clear__/0"},
    {"cursor_visible(is_visible: boolean): null", console_cursor_visible,
     "Show the terminal's cursor, or hide it.", "console::cursor_visible(true)",
     "__console_cursorvisible__/1"},
    {"title(text: string): null", console_title, "The title of the terminal's window.",
     "console::title(\"backup\")", "__console_title__/1"},
    {"__is_terminal__(): boolean", console_is_terminal, "Is standard input a terminal?"},
    {"__keys__(): null", console_keys, "Have the terminal give keys at once, and not show them."},
    {"__lines__(): null", console_lines, "Have the terminal give lines again."},
    {"__key__(): hashmap?", console_key, "The next key, if it has come."},
    {NULL},
};
/* clang-format on */

const kp_package kp_console = {
    .name = "console",
    .about = "The terminal: colours, keys, lines.",
    .functions = functions,
    .state_size = sizeof(console),
    .close = close_console,
};
