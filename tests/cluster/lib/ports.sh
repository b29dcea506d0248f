# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A block of TCP ports for each cluster, so that any number of them run side by side.
#
# A block is taken by making a symbolic link named after its first port, which only one
# caller can do; it points to the cluster's directory and is stale when that is gone.

readonly PORT_LINKS=${TMPDIR:-/tmp}/decant-ports-$UID
readonly PORT_FIRST=20000 PORT_BLOCK=32 PORT_BLOCKS=390 # ends below the ephemeral ports

# The port of process NAME ("etcd-peer" is etcd's second).
port()
{
    local base node i=0
    base=$(<"$DIR/ports")
    case $1 in
        etcd) echo "$base" ;;
        etcd-peer) echo $((base + 1)) ;;
        kube-apiserver) echo $((base + 2)) ;;
        decant-node.*)
            while read -r node; do
                if [[ $node == "${1#*.}" ]]; then
                    echo $((base + 8 + i))
                    return
                fi
                i=$((i + 1))
            done <"$DIR/nodes"
            die "no node ${1#*.} in this cluster"
            ;;
    esac
}

block_is_quiet()
{
    local p
    for ((p = $1; p < $1 + PORT_BLOCK; p++)); do
        ! tcp_listens "$p" || return 1
    done
}

# Whether the link is left from a cluster that is gone: then remove it.
stale()
{
    local dir
    dir=$(readlink "$1") || return 0
    [[ ! -e $dir/.decant-cluster ]] || return 1
    rm -f "$1"
}

take_ports()
{
    local base try
    for ((try = 0; try < 200; try++)); do
        base=$((PORT_FIRST + PORT_BLOCK * (RANDOM % PORT_BLOCKS)))
        mkdir -p "$PORT_LINKS"
        stale "$PORT_LINKS/$base" || continue
        ln -s "$DIR" "$PORT_LINKS/$base" 2>/dev/null || continue
        if block_is_quiet "$base"; then
            echo "$base" >"$DIR/ports"
            return
        fi
        rm -f "$PORT_LINKS/$base"
    done
    die "found no free block of $PORT_BLOCK ports from $PORT_FIRST on; see $PORT_LINKS"
}

give_back_ports()
{
    local link
    for link in "$PORT_LINKS"/*; do
        [[ $(readlink "$link") != "$DIR" ]] || rm -f "$link"
    done
    rmdir "$PORT_LINKS" 2>/dev/null || true # others still use it
}
