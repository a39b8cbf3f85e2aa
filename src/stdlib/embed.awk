# embed.awk FILE.kiwi ... - print the words and the rows of kw_stdlib_entries: what the given files define, and what
# the comments above that say (see sources.h).

# The text as a literal of C. Not by gsub(): awks do not agree on backslashes in what it puts in.
function quoted(text,    i, c, out) {
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        out = out (c == "\n" ? "\\n" : (c == "\"" || c == "\\") ? "\\" c : c)
    }
    return "\"" out "\""
}

# The place of a text among the words, each of which is there once; 0: no text.
function word(text) {
    if (text == "")
        return "0"
    if (!(text in places)) {
        places[text] = ++word_count
        words[word_count] = quoted(text)
    }
    return "offsetof(struct words, w" places[text] ")"
}

function forget() {
    summary = example = result = more = refused = ""
    split("", types)
}

function emit(owner, signature, about) {
    rows = rows "    {" word(source) ", " word(package) ", " word(owner) ",\n     " word(signature) ", " word(about) ",\n" \
        "     " word(example) ", " word(refused == "" ? all_refused : refused) "},\n"
    forget()
}

# The parameters of a definition, with the types that comments give them: those are separated by commas outside
# of brackets and strings.
function parameters(text,    i, c, depth, string, one, out) {
    text = text ","
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\"")
            string = !string
        depth += string ? 0 : index("([{", c) > 0 ? 1 : index(")]}", c) > 0 ? -1 : 0
        if (c != "," || depth > 0 || string) {
            one = one c
            continue
        }
        out = out (out == "" ? "" : ", ") typed(one)
        one = ""
    }
    return out
}

function typed(one,    name, rest) {
    gsub(/^ +| +$/, "", one)
    name = one
    sub(/[ :=.].*/, "", name)
    rest = substr(one, length(name) + 1)
    if (name == "" || rest ~ /^:/)
        return one
    return name ": " (name in types ? types[name] : "any") rest
}

# What is between the first parenthesis and the one that closes it.
function inside(text,    i, c, depth, start) {
    start = index(text, "(")
    for (i = start; start > 0 && i <= length(text); i++) {
        c = substr(text, i, 1)
        depth += c == "(" ? 1 : c == ")" ? -1 : 0
        if (depth == 0)
            return substr(text, start + 1, i - start - 1)
    }
    return ""
}

FNR == 1 {
    source = FILENAME
    sub(/.*\//, "", source)
    sub(/\.kiwi$/, "", source)
    package = struct = all_refused = ""
    forget()
}

/^ *# @/ {
    tag = $2
    text = $0
    sub(/^ *# @[a-z]+ */, "", text)
    if (tag == "@summary" || tag == "@package") {
        summary = text
    } else if (tag == "@return") {
        result = text
    } else if (tag == "@refused") {
        refused = text
    } else if (tag == "@example") {
        example = example (example == "" ? "" : "\n") text
    } else if (tag == "@param") {
        name = text
        sub(/ .*/, "", name)
        type = substr(text, length(name) + 2)
        told = index(type, ":") > 0 ? substr(type, index(type, ":") + 2) : ""
        sub(/:.*/, "", type)
        types[name] = type
        if (told != "")
            more = more " `" name "`: " told (told ~ /[.]$/ ? "" : ".")
    }
    last = tag
    next
}

# A comment that goes on in the next line.
/^ *#   *[^ ]/ && last != "" {
    text = $0
    sub(/^ *# */, "", text)
    if (last == "@summary")
        summary = summary " " text
    if (last == "@example") {
        text = $0
        sub(/^ *#   /, "", text) # what is further in stays so
        example = example (example == "" ? "" : "\n") text
    }
    next
}

{ last = "" }

/^ *package [a-z_]+ *$/ {
    package = $2
    all_refused = refused
    if (summary != "")
        emit("", "", summary)
    next
}

/^ *struct [A-Z]/ {
    struct = $2
    match($0, /[^ ]/)
    struct_at = RSTART
    emit(struct, "", summary)
    next
}

/^ *end *$/ && struct != "" {
    match($0, /[^ ]/)
    if (RSTART == struct_at)
        struct = ""
}

/^ *fn [A-Za-z]/ && package != "" {
    match($0, /[^ ]/)
    if (struct == "" ? RSTART > 3 : RSTART > struct_at + 2)
        next # a function in a function
    name = $2
    sub(/\(.*/, "", name)
    emit(struct, name "(" parameters(inside($0)) ")" (result == "" ? "" : ": " result), summary more)
    next
}

/^ *$/ { forget() }

END {
    print "static const struct words {\n    char none[1];"
    for (i = 1; i <= word_count; i++)
        print "    char w" i "[sizeof(" words[i] ")];"
    print "} words = {\n    \"\","
    for (i = 1; i <= word_count; i++)
        print "    " words[i] ","
    print "};\nconst char *const kw_stdlib_words = (const char *)&words;\n"
    print "const kw_stdlib_entry kw_stdlib_entries[] = {\n" rows "    {0, 0, 0, 0, 0, 0, 0},\n};"
}
