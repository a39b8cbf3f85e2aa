/* lazy_tls.c - GnuTLS asks its program for this function when it is loaded (gnutls/gnutls.h,
 * GNUTLS_SKIP_GLOBAL_INIT).  The network runtime initialises the library before its first use; a script
 * without TLS starts a tenth sooner and takes half a megabyte less. */
#include "config.h"

#include "kiwi/kiwi.h"

KIWI_API int _gnutls_global_init_skip(void);

int _gnutls_global_init_skip(void)
{
    return 1;
}
