"""hostile.py - hostile peers: a kiwi server under attack while good clients are served, and kiwi
clients that meet hostile servers. Prints TAP. Arguments: names of tests; all when none are given.

Each test is a misbehaviour; what has to come of it stands with it, in attacks.py and servers.py.
In the end nothing may be left of them in the server: no descriptor, no task, no memory.
"""
import os
import re
import sys
import tempfile
import time
import traceback

import attacks
import lab
import servers
import wire
from lab import check

MEMORY_MAX = 24 << 20  # growth of the server: what malloc keeps after the floods
RESULTS = []


def result(name, why=""):
    RESULTS.append(why == "")
    print("%s %d - %s" % ("not ok" if why else "ok", len(RESULTS), name))
    for line in why.splitlines():
        print("# " + line)
    sys.stdout.flush()


def run(name, function, *words):
    """One test: it failed if it raises."""
    begin = time.monotonic()
    try:
        function(*words)
        why = ""
    except Exception as error:  # whatever it was, it is this test's failure
        where = traceback.extract_tb(error.__traceback__)[-1]
        why = "%s: %s (%s:%d)" % (type(error).__name__, error, where.name, where.lineno)
    result(name, why)
    took = time.monotonic() - begin
    if os.environ.get("HOSTILE_TIMES"):
        print("# %.2f s" % took)


def matches(events, patterns):
    return len(events) == len(patterns) and all(
        re.match(pattern, event) for pattern, event in zip(patterns, events))


def play(server, company, attack):
    """Let one attack happen and wait for what it must lead to; nothing else may happen."""
    refused = server.seen()["refused"]
    server.events = []
    attack(server)

    def come_out():
        failed = server.seen()["refused"] - refused
        if attack.free:
            return True
        return len(server.events) >= len(attack.events) and failed >= attack.refused
    lab.wait_until(come_out)
    time.sleep(0.03)
    failed = server.seen()["refused"] - refused
    if attack.free:
        known = all(any(re.match(p, e) for p in attack.events) for e in server.events)
        check(known, "the script saw", server.events)
    else:
        check(matches(server.events, attack.events), "the script saw", server.events,
              "expected", attack.events)
        check(failed == attack.refused, failed, "handshakes failed, expected", attack.refused)
    server.alive()
    company.content()


def quiet(server, before):
    """Nobody is there, and what is held is what was held before."""
    def at_rest():
        counters = server.seen()
        return (counters["open"], counters["tasks"]) == (0, before["tasks"])
    check(lab.wait_until(at_rest), "connections or tasks are left:", server.seen(), before)


def nothing_leaks(server, before, memory_max=MEMORY_MAX):
    quiet(server, before)
    if before["descriptors"] is not None:
        sockets, others = before["descriptors"]
        lab.wait_until(lambda: server.descriptors()[0] == sockets)
        now = server.descriptors()
        check(now[0] == sockets, "sockets:", sockets, "before,", now[0], "after")
        check(now[1] <= others + 2 * lab.WORKERS, "descriptors:", others, "before,", now[1],
              "after; a worker may make a pipe")
        check(server.threads() <= lab.WORKERS + lab.OTHER_THREADS, server.threads(), "threads")
    if before["memory"] is not None:
        grown = server.memory() - before["memory"]
        print("# memory grew by %d KiB" % (grown // 1024))
        check(grown < memory_max, "memory grew by", grown, "bytes")


def settled(server):
    """The descriptors once no closed connection lingers any more."""
    counts = [server.descriptors()]

    def same():
        counts.append(server.descriptors())
        return len(counts) > 4 and len(set(counts[-4:])) == 1
    lab.wait_until(same)
    return counts[-1]


def measure(server):
    before = server.seen()
    before.update(descriptors=settled(server), memory=server.memory())
    return before


def ends_cleanly(server):
    text = server.stop()
    check(server.process.returncode == -15, "exit code", server.process.returncode, text)
    check(text == "", "stderr:", text)


def under_attack(folder, wanted):
    chosen = [a for a in attacks.ATTACKS if not wanted or a.__name__ in wanted]
    if not chosen:
        return
    server = lab.Server(folder, lab.Authority(os.path.join(folder, "ca")))
    for kind in lab.GOOD:
        kind(server, b"the first")
    before = measure(server)
    company = lab.Company(server)
    try:
        for attack in chosen:
            run(attack.__name__, play, server, company, attack)
    finally:
        company.stop()
    print("# %d good clients served, the slowest in %.2f s" % (company.served, company.slowest))
    run("good_clients_are_served_meanwhile", company.content)
    run("nothing_leaks", nothing_leaks, server, before)
    run("server_ends_cleanly", ends_cleanly, server)


def main():
    wanted = sys.argv[1:]
    check(wire.self_test(), "the cipher of these tests is wrong")
    with tempfile.TemporaryDirectory() as folder:
        under_attack(folder, wanted)
        servers.run_all(folder, wanted, run)
    print("1..%d" % len(RESULTS))
    return 0 if all(RESULTS) else 1


if __name__ == "__main__":
    sys.exit(main())
