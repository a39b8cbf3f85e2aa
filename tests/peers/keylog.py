"""keylog.py - decodes recorded TLS 1.3 connections with the secrets of an SSLKEYLOGFILE.

For TLS_CHACHA20_POLY1305_SHA256 alone, so that no library is needed: RFC 8446 (records, key schedule) and RFC 8439.
"""
import hashlib
import hmac
import struct

HANDSHAKE, APPLICATION_DATA = 22, 23
HASH_SIZE, TAG_SIZE = 32, 16
CIPHER_SUITE = 0x1303


# ---- ChaCha20-Poly1305 (RFC 8439) -----------------------------------------------------------------

def rotate(value, count):
    return ((value << count) | (value >> (32 - count))) & 0xffffffff


def quarter(s, a, b, c, d):
    for first, second, third, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[first] = (s[first] + s[second]) & 0xffffffff
        s[third] = rotate(s[third] ^ s[first], count)


def chacha_block(key, counter, nonce):
    begin = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key)) + [counter]
    begin += struct.unpack("<3I", nonce)
    s = list(begin)
    for _ in range(10):
        for column in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                       (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            quarter(s, *column)
    return struct.pack("<16I", *((a + b) & 0xffffffff for a, b in zip(s, begin)))


def chacha(key, nonce, data):
    out = b""
    for at in range(0, len(data), 64):
        block = chacha_block(key, 1 + at // 64, nonce)
        out += bytes(a ^ b for a, b in zip(data[at:at + 64], block))
    return out


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    total = 0
    for at in range(0, len(data), 16):
        total = (total + int.from_bytes(data[at:at + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) % (1 << 128)).to_bytes(16, "little")


def padded(data):
    return data + bytes(-len(data) % 16)


def opened(key, nonce, sealed, about):
    """The plain text; None: it was not sealed with this key."""
    text, tag = sealed[:-TAG_SIZE], sealed[-TAG_SIZE:]
    lengths = struct.pack("<QQ", len(about), len(text))
    if not hmac.compare_digest(poly1305(chacha_block(key, 0, nonce)[:32], padded(about) + padded(text) + lengths), tag):
        return None
    return chacha(key, nonce, text)


# ---- TLS 1.3 (RFC 8446) ---------------------------------------------------------------------------

def expand_label(secret, label, size):
    """HKDF-Expand-Label of 7.1 without a context, for no more than one digest."""
    label = b"tls13 " + label
    info = struct.pack(">HB", size, len(label)) + label + b"\0"
    return hmac.new(secret, info + b"\x01", hashlib.sha256).digest()[:size]


def records(stream):
    """Pairs of a header and a body."""
    at = 0
    while at + 5 <= len(stream):
        size = struct.unpack(">H", stream[at + 3:at + 5])[0]
        yield stream[at:at + 5], stream[at + 5:at + 5 + size]
        at += 5 + size


def hello(stream):
    """The first message of one side: its random, and what follows that and the session's id."""
    body = next(records(stream))[1]
    random, id_size = body[6:38], body[38]
    return random, body[39 + id_size:]


def suite_of(from_server):
    return struct.unpack(">H", hello(from_server)[1][:2])[0]


def read_log(path):
    """{(label, client random): secret} of all lines."""
    found = {}
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if not line.startswith("#"):
                label, random, secret = line.split()
                found[label, bytes.fromhex(random)] = bytes.fromhex(secret)
    return found


def decode(stream, secrets):
    """What one side has sent, with its secrets in the order of their use: handshake messages, application data, the
    number of records that no secret has opened."""
    got = {HANDSHAKE: b"", APPLICATION_DATA: b""}
    left, number, closed = list(secrets), 0, 0
    for header, body in records(stream):
        if header[0] != APPLICATION_DATA:
            continue  # not encrypted: hello, change of the cipher
        text = None
        while left and text is None:
            key, iv = expand_label(left[0], b"key", 32), expand_label(left[0], b"iv", 12)
            nonce = bytes(a ^ b for a, b in zip(iv, number.to_bytes(12, "big")))
            text = opened(key, nonce, body, header)
            number += 1
            if text is None:  # the next secret begins anew
                left.pop(0)
                number = 0
        if text is None:
            closed += 1
            continue
        text = text.rstrip(b"\0")
        if text[-1] in got:
            got[text[-1]] += text[:-1]
    return got[HANDSHAKE], got[APPLICATION_DATA], closed
