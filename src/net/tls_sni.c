/* tls_sni.c - see tls_sni.h. */
#include "config.h"

#include "net/tls_sni.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/gnutls.h"
#include "net/tls_idna.h"
#include "net/tls_keypair.h"

enum { NAME_MAX_SIZE = 256, LABEL_MAX = 63 }; /* of the domain name system, the first with a terminator */

static const char any[] = "*."; /* begins a name that stands for many */
enum { ANY_SIZE = sizeof(any) - 1 };

/* ---- Names ----------------------------------------------------------------------------------- */

/* `name` in small letters without the dot at its end.  false: too long. */
static bool fold(const char *name, char out[NAME_MAX_SIZE])
{
    size_t size = strlen(name);
    if (size > 0 && name[size - 1] == '.')
        size--;
    if (size >= NAME_MAX_SIZE)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    out[size] = '\0';
    return true;
}

/* Is it a host's name, in small letters?  An address is none: nobody asks for it (RFC 6066, 3). */
static bool names_host(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char address[4];
    const char *label = name;
    for (;;) {
        size_t size = strspn(label, letters);
        if (size == 0 || size > LABEL_MAX || (label[size] != '.' && label[size] != '\0'))
            return false;
        if (label[size] == '\0')
            return inet_pton(AF_INET, name, address) != 1;
        label += size + 1;
    }
}

/* A key of the map as it is asked for.  false: it is no name. */
static bool normalize(const char *name, char out[NAME_MAX_SIZE])
{
    char mapped[NAME_MAX_SIZE - ANY_SIZE];
    const char *host = strncmp(name, any, ANY_SIZE) == 0 ? name + ANY_SIZE : name;
    size_t begin = (size_t)(host - name);
    memcpy(out, any, begin);
    return kn_tls_idna(host, mapped, sizeof(mapped)) && fold(mapped, out + begin) && names_host(out + begin);
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const kn_tls_named *)a)->name, ((const kn_tls_named *)b)->name);
}

/* ---- Loading --------------------------------------------------------------------------------- */

/* The same error, with the name that it is about. */
static kb_status about(const char *name, kb_error *err, kb_status status)
{
    if (err != NULL) {
        const kb_error why = *err;
        (void)kb_error_fail(err, status, why.sys, "TLS sni '%.60s': %s", name, why.text);
        err->tls = why.tls;
    }
    return status;
}

static kb_status load_one(kn_tls_sni *sni, const kiwi_tls_name *from, kn_tls_files *files, kb_error *err)
{
    char name[NAME_MAX_SIZE];
    const char *given = from->name != NULL ? from->name : "";
    if (!normalize(given, name))
        return kb_error_fail(err, KB_EINVAL, 0, "TLS sni '%.80s': expected the name of a host, or *. and one", given);
    kn_tls_named *named = &sni->at[sni->count++];
    *named = (kn_tls_named){.name = strdup(name)};
    if (named->name == NULL || kn_gnutls.certificate_allocate_credentials(&named->creds) < 0)
        return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
    const kn_tls_keypair pair = {.cert = from->cert, .key = from->key, .key_password = from->key_password};
    kb_status status = kn_tls_keypair_load(&pair, files, named->creds, err);
    if (status == KB_OK)
        status = kn_tls_keypair_staple(from->ocsp, files, named->creds, err);
    return status == KB_OK || status == KB_ENOMEM ? status : about(given, err, status);
}

kb_status kn_tls_sni_load(kn_tls_sni *sni, const kiwi_tls_name *names, size_t count, kn_tls_files *files, kb_error *err)
{
    kb_status status = KB_OK;
    if (count == 0)
        return KB_OK;
    sni->at = calloc(count, sizeof(*sni->at));
    if (sni->at == NULL)
        return kb_error_fail(err, KB_ENOMEM, 0, "out of memory");
    for (size_t i = 0; i < count && status == KB_OK; i++)
        status = load_one(sni, &names[i], files, err);
    if (status != KB_OK)
        return status;
    qsort(sni->at, sni->count, sizeof(*sni->at), compare);
    for (size_t i = 1; i < sni->count; i++)
        if (compare(&sni->at[i - 1], &sni->at[i]) == 0)
            return kb_error_fail(err, KB_EINVAL, 0, "TLS sni '%.80s': the name is there twice", sni->at[i].name);
    return KB_OK;
}

void kn_tls_sni_fini(kn_tls_sni *sni)
{
    for (size_t i = 0; i < sni->count; i++) {
        free(sni->at[i].name);
        if (sni->at[i].creds != NULL)
            kn_gnutls.certificate_free_credentials(sni->at[i].creds);
    }
    free(sni->at);
    *sni = (kn_tls_sni){.at = NULL};
}

/* ---- Choosing -------------------------------------------------------------------------------- */

static const kn_tls_named *look_up(const kn_tls_sni *sni, char *name)
{
    const kn_tls_named key = {.name = name};
    return sni->count == 0 ? NULL : bsearch(&key, sni->at, sni->count, sizeof(*sni->at), compare);
}

gnutls_certificate_credentials_t kn_tls_sni_find(const kn_tls_sni *sni, const char *name)
{
    char folded[NAME_MAX_SIZE], many[NAME_MAX_SIZE + ANY_SIZE];
    if (!fold(name, folded))
        return NULL;
    const kn_tls_named *found = look_up(sni, folded);
    const char *dot = strchr(folded, '.');
    if (found == NULL && dot != NULL && dot > folded) {
        (void)snprintf(many, sizeof(many), "*%s", dot);
        found = look_up(sni, many);
    }
    return found == NULL ? NULL : found->creds;
}
