#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Gate: the ladder of layers.txt, for every #include and for the libraries a room links.
. "${BASH_SOURCE[0]%/*}/lib.sh"
table=tests/lint/layers.txt

# What comes with the C library and the kernel and is open to all.
system='alloca|arpa/.*|asm/.*|assert|byteswap|ctype|dirent|dlfcn|endian|err|errno|execinfo|fcntl|float'
system+='|fnmatch|ftw|getopt|glob|grp|ifaddrs|inttypes|iso646|libgen|limits|linux/.*|locale'
system+='|malloc|math|mntent|net/.*|netdb|netinet/.*|poll|pthread|pwd|regex|sched|search|semaphore'
system+='|setjmp|signal|spawn|std[a-z]*|string|strings|sys/.*|syscall|sysexits|syslog|termios'
system+='|threads|time|uchar|ucontext|unistd|utime|wchar|wctype|features|net/if'

mapfile -t files < <(sources '*.[ch]' CMakeLists.txt | grep -vE '^(tests|perf)/')
awk -v system_re="^($system)\$" -v table=$table '
    function complain(text) { print text; bad = 1 }
    function room_name(path) { sub(/.*\//, "", path); return path }
    # The room of a file: its folder, without what lies deeper.
    function room_of(path,    part) {
        split(path, part, "/")
        if (part[1] == "proto") return "proto"
        return part[1] "/" part[2]
    }
    FILENAME == table {
        if (/^#/ || NF == 0) next
        name = room_name($1)
        for (i = 2; i <= NF; i++) {
            allowed[$1, $i] = 1
            words[$1] = words[$1] " " $i
            if (!($i in known)) later[$i] = FNR ": " $1
        }
        # A name that becomes a room only further down would be a step up the ladder.
        if (name in later)
            complain(table ":" later[name] " names " name ", which stands above it on the ladder")
        known[name] = 1
        rooms[$1] = 1
        next
    }
    FNR == 1 {
        room = room_of(FILENAME)
        self = room_name(room)
        contract = room == "include/decant"
        if (!contract && !(room in rooms))
            complain(FILENAME ":1: room " room " is not in " table "; add its line")
    }
    function check(name, what) {
        if (name == self || (room, name) in allowed || (contract && name == "decant")) return
        complain(FILENAME ":" FNR ": " room " may not " what "; " table " allows it:" \
                 (words[room] == "" ? " nothing" : words[room]))
    }
    FILENAME ~ /\.[ch]$/ && /^[ \t]*#[ \t]*include[ \t]*"/ {
        split($0, q, "\""); name = q[2]
        if (name !~ /\//) { complain(FILENAME ":" FNR ": include \"" name "\" names no room; write \"ROOM/" name "\""); next }
        sub(/\/.*/, "", name)
        if (name == "decant") next
        check(name, "include \"" q[2] "\"")
    }
    FILENAME ~ /\.[ch]$/ && /^[ \t]*#[ \t]*include[ \t]*</ {
        header = $0; sub(/^[^<]*</, "", header); sub(/>.*/, "", header)
        name = header; sub(/\.h$/, "", name)
        if (name ~ system_re) next
        sub(/\/.*/, "", name)
        check(name, "include <" header ">")
    }
    # The link graph: the room libraries and the outside ones in a room'"'"'s CMakeLists.txt.
    FILENAME ~ /CMakeLists\.txt$/ && !/^[ \t]*#/ {
        line = $0
        while (match(line, /(decant_[a-z]+|PkgConfig::[A-Z0-9_]+)/)) {
            word = substr(line, RSTART, RLENGTH); line = substr(line, RSTART + RLENGTH)
            if (word ~ /^decant_(room|program|test|messages|protoc)$/) {
                if (word == "decant_messages") check("proto", "link " word)
                continue
            }
            name = word
            if (!sub(/^decant_/, "", name)) {
                sub(/^PkgConfig::/, "", name)
                name = tolower(name); gsub(/_/, "-", name)
                if (name == "uring") name = "liburing"
            }
            check(name, "link " word)
        }
    }
    END { exit bad }' $table "${files[@]}"
