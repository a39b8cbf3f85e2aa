/* gnutls.c - see gnutls.h. */
#include "config.h"

#include "net/gnutls.h"

#include "kiwi/net.h"

#ifdef KIWI_GNUTLS_LIBRARY

struct kn_gnutls kn_gnutls;

static const kb_symbol symbols[] = {
#define SYMBOL(name) KB_LIBRARY_SYMBOL(struct kn_gnutls, name, gnutls_##name)
    KN_GNUTLS_NAMES(SYMBOL)
#undef SYMBOL
        {NULL, 0}};

static kb_library library = {
    .name = "GnuTLS", .package = "libgnutls30", .file = KIWI_GNUTLS_LIBRARY, .symbols = symbols, .table = &kn_gnutls};

KB_LIBRARY_NOTE(gnutls_note, KIWI_GNUTLS_LIBRARY, "tls", "TLS")

kb_status kn_gnutls_load(kb_error *err)
{
    kb_error why;
    if (kb_library_load(&library, &why) == KB_OK)
        return KB_OK;
    return kb_error_fail(err, KB_ETLS, 0, "TLS library: %s", why.text);
}

#else

struct kn_gnutls kn_gnutls = {
#define LINKED(name) .name = &gnutls_##name,
    KN_GNUTLS_NAMES(LINKED)
#undef LINKED
};

kb_status kn_gnutls_load(kb_error *err)
{
    (void)err;
    return KB_OK;
}

#endif

bool kiwi_tls_available(void)
{
    return kn_gnutls_load(NULL) == KB_OK;
}
