"""nonblocking.py COMMAND ... - run a command whose standard output and error are a pipe that does not block.

The reader begins late, when the pipe is full. Prints how many lines came; the exit code is the command's."""
import fcntl
import os
import subprocess
import sys
import time


def main():
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, fcntl.fcntl(writer, fcntl.F_GETFL) | os.O_NONBLOCK)
    command = subprocess.Popen(sys.argv[1:], stdout=writer, stderr=writer)
    os.close(writer)
    time.sleep(0.3)
    lines = 0
    while data := os.read(reader, 65536):
        lines += data.count(b"\n")
    print(lines)
    return command.wait()


sys.exit(main())
