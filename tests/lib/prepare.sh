# shellcheck shell=bash
# What deploy/demo and tests/run share: one line a step, packages, the build.

REPO=$(dirname "$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")")
STEP_LOG=${TMPDIR:-/tmp}/decant-step.$$.log
BEGUN_S=$(date +%s)

now_ms() { date +%s%3N; }

# elapsed SINCE_MS: "12.3 s"
elapsed()
{
    local ms=$(($(now_ms) - $1))
    printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# say TEXT: one line with the time since the start of the script.
say() { printf '%4ds  %s\n' $(($(date +%s) - BEGUN_S)) "$*"; }

fail()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# step TEXT COMMAND...: run it quietly; one line when it is done, its output when it failed.
step()
{
    local text=$1 begun
    shift
    begun=$(now_ms)
    if "$@" >"$STEP_LOG" 2>&1 </dev/null; then
        say "$text ($(elapsed "$begun"))"
        rm -f "$STEP_LOG"
        return
    fi
    tail -n 40 "$STEP_LOG" >&2
    fail "$text: failed; the whole output is in $STEP_LOG"
}

# packages_of GROUP...: Debian packages of tests/packages.txt; `cluster` has a list of its own.
packages_of()
{
    local group
    for group in "$@"; do
        awk -v group="$group" '$1 == group {print $2}' "$REPO/tests/packages.txt"
        [[ $group != cluster ]] || grep -v '^#' "$REPO/tests/cluster/packages.txt"
    done | sort -u
}

packages_missing()
{
    local package
    for package in $(packages_of "$@"); do
        # Debian's Go only serves to fetch the pinned one: any other Go does as well.
        if [[ $package == golang-go ]] && command -v go >/dev/null; then
            continue
        fi
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            echo "$package"
    done
}

# nginx and etcd are only wanted as programs: keep Debian from starting them as services.
apt_install()
{
    local policy=/usr/sbin/policy-rc.d ours="" status=0
    if [[ ! -e $policy ]]; then
        ours=1
        printf '#!/bin/sh\nexit 101\n' >$policy
        chmod 755 $policy
    fi
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -q && apt-get install -qy --no-install-recommends "$@"; } || status=$?
    [[ -z $ours ]] || rm -f $policy
    return $status
}

# install_packages GROUP...: what is missing of these groups, if anything.
install_packages()
{
    local missing
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]} > 0)) || return 0
    ((EUID == 0)) || fail "these packages are missing: ${missing[*]}; run this as root once"
    step "installed ${#missing[@]} packages" apt_install "${missing[@]}"
}

# build PRESET: configure once, then compile what changed.
build()
{
    local dir=$REPO/build
    [[ $1 == release ]] || dir=$REPO/build/$1
    [[ -f $dir/build.ninja ]] || step "configured ($1)" cmake -S "$REPO" --preset "$1"
    step "built ($1)" cmake --build "$dir"
}
