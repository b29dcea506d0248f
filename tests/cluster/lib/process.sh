# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Processes by name: how each is started (DIR/run/NAME.sh), what runs (DIR/run/NAME.pid)
# and what it printed (DIR/log/NAME.log). No supervisor: what dies stays dead, so that a
# test can kill a process and look at the world before it starts it again.

# What every process we start has in its environment; its children inherit it.
readonly MARK=DECANT_CLUSTER_PROCESS

# define NAME [VARIABLE=VALUE...] PROGRAM ARGUMENT...: say how NAME is started.
define()
{
    local name=$1
    shift
    {
        echo '#!/bin/sh'
        printf 'cd %q || exit 1\n' "$DIR"
        printf 'exec env %s=%q' "$MARK" "$DIR"
        printf ' \\\n  %q' "$@"
        echo
    } >"$DIR/run/$name.sh"
}

# The names of all processes of this cluster.
process_names()
{
    local script
    for script in "$DIR/run"/*.sh; do
        [[ ! -e $script ]] || basename "$script" .sh
    done
}

# When process PID was started, in ticks since boot; nothing if it is gone or a zombie.
start_ticks()
{
    local stat fields
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    # The command's name, in parentheses, may hold anything: count from its end.
    read -ra fields <<<"${stat##*) }"
    [[ ${fields[0]} == [ZX] ]] || echo "${fields[19]}"
}

# The pid of NAME, if what we started still runs: a pid alone may be somebody else's by now.
pid_of()
{
    local pid ticks boot
    { read -r pid ticks boot <"$DIR/run/$1.pid"; } 2>/dev/null || return 1
    [[ $boot == "$(</proc/sys/kernel/random/boot_id)" && $(start_ticks "$pid") == "$ticks" ]] ||
        return 1
    echo "$pid"
}

alive() { pid_of "$1" >/dev/null; }
dead() { ! alive "$1"; }

# Files that the caller has open (a lock, a pipe somebody waits on) are none of a daemon's business.
close_inherited()
{
    local path fd
    for path in "/proc/$BASHPID/fd"/*; do
        fd=${path##*/}
        ((fd <= 2)) || eval "exec $fd>&-"
    done
}

# launch NAME: start it and return at once.
launch()
{
    local name=$1 pid
    (
        close_inherited
        exec setsid sh "$DIR/run/$name.sh" </dev/null >>"$DIR/log/$name.log" 2>&1
    ) &
    pid=$!
    echo "$pid $(start_ticks "$pid") $(</proc/sys/kernel/random/boot_id)" >"$DIR/run/$name.pid"
    disown "$pid"
}

# Whether some socket of this machine listens on TCP port PORT.
tcp_listens()
{
    grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$1") [0-9A-F:]+ 0A " \
        /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# Whether a process listens on the unix socket PATH; the file alone may be a dead one's.
unix_listens() { awk -v path="$1" '$8 == path && $4 == "00010000" {f = 1} END {exit !f}' /proc/net/unix; }

# Whether NAME does what others need it for. For most, being there is all one can ask.
ready()
{
    local name=$1
    case $name in
        etcd) tcp_listens "$(port etcd)" ;;
        kube-apiserver) kube get --raw /readyz ;;
        decant-csi.*) unix_listens "$(csi_socket "${name#*.}")" ;;
        decant-node.*) tcp_listens "$(port "$name")" ;;
        *) alive "$name" ;;
    esac >/dev/null 2>&1
}

ready_or_dead() { ready "$1" || dead "$1"; }

# The end of NAME's log, for a person who wants to know why.
explain()
{
    say "the end of $DIR/log/$1.log:"
    tail -n 12 "$DIR/log/$1.log" >&2 || true
}

# await NAME SECONDS: until it is ready; stop with the reason if it dies or takes too long.
await()
{
    local name=$1
    if ! within "$2" ready_or_dead "$name"; then
        explain "$name"
        die "$name is not ready after $2 s"
    fi
    if dead "$name"; then
        explain "$name"
        die "$name ended by itself"
    fi
}

# stop_process NAME SIGNAL: and wait until it is gone. What ignores TERM for 10 s is killed.
stop_process()
{
    local name=$1 signal=$2 pid
    pid=$(pid_of "$name") || return 0
    kill -s "$signal" "$pid" 2>/dev/null || true
    if ! within 10 dead "$name"; then
        say "$name ignores $signal: killing it"
        kill -s KILL "$pid" 2>/dev/null || true
        within 10 dead "$name" || die "$name (pid $pid) cannot be killed: see its state in /proc"
    fi
    rm -f "$DIR/run/$name.pid"
}

# The pids of every process that carries our mark: those recorded, and any child of theirs
# that outlived its parent. Read from the process itself, so never a stranger's.
marked_pids()
{
    local path pid
    for path in $(grep -lzsxF "$MARK=$DIR" /proc/[0-9]*/environ 2>/dev/null || true); do
        pid=${path#/proc/}
        pid=${pid%/environ}
        [[ -z $(start_ticks "$pid") ]] || echo "$pid"
    done
}

none_marked() { [[ -z $(marked_pids) ]]; }

# Stop everything: ours first and politely, so that it lets go of devices and mounts; the
# control plane by force, for its data goes as well.
stop_all()
{
    local name pid
    for name in $(process_names); do
        if [[ $name == decant-* ]] && pid=$(pid_of "$name"); then
            kill -s TERM "$pid" 2>/dev/null || true
        fi
    done
    for name in $(process_names); do
        [[ $name != decant-* ]] || within 3 dead "$name" || say "$name ignores TERM: killing it"
    done
    for pid in $(marked_pids); do
        kill -s KILL "$pid" 2>/dev/null || true
    done
    within 10 none_marked || die "these processes cannot be killed: $(marked_pids | tr '\n' ' ')"
    rm -f "$DIR"/run/*.pid
}
