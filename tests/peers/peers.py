"""peers.py - kiwi scripts against other people's programs: python, nc, socat, openssl, gnutls-cli, curl.

The specification's six scripts run unmodified. Their ports are fixed, so each test runs in a network
namespace of its own where the system allows that; elsewhere one at a time, and skipped if a port is
taken. Each test is a process with a time limit. Prints TAP; a peer that is not installed is a SKIP.
"""
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

KIWI = os.environ["KIWI"]
SRCDIR = os.environ["SRCDIR"]
BUILDDIR = os.environ["BUILDDIR"]
SEED = os.path.join(SRCDIR, "tests/conformance/seed")
EXAMPLES = os.path.join(SRCDIR, "examples")
REDIRECT = os.path.join(BUILDDIR, ".libs/libredirect.so")
LIMIT = 60  # seconds for a test, sanitizers included
TESTS = []


class Skip(Exception):
    """The test cannot be done here, and why."""


def test(*ports):
    """Register a test that needs these ports of the loopback to itself."""
    def register(function):
        TESTS.append((function, ports))
        return function
    return register


def need(program):
    if shutil.which(program) is None:
        raise Skip(program + " is not installed")


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


# ---- A network of our own -------------------------------------------------------------------------

def own_network():
    """Enter a fresh network namespace with its loopback up; False if that is not possible."""
    new_user, new_net = 0x10000000, 0x40000000
    if not sys.platform.startswith("linux"):
        return False
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(new_net if os.geteuid() == 0 else new_user | new_net) != 0:
            return False
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            set_flags, up_running = 0x8914, 0x41
            fcntl.ioctl(s, set_flags, struct.pack("16sh14x", b"lo", up_running))
        return True
    except (OSError, AttributeError):
        return False


def port_is_free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def wait_listening(port, server):
    """Wait until somebody listens, without connecting: the server may want one client only."""
    want = ":%04X" % port
    end = time.monotonic() + 20
    while time.monotonic() < end:
        if server.poll() is not None:
            raise AssertionError("the server has ended: " + server.communicate()[1].decode())
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            try:
                with open(table) as rows:
                    for row in rows:
                        field = row.split()
                        if field[1].endswith(want) and field[3] == "0A":
                            return
            except OSError:
                time.sleep(1)
                return
        time.sleep(0.02)
    raise AssertionError("nobody listens on port %d" % port)


# ---- Programs -------------------------------------------------------------------------------------

def start(command, **more):
    more.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def kiwi(script, *args, env=None):
    return start([KIWI, script] + [str(a) for a in args], env=dict(os.environ, **(env or {})))


def seed(name, env=None):
    return kiwi(os.path.join(SEED, name + ".kiwi"), env=env)


def finish(process, code=0, seconds=30):
    """Wait for the end; gives what was printed as two texts."""
    out, err = process.communicate(timeout=seconds)
    out, err = out.decode(), err.decode()
    check(code is None or process.returncode == code, "exit code", process.returncode,
          "expected", code, "stdout:", out, "stderr:", err)
    return out, err


def stop(process):
    process.terminate()
    try:
        process.communicate(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def exchange(port, data):
    """What a server sends back until it closes; `data` is sent first."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.sendall(data)
        return read_to_end(s)


def read_to_end(s):
    got = b""
    while True:
        part = s.recv(65536)
        if not part:
            return got
        got += part


def serve(listener, handle):
    """Run handle(connection) for each client in a thread, until the listener is closed."""
    def loop():
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(conn,), daemon=True).start()
    threading.Thread(target=loop, daemon=True).start()


def listen(port):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", port))
    s.listen(64)
    return s


def echo_once(conn):
    with conn:
        conn.sendall(conn.recv(4096))


def hello_check(out):
    check(out.startswith("Server listening on 127.0.0.1:8080\nClient connected: "), out)
    check(out.endswith("\nReceived: 72101108108111\nDone.\n"), out)


# ---- The specification's TCP scripts --------------------------------------------------------------

@test(8080)
def echo_server_with_python():
    server = seed("echo_server")
    wait_listening(8080, server)
    check(exchange(8080, b"Hello") == b"Hello")
    hello_check(finish(server)[0])


@test(8080)
def echo_server_with_nc():
    need("nc")
    server = seed("echo_server")
    wait_listening(8080, server)
    client = start(["nc", "127.0.0.1", "8080"], stdin=subprocess.PIPE)
    client.stdin.write(b"Hello")
    client.stdin.flush()
    check(client.stdout.read(5) == b"Hello")
    hello_check(finish(server)[0])
    client.kill()
    client.communicate()


@test(8080)
def echo_server_with_socat():
    need("socat")
    server = seed("echo_server")
    wait_listening(8080, server)
    client = subprocess.run(["socat", "-t", "10", "-", "TCP:127.0.0.1:8080"], input=b"Hello",
                            stdout=subprocess.PIPE, timeout=30)
    check(client.stdout == b"Hello", client.stdout)
    hello_check(finish(server)[0])


@test(8080)
def echo_server_with_tcp_client():
    server = seed("echo_server")
    wait_listening(8080, server)
    out, _ = finish(seed("tcp_client"))
    check(out == "Connected to server\nServer replied: 72101108108111\n", out)
    hello_check(finish(server)[0])


@test(8080)
def tcp_client_with_python():
    with listen(8080) as listener:
        serve(listener, echo_once)
        out, _ = finish(seed("tcp_client"))
    check(out == "Connected to server\nServer replied: 72101108108111\n", out)


@test(8080)
def tcp_client_with_socat():
    need("socat")
    server = start(["socat", "TCP-LISTEN:8080,bind=127.0.0.1,reuseaddr", "EXEC:cat"])
    wait_listening(8080, server)
    out, _ = finish(seed("tcp_client"))
    check(out == "Connected to server\nServer replied: 72101108108111\n", out)
    stop(server)


@test(8080)
def tcp_client_without_a_server_fails():
    out, err = finish(seed("tcp_client"), code=1)
    check(out == "" and "SystemError" in err, out, err)


@test(8080)
def tcp_client_gets_a_reset():
    def reset(conn):
        conn.recv(4096)
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.close()
    with listen(8080) as listener:
        serve(listener, reset)
        out, err = finish(seed("tcp_client"), code=1)
    check(out == "Connected to server\n" and "SystemError" in err, out, err)


@test(9000)
def persistent_echo_server_serves_many():
    server = seed("persistent_echo_server")
    wait_listening(9000, server)
    silent = socket.create_connection(("127.0.0.1", 9000), timeout=20)
    socket.create_connection(("127.0.0.1", 9000), timeout=20).close()
    clients = [socket.create_connection(("127.0.0.1", 9000), timeout=20) for _ in range(200)]
    for i, client in enumerate(clients):
        client.sendall(b"client %d" % i)
    for i, client in enumerate(clients):
        check(read_to_end(client) == b"client %d" % i, "client", i)
        client.close()
    silent.sendall(b"at last")
    check(read_to_end(silent) == b"at last")
    check(server.poll() is None, "the server has ended")
    stop(server)


@test(9000)
def persistent_echo_server_with_nc():
    need("nc")
    server = seed("persistent_echo_server")
    wait_listening(9000, server)
    for text in (b"one", b"two"):
        client = start(["nc", "127.0.0.1", "9000"], stdin=subprocess.PIPE)
        client.stdin.write(text)
        client.stdin.flush()
        check(client.stdout.read(3) == text)
        client.kill()
        client.communicate()
    stop(server)


@test(21, 80)
def port_scanner_finds_what_listens():
    def banner(conn):
        conn.sendall(b"220 ready\r\n")
        time.sleep(5)
        conn.close()

    def silent(conn):
        time.sleep(5)
        conn.close()
    with listen(21) as ftp, listen(80) as web:
        serve(ftp, banner)
        serve(web, silent)
        out, _ = finish(seed("port_scanner"), seconds=50)
    lines = out.splitlines()
    check(" [open] port 21" in lines and " [open] port 80" in lines, out)
    found = sorted(int(line.split()[-1]) for line in lines[:-1])
    check(lines[-1] == "Open ports: " + ", ".join(str(p) for p in found), out)
    check(not ISOLATED or found == [21, 80], out)


@test()
def port_scanner_with_nothing_open():
    if not ISOLATED:
        raise Skip("needs a network namespace")
    out, _ = finish(seed("port_scanner"), seconds=50)
    check(out == "Open ports: \n", out)


# ---- TLS ------------------------------------------------------------------------------------------

def make_certificate(folder, name, subject):
    """A test authority in folder/ca.pem and a certificate for `subject` in NAME.pem and NAME.key."""
    need("openssl")

    def openssl(*words):
        done = subprocess.run(("openssl",) + words, cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=30)
        check(done.returncode == 0, "openssl", words[0], done.stdout.decode())
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    if not os.path.exists(os.path.join(folder, "ca.pem")):
        openssl("req", "-x509", *curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
                "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", *curve, "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name)
    with open(os.path.join(folder, name + ".ext"), "w") as out:
        out.write("subjectAltName=%s\nbasicConstraints=CA:FALSE\n" % subject)
    openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-out", name + ".pem", "-extfile", name + ".ext")
    return os.path.join(folder, name)


class TlsServer:
    """A TLS server in python that answers one request and remembers the names it was asked for."""

    def __init__(self, certificate, answer, port=0):
        self.names = []
        self.requests = []
        self.answer = answer
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate + ".pem", certificate + ".key")
        self.context.sni_callback = lambda _sock, name, _context: self.names.append(name)
        self.listener = listen(port)
        self.port = self.listener.getsockname()[1]
        serve(self.listener, self.handle)

    def handle(self, conn):
        try:
            with self.context.wrap_socket(conn, server_side=True) as tls:
                self.requests.append(tls.recv(4096))
                tls.sendall(self.answer)
                try:
                    tls.unwrap()
                except OSError:
                    pass
        except OSError:
            pass


def redirected(server, folder, trusted=True):
    """The environment that sends example.com and port 443 to `server`."""
    if not os.path.exists(REDIRECT):
        raise Skip("no library can be preloaded here")
    env = {"LD_PRELOAD": REDIRECT, "KIWI_TEST_PORT": str(server.port), "XDG_STATE_HOME": folder}
    options = os.environ.get("ASAN_OPTIONS", "")
    env["ASAN_OPTIONS"] = (options + ":" if options else "") + "verify_asan_link_order=0"
    if trusted:
        env["SSL_CERT_FILE"] = os.path.join(folder, "ca.pem")
    return env


ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@test()
def https_request_with_a_trusted_server():
    with tempfile.TemporaryDirectory() as folder:
        server = TlsServer(make_certificate(folder, "web", "DNS:example.com"), ANSWER)
        out, _ = finish(seed("https_request", redirected(server, folder)))
    digits = "".join(str(b) for b in ANSWER)
    check(out == "TLS connection established\n" + digits + "\n", out)
    check(server.names == ["example.com"], server.names)
    check(server.requests[0].startswith(b"GET / HTTP/1.1\r\nHost: example.com\r\n"))


def fails(script, certificate_names, trusted):
    with tempfile.TemporaryDirectory() as folder:
        server = TlsServer(make_certificate(folder, "web", certificate_names), ANSWER)
        out, err = finish(seed(script, redirected(server, folder, trusted)), code=1)
    check("SystemError" in err, err)
    check(server.requests == [] or server.requests == [b""], "a request was sent")
    return out


@test()
def https_request_refuses_an_unknown_authority():
    out = fails("https_request", "DNS:example.com", trusted=False)
    check(out == "TLS connection established\n", out)


@test()
def https_request_refuses_another_name():
    fails("https_request", "DNS:example.org", trusted=True)


@test()
def tls_sni_sends_and_checks_the_name():
    with tempfile.TemporaryDirectory() as folder:
        server = TlsServer(make_certificate(folder, "api", "DNS:api.example.com"), ANSWER)
        out, _ = finish(seed("tls_sni", redirected(server, folder)))
    check(out == "Response length: %d bytes\n" % len(ANSWER), out)
    check(server.names == ["api.example.com"], server.names)


@test()
def tls_sni_refuses_another_name():
    out = fails("tls_sni", "DNS:www.example.com,IP:203.0.113.10", trusted=True)
    check(out == "", out)


def tls_server(folder, script="tls_echo_server", port=7443, where=EXAMPLES):
    env = {"XDG_STATE_HOME": folder}
    if shutil.which("openssl"):
        name = make_certificate(folder, "local", "DNS:localhost,IP:127.0.0.1")
        env.update(KIWI_TLS_CERT=name + ".pem", KIWI_TLS_KEY=name + ".key")
    server = kiwi(os.path.join(where, script + ".kiwi"), port, env=env)
    wait_listening(port, server)
    return server


def talk(command, sent=b"over TLS\n"):
    """Send one line through a client program and wait until it has printed it back."""
    client = start(command, stdin=subprocess.PIPE)
    client.stdin.write(sent)
    client.stdin.flush()
    line = b""
    while not line.endswith(sent):
        line = client.stdout.readline()
        if not line:
            raise AssertionError("no echo; " + client.stderr.read().decode())
    client.stdin.close()
    client.stdin = None
    stop(client)


@test(7443)
def tls_server_with_openssl_1_3():
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        server = tls_server(folder)
        talk(["openssl", "s_client", "-quiet", "-tls1_3", "-verify_return_error", "-CAfile",
              folder + "/ca.pem", "-verify_hostname", "localhost", "-connect", "127.0.0.1:7443"])
        stop(server)


@test(7443)
def tls_server_with_openssl_1_2():
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        server = tls_server(folder)
        talk(["openssl", "s_client", "-quiet", "-tls1_2", "-verify_return_error", "-CAfile",
              folder + "/ca.pem", "-verify_hostname", "localhost", "-connect", "127.0.0.1:7443"])
        stop(server)


@test(7443)
def tls_server_with_gnutls_cli():
    need("gnutls-cli")
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        server = tls_server(folder)
        talk(["gnutls-cli", "--x509cafile", folder + "/ca.pem", "-p", "7443", "127.0.0.1"])
        stop(server)


@test(7443)
def tls_server_with_python():
    with tempfile.TemporaryDirectory() as folder:
        need("openssl")
        server = tls_server(folder)
        context = ssl.create_default_context(cafile=folder + "/ca.pem")
        data = os.urandom(10000)
        with socket.create_connection(("127.0.0.1", 7443), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                for turn in range(10):  # one thread: Python's SSL objects are not safe for two
                    tls.sendall(data)
                    got = b""
                    while len(got) < len(data):
                        part = tls.recv(65536)
                        check(part, "the stream ended early")
                        got += part
                    check(got == data)
                tls.unwrap().close()
        stop(server)


@test(7443)
def tls_server_survives_clients_that_do_not_speak_tls():
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        server = tls_server(folder)
        silent = socket.create_connection(("127.0.0.1", 7443), timeout=20)
        for junk in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\x16\x03\x01\xff\xff", os.urandom(500)):
            with socket.create_connection(("127.0.0.1", 7443), timeout=20) as s:
                s.sendall(junk)
        context = ssl.create_default_context(cafile=folder + "/ca.pem")
        with socket.create_connection(("127.0.0.1", 7443), timeout=20) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                tls.sendall(b"still there?")
                check(tls.recv(4096) == b"still there?")
        silent.close()
        check(server.poll() is None, "the server has ended")
        stop(server)


@test(7443)
def tls_server_with_curl():
    need("curl")
    need("openssl")
    with tempfile.TemporaryDirectory() as folder:
        server = tls_server(folder, "https_hello", where=os.path.join(SRCDIR, "tests/peers"))
        for more in ([], ["--tls-max", "1.2"]):
            out, _ = finish(start(["curl", "-sS", "--noproxy", "*", "--cacert", folder + "/ca.pem"]
                                  + more + ["https://localhost:7443/"]))
            check(out == "hello from kiwi\n", out)
        stop(server)


@test(7443)
def tls_server_with_the_development_certificate():
    """Without a certificate of one's own: kiwi clients of the same user trust it, others do not."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"XDG_STATE_HOME": folder}
        server = kiwi(os.path.join(EXAMPLES, "tls_echo_server.kiwi"), 7443, env=env)
        wait_listening(7443, server)
        code = ('c = tls::tcpconnect("127.0.0.1", 7443, "localhost")\n'
                'task::await(tls::send(c, "mine".to_bytes()))\n'
                'println task::await(tls::recv(c)).to_string()\n')
        out, _ = finish(start([KIWI, "-e", code], env=dict(os.environ, **env)))
        check(out == "mine\n", out)
        with tempfile.TemporaryDirectory() as other:
            _, err = finish(start([KIWI, "-e", code],
                                  env=dict(os.environ, XDG_STATE_HOME=other)), code=1)
        check("SystemError" in err, err)
        stop(server)


def get_page(folder, command):
    server = start(command, cwd=folder, stdin=subprocess.PIPE)
    try:
        wait_listening(7443, server)
        out, _ = finish(kiwi(os.path.join(EXAMPLES, "https_get.kiwi"), "localhost", "/", 7443,
                             env={"SSL_CERT_FILE": folder + "/ca.pem"}))
    finally:
        stop(server)
    check(out.startswith("HTTP/1.0 200"), out)


@test(7443)
def https_get_with_openssl_s_server():
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder, "local", "DNS:localhost")
        get_page(folder, ["openssl", "s_server", "-quiet", "-www", "-accept", "127.0.0.1:7443",
                          "-cert", "local.pem", "-key", "local.key"])


@test(7443)
def https_get_with_gnutls_serv():
    need("gnutls-serv")
    with tempfile.TemporaryDirectory() as folder:
        make_certificate(folder, "local", "DNS:localhost")
        get_page(folder, ["gnutls-serv", "--quiet", "--http", "--port", "7443",
                          "--x509certfile", "local.pem", "--x509keyfile", "local.key"])


# ---- The examples' servers ------------------------------------------------------------------------

@test(7000)
def example_echo_server_and_client():
    server = kiwi(os.path.join(EXAMPLES, "echo_server.kiwi"), 7000)
    wait_listening(7000, server)
    with socket.create_connection(("127.0.0.1", 7000), timeout=20) as s:
        for _ in range(3):
            s.sendall(b"again")
            check(s.recv(4096) == b"again")
        s.shutdown(socket.SHUT_WR)
        check(s.recv(4096) == b"")
    stop(server)
    with listen(7000) as listener:
        serve(listener, echo_once)
        out, _ = finish(kiwi(os.path.join(EXAMPLES, "tcp_client.kiwi"), "127.0.0.1", 7000, "hi"))
    check(out == "hi\n", out)


@test(7000)
def a_server_announces_itself_into_a_pipe():
    """What was printed is seen when the program waits, not when it ends."""
    server = kiwi(os.path.join(EXAMPLES, "echo_server.kiwi"), 0)
    line = server.stdout.readline()
    check(line.startswith(b"Listening on 127.0.0.1:"), line)
    with socket.create_connection(("127.0.0.1", int(line.split(b":")[-1])), timeout=20) as s:
        s.sendall(b"found")
        check(s.recv(4096) == b"found")
    stop(server)


@test(80)
def example_port_scanner():
    with listen(80):
        out, _ = finish(kiwi(os.path.join(EXAMPLES, "port_scanner.kiwi"), 60, 100))
    check(out == "Open: 80\n" or not ISOLATED and "80" in out, out)


@test()
def c_example_echo_server_with_kiwi():
    with tempfile.TemporaryDirectory() as folder:
        env = dict(os.environ, XDG_STATE_HOME=folder)
        for package, mode in (("socket", []), ("tls", ["tls", "1"])):
            server = start([os.path.join(BUILDDIR, "examples/echo_server"), "localhost", "0"] + mode,
                           env=env)
            port = int(server.stdout.readline().split(b":")[-1].split()[-1])
            code = ('c = PKG::tcpconnect("localhost", %d)\n'
                    'task::await(PKG::send(c, "from kiwi".to_bytes()))\n'
                    'println task::await(PKG::recv(c)).to_string()\n'
                    'PKG::close(c)\n' % port).replace("PKG", package)
            out, _ = finish(start([KIWI, "-e", code], env=env))
            check(out == "from kiwi\n", out)
            stop(server)


@test(7443)
def c_example_tls_client_with_kiwi():
    with tempfile.TemporaryDirectory() as folder:
        server = tls_server(folder)
        env = dict(os.environ, XDG_STATE_HOME=folder, KIWI_TLS_CA=folder + "/ca.pem")
        out, _ = finish(start([os.path.join(BUILDDIR, "examples/tls_client"), "127.0.0.1", "7443",
                               "localhost", "from C"], env=env))
        check(out == "from C\n", out)
        stop(server)


# ---- The driver -----------------------------------------------------------------------------------

ISOLATED = False


def run_isolated(function, ports):
    """In a child process: 0 passed, 1 failed, 77 skipped, with the reason in the pipe's text."""
    global ISOLATED
    ISOLATED = own_network()
    try:
        busy = [] if ISOLATED else [p for p in ports if not port_is_free(p)]
        if busy:
            raise Skip("port %d cannot be had" % busy[0])
        function()
        return 0, ""
    except Skip as why:
        return 77, str(why)
    except Exception as why:  # whatever it was, it is this test's failure
        return 1, "%s: %s" % (type(why).__name__, why)


def run_test(function, ports):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.close(reader)
        code, why = run_isolated(function, ports)
        os.write(writer, why.encode()[:4000])
        sys.stdout.flush()
        os._exit(code)
    os.close(writer)
    end = time.monotonic() + LIMIT
    status = None
    while status is None and time.monotonic() < end:
        done, code = os.waitpid(child, os.WNOHANG)
        if done:
            status = code >> 8 if os.WIFEXITED(code) else 1
        else:
            time.sleep(0.02)
    why = ""
    if status is not None:
        with os.fdopen(reader, "rb") as text:
            why = text.read(4000).decode(errors="replace")
    try:
        os.killpg(child, signal.SIGKILL)  # the test's own group: servers that it left behind
    except ProcessLookupError:
        pass
    if status is None:
        os.waitpid(child, 0)
        os.close(reader)
        return 1, "no end after %d seconds" % LIMIT
    return status, why


def main(tests):
    wanted = sys.argv[1:]
    chosen = [t for t in tests if not wanted or t[0].__name__ in wanted]
    print("1..%d" % len(chosen))
    for number, (function, ports) in enumerate(chosen, 1):
        status, why = run_test(function, ports)
        name = function.__name__
        if status == 77:
            print("ok %d - %s # SKIP %s" % (number, name, why))
        elif status == 0:
            print("ok %d - %s" % (number, name))
        else:
            print("not ok %d - %s" % (number, name))
            for line in why.splitlines():
                print("# " + line)
        sys.stdout.flush()


if __name__ == "__main__":
    main(TESTS)
