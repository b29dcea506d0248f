#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Gate: the second compiler. gcc builds everything with -Werror; clang reads it with the same.
. "${BASH_SOURCE[0]%/*}/lib.sh"
need_build
need_tool clang clang

# syntax FILE FLAGS
syntax()
{
    # shellcheck disable=SC2086 # flags are words; eval undoes the quoting of the build system
    eval clang $2 -Werror -fsyntax-only "$1" 2>&1 |
        awk -v top="$PWD/" '{ sub(top, "") } / (error|warning): / { print; bad = 1 } END { exit bad }'
}

one()
{
    local file=${1%%$'\t'*} flags=${1#*$'\t'}
    [[ -f $file ]] || return 0
    cached clang "parts '$file' '$flags'" syntax "$file" "$flags"
}

export -f syntax one
compile_flags | each one || exit 1
