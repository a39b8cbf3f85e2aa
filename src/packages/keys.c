/* keys.c - what a terminal sends for a key (ECMA-48 and what xterm makes of it).  See keys.h. */
#include "config.h"

#include "packages/keys.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/text.h"

/* ---- Escape sequences ------------------------------------------------------------------------ */

typedef struct sequence {
    char final; /* the last byte */
    int number; /* before "~"; 0 with other last bytes */
    const char *name;
} sequence;

static const sequence sequences[] = {
    {'A', 0, "UpArrow"}, {'B', 0, "DownArrow"}, {'C', 0, "RightArrow"}, {'D', 0, "LeftArrow"}, {'H', 0, "Home"},
    {'F', 0, "End"},     {'P', 0, "F1"},        {'Q', 0, "F2"},         {'R', 0, "F3"},        {'S', 0, "F4"},
    {'Z', 0, "Tab"},     {'~', 1, "Home"},      {'~', 2, "Insert"},     {'~', 3, "Delete"},    {'~', 4, "End"},
    {'~', 5, "PageUp"},  {'~', 6, "PageDown"},  {'~', 7, "Home"},       {'~', 8, "End"},       {'~', 11, "F1"},
    {'~', 12, "F2"},     {'~', 13, "F3"},       {'~', 14, "F4"},        {'~', 15, "F5"},       {'~', 17, "F6"},
    {'~', 18, "F7"},     {'~', 19, "F8"},       {'~', 20, "F9"},        {'~', 21, "F10"},      {'~', 23, "F11"},
    {'~', 24, "F12"},
};

static const char *sequence_name(char final, int number)
{
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
        if (sequences[i].final == final && (final != '~' || sequences[i].number == number))
            return sequences[i].name;
    return "Unknown";
}

/* ESC [ or ESC O, numbers between semicolons, a last byte.  0: it is not whole. */
static size_t decode_sequence(const char *bytes, size_t size, kp_key *key)
{
    int numbers[2] = {0, 1};
    size_t at = 2, which = 0;
    for (; at < size && bytes[at] >= ' ' && bytes[at] < '@'; at++)
        if (bytes[at] == ';')
            which = 1;
        else if (bytes[at] >= '0' && bytes[at] <= '9')
            numbers[which] = (numbers[which] * (at > 2 && bytes[at - 1] != ';' ? 10 : 0) + bytes[at] - '0') % 1000;
    if (at == size || bytes[at] < '@' || bytes[at] > '~')
        return 0;
    int modifiers = numbers[1] - 1; /* xterm: 1 + shift, 2 alt, 4 control */
    key->name = sequence_name(bytes[at], numbers[0]);
    key->shift = (modifiers & 1) != 0 || bytes[at] == 'Z';
    key->alt = (modifiers & 2) != 0;
    key->control = (modifiers & 4) != 0;
    return at + 1;
}

/* ---- Characters ------------------------------------------------------------------------------ */

static const char *character_name(char c)
{
    switch (c) {
    case '\r':
    case '\n': return "Enter";
    case '\t': return "Tab";
    case '\b':
    case 0x7F: return "Backspace";
    case 0x1B: return "Escape";
    case ' ': return "Spacebar";
    default: return NULL;
    }
}

static size_t decode_character(const char *bytes, size_t size, kp_key *key)
{
    size_t length, count = 1;
    while (count < size && count < 4 && ((unsigned char)bytes[count] & 0xC0) == 0x80 && (bytes[0] & 0x80) != 0)
        count++;
    if (kw_text_valid_part(bytes, count, &length) != count || length != 1)
        count = 1;
    if ((bytes[0] & 0x80) != 0 && count == 1)
        memcpy(key->text, "\xEF\xBF\xBD", 4); /* a byte that is no character */
    else
        memcpy(key->text, bytes, count);
    assert(count < sizeof(key->text)); /* it stays terminated */
    key->name = character_name(bytes[0]);
    key->control = key->name == NULL && (unsigned char)bytes[0] < ' ';
    key->shift = bytes[0] >= 'A' && bytes[0] <= 'Z';
    return count;
}

size_t kp_keys_decode(const char *bytes, size_t size, kp_key *key)
{
    assert(size > 0);
    memset(key, 0, sizeof(*key));
    if (bytes[0] != 0x1B || size == 1)
        return decode_character(bytes, size, key);
    size_t count = size > 2 && (bytes[1] == '[' || bytes[1] == 'O') ? decode_sequence(bytes, size, key) : 0;
    if (count > 0)
        return count;
    count = decode_character(bytes + 1, size - 1, key);
    key->alt = true; /* the terminal puts an escape before the character */
    return count + 1;
}

const char *kp_keys_title(const kp_key *key, char buffer[KP_KEYS_TITLE])
{
    if (key->name != NULL)
        return key->name;
    char c = key->text[0];
    if (c >= '0' && c <= '9')
        (void)snprintf(buffer, KP_KEYS_TITLE, "D%c", c);
    else if (c >= 'a' && c <= 'z')
        (void)snprintf(buffer, KP_KEYS_TITLE, "%c", c - 'a' + 'A');
    else if (key->control)
        (void)snprintf(buffer, KP_KEYS_TITLE, "%c", c + '@');
    else
        (void)snprintf(buffer, KP_KEYS_TITLE, "%s", key->text);
    return buffer;
}
