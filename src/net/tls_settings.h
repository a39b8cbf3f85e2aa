/* tls_settings.h - what a TLS context is to be made of: the options, and what the environment adds to them.
 *
 * Place: net layer, below contexts.  The environment is read here and nowhere else, on the thread that submits:
 * a script may change it while other threads load files. */
#ifndef KN_TLS_SETTINGS_H
#define KN_TLS_SETTINGS_H

#include "kiwi/net.h"

typedef struct kn_tls_settings { /* constant; in one piece with its texts, which are NULL where there is nothing */
    const char *cert, *key, *key_password; /* of the options; a server's may come from the environment */
    const char *ca, *client_ca, *alpn, *min_version, *ciphers, *ocsp; /* of the options */
    const char *more_ca;                                              /* KIWI_TLS_CA */
    const char *system_file;                                          /* SSL_CERT_FILE */
    const char *system_dirs;                                          /* SSL_CERT_DIR: a list with colons */
    const char *development;    /* where the development certificate of this user is kept */
    const kiwi_tls_name *names; /* of the options: name_count of them */
    size_t name_count;
    bool server, verify, allow_truncation, client_optional;
    bool kept;   /* one context for all who want the same: clients', and servers' without a listener */
    bool shared; /* other processes have the same listener, and know this: */
    unsigned char secret[KIWI_NET_SECRET_SIZE];
} kn_tls_settings;

/* The settings for `options` (NULL: all defaults): free() them.  NULL: memory is short. */
kn_tls_settings *kn_tls_settings_new(const kiwi_tls_options *options, bool server);
kn_tls_settings *kn_tls_settings_copy(const kn_tls_settings *settings);
/* All of it as one text that is equal for equal settings: free() it.  NULL: memory is short. */
char *kn_tls_settings_text(const kn_tls_settings *settings);

#endif
