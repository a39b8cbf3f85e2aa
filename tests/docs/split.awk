# split.awk FILE.c FILE.h ... - take C sources apart: for each comment a line `comment FILE LINE TEXT`, its lines
# joined; for each piece of code in a line `code FILE LINE TEXT`. Columns are separated by tabs.

function put(kind, line, text) {
    gsub(/\t/, " ", text)
    if (text ~ /[^ ]/)
        print kind "\t" FILENAME "\t" line "\t" text
}

function end_comment() {
    put("comment", begun, comment)
    inside = 0
    comment = ""
}

FNR == 1 { inside = 0 }

{
    rest = $0
    code = ""
    if (inside)
        sub(/^ *\*($| )/, "", rest) # what a comment's lines begin with
    while (rest != "") {
        if (inside) {
            at = index(rest, "*/")
            comment = comment " " (at > 0 ? substr(rest, 1, at - 1) : rest)
            rest = at > 0 ? substr(rest, at + 2) : ""
            if (at > 0)
                end_comment()
        } else if (match(rest, /"([^"\\]|\\.)*"|'([^'\\]|\\.)*'|\/\*|\/\//)) {
            found = substr(rest, RSTART, RLENGTH)
            code = code substr(rest, 1, RSTART - 1)
            rest = substr(rest, RSTART + RLENGTH)
            if (found == "//") {
                put("comment", FNR, rest)
                rest = ""
            } else if (found == "/*") {
                inside = 1
                begun = FNR
            } else {
                code = code found
            }
        } else {
            code = code rest
            rest = ""
        }
    }
    put("code", FNR, code)
}
