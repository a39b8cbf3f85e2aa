"""workers.py - kiwi --workers: processes that share a port, seen by their clients. Uses the driver of peers.py."""
import os
import signal
import socket
import subprocess
import tempfile
import time

import peers
from peers import KIWI, check, finish, make_certificate, need, read_to_end, start, stop

TESTS = []


def test(function):
    TESTS.append((function, ()))
    return function


class Port:
    """A free port, kept by a socket that is bound to it and does not listen."""

    def __enter__(self):
        self.holder = socket.socket()
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.holder.bind(("127.0.0.1", 0))
        return self.holder.getsockname()[1]

    def __exit__(self, *why):
        self.holder.close()


def heed_hangups():
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # whoever runs the tests may ignore them, by nohup say


def workers(count, script, *arguments, env=None):
    return start([KIWI, "--workers", str(count), "-e", script] + list(arguments), env=env, preexec_fn=heed_hangups)


def lines(process, count):
    """The first lines that the process prints."""
    return [process.stdout.readline().decode().strip() for _ in range(count)]


def children(process):
    out = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process.pid)], capture_output=True, check=False).stdout
    return {int(word) for word in out.split()}


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, "still waiting after %d s" % seconds)
        time.sleep(0.05)


SERVER = """
listener = socket::tcpserver("127.0.0.1", %d)
println "ready"
socket::serve(listener, with (client) do
  socket::send_text(client, "${sys::pid()}")
end)
"""


def ask(port):
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        return int(read_to_end(s))


@test
def every_worker_serves_and_one_that_is_killed_comes_back():
    need("ps")
    with Port() as port:
        server = workers(3, SERVER % port)
        check(lines(server, 3) == ["ready"] * 3)
        pids = children(server)
        check(len(pids) == 3, pids)
        served = set()
        until(lambda: served.add(ask(port)) or served == pids)
        dead = pids.pop()
        os.kill(dead, signal.SIGKILL)
        began = time.monotonic()
        check(lines(server, 1) == ["ready"])
        check(time.monotonic() - began > 0.9, "it came back too soon")
        now = children(server)
        check(len(now) == 3 and pids < now and dead not in now, pids, now)
        for pid in now - pids:
            until(lambda: ask(port) == pid)
        server.terminate()
        out, err = finish(server)
        check("was killed by signal 9" in err, err)
        check(out == "", out)


@test
def the_worst_exit_code_is_that_of_all():
    finish(workers(3, "println 1"), 0)
    finish(workers(2, "exit 3"), 3)
    with tempfile.TemporaryDirectory() as folder:  # whoever makes the folder first fails
        script = 'try\n  fio::mkdir("%s/first")\ncatch e\n  exit 4\nend\nexit 9\n' % folder
        finish(workers(2, script), 9)
    out, err = finish(workers(2, "println nothing"), 1)
    check(err.count("[1] ") > 0 and err.count("[2] ") > 0, err)


@test
def a_worker_that_fails_after_a_while_is_started_again():
    with tempfile.TemporaryDirectory() as folder:  # the second time the file is there
        script = ('path = "%s/been-" + env::get("WHO")\nif fio::exists(path)\n  exit 0\nend\n'
                  'fio::write(path, "x")\ntask::sleep(1300)\nexit 5\n' % folder)
        out, err = finish(workers(1, script, env=dict(os.environ, WHO="me")), 0)
        check("has failed with code 5" in err, err)


@test
def each_line_on_standard_error_has_the_number_of_its_worker():
    out, err = finish(workers(2, 'eprintln "one"\neprint "two"\nprintln "three"'), 0)
    check(sorted(err.splitlines()) == ["[1] one", "[1] two", "[2] one", "[2] two"], err)
    check(out == "three\nthree\n", out)
    out, err = finish(workers(1, 'eprintln "x" * 10000'), 0)
    check(err == "[1] " + "x" * 10000 + "\n", err)


@test
def a_port_must_be_named():
    out, err = finish(workers(2, 'socket::tcpserver("127.0.0.1", 0)'), 1)
    check("127.0.0.1:0: processes that share a port must name it" in err, err)
    with Port() as port:  # datagrams, too; a free port for those who ask is no port to share
        finish(workers(2, 'udp::socket().bind(%d, "127.0.0.1")\ntask::sleep(300)' % port), 0)
    finish(workers(2, 'udp::socket().bind(0, "127.0.0.1").close()'), 0)


@test
def signals_reach_all_workers():
    script = ('signal::trap("SIGHUP", with () do\n  println "again"\nend)\nprintln "ready"\n'
              'while true do\n  task::sleep(50)\nend\n')
    server = workers(2, script)
    check(lines(server, 2) == ["ready"] * 2)
    server.send_signal(signal.SIGHUP)
    check(lines(server, 2) == ["again"] * 2)
    server.terminate()
    out, err = finish(server, 128 + signal.SIGTERM)
    check(err == "", err)


@test
def a_ticket_of_one_worker_is_good_for_all():
    need("openssl")
    with Port() as port, tempfile.TemporaryDirectory() as folder:
        make_certificate(folder, "local", "DNS:localhost")
        script = ('listener = tls::tcpserver("127.0.0.1", %d, 16, {"cert": "%s/local.pem", "key": "%s/local.key"})\n'
                  'println "ready"\n'
                  'tls::serve(listener, with (client) do\n  tls::send_text(client, "${sys::pid()}\\n")\nend)\n')
        server = workers(3, script % (port, folder, folder))
        check(lines(server, 3) == ["ready"] * 3)
        session, served = folder + "/session", set()

        def connect(*more):
            command = ["openssl", "s_client", "-tls1_2", "-connect", "127.0.0.1:%d" % port] + list(more)
            out = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False).stdout
            return b"Reused, TLSv1.2" in out, out

        reused, out = connect("-sess_out", session)
        check(not reused and os.path.exists(session), out)
        for _ in range(12):  # the chance that one worker gets all is less than one in 100,000
            reused, out = connect("-sess_in", session)
            check(reused, out)
        stop(server)


if __name__ == "__main__":
    peers.main(TESTS)
