# tap.sh - read in by tests that are shell scripts: their lines of TAP. `count` is the number of tests so far.
count=0

# result TITLE WHY-NOT [FILE ...]: it passed if WHY-NOT is empty; else the files are shown, too.
result() {
    count=$((count + 1))
    if [ -z "$2" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1: $2"
        shift 2
        for file; do head -n 8 "$file" | sed 's/^/# /'; done
    fi
}

skip() { # TITLE REASON
    count=$((count + 1))
    echo "ok $count - $1 # SKIP $2"
}

# Was this build made without WORD (gnutls, pcre2, speed)?
lacks() {
    case " ${KIWI_LACKS:-} " in *" $1 "*) true ;; *) false ;; esac
}

# Scripts that use the network must end also when a call of the network fails.
result_failing() { # WORK SCRIPT ...
    sh "$SRCDIR/tests/support/ends_all_the_same" "$@" > "$1/hangs"
    case $? in
    0) result "all end though a call fails" '' ;;
    1) result "all end though a call fails" 'some did not' "$1/hangs" ;;
    *) skip "all end though a call fails" "nothing can be preloaded here" ;;
    esac
}
