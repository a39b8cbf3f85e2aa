"""terminal.py SCRIPT COMMAND ... - run a command on a pseudo-terminal and talk with it.

SCRIPT has lines "< TEXT" (wait until TEXT is printed after what was matched last), "> TEXT" (type TEXT and
Return) and "^X" (type a control character). The exit code is the command's; 98 if a wait lasted 10
seconds, 99 if the command did not end. Prints all that was printed, if a wait failed."""
import os
import pty
import select
import signal
import sys
import time

LIMIT_S = 10


def wait_for(fd, text, seen, start):
    """Read until `text` follows position `start` of `seen`; the position behind it, or -1."""
    deadline = time.monotonic() + LIMIT_S
    while True:
        at = bytes(seen).find(text, start)
        if at >= 0:
            return at + len(text)
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([fd], [], [], left)[0]:
            return -1
        try:
            data = os.read(fd, 4096)
        except OSError:  # Linux: the other side is closed
            data = b""
        if not data:
            return -1
        seen += data


def talk(fd, script):
    seen, start = bytearray(), 0
    for line in open(script, encoding="utf-8"):
        line = line.rstrip("\n")
        if line.startswith("< "):
            start = wait_for(fd, line[2:].encode(), seen, start)
            if start < 0:
                print("missing:", line[2:])
                print(bytes(seen).decode(errors="replace"))
                return False
        elif line.startswith("> "):
            os.write(fd, line[2:].encode() + b"\r")
        elif line.startswith("^"):
            os.write(fd, bytes([ord(line[1]) & 31]))
    return True


def ended(pid, fd):
    """The exit code of the process, whose last output is drained."""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if select.select([fd], [], [], 0.05)[0]:
            try:
                os.read(fd, 4096)
            except OSError:
                time.sleep(0.05)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return 99


def main():
    os.environ.update(TERM="dumb", INPUTRC="/dev/null")
    pid, fd = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs this may ignore it, which children inherit
        os.execv(sys.argv[2], sys.argv[2:])
    good = talk(fd, sys.argv[1])
    if not good:
        os.kill(pid, 9)
    code = ended(pid, fd)
    return code if good else 98


sys.exit(main())
