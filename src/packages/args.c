/* args.c - what the natives of socket, tls and udp share: arguments checked, sockets described. */
#include "config.h"

#include <string.h>

#include "packages/host.h"

bool kp_is_type(kw_vm *vm, const kw_call *call, uint32_t at, kw_type type, const char *function)
{
    if (kw_is(kw_arg(call, at), type))
        return true;
    kw_throw_param(vm, function, at, kw_type_title(type), kw_arg(call, at));
    return false;
}

bool kp_int_arg(kw_vm *vm, const kw_call *call, uint32_t at, const char *function,
                const int64_t *otherwise, int64_t *out)
{
    kw_value v = kw_arg(call, at);
    if (kw_is(v, KW_NULL) && otherwise != NULL) {
        *out = *otherwise;
        return true;
    }
    if (!kp_is_type(vm, call, at, KW_INT, function))
        return false;
    *out = v.as.i;
    return true;
}

const char *kp_host_text(kw_vm *vm, const kw_string *host)
{
    if (strlen(host->text) == host->size)
        return host->text;
    kw_throw(vm, "InvalidOperationError", "A host must not contain a NUL character.");
    return NULL;
}

const char *kp_host_arg(kw_vm *vm, const kw_call *call, uint32_t at, const char *function)
{
    return kp_is_type(vm, call, at, KW_STRING, function)
               ? kp_host_text(vm, kw_arg(call, at).as.string)
               : NULL;
}

bool kp_port_ok(kw_vm *vm, int64_t port, int64_t lowest)
{
    if (port >= lowest && port <= 65535)
        return true;
    kw_throw(vm, "InvalidOperationError", "Invalid port %lld: expected %lld to 65535.",
             (long long)port, (long long)lowest);
    return false;
}

static kw_value text_value(kw_vm *vm, const char *text)
{
    return text[0] == '\0' ? kw_null() : kw_string_c(vm, text);
}

static bool put_info(kw_vm *vm, kw_map *map, const kiwi_socket_info *info)
{
    const struct {
        const char *key;
        kw_value value;
    } rows[] = {
        {"listener", kw_bool(info->listener)},
        {"local_host", text_value(vm, info->local_host)},
        {"local_port", kw_int(info->local_port)},
        {"peer_host", text_value(vm, info->peer_host)},
        {"peer_port", kw_int(info->peer_port)},
        {"bytes_in", kw_int((int64_t)info->bytes_in)},
        {"bytes_out", kw_int((int64_t)info->bytes_out)},
        {"version", text_value(vm, info->version)},
        {"cipher", text_value(vm, info->cipher)},
        {"alpn", text_value(vm, info->alpn)},
        {"verified", kw_bool(info->verified)},
        {"resumed", kw_bool(info->resumed)},
        {"handshakes_failed", kw_int((int64_t)info->handshakes_failed)},
    };
    size_t count = info->tls ? sizeof(rows) / sizeof(rows[0]) : 7;
    for (size_t i = 0; i < count; i++)
        if (!kw_map_set_c(vm, map, rows[i].key, rows[i].value))
            return false;
    return true;
}

kw_result kp_give_info(kw_vm *vm, kw_call *call, const kiwi_socket_info *info)
{
    kw_map *map = kw_map_new(vm, 13);
    return put_info(vm, map, info) ? kw_return(call, kw_of_map(map)) : KW_THROWN;
}
