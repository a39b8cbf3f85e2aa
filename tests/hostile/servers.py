"""servers.py - hostile servers, and how a talk of client.kiwi with each of them has to end."""
import os
import re
import socket
import ssl
import subprocess
import threading

import lab
import wire
from attacks import (CERTIFICATE, HELLO_REQUEST, V2, V3, bad_mac, in_clear, key_updates, replayed,
                     sealed)

SERVERS = []
FAILED = "error SystemError: .*TLS receive failed: "
SHAKING = "error SystemError: .*TLS handshake"
TRUNCATED = "error SystemError: connection truncated: TLS receive"
BAD_CERTIFICATE = "error SystemError: .*certificate verification failed: "


def server(name, kind, handle, expected):
    SERVERS.append((name, kind, handle, expected))


# ---- Raw bytes -----------------------------------------------------------------------------------

def raw(data=b"", how="fin", first=1):
    """Wait for the client's first bytes, if `first`; then send `data` and leave."""
    def handle(conn, _):
        if first:
            conn.recv(65536)
        conn.sendall(data)
        if how == "rst":
            wire.reset(conn)
        elif how == "wait":
            wire.read_to_end(conn)
        conn.close()
    return handle


def tcp_floods(conn, _):
    conn.recv(100)
    for _ in range(64):
        conn.sendall(bytes(1 << 20))
    conn.close()


def tcp_byte_by_byte(conn, _):
    conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    conn.recv(100)
    for _ in range(300):
        conn.sendall(b"x")
    conn.close()


HELLO_CUT = wire.plain_record(22, b"\2\0\0\x76\3\3" + bytes(40))[:30]
for _name, _handle, _expected in (
        ("closes", raw(first=0), "(got 0 bytes|error SystemError: Connection reset by peer)$"),
        ("resets", raw(how="rst"), "error SystemError: Connection reset by peer$"),
        ("sends_and_resets", raw(b"x" * 10, "rst"),
         "(error SystemError: Connection reset by peer)$"),
        ("never_answers", raw(how="wait"), "error SystemError: timed out$"),
        ("floods", tcp_floods, "got 67108864 bytes$"),
        ("byte_by_byte", tcp_byte_by_byte, "got 300 bytes$")):
    server("tcp_server_" + _name, "tcp", _handle, _expected)
for _name, _handle, _expected in (
        ("closes_at_once", raw(first=0), "error SystemError: "),
        ("closes_in_the_handshake", raw(), "error SystemError: .*connection truncated"),
        ("resets_in_the_handshake", raw(how="rst"), "error SystemError: .*Connection reset"),
        ("closes_in_its_hello", raw(HELLO_CUT), "error SystemError: .*connection truncated"),
        ("resets_in_its_hello", raw(HELLO_CUT, "rst"), "error SystemError: .*Connection reset"),
        ("answers_garbage", raw(b"\xf7garbage" * 40), SHAKING),
        ("answers_http", raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), SHAKING),
        ("answers_nothing", raw(how="wait"), "error SystemError: .*timed out"),
        ("answers_oversize", raw(b"\x16\3\3\xff\xff" + bytes(0xffff)), SHAKING),
        ("answers_endlessly", raw(wire.plain_record(22, b"\2\xff\xff\xff" + bytes(16000)) * 80,
                                  "wait"), "error SystemError: "),
        ("sends_a_fatal_alert", raw(wire.plain_record(21, b"\2\x28")),
         SHAKING + ": the peer sent an alert: Handshake failed"),
        ("floods_with_warnings", raw(wire.plain_record(21, b"\1\x5a") * 9000), SHAKING),
        ("floods_with_empty_records", raw(wire.plain_record(22, b"") * 9000, "wait"), SHAKING),
        ("floods_with_change_cipher_specs", raw(wire.plain_record(20, b"\1") * 9000, "wait"),
         SHAKING)):
    server("tls_server_" + _name, "tls", _handle, _expected)


# ---- Certificates --------------------------------------------------------------------------------

def certified(name):
    """Talk as a good server would, with the certificate `name`."""
    def handle(conn, stage):
        peer = wire.Peer(conn, wire.server_context(V3, None, stage.certificate[name]), server=True)
        peer.handshake()
        peer.send(b"welcome")
        peer.recv(100)
        peer.close_notify()
        wire.read_to_end(conn)
    return handle


for _name, _expected in (
        ("good", "got 7 bytes$"),
        ("expired", BAD_CERTIFICATE + ".*expired"),
        ("early", BAD_CERTIFICATE + ".*not yet"),
        ("wrong_name", BAD_CERTIFICATE + ".*name in the certificate does not match"),
        ("self_signed", BAD_CERTIFICATE + ".*issuer is unknown"),
        ("unknown_authority", BAD_CERTIFICATE + ".*issuer is unknown"),
        ("wrong_usage", BAD_CERTIFICATE + ".*purpose")):
    server("tls_server_with_certificate_" + _name, "tls", certified(_name), _expected)


# ---- Records -------------------------------------------------------------------------------------

def shaken(version, forge, how="wait"):
    """A good handshake; the client's data is read; then the bytes of forge(peer)."""
    def handle(conn, stage):
        context = wire.server_context(version, stage.keylog, stage.certificate["good"])
        peer = wire.Peer(conn, context, server=True).handshake()
        peer.recv(100)
        conn.sendall(forge(peer))
        if how == "rst":
            wire.reset(conn)
        elif how == "wait":
            wire.read_to_end(conn)
        conn.close()
    return handle


def cut(peer):
    return peer.records(b"x" * 1000)[:500]


EMPTY = FAILED + "Too many empty record packets"
for _name, _version, _forge, _how, _expected in (
        ("closes_without_notice", V3, lambda peer: b"", "fin", TRUNCATED),
        ("closes_without_notice_1_2", V2, lambda peer: b"", "fin", TRUNCATED),
        ("truncates_after_data", V3, lambda peer: peer.records(b"data"), "fin", TRUNCATED),
        ("truncates_a_record", V3, cut, "fin", TRUNCATED),
        ("resets_in_a_record", V3, cut, "rst", "error SystemError: Connection reset by peer"),
        ("sends_a_bad_mac", V3, bad_mac, "wait", FAILED + "Decryption has failed"),
        ("sends_a_bad_mac_1_2", V2, bad_mac, "wait", FAILED + "Decryption has failed"),
        ("replays", V3, replayed, "wait", FAILED + "Decryption has failed"),
        ("speaks_in_the_clear", V3, in_clear(23, b"long enough to have a tag"), "wait",
         FAILED + "Decryption has failed"),
        ("sends_an_oversize_record", V3, in_clear(23, bytes(0x5000)), "wait", FAILED),
        ("sends_an_unknown_type", V3, sealed(99, b"what is this?"), "wait",
         FAILED + "An unexpected TLS packet"),
        ("sends_a_certificate", V3, sealed(22, CERTIFICATE), "wait", FAILED),
        ("floods_with_empty_data", V3, sealed(23, b"", times=400), "wait", EMPTY),
        ("floods_with_empty_data_1_2", V2, sealed(23, b"", times=800), "wait", EMPTY),
        ("floods_with_key_updates", V3, key_updates(400), "wait",
         FAILED + "Too many handshake packets"),
        ("floods_with_hello_requests_1_2", V2, sealed(22, HELLO_REQUEST, times=400), "wait", EMPTY),
        ("floods_with_warnings_1_2", V2, sealed(21, b"\1\x5a", times=400), "wait", EMPTY),
        ("sends_a_fatal_alert_later", V3, sealed(21, b"\2\x50"), "wait",
         "error SystemError: TLS receive: the peer sent an alert: Internal error")):
    server("tls_server_" + _name, "tls", shaken(_version, _forge, _how), _expected)


# ---- The driver ----------------------------------------------------------------------------------

class Stage:
    """What the hostile servers need: certificates, and a file for secrets."""

    def __init__(self, folder):
        authority = lab.Authority(os.path.join(folder, "servers"))
        other = lab.Authority(os.path.join(folder, "others"))
        hour = lab.HOUR_S
        self.folder = folder
        self.ca = authority.path("ca.pem")
        self.keylog = os.path.join(folder, "server.keylog")
        self.certificate = {
            "good": authority.issue("good"),
            "expired": authority.issue("expired", start=-2 * hour, end=-hour),
            "early": authority.issue("early", start=hour, end=2 * hour),
            "wrong_name": authority.issue("wrong", dns="elsewhere.example"),
            "wrong_usage": authority.issue("usage", usage="clientAuth"),
            "self_signed": authority.self_sign("self"),
            "unknown_authority": other.issue("unknown"),
        }


def handle_quietly(handle, conn, stage):
    conn.settimeout(wire.WAIT)
    try:
        handle(conn, stage)
    except (ssl.SSLError, OSError):
        pass  # the client has gone, as it should
    finally:
        conn.close()


def meet(stage, kind, handle, expected):
    """Run client.kiwi against a server that treats its one client with `handle`."""
    limit_ms = 300 if "timed out" in expected else 5000 * lab.SLOWER
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = subprocess.Popen(
            [lab.KIWI, os.path.join(lab.HERE, "client.kiwi"), kind,
             str(listener.getsockname()[1]), "localhost", stage.ca, str(limit_ms)],
            env=dict(os.environ, XDG_STATE_HOME=stage.folder), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        listener.settimeout(wire.WAIT)
        conn, _ = listener.accept()
    thread = threading.Thread(target=handle_quietly, args=(handle, conn, stage))
    thread.start()
    try:
        out, err = client.communicate(timeout=lab.END_S)
    except subprocess.TimeoutExpired:
        client.kill()
        client.communicate()
        raise AssertionError("the client hangs")
    finally:
        thread.join()
    lab.check(client.returncode == 0 and err == b"", "exit code", client.returncode, err.decode())
    lab.check(re.match(expected, out.decode()), "the script said:", out.decode(), "expected",
              expected)


def run_all(folder, wanted, run):
    chosen = [s for s in SERVERS if not wanted or s[0] in wanted]
    if not chosen:
        return
    stage = Stage(folder)
    for name, kind, handle, expected in chosen:
        run(name, meet, stage, kind, handle, expected)
