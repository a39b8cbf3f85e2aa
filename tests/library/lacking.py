"""lacking.py - without a library its functions say what they need and which package has it, and all others work."""
import os
import re
import tempfile

from calls import KIWI, LACKS, Skip, check, index, name_of, outcomes

# A library, its package in Debian, and the functions that need it.
NEEDS = [
    ("zlib", "zlib1g", ["compress::deflate", "compress::inflate", "compress::gzip", "compress::gunzip",
                        "compress::zip_create", "compress::zip_extract"]),
    ("libbrotli", "libbrotli1", ["compress::brotli", "compress::unbrotli"]),
    ("libzstd", "libzstd1", ["compress::zstd", "compress::unzstd"]),
    ("libexpat", "libexpat1", ["xml::parse", "xml::parse_file"]),
    ("libyaml", "libyaml-0-2", ["yaml::parse", "yaml::parse_all", "yaml::parse_file"]),
    ("SQLite", "libsqlite3-0", ["sqlite::open"]),
    ("GnuTLS", "libgnutls30", ["crypto::md5_hash", "crypto::sha1_hash", "crypto::sha224_hash", "crypto::sha256_hash",
                               "crypto::sha384_hash", "crypto::sha512_hash", "crypto::hmac", "crypto::hmac_md5",
                               "crypto::hmac_sha256", "crypto::hmac_sha512", "crypto::pbkdf2", "crypto::random_bytes",
                               "crypto::uuid", "SHA224.new", "SHA224.copy", "SHA256.new", "SHA256.copy"]),
]
# What the error calls the function, where that is another one that it calls.
CALLED = {"xml::parse_file": "xml::parse", "yaml::parse_file": "yaml::parse", "SHA224.new": "crypto",
          "SHA224.copy": "crypto", "SHA256.new": "crypto", "SHA256.copy": "crypto"}
TLS = ("GnuTLS", "libgnutls30")  # of every function of tls
HARMLESS = (None, "fio", "sqlite")  # not run here: what talks with others, or runs programs; tls has nothing to do it with


def files_of_libraries():
    """What the program may open, from its notes for packagers."""
    with open(KIWI, "rb") as file:
        notes = re.findall(rb'"soname":\["([^"]+)"\]', file.read())
    if not notes:
        raise Skip("this program does not say which libraries it opens")
    return [note.decode() for note in notes]


def run_lacking(rows, every, files):
    """Broken files stand in the place of the libraries."""
    with tempfile.TemporaryDirectory() as scratch:
        work, broken = os.path.join(scratch, "work"), os.path.join(scratch, "broken")
        os.mkdir(work)
        os.mkdir(broken)
        for name in files:
            open(os.path.join(broken, name), "w").close()
        with open(os.path.join(work, "made"), "w") as file:
            file.write("made")
        env = dict(os.environ, LD_LIBRARY_PATH=broken, HOME=work, XDG_STATE_HOME=work, TMPDIR=work)
        return outcomes(rows, every, folder=work, env=env)


def without_libraries_exactly_their_functions_say_what_they_need():
    rows = index()
    tls = [row for row in rows if row["package"] == "tls"]
    check(len(tls) > 20, "tls has", len(tls), "functions")
    tried = tls + [row for row in rows if row["refused"] in HARMLESS]
    found = {name_of(row): text for row, text in run_lacking(tried, rows, files_of_libraries())
             if text.startswith("NotAvailableError")}
    expected = {function: "NotAvailableError: %s needs %s (Debian: %s)" % (CALLED.get(function, function), library, package)
                for library, package, functions in NEEDS + [TLS + ([name_of(row) for row in tls],)] for function in functions}
    wrong = ["%s: %r, expected %r" % (function, found.get(function), expected.get(function))
             for function in sorted(set(found) | set(expected)) if found.get(function) != expected.get(function)]
    check(not wrong, "\n".join(wrong))


def with_them_none_is_missed():
    if LACKS:
        raise Skip("this build has no " + LACKS[0])
    rows = index()
    needing = [row for row in rows if any(name_of(row) in functions for *_, functions in NEEDS)]
    check(len(needing) == sum(len(functions) for *_, functions in NEEDS), [name_of(row) for row in needing])
    missed = [(name_of(row), text) for row, text in run_lacking(needing, rows, []) if text.startswith("NotAvailable")]
    check(not missed, missed)


TESTS = [without_libraries_exactly_their_functions_say_what_they_need, with_them_none_is_missed]
