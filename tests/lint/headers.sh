#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Gate: every header compiles alone, with gcc and with clang.
. "${BASH_SOURCE[0]%/*}/lib.sh"
need_build
for tool in gcc clang; do
    need_tool $tool $tool
done

# Every folder that any of our files is compiled with: a header knows no target.
includes=$(compile_flags | grep -oE '(-I|-isystem )\S+' | sort -u | tr '\n' ' ')
flags="-std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Wstrict-prototypes -Werror $includes"

# alone COMPILER HEADER
alone()
{
    # Included, not compiled: "#pragma once" is then where it belongs.
    # shellcheck disable=SC2086 # flags are words
    printf '#include "%s"\n' "$PWD/$2" | "$1" $flags -fsyntax-only -x c - 2>&1 |
        awk -v h="$2" -v top="$PWD/" '/: (fatal )?error:/ {
            sub(top, ""); print (n++ ? "" : h ":1: does not compile alone with '"$1"':\n") "    " $0 }
            END { exit n > 0 }'
}

one()
{
    local compiler bad=0
    for compiler in gcc clang; do
        cached "headers $flags" "parts '$1' '$flags' '-x c'" alone $compiler "$1" || bad=1
    done
    return $bad
}

export -f alone one
export flags
sources '*.h' | each one || exit 1
