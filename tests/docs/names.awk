# names.awk SPLIT DOCUMENT ... OTHER=1 FILE ... - print the names with one of the project's prefixes that stand in a
# comment or a document and nowhere in code. SPLIT is what split.awk prints; all that comes behind OTHER=1 is code.
# A name that ends with "_" or NAME, or is followed by "*", stands for all that begin so.

# Call note() with each name of `text`.
function each(text, where, known,    before, name, next_one) {
    while (match(text, /(kw|kn|kp|kb|kiwi|KW|KN|KP|KB|KIWI)_[A-Za-z0-9_]*/)) {
        before = RSTART > 1 ? substr(text, RSTART - 1, 1) : " "
        name = substr(text, RSTART, RLENGTH)
        next_one = substr(text, RSTART + RLENGTH, 1)
        text = substr(text, RSTART + RLENGTH)
        if (before !~ /[A-Za-z0-9_]/)
            note(name, next_one, where, known)
    }
}

function note(name, next_one, where, known) {
    if (known) {
        exists[name] = 1
        return
    }
    sub(/_NAME$/, "_", name)
    if (next_one == "*" || name ~ /_$/)
        beginnings[name] = beginnings[name] " " where
    else
        names[name] = names[name] " " where
}

OTHER { each($0, "", 1); next }
FILENAME == ARGV[1] {
    count = split($0, column, "\t")
    each(column[4], column[2] ":" column[3], column[1] == "code")
    next
}
{ each($0, FILENAME ":" FNR, 0) }

END {
    for (name in names)
        if (!(name in exists))
            print name ":" names[name]
    for (name in beginnings) {
        found = 0
        for (other in exists)
            found += index(other, name) == 1
        if (!found)
            print name "*:" beginnings[name]
    }
}
