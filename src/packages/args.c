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

/* A part of what is known of a socket. */
typedef struct part {
    kp_row rows[24];
    size_t count;
} part;

static void add(part *p, const char *key, kw_value value)
{
    assert(p->count < sizeof(p->rows) / sizeof(p->rows[0]));
    p->rows[p->count++] = (kp_row){key, value};
}

static void add_all_have(kw_vm *vm, part *p, const kiwi_socket_info *info)
{
    add(p, "listener", kw_bool(info->listener));
    add(p, "local_host", kp_rows_text(vm, info->local_host));
    add(p, "local_port", kw_int(info->local_port));
    add(p, "peer_host", kp_rows_text(vm, info->peer_host));
    add(p, "peer_port", kw_int(info->peer_port));
    add(p, "bytes_in", kw_int((int64_t)info->bytes_in));
    add(p, "bytes_out", kw_int((int64_t)info->bytes_out));
    add(p, "queued", kw_int((int64_t)info->queued));
}

/* Of a listener for proxies, and of its connections. */
static void add_proxy(kw_vm *vm, part *p, const kiwi_socket_info *info)
{
    if (info->listener) {
        add(p, "headers_failed", kw_int((int64_t)info->headers_failed));
        add(p, "header_failure", kp_rows_text(vm, info->header_failure));
        add(p, "header_host", kp_rows_text(vm, info->header_host));
        add(p, "header_port", kw_int(info->header_port));
    } else {
        add(p, "proxy_host", kp_rows_text(vm, info->proxy_host));
        add(p, "proxy_port", kw_int(info->proxy_port));
        add(p, "asked_host", kp_rows_text(vm, info->asked_host));
        add(p, "asked_port", kw_int(info->asked_port));
    }
}

static void add_tls(kw_vm *vm, part *p, const kiwi_socket_info *info)
{
    add(p, "version", kp_rows_text(vm, info->version));
    add(p, "cipher", kp_rows_text(vm, info->cipher));
    add(p, "alpn", kp_rows_text(vm, info->alpn));
    add(p, "verified", kw_bool(info->verified));
    add(p, "resumed", kw_bool(info->resumed));
    add(p, "handshakes_failed", kw_int((int64_t)info->handshakes_failed));
    add(p, "handshake_failure", kp_rows_text(vm, info->handshake_failure));
    add(p, "handshake_host", kp_rows_text(vm, info->handshake_host));
    add(p, "handshake_port", kw_int(info->handshake_port));
}

kw_result kp_args_give_info(kw_vm *vm, kw_call *call, const kiwi_socket_info *info)
{
    part p = {.count = 0};
    add_all_have(vm, &p, info);
    if (info->tls)
        add_tls(vm, &p, info);
    if (info->proxied)
        add_proxy(vm, &p, info);
    kw_value map = kp_rows_hashmap(vm, p.rows, p.count);
    return kw_is(map, KW_UNDEF) ? KW_THROWN : kw_return(call, map);
}
