/* header.c - see header.h.  Everything here is what a stranger has sent. */
#include "config.h"

#include "net/header.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

static kn_header_found bad(const char **why, const char *text)
{
    *why = text;
    return KN_HEADER_BAD;
}

/* ---- Version 1: a line of text ------------------------------------------------------------------ */

static const char text_start[] = "PROXY ";

/* The next word of the line, with one space before the one after it, into `word`.  false: there is none that fits. */
static bool next_word(const char **at, char *word, size_t room)
{
    size_t size = strcspn(*at, " ");
    if (size == 0 || size >= room)
        return false;
    memcpy(word, *at, size);
    word[size] = '\0';
    *at += size + ((*at)[size] == ' ');
    return true;
}

/* 0..65535 in decimal digits, without zeros before them. */
static bool next_port(const char **at, in_port_t *out)
{
    char word[6];
    unsigned value = 0;
    if (!next_word(at, word, sizeof(word)) || strspn(word, "0123456789") != strlen(word) ||
        (word[0] == '0' && word[1] != '\0'))
        return false;
    for (const char *c = word; *c != '\0'; c++)
        value = value * 10 + (unsigned)(*c - '0');
    *out = (in_port_t)value;
    return value <= 65535;
}

static bool next_address(const char **at, int family, unsigned char out[16])
{
    char word[INET6_ADDRSTRLEN];
    return next_word(at, word, sizeof(word)) && inet_pton(family, word, out) == 1;
}

/* What stands behind "PROXY ", terminated. */
static kn_header_found read_line(const char *line, kn_header *out, const char **why)
{
    char word[8];
    const char *at = line;
    if (!next_word(&at, word, sizeof(word)))
        return bad(why, "its protocol is missing");
    if (strcmp(word, "UNKNOWN") == 0) /* whatever follows */
        return KN_HEADER_WHOLE;
    bool four = strcmp(word, "TCP4") == 0;
    if (!four && strcmp(word, "TCP6") != 0)
        return bad(why, "its protocol is neither TCP4 nor TCP6");
    out->family = four ? AF_INET : AF_INET6;
    if (!next_address(&at, out->family, out->from) || !next_address(&at, out->family, out->to))
        return bad(why, "an address is invalid");
    if (!next_port(&at, &out->from_port) || at[-1] != ' ' || !next_port(&at, &out->to_port) || *at != '\0' ||
        at[-1] == ' ')
        return bad(why, "a port is invalid");
    out->known = true;
    return KN_HEADER_WHOLE;
}

static kn_header_found read_text(const unsigned char *data, size_t size, kn_header *out, const char **why)
{
    char line[KN_HEADER_TEXT_MAX + 1];
    size_t start = sizeof(text_start) - 1, room = size < KN_HEADER_TEXT_MAX ? size : KN_HEADER_TEXT_MAX;
    const unsigned char *end = memchr(data, '\n', room);
    if (end == NULL)
        return room < KN_HEADER_TEXT_MAX ? KN_HEADER_PART : bad(why, "its line is too long");
    size_t length = (size_t)(end - data);
    if (end[-1] != '\r' || memchr(data, '\0', length) != NULL) /* at least the space is before it */
        return bad(why, "its line is invalid");
    memcpy(line, data + start, length - start - 1);
    line[length - start - 1] = '\0';
    out->size = length + 1;
    return read_line(line, out, why);
}

/* ---- Version 2: binary -------------------------------------------------------------------------- */

static const unsigned char signature[] = {0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A};

enum {
    PROLOGUE = 16, /* signature, version and command, family and protocol, size of the rest */
    SECOND = 2,
    LOCAL = 0,
    PROXY = 1,
    UNSPECIFIED = 0,
    INET = 1,
    INET6 = 2,
    UNIX = 3,
    STREAM = 1,
    UNIX_SIZE = 216, /* of both paths */
};

static size_t number(const unsigned char *two)
{
    return (size_t)two[0] << 8 | two[1];
}

/* Both addresses of `width` bytes, and the ports behind them. */
static kn_header_found read_addresses(const unsigned char *at, size_t size, size_t width, kn_header *out,
                                      const char **why)
{
    if (size < 2 * width + 4)
        return bad(why, "its addresses are cut off");
    memcpy(out->from, at, width);
    memcpy(out->to, at + width, width);
    out->from_port = (in_port_t)number(at + 2 * width);
    out->to_port = (in_port_t)number(at + 2 * width + 2);
    out->known = true;
    return KN_HEADER_WHOLE;
}

/* The header is there as a whole.  What follows the addresses is left aside. */
static kn_header_found read_whole(const unsigned char *data, kn_header *out, const char **why)
{
    unsigned command = data[12] & 0xF, family = data[13] >> 4, protocol = data[13] & 0xF;
    const unsigned char *at = data + PROLOGUE;
    size_t size = out->size - PROLOGUE;
    if (command == LOCAL)
        return KN_HEADER_WHOLE;
    if (family == UNSPECIFIED || protocol == UNSPECIFIED)
        return KN_HEADER_WHOLE;
    if (protocol != STREAM)
        return bad(why, "it is about no stream");
    switch (family) {
    case INET: out->family = AF_INET; return read_addresses(at, size, sizeof(struct in_addr), out, why);
    case INET6: out->family = AF_INET6; return read_addresses(at, size, sizeof(struct in6_addr), out, why);
    case UNIX: return size < UNIX_SIZE ? bad(why, "its addresses are cut off") : KN_HEADER_WHOLE; /* no host */
    default: return bad(why, "its family of addresses is unknown");
    }
}

static kn_header_found read_binary(const unsigned char *data, size_t size, kn_header *out, const char **why)
{
    if (size < PROLOGUE)
        return KN_HEADER_PART;
    if (data[12] >> 4 != SECOND)
        return bad(why, "its version is unknown");
    if ((data[12] & 0xF) != LOCAL && (data[12] & 0xF) != PROXY)
        return bad(why, "its command is unknown");
    out->size = PROLOGUE + number(data + 14);
    if (out->size > KN_HEADER_MAX)
        return bad(why, "it is too long");
    return size < out->size ? KN_HEADER_PART : read_whole(data, out, why);
}

/* ---- Either ------------------------------------------------------------------------------------- */

/* Do the bytes begin with `start`, as far as they go? */
static bool begins(const unsigned char *data, size_t size, const void *start, size_t start_size)
{
    return memcmp(data, start, size < start_size ? size : start_size) == 0;
}

kn_header_found kn_header_read(const unsigned char *data, size_t size, kn_header *out, const char **why)
{
    *out = (kn_header){0};
    *why = "";
    if (size == 0)
        return KN_HEADER_PART;
    if (begins(data, size, signature, sizeof(signature)))
        return size < sizeof(signature) ? KN_HEADER_PART : read_binary(data, size, out, why);
    if (begins(data, size, text_start, sizeof(text_start) - 1))
        return size < sizeof(text_start) - 1 ? KN_HEADER_PART : read_text(data, size, out, why);
    return KN_HEADER_NONE;
}
