#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Gate: in each Markdown file, links lead somewhere and paths in backticks exist. Links out of
# the tree are not followed: the gate works offline.
. "${BASH_SOURCE[0]%/*}/lib.sh"

pages()
{
    find . -path ./build -prune -o -path ./.git -prune -o -type f -name '*.md' -print | sed 's,^\./,,'
}

# The anchors that the headings of a page make, as GitHub makes them.
anchors()
{
    # shellcheck disable=SC2016 # backticks of Markdown
    sed -n '/^```/,/^```/d; s/^##* *//p' "$1" | tr '[:upper:]' '[:lower:]' |
        sed 's/[^a-z0-9 _-]//g; s/ /-/g'
}

# "LINE<tab>KIND<tab>TEXT" for each link and each path of a page, code blocks left out.
mentions()
{
    awk '
        /^```/ { block = !block; next }
        block { next }
        {
            line = $0
            while (match(line, /\]\([^)]+\)/)) {
                print FNR "\tlink\t" substr(line, RSTART + 2, RLENGTH - 3)
                line = substr(line, RSTART + RLENGTH)
            }
            line = $0
            while (match(line, /`[^`]+`/)) {
                word = substr(line, RSTART + 1, RLENGTH - 2)
                line = substr(line, RSTART + RLENGTH)
                sub(/^\.\//, "", word); sub(/[ :].*/, "", word)
                if (word ~ /^(driver|populator|proto|include|deploy|tests|perf|\.ci)\// && word !~ /[*<>{}$|…]/ && word !~ /NAME|ROOM/)
                    print FNR "\tpath\t" word
            }
        }' "$1"
}

bad=0
while read -r page; do
    while IFS=$'\t' read -r line kind text; do
        case $kind:$text in
        link:http://* | link:https://* | link:mailto:*) continue ;;
        link:*)
            target=${text%%#*}
            file=$page
            [[ -n $target ]] && file=$(dirname "$page")/$target
            if [[ ! -e $file ]]; then
                echo "$page:$line: the link $text leads to no file"
                bad=1
            elif [[ $text == *'#'* ]] && ! anchors "$file" | grep -qxF -- "${text#*#}"; then
                echo "$page:$line: the link $text names no heading of $file"
                bad=1
            fi
            ;;
        path:*)
            [[ -e $text ]] && continue
            echo "$page:$line: there is no $text"
            bad=1
            ;;
        esac
    done < <(mentions "$page")
done < <(pages)
exit $bad
