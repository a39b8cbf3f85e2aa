#!/usr/bin/env python3
"""calls.py - random calls of everything that `kiwi --describe` tells, with arguments of any type.

  calls.py SEED KIWI                      print the program of that seed
  calls.py FIRST COUNT KIWI [SECONDS]     run COUNT programs from FIRST on; what ends by a signal, by a report of a
                                          sanitizer or not at all is printed, and the exit code is 1

Each call is caught: whatever the arguments are, a call gives a value or an error of the script."""
import json
import random
import subprocess
import sys

CALLS = 200
VALUES = ["null", "true", "0", "1", "-1", "2", "3", "7", "64", "255", "256", "-5", "1000", "65536", "9223372036854775807",
          "(-9223372036854775807 - 1)", "0.0", "-0.5", "1.5", "1e308", "(0.0 / 0.0)", '""', '"a"', '"abc"', '"äöü€😀"',
          '"  x "', '"1"', '"-12.5"', '"2024-02-29"', '"%s %d"', '"(a|b)*c?"', '"\\\\d+"', '"[a-z&&[^b]]"',
          '"(?<n>x)\\\\k<n>"', '"/a(b)?c/"', '"/(?<=a)b|\\\\w+/i"', '"a,b;c\\n1,2"', '"{\\"a\\": [1, 2.5, null]}"',
          '"<a b=\\"c\\">t</a>"', '"a: [1, {b: c}]\\n"', '"x" * 300', "[]", "[1, 2, 3]", '["b", "a", null, 1.5]',
          "[[1, 2], [3, [4]]]", "[3, 1, 2] * 20", "{}", '{"a": 1, "b": [1, 2]}', '{1: 2, "x": {}}', '"".to_bytes()',
          '"bytes\\x00z".to_bytes()', "[1..5]", "do (x) => x", "do (x, y) => x", "do () => 1", 'with (a) do throw "no" end',
          "time::now()", "bytes::Buffer.new()", '{"indent": 2}', '"yyyy-MM-dd HH:mm:ss.fff"', '"sha256"', '"hex"', '"utf-8"',
          '","', '"\\n"']
RECEIVERS = {"number": ["5", "1.5", "-3", "9223372036854775807", "0.1"], "integer": ["5", "-1", "255", "0"],
             "float": ["1.5", "1e300", "(0.0 / 0.0)"], "boolean": ["true"], "range": ["[1..5]"],
             "string": ['"abc"', '""', '"äöü€😀 a,b"', '"2024-01-02"', '"aXbXc" * 30'],
             "list": ["[1, 2, 3]", "[]", '[[1], "a", null]', "[3, 1, 2] * 30"], "hashmap": ["{}", '{"a": 1, 2: [3]}'],
             "bytes": ['"abc".to_bytes()', '"".to_bytes()', '("ab" * 50).to_bytes()'], "date": ["time::now()"],
             "lambda": ["do (x) => x"], "regex": ['"/a(b)?/"']}
# They wait for somebody, or end the program, or take as long as they are told.
PACKAGES = {"bench", "console", "ipc", "log", "signal", "socket", "stdin", "sys", "task", "tester", "tls", "udp", "watch"}
NAMES = {"exit", "input", "sleep", "wait", "interval", "primes", "nthprime", "factorial", "read", "recv"}


class Writer:
    def __init__(self, entries, seed):
        self.r = random.Random(seed)
        self.entries = entries

    def arguments(self, counts):
        return ", ".join(self.r.choice(VALUES) for _ in range(self.r.choice(counts)))

    def call(self):
        e = self.r.choice(self.entries)
        package = e.get("package", "")
        name = package + "::" * (package != "")
        args = self.arguments([0, 1, 1, 2, 2, 3, 4])
        if e["kind"] == "function":
            return "%s%s(%s)" % (name, e["name"], args)
        if e.get("type"):
            receiver = self.r.choice(RECEIVERS.get(e["type"].split("|")[0], VALUES))
        else:
            receiver = "%s%s.new(%s)" % (name, e["struct"], self.arguments([0, 0, 1]))
        return "(%s).%s(%s)" % (receiver, e["name"], args)

    def program(self):
        return "".join("try\n  v = %s\ncatch e\nend\n" % self.call() for _ in range(CALLS)) + 'println "end"\n'


def describe(kiwi):
    told = json.loads(subprocess.run([kiwi, "--describe"], stdout=subprocess.PIPE, check=True).stdout)
    return [e for e in told if e["kind"] in ("function", "method") and e["name"] not in NAMES and
            e.get("package") not in PACKAGES]


def failed(kiwi, program, seconds):
    """What went wrong with `program`, or None."""
    try:
        done = subprocess.run([kiwi, "-sm", "--memory-limit", "300m"], input=program.encode(), timeout=seconds,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    except subprocess.TimeoutExpired:
        return "no end after %s seconds" % seconds
    text = done.stderr.decode(errors="replace")
    if done.returncode != 0 or not done.stdout.endswith(b"end\n") or "Sanitizer" in text or "runtime error:" in text:
        return "exit code %d\n%s" % (done.returncode, text[:3000])
    return None


def main():
    if len(sys.argv) == 3:
        sys.stdout.write(Writer(describe(sys.argv[2]), int(sys.argv[1])).program())
        return 0
    first, count, kiwi = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 10
    entries, bad = describe(kiwi), 0
    for seed in range(first, first + count):
        why = failed(kiwi, Writer(entries, seed).program(), seconds)
        if why is not None:
            bad += 1
            print("seed %d: %s" % (seed, why))
    print("%d programs, %d bad" % (count, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
