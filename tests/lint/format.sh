#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Gate: .clang-format. With --fix it formats instead.
. "${BASH_SOURCE[0]%/*}/lib.sh"
tool=clang-format-14
command -v $tool >/dev/null || tool=clang-format
need_tool $tool clang-format
[[ ${1:-} == --fix ]] && { sources '*.[ch]' | xargs -rd '\n' $tool -i; exit; }

# Another version lays some lines out differently: only 14 may judge.
$tool --version | grep -q 'version 14\.' || {
    echo "$tool: is not version 14; apt-get install clang-format-14"
    exit 1
}
sources '*.[ch]' | xargs -rd '\n' $tool --dry-run -Werror 2>&1 |
    awk -F: '/code should be clang-formatted/ && !seen[$1]++ {
        print $1 ":" $2 ": is not formatted; run: clang-format -i " $1; bad = 1 }
        END { exit bad }'
