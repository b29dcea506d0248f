# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Words that the gates share. Sourced, never run: it moves to the top of the tree.
#
# A gate is a script tests/lint/NAME.sh that prints "path:line: what is wrong; what to do" for
# each fault, nothing when there is none, and exits with 1 or 0.

cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/../.." || exit 2

# Where the compile commands are, and what passed before (see cached).
BUILD=${DECANT_BUILD:-build/debug}
STAMPS=$BUILD/lint

# sources PATTERN...: our files, tracked or not yet, of these names.
sources()
{
    local names=() pattern
    for pattern in "$@"; do
        names+=(-o -name "$pattern")
    done
    find driver populator proto include tests perf -type f \( "${names[@]:1}" \) 2>/dev/null |
        sort
}

# The scripts among our files: by name, or by their first line.
scripts()
{
    find tests deploy perf .ci -type f -name '*.sh' 2>/dev/null
    find tests deploy perf .ci -type f ! -name '*.*' -print0 2>/dev/null |
        xargs -0r awk 'FNR == 1 && /^#!.*[\/ ](ba)?sh( |$)/ { print FILENAME } FNR == 1 { nextfile }'
}

# compile_flags: "FILE<tab>FLAGS" for each of our .c files that the build directory compiles.
# Machine-written files of the build directory are left out.
compile_flags()
{
    jq -r --arg top "$PWD/" '.[] | select(.file | startswith($top))
        | (.file | ltrimstr($top)) as $f
        | (.command | sub("^\\S+ "; "") | gsub(" -o \\S+| -c \\S+"; "")) as $flags
        | select($f | test("^(driver|populator|proto|include|tests|perf)/"))
        | "\($f)\t\($flags)"' "$BUILD/compile_commands.json" | sort -u -k1,1
}

# cached NAME FILES COMMAND...: run COMMAND unless it has passed with its files as they are now.
# FILES: a command, in one string, that lists what COMMAND reads, one path a line. The stamp is
# the checksums of those files, so it proves itself and FILES need not run again.
cached()
{
    local name=$1 files=$2 stamp sums
    shift 2
    stamp=$STAMPS/$(printf '%s\n' "$name" "$@" | sha256sum | cut -c 1-32)
    [[ -f $stamp ]] && sha256sum --check --status "$stamp" 2>/dev/null && return 0
    # Before the command: a file that changes meanwhile must not be taken for one that passed.
    sums=$(eval "$files" | sort -u | xargs -rd '\n' sha256sum) || return 1
    "$@" || return 1
    mkdir -p "$STAMPS"
    printf '%s\n' "$sums" >"$stamp.$$" && mv "$stamp.$$" "$stamp"
}

# parts FILE FLAGS [SOURCE]: what clang reads for it, without the system's headers. SOURCE: given
# when FILE is a header.
parts()
{
    eval "clang $2 -MM ${3:-} $1" 2>/dev/null | sed 's/\\$//; 1s/^[^:]*://' | xargs -n 1
}
export -f cached parts
export STAMPS BUILD

# each FUNCTION: call the exported FUNCTION for each line of standard input, on all processors.
each()
{
    # shellcheck disable=SC2016 # for the inner shell
    xargs -rd '\n' -P "$(nproc)" -n 1 bash -c '"$0" "$1"' "$1"
}

# need_tool NAME PACKAGE
need_tool()
{
    command -v "$1" >/dev/null && return 0
    echo "$1 is missing; apt-get install $2"
    exit 1
}

need_build()
{
    need_tool jq jq
    [[ -f $BUILD/compile_commands.json ]] && return 0
    echo "$BUILD/compile_commands.json: is missing; configure first: cmake --preset debug"
    exit 1
}
