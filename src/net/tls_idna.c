/* tls_idna.c - see tls_idna.h. */
#include "config.h"

#include "net/tls_idna.h"

#include <string.h>

#include "net/gnutls.h"

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

static bool copy(const char *text, size_t length, char *out, size_t size)
{
    if (length >= size)
        return false;
    memcpy(out, text, length);
    out[length] = '\0';
    return true;
}

bool kn_tls_idna(const char *host, char *out, size_t size)
{
    if (is_ascii(host))
        return copy(host, strlen(host), out, size);
    gnutls_datum_t mapped = {NULL, 0};
    if (kn_gnutls_load(NULL) != KB_OK || kn_gnutls.idna_map(host, (unsigned)strlen(host), &mapped, 0) < 0)
        return false;
    bool fits = copy((const char *)mapped.data, mapped.size, out, size);
    (*kn_gnutls.free)(mapped.data);
    return fits;
}
