"""calls.py - calls of every function of the library, with arguments that its signature allows."""
import json
import os
import re
import subprocess
import tempfile

KIWI = os.environ["KIWI"]
HERE = os.path.dirname(os.path.abspath(__file__))
LACKS = os.environ.get("KIWI_LACKS", "").split()
LIMIT = 120 * int(os.environ.get("CK_TIMEOUT_MULTIPLIER", "1"))  # seconds for a run of kiwi

# What a parameter of a type gets; strings are names of files in a scratch folder, and of a program that leaves a mark.
ARGUMENTS = {"integer": "1", "number": "1", "float": "1.5", "boolean": "true", "string": '"made"', "bytes": 'b"made"',
             "list": '["made"]', "hashmap": "{}", "lambda": "do () => null", "date": "d()", "any": '"made"', "null": "null"}
# What a parameter of a name gets: `pid` the number of no process, the others what is needed to come far.
NAMED = {"pid": "999999999", "entries": '[{name: "made", content: "made"}]', "algorithm": '"SHA256"'}
ENDLESS = ("task::wait",)  # it waits for the tasks that other calls have begun


class Skip(Exception):
    """The test cannot be done here, and why."""


def check(condition, *what):
    if not condition:
        raise AssertionError(" ".join(str(w) for w in what))


def kiwi(*arguments, folder=None, **how):
    """Run kiwi; what it printed and its exit code."""
    done = subprocess.run([KIWI] + list(arguments), cwd=folder, stdin=subprocess.DEVNULL, timeout=LIMIT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", errors="replace", **how)
    return done.stdout, done.stderr, done.returncode


def index():
    """The functions of packages, and the methods of their structs."""
    rows = json.loads(kiwi("--describe")[0])
    rows = [row for row in rows if row["kind"] in ("function", "method") and row.get("package")
            and name_of(row) not in ENDLESS]
    check(len(rows) > 500, "the index has", len(rows), "rows")
    return rows


def parameters(signature):
    """(name, type) of each."""
    inside = signature[signature.index("(") + 1:]
    depth, end = 1, 0
    while depth > 0:
        depth += {"(": 1, ")": -1}.get(inside[end], 0)
        end += 1
    parts = re.split(r",\s*(?![^{\[]*[}\]])(?=[\w.]+\s*(?:[:,=]|$))", inside[:end - 1])
    parsed = [re.match(r"(\w+)(?:\.\.\.)?\s*(?::\s*([\w<>|]+))?", part) for part in parts if part.strip()]
    return [(p.group(1), (p.group(2) or "any").split("|")[0]) for p in parsed]


def argument(name, kind):
    return NAMED.get(name) or ARGUMENTS.get(kind) or (kind + ".new()" if kind[0].isupper() else "null")


def arguments(row):
    return "(%s)" % ", ".join(argument(*p) for p in parameters(row["signature"]))


def name_of(row):
    if row["struct"]:
        return "%s.%s" % (row["struct"], row["name"])
    return "%s::%s" % (row["package"], row["name"])


def call(row, rows):
    """An expression of Kiwi that calls the function, or the method of an object that is made for that."""
    if not row["struct"]:
        return name_of(row) + arguments(row)
    if row["name"] == "new":
        return row["struct"] + ".new" + arguments(row)
    makers = [r for r in rows if r["struct"] == row["struct"] and r["name"] == "new"]
    return "%s.new%s.%s%s" % (row["struct"], arguments(makers[0]) if makers else "()", row["name"], arguments(row))


def program(calls):
    """A script that does each and prints `outcome NUMBER TEXT`: the error in JSON, or "". Generators are run, too."""
    lines = ["fn outcome(at, f)", "  text = \"\"", "  try", "    value = f()",
             "    if typeof(value) == \"generator\"", "      for each in value do", "        break", "      end", "    end",
             "  catch (kind, message)", "    text = \"${kind}: ${message}\"", "  end",
             "  println \"\\noutcome ${at} ${json::stringify(text)}\"", "end"]
    for at, expression in calls:
        lines.append("outcome(%d, with () do %s end)" % (at, expression))
    return "\n".join(lines) + "\n"


def outcomes_of(calls, *options, folder, **how):
    """What came of each call, an expression: the error or "". One that ends the program has "ends the program"."""
    found, at = {}, 0
    while at < len(calls):
        with tempfile.TemporaryDirectory() as scratch:
            os.chmod(scratch, 0o755)
            path = os.path.join(scratch, "calls.kiwi")
            with open(path, "w") as file:
                file.write(program(list(enumerate(calls))[at:]))
            out, err, code = kiwi(*options, path, folder=folder, **how)
        seen = re.findall(r"^outcome (\d+) (.*)$", out, re.M)
        check(code >= 0, "signal", -code, "after", seen[-1:], err)
        check("SyntaxError" not in err and "Sanitizer" not in err and "runtime error:" not in err, err)
        found.update((int(number), json.loads(text)) for number, text in seen)
        at = max(found, default=at - 1) + 1
        if at < len(calls):
            found[at] = "ends the program"
            at += 1
    return [found[number] for number in range(len(calls))]


def outcomes(rows, every, *options, folder, **how):
    """What came of a call of each function: [(row, error or "")]."""
    return list(zip(rows, outcomes_of([call(row, every) for row in rows], *options, folder=folder, **how)))
