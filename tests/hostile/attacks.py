"""attacks.py - what hostile clients do to server.kiwi, and what has to come of it.

Each function in ATTACKS takes the Server and has: `events`, patterns of what the script catches or
notes, in order; `refused`, how many handshakes fail; `free`, either may happen (a reset can
overtake data).
"""
import random
import socket
import ssl

import lab
import wire
from lab import check

ATTACKS = []
TRUNCATED = "SystemError: connection truncated: TLS receive: "
RESET = "SystemError: (Connection reset by peer|Broken pipe)"
FAILED = "SystemError: TLS receive failed: "


def attack(*events, refused=0, free=False):
    def register(function):
        function.events, function.refused, function.free = events, refused, free
        ATTACKS.append(function)
        return function
    return register


def variant(function, name, *words):
    """An attack with a name of its own that calls function(server, *words)."""
    def run(server):
        function(server, *words)
    run.__name__ = name
    return run


def fin(sock):
    sock.close()


LEAVE = {"fin": fin, "rst": wire.reset}


# ---- Hellos that are none ------------------------------------------------------------------------

def hello(_server, version="TLSv1.3", name="localhost"):
    """The bytes of a good hello."""
    context = wire.client_context(version)
    return wire.Peer(socket.socket(), context, name=name).first_flight()


def hello_named(name):
    """A good hello, but for the server name in it."""
    sample = b"sample.example"
    made = hello(None, name=sample.decode())
    at = made.index(sample)
    grow = len(name) - len(sample)
    out = bytearray(made[:at] + name + made[at + len(sample):])

    def add(offset, size):
        value = int.from_bytes(out[offset:offset + size], "big") + grow
        out[offset:offset + size] = value.to_bytes(size, "big")
    session = 43 + 1 + out[43]
    ciphers = session + 2 + int.from_bytes(out[session:session + 2], "big")
    extensions = ciphers + 1 + out[ciphers]
    for offset, size in ((3, 2), (6, 3), (extensions, 2), (at - 2, 2), (at - 5, 2), (at - 7, 2)):
        add(offset, size)
    return bytes(out)


def sends(server, data):
    """Send it all and read until the server has had enough."""
    with server.plain() as sock:
        try:
            sock.sendall(data)
        except ConnectionError:
            pass
        wire.read_to_end(sock)


NOISE = random.Random(7).randbytes(600)
SSLV2 = bytes.fromhex("802e010002001500000010"
                      "0100800200800300800400800500800600400700c0") + NOISE[:20]
BAD_HELLOS = {
    "garbage": b"\xf7" + NOISE,
    "zeros": bytes(600),
    "plain_http": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "sslv2": SSLV2,
    "oversize_record": b"\x16\x03\x01\xff\xff" + bytes(0xffff),
    "oversize_message": wire.plain_record(22, b"\x01\xff\xff\xff" + bytes(16000), 0x0301) * 80,
    "unknown_record_type": wire.plain_record(99, b"what is this?"),
    "data_first": wire.plain_record(23, b"data without a handshake"),
    "finished_first": wire.plain_record(22, b"\x14\0\0\x0c" + NOISE[:12]),
    "fatal_alert": wire.plain_record(21, b"\2\x28"),
    "heartbeat": b"\x18\x03\x02\x00\x03\x01\x40\x00" * 4,
}


def register_hellos():
    for name, data in BAD_HELLOS.items():
        attack(refused=1)(variant(sends, "tls_hello_is_" + name, data))


register_hellos()


@attack(refused=1)
def tls_hello_of_sslv3(server):
    made = bytearray(hello(server, "TLSv1.2"))
    made[1:3] = made[9:11] = b"\3\0"
    sends(server, bytes(made))


@attack(refused=1)
def tls_sni_of_300_bytes(server):
    with server.plain() as sock:
        sock.sendall(hello_named(b"a" * 300))
        sock.recv(100)


@attack(refused=1)
def tls_sni_with_nul(server):
    with server.plain() as sock:
        sock.sendall(hello_named(b"localhost\0.example"))
        sock.recv(100)


@attack(refused=60)
def tls_hellos_with_errors(server):
    """One byte after the record header is another; some are harmless, so the client leaves then."""
    chance = random.Random(11)
    for _ in range(60):
        made = bytearray(hello(server, chance.choice(("TLSv1.2", "TLSv1.3"))))
        made[chance.randrange(5, len(made))] ^= 1 << chance.randrange(8)
        with server.plain() as sock:
            sock.sendall(made)
            sock.shutdown(socket.SHUT_WR)
            wire.read_to_end(sock)


@attack(refused=1)
def tls_flood_of_warnings_in_the_handshake(server):
    sends(server, wire.plain_record(21, b"\1\x5a") * 20000)


@attack(refused=1)
def tls_flood_of_empty_records_in_the_handshake(server):
    sends(server, wire.plain_record(22, b"") * 20000)


@attack(refused=1)
def tls_flood_of_change_cipher_specs(server):
    sends(server, hello(server) + wire.plain_record(20, b"\1") * 20000)


@attack()
def tls_hello_byte_by_byte(server):
    peer = server.peer()
    peer.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in peer.first_flight():
        peer.sock.sendall(bytes([byte]))
    peer.handshake()
    peer.send(b"slow")
    check(peer.recv_exactly(4) == b"slow")
    peer.close_notify()
    check(peer.recv() == b"")
    peer.close()


@attack(refused=4)
def tls_handshakes_that_never_end(server):
    """Silence, part of a hello, a hello only, a drop now and then: all dropped at the limit."""
    socks = [server.plain() for _ in range(4)]
    made = hello(server)
    socks[1].sendall(made[:50])
    socks[2].sendall(made)
    dripping = socks[3]
    dripping.settimeout(0.1)
    for byte in made:
        try:
            dripping.sendall(bytes([byte]))
            if not dripping.recv(1):
                break
        except socket.timeout:
            continue
        except ConnectionError:
            break
    else:
        raise AssertionError("the handshake had no limit")
    for sock in socks:
        sock.settimeout(lab.HANDSHAKE_MS / 1000 + lab.END_S)
        wire.read_to_end(sock)
        sock.close()


# ---- Leaving at every stage ----------------------------------------------------------------------

def leave_after_connect(server, how):
    LEAVE[how](server.plain())


def leave_in_hello(server, how):
    sock = server.plain()
    sock.sendall(hello(server)[:100])
    LEAVE[how](sock)


def leave_after_server_hello(server, how):
    sock = server.plain()
    sock.sendall(hello(server))
    sock.recv(100)
    LEAVE[how](sock)


def leave_after_finished(server, how):
    LEAVE[how](server.peer().handshake().sock)


def leave_in_record(server, how):
    peer = server.talking()
    peer.sock.sendall(peer.records(b"x" * 1000)[:500])
    LEAVE[how](peer.sock)


def leave_after_data(server, how):
    LEAVE[how](server.talking().sock)


def register_leaving():
    for stage in (leave_after_connect, leave_in_hello, leave_after_server_hello):
        for how in LEAVE:
            attack(refused=1)(variant(stage, "tls_%s_%s" % (how, stage.__name__), how))
    for stage in (leave_after_finished, leave_in_record, leave_after_data):
        free = stage is leave_after_finished
        # Tickets that the client has not read make its FIN a reset.
        end = "tls (%s|%s)" % (TRUNCATED, RESET) if free else "tls " + TRUNCATED
        attack(end)(variant(stage, "tls_fin_" + stage.__name__, "fin"))
        attack("tls " + RESET, free=free)(variant(stage, "tls_rst_" + stage.__name__, "rst"))


register_leaving()


# ---- Records that should not be ------------------------------------------------------------------

def breaks(server, version, forge):
    """After a talk send forge(peer); the server must end the connection."""
    peer = server.talking(version)
    try:
        peer.sock.sendall(forge(peer))
    except ConnectionError:
        pass
    wire.read_to_end(peer.sock)
    peer.close()


def bad_mac(peer):
    made = bytearray(peer.records(b"data"))
    made[-1] ^= 1
    return bytes(made)


def replayed(peer):
    made = peer.records(b"data")
    return made + made



def in_clear(kind, content):
    return lambda peer: wire.plain_record(kind, content)


def sealed(kind, content, times=1, padding=0):
    def forge(peer):
        sealer = peer.sealer()
        return b"".join(sealer.record(kind, content, padding) for _ in range(times))
    return forge


def key_updates(times, ask=False):
    def forge(peer):
        sealer = peer.sealer()
        return b"".join(sealer.key_update(ask) for _ in range(times))
    return forge


V2, V3 = "TLSv1.2", "TLSv1.3"
HELLO_REQUEST = b"\0\0\0\0"
CERTIFICATE = b"\x0b\0\0\x05\0\0\0\0\0"
LENGTH = "A TLS record packet with invalid length was received"
UNEXPECTED = "An unexpected TLS packet was received"
UNSEALED = "Decryption has failed"
EMPTY = "Too many empty record packets have been received"
BAD_RECORDS = {  # name: version, what is sent, what the script catches
    "bad_mac": (V3, bad_mac, UNSEALED),
    "bad_mac_1_2": (V2, bad_mac, UNSEALED),
    "replayed_record": (V3, replayed, UNSEALED),
    "replayed_record_1_2": (V2, replayed, UNSEALED),
    "data_in_the_clear": (V3, in_clear(23, b"long enough to have a tag"), UNSEALED),
    "plain_http": (V3, lambda peer: b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 9, UNEXPECTED),
    "oversize_record": (V3, in_clear(23, bytes(0x5000)), LENGTH),
    "oversize_content": (V3, sealed(23, bytes(17000)), LENGTH),
    "unknown_record_type": (V3, in_clear(99, b"what is this?"), UNEXPECTED),
    "unknown_content_type": (V3, sealed(99, b"what is this?"), UNEXPECTED),
    "content_of_zeros": (V3, sealed(0, bytes(50)), UNSEALED),
    "unexpected_certificate": (V3, sealed(22, CERTIFICATE), UNEXPECTED),
    "second_finished": (V3, sealed(22, b"\x14\0\0\x20" + bytes(32)), UNEXPECTED),
    "unknown_message": (V3, sealed(22, b"\x63\0\0\x01x"), UNEXPECTED),
    "endless_message": (V3, sealed(22, b"\x18\xff\xff\xff" + bytes(16000), times=18),
                        "The handshake data size is too large"),
    "flood_of_empty_messages": (V3, sealed(22, b"", times=400), EMPTY),
    "flood_of_fragments": (V3, sealed(22, b"\x18", times=400), EMPTY),
    "flood_of_empty_records": (V3, sealed(23, b"", times=800), EMPTY),
    "flood_of_empty_records_1_2": (V2, sealed(23, b"", times=800), EMPTY),
    "flood_of_padding": (V3, sealed(23, b"", times=400, padding=100), EMPTY),
    "flood_of_key_updates": (V3, key_updates(400), "Too many handshake packets have been received"),
    "flood_of_key_updates_that_ask": (V3, key_updates(400, ask=True),
                                      "Too many handshake packets have been received"),
    "bad_key_update": (V3, sealed(22, b"\x18\0\0\x01\x07"), "An illegal parameter"),
    "flood_of_warnings_1_2": (V2, sealed(21, b"\1\x5a", times=400), EMPTY),
    "hello_that_is_too_short_1_2": (V2, sealed(22, b"\1\0\0\x02\3\3"), UNEXPECTED),
    "hello_request_of_a_client_1_2": (V2, sealed(22, HELLO_REQUEST), UNEXPECTED),
    "change_cipher_spec": (V3, in_clear(20, b"\1"), UNEXPECTED),
}


def register_records():
    for name, (version, forge, text) in BAD_RECORDS.items():
        attack("tls " + FAILED + text)(variant(breaks, "tls_" + name, version, forge))


register_records()


@attack("tls SystemError: TLS receive: the peer sent an alert: User canceled")
def tls_flood_of_alerts(server):
    breaks(server, V3, sealed(21, b"\1\x5a", times=400))


@attack("tls SystemError: TLS receive: the peer sent an alert: Certificate is bad")
def tls_fatal_alert(server):
    breaks(server, V3, sealed(21, b"\2\x2a"))


# ---- Odd, but allowed ----------------------------------------------------------------------------

def served_after(server, version, forge, ours=b"after all"):
    """What forge(peer, sealer) makes does no harm: data after it is answered."""
    peer = server.talking(version)
    sealer = peer.sealer()
    peer.sock.sendall(forge(sealer) + sealer.record(23, ours))
    check(peer.recv_exactly(len(ours)) == ours)
    peer.sock.sendall(sealer.record(21, b"\1\0"))
    check(peer.recv() == b"", "bytes that nobody sent")
    peer.close()


@attack()
def tls_few_key_updates(server):
    served_after(server, V3, lambda sealer: sealer.key_update() + sealer.key_update())


@attack()
def tls_few_empty_records(server):
    served_after(server, V3, lambda sealer: sealer.record(23, b"") + sealer.record(23, b""))


@attack()
def tls_padded_records(server):
    served_after(server, V3, lambda sealer: sealer.record(23, b"", padding=300))


@attack("tls SystemError: (connection truncated|TLS receive failed: %s)" % UNEXPECTED)
def tls_renegotiation(server):
    """A second hello in TLS 1.2 gets a warning; both libraries take what follows for an error."""
    peer = server.talking(V2)
    peer.sock.sendall(peer.sealer().record(22, hello(server, V2)[5:]))
    try:
        peer.recv()
        raise AssertionError("the server did not refuse")
    except ssl.SSLError as why:
        check(why.reason == "NO_RENEGOTIATION", why)
    peer.close()


@attack("tls " + FAILED + UNEXPECTED)
def tls_flood_of_renegotiations(server):
    breaks(server, V2, sealed(22, hello(server, V2)[5:], times=300))


@attack(refused=1)
def tls_hello_in_tiny_records(server):
    """Each byte of the hello in a record of its own; a hello comes back, and the client leaves."""
    with server.plain() as sock:
        sock.sendall(b"".join(wire.plain_record(22, bytes([b]), 0x0301)
                              for b in hello(server)[5:]))
        check(sock.recv(1) == b"\x16", "no hello came back")


@attack()
def tls_data_after_close_notify(server):
    peer = server.talking()
    sealer = peer.sealer()
    peer.sock.sendall(sealer.record(21, b"\1\0") + sealer.record(23, b"too late"))
    wire.read_to_end(peer.sock)
    peer.close()


@attack()
def tls_half_close_of_the_client(server):
    peer = server.talking()
    peer.send(b"half")
    check(peer.recv_exactly(4) == b"half")
    peer.close_notify()
    check(peer.recv() == b"end")
    check(peer.recv() == b"")
    peer.close()


@attack("after shut: 50000")
def tls_half_close_of_the_server(server):
    peer = server.talking()
    peer.send(b"shut")
    check(peer.recv() == b"")
    peer.send(bytes(50000))
    peer.close_notify()
    peer.close()


@attack("tls " + FAILED)
def tls_out_of_band_byte(server):
    """The kernel takes the urgent byte out of the stream: the record is broken."""
    peer = server.talking()
    data = peer.records(b"x" * 1000)
    peer.sock.sendall(data[:500])
    peer.sock.send(data[500:501], socket.MSG_OOB)
    peer.sock.sendall(data[501:] + peer.records(b"more" * 100))
    wire.read_to_end(peer.sock)
    peer.close()


# ---- Certificates and names ----------------------------------------------------------------------

def mutual(server, certificate):
    """In TLS 1.3 the client learns of the refusal when it reads."""
    peer = server.peer(port=server.mutual, certificate=certificate)
    try:
        peer.handshake()
        check(peer.recv() == b"never", "the server took the client")
    except (ssl.SSLError, ConnectionError):
        pass
    peer.close()


@attack(refused=1)
def tls_client_without_certificate(server):
    mutual(server, None)


@attack(refused=4)
def tls_client_certificates_that_are_bad(server):
    for name in ("expired", "early", "server", "stranger"):
        mutual(server, server.bad[name])


@attack()
def tls_client_certificate_that_nobody_asked_for(server):
    lab.good_tls(server, b"hi", V3, certificate=server.client)


@attack(refused=1)
def tls_alpn_mismatch(server):
    peer = server.peer(port=server.alpn, alpn=("other/1", "other/2"))
    try:
        peer.handshake()
        raise AssertionError("a protocol was agreed on")
    except ssl.SSLError as why:
        check("no application protocol" in str(why), why)
    peer.close()


@attack()
def tls_alpn_match(server):
    lab.good_tls(server, b"hi", V3, server.alpn, alpn=("other/1", "kiwi/1"))


# ---- Too much ------------------------------------------------------------------------------------

@attack("tls SystemError: timed out")
def tls_never_reads(server):
    peer = server.talking()
    peer.send(b"stuck 64")
    server.wait_for_event()
    peer.close()


@attack("tls " + RESET)
def tls_reset_while_the_server_sends(server):
    peer = server.talking()
    peer.send(b"flood 64")
    peer.sock.recv(1000)
    wire.reset(peer.sock)


@attack(refused=300)
def tls_connects_and_closes(server):
    for i in range(300):
        LEAVE["rst" if i % 3 == 0 else "fin"](server.plain())


@attack()
def tls_bytes_in_records_of_one(server):
    peer = server.talking()
    sealer = peer.sealer()
    peer.sock.sendall(b"".join(sealer.record(23, b"x") for _ in range(500)))
    check(peer.recv_exactly(500) == b"x" * 500)
    peer.sock.sendall(sealer.record(21, b"\1\0"))
    check(peer.recv() == b"")
    peer.close()


# ---- TCP -----------------------------------------------------------------------------------------

def tcp_talking(server):
    sock = server.plain(server.tcp)
    sock.sendall(b"hello")
    check(sock.recv(5) == b"hello")
    return sock


@attack()
def tcp_fin_after_connect(server):
    server.plain(server.tcp).close()


@attack("tcp " + RESET, free=True)
def tcp_rst_after_connect(server):
    """The system may drop the connection before it is accepted."""
    wire.reset(server.plain(server.tcp))


@attack("tcp " + RESET)
def tcp_rst_after_data(server):
    wire.reset(tcp_talking(server))


@attack()
def tcp_fin_with_data_unread(server):
    sock = server.plain(server.tcp)
    sock.sendall(b"half")
    check(sock.recv(4) == b"half")
    sock.shutdown(socket.SHUT_WR)
    check(wire.read_to_end(sock) == b"end")
    sock.close()


@attack("after shut: 50000")
def tcp_half_close_of_the_server(server):
    sock = tcp_talking(server)
    sock.sendall(b"shut")
    check(sock.recv(10) == b"")
    sock.sendall(bytes(50000))
    sock.close()


@attack()
def tcp_out_of_band_byte(server):
    """It is no part of the stream, and does no harm."""
    sock = tcp_talking(server)
    sock.sendall(b"before")
    check(sock.recv(6) == b"before")
    sock.send(b"!", socket.MSG_OOB)
    sock.sendall(b"after")
    check(sock.recv(5) == b"after")
    sock.close()


@attack("tcp SystemError: timed out")
def tcp_never_reads(server):
    with server.plain(server.tcp) as sock:
        sock.sendall(b"stuck 64")
        server.wait_for_event()


@attack("tcp " + RESET)
def tcp_reset_while_the_server_sends(server):
    sock = server.plain(server.tcp)
    sock.sendall(b"flood 64")
    sock.recv(1000)
    wire.reset(sock)


@attack()
def tcp_connects_and_closes(server):
    for _ in range(2000):
        server.plain(server.tcp).close()


@attack("tcp " + RESET, free=True)
def tcp_connects_and_resets(server):
    for _ in range(200):
        wire.reset(server.plain(server.tcp))


@attack()
def tcp_hundreds_of_silent_clients(server):
    socks = [server.plain(server.tcp) for _ in range(300)]
    lab.good_tcp(server, b"still there?")
    for sock in socks:
        sock.close()


@attack()
def tcp_bytes_one_by_one(server):
    sock = server.plain(server.tcp)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    got = b""
    for _ in range(500):
        sock.sendall(b"x")
    while len(got) < 500:
        got += sock.recv(1000)
    check(got == b"x" * 500)
    sock.close()
