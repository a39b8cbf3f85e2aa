/* args.c - what the natives of socket, tls and udp share: arguments checked, sockets described. */
#include "config.h"

#include <assert.h>
#include <string.h>

#include "packages/host.h"
#include "packages/rows.h"

const char *kp_args_text(kw_vm *vm, const kw_call *call, uint32_t at, const char *what)
{
    assert(kw_is(kw_native_operand(call, at), KW_STRING)); /* by the signature */
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
    kw_throw(vm, "InvalidOperationError", "Invalid port %lld: expected %lld to 65535.", (long long)port,
             (long long)lowest);
    return false;
}

kw_result kp_args_give_info(kw_vm *vm, kw_call *call, const kiwi_socket_info *info)
{
    const kp_row rows[] = {
        {"listener", kw_bool(info->listener)},
        {"local_host", kp_rows_text(vm, info->local_host)},
        {"local_port", kw_int(info->local_port)},
        {"peer_host", kp_rows_text(vm, info->peer_host)},
        {"peer_port", kw_int(info->peer_port)},
        {"bytes_in", kw_int((int64_t)info->bytes_in)},
        {"bytes_out", kw_int((int64_t)info->bytes_out)},
        {"queued", kw_int((int64_t)info->queued)},
        {"version", kp_rows_text(vm, info->version)},
        {"cipher", kp_rows_text(vm, info->cipher)},
        {"alpn", kp_rows_text(vm, info->alpn)},
        {"verified", kw_bool(info->verified)},
        {"resumed", kw_bool(info->resumed)},
        {"handshakes_failed", kw_int((int64_t)info->handshakes_failed)},
        {"handshake_failure", kp_rows_text(vm, info->handshake_failure)},
        {"handshake_host", kp_rows_text(vm, info->handshake_host)},
        {"handshake_port", kw_int(info->handshake_port)},
    };
    enum { FOR_ALL = 8 }; /* the rest is about TLS */
    kw_value map = kp_rows_hashmap(vm, rows, info->tls ? sizeof(rows) / sizeof(rows[0]) : FOR_ALL);
    return kw_is(map, KW_UNDEF) ? KW_THROWN : kw_return(call, map);
}
