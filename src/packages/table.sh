#!/bin/sh
# table.sh FILE.c ... - print a C file with the table of the packages that the given files declare: see package.h.
set -eu

names=$(sed -n 's/^const kp_package \(kp_[a-z_0-9]*\) = {$/\1/p' "$@")
echo '/* Made by table.sh; do not edit. */'
echo '#include "config.h"'
echo
echo '#include "packages/package.h"'
echo
for name in $names; do
    echo "extern const kp_package $name;"
done
echo
echo 'const kp_package *const kp_packages[] = {'
for name in $names; do
    echo "    &$name,"
done
echo '};'
echo 'const size_t kp_package_count = sizeof(kp_packages) / sizeof(kp_packages[0]);'
