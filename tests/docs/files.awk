# files.awk FILES SPLIT DOCUMENT ... - print the source files that a comment or a document names and that are not there.
# FILES lists what is there, SPLIT is what split.awk prints. A name may have folders before it: `lang/parse.c`.

function look(text, where,    before, name, next_one) {
    while (match(text, /[A-Za-z0-9_\/.-]+[.][ch]/)) {
        before = RSTART > 1 ? substr(text, RSTART - 1, 1) : " "
        name = substr(text, RSTART, RLENGTH)
        next_one = substr(text, RSTART + RLENGTH, 1)
        text = substr(text, RSTART + RLENGTH)
        # a header of the system, a part of something longer, a stand-in
        if (before == "<" || next_one ~ /[A-Za-z0-9_]/ || name ~ /[.].*[.]/ || name ~ /NAME[.]c$/)
            continue
        if (!(name in known))
            print name ": " where
    }
}

FILENAME == ARGV[1] { # all its ends are names of it
    path = $0
    known[path] = 1
    while (sub(/^[^\/]*\//, "", path))
        known[path] = 1
    next
}
FILENAME == ARGV[2] {
    split($0, column, "\t")
    if (column[1] == "comment")
        look(column[4], column[2] ":" column[3])
    next
}
FNR == 1 { fenced = 0 }
/^```/ { fenced = !fenced }
!fenced && !/^    / { look($0, FILENAME ":" FNR) }
