/* fuzz_header.c - libFuzzer target: headers of proxies.  What is whole is the same whatever follows it, and each beginning of it is
 * a part; the first line of the data is read as a network, too. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/header.h"
#include "net/network.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void insist(int holds)
{
    if (!holds)
        abort();
}

static void read_network(const uint8_t *data, size_t size)
{
    char text[128];
    kn_network network;
    size = size < sizeof(text) - 1 ? size : sizeof(text) - 1;
    memcpy(text, data, size);
    text[size] = '\0';
    if (kn_network_read(text, &network))
        insist(network.bits <= 128 && kn_network_has(&network, &network.base));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kn_header header, again;
    const char *why;
    if (size > 0)
        read_network(data, size);
    kn_header_found found = kn_header_read(data, size, &header, &why);
    insist(found != KN_HEADER_BAD || why[0] != '\0');
    if (found != KN_HEADER_WHOLE)
        return 0;
    insist(header.size > 0 && header.size <= size && header.size <= KN_HEADER_MAX);
    uint8_t *copy = malloc(header.size); /* not a byte more, so that one that is read beyond it is noticed */
    insist(copy != NULL);
    memcpy(copy, data, header.size);
    insist(kn_header_read(copy, header.size, &again, &why) == KN_HEADER_WHOLE);
    insist(header.size == again.size && header.known == again.known && header.family == again.family);
    insist(header.from_port == again.from_port && header.to_port == again.to_port);
    insist(memcmp(header.from, again.from, sizeof(header.from)) == 0);
    insist(memcmp(header.to, again.to, sizeof(header.to)) == 0);
    insist(kn_header_read(copy, header.size - 1, &again, &why) == KN_HEADER_PART);
    free(copy);
    return 0;
}
