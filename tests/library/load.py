"""load.py - what blocks does not stop the network: load.kiwi says how many echoes there are meanwhile."""
import os
import tempfile

from calls import HERE, LACKS, Skip, check, kiwi

SHARE = 0.1       # of the echoes there are without other work: they share the processors with it
STALL_MAX = 0.9   # seconds without any of 100 echoes; the program that is run takes one


def clients_go_on_while_a_task_reads_and_runs_and_sorts():
    if "sqlite3" in LACKS:
        raise Skip("this build has no sqlite3")
    with tempfile.TemporaryDirectory() as scratch:
        out, err, code = kiwi(os.path.join(HERE, "load.kiwi"), folder=scratch)
    check(code == 0, "exit code", code, err)
    lines = [line.split("|") for line in out.splitlines()]
    check([line[:2] for line in lines] == [["nothing", "null"], ["a gigabyte", "1073741824"], ["a second", "0"],
                                           ["a table", "1"]], out)
    alone = float(lines[0][2])
    for title, _, rate, stall in lines:
        print("# %s: %.0f echoes a second (%.2f), %.3f s without one"
              % (title, float(rate), float(rate) / alone, float(stall)))
    for title, _, rate, stall in lines[1:]:
        check(float(rate) >= alone * SHARE, title + ":", rate, "echoes a second, without it", alone)
        check(float(stall) < STALL_MAX, title + ":", stall, "seconds without an echo")


TESTS = [clients_go_on_while_a_task_reads_and_runs_and_sorts]
