#!/usr/bin/env python3
"""shapes.py - random programs that use the language against the interpreter.

  shapes.py SEED                          print the program of that seed
  shapes.py FIRST COUNT KIWI [SECONDS]    run COUNT programs from FIRST on; what ends by a signal, by a report of a
                                          sanitizer or not at all is printed, and the exit code is 1

Programs bind things in every callable place, call methods of native types on receivers that they are not for, use
`super` where it makes no sense, and give the name of every built-in thing to something else."""
import random
import sys

import programs

NATIVE_STRUCTS = ["Channel", "Mutex", "Socket"]
STRUCTS = NATIVE_STRUCTS + ["Set", "Heap", "ListIterator", "StringIterator", "S", "T", "A", "Q", "R"]
FUNCTIONS = ["task::channel", "task::mutex", "task::sleep", "task::spawn", "task::await", "task::status",
             "task::result", "task::timer", "task::list", "task::busy", "udp::socket", "math::sqrt", "string::echo",
             "string::padstart", "list::find", "list::any", "encode::hex_encode", "time::ticks", "env::args",
             "serialize", "deserialize", "typeof", "char", "d", "spawn", "await", "signal::raise_signal",
             "__main__", "__tokenize__", "__entrypath__", "__chan_create__", "__chan_send__", "__chan_recv__",
             "__chan_tryrecv__", "__chan_close__", "__task_spawn__", "__task_await__", "__task_sleep__",
             "__socket_tcpserver__", "__socket_close__", "__time_now__", "__divisors__", "env::parse_args",
             "f", "g", "h", "gen", "deco", "bound", "bound2"]
OWN = ["__list_map__", "__list_filter__", "__list_each__", "__list_each_index__", "__list_all__", "__list_none__",
       "__list_reduce__", "__list_min__", "__list_max__", "__list_sort_by__", "__emit__", "__timer__",
       "task::__synchronize__", "udp::__bound__", "signal::__serve__", "string::__echo__", "string::__padding__",
       "string::__contains_any__", "__math_divisors__"]
PACKAGES = ["task", "math", "udp", "time", "encode", "signal", "regex", "std", "iter", "event"]
METHODS = ["new", "send", "recv", "try_recv", "close", "closed", "acquire", "try_acquire", "release", "synchronize",
           "destroy", "bind", "timeout", "info", "__adopt__", "size", "push", "pop", "get", "set", "keys", "values",
           "map", "filter", "each", "reduce", "sort", "min", "max", "all", "call", "parameters", "returns",
           "to_lambda", "clone", "is_a", "to_string", "to_list", "to_bytes", "to_hex", "concat", "merge", "insert",
           "split", "rsplit", "rreplace", "scan", "match", "join", "replace", "pretty", "first", "last", "empty",
           "unique", "flatten", "zip", "slice", "swap", "rotate", "has_key", "remove", "remove_at", "clear",
           "uppercase", "substring", "hex_bytes", "between", "clamp", "year", "add", "union", "m", "st",
           "call_it", "iterator", "echo", "find", "__add__", "__assign__", "name", "f"]
OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">="]

PRELUDE = """
task::spawn(with () do
  task::sleep(30)
  exit 0 # whoever sleeps for ever
end)
task::sleep(1)
struct S
  fn new(f) @f = f end
  fn call_it() @f() end
  fn m(x) @f = x  x end
  static fn st(x) @@n = x  x end
  fn grab() m end
end
struct T < S
  fn new(f) super.new(f) end
  fn m(x) super.m(x) end
end
abstract struct A
  abstract fn m(x) end
end
struct Q < Channel
  fn new(n) super.new(n) end
  static fn make() super.new() end
  static fn taken() recv end
  fn got() recv end
  fn sent() send end
end
struct R < Mutex
  static fn make() super.new() end
  static fn sync(f) super.synchronize(f) end
  fn got() acquire end
end
enum E
  X
  Y
end
fn f(x) x end
fn g(x, y = 2, *rest) [x, y, rest] end
fn h() f end
fn gen() yield 1  yield 2 end
fn deco(x) x end
bound = S.new(1).grab()
bound2 = Q.new(1).got()
"""


class Writer:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.names = ["v%d" % i for i in range(4)]

    def pick(self, *choices):
        return self.r.choice(choices)

    def callable(self, depth=0):
        r = self.r
        kind = r.randrange(9)
        if kind < 3:
            return r.choice(FUNCTIONS)
        if kind < 5:
            return r.choice(STRUCTS)
        if kind == 5:
            return r.choice(self.names)
        if kind == 6:
            return "(with (x) do %s end)" % self.value(depth + 1)
        if kind == 7:
            return self.pick("E", "5", "null", "A", "math", "gen()", "Q.make", "S.new(f).f", "@f", "bound", "bound2")
        return self.value(depth + 1)

    def value(self, depth=0):
        r = self.r
        if depth > 3:
            return self.pick("1", '"a"', "null", "[1]", "f", "S")
        kind = r.randrange(16)
        if kind < 4:
            return self.pick("1", "-1", "1.5", '"abc"', '"(a+)+b"', "[3, 1, 2]", '{"a": 1}', 'b"xy"', "null", "true",
                             "[1..5]", "0", "9223372036854775807", "d()", "E", "E.X", "gen()", "[f, S, null]")
        if kind < 6:
            return r.choice(self.names)
        if kind < 8:
            return self.callable(depth + 1)
        if kind < 10:
            return "%s(%s)" % (self.callable(depth + 1), self.arguments(depth + 1))
        if kind < 13:
            return self.method_call(depth + 1)
        if kind == 13:
            return "%s %s %s" % (self.operand(depth + 1), r.choice(OPERATORS), self.operand(depth + 1))
        if kind == 14:
            return "[%s, %s]" % (self.value(depth + 1), self.value(depth + 1))
        return "%s[%s]" % (self.operand(depth + 1), self.value(depth + 1))

    def operand(self, depth):
        return "(%s)" % self.value(depth)

    def arguments(self, depth=0):
        r = self.r
        parts = [self.value(depth + 1) for _ in range(r.choice([0, 1, 1, 1, 2, 2, 3]))]
        if r.random() < 0.15:
            parts.append("*%s" % self.pick("[1, 2]", "[1..40]", "[f]", "v0", "null"))
        elif r.random() < 0.1:
            parts.append("%s: %s" % (self.pick("x", "f", "y", "n", "self"), self.value(depth + 1)))
        return ", ".join(parts)

    def method_call(self, depth=0):
        return "%s.%s(%s)" % (self.pick(self.operand(depth), self.r.choice(STRUCTS), self.r.choice(self.names),
                                        self.r.choice(PACKAGES)),
                              self.r.choice(METHODS), self.arguments(depth))

    def rebinding(self):
        r = self.r
        name = r.choice(STRUCTS + FUNCTIONS + OWN + PACKAGES)
        plain = name.split("::")[-1]
        plain = plain if plain not in ("string", "list", "any") else "regex" # words of the language
        kind = r.randrange(7)
        if kind == 0 and "::" not in name:
            return "%s = %s" % (plain, self.value())
        if kind <= 1:
            text = "fn %s(%s) %s end" % (plain, self.pick("", "x", "x, y", "*x", "self, x = 1"), self.value())
            if r.random() < 0.4:
                text = "@%s\n%s" % (self.decorator(), text)
        elif kind == 2:
            text = "struct %s%s\n  fn %s(x) %s end\n  static fn %s(x) %s end\nend" % (
                plain, self.pick("", " < S", " < Channel", " < Q", " < Set", " < " + plain), r.choice(METHODS),
                self.pick("super.new(x)", "super.m(x)", "super.recv()", "m", "recv", "new", self.value()),
                r.choice(METHODS), self.pick("super.new(x)", "super.new()", "recv", "new(1)", self.value()))
        elif kind == 3:
            text = "%s = %s" % (plain, self.callable())
        elif kind == 4:
            text = "const %s = %s" % (self.pick("K", "KIWI_STDLIB_VERSION", "STDLIB_PACKAGES"), self.callable())
        elif kind == 5:
            extended = self.pick(name.split("::")[0], "list", "string", "hashmap", "integer", "lambda")
            return "package %s\n  fn %s(self, x = 1, *y) %s end\n  %s = %s\nend\nexport \"%s\"" % (
                extended, r.choice(METHODS), self.value(), r.choice(METHODS), self.callable(), extended)
        else:
            text = "%s.%s = %s" % (self.pick("S", "Channel", "Q", "Set", "math", "v0", "E"), r.choice(["f", "m", "new", "send", "size", "channel", "mutex", "socket"]),
                                   self.value())
        return "package %s\n%s\nend" % (name.split("::")[0], text) if "::" in name else text

    def decorator(self):
        r = self.r
        base = self.pick(r.choice(STRUCTS), r.choice(self.names), "f", "h", "deco", "math", "task")
        kind = r.randrange(4)
        if kind == 0:
            return base
        if kind == 1:
            return "%s.%s" % (base, r.choice(METHODS))
        if kind == 2:
            return "%s.%s(%s)" % (base, r.choice(METHODS), self.arguments())
        return self.pick("task::channel", "task::spawn", "task::sleep(1)", "math::sqrt", "udp::socket")

    def statement(self, depth=0):
        r = self.r
        kind = r.randrange(16)
        if kind < 3:
            return "%s = %s" % (r.choice(self.names), self.value())
        if kind < 5:
            return self.method_call()
        if kind < 8:
            return self.rebinding()
        if kind == 8:
            return "@%s\nfn %s(x) %s end" % (self.decorator(), self.pick("f", "h", "v0", "v1", "k"), self.value())
        if kind == 9:
            return "%s.%s(%s)" % (self.pick("[3, 1, 2]", "[S.new(1), S.new(2)]", "v0", "[[2], [1]]"),
                                  self.pick("map", "filter", "each", "sort", "reduce", "all", "none", "find", "any"),
                                  self.pick(self.callable(), "0, " + self.callable()))
        if kind == 10:
            return "%s(%s, %s)" % (self.pick("task::spawn", "task::timer", "spawn", "task::await"), self.callable(),
                                   self.pick("[]", "[1, 2]", "null", "v0"))
        if kind == 11 and depth < 2:
            return "for x, y in %s do\n%s\nend" % (self.value(), self.guarded(depth + 1))
        if kind == 12:
            return self.pick('on "e" (%s)' % self.callable(), 'once "e*", 3 (%s)' % self.callable(),
                             'emit "e" (1, 2)', 'off "e"', 'off "e" (%s)' % self.callable())
        if kind == 13:
            return "task::channel(1).send(%s)" % self.value()
        if kind == 14:
            return "eval %s" % self.pick('"1 + f(1)"', '"S.new(2)"', '"struct S < Channel end"', '"fn f() super.x() end"')
        return "println %s" % self.value()

    def guarded(self, depth=0):
        return "try\n%s\ncatch (t, m)\n  v3 = m\nend" % self.statement(depth)

    def program(self):
        lines = [PRELUDE.strip()] + ["%s = %s" % (n, self.pick("1", "[1]", "f")) for n in self.names]
        return "\n".join(lines + [self.guarded() for _ in range(self.r.randrange(5, 40))]) + '\nprintln "end"\n'


def main():
    if len(sys.argv) == 2:
        sys.stdout.write(Writer(int(sys.argv[1])).program())
        return 0
    return programs.run(sys.argv[1:], lambda seed: Writer(seed).program(), "24m", lambda code, _: 0 <= code <= 2)


if __name__ == "__main__":
    sys.exit(main())
