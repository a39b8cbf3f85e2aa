/* socket_options.c - see socket_options.h. */
#include "config.h"

#include "packages/socket_options.h"

#include <stdlib.h>
#include <string.h>

#include "net/network.h"

enum { CLIENTS_MOST = 10000, DRAIN_MS = 10000 }; /* where no option says otherwise */

typedef enum sort { TEXT, SWITCH, FLAG, NUMBER, CLIENTS, FAMILY, NAMES, PROXY, NETWORKS, SET_FLAG, SET_NUMBER } sort;

typedef struct option {
    const char *name;
    unsigned whose;
    sort sort;
    size_t at; /* offset in kp_socket_options; SET_...: its kiwi_socket_option */
    int most;  /* a number: from `least` on */
    int least;
} option;

#define TLS_AT(field) KP_OPTIONS_TLS, TEXT, offsetof(kp_socket_options, tls.field), 0, 0

enum { CONNECTION = KP_OPTIONS_OPEN | KP_OPTIONS_SERVER | KP_OPTIONS_CLIENT | KP_OPTIONS_INHERITED };

static const option options[] = {
    {"cert", TLS_AT(cert)},
    {"key", TLS_AT(key)},
    {"key_password", TLS_AT(key_password)},
    {"ca", TLS_AT(ca)},
    {"client_ca", TLS_AT(client_ca)},
    {"alpn", TLS_AT(alpn)},
    {"min_version", TLS_AT(min_version)},
    {"ciphers", TLS_AT(ciphers)},
    {"client_auth", KP_OPTIONS_TLS, CLIENTS, offsetof(kp_socket_options, client_auth), 0, 0},
    {"ocsp", KP_OPTIONS_TLS_SERVER, TEXT, offsetof(kp_socket_options, tls.ocsp), 0, 0},
    {"sni", KP_OPTIONS_TLS_SERVER, NAMES, offsetof(kp_socket_options, names), 0, 0},
    {"verify", KP_OPTIONS_TLS, SWITCH, offsetof(kp_socket_options, tls.verify), 0, 0},
    {"allow_truncation", KP_OPTIONS_TLS, FLAG, offsetof(kp_socket_options, tls.allow_truncation), 0, 0},
    {"timeout_ms", KP_OPTIONS_TLS, NUMBER, offsetof(kp_socket_options, tls.timeout_ms), INT32_MAX, 0},
    {"nodelay", CONNECTION, SET_FLAG, KIWI_SOCKET_NODELAY, 0, 0},
    {"keepalive", CONNECTION, SET_FLAG, KIWI_SOCKET_KEEPALIVE, 0, 0},
    {"rcvbuf", CONNECTION, SET_NUMBER, KIWI_SOCKET_RCVBUF, INT32_MAX, 0},
    {"sndbuf", CONNECTION, SET_NUMBER, KIWI_SOCKET_SNDBUF, INT32_MAX, 0},
    {"linger", CONNECTION, SET_NUMBER, KIWI_SOCKET_LINGER, INT32_MAX, 0},
    {"reuse_port", KP_OPTIONS_SERVER, SET_FLAG, KIWI_SOCKET_REUSE_PORT, 0, 0},
    {"ipv6_only", KP_OPTIONS_SERVER, SET_FLAG, KIWI_SOCKET_IPV6_ONLY, 0, 0},
    {"proxy_protocol", KP_OPTIONS_SERVER | KP_OPTIONS_INHERITED, PROXY, offsetof(kp_socket_options, socket.proxy), 0,
     0},
    {"trusted", KP_OPTIONS_SERVER | KP_OPTIONS_INHERITED, NETWORKS, offsetof(kp_socket_options, socket.trusted), 0, 0},
    {"local_host", KP_OPTIONS_CLIENT, TEXT, offsetof(kp_socket_options, socket.local_host), 0, 0},
    {"local_port", KP_OPTIONS_CLIENT, NUMBER, offsetof(kp_socket_options, socket.local_port), 65535, 0},
    {"mode", KP_OPTIONS_UNIX, NUMBER, offsetof(kp_socket_options, mode), 0777, 0},
    {"family", KP_OPTIONS_RESOLVE, FAMILY, offsetof(kp_socket_options, family), 0, 0},
    {"timeout_ms", KP_OPTIONS_RESOLVE, NUMBER, offsetof(kp_socket_options, limit_ms), INT32_MAX, 0},
    {"clients", KP_OPTIONS_SERVE, NUMBER, offsetof(kp_socket_options, clients), INT32_MAX, 1},
    {"drain_ms", KP_OPTIONS_SERVE, NUMBER, offsetof(kp_socket_options, drain_ms), INT32_MAX, 0},
};
enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static const option *find(kw_value key, unsigned whose)
{
    for (size_t i = 0; i < OPTIONS; i++)
        if ((options[i].whose & whose) != 0 && kw_is(key, KW_STRING) &&
            strcmp(key.as.string->text, options[i].name) == 0)
            return &options[i];
    return NULL;
}

static const char *shown(kw_vm *vm, kw_value key)
{
    kw_string *text = kw_display_text(vm, key);
    return text != NULL ? text->text : "?";
}

static bool unknown(kw_vm *vm, kw_value key, unsigned whose)
{
    bool tls = (whose & KP_OPTIONS_TLS) != 0;
    if (tls && find(key, KP_OPTIONS_TLS_SERVER) != NULL)
        (void)kw_throw(vm, "InvalidOperationError", "TLS option '%s' is for servers.", shown(vm, key));
    else
        (void)kw_throw(vm, "InvalidOperationError", "Unknown %s option '%s'.", tls ? "TLS" : "socket", shown(vm, key));
    return false;
}

/* Whether clients need certificates. */
static bool store_clients(kw_vm *vm, const char *text, kp_socket_options *out)
{
    out->client_auth = true;
    out->tls.client_optional = strcmp(text, "optional") == 0;
    if (out->tls.client_optional || strcmp(text, "required") == 0)
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "Option 'client_auth' must be 'optional' or 'required', not '%s'.",
                   text);
    return false;
}

static bool store_family(kw_vm *vm, const char *text, kp_socket_options *out)
{
    static const char *const names[] = {
        [KIWI_FAMILY_ANY] = "any", [KIWI_FAMILY_IPV4] = "ipv4", [KIWI_FAMILY_IPV6] = "ipv6"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i], text) == 0) {
            out->family = (kiwi_family)i;
            return true;
        }
    (void)kw_throw(vm, "InvalidOperationError", "Option 'family' must be 'any', 'ipv4' or 'ipv6', not '%s'.", text);
    return false;
}

/* ---- Proxies -------------------------------------------------------------------------------------------------- */

static bool store_proxy(kw_vm *vm, const char *text, kp_socket_options *out)
{
    out->socket.proxy = strcmp(text, "required") == 0 ? KIWI_PROXY_REQUIRED : KIWI_PROXY_OPTIONAL;
    if (out->socket.proxy == KIWI_PROXY_REQUIRED || strcmp(text, "optional") == 0)
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "Option 'proxy_protocol' must be 'optional' or 'required', not '%s'.",
                   text);
    return false;
}

/* A list of networks as one text, which is the heap's. */
static bool store_networks(kw_vm *vm, const kw_list *list, kp_socket_options *out)
{
    kn_network unused;
    kw_string *all = NULL;
    for (size_t i = 0; i < list->count; i++) {
        const kw_string *one = kw_is(list->items[i], KW_STRING) ? list->items[i].as.string : NULL;
        if (one == NULL || strlen(one->text) != one->size || !kn_network_read(one->text, &unused)) {
            kw_string *shown = kw_display_text(vm, list->items[i]);
            (void)kw_throw(vm, "InvalidOperationError", "Option 'trusted': no network: '%s'.",
                           shown != NULL ? shown->text : "?");
            return false;
        }
        all = kw_string_format(vm, "%s%s%s", all != NULL ? all->text : "", all != NULL ? "," : "", one->text);
        if (all == NULL)
            return false;
    }
    if (all == NULL) {
        (void)kw_throw(vm, "InvalidOperationError", "Option 'trusted' is empty: no proxy would be trusted.");
        return false;
    }
    out->socket.trusted = all->text;
    return true;
}

/* ---- Pairs for names of a server --------------------------------------------------------------------------- */

/* One of the files of a name's pair. */
static bool store_part(kw_vm *vm, kw_value key, kw_value v, kiwi_tls_name *out)
{
    static const struct {
        const char *name;
        size_t at;
    } parts[] = {{"cert", offsetof(kiwi_tls_name, cert)},
                 {"key", offsetof(kiwi_tls_name, key)},
                 {"key_password", offsetof(kiwi_tls_name, key_password)},
                 {"ocsp", offsetof(kiwi_tls_name, ocsp)}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (!kw_is(key, KW_STRING) || strcmp(key.as.string->text, parts[i].name) != 0)
            continue;
        if (kw_is(v, KW_STRING)) {
            memcpy((char *)out + parts[i].at, &(const char *){v.as.string->text}, sizeof(const char *));
            return true;
        }
        (void)kw_throw(vm, "InvalidOperationError", "Option 'sni': '%s' of '%s' must be of type string, not %s.",
                       parts[i].name, out->name, kw_display_type_name((kw_type)v.tag));
        return false;
    }
    (void)kw_throw(vm, "InvalidOperationError", "Option 'sni': '%s' has an unknown key '%s'.", out->name,
                   shown(vm, key));
    return false;
}

static bool store_name(kw_vm *vm, kw_value key, kw_value v, kiwi_tls_name *out)
{
    if (!kw_is(key, KW_STRING)) {
        (void)kw_throw(vm, "InvalidOperationError", "Option 'sni': the key %s must be of type string, not %s.",
                       shown(vm, key), kw_display_type_name((kw_type)key.tag));
        return false;
    }
    if (!kw_is(v, KW_MAP)) {
        (void)kw_throw(vm, "InvalidOperationError", "Option 'sni': the value of '%s' must be of type hashmap, not %s.",
                       key.as.string->text, kw_display_type_name((kw_type)v.tag));
        return false;
    }
    *out = (kiwi_tls_name){.name = key.as.string->text};
    uint32_t next = 0;
    for (kw_entry *e; (e = kw_map_next(v.as.map, &next)) != NULL;)
        if (!store_part(vm, e->key, e->value, out))
            return false;
    if (out->cert != NULL && out->key != NULL)
        return true;
    (void)kw_throw(vm, "InvalidOperationError", "Option 'sni': '%s' needs '%s'.", out->name,
                   out->cert == NULL ? "cert" : "key");
    return false;
}

static bool store_names(kw_vm *vm, kw_map *map, kp_socket_options *out)
{
    size_t count = map->count;
    if (count == 0)
        return true;
    out->names = calloc(count, sizeof(*out->names));
    if (out->names == NULL) {
        (void)kw_throw_memory(vm, count * sizeof(*out->names));
        return false;
    }
    out->tls.names = out->names;
    uint32_t next = 0;
    for (kw_entry *e; (e = kw_map_next(map, &next)) != NULL;)
        if (!store_name(vm, e->key, e->value, &out->names[out->tls.name_count++]))
            return false;
    return true;
}

void kp_socket_options_free(kp_socket_options *out)
{
    free(out->names);
    out->names = NULL;
}

/* ---- All of them ------------------------------------------------------------------------------------------- */

/* What only several options together say. */
static bool agree(kw_vm *vm, const kp_socket_options *given)
{
    bool proxy = given->socket.proxy != KIWI_PROXY_OFF;
    const char *why = NULL;
    if (given->client_auth && given->tls.client_ca == NULL)
        why = "Option 'client_auth' needs 'client_ca', the authorities of the clients.";
    else if (proxy && given->socket.trusted == NULL)
        why = "Option 'proxy_protocol' needs 'trusted', the networks of the proxies.";
    else if (!proxy && given->socket.trusted != NULL)
        why = "Option 'trusted' needs 'proxy_protocol'.";
    if (why != NULL)
        (void)kw_throw(vm, "InvalidOperationError", "%s", why);
    return why == NULL;
}

static bool is_set(sort s)
{
    return s == SET_FLAG || s == SET_NUMBER;
}

static bool store(kw_vm *vm, const option *o, kw_value v, kp_socket_options *out)
{
    static const kw_type types[] = {
        [TEXT] = KW_STRING,    [SWITCH] = KW_BOOL,   [FLAG] = KW_BOOL,     [NUMBER] = KW_INT,
        [CLIENTS] = KW_STRING, [FAMILY] = KW_STRING, [NAMES] = KW_MAP,     [PROXY] = KW_STRING,
        [NETWORKS] = KW_LIST,  [SET_FLAG] = KW_BOOL, [SET_NUMBER] = KW_INT};
    void *field = is_set(o->sort) ? NULL : (char *)out + o->at;
    if (!kw_is(v, types[o->sort])) {
        (void)kw_throw(vm, "InvalidOperationError", "Option '%s' must be of type %s, not %s.", o->name,
                       kw_display_type_name(types[o->sort]), kw_display_type_name((kw_type)v.tag));
        return false;
    }
    if (types[o->sort] == KW_INT && (v.as.i < o->least || v.as.i > o->most)) {
        (void)kw_throw(vm, "InvalidOperationError", "Option '%s' is out of range: %lld.", o->name, (long long)v.as.i);
        return false;
    }
    switch (o->sort) {
    case TEXT: memcpy(field, &(const char *){v.as.string->text}, sizeof(const char *)); break;
    case SWITCH: *(kiwi_switch *)field = v.as.i != 0 ? KIWI_ON : KIWI_OFF; break;
    case FLAG: *(bool *)field = v.as.i != 0; break;
    case NUMBER: *(int *)field = (int)v.as.i; break;
    case SET_FLAG:
    case SET_NUMBER:
        out->socket.given |= 1u << o->at;
        out->socket.value[o->at] = (int)v.as.i;
        break;
    case CLIENTS: return store_clients(vm, v.as.string->text, out);
    case FAMILY: return store_family(vm, v.as.string->text, out);
    case NAMES: return store_names(vm, v.as.map, out);
    case PROXY: return store_proxy(vm, v.as.string->text, out);
    case NETWORKS: return store_networks(vm, v.as.list, out);
    }
    return true;
}

static bool read_all(kw_vm *vm, kw_map *map, unsigned whose, kp_socket_options *out)
{
    uint32_t next = 0;
    for (kw_entry *e; (e = kw_map_next(map, &next)) != NULL;) {
        const option *o = find(e->key, whose);
        if (o == NULL)
            return unknown(vm, e->key, whose);
        if (!store(vm, o, e->value, out))
            return false;
    }
    return agree(vm, out);
}

bool kp_socket_options_read(kw_vm *vm, const kw_call *call, uint32_t at, unsigned whose, kp_socket_options *out)
{
    *out = (kp_socket_options){.mode = -1, .clients = CLIENTS_MOST, .drain_ms = DRAIN_MS};
    out->tls.socket = &out->socket;
    if (kw_is(kw_arg(call, at), KW_NULL) || read_all(vm, kw_arg(call, at).as.map, whose, out))
        return true;
    kp_socket_options_free(out);
    return false;
}
