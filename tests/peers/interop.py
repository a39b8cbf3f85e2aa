"""interop.py - packages tls and socket against other implementations, in both directions.

A peer is a command that copies its standard input to the connection and the connection to its
standard output; how it is told the version, a certificate and so on stands in a table. Kiwi's end
is interop.kiwi, which gives back what comes: every byte crosses the connection twice, and the
digests at the peer's end must agree. Uses the driver of peers.py.
"""
import hashlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree

import peers
from peers import (EXAMPLES, SRCDIR, Skip, check, finish, kiwi, listen, make_certificate, need,
                   start, stop, wait_listening)

HERE = os.path.join(SRCDIR, "tests/peers")
SCRIPT = os.path.join(HERE, "interop.kiwi")
PIPE = [sys.executable, "-B", os.path.join(HERE, "pipe.py")]
NODE = ["node", os.path.join(HERE, "pipe.js")]
MIB = 1 << 20
TESTS = []
FOLDER = None  # of the certificates: local, client and ca.pem; other/client is of another authority


def add(name, function, *args):
    """Register function(*args) as a test."""
    def run():
        function(*args)
    run.__name__ = name
    TESTS.append((run, ()))


# ---- Peers ---------------------------------------------------------------------------------------

class Peer:
    """A program: the words of its command, and the words that each option adds ({0}: its value)."""

    def __init__(self, name, words, options, package="tls", joined=None):
        self.name, self.words, self.options = name, words, options
        self.package = package
        self.joined = joined  # index of the word that options continue; None: they add words

    def command(self, port, **given):
        """The command line; `given` values that are None do not count."""
        words = [w.format(port=port, d=FOLDER) for w in self.words]
        given = {key: value for key, value in given.items() if value is not None}
        if "verify" not in given and "trusting" in self.options:
            given["trusting"] = True
        more = [w.format(value, d=FOLDER) for key, value in given.items()
                for w in self.options[key]]
        if self.joined is None:
            return words + more
        words[self.joined] += "".join(more)
        return words

    def start(self, port, **given):
        need(self.words[0])
        return start(self.command(port, **given), stdin=subprocess.PIPE)

    def can(self, *options):
        return all(option in self.options for option in options)


PIPE_OPTIONS = {"version": ["--version", "{0}"], "alpn": ["--alpn", "{0}"], "sni": ["--sni", "{0}"],
                "cert": ["--cert", "{d}/{0}.pem", "--key", "{d}/{0}.key"],
                "again": ["--again", "{0}"], "verify": ["--verify", "--ca", "{d}/ca.pem"]}
NODE_OPTIONS = {"version": ["version={0}"], "alpn": ["alpn={0}"], "sni": ["sni={0}"],
                "cert": ["cert={d}/{0}.pem", "key={d}/{0}.key"], "again": ["again={0}"],
                "verify": ["verify=1", "ca={d}/ca.pem"], "half": []}
OPENSSL_OPTIONS = {"version": ["-min_protocol", "TLSv{0}", "-max_protocol", "TLSv{0}"],
                   "alpn": ["-alpn", "{0}"], "sni": ["-servername", "{0}"],
                   "cert": ["-cert", "{d}/{0}.pem", "-key", "{d}/{0}.key"],
                   "verify": ["-Verify", "1", "-verify_return_error", "-CAfile", "{d}/ca.pem"]}
GNUTLS_OPTIONS = {"version": ["--priority=NORMAL:-VERS-ALL:+VERS-TLS{0}"], "alpn": ["--alpn={0}"],
                  "sni": ["--sni-hostname={0}"], "half": [],
                  "cert": ["--x509certfile={d}/{0}.pem", "--x509keyfile={d}/{0}.key"],
                  "verify": ["--require-client-cert", "--verify-client-cert",
                             "--x509cafile={d}/ca.pem"]}
SOCAT_OPTIONS = {"version": [",openssl-min-proto-version=TLS{0},openssl-max-proto-version=TLS{0}"],
                 "sni": [",snihost={0}"], "cert": [",cert={d}/{0}.pem,key={d}/{0}.key"],
                 "half": []}
SOCAT_SERVER_OPTIONS = dict(SOCAT_OPTIONS, verify=[",verify=1,cafile={d}/ca.pem"],
                            trusting=[",verify=0"])
SOCAT_SERVER = "openssl-listen:{port},bind=127.0.0.1,reuseaddr,cert={d}/local.pem,key={d}/local.key"
NO_OPTIONS = {"half": []}

CLIENTS = [
    Peer("python", PIPE + ["client", "{port}", "--ca", "{d}/ca.pem"], PIPE_OPTIONS),
    Peer("openssl", ["openssl", "s_client", "-quiet", "-verify_return_error", "-connect",
                     "127.0.0.1:{port}", "-CAfile", "{d}/ca.pem", "-verify_hostname", "localhost"],
         OPENSSL_OPTIONS),
    Peer("gnutls", ["gnutls-cli", "--logfile=" + os.devnull, "--x509cafile={d}/ca.pem",
                    "--verify-hostname=localhost", "127.0.0.1", "-p", "{port}"], GNUTLS_OPTIONS),
    Peer("socat", ["socat", "-t", "20", "STDIO", "openssl-connect:127.0.0.1:{port},"
                   "cafile={d}/ca.pem,commonname=localhost"], SOCAT_OPTIONS, joined=-1),
    Peer("node", NODE + ["client", "{port}", "ca={d}/ca.pem"], NODE_OPTIONS),
    Peer("nc", ["nc", "-N", "127.0.0.1", "{port}"], NO_OPTIONS, package="socket"),
    Peer("socat-tcp", ["socat", "-t", "20", "STDIO", "tcp:127.0.0.1:{port}"], NO_OPTIONS,
         package="socket"),
]
# Servers of one connection whose other end is our pipe.
SERVERS = [
    Peer("python", PIPE + ["server", "{port}", "--cert", "{d}/local.pem", "--key", "{d}/local.key"],
         PIPE_OPTIONS),
    Peer("openssl", ["openssl", "s_server", "-quiet", "-accept", "127.0.0.1:{port}",
                     "-cert", "{d}/local.pem", "-key", "{d}/local.key"], OPENSSL_OPTIONS),
    Peer("socat", ["socat", "-t", "20", "STDIO", SOCAT_SERVER], SOCAT_SERVER_OPTIONS, joined=-1),
    Peer("node", NODE + ["server", "{port}", "cert={d}/local.pem", "key={d}/local.key"],
         NODE_OPTIONS),
    Peer("nc", ["nc", "-l", "-N", "127.0.0.1", "{port}"], NO_OPTIONS, package="socket"),
    Peer("socat-tcp", ["socat", "-t", "20", "STDIO",
                       "tcp-listen:{port},bind=127.0.0.1,reuseaddr"], NO_OPTIONS, package="socket"),
]
# Servers of many connections that answer lines.
ECHOES = [
    Peer("python", PIPE + ["echo", "{port}", "--cert", "{d}/local.pem", "--key", "{d}/local.key"],
         PIPE_OPTIONS),
    Peer("openssl", ["openssl", "s_server", "-rev", "-accept", "127.0.0.1:{port}",
                     "-cert", "{d}/local.pem", "-key", "{d}/local.key",
                     "-cert2", "{d}/local.pem", "-key2", "{d}/local.key", "-servername_fatal"],
         OPENSSL_OPTIONS),
    Peer("gnutls", ["gnutls-serv", "--echo", "--sni-hostname-fatal", "--port", "{port}",
                    "--x509certfile={d}/local.pem", "--x509keyfile={d}/local.key"], GNUTLS_OPTIONS),
    Peer("socat", ["socat", SOCAT_SERVER + ",fork", "EXEC:cat"], SOCAT_SERVER_OPTIONS, joined=1),
    Peer("node", NODE + ["echo", "{port}", "cert={d}/local.pem", "key={d}/local.key"],
         NODE_OPTIONS),
]


def free_port():
    """For peers that cannot choose one: nobody else has it in our own network."""
    with listen(0) as s:
        return s.getsockname()[1]


class KiwiServer:
    """interop.kiwi with role serve, as a context; `said` are its lines so far.  What the server
    says of a client may come after that has ended: within the context, wait for it by until()."""

    def __init__(self, package="tls", **options):
        words = ["--%s=%s" % item for item in options.items()]
        env = {"KIWI_TLS_CERT": FOLDER + "/local.pem", "KIWI_TLS_KEY": FOLDER + "/local.key"}
        self.process = kiwi(SCRIPT, "--role=serve", "--package=" + package, *words, env=env)
        line = self.process.stdout.readline().split()
        check(line[:1] == [b"port"], line)
        self.port = int(line[1])
        self.said = []
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.said.append(line.decode().rstrip("\n"))

    def until(self, condition):
        """Wait until it holds, or for 20 s: the checks that follow tell what is missing."""
        end = time.monotonic() + 20
        while not condition() and time.monotonic() < end:
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        ended = self.process.poll()
        self.process.terminate()
        self.process.wait(timeout=20)
        self.reader.join(20)
        check(ended is None, "kiwi has ended with", ended, self.process.stderr.read().decode())

    def opened(self):
        return [line for line in self.said if line.startswith("open")]


def kiwi_client(role, port, package="tls", **options):
    options.setdefault("ca", FOLDER + "/ca.pem")
    options.setdefault("sni", "localhost")
    words = ["--%s=%s" % item for item in options.items() if item[1]]
    return kiwi(SCRIPT, "--role=" + role, "--package=" + package, "--port=%d" % port, *words)


def key_options(name):
    """The option of interop.kiwi for a certificate of ours, if any."""
    return {} if name is None else {"cert": "%s/%s.pem" % (FOLDER, name),
                                    "key": "%s/%s.key" % (FOLDER, name)}


def pump(process, data):
    """Feed `data` and read as much again; the digests of both must agree. Nothing is closed."""
    def feed():
        try:
            process.stdin.write(data)
            process.stdin.flush()
        except OSError:
            pass  # what is missing at the other end says so
    thread = threading.Thread(target=feed, daemon=True)
    thread.start()
    digest, left = hashlib.sha256(), len(data)
    while left > 0:
        part = process.stdout.read1(min(left, 65536))
        check(part, "the stream ended,", left, "of", len(data), "bytes are missing")
        digest.update(part)
        left -= len(part)
    thread.join(20)
    check(digest.digest() == hashlib.sha256(data).digest(), "the digests differ")


def refused(process):
    """Feed a line: nothing may come back."""
    try:
        out, _ = process.communicate(b"let me in\n", timeout=20)
    finally:
        process.kill()
    check(out == b"", out)


def sni_of(peer):
    return "localhost" if peer.package == "tls" else None


# ---- Their client, our server --------------------------------------------------------------------

def to_us(peer, size, kiwi_options, agreed, version=None, alpn=None):
    """`size` bytes there and back; kiwi's description of the connection contains `agreed`."""
    with KiwiServer(package=peer.package, **kiwi_options) as server:
        client = peer.start(server.port, sni=sni_of(peer), version=version, alpn=alpn)
        pump(client, os.urandom(size))
        stop(client)
        server.until(server.opened)
    check(len(server.opened()) == 1 and agreed in server.opened()[0], server.said)


def to_us_half_closed(peer, size):
    with KiwiServer(package=peer.package) as server:
        data = os.urandom(size)
        client = peer.start(server.port, sni=sni_of(peer))
        out, err = client.communicate(data, timeout=30)
        server.until(lambda: "end %d" % size in server.said)
    check(out == data + b"total %d\n" % size, len(out), out[-60:], err)
    check("end %d" % size in server.said, server.said)


def to_us_with_certificate(peer, name):
    """Only a certificate of our authority comes in, and the others disturb nobody."""
    with KiwiServer(client_ca=FOLDER + "/ca.pem") as server:
        if name != "client":
            refused(peer.start(server.port, sni="localhost", cert=name))
        client = peer.start(server.port, sni="localhost", cert="client")
        pump(client, b"verified\n")
        stop(client)
        server.until(server.opened)
    check(len(server.opened()) == 1 and "verified=true" in server.opened()[0], server.said)


def to_us_with_encrypted_key(peer):
    key = FOLDER + "/encrypted.key"
    done = subprocess.run(["openssl", "pkey", "-aes256", "-passout", "pass:secret", "-in",
                           FOLDER + "/local.key", "-out", key], stderr=subprocess.PIPE, timeout=30)
    check(done.returncode == 0, done.stderr.decode())
    with KiwiServer(cert=FOLDER + "/local.pem", key=key, key_password="secret") as server:
        client = peer.start(server.port, sni="localhost")
        pump(client, b"a line\n")
        stop(client)
    for password, why in (("wrong", "key_password"), ("", "encrypted")):
        server = kiwi(SCRIPT, "--role=serve", "--cert=" + FOLDER + "/local.pem", "--key=" + key,
                      *["--key_password=" + password] if password else [])
        said = server.communicate(timeout=20)[0].decode()
        check(said.startswith("fault") and why in said and key in said, said)


def count_resumed(server):
    return sum("resumed=true" in line for line in server.opened())


def to_us_resumed(peer, version):
    with KiwiServer() as server:
        client = peer.start(server.port, sni="localhost", version=version, again=2)
        pump(client, b"and again\n")
        stop(client)
        server.until(lambda: len(server.opened()) == 3)
    check(count_resumed(server) == 2 and len(server.opened()) == 3, server.said)


def to_us_resumed_openssl(version):
    need("openssl")
    peer = CLIENTS[1]
    with tempfile.TemporaryDirectory() as folder, KiwiServer() as server:
        state = os.path.join(folder, "session")
        for flag in ("-sess_out", "-sess_in", "-sess_in"):
            command = peer.command(server.port, sni="localhost", version=version)
            client = start(command + [flag, state], stdin=subprocess.PIPE)
            pump(client, b"a line\n")  # the ticket of TLS 1.3 is before the data
            stop(client)
        server.until(lambda: count_resumed(server) == 2)
    check(count_resumed(server) == 2, server.said)


def to_us_resumed_gnutls(version):
    with KiwiServer() as server:
        command = CLIENTS[2].command(server.port, sni="localhost", version=version)
        need("gnutls-cli")
        client = start(command + ["--resume", "--waitresumption"], stdin=subprocess.PIPE)
        pump(client, b"a line\n")
        stop(client)
        server.until(lambda: count_resumed(server) == 1)
    check(count_resumed(server) == 1, server.said)


def to_us_in_one_segment():
    """Data and close_notify arrive together, no FIN follows: the end must be told all the same.

    In memory, because unwrap() of a socket fails when it meets data, and so cannot half close."""
    context = ssl.create_default_context(cafile=FOLDER + "/ca.pem")
    came, goes = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(came, goes, server_hostname="localhost")

    def until(step, s):
        """Repeat `step`, moving bytes, until it needs nothing more from the other side."""
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                s.sendall(goes.read())
                part = s.recv(65536)
                check(part, "the connection ended early")
                came.write(part)
    with KiwiServer() as server, socket.create_connection(("127.0.0.1", server.port), 20) as s:
        until(tls.do_handshake, s)
        s.sendall(goes.read())
        tls.write(b"wait")
        until(lambda: tls.read(4), s)  # now the server waits for readiness
        tls.write(b"x" * 1000)
        try:
            tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        s.sendall(goes.read())
        got = b""
        while not got.endswith(b"total 1004\n"):
            got += until(lambda: tls.read(65536), s)


def half_close_after(peer, size):
    """The peer has all back before it ends its direction: some cannot receive data after that."""
    with KiwiServer(package=peer.package) as server:
        client = peer.start(server.port, sni=sni_of(peer))
        pump(client, os.urandom(size))
        out, err = client.communicate(timeout=20)
    check(out == b"total %d\n" % size, out, err)


# ---- Our client, their server --------------------------------------------------------------------

class TheirServer:
    """A peer that listens, as a context; `port` is where."""

    def __init__(self, peer, **given):
        self.port = free_port()
        self.process = peer.start(self.port, **given)

    def __enter__(self):
        wait_listening(self.port, self.process)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.said = self.process.communicate(timeout=20)[1].decode()


def to_them(peer, size, kiwi_options, agreed, version=None):
    with TheirServer(peer, version=version) as server:
        client = kiwi_client("connect", server.port, package=peer.package, **kiwi_options)
        pump(server.process, os.urandom(size))
    out, _ = finish(client)
    check(agreed in out.splitlines()[0], out)


def to_them_in_lines(peer, kiwi_options, agreed, alpn=None, sni=None):
    """A line there and back; their answer may be the line reversed (openssl s_server -rev)."""
    with TheirServer(peer, alpn=alpn, sni=sni) as server:
        out, _ = finish(kiwi_client("ping", server.port, **kiwi_options))
    check(agreed in out and ("pong ping 1" in out or "pong 1 gnip" in out), out)
    return server.said


def sni_is_told(peer):
    """Peers that cannot say the name refuse other names than theirs (-servername_fatal)."""
    said = to_them_in_lines(peer, {}, "open", sni="localhost" if peer.name in FATAL_SNI else None)
    check(peer.name in FATAL_SNI or "sni localhost" in said, said)
    if peer.name in FATAL_SNI:
        with TheirServer(peer, sni="other.example") as server:
            out, _ = finish(kiwi_client("ping", server.port))
        check("fault" in out and "pong" not in out, out)


def to_them_with_certificate(peer, name):
    """They want a certificate of our authority: others get a fault that can be caught."""
    with TheirServer(peer, verify=True) as server:
        if name != "client":
            out, _ = finish(kiwi_client("ping", server.port, **key_options(name)))
            check("fault" in out and "pong" not in out, out)
        out, _ = finish(kiwi_client("ping", server.port, **key_options("client")))
        check("pong" in out, out)


def to_them_resumed(peer, version):
    with TheirServer(peer, version=version) as server:
        out, _ = finish(kiwi_client("ping", server.port, count=4))
    # A ticket is used once, and not every server (node) gives a new one to a resumed session.
    least = 2 if peer.name == "node" and version == "1.3" else 3
    check(out.count("pong") == 4 and out.count("resumed=true") >= least, out)


def ask_socat(package, size):
    """We end our direction; a command of theirs answers after the end."""
    need("socat")
    need("sha256sum")
    listening = {"tls": SOCAT_SERVER + ",verify=0",
                 "socket": "tcp-listen:{port},bind=127.0.0.1,reuseaddr"}[package]
    peer = Peer("socat", ["socat", "-t", "20", listening, "SYSTEM:sha256sum"], {})
    with TheirServer(peer) as server:
        out, _ = finish(kiwi_client("ask", server.port, package=package, size=size))
    want = hashlib.sha256(b"kiwi" * (size // 4)).hexdigest()
    check("answer " + want in out, out)


# ---- curl ----------------------------------------------------------------------------------------

class HttpsServer:
    def __init__(self, *words):
        env = {"KIWI_TLS_CERT": FOLDER + "/local.pem", "KIWI_TLS_KEY": FOLDER + "/local.key"}
        self.process = kiwi(os.path.join(HERE, "https_echo.kiwi"), *words, env=env)
        self.port = int(self.process.stdout.readline().split()[-1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)


def curl(port, *words, **more):
    need("curl")
    return subprocess.run(["curl", "-sS", "--noproxy", "*", "--cacert", FOLDER + "/ca.pem"]
                          + list(words) + ["https://localhost:%d/" % port],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=40, **more)


def curl_posts(size, *words):
    data = os.urandom(size)
    with HttpsServer() as server:
        done = curl(server.port, "-H", "Expect:", "--data-binary", "@-", *words, input=data)
    check(done.returncode == 0, done.stderr)
    check(hashlib.sha256(done.stdout).digest() == hashlib.sha256(data).digest(), "digests differ")


def curl_resumes():
    with HttpsServer() as server:
        url = "https://localhost:%d/" % server.port
        done = curl(server.port, "--include", "--data-binary", "1", url, url)
    said = done.stdout.decode()
    check(done.returncode == 0, done.stderr)
    check(said.count("X-Session: http/1.1 ") == 3, said)
    check(said.count("resumed=true") == 2, said)


def curl_with_certificate(name):
    words = [] if name is None else ["--cert", "%s/%s.pem" % (FOLDER, name),
                                     "--key", "%s/%s.key" % (FOLDER, name)]
    with HttpsServer(FOLDER + "/ca.pem") as server:
        done = curl(server.port, "--data-binary", "mine", *words)
    check((done.stdout == b"mine") == (name == "client"), done.stdout, done.stderr)
    check((done.returncode == 0) == (name == "client"), done.stderr)


# ---- Scanners ------------------------------------------------------------------------------------

class DevelopmentServer:
    """The TLS example with its development certificate, made in a folder of its own."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.process = kiwi(os.path.join(EXAMPLES, "tls_echo_server.kiwi"), 0,
                            env={"XDG_STATE_HOME": self.folder.name})
        self.port = int(self.process.stdout.readline().split(b":")[-1])
        return self

    def __exit__(self, *_):
        stop(self.process)
        self.folder.cleanup()


def sslscan_finds_nothing():
    need("sslscan")
    with DevelopmentServer() as server:
        out, _ = finish(start(["sslscan", "--xml=-", "--sni-name=localhost",
                               "127.0.0.1:%d" % server.port]))
    found = xml.etree.ElementTree.fromstring(out).find("ssltest")
    check(found is not None, out)
    enabled = [p.get("type") + p.get("version") for p in found.iter("protocol")
               if p.get("enabled") == "1"]
    check(enabled == ["tls1.2", "tls1.3"], enabled)
    check(found.find("renegotiation").get("supported") == "0", "renegotiation is offered")
    check(all(c.get("supported") == "0" for c in found.iter("compression")), "compression")
    check(all(h.get("vulnerable") == "0" for h in found.iter("heartbleed")), "heartbleed")
    ciphers = [c.get("cipher") for c in found.iter("cipher")]
    weak = [c.get("cipher") for c in found.iter("cipher")
            if c.get("strength") not in ("strong", "acceptable")]
    check(len(ciphers) >= 6 and weak == [], weak, ciphers)
    check(all(int(g.get("bits")) >= 128 for g in found.iter("group")), out)


def testssl_finds_only_the_certificate():
    """The quick parts: protocols, ciphers and their order, forward secrecy, renegotiation. It all
    takes a minute: testssl --warnings batch --ip 127.0.0.1 localhost:PORT."""
    if shutil.which("testssl") is None:
        raise Skip("testssl, which is slow, is only used where somebody has installed it")
    with tempfile.TemporaryDirectory() as folder, DevelopmentServer() as server:
        report = os.path.join(folder, "report.csv")
        finish(start(["testssl", "--quiet", "--warnings", "batch", "--ip", "127.0.0.1",
                      "--csvfile", report, "-p", "-s", "-f", "-P", "-R", "-C", "-L",
                      "localhost:%d" % server.port]), code=None, seconds=50)
        with open(report, encoding="utf-8") as rows:
            lines = [line.split('","') for line in rows][1:]
    check(len(lines) > 20, lines)
    bad = [line for line in lines if line[3] not in ("OK", "INFO", "DEBUG")]
    check(bad == [], bad)


def hello_is_not_retried():
    """openssl sends a share for X25519 only: the server must be content with it."""
    need("openssl")
    with KiwiServer() as server:
        words = ["openssl", "s_client", "-msg", "-tls1_3", "-connect", "127.0.0.1:%d" % server.port]
        out, _ = finish(start(words), code=None)
    check(out.count(", ClientHello") == 1, out)


# ---- The table -----------------------------------------------------------------------------------

FATAL_SNI = ("openssl", "gnutls")
VERSIONS = ("1.2", "1.3")
CERTIFICATES = (("client", "its certificate"), (None, "no certificate"),
                ("other/client", "a certificate of another authority"))


def add_clients():
    for peer in CLIENTS:
        name = "%s to kiwi: " % peer.name
        add(name + "large both ways", to_us, peer, 4 * MIB if peer.name == "gnutls" else 16 * MIB,
            {}, "open")
        add(name + "small writes", to_us, peer, 256 << 10, {"limit": 64}, "open")
        if peer.can("half"):
            add(name + "half close", half_close_after, peer, MIB)
            add(name + "half close at once", to_us_half_closed, peer, MIB)
        if peer.package == "socket":
            continue
        for version in VERSIONS:
            add(name + "TLS " + version, to_us, peer, MIB, {}, "TLS" + version, version)
            if peer.can("again"):
                add(name + "TLS %s resumed" % version, to_us_resumed, peer, version)
        for certificate, text in CERTIFICATES:
            add(name + text, to_us_with_certificate, peer, certificate)
        if peer.can("alpn"):
            add(name + "ALPN", to_us, peer, 100, {"alpn": "h2,http/1.1"}, "alpn=http/1.1", None,
                "http/1.1")
    for version in VERSIONS:
        add("openssl to kiwi: TLS %s resumed" % version, to_us_resumed_openssl, version)
        add("gnutls to kiwi: TLS %s resumed" % version, to_us_resumed_gnutls, version)
    add("openssl to kiwi: an encrypted key", to_us_with_encrypted_key, CLIENTS[1])
    add("data and close_notify in one segment", to_us_in_one_segment)


def add_servers():
    for peer in SERVERS:
        name = "kiwi to %s: " % peer.name
        add(name + "large both ways", to_them, peer, 16 * MIB, {}, "open")
        add(name + "small writes", to_them, peer, 256 << 10, {"limit": 64}, "open")
        for version in VERSIONS if peer.package == "tls" else ():
            add(name + "TLS " + version, to_them, peer, MIB, {}, "TLS" + version, version)
    for peer in ECHOES:
        name = "kiwi to %s: " % peer.name
        for version in VERSIONS:
            add(name + "TLS %s resumed" % version, to_them_resumed, peer, version)
        for certificate, text in CERTIFICATES:
            add(name + text, to_them_with_certificate, peer, certificate)
        if peer.name != "socat":
            add(name + "SNI", sni_is_told, peer)
            add(name + "ALPN", to_them_in_lines, peer, {"alpn": "h2,http/1.1"}, "alpn=http/1.1",
                "http/1.1")
    for package in ("tls", "socket"):
        add("kiwi to socat: half close over " + package, ask_socat, package, 4 * MIB)


def add_others():
    for version in VERSIONS:
        add("curl: a large post, TLS " + version, curl_posts, 8 * MIB, "--tlsv" + version,
            "--tls-max", version)
    add("curl: resumption and ALPN", curl_resumes)
    for certificate, text in CERTIFICATES:
        add("curl: " + text, curl_with_certificate, certificate)
    add("a first flight is enough", hello_is_not_retried)
    add("sslscan finds nothing", sslscan_finds_nothing)
    add("testssl finds nothing but the certificate", testssl_finds_only_the_certificate)


def main():
    global FOLDER
    add_clients()
    add_servers()
    add_others()
    with tempfile.TemporaryDirectory() as FOLDER:
        try:
            make_certificate(FOLDER, "local", "DNS:localhost,IP:127.0.0.1")
            make_certificate(FOLDER, "client", "DNS:client")
            os.mkdir(FOLDER + "/other")
            make_certificate(FOLDER + "/other", "client", "DNS:client")
        except Skip as why:
            print("1..1\nok 1 - interoperability # SKIP %s" % why)
            return
        peers.main(TESTS)


if __name__ == "__main__":
    main()
