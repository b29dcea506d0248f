# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Words that every script of the test cluster uses. Sourced, never run.

CLUSTER_SRC=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd)
REPO=$(cd "$CLUSTER_SRC/../.." && pwd)
CACHE=${DECANT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/decant}
# shellcheck disable=SC2034 # read by the scripts that source this file
readonly CLUSTER_SRC REPO CACHE

say() { printf '%s\n' "${0##*/}: $*" >&2; }

die()
{
    say "$*"
    exit 1
}

# need TOOL PACKAGE...: stop unless TOOL can be run; name the Debian package that has it.
need()
{
    while (($# >= 2)); do
        command -v "$1" >/dev/null || die "$1 is missing: apt-get install $2"
        shift 2
    done
}

# Milliseconds since some fixed moment.
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# since MS: the time that has passed since now_ms said MS, in seconds with one decimal.
since()
{
    local ms=$(($(now_ms) - $1))
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# within SECONDS COMMAND...: run COMMAND until it succeeds; fail after SECONDS.
within()
{
    local end=$(($(now_ms) + $1 * 1000))
    shift
    until "$@"; do
        (($(now_ms) < end)) || return 1
        sleep 0.05
    done
}
