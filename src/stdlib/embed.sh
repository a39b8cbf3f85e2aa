#!/bin/sh
# embed.sh FILE.kiwi ... - print a C file with the texts of the given files, and what they define: see sources.h.
# Numbers instead of string literals, because compilers limit the length of those.
set -eu

echo '/* Made by embed.sh; do not edit. */'
echo '#include "config.h"'
echo
echo '#include "stdlib/sources.h"'
count=0
for file; do
    echo
    echo "static const unsigned char text_$count[] = {"
    LC_ALL=C od -A n -v -t u1 < "$file" | sed -e 's/  *\([0-9][0-9]*\)/\1,/g'
    echo '0};'
    count=$((count + 1))
done
echo
echo 'const kw_stdlib_source kw_stdlib_sources[] = {'
count=0
for file; do
    name=$(basename "$file" .kiwi)
    echo "    {\"$name\", (const char *)text_$count, sizeof(text_$count) - 1},"
    count=$((count + 1))
done
echo '    {NULL, NULL, 0},'
echo '};'
echo
"${AWK:-awk}" -f "$(dirname "$0")/embed.awk" "$@"
