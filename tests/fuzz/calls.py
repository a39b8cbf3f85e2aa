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

import programs

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


def main():
    entries = describe(sys.argv[min(3, len(sys.argv) - 1)])

    def program(seed):
        return Writer(entries, seed).program()

    if len(sys.argv) == 3:
        sys.stdout.write(program(int(sys.argv[1])))
        return 0
    return programs.run(sys.argv[1:], program, "300m", lambda code, out: code == 0 and out.endswith(b"end\n"))


if __name__ == "__main__":
    sys.exit(main())
