"""programs.py - what shapes.py and calls.py have in common: random programs by number, run one after another."""
import subprocess
import sys


def failed(kiwi, limit, program, seconds, good):
    """What went wrong with `program`, or None.  good(code, output): is that an end as it should be?"""
    try:
        done = subprocess.run([kiwi, "-sm", "--memory-limit", limit], input=program.encode(), timeout=seconds,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    except subprocess.TimeoutExpired:
        return "no end after %s seconds" % seconds
    text = done.stderr.decode(errors="replace")
    if not good(done.returncode, done.stdout) or "Sanitizer" in text or "runtime error:" in text:
        return "exit code %d\n%s" % (done.returncode, text[:3000])
    return None


def run(arguments, program, limit, good):
    """FIRST COUNT KIWI [SECONDS]: run COUNT programs from FIRST on.  program(seed) is one's text.  The exit code."""
    first, count, kiwi = int(arguments[0]), int(arguments[1]), arguments[2]
    seconds = float(arguments[3]) if len(arguments) > 3 else 10
    bad = 0
    for seed in range(first, first + count):
        why = failed(kiwi, limit, program(seed), seconds, good)
        if why is not None:
            bad += 1
            sys.stdout.write("seed %d: %s\n" % (seed, why))
    sys.stdout.write("%d programs, %d bad\n" % (count, bad))
    return 1 if bad else 0
