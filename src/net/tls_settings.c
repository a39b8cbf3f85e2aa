/* tls_settings.c - see tls_settings.h. */
#include "config.h"

#include "net/tls_settings.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const size_t texts[] = {
    /* where they are */
    offsetof(kn_tls_settings, cert),         offsetof(kn_tls_settings, key),
    offsetof(kn_tls_settings, key_password), offsetof(kn_tls_settings, ca),
    offsetof(kn_tls_settings, client_ca),    offsetof(kn_tls_settings, alpn),
    offsetof(kn_tls_settings, more_ca),      offsetof(kn_tls_settings, system_file),
    offsetof(kn_tls_settings, system_dirs),  offsetof(kn_tls_settings, development),
    offsetof(kn_tls_settings, min_version),  offsetof(kn_tls_settings, ciphers),
    offsetof(kn_tls_settings, ocsp),
};
static const size_t name_texts[] = {
    /* the same in each of the names */
    offsetof(kiwi_tls_name, name),         offsetof(kiwi_tls_name, cert), offsetof(kiwi_tls_name, key),
    offsetof(kiwi_tls_name, key_password), offsetof(kiwi_tls_name, ocsp),
};
enum {
    TEXTS = sizeof(texts) / sizeof(texts[0]),
    NAME_TEXTS = sizeof(name_texts) / sizeof(name_texts[0]),
};

static size_t text_count(const kn_tls_settings *settings)
{
    return TEXTS + NAME_TEXTS * settings->name_count;
}

static const char **text_at(const kn_tls_settings *settings, size_t i)
{
    if (i < TEXTS)
        return (const char **)((uintptr_t)settings + texts[i]);
    i -= TEXTS;
    return (const char **)((uintptr_t)&settings->names[i / NAME_TEXTS] + name_texts[i % NAME_TEXTS]);
}

kn_tls_settings *kn_tls_settings_copy(const kn_tls_settings *settings)
{
    size_t names_size = settings->name_count * sizeof(*settings->names), size = sizeof(*settings) + names_size;
    for (size_t i = 0; i < text_count(settings); i++)
        size += *text_at(settings, i) == NULL ? 0 : strlen(*text_at(settings, i)) + 1;
    kn_tls_settings *out = malloc(size);
    if (out == NULL)
        return NULL;
    *out = *settings;
    char *at = (char *)(out + 1) + names_size;
    if (names_size > 0)
        out->names = memcpy(out + 1, settings->names, names_size);
    for (size_t i = 0; i < text_count(settings); i++) {
        const char *text = *text_at(settings, i);
        if (text == NULL)
            continue;
        size_t length = strlen(text) + 1;
        memcpy(at, text, length);
        *text_at(out, i) = at;
        at += length;
    }
    return out;
}

char *kn_tls_settings_text(const kn_tls_settings *settings)
{
    size_t size = 25 + text_count(settings), used = 0;
    for (size_t i = 0; i < text_count(settings); i++)
        size += *text_at(settings, i) == NULL ? 0 : strlen(*text_at(settings, i));
    char *out = malloc(size);
    if (out == NULL)
        return NULL;
    used = (size_t)snprintf(out, size, "%d%d%d%d%zu", settings->server, settings->verify, settings->allow_truncation,
                            settings->client_optional, settings->name_count);
    for (size_t i = 0; i < text_count(settings); i++) { /* the separator is in no name of a file by accident */
        const char *text = *text_at(settings, i);
        used += (size_t)snprintf(out + used, size - used, "\x1f%s", text != NULL ? text : "");
    }
    return out;
}

/* ---- The environment ------------------------------------------------------------------------- */

static const char *env_text(const char *name)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

static bool wants_verify(kiwi_switch option)
{
    const char *text = env_text("KIWI_TLS_VERIFY");
    if (option != KIWI_DEFAULT)
        return option == KIWI_ON;
    return text == NULL || strcmp(text, "0") != 0;
}

/* In the user's state folder; false if the environment names none. */
static bool development_path(char path[PATH_MAX])
{
    const char *state = env_text("XDG_STATE_HOME");
    const char *home = env_text("HOME");
    int n = -1;
    if (state != NULL && state[0] == '/') /* a relative path is to be ignored, says its definition */
        n = snprintf(path, PATH_MAX, "%s/kiwi/development.pem", state);
    else if (home != NULL && home[0] == '/')
        n = snprintf(path, PATH_MAX, "%s/.local/state/kiwi/development.pem", home);
    return n > 0 && n < PATH_MAX - 16; /* room for the end of a draft's name */
}

kn_tls_settings *kn_tls_settings_new(const kiwi_tls_options *options, bool server)
{
    static const kiwi_tls_options none;
    const kiwi_tls_options *o = options != NULL ? options : &none;
    char development[PATH_MAX];
    kn_tls_settings s = {.cert = o->cert,
                         .key = o->key,
                         .key_password = o->key_password,
                         .ca = o->ca,
                         .client_ca = server ? o->client_ca : NULL,
                         .alpn = o->alpn,
                         .min_version = o->min_version,
                         .ciphers = o->ciphers,
                         .ocsp = server ? o->ocsp : NULL,
                         .client_optional = server && o->client_optional,
                         .names = o->names,
                         .name_count = server && o->names != NULL ? o->name_count : 0,
                         .development = development_path(development) ? development : NULL,
                         .server = server,
                         .kept = !server,
                         .verify = server ? o->client_ca != NULL : wants_verify(o->verify),
                         .allow_truncation = o->allow_truncation};
    if (server && s.cert == NULL && s.key == NULL) {
        s.cert = env_text("KIWI_TLS_CERT");
        s.key = env_text("KIWI_TLS_KEY");
    }
    if (!server) {
        s.more_ca = env_text("KIWI_TLS_CA");
        s.system_file = env_text("SSL_CERT_FILE");
        s.system_dirs = env_text("SSL_CERT_DIR");
    }
    return kn_tls_settings_copy(&s);
}
