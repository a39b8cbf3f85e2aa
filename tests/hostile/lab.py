"""lab.py - what the tests with hostile peers share: certificates, the server under test, good
clients.

Environment: KIWI (the command), SRCDIR, KIWI_SANITIZERS (not empty: memory is not measured, and
everything may take longer).
"""
import os
import random
import re
import socket
import subprocess
import threading
import time

import wire

KIWI = os.environ["KIWI"]
HERE = os.path.join(os.environ["SRCDIR"], "tests/hostile")
SANITIZED = os.environ.get("KIWI_SANITIZERS", "") not in ("", "no")
SLOWER = 4 if SANITIZED else 1
HANDSHAKE_MS = 1500 * SLOWER  # limit of the server's handshakes
GOOD_S = 5 * SLOWER           # a good client is served within that time, connecting included
END_S = 10 * SLOWER           # what a misbehaviour led to is seen within that time
HOUR_S = 3600
WORKERS = 4                   # few, so that a busy one is missed
OTHER_THREADS = 8             # the interpreter's, name look-ups'


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def wait_until(condition, seconds=END_S):
    """True as soon as condition() is; False after that many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# ---- Certificates --------------------------------------------------------------------------------

class Authority:
    """A certificate authority in a folder; `issue` makes NAME.pem and NAME.key there."""

    CONFIG = ("[ca]\ndefault_ca = it\n[it]\ndatabase = {0}/index\nserial = {0}/serial\n"
              "new_certs_dir = {0}\ncertificate = {0}/ca.pem\nprivate_key = {0}/ca.key\n"
              "default_md = sha256\npolicy = any\nunique_subject = no\n"
              "[any]\ncommonName = supplied\n"
              "[req]\ndistinguished_name = dn\n[dn]\n")
    CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

    def __init__(self, folder):
        os.mkdir(folder)
        self.folder = folder
        for name, text in (("index", ""), ("serial", "1000\n"),
                           ("config", self.CONFIG.format(folder))):
            with open(self.path(name), "w") as out:
                out.write(text)
        self.openssl("req", "-x509", *self.CURVE, "-keyout", "ca.key", "-out", "ca.pem",
                     "-days", "2", "-subj", "/CN=Test authority",
                     "-addext", "basicConstraints=critical,CA:TRUE",
                     "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def path(self, name):
        return os.path.join(self.folder, name)

    def openssl(self, *words):
        env = dict(os.environ, OPENSSL_CONF=self.path("config"))
        done = subprocess.run(("openssl",) + words, cwd=self.folder, env=env, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        check(done.returncode == 0, "openssl", words[0], done.stdout.decode())

    def issue(self, name, dns="localhost", usage="serverAuth", start=-HOUR_S, end=HOUR_S):
        """Valid from now + start to now + end seconds."""
        def date(seconds):
            return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + seconds))
        with open(self.path(name + ".ext"), "w") as out:
            out.write("subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=%s\n"
                      % (dns, usage))
        self.openssl("req", *self.CURVE, "-keyout", name + ".key", "-out", name + ".csr",
                     "-subj", "/CN=" + name)
        self.openssl("ca", "-batch", "-notext", "-config", "config", "-in", name + ".csr",
                     "-out", name + ".pem", "-extfile", name + ".ext",
                     "-startdate", date(start), "-enddate", date(end))
        return self.path(name)

    def self_sign(self, name):
        self.openssl("req", "-x509", *self.CURVE, "-keyout", name + ".key", "-out", name + ".pem",
                     "-days", "2", "-subj", "/CN=" + name,
                     "-addext", "subjectAltName=DNS:localhost")
        return self.path(name)


# ---- The server under test -----------------------------------------------------------------------

class Server:
    """A process that runs server.kiwi, and what can be counted of it."""

    def __init__(self, folder, authority):
        self.authority = authority
        self.certificate = authority.issue("server")
        self.client = authority.issue("client", usage="clientAuth")
        stranger = Authority(os.path.join(folder, "stranger"))
        self.bad = {"expired": authority.issue("expired_client", usage="clientAuth", end=-60),
                    "early": authority.issue("early_client", usage="clientAuth", start=HOUR_S,
                                             end=2 * HOUR_S),
                    "server": self.certificate,
                    "stranger": stranger.issue("client", usage="clientAuth")}
        self.events = []  # seen and not yet judged
        self.keylog = os.path.join(folder, "keylog")
        env = dict(os.environ, XDG_STATE_HOME=folder, KIWI_WORKERS=str(WORKERS))
        self.errors = open(os.path.join(folder, "server.err"), "w+b")
        self.process = subprocess.Popen(
            [KIWI, os.path.join(HERE, "server.kiwi"), self.certificate + ".pem",
             self.certificate + ".key", authority.path("ca.pem"), str(HANDSHAKE_MS)],
            env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        ports = self.process.stdout.readline().split()
        check(len(ports) == 5, "the server did not start:", self.stderr())
        self.tcp, self.tls, self.mutual, self.alpn, self.control = [int(p) for p in ports]

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def seen(self):
        """Add what happened since the last look to `events`; the counters."""
        events, counters = self.report()
        self.events += events
        return counters

    def wait_for_event(self):
        check(wait_until(lambda: self.seen() and self.events), "nothing happened in the script")

    def alive(self):
        check(self.process.poll() is None, "the server has ended with", self.process.returncode,
              self.stderr())

    def report(self):
        """The events since the last report, and the counters `open`, `tasks`, `refused`."""
        self.alive()
        with wire.dial(self.control) as sock:
            sock.sendall(b"report\n")
            text = wire.read_to_end(sock).decode()
        check(text.endswith(".\n"), "the report was cut short:", text)
        lines = [line.split(" ", 1) for line in text.splitlines()[:-1]]
        events = [rest for word, rest in lines if word == "event"]
        return events, {word: int(rest) for word, rest in lines if word != "event"}

    def descriptors(self):
        """How many sockets and other descriptors are open; None where there is no /proc."""
        folder = "/proc/%d/fd" % self.process.pid
        sockets = others = 0
        try:
            names = os.listdir(folder)
        except OSError:
            return None
        for name in names:
            try:
                is_socket = os.readlink(os.path.join(folder, name)).startswith("socket:")
            except OSError:
                continue  # closed meanwhile
            sockets += is_socket
            others += not is_socket
        return sockets, others

    def threads(self):
        try:
            return len(os.listdir("/proc/%d/task" % self.process.pid))
        except OSError:
            return None

    def memory(self):
        """Resident bytes; None if that cannot be said or means nothing."""
        try:
            with open("/proc/%d/status" % self.process.pid) as lines:
                found = re.search(r"VmRSS:\s*(\d+) kB", lines.read())
        except OSError:
            return None
        return int(found.group(1)) * 1024 if found and not SANITIZED else None

    def stop(self):
        """End the process; what it wrote to stderr, which should be nothing."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdout.close()
        text = self.stderr()
        self.errors.close()
        return text

    # How clients come.

    def plain(self, port=None):
        return wire.dial(port or self.tls)

    def peer(self, version="TLSv1.3", port=None, **more):
        """A TLS client, not yet shaken hands."""
        return wire.Peer(self.plain(port), wire.client_context(version, self.keylog, **more))

    def talking(self, version="TLSv1.3", **more):
        """A TLS client that has been served once."""
        peer = self.peer(version, **more).handshake()
        peer.send(b"hello")
        check(peer.recv_exactly(5) == b"hello")
        return peer


# ---- Good clients --------------------------------------------------------------------------------

def good_tcp(server, data):
    with wire.dial(server.tcp) as sock:
        sock.settimeout(GOOD_S)
        sock.sendall(data)
        got = b""
        while len(got) < len(data):
            part = sock.recv(65536)
            check(part, "a good client was cut off")
            got += part
        check(got == data, "a good client got other bytes")
        sock.shutdown(socket.SHUT_WR)
        check(sock.recv(1) == b"", "bytes that nobody sent")


def good_tls(server, data, version, port=None, **more):
    peer = wire.Peer(wire.dial(port or server.tls), wire.client_context(version, **more))
    with peer.sock:
        peer.sock.settimeout(GOOD_S)
        peer.handshake()
        peer.send(data)
        check(peer.recv_exactly(len(data)) == data, "a good client got other bytes")
        peer.close_notify()
        check(peer.recv() == b"", "bytes that nobody sent")


def good_mutual(server, data):
    good_tls(server, data, "TLSv1.3", server.mutual, certificate=server.client)


GOOD = (good_tcp, lambda server, data: good_tls(server, data, "TLSv1.3"),
        lambda server, data: good_tls(server, data, "TLSv1.2"), good_mutual)


class Company:
    """Threads of good clients, one of each kind, that come again and again until stop()."""

    def __init__(self, server, seed=1):
        self.ending = threading.Event()
        self.failure = None
        self.served = 0
        self.slowest = 0.0
        self.lock = threading.Lock()  # guards the three above
        self.threads = [threading.Thread(target=self.come, args=(server, kind, seed + i))
                        for i, kind in enumerate(GOOD)]
        for thread in self.threads:
            thread.start()

    def come(self, server, kind, seed):
        chance = random.Random(seed)
        while not self.ending.is_set():
            begin = time.monotonic()
            try:
                kind(server, chance.randbytes(chance.choice((1, 100, 20000))))
                took = time.monotonic() - begin
                check(took < GOOD_S, "a good client waited %.1f s" % took)
            except Exception as why:  # whatever it was, a good client should not meet it
                with self.lock:
                    self.failure = self.failure or "%s: %s" % (type(why).__name__, why)
                return
            with self.lock:
                self.served += 1
                self.slowest = max(self.slowest, took)
            self.ending.wait(chance.random() * 0.05)

    def content(self):
        check(self.failure is None, "a good client was not served:", self.failure)

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join()
