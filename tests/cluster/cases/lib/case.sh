# shellcheck shell=bash
# What a case stands on: a namespace of its own, manifests, waiting, and looking at volumes.
# A case is a script that ends with 0 when all it expects came true. Its environment is made by
# ../run: KUBECONFIG, PATH, CLUSTER_DIR, HTTP, HTTPS, IMAGES, IMAGES_CA.
set -Eeuo pipefail

CASE=$(basename "$0")
REPO=$(dirname "$(dirname "$(dirname "$(dirname "$(dirname "$(realpath "${BASH_SOURCE[0]}")")")")")")
NS=case-${CASE//_/-}-$$
readonly GROUP=populator.cdi.kubevirt.io
# shellcheck source-path=SCRIPTDIR source=images.sh
source "$REPO/tests/cluster/cases/lib/images.sh"

cluster() { "$REPO/tests/cluster/cluster" "$@" --dir "$CLUSTER_DIR"; }

# On failure: the place, and what a person would look at next.
case_failed()
{
    local status=$? line=$1
    trap - ERR
    echo "$CASE: failed at line $line: $BASH_COMMAND"
    kubectl get pvc,imports,populations -n "$NS" -o wide 2>&1 || true
    kubectl get events -n "$NS" --sort-by=.lastTimestamp 2>&1 | tail -n 15 || true
    kubectl get pvc -n decant-volumes -o wide 2>&1 || true
    kubectl get pv 2>&1 || true
    tail -n 15 "$CLUSTER_DIR"/log/decant-*.log 2>/dev/null || true
    kubectl delete namespace "$NS" --wait=false >/dev/null 2>&1 || true
    exit $((status == 0 ? 1 : status))
}

case_begin()
{
    trap 'case_failed $LINENO' ERR
    kubectl create namespace "$NS" >/dev/null
}

# Delete what the case made, and see that nothing of it stays anywhere.
case_end()
{
    kubectl delete pvc --all -n "$NS" --wait=true --timeout=30s >/dev/null
    nothing_left
    kubectl delete namespace "$NS" --wait=false >/dev/null
}

die()
{
    echo "$CASE: $*"
    false
}

# eventually SECONDS COMMAND...: try until it succeeds, ten times a second.
eventually()
{
    local until=$(($(date +%s%3N) + $1 * 1000))
    shift
    while ! "$@" >/dev/null 2>&1; do
        if (($(date +%s%3N) > until)); then
            "$@" || echo "still not so: $*"
            return 1
        fi
        sleep 0.1
    done
}

apply() { kubectl apply -f - >/dev/null; }

# import_yaml NAME URL [EXTRA-YAML-LINE...]: extra lines stand below spec (two spaces deep).
import_yaml()
{
    local name=$1 url=$2
    shift 2
    cat <<EOF
---
apiVersion: $GROUP/v1alpha1
kind: Import
metadata: {name: $name, namespace: $NS}
spec:
  http:
    url: "$url"
EOF
    (($# == 0)) || printf '%s\n' "$@"
}

import() { import_yaml "$@" | apply; }

# claim_yaml NAME IMPORT SIZE [Block|Filesystem] [CLASS]
claim_yaml()
{
    cat <<EOF
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: $1, namespace: $NS}
spec:
  dataSourceRef: {apiGroup: $GROUP, kind: Import, name: $2}
  storageClassName: ${5:-decant}
  volumeMode: ${4:-Block}
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: $3}}
EOF
}

claim() { claim_yaml "$@" | apply; }

field() { kubectl get "$1" -n "$NS" -o "jsonpath={$2}"; }

bound() # NAME [SECONDS]
{
    kubectl wait -n "$NS" "pvc/$1" --for=jsonpath='{.status.phase}'=Bound \
        --timeout="${2:-60}s" >/dev/null
}

has_event() # CLAIM REASON [TEXT]
{
    kubectl get events -n "$NS" -o json | jq -e --arg name "$1" --arg reason "$2" \
        --arg text "${3:-}" '.items[] | select(.involvedObject.name == $name and
        .involvedObject.kind == "PersistentVolumeClaim" and .reason == $reason and
        (.message | contains($text)))' >/dev/null
}

population_is() # CLAIM PHASE [TEXT-IN-STATUS]
{
    [[ $(field "population/$1" .status.phase) == "$2" ]] &&
        kubectl get "population/$1" -n "$NS" -o json | jq -c .status | grep -qF -- "${3:-}"
}

volume_of() { field "pvc/$1" .spec.volumeName; }

# backing_file CLAIM: the file behind the claim's volume on the node's disk.
backing_file()
{
    local handle
    handle=$(kubectl get pv -o json | jq -r --arg ns "$NS" --arg name "$1" '.items[] |
        select(.spec.claimRef.namespace == $ns and .spec.claimRef.name == $name) |
        .spec.csi.volumeHandle')
    [[ $handle ]] || return 1
    find "$CLUSTER_DIR"/*/csi-data -path "*$handle*" -type f -size +64k
}

# zero_from FILE OFFSET: all that is in FILE from OFFSET on reads as zeros; in a large file holes
# are skipped.
zero_from()
{
    local left=$(($(stat -c %s "$1") - $2))
    if ((left < 256 << 20)); then
        cmp -i "$2:0" -n "$left" "$1" /dev/zero
        return
    fi
    python3 - "$1" "$2" <<'EOF'
import errno, os, sys
fd, at = os.open(sys.argv[1], os.O_RDONLY), int(sys.argv[2])
end = os.fstat(fd).st_size
while at < end:
    try:
        at = os.lseek(fd, at, os.SEEK_DATA)
    except OSError as e:
        if e.errno == errno.ENXIO:
            break
        raise
    piece = os.pread(fd, min(1 << 20, end - at), at)
    if piece.strip(b"\0"):
        sys.exit(f"{sys.argv[1]}: not zero within {len(piece)} bytes from {at}")
    at += len(piece)
EOF
}

# holds_image CLAIM FILE: the volume starts with the file's bytes and is zero after them.
holds_image()
{
    local volume size
    volume=$(backing_file "$1")
    size=$(stat -c %s "$2")
    cmp -n "$size" "$2" "$volume"
    zero_from "$volume" "$size"
}

# digest_told CLAIM FILE: the Population names the digest of the bytes as served.
digest_told()
{
    [[ $(field "population/$1" .status.digest) == "sha256:$(sha256sum "$2" | cut -d' ' -f1)" ]]
}

# writes_of_ours CLAIM: how often the controller asked to write the claim.
writes_of_ours()
{
    jq -rs --arg ns "$NS" --arg name "$1" '[.[] | select(
        .user.username == "system:serviceaccount:decant-system:decant-controller" and
        .objectRef.resource == "persistentvolumeclaims" and
        .objectRef.namespace == $ns and .objectRef.name == $name)] | length' \
        "$CLUSTER_DIR/log/audit.log"
}

# Nothing of a finished or deleted claim may stay: on the API, on the node's disk, mounted.
none_hidden() { [[ -z $(kubectl get pvc -n decant-volumes -o name) ]]; }
none_attached() { [[ -z $(find "$CLUSTER_DIR"/*/kubelet/plugins/kubernetes.io -mindepth 2 -name 'prime-*' 2>/dev/null) ]]; }
no_journal() { [[ -z $(find "$CLUSTER_DIR"/*/state -type f ! -name lock 2>/dev/null) ]]; }
no_volume() { [[ -z $(kubectl get pv -o json | jq -r --arg ns "$NS" '.items[] | select(.spec.claimRef.namespace == $ns or .spec.claimRef.namespace == "decant-volumes") | .metadata.name') ]]; }
nothing_mounted() { ! grep -q " $CLUSTER_DIR/[^ ]*/kubelet/plugins/kubernetes.io" /proc/mounts; }

nothing_left()
{
    eventually 20 none_hidden
    eventually 20 no_volume
    eventually 10 nothing_mounted
    eventually 10 no_journal
    eventually 10 none_attached
}
