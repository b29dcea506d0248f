#!/bin/bash
# Gate: each kustomization of deploy/ builds and has every manifest of the folders it names. What
# the API server thinks of them is for the cluster tests.
. "${BASH_SOURCE[0]%/*}/lib.sh"
bad=0

while read -r kustomization; do
    folder=${kustomization%/*}
    while read -r name; do
        [[ -e $folder/$name ]] && continue
        echo "$kustomization:$(grep -n -m 1 -F -- "$name" "$kustomization" | cut -d: -f1): there is no $folder/$name"
        bad=1
    done < <(sed -n 's/^ *- *\([^ {}]*\.yaml\|\.\.[^ ]*\) *$/\1/p' "$kustomization")
    # A manifest that nobody names would never be applied.
    while read -r manifest; do
        grep -qF -- "${manifest##*/}" "$kustomization" && continue
        echo "$manifest:1: is not named in $kustomization"
        bad=1
    done < <(find "$folder" -maxdepth 1 -name '*.yaml' ! -name kustomization.yaml | sort)
done < <(find deploy \( -name kustomization.yaml -o -name Kustomization \) 2>/dev/null | sort)

# No tabs, and every object says what it is: enough to catch what an editor does.
while read -r manifest; do
    awk -v file="$manifest" '
        /\t/ { print file ":" FNR ": a tab; YAML wants spaces"; bad = 1 }
        FNR == 1 && $0 != "# SPDX-License-Identifier: Apache-2.0" {
            print file ":1: does not start with: # SPDX-License-Identifier: Apache-2.0"; bad = 1 }
        /^[^# ]/ && $0 != "---" { body = 1 }
        /^kind: [A-Z]/ { kind = 1 }
        /^---/ && FNR > 1 { end() }
        function end() {
            if (body && !kind) { print file ":" FNR ": an object without a kind"; bad = 1 }
            body = kind = 0
        }
        END { end(); exit bad }' "$manifest" || bad=1
done < <(find deploy -name '*.yaml' 2>/dev/null | sort)
exit $bad
