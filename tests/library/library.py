"""library.py - what holds for the library as a whole, over the index of its functions (`kiwi --describe`): safe mode,
libraries that a system lacks, files that fail, work beside the network. Prints TAP. Arguments: names of tests; all when
none are given.

Environment: KIWI (the command), SRCDIR, KIWI_LACKS (what the build was made without), CK_TIMEOUT_MULTIPLIER.
"""
import sys
import traceback

import faults
import lacking
import load
import safe
from calls import Skip

TESTS = safe.TESTS + lacking.TESTS + faults.TESTS + load.TESTS


def run(test):
    """What a line of TAP says of it."""
    try:
        test()
        return "ok", "", ""
    except Skip as reason:
        return "ok", " # SKIP %s" % reason, ""
    except Exception as error:  # whatever it was, it is this test's failure
        where = traceback.extract_tb(error.__traceback__)[-1]
        return "not ok", "", "%s: %s (%s:%d)" % (type(error).__name__, error, where.name, where.lineno)


def main(wanted):
    chosen = [test for test in TESTS if not wanted or test.__name__ in wanted]
    print("1..%d" % len(chosen))
    for number, test in enumerate(chosen, 1):
        word, skipped, why = run(test)
        print("%s %d - %s%s" % (word, number, test.__name__.replace("_", " "), skipped))
        for line in why.splitlines():
            print("# " + line)
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
