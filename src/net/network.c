/* network.c - see network.h. */
#include "config.h"

#include "net/network.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

enum { BITS = 128, MAPPED = 96 }; /* bits before an IPv4 address that is a mapped one */

/* Are the first `bits` bits of both the same? */
static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    unsigned char mask = (unsigned char)(0xFF << (8 - rest)); /* of 0 bits: not looked at */
    return memcmp(a, b, bytes) == 0 && (rest == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0);
}

bool kn_network_has(const kn_network *network, const struct in6_addr *address)
{
    return same_bits(network->base.s6_addr, address->s6_addr, network->bits);
}

static bool read_address(const char *text, kn_network *out, unsigned *before)
{
    struct in_addr four;
    *before = 0;
    if (inet_pton(AF_INET6, text, &out->base) == 1)
        return true;
    if (inet_pton(AF_INET, text, &four) != 1)
        return false;
    *before = MAPPED;
    out->base = (struct in6_addr){.s6_addr = {[10] = 0xFF, [11] = 0xFF}};
    memcpy(&out->base.s6_addr[12], &four, sizeof(four));
    return true;
}

/* One to three digits; the value, or more than there can be. */
static unsigned read_bits(const char *text)
{
    unsigned value = 0;
    size_t size = strlen(text);
    if (size == 0 || size > 3 || strspn(text, "0123456789") != size)
        return BITS + 1;
    for (size_t i = 0; i < size; i++)
        value = value * 10 + (unsigned)(text[i] - '0');
    return value;
}

bool kn_network_read(const char *text, kn_network *out)
{
    char address[INET6_ADDRSTRLEN];
    size_t size = strcspn(text, "/");
    unsigned before;
    if (size >= sizeof(address))
        return false;
    memcpy(address, text, size);
    address[size] = '\0';
    if (!read_address(address, out, &before))
        return false;
    unsigned bits = text[size] == '\0' ? BITS - before : read_bits(text + size + 1);
    if (bits > BITS - before)
        return false;
    out->bits = before + bits;
    for (unsigned i = out->bits; i < BITS; i++)
        if ((out->base.s6_addr[i / 8] >> (7 - i % 8) & 1) != 0)
            return false;
    return true;
}
