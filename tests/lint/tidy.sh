#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Gate: clang-tidy with the list of .clang-tidy, for each file that has changed since it passed.
. "${BASH_SOURCE[0]%/*}/lib.sh"
need_build
need_tool clang-tidy clang-tidy

# tidy FILE FLAGS: the flags are only part of the stamp's name.
tidy()
{
    clang-tidy -p "$BUILD" --quiet "$1" 2>/dev/null |
        awk -v top="$PWD/" '{ sub(top, "") } / (error|warning): / { print; bad = 1 } END { exit bad }'
}

one()
{
    local file=${1%%$'\t'*} flags=${1#*$'\t'}
    [[ -f $file ]] || return 0
    cached tidy "parts '$file' '$flags'; echo .clang-tidy" tidy "$file" "$flags"
}

export -f tidy one
compile_flags | each one || exit 1
