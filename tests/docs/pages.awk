# pages.awk DOCUMENT ... SPLIT=1 FILE - look for links between documents, and for pages and sections cited by comments
# (FILE is what split.awk prints), that lead nowhere: `link FILE:LINE TARGET` or `page FILE:LINE WHAT`.

# A heading as part of a link.
function anchor(text) {
    text = tolower(text)
    gsub(/[^a-z0-9 _-]/, "", text)
    gsub(/ /, "-", text)
    return text
}

function add_heading(file, text,    number) {
    headings[file "#" anchor(text)] = 1
    gsub(/`/, "", text)
    if (match(text, /^[0-9]+([.][0-9]+)?[.]? /)) {
        number = substr(text, 1, RLENGTH)
        gsub(/[. ]+$/, "", number)
        headings[file " " number] = 1
        text = substr(text, RLENGTH + 1)
    }
    headings[file " \"" text "\""] = 1
    sub(/^(Package|Struct) /, "", text)
    headings[file " \"" text "\""] = 1
}

# `folder` and `path`, without "x/..".
function join(folder, path,    count, i, part, depth, out) {
    count = split(folder "/" path, part, "/")
    for (i = 1; i <= count; i++) {
        if (part[i] == ".." && depth > 0)
            depth--
        else if (part[i] != "" && part[i] != ".")
            out[++depth] = part[i]
    }
    path = out[1]
    for (i = 2; i <= depth; i++)
        path = path "/" out[i]
    return path
}

function add_link(target,    folder, file, part) {
    if (target ~ /^[a-z]+:/)
        return
    folder = FILENAME
    sub(/\/?[^\/]*$/, "", folder)
    file = target
    sub(/#.*/, "", file)
    part = index(target, "#") > 0 ? substr(target, index(target, "#")) : ""
    file = file == "" ? FILENAME : join(folder, file)
    count++
    link_at[count] = FILENAME ":" FNR
    link_file[count] = file
    link_part[count] = part
}

# ---- Comments: `TYPES.md sections 4, 6 and 7`, `LANGUAGE.md 7.3`, `PACKAGES.md, "math"`, `invariant I7`

function page_of(name,    file) {
    for (file in documents)
        if (file == name || substr(file, length(file) - length(name)) == "/" name)
            return file
    return ""
}

function complain(where, what) {
    print "page " where " " what
}

function cited(where, name, rest,    file, section) {
    file = page_of(name)
    if (file == "") {
        complain(where, name)
        return
    }
    if (match(rest, /^, "[^"]+"/)) {
        section = substr(rest, 3, RLENGTH - 2)
        if (!((file " " section) in headings))
            complain(where, name " " section)
        return
    }
    sub(/^,? sections? /, " ", rest)
    while (match(rest, /^(, | and | )[0-9]+([.][0-9]+)?/)) {
        section = substr(rest, 1, RLENGTH)
        rest = substr(rest, RLENGTH + 1)
        sub(/^[^0-9]*/, "", section)
        if (!((file " " section) in headings))
            complain(where, name " section " section)
    }
}

function comment_in(where, text,    rest, name, invariant) {
    rest = text
    while (match(rest, /[A-Za-z][A-Za-z0-9_\/-]*[.]md/)) {
        name = substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
        cited(where, name, rest)
    }
    while (match(text, /invariants? I[0-9]+/)) {
        invariant = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        sub(/^invariants? /, "", invariant)
        if (!(invariant in invariants))
            complain(where, "invariant " invariant)
    }
}

SPLIT {
    split($0, column, "\t")
    if (column[1] == "comment") {
        gsub(/  +/, " ", column[4])
        comment_in(column[2] ":" column[3], column[4])
    }
    next
}

FNR == 1 { documents[FILENAME] = 1; fenced = 0 }
/^```/ { fenced = !fenced; next }
fenced { next }
/^#+ / {
    line = $0
    sub(/^#+ /, "", line)
    add_heading(FILENAME, line)
}
/^- \*\*I[0-9]+ / {
    line = $0
    sub(/^- \*\*/, "", line)
    sub(/ .*/, "", line)
    invariants[line] = 1
}
!/^    / {
    line = $0
    gsub(/``[^`]*(`[^`]+)*``/, "", line)
    gsub(/`[^`]*`/, "", line)
    while (match(line, /\]\([^) ]*\)/)) {
        add_link(substr(line, RSTART + 2, RLENGTH - 3))
        line = substr(line, RSTART + RLENGTH)
    }
}

END {
    for (i = 1; i <= count; i++) {
        if (link_part[i] == "" || !(link_file[i] in documents))
            exists = (link_file[i] in documents) || (getline line < link_file[i]) >= 0
        else
            exists = (link_file[i] link_part[i]) in headings
        if (!exists)
            print "link " link_at[i] " " link_file[i] link_part[i]
    }
}
