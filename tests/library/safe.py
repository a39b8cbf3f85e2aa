"""safe.py - safe mode refuses every function that is said to be refused, and nothing else reaches the system."""
import os
import tempfile

from calls import check, index, name_of, outcomes

MARK = "a program ran"
PROGRAMS = ("made", "curl", "xdg-open", "sh")


def place(scratch):
    """A folder to work in, and the environment for that: whatever program is run leaves a mark in the folder."""
    work, programs = os.path.join(scratch, "work"), os.path.join(scratch, "programs")
    os.mkdir(work)
    os.mkdir(programs)
    for name in PROGRAMS:
        path = os.path.join(programs, name)
        with open(path, "w") as file:
            file.write("#!/bin/sh\n: > '%s/%s'\n" % (work, MARK))
        os.chmod(path, 0o755)
    return work, dict(os.environ, PATH=programs, HOME=work, TMPDIR=work, XDG_STATE_HOME=work)


def tree(folder):
    return sorted(os.path.join(at, name) for at, folders, files in os.walk(folder) for name in folders + files)


def try_all(rows, every, *options):
    with tempfile.TemporaryDirectory() as scratch:
        work, env = place(scratch)
        found = outcomes(rows, every, *options, folder=work, env=env)
        return found, tree(work)


def safe_mode_refuses_what_the_index_says():
    rows = index()
    refused = [row for row in rows if row["refused"]]
    check(len(refused) > 100, len(refused), "functions are refused")
    found, made = try_all(refused, rows, "-sm")
    wrong = ["%s: %r" % (name_of(row), text) for row, text in found
             if text != "SafeModeError: '%s' is not available in safe mode." % row["refused"]]
    check(not wrong, "\n".join(wrong))
    check(not made, "there is", made)


def the_index_says_what_safe_mode_refuses():
    rows = index()
    found, made = try_all([row for row in rows if not row["refused"]], rows, "-sm")
    wrong = ["%s: %r" % (name_of(row), text) for row, text in found if "safe mode" in text]
    check(not wrong, "\n".join(wrong))
    check(not made, "there is", made)


def the_same_calls_do_something_in_another_mode():
    rows = index()
    doing = [row for row in rows if name_of(row) in ("fio::write", "sys::exec", "log::set_file")]
    found, made = try_all(doing, rows)
    check(len(found) == 3 and not [text for row, text in found if text], found)
    check([os.path.basename(path) for path in made] == [MARK, "made"], "there is", made)


TESTS = [safe_mode_refuses_what_the_index_says, the_index_says_what_safe_mode_refuses,
         the_same_calls_do_something_in_another_mode]
