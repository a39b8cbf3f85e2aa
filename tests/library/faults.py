"""faults.py - files that cannot be read or written: each function that takes a path throws an error with that path."""
import errno
import os
import signal
import subprocess
import tempfile
import time

from calls import KIWI, LACKS, LIMIT, Skip, check, index, name_of, outcomes_of, parameters, program

# Calls that read the file P, with a text that they can read; what needs a library has its name.
READERS = [
    ("fio::read(P)", "a"), ("fio::readlines(P)", "a"), ("fio::readbytes(P)", "a"), ("fio::readslice(P, 0, 9)", "a"),
    ("fio::lines(P)", "a"), ("fio::open(P).read()", "a"), ("fio::open(P, \"rb\").read_line()", "a"),
    ("csv::parse_file(P)", "a,b\n"), ("csv::file_to_maps(P)", "a,b\n1,2\n"), ("csv::rows(P)", "a,b\n"),
    ("CsvPipeline.new().from_file(P).parse()", "a,b\n1,2\n"), ("JsonPipeline.new().from_file(P).parse()", "[1]"),
    ("xml::parse_file(P)", "<a/>", "expat"), ("XmlPipeline.new().from_file(P).parse()", "<a/>", "expat"),
    ("yaml::parse_file(P)", "a: 1", "libyaml"), ("dotenv::parse_file(P)", "A=1"), ("dotenv::load(P)", "A=1"),
    ("template::render_file(P, {})", "a"), ("TextPipeline.new().from_file(P).run()", "a"),
    ("protobuf::decode_file({1: {name: \"a\", type: \"int64\"}}, P)", ""),
]
# Calls that write to P, more than fits into any buffer.
WRITERS = [
    "fio::write(P, TEXT)", "fio::append(P, TEXT)", "fio::writeln(P, TEXT)", "fio::writebytes(P, TEXT.to_bytes())",
    "fio::writeslice(P, 0, TEXT.to_bytes())", "fio::open(P, \"w\").write(TEXT)", "fio::open(P, \"a\").write(TEXT)",
    "protobuf::encode_file({1: {name: \"a\", type: \"string\"}}, {a: TEXT}, P)",
]
# Functions that take a path and do not read it.
OTHERS = ("log::set_file", "protobuf::encode_file")
TEXT_SIZE = 300000


def readers():
    return [(reader[0], reader[1]) for reader in READERS if not set(reader[2:]) & set(LACKS)]


def said(calls, path, folder, **how):
    """What came of each call with the path in place of P: [(call, error or "")]."""
    found = outcomes_of([call.replace("(P", '("%s"' % path).replace(" P", ' "%s"' % path)
                         .replace("TEXT", '("x" * %d)' % TEXT_SIZE) for call in calls], folder=folder, **how)
    return list(zip(calls, found))


def all_fail(calls, path, folder, **how):
    wrong = ["%s: %r" % (call, text) for call, text in said(calls, path, folder, **how)
             if not text or path not in text or text.startswith("MemoryError")]
    check(not wrong, "with %s:" % path, "\n".join(wrong))


def every_function_with_a_path_is_tested():
    rows = [row for row in index() if row["refused"] in ("fio", "env::set")]
    named = {name_of(row) for row in rows if row["package"] != "fio" and row["struct"] != "Path"
             and any(name == "path" for name, _ in parameters(row["signature"]))}
    missed = [name for name in named if name not in OTHERS
              and not any(reader[0].startswith(name.replace(".", ".new().")) or reader[0].startswith(name)
                          for reader in READERS)]
    check(len(named) > 10 and not missed, missed)


def readers_of_what_is_not_there():
    with tempfile.TemporaryDirectory() as folder:
        for path in ("gone", "gone/below", "x" * 300):
            all_fail([call for call, _ in readers()], path, folder)


def readers_of_a_folder():
    with tempfile.TemporaryDirectory() as folder:
        os.mkdir(os.path.join(folder, "inside"))
        all_fail([call for call, _ in readers()], "inside", folder)


def readers_of_a_medium_that_fails():
    if not os.path.exists("/proc/self/mem"):
        raise Skip("this system has no file that cannot be read")
    with tempfile.TemporaryDirectory() as folder:  # address 0 is not there: EIO
        all_fail([call for call, _ in readers()], "/proc/self/mem", folder)


def without_rights():
    """Run as nobody if we are root, who may read everything."""
    how = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        try:
            subprocess.run([KIWI, "-e", "1"], check=True, timeout=LIMIT, cwd=folder, **how)
        except (OSError, subprocess.SubprocessError):
            raise Skip("the program cannot be run as another user")
        for name in ("secret", "text"):
            with open(os.path.join(folder, name), "w") as file:
                file.write("a")
        os.chmod(os.path.join(folder, "secret"), 0)
        all_fail([call for call, _ in readers()], "secret", folder, **how)
        all_fail(WRITERS, "secret", folder, **how)


def writers_to_a_full_disk():
    if not os.path.exists("/dev/full"):
        raise Skip("this system has no /dev/full")
    with tempfile.TemporaryDirectory() as folder:
        all_fail(WRITERS, "/dev/full", folder)


def pipelines_whose_file_vanishes():
    """It is there when the source is named, and gone when it is read."""
    pipelines = [(call.split(".from_file(P)"), text) for call, text in readers() if ".from_file(P)" in call]
    check(len(pipelines) >= 3, pipelines)
    with tempfile.TemporaryDirectory() as folder:
        for (maker, reading), text in pipelines:
            with open(os.path.join(folder, "vanishing"), "w") as file:
                file.write(text)
            whole = '(with () do p = %s.from_file("vanishing") fio::remove("vanishing") return p%s end)()' % (maker, reading)
            found = outcomes_of([whole], folder=folder)[0]
            check("vanishing" in found, maker + ":", repr(found))


def open_with_reader(pipe):
    """The writing end of a pipe, once somebody has opened it for reading."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            return open(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), "wb", buffering=0)
        except OSError as error:
            check(error.errno == errno.ENXIO and time.monotonic() < end, "nobody reads:", error)
            time.sleep(0.01)


def readers_that_signals_interrupt():
    """What is read from a pipe is whole, though signals come while a reader waits and between its parts."""
    script = ('signal::trap("SIGUSR1", do () => null)\nprintln "ready"\ntext = %s\n'
              'println typeof(text) == "bytes" ? text.to_string() : text\nexit 0\n')
    with tempfile.TemporaryDirectory() as folder:
        pipe = os.path.join(folder, "pipe")
        os.mkfifo(pipe)
        for call in ('fio::read("pipe")', 'fio::readbytes("pipe")', 'fio::readlines("pipe")[0]',
                     'fio::open("pipe").read()', 'fio::open("pipe").read_line()', 'csv::parse_file("pipe")[0][0]'):
            with subprocess.Popen([KIWI, "-e", script % call], cwd=folder, stdout=subprocess.PIPE, text=True) as reader:
                check(reader.stdout.readline() == "ready\n", call)
                with open_with_reader(pipe) as writer:
                    for part in b"one", b" two", b" three":
                        for _ in range(50):
                            reader.send_signal(signal.SIGUSR1)
                        writer.write(part)
                out, _ = reader.communicate(timeout=LIMIT)
            check((out, reader.returncode) == ("one two three\n", 0), call, repr(out), reader.returncode)


def truncated_texts():
    """Their errors say where the text ends; the path is the caller's own."""
    cases = [("JsonPipeline.new().from_file(P).parse()", '[{"a": 1}, {"a"', "JsonError"),
             ("xml::parse_file(P)", "<a><b>", "XmlError"), ("yaml::parse_file(P)", 'a: "b', "YamlError"),
             ("protobuf::decode_file({1: {name: \"a\", type: \"string\"}}, P)", "\x0a\x09ab", "ProtobufError")]
    known = [call for call, _ in readers()]
    with tempfile.TemporaryDirectory() as folder:
        for call, text, kind in cases:
            if call.startswith(("xml", "yaml")) and call not in known:
                continue
            with open(os.path.join(folder, "short"), "w") as file:
                file.write(text)
            found = said([call], "short", folder)[0][1]
            check(found.startswith(kind), call, repr(found))


TESTS = [every_function_with_a_path_is_tested, readers_of_what_is_not_there, readers_of_a_folder,
         readers_of_a_medium_that_fails, without_rights, writers_to_a_full_disk, pipelines_whose_file_vanishes,
         readers_that_signals_interrupt, truncated_texts]
