#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Gate: how long files and functions may be, and how deep they nest. Cognitive complexity is
# measured by the tidy gate. The code is formatted, so its columns tell its structure.
. "${BASH_SOURCE[0]%/*}/lib.sh"
list=tests/lint/exceptions.txt

# How many entries the list may have. Lower it with each that goes; never raise it.
entries=0

mapfile -t files < <(sources '*.[ch]'; scripts)
awk -v list=$list -v entries=$entries '
    function complain(text) { print text; bad = 1 }
    # What: "file" or "function"; where: path[:function].
    function over(what, where, line, size, limit, todo,    key) {
        key = what " " where
        used[key] = size
        if (size <= limit || (key in excepted && size <= excepted[key])) return
        complain(line ": " what " of " size " lines; at most " limit "; " todo)
    }
    function end_of_file(    limit) {
        if (path == "") return
        limit = path ~ /\.h$/ ? 150 : 500
        over("file", path, path ":" last, last, limit, "split it into two modules")
    }
    FILENAME == list {
        if (/^#/ || NF == 0) next
        if (NF < 5 || $4 != "#" || $1 !~ /^(file|function)$/)
            complain(list ":" FNR ": is not: file|function PATH LINES # WHY")
        excepted[$1 " " $2] = $3
        at[$1 " " $2] = FNR
        if (++n > entries)
            complain(list ":" FNR ": entry " n " of at most " entries "; split the code instead")
        next
    }
    FNR == 1 { end_of_file(); path = FILENAME; start = 0; name = "" }
    { last = FNR }
    path !~ /\.[ch]$/ { next }

    # A function: its name stands before the first "(" of the lines in front of its brace.
    /^[A-Za-z_].*\(/ && !/^(typedef|struct|enum|union)[^(]*\{/ && !/;$/ {
        name = $0; sub(/\(.*/, "", name); sub(/.*[ *]/, "", name)
    }
    /^\{$/ { start = FNR }
    /^\}/ && start {
        over("function", path ":" name, path ":" start - 1, FNR - start + 1,
             name == "main" ? 100 : 80, name "() does more than one thing")
        start = 0
    }
    start && /^                 *(if|for|while|switch|do|else)[ ({]/ {
        indent = match($0, /[^ ]/) - 1
        if (indent % 4 == 0 && previous !~ /[,(&|?:=]$/)
            complain(path ":" FNR ": nests " indent / 4 " deep in " name "(); at most 3; name the inner part as a function")
    }
    { previous = $0; sub(/[ \t]*(\/\*.*\*\/)?[ \t]*\\?$/, "", previous) }

    END {
        end_of_file()
        for (key in excepted) {
            if (!(key in used))
                complain(list ":" at[key] ": there is no " key " any more; remove the entry")
            else if (used[key] < excepted[key])
                complain(list ":" at[key] ": " key " has " used[key] " lines; lower the entry or remove it")
        }
        exit bad
    }' $list "${files[@]}"
