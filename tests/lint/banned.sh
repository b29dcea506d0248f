#!/bin/bash
# Gate: calls and constructs that we do not write, and what each file starts with.
. "${BASH_SOURCE[0]%/*}/lib.sh"

mapfile -t files < <(sources '*.[ch]')
awk '
    function complain(text) { print FILENAME ":" FNR ": " text; bad = 1 }

    # line without comments and the insides of literals; in_comment lives on between lines.
    function code_of(line,    out, c, two, quote) {
        out = ""
        while (line != "") {
            two = substr(line, 1, 2); c = substr(line, 1, 1)
            if (in_comment) {
                if (two == "*/") { in_comment = 0; line = substr(line, 3) } else line = substr(line, 2)
            } else if (quote != "") {
                if (c == "\\") { line = substr(line, 3); continue }
                if (c == quote) { quote = ""; out = out c }
                line = substr(line, 2)
            } else if (two == "//") {
                break
            } else if (two == "/*") {
                in_comment = 1; line = substr(line, 3)
            } else {
                if (c == "\"" || c == "\047") quote = c
                out = out c; line = substr(line, 2)
            }
        }
        return out
    }

    # The text between the parentheses that open at the start of text; "" when they do not close.
    function parenthesis(text,    i, depth, c) {
        for (i = 1; i <= length(text); i++) {
            c = substr(text, i, 1)
            if (c == "(") depth++
            if (c == ")" && --depth == 0) return substr(text, 2, i - 2)
        }
        return ""
    }

    function check_condition(    inner) {
        inner = parenthesis(condition)
        if (inner == "") return 0
        gsub(/[.][a-z_0-9]+ = /, "", inner) # a member of a compound literal
        gsub(/[=!<>]=/, "", inner)
        if (inner ~ /=/)
            complain("assigns inside if; assign on a line of its own before it")
        return 1
    }

    FNR == 1 {
        in_comment = 0; goto_line = 0; condition = ""; named = 0; pragma = 0
        base = FILENAME; sub(/.*\//, "", base)
        if ($0 != "// SPDX-License-Identifier: Apache-2.0")
            complain("does not start with: // SPDX-License-Identifier: Apache-2.0")
    }
    FNR <= 4 && index($0, "/" base " - ") { named = 1 }
    FNR == 2 && FILENAME ~ /^tests/ { named = /^\/\*/ }
    FNR == 5 && !named { complain("does not say what it is for; line 2: /* ROOM/" base " - ... */") }
    /^#pragma once$/ { pragma = 1 }

    /(^|[^A-Za-z0-9_])(TODO|FIXME|XXX)([^A-Za-z0-9_]|$)/ && !/(TODO|FIXME|XXX)\(#[0-9]+\)/ {
        complain("a TODO without an issue; write TODO(#N), or do it")
    }
    {
        if (!in_comment && $0 !~ /["\047\/]/) code = $0
        else code = code_of($0)
    }
    code ~ /^[ \t]*#[ \t]*if[ \t]+0([ \t]|$)/ { complain("#if 0; delete it, git remembers") }
    code ~ /^[ \t]*#[ \t]*if.*(UNIT_?)?TEST(S|ING)?([^A-Z]|$)/ && FILENAME !~ /^tests/ {
        complain("product code that knows about tests; use a vtable, the clock or --wrap")
    }
    match(code, /(^|[^A-Za-z0-9_.>])v?(sprintf|strcpy|stpcpy|strcat|strtok|gets|atoi|atol|atoll|atof|alloca|usleep|system)[ \t]*\(/) {
        word = substr(code, RSTART, RLENGTH); gsub(/[^A-Za-z]/, "", word)
        complain("calls " word "(), which is banned; see " instead(word))
    }
    code ~ /^[ \t]*typedef[ \t]+(struct|enum|union)[^(]*$/ {
        complain("a typedef for a struct, enum or union; write the word out")
    }
    match(code, /(^|[^A-Za-z0-9_])goto[ \t]+[A-Za-z_]+/) {
        label = substr(code, RSTART, RLENGTH); sub(/.*goto[ \t]+/, "", label)
        if (label != "out") complain("goto " label "; only one forward goto out is allowed")
        if (!goto_line) goto_line = FNR
    }
    code ~ /^[ \t]*out:/ { if (goto_line) goto_line = 0; else label_line = FNR }
    /^\}/ && goto_line {
        complain("goto out in line " goto_line " goes backwards; make it a loop"); goto_line = 0
    }

    condition != "" { condition = condition " " code; if (check_condition()) condition = "" }
    condition == "" && match(code, /(^|[^A-Za-z0-9_])if[ \t]*\(/) && code !~ /^[ \t]*#/ {
        condition = substr(code, RSTART + RLENGTH - 1); if (check_condition()) condition = ""
    }

    function instead(word) {
        if (word ~ /printf|str|stp/) return "snprintf() or base/buf.h"
        if (word ~ /ato/) return "dc_parse_u64() of base/num.h"
        if (word == "system") return "posix_spawn()"
        if (word == "usleep") return "a timer of net/loop.h"
        if (word == "gets") return "fgets() or getline()"
        return "malloc() with dc_autofree"
    }
    END { exit bad }' "${files[@]}" /dev/null
bad=$?

for header in $(sources '*.h' | xargs -r grep -L '^#pragma once$'); do
    echo "$header:1: a header without #pragma once"
    bad=1
done
exit $bad
