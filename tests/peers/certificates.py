"""certificates.py - which certificates a server of kiwi shows and what goes with them, as other programs see it: pairs
for names, OCSP responses, channel bindings, reloading; and whether the secrets in an SSLKEYLOGFILE open what was recorded.

Uses the driver of peers.py; kiwi's end is certificates.kiwi.
"""
import hashlib
import json
import os
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import keylog
import peers
from peers import SRCDIR, check, kiwi, make_certificate, need, start, stop

SCRIPT = os.path.join(SRCDIR, "tests/peers/certificates.kiwi")
TESTS = []
FOLDER = None  # with ca.pem, and a certificate and key for each of NAMES
NAMES = ("default", "one", "many")


def test(function):
    TESTS.append((function, ()))
    return function


class Server:
    """certificates.kiwi with these options, as a context."""

    def __init__(self, env=None, **options):
        self.process = kiwi(SCRIPT, json.dumps(dict(pair("default"), **options)), env=env)
        line = self.process.stdout.readline().split()
        if line[:1] != [b"port"]:
            check(False, "kiwi says", line, self.process.communicate(timeout=20)[1].decode())
        self.port = int(line[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)


def path(name):
    return os.path.join(FOLDER, name)


def pair(name):
    return {"cert": path(name + ".pem"), "key": path(name + ".key")}


def openssl(*words):
    done = subprocess.run(("openssl",) + words, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
    check(done.returncode == 0, "openssl", words[0], done.stdout.decode())


def s_client(server, *words, line="hello"):
    """What openssl says of a connection on which it has sent a line and read the answer."""
    command = ["openssl", "s_client", "-connect", "127.0.0.1:%d" % server.port, "-CAfile", path("ca.pem"), "-ign_eof"]
    client = start(command + list(words), stdin=subprocess.PIPE)
    out, err = client.communicate((line + "\n").encode(), timeout=30)
    check(("\n%s\n" % line).encode() in out or line != "hello", "no answer:", out.decode(), err.decode())
    return out.decode(errors="replace")


def ask(server, line, name="default.example"):
    """The certificate (DER) that python gets, and the answer."""
    context = ssl.create_default_context(cafile=path("ca.pem"))
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as plain:
        with context.wrap_socket(plain, server_hostname=name) as tls:
            tls.sendall(line.encode() + b"\n")
            return tls.getpeercert(binary_form=True), tls.makefile().readline().rstrip("\n")


def der_of(name):
    with open(path(name + ".pem"), encoding="ascii") as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


# ---- Pairs for names ------------------------------------------------------------------------------

@test
def the_name_that_openssl_asks_for_decides():
    need("openssl")
    names = {"One.Example": pair("one"), "*.example": pair("many")}
    with Server(sni=names) as server:
        for version in ("-tls1_2", "-tls1_3"):
            for words, expected in ((("-servername", "one.example"), "one"), (("-servername", "ONE.EXAMPLE"), "one"),
                                    (("-servername", "two.example"), "many"), (("-servername", "a.b.example"), "default"),
                                    (("-servername", "example"), "default"), (("-noservername",), "default")):
                said = s_client(server, version, *words)
                check(re.search("subject=CN = " + expected, said), words, expected, said)


@test
def reload_is_seen_at_once_and_a_broken_file_changes_nothing():
    with Server(sni={"one.example": pair("one")}) as server:
        check(ask(server, "hello", "one.example") == (der_of("one"), "hello"))
        make_certificate(FOLDER, "one", "DNS:one.example")
        fresh = der_of("one")
        check(ask(server, "reload")[1] == "reloaded")
        check(ask(server, "hello", "one.example") == (fresh, "hello"))
        with open(path("one.pem"), "w", encoding="ascii") as file:
            file.write("-----BEGIN")
        said = ask(server, "reload")[1]
        check("one.pem" in said and "TLS sni 'one.example'" in said, said)
        check(ask(server, "hello", "one.example") == (fresh, "hello"))
        make_certificate(FOLDER, "one", "DNS:one.example")


# ---- Channel bindings -----------------------------------------------------------------------------

@test
def openssl_derives_the_same_exporter():
    need("openssl")
    with Server() as server:
        said = s_client(server, "-tls1_3", "-keymatexport", "EXPORTER-Channel-Binding", "-keymatexportlen", "32", line="bind")
        theirs = re.search("Keying material: ([0-9A-F]+)", said)
        ours = re.search("^([0-9a-f]{64}) ([0-9a-f]{64})$", said, re.MULTILINE)
        check(theirs and ours, said)
        check(theirs.group(1).lower() == ours.group(2), said)
        check(ours.group(1) == hashlib.sha256(der_of("default")).hexdigest(), said)


@test
def the_end_point_is_a_digest_of_the_right_certificate():
    """With the digest that the certificate is signed with, but SHA-256 in the place of SHA-1; none for Ed25519."""
    need("openssl")
    for digest, ours in (("sha1", "sha256"), ("sha384", "sha384"), ("sha512", "sha512")):
        make_certificate(FOLDER, "signed", "DNS:signed.example")
        openssl("x509", "-req", "-in", "signed.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-" + digest,
                "-out", "signed.pem", "-extfile", "signed.ext")
        with Server(**pair("signed")) as server:
            said = s_client(server, "-cipher", "DEFAULT:@SECLEVEL=0", line="bind")
            expected = getattr(hashlib, ours)(der_of("signed")).hexdigest()
            check("\n%s " % expected in said, digest, said)
    openssl("req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "ed.key", "-out", "ed.pem", "-days", "2",
            "-subj", "/CN=ed")
    with Server(**pair("ed")) as server:
        said = s_client(server, line="bind")
        check(not re.search("^[0-9a-f]{64}", said, re.MULTILINE), "there is an answer:", said)
        said = server.process.stdout.readline().decode()
        check(said == "NotAvailableError: There is no channel binding 'tls-server-end-point': "
              "none is defined for a certificate signed with EdDSA-Ed25519.\n", said)


# ---- OCSP -----------------------------------------------------------------------------------------

def make_response(name, to, revoked=False, minutes=60):
    """An OCSP response of the authority for a certificate."""
    done = subprocess.run(["openssl", "x509", "-in", name + ".pem", "-noout", "-serial"], cwd=FOLDER, stdout=subprocess.PIPE,
                          timeout=30, check=True)
    serial = done.stdout.decode().strip().partition("=")[2]
    with open(path("index.txt"), "w", encoding="ascii") as index:
        index.write("%s\t%s\t%s\t%s\tunknown\t/CN=%s\n" % ("R" if revoked else "V", "401231235959Z",
                                                        "250101000000Z" if revoked else "", serial, name))
    words = ["-nmin", str(minutes)] if minutes > 0 else []
    openssl("ocsp", "-index", "index.txt", "-CA", "ca.pem", "-issuer", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key",
            "-cert", name + ".pem", "-respout", to, *words, *("-noverify",))


def status_of(server, name):
    return s_client(server, "-status", "-servername", name)


@test
def openssl_gets_the_response_of_the_name():
    need("openssl")
    make_response("default", "default.ocsp")
    make_response("one", "one.ocsp")
    with Server(ocsp=path("default.ocsp"), sni={"one.example": dict(pair("one"), ocsp=path("one.ocsp")),
                                                "many.example": pair("many")}) as server:
        for version in ("-tls1_2", "-tls1_3"):
            for name, has in (("default.example", True), ("one.example", True), ("many.example", False)):
                said = s_client(server, "-status", "-servername", name, version)
                check(("Cert Status: good" in said) == has, name, said)
                check(("OCSP response: no response sent" in said) != has, name, said)


@test
def kiwi_believes_the_response_and_refuses_a_false_one():
    """A client of kiwi checks what it gets; a server does not show what its own clients would refuse."""
    need("openssl")
    make_response("default", "default.ocsp")
    with Server(ocsp=path("default.ocsp")) as server:
        script = 'println tls::tcpconnect("127.0.0.1", %d, "default.example", {"ca": "%s"}) > 0' % (server.port, path("ca.pem"))
        client = start([peers.KIWI, "-e", script])
        check(peers.finish(client)[0] == "true\n")
    make_response("one", "other.ocsp")
    make_response("default", "revoked.ocsp", revoked=True)
    with open(path("default.ocsp"), "rb") as good, open(path("old.ocsp"), "wb") as old:
        old.write(re.sub(rb"\x18\x0f20[0-9]{2}", b"\x18\x0f2019", good.read()))  # all dates in it
    with open(path("empty.ocsp"), "wb"):
        pass
    with open(path("text.ocsp"), "w", encoding="ascii") as file:
        file.write("hello")
    with open(path("junk.ocsp"), "wb") as file:
        file.write(b"\x30\x03\x02\x01\x05")
    for name, why in (("other.ocsp", "it is for another certificate"), ("revoked.ocsp", "it says that the certificate is revoked"),
                      ("old.ocsp", "it has expired"), ("empty.ocsp", "the file is empty"), ("text.ocsp", "it does not have the form DER"),
                      ("ca.pem", "it has the form PEM, DER is needed"), ("none.ocsp", "No such file"),
                      ("junk.ocsp", "it is no OCSP response that says anything of a certificate")):
        process = kiwi(SCRIPT, json.dumps(dict(pair("default"), ocsp=path(name))))
        _, err = process.communicate(timeout=20)
        check(process.returncode == 1 and "TLS OCSP response %s: %s" % (path(name), why) in err.decode(), name, err.decode())


@test
def a_changed_response_is_noticed():
    need("openssl")
    make_response("default", "changing.ocsp", minutes=60)
    with Server(ocsp=path("changing.ocsp")) as server:
        first = re.search("Next Update: .*", status_of(server, "default.example")).group(0)
        make_response("default", "fresh.ocsp", minutes=600)
        os.rename(path("fresh.ocsp"), path("changing.ocsp"))
        end = time.monotonic() + 20
        while first in status_of(server, "default.example"):
            check(time.monotonic() < end, "the response is still the old one")
            time.sleep(0.1)


# ---- SSLKEYLOGFILE --------------------------------------------------------------------------------

class Tap:
    """Passes one connection on, and keeps what each side has sent."""

    def __init__(self, port):
        self.listener = peers.listen(0)
        self.port = self.listener.getsockname()[1]
        self.sent = {"client": b"", "server": b""}
        self.to = port
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def copy(self, side, source, target):
        while True:
            part = source.recv(65536)
            self.sent[side] += part
            try:
                if not part:
                    target.shutdown(socket.SHUT_WR)
                    return
                target.sendall(part)
            except OSError:
                return  # the other side has gone, and says what it misses

    def run(self):
        client, _ = self.listener.accept()
        with client, socket.create_connection(("127.0.0.1", self.to), timeout=20) as server:
            back = threading.Thread(target=self.copy, args=("server", server, client), daemon=True)
            back.start()
            self.copy("client", client, server)
            back.join(20)


def check_log(log, tap, question, answer):
    """The secrets of the file open all that the tap has recorded."""
    secrets = keylog.read_log(log)
    random = keylog.hello(tap.sent["client"])[0]
    check(keylog.suite_of(tap.sent["server"]) == keylog.CIPHER_SUITE, "another cipher suite")
    for side, text in (("client", question), ("server", answer)):
        labels = ["%s_HANDSHAKE_TRAFFIC_SECRET" % side.upper(), "%s_TRAFFIC_SECRET_0" % side.upper()]
        check(all((label, random) in secrets for label in labels), side, "secrets are missing:", sorted(secrets))
        messages, data, closed = keylog.decode(tap.sent[side], [secrets[label, random] for label in labels])
        check(closed == 0, side, closed, "records stay closed")
        check(data == text, side, data)
        check(side == "client" or b"\x0b" in messages and der_of("default") in messages, "the certificate is not there")
    wrong = bytes(32)
    check(keylog.decode(tap.sent["client"], [wrong, wrong])[2] > 0, "a wrong secret opens it, too")


@test
def the_key_log_of_either_side_opens_what_was_recorded():
    check(keylog.chacha(bytes(range(32)), bytes.fromhex("000000000000004a00000000"), b"Ladies and Gentlemen of the class of '99").hex()
          == "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab", "the decoder is wrong")
    only = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+CHACHA20-POLY1305"
    script = """options = {"ca": "%s", "ciphers": "%s"}
conn = tls::tcpconnect("127.0.0.1", %d, "default.example", options)
task::await(tls::send_text(conn, "what nobody knows\\n"))
println task::await(tls::recv_all(conn)).to_string().trim()
tls::close(conn)"""
    for side in ("client", "server"):
        log = path(side + ".keylog")
        env = dict(os.environ, SSLKEYLOGFILE=log)
        with Server(env=env if side == "server" else None, ciphers=only) as server:
            tap = Tap(server.port)
            client = start([peers.KIWI, "-e", script % (path("ca.pem"), only, tap.port)], env=env if side == "client" else None)
            out, err = client.communicate(timeout=30)
            check(out == b"what nobody knows\n", out, err)
            tap.thread.join(20)
        check_log(log, tap, b"what nobody knows\n", b"what nobody knows\n")


def main():
    global FOLDER
    with tempfile.TemporaryDirectory() as FOLDER:
        try:
            for name in NAMES:
                make_certificate(FOLDER, name, "DNS:%s.example" % name)
        except peers.Skip as why:
            print("1..1\nok 1 - certificates # SKIP %s" % why)
            return
        peers.main(TESTS)


if __name__ == "__main__":
    main()
