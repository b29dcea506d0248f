#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cmake --install BUILD with a DESTDIR: programs, manifests and the certificate maker are where
# they belong and work from there, and nothing else is.
set -euo pipefail
build=$1
repo=$(dirname "$(dirname "$(dirname "$(realpath "$0")")")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

DESTDIR=$work cmake --install "$build" --prefix /usr >"$work.log" || {
    cat "$work.log"
    exit 1
}
rm "$work.log"
{
    printf '%s\n' bin/decant share/man/man1/decant.1
    printf 'sbin/%s\n' decant-controller decant-csi decant-node
    cd "$repo/deploy"
    find . -type f ! -name demo ! -name CMakeLists.txt -printf 'share/decant/%P\n'
} | sort >"$work/expected"
(cd "$work/usr" && find . ! -type d -printf '%P\n' | sort) >"$work/found"
diff "$work/expected" "$work/found" >&2

for program in "$work"/usr/sbin/*; do
    "$program" --help | grep -q -- "usage: ${program##*/}" || {
        echo "$program --help does not say how it is used" >&2
        exit 1
    }
done
"$work/usr/share/decant/certs" "$work/tls" >/dev/null
test -s "$work/tls/node/tls.crt"
