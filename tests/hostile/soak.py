"""soak.py - an endurance run: for SOAK_SECONDS (120) clients come, misbehave and go, against the
server of hostile.py, while good clients are served. The attacks are drawn at random from SOAK_SEED
(printed).

In the end every counter must be back - connections, tasks, descriptors, threads - and the memory
must not have grown since the warm-up by more than MEMORY_MAX. Exit code 1 otherwise.
"""
import os
import random
import signal
import sys
import tempfile
import threading
import time

import attacks
import hostile
import lab
import wire
from lab import check

CROWD = 4              # attackers at a time
WARM_UP = 0.25         # of the time: caches fill and malloc gets what it keeps
MEMORY_MAX = 16 << 20  # bytes of growth after the warm-up
REST_S = 5             # seconds between looks at the server
# They wait for what the script catches, and would take another attacker's.
LONERS = ("tls_never_reads", "tcp_never_reads")


class Soak:
    """The threads of attackers, and what they met."""

    def __init__(self, server, seed):
        self.server = server
        self.ending = threading.Event()
        self.lock = threading.Lock()  # guards the two below
        self.played = {}
        self.failure = None
        chosen = [a for a in attacks.ATTACKS if a.__name__ not in LONERS]
        self.threads = [threading.Thread(target=self.attack, args=(chosen, "%s/%d" % (seed, i)))
                        for i in range(CROWD)]
        for thread in self.threads:
            thread.start()

    def attack(self, chosen, seed):
        chance = random.Random(seed)
        while not self.ending.is_set():
            attack = chance.choice(chosen)
            why = None
            try:
                attack(self.server)
            except Exception as error:  # whatever it was, the attack should have gone through
                why = "%s: %s: %s" % (attack.__name__, type(error).__name__, error)
            with self.lock:
                self.played[attack.__name__] = self.played.get(attack.__name__, 0) + 1
                self.failure = self.failure or why

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join()


def known(event):
    """Is it something that an attack is to make the script see?"""
    return event.startswith("after shut: ") or " SystemError: " in event


def watch(server, soak, company, seconds):
    """Look at the server now and then until the time is up."""
    start = time.monotonic()
    end = start + seconds
    settled, caught = None, 0
    while time.monotonic() < end:
        time.sleep(min(REST_S, max(0, end - time.monotonic())))
        counters = server.seen()
        strange = [event for event in server.events if not known(event)]
        check(not strange, "the script saw", strange)
        company.content()
        check(soak.failure is None, soak.failure)
        caught += len(server.events)
        server.events = []
        memory = server.memory()
        if settled is None and time.monotonic() - start >= WARM_UP * seconds:
            settled = memory
        print("%4d s: %d attacks, %d errors caught, %d handshakes refused, %d served, %s" % (
            time.monotonic() - start, sum(soak.played.values()), caught, counters["refused"],
            company.served, "%d KiB" % (memory // 1024) if memory else "memory not measured"))
        sys.stdout.flush()
    return settled


def run(folder, seconds, seed):
    server = lab.Server(folder, lab.Authority(os.path.join(folder, "ca")))
    for kind in lab.GOOD:
        kind(server, b"the first")
    before = hostile.measure(server)
    company, soak = lab.Company(server, seed), Soak(server, seed)
    try:
        settled = watch(server, soak, company, seconds)
    finally:
        soak.stop()
        company.stop()
    company.content()
    check(soak.failure is None, soak.failure)
    before["memory"] = settled
    hostile.nothing_leaks(server, before, MEMORY_MAX)
    hostile.ends_cleanly(server)
    print("%d kinds of attacks; the slowest good client took %.2f s" % (
        len(soak.played), company.slowest))


def main():
    seconds = int(os.environ.get("SOAK_SECONDS") or 120)
    seed = int(os.environ.get("SOAK_SEED") or random.SystemRandom().randrange(1 << 32))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    print("SOAK_SECONDS=%d SOAK_SEED=%d" % (seconds, seed))
    sys.stdout.flush()
    check(wire.self_test(), "the cipher of these tests is wrong")
    with tempfile.TemporaryDirectory() as folder:
        try:
            run(folder, seconds, seed)
        except AssertionError as why:
            print("FAILED: %s" % why)
            return 1
    print("Nothing was left over.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
