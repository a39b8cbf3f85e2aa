#!/usr/bin/env python3
"""json_against_python.py - random JSON texts, whole ones and damaged ones, read and written by kiwi and by Python.

  json_against_python.py FIRST COUNT KIWI    COUNT texts from seed FIRST on; differences are printed, exit code 1

Both must accept the same texts, but for comments and commas at the end, and find the same values in them, but for
what is said to differ: integers beyond 64 bits are floats, half of a surrogate pair is U+FFFD, and there is a limit
of depth."""
import json
import math
import random
import re
import subprocess
import sys
from decimal import Decimal

SCRIPT = r"""
line = input()
while line != "" do
  try
    println json::stringify(json::parse(encode::hex_decode(line).to_string()))
  catch (kind, message)
    println "${kind} ${message}"
  end
  line = input()
end
"""
BATCH, DEPTH, SHOWN = 2000, 64, 300
HALF = re.compile("[\ud800-\udfff]")
PIECES = ['"', "\\", "\\u", "\\ud83d", "\\ude00", "[", "]", "{", "}", ",", ":", "0", "-", ".", "e", "E+", "9" * 20, " ", "\n", "\t",
          "tru", "null", "\x01", "é", "日", "😀", "NaN", "\x7f", "1e400"]


def text_value(rnd):
    chars = "abcXYZ 09\"\\/<>&'+`\b\f\n\r\t\0\x1f\x7f\u0080é日\u2028\uffff😀"
    return "".join(rnd.choice(chars) for _ in range(rnd.choice([0, 1, 3, 9, 30, 200])))


def number(rnd):
    kind = rnd.randrange(7)
    if kind == 0:
        return rnd.randrange(-10, 1000)
    if kind == 1:
        return rnd.randrange(-2**70, 2**70)
    if kind == 2:
        return rnd.choice([2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**53 + 1, 0])
    if kind == 3:
        return round(rnd.uniform(-1000, 1000), rnd.randrange(6))
    if kind == 4:
        return rnd.random() * 10.0**rnd.randrange(-30, 30)
    if kind == 5:
        return math.ldexp(rnd.random(), rnd.randrange(-1080, 1024))
    return rnd.randrange(10**rnd.randrange(1, 19)) / 10**rnd.randrange(1, 25)


def value(rnd, depth):
    kind = rnd.randrange(9 if depth > 0 else 6)
    if kind < 2:
        return number(rnd)
    if kind < 4:
        return text_value(rnd)
    if kind < 6:
        return rnd.choice([True, False, None])
    if kind < 7:
        return [value(rnd, depth - 1) for _ in range(rnd.choice([0, 1, 2, 5, 20]))]
    return {text_value(rnd)[:10]: value(rnd, depth - 1) for _ in range(rnd.choice([0, 1, 3, 12]))}


def text_of(rnd):
    text = json.dumps(value(rnd, rnd.randrange(5)), ensure_ascii=rnd.random() < .5, indent=rnd.choice([None, None, 1]))
    if rnd.random() < .1: # another form of the same numbers
        text = re.sub(r"(\d)e-?(\d)", r"\1E+\2", text)
    for _ in range(rnd.choice([0, 0, 0, 1, 1, 2, 4])):
        at = rnd.randrange(len(text) + 1)
        text = text[:at] + rnd.choice(PIECES + [""]) + text[at + rnd.choice([0, 0, 1, 1, 3]):]
    return text


def whole(digits):
    n = int(digits)
    return n if -2**63 <= n < 2**63 else float(digits)


def refuse(word):
    raise ValueError(word)


def read(text):
    """What Python finds, as kiwi should."""
    sys.set_int_max_str_digits(0)
    return json.loads(text, parse_int=whole, parse_constant=refuse)


def depth_of(v):
    if isinstance(v, dict):
        v = list(v.values())
    return 1 + max(map(depth_of, v), default=0) if isinstance(v, list) else 0


def infinite(v):
    if isinstance(v, float):
        return math.isinf(v)
    return any(map(infinite, v.values() if isinstance(v, dict) else v)) if isinstance(v, (dict, list)) else False


def mended(v):
    """Halves of pairs replaced; keys that become equal then are one."""
    if isinstance(v, str):
        return HALF.sub("\ufffd", v)
    if isinstance(v, list):
        return [mended(x) for x in v]
    if isinstance(v, dict):
        return {mended(k): mended(x) for k, x in v.items()}
    return v


def same(a, b):
    """Floats by the value that is read as one: kiwi writes 2.0 as 2."""
    if isinstance(a, bool) or isinstance(b, bool) or a is None or b is None or isinstance(a, str):
        return type(a) is type(b) and a == b
    if isinstance(a, (int, float)):
        return isinstance(b, (int, float)) and a == (float(b) if isinstance(a, float) else b)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)


def shortest(token):
    """A float that kiwi wrote has no more digits than Python would give it."""
    digits = lambda text: len(Decimal(text).normalize().as_tuple().digits)
    return digits(token) <= digits(repr(float(token)))


def complaint(text, answer):
    try:
        want = read(text)
    except (ValueError, RecursionError):
        if "/" in text or re.search(r",\s*[\]}]", text):
            return None # kiwi may allow it
        return None if answer.startswith("JsonError") else "accepted"
    if depth_of(want) > DEPTH or infinite(want):
        return None if answer.startswith("JsonError") else "accepted"
    if answer.startswith("JsonError"):
        return "refused"
    if not answer.isascii() or not same(mended(want), json.loads(answer)):
        return "another value"
    floats = []
    json.loads(answer, parse_float=lambda t: floats.append(t))
    return None if all(map(shortest, floats)) else "digits too many"


def main(first, count, kiwi):
    wrong = 0
    for start in range(first, first + count, BATCH):
        seeds = range(start, min(start + BATCH, first + count))
        texts = [text_of(random.Random(seed)) for seed in seeds]
        fed = "".join((t.encode("utf-8", "surrogatepass").hex() or "20") + "\n" for t in texts)
        run = subprocess.run([kiwi, "-e", SCRIPT], input=fed, capture_output=True, text=True)
        answers = run.stdout.split("\n")[:-1]
        if run.returncode != 0 or len(answers) != len(texts):
            sys.exit(f"seeds from {start} on: exit code {run.returncode}, {len(answers)} answers\n{run.stderr}")
        for seed, text, answer in zip(seeds, texts, answers):
            why = complaint(text, answer)
            if why is not None:
                wrong += 1
                print(f"seed {seed}: {why}: {text[:SHOWN]!r}\n  {answer[:SHOWN]}")
    print(f"{count} texts, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
