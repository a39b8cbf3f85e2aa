"""supervised.py - servers as they are deployed: sockets that were opened for them, what they tell systemd, clients that
come through HAProxy.

Where systemd-socket-activate and haproxy are not installed Python does their part. Uses the driver of peers.py.
"""
import fcntl
import os
import select
import signal
import socket
import ssl
import struct
import tempfile
import threading
import time

import peers
from peers import KIWI, check, finish, make_certificate, need, read_to_end, start, stop

TESTS = []
ECHO = """
with_name = env::get("NAME")
listener = socket::inherited(with_name == null || with_name == "" ? 0 : with_name)
println socket::info(listener).local_port
socket::serve(listener, with (client) do
  socket::send_text(client, task::await(socket::recv_line(client)) + "\\n")
end)
println "ended"
"""


def test(function):
    TESTS.append((function, ()))
    return function


def listen():
    s = socket.socket()
    s.bind(("127.0.0.1", 0))
    s.listen(64)
    return s


def hand_over(script, sockets, names=None, env=None, arguments=()):
    """Start kiwi with the sockets as descriptors from 3 on, as systemd does: the variables name its own process."""
    def arrange():
        high = [fcntl.fcntl(s.fileno(), fcntl.F_DUPFD_CLOEXEC, 100) for s in sockets]  # theirs may be in the way
        for at, fd in enumerate(high):
            os.dup2(fd, 3 + at)
    env = dict(os.environ, LISTEN_FDS=str(len(sockets)), **(env or {}))
    if names is not None:
        env["LISTEN_FDNAMES"] = names
    return start(["sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"', KIWI, "-e", script] + list(arguments), env=env,
                 close_fds=False, preexec_fn=arrange)


def ask(port, line):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.sendall(line)
        return read_to_end(s)


@test
def connections_made_before_the_start_are_served():
    with listen() as listener:
        port = listener.getsockname()[1]
        early = [socket.create_connection(("127.0.0.1", port), timeout=20) for _ in range(5)]
        early[0].sendall(b"sent early\n")
        server = hand_over(ECHO, [listener])
        check(read_to_end(early[0]) == b"sent early\n")
        for s in early[1:]:
            s.sendall(b"later\n")
            check(read_to_end(s) == b"later\n")
        check(ask(port, b"now\n") == b"now\n")
        server.send_signal(signal.SIGTERM)
        check(finish(server)[0] == "%d\nended\n" % port)
        # The listener is ours still: the next process goes on with what has come meanwhile.
        waiting = socket.create_connection(("127.0.0.1", port), timeout=20)
        waiting.sendall(b"between\n")
        server = hand_over(ECHO, [listener])
        check(read_to_end(waiting) == b"between\n")
        stop(server)


@test
def one_of_several_is_found_by_its_name():
    with listen() as web, listen() as admin:
        server = hand_over(ECHO, [web, admin], "web:admin", env={"NAME": "admin"})
        check(ask(admin.getsockname()[1], b"hello\n") == b"hello\n")
        server.send_signal(signal.SIGTERM)
        check(finish(server)[0] == "%d\nended\n" % admin.getsockname()[1])
        out, _ = finish(hand_over('try\nsocket::inherited("wab")\ncatch e\nprintln e.message\nend', [web, admin], "web:admin"))
        check(out == "No inherited socket 'wab', there are 2: 0 'web', 1 'admin'\n", out)


@test
def what_is_meant_for_another_process_is_left_alone():
    script = 'try\nsocket::inherited()\ncatch e\nprintln e.message\nend'
    env = dict(os.environ, LISTEN_PID="1", LISTEN_FDS="1")
    out, _ = finish(start([KIWI, "-e", script], env=env))
    check(out == "No socket was handed over: LISTEN_PID is '1', another process, and standard input is no socket\n", out)


@test
def programs_that_the_script_starts_do_not_get_them():
    script = """
result = sys::exec("sh", ["-c", "ls /proc/self/fd; echo listen: $LISTEN_PID; echo mine: $$"])
println result
println socket::info(socket::inherited()).listener
"""
    if not os.path.isdir("/proc/self/fd"):
        raise peers.Skip("there is no /proc")
    with listen() as listener:
        out, _ = finish(hand_over(script, [listener, listener]))
        lines = out.split()
        check("0" in lines and "3" in lines, out)  # 3: the folder itself, which ls reads
        check("4" not in lines and lines[-1] == "true", out)


@test
def a_connection_is_handed_over_as_standard_input():
    ours, theirs = socket.socketpair()
    script = """
conn = socket::inherited()
println socket::info(conn).listener
println console::readline() == ""
socket::send_text(conn, task::await(socket::recv_line(conn)).uppercase())
socket::close(conn)
"""
    server = start([KIWI, "-e", script], stdin=theirs)
    theirs.close()
    ours.sendall(b"from inetd\n")
    check(read_to_end(ours) == b"FROM INETD")
    out, _ = finish(server)
    check(out.startswith("false\n"), out)


@test
def tls_is_served_on_a_listener_that_was_handed_over():
    script = """
listener = tls::inherited("web", {"cert": env::get("CERT"), "key": env::get("KEY")})
tls::serve(listener, with (client) do
  tls::send_text(client, task::await(tls::recv_line(client)) + " over TLS")
end)
"""
    refused = 'try\ntls::inherited()\ncatch e\nprintln e.message\nend\nprintln socket::info(socket::inherited()).listener'
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryDirectory() as folder, listen() as listener:
        make_certificate(folder, "local", "DNS:localhost,IP:127.0.0.1")
        early = socket.create_connection(listener.getsockname(), timeout=20)
        server = hand_over(script, [listener], "web",
                           env={"CERT": folder + "/local.pem", "KEY": folder + "/local.key"})
        context = ssl.create_default_context(cafile=folder + "/ca.pem")
        with context.wrap_socket(early, server_hostname="localhost") as s:
            s.sendall(b"early\n")
            check(s.recv(100) == b"early over TLS")
        stop(server)
    out, _ = finish(hand_over(refused, [theirs]))
    check(out == "Cannot take inherited socket 0: it is a connection, not a listener\nfalse\n", out)
    ours.close()


@test
def systemd_socket_activate_starts_the_server():
    need("systemd-socket-activate")
    with listen() as probe:
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        script = os.path.join(folder, "echo.kiwi")
        with open(script, "w") as file:
            file.write(ECHO)
        command = ["systemd-socket-activate", "-l", "127.0.0.1:%d" % port, "--fdname=web", "-E", "NAME=web", "-E", "PATH"]
        server = start(command + [KIWI, script])
        first = None
        end = time.monotonic() + 20
        while first is None and time.monotonic() < end:
            try:
                first = socket.create_connection(("127.0.0.1", port), timeout=20)  # made before kiwi is started
            except ConnectionRefusedError:
                time.sleep(0.02)
        first.sendall(b"started by this\n")
        check(read_to_end(first) == b"started by this\n")
        check(ask(port, b"hello\n") == b"hello\n")
        server.send_signal(signal.SIGTERM)  # systemd-socket-activate has become kiwi
        check(finish(server)[0] == "%d\nended\n" % port)


# ---- Notifications ---------------------------------------------------------------------------------

def supervise(address, script, env):
    """A supervisor at the address, and the server."""
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind("\0" + address[1:] if address[0] == "@" else address)
    s.settimeout(20)
    return s, start([KIWI, "-e", script], env=dict(os.environ, NOTIFY_SOCKET=address, **env))


SERVE = """
println socket::notify("STATUS=at work")
listener = socket::tcpserver("127.0.0.1", 0)
println socket::info(listener).local_port
socket::serve(listener, with (client) do task::await(socket::recv(client)) end)
"""


@test
def serve_tells_systemd_how_it_is():
    with tempfile.TemporaryDirectory() as folder:
        for address in folder + "/notify", "@kiwi-test-%d" % os.getpid():
            supervisor, server = supervise(address, SERVE, {})
            with supervisor:
                check(supervisor.recv(100) == b"STATUS=at work")
                check(supervisor.recv(100) == b"READY=1")
                lines = server.stdout.readline(), server.stdout.readline()
                check(lines[0] == b"true\n", lines)
                client = socket.create_connection(("127.0.0.1", int(lines[1])), timeout=20)
                server.send_signal(signal.SIGTERM)
                check(supervisor.recv(100) == b"STOPPING=1")
                client.close()
                finish(server)
                check(not select.select([supervisor], [], [], 0)[0], "more was told")


@test
def serve_beats_for_the_watchdog():
    address = "@kiwi-beats-%d" % os.getpid()
    supervisor, server = supervise(address, SERVE, {"WATCHDOG_USEC": "100000"})
    with supervisor:
        check(supervisor.recv(100) == b"STATUS=at work")
        check(supervisor.recv(100) == b"READY=1")
        for _ in range(4):
            check(supervisor.recv(100) == b"WATCHDOG=1")
        stop(server)
    supervisor, server = supervise(address, SERVE, {"WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
    with supervisor:
        supervisor.recv(100)
        check(supervisor.recv(100) == b"READY=1")
        lines = server.stdout.readline(), server.stdout.readline()
        socket.create_connection(("127.0.0.1", int(lines[1])), timeout=20).close()
        server.send_signal(signal.SIGTERM)
        check(supervisor.recv(100) == b"STOPPING=1")  # and no beat before: they are another one's
        finish(server)


@test
def serve_goes_on_where_nobody_listens():
    script = SERVE.replace('println socket::notify("STATUS=at work")', "")
    server = start([KIWI, "-e", script], env=dict(os.environ, NOTIFY_SOCKET="/nowhere/notify", WATCHDOG_USEC="20000"))
    port = int(server.stdout.readline())
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
            s.sendall(b"x")
            check(read_to_end(s) == b"")
    server.send_signal(signal.SIGTERM)
    check(finish(server)[1] == "")


# ---- Behind a proxy --------------------------------------------------------------------------------

WHOSE = """
listener = socket::tcpserver("127.0.0.1", env::get("PORT").to_integer(), 64,
                             {"proxy_protocol": "required", "trusted": ["127.0.0.1"]})
println socket::info(listener).local_port
socket::serve(listener, with (client) do
  info = socket::info(client)
  line = task::await(socket::recv_line(client))
  socket::send_text(client, "${info.peer_host} ${info.peer_port} ${info.asked_port} ${line}")
end)
"""


def free_port():
    with listen() as s:
        return s.getsockname()[1]


def through(header):
    server = start([KIWI, "-e", WHOSE], env=dict(os.environ, PORT="0"))
    port = int(server.stdout.readline())
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        for at in range(0, len(header), 7):  # in pieces
            s.sendall(header[at:at + 7])
        s.sendall(b"hello\n")
        answer = read_to_end(s)
    stop(server)
    return answer


@test
def headers_come_in_pieces():
    check(through(b"PROXY TCP6 2001:db8::1 ::1 1234 443\r\n") == b"2001:db8::1 1234 443 hello")
    binary = (b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x21, 0x11, 0, 12 + 3 + 60]) + bytes([192, 0, 2, 1, 192, 0, 2, 2])
              + struct.pack(">HH", 5678, 80) + b"\x04\0\x3c" + b"x" * 60)
    check(through(binary) == b"192.0.2.1 5678 80 hello")


def haproxy(folder, front, ports, options):
    path = os.path.join(folder, "haproxy.cfg")
    with open(path, "w") as file:
        file.write("defaults\n mode tcp\n timeout connect 2s\n timeout client 20s\n timeout server 20s\n"
                   " retries 3\n option redispatch 1\n"
                   "frontend f\n bind 127.0.0.1:%d\n default_backend b\nbackend b\n" % front)
        for at, port in enumerate(ports):
            file.write(" server s%d 127.0.0.1:%d %s\n" % (at, port, options))
    return start(["haproxy", "-db", "-f", path])


def connect_when_up(port, process):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        except ConnectionRefusedError:
            check(process.poll() is None, "it has ended")
            time.sleep(0.02)
    raise AssertionError("nobody listens on port %d" % port)


@test
def clients_come_through_haproxy():
    need("haproxy")
    for version in "send-proxy", "send-proxy-v2", "send-proxy-v2 check inter 100ms check-send-proxy":
        with tempfile.TemporaryDirectory() as folder:
            server = start([KIWI, "-e", WHOSE], env=dict(os.environ, PORT="0"))
            front, back = free_port(), int(server.stdout.readline())
            proxy = haproxy(folder, front, [back], version)
            for _ in range(20):
                with connect_when_up(front, proxy) as s:
                    s.sendall(b"hello\n")
                    want = "127.0.0.1 %d %d hello" % (s.getsockname()[1], front)
                    got = read_to_end(s).decode()
                    check(got == want, got, want)
            stop(proxy)
            stop(server)


@test
def servers_behind_haproxy_are_restarted_one_after_the_other():
    need("haproxy")
    ports = [free_port() for _ in range(3)]
    front = free_port()

    def run(at):
        server = start([KIWI, "-e", WHOSE], env=dict(os.environ, PORT=str(ports[at])))
        check(int(server.stdout.readline()) == ports[at])
        return server

    def ask_through():
        with socket.create_connection(("127.0.0.1", front), timeout=20) as s:
            own = s.getsockname()[1]
            s.sendall(b"x\n")
            check(read_to_end(s).decode() == "127.0.0.1 %d %d x" % (own, front))

    failed = []

    def clients():
        while not stopped.is_set():
            try:
                ask_through()
            except Exception as why:
                failed.append(why)
                return
    with tempfile.TemporaryDirectory() as folder:
        servers = [run(at) for at in range(3)]
        proxy = haproxy(folder, front, ports, "send-proxy-v2")
        connect_when_up(front, proxy).close()
        stopped = threading.Event()
        threads = [threading.Thread(target=clients) for _ in range(8)]
        for t in threads:
            t.start()
        for at in range(3):
            servers[at].send_signal(signal.SIGTERM)
            finish(servers[at])
            servers[at] = run(at)
        for _ in range(30):
            ask_through()
        stopped.set()
        for t in threads:
            t.join(20)
        check(not failed, failed)
        for process in [proxy] + servers:
            stop(process)


if __name__ == "__main__":
    peers.main(TESTS)
