/* args.c - what the natives of socket, tls and udp share: arguments checked, sockets described. */
#include "config.h"

#include <string.h>

#include "packages/host.h"

const char *kp_args_text(kw_vm *vm, const kw_call *call, uint32_t at, const char *what)
{
    const kw_string *s = kw_native_operand(call, at).as.string;
    if (strlen(s->text) == s->size)
        return s->text;
    kw_throw(vm, "InvalidOperationError", "%s must not contain a NUL character.", what);
    return NULL;
}

bool kp_args_limit(kw_vm *vm, const kw_call *call, uint32_t at, int64_t *ms)
{
    *ms = kw_native_argument(call, at).as.i;
    if (*ms >= 0 && *ms <= INT32_MAX)
        return true;
    kw_throw(vm, "InvalidOperationError", "Invalid time limit %lld.", (long long)*ms);
    return false;
}

bool kp_args_port(kw_vm *vm, int64_t port, int64_t lowest)
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
        {"queued", kw_int((int64_t)info->queued)},
        {"version", text_value(vm, info->version)},
        {"cipher", text_value(vm, info->cipher)},
        {"alpn", text_value(vm, info->alpn)},
        {"verified", kw_bool(info->verified)},
        {"resumed", kw_bool(info->resumed)},
        {"handshakes_failed", kw_int((int64_t)info->handshakes_failed)},
        {"handshake_failure", text_value(vm, info->handshake_failure)},
        {"handshake_host", text_value(vm, info->handshake_host)},
        {"handshake_port", kw_int(info->handshake_port)},
    };
    enum { FOR_ALL = 8 }; /* the rest is about TLS */
    size_t count = info->tls ? sizeof(rows) / sizeof(rows[0]) : FOR_ALL;
    for (size_t i = 0; i < count; i++)
        if (!kw_map_set_c(vm, map, rows[i].key, rows[i].value))
            return false;
    return true;
}

kw_result kp_args_give_info(kw_vm *vm, kw_call *call, const kiwi_socket_info *info)
{
    kw_map *map = kw_map_new(vm, 17);
    return put_info(vm, map, info) ? kw_return(call, kw_of_map(map)) : KW_THROWN;
}
