"""wire.py - TLS records by hand: what a hostile peer sends that no library would.

The handshake is made by Python's ssl module, which also writes down the secrets
(`keylog_filename`); from then on the records are sealed here, with ChaCha20-Poly1305 (RFC 8439) as
TLS 1.3 (RFC 8446, 5.2 and 7.3) and TLS 1.2 (RFC 7905; RFC 5246, 5 and 6.3) have it, so that their
content can be anything. That cipher has to be the one agreed: OPENSSL_CONF must point to a file
that write_config() made, before the process starts. Not for secrets: nothing here runs in constant
time.
"""
import hmac
import socket
import ssl
import struct

CHANGE_CIPHER, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
WARNING, FATAL = 1, 2
CLOSE_NOTIFY, BAD_CERTIFICATE, USER_CANCELED, NO_RENEGOTIATION = 0, 42, 90, 100
CLIENT_HELLO, KEY_UPDATE = 1, 24
WAIT = 20  # seconds: a peer that does not answer


def write_config(path):
    """Make TLS 1.3 of OpenSSL offer and take only the cipher that this module knows."""
    with open(path, "w") as out:
        out.write("openssl_conf = top\n[top]\nssl_conf = ssl\n[ssl]\nsystem_default = only\n"
                  "[only]\nCiphersuites = TLS_CHACHA20_POLY1305_SHA256\n")


# ---- ChaCha20-Poly1305 ---------------------------------------------------------------------------

ROUND = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
         (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14))


def rotate(value, bits):
    value &= 0xffffffff
    return value << bits & 0xffffffff | value >> (32 - bits)


def chacha_block(key, counter, nonce):
    start = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce)
    x = list(start)
    for _ in range(10):
        for a, b, c, d in ROUND:
            x[a] += x[b]
            x[d] = rotate(x[d] ^ x[a], 16)
            x[c] += x[d]
            x[b] = rotate(x[b] ^ x[c], 12)
            x[a] += x[b]
            x[d] = rotate(x[d] ^ x[a], 8)
            x[c] += x[d]
            x[b] = rotate(x[b] ^ x[c], 7)
            x[a] &= 0xffffffff
            x[c] &= 0xffffffff
    return struct.pack("<16I", *[(p + q) & 0xffffffff for p, q in zip(x, start)])


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at:at + 16] + b"\1", "little")) * r % (2**130 - 5)
    return ((total + int.from_bytes(key[16:], "little")) % 2**128).to_bytes(16, "little")


def pad16(data):
    return data + bytes(-len(data) % 16)


def seal(key, nonce, plain, extra):
    """The encrypted bytes with their tag."""
    stream = b"".join(chacha_block(key, i + 1, nonce) for i in range((len(plain) + 63) // 64))
    text = bytes(p ^ s for p, s in zip(plain, stream))
    sizes = struct.pack("<QQ", len(extra), len(text))
    return text + poly1305(chacha_block(key, 0, nonce)[:32], pad16(extra) + pad16(text) + sizes)


# ---- Keys ----------------------------------------------------------------------------------------

def expand_label(secret, label, size):
    """HKDF-Expand-Label of TLS 1.3 for at most 32 bytes and no context."""
    name = b"tls13 " + label
    info = struct.pack(">HB", size, len(name)) + name + b"\0"
    return hmac.digest(secret, info + b"\1", "sha256")[:size]


def prf(secret, label, seed, size):
    """The pseudorandom function of TLS 1.2."""
    out, a = b"", label + seed
    while len(out) < size:
        a = hmac.digest(secret, a, "sha256")
        out += hmac.digest(secret, a + label + seed, "sha256")
    return out[:size]


class Sealer:
    """The sending half of a connection: makes records of any type and content."""

    def __init__(self, version, secret, server, client_random, server_random):
        self.version = version
        self.sequence = 0
        if version == "TLSv1.3":
            self.rekey(secret)
            return
        block = prf(secret, b"key expansion", server_random + client_random, 88)
        half = 1 if server else 0
        self.key = block[32 * half:32 * half + 32]
        self.iv = block[64 + 12 * half:76 + 12 * half]
        self.sequence = 1  # after Finished

    def rekey(self, secret):
        self.secret = secret
        self.key = expand_label(secret, b"key", 32)
        self.iv = expand_label(secret, b"iv", 12)
        self.sequence = 0

    def record(self, kind, content, padding=0):
        number = struct.pack(">Q", self.sequence)
        nonce = bytes(a ^ b for a, b in zip(self.iv, bytes(4) + number))
        self.sequence += 1
        if self.version == "TLSv1.3":
            content += bytes([kind]) + bytes(padding)
            head = struct.pack(">BHH", DATA, 0x0303, len(content) + 16)
            return head + seal(self.key, nonce, content, head)
        head = struct.pack(">BHH", kind, 0x0303, len(content))
        body = seal(self.key, nonce, content, number + head)
        return struct.pack(">BHH", kind, 0x0303, len(body)) + body

    def key_update(self, ask=False):
        """A KeyUpdate; what follows is sealed with the next key."""
        made = self.record(HANDSHAKE, bytes([KEY_UPDATE, 0, 0, 1, int(ask)]))
        self.rekey(expand_label(self.secret, b"traffic upd", 32))
        return made


# ---- Connections ---------------------------------------------------------------------------------

def plain_record(kind, content, version=0x0303):
    return struct.pack(">BHH", kind, version, len(content)) + content


def client_context(version="TLSv1.3", keylog=None, certificate=None, alpn=()):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return configure(context, version, keylog, certificate, alpn)


def server_context(version, keylog, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.num_tickets = 0  # they would count in the sequence of records
    return configure(context, version, keylog, certificate, ())


def configure(context, version, keylog, certificate, alpn):
    wanted = {"TLSv1.3": ssl.TLSVersion.TLSv1_3, "TLSv1.2": ssl.TLSVersion.TLSv1_2}[version]
    context.minimum_version = context.maximum_version = wanted
    if version == "TLSv1.2":
        context.set_ciphers("ECDHE-ECDSA-CHACHA20-POLY1305")
        context.options |= ssl.OP_NO_TICKET
    if keylog:
        context.keylog_filename = keylog
    if certificate:
        context.load_cert_chain(certificate + ".pem", certificate + ".key")
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


class Peer:
    """One end of a TLS connection over a socket that it owns; every byte passes here."""

    def __init__(self, sock, context, server=False, name=None):
        sock.settimeout(WAIT)
        self.sock = sock
        self.server = server
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=server,
                                    server_hostname=name)
        self.keylog = context.keylog_filename
        self.sent, self.received = b"", b""
        self.data_records = 0  # sent since the handshake

    def pump(self, call):
        """Run a call of the ssl object to its end, feeding it from the socket."""
        while True:
            try:
                result = call()
                self.flush()
                return result
            except ssl.SSLWantReadError:
                self.flush()
                part = self.sock.recv(65536)
                if len(self.received) < 65536:
                    self.received += part
                if part:
                    self.incoming.write(part)
                else:
                    self.incoming.write_eof()
            except ssl.SSLError:
                try:
                    self.flush()  # the alert
                except OSError:
                    pass
                raise

    def flush(self):
        data = self.outgoing.read()
        if data:
            self.sent += data if len(self.sent) < 65536 else b""
            self.sock.sendall(data)

    def handshake(self):
        self.pump(self.tls.do_handshake)
        return self

    def first_flight(self):
        """The bytes of our hello, unsent."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.outgoing.read()

    def send(self, data):
        self.data_records += (len(data) + 16383) // 16384
        self.pump(lambda: self.tls.write(data))

    def recv(self, size=65536):
        """Bytes; none after close_notify."""
        try:
            return self.pump(lambda: self.tls.read(size))
        except ssl.SSLZeroReturnError:
            return b""

    def recv_exactly(self, size):
        got = b""
        while len(got) < size:
            part = self.recv(size - len(got))
            if not part:
                raise AssertionError("the stream ended after %d bytes of %d" % (len(got), size))
            got += part
        return got

    def records(self, data):
        """`data` sealed by the library, unsent."""
        self.data_records += (len(data) + 16383) // 16384
        self.tls.write(data)
        return self.outgoing.read()

    def sealer(self):
        """Take over sending: the ssl object must not send after this."""
        mine, theirs = self.sent[11:43], self.received[11:43]
        client_random = theirs if self.server else mine
        server_random = mine if self.server else theirs
        version = self.tls.version()
        label = "CLIENT_RANDOM"
        if version == "TLSv1.3":
            label = ("SERVER" if self.server else "CLIENT") + "_TRAFFIC_SECRET_0"
        with open(self.keylog) as lines:
            for line in lines:
                words = line.split()
                if words[:2] == [label, client_random.hex()]:
                    made = Sealer(version, bytes.fromhex(words[2]), self.server, client_random,
                                  server_random)
                    made.sequence += self.data_records
                    return made
        raise AssertionError("the secret was not written down")

    def close_notify(self):
        """Say the end of our stream; what comes from the peer can still be read."""
        try:
            self.tls.unwrap()
        except ssl.SSLError:
            pass
        self.flush()

    def close(self):
        self.sock.close()


def dial(port):
    return socket.create_connection(("127.0.0.1", port), timeout=WAIT)


def reset(sock):
    """Close with RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def read_to_end(sock):
    """What still comes, until the end or a reset."""
    got = b""
    try:
        while True:
            part = sock.recv(65536)
            if not part:
                return got
            got += part
    except ConnectionError:
        return got


def self_test():
    """The vector of RFC 8439, 2.8.2 (its first 16 bytes and the tag)."""
    key = bytes(range(0x80, 0xa0))
    nonce = bytes.fromhex("070000004041424344454647")
    extra = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    plain = (b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for "
             b"the future, sunscreen would be it.")
    made = seal(key, nonce, plain, extra)
    return (made[:16] == bytes.fromhex("d31a8d34648e60db7b86afbc53ef7ec2") and
            made[-16:] == bytes.fromhex("1ae10b594f09e26a7e902ecbd0600691"))
