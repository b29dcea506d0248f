#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Gate: shellcheck over our scripts.
. "${BASH_SOURCE[0]%/*}/lib.sh"
need_tool shellcheck shellcheck

# SC2317: functions that are called by a name in a variable or by trap seem never to run.
# A script is judged with what it sources, so all of them are in the key.
one() { cached shellcheck scripts shellcheck -x -P SCRIPTDIR -S info -e SC2317 -f gcc "$1"; }
export -f one scripts
scripts | each one || exit 1
