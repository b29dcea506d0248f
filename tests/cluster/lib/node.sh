# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What a kubelet would write: the Node, its CSINode, and the agent's Pod.

readonly DRIVER=csi.decant.dev
readonly TOPOLOGY_KEY=topology.csi.decant.dev/node # as decant-csi answers in NodeGetInfo

csi_socket() { echo "$DIR/$1/kubelet/plugins/$DRIVER/csi.sock"; }

# The kernel's limit for the path of a unix socket, without the closing zero.
check_socket_length()
{
    local path
    path=$(csi_socket "$1")
    ((${#path} <= 107)) ||
        die "$path has ${#path} characters, and a unix socket may have 107: use a shorter --dir"
}

node_objects()
{
    local arch
    arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
    cat <<EOF
---
apiVersion: v1
kind: Node
metadata:
  name: $1
  labels:
    kubernetes.io/hostname: $1
    kubernetes.io/os: linux
    kubernetes.io/arch: $arch
    $TOPOLOGY_KEY: $1
---
apiVersion: storage.k8s.io/v1
kind: CSINode
metadata: {name: $1}
spec:
  drivers: [{name: $DRIVER, nodeID: $1, topologyKeys: [$TOPOLOGY_KEY]}]
EOF
}

node_status='{"status": {
  "capacity":    {"cpu": "16", "memory": "64Gi", "pods": "500"},
  "allocatable": {"cpu": "16", "memory": "64Gi", "pods": "500"},
  "addresses":   [{"type": "InternalIP", "address": "127.0.0.1"}],
  "conditions":  [{"type": "Ready", "status": "True", "reason": "TestCluster"}]}}'

# make_nodes NODE...: Ready, and without the taint that admission puts on a new Node.
make_nodes()
{
    local node
    {
        for node in "$@"; do node_objects "$node"; done | kube create -f -
        kube patch node "$@" --subresource=status -p "$node_status"
        kube patch node "$@" --type=json \
            -p '[{"op": "replace", "path": "/spec/taints", "value": []}]'
    } >>"$DIR/log/apply.log"
}

agent_pod()
{
    cat <<EOF
---
apiVersion: v1
kind: Pod
metadata:
  name: decant-node-$1
  namespace: decant-system
  labels: {app.kubernetes.io/name: decant-node}
spec:
  nodeName: $1
  hostNetwork: true
  serviceAccountName: decant-node
  automountServiceAccountToken: false
  containers:
    - name: decant-node
      image: localhost/decant
      ports: [{name: fills, containerPort: $(port "decant-node.$1")}]
EOF
}

agent_status()
{
    local now
    now=$(date -u +%FT%TZ)
    cat <<EOF
{"status": {
  "phase": "Running", "hostIP": "127.0.0.1", "hostIPs": [{"ip": "127.0.0.1"}],
  "podIP": "127.0.0.1", "podIPs": [{"ip": "127.0.0.1"}], "startTime": "$now",
  "conditions": [{"type": "Ready", "status": "True"},
                 {"type": "ContainersReady", "status": "True"}],
  "containerStatuses": [{"name": "decant-node", "ready": true, "started": true,
                         "restartCount": 0, "image": "localhost/decant", "imageID": "",
                         "state": {"running": {"startedAt": "$now"}}}]}}
EOF
}

# make_agent_pods NODE...: one Pod each, said to run at 127.0.0.1 with its own port.
make_agent_pods()
{
    local node
    {
        for node in "$@"; do agent_pod "$node"; done | kube create -f -
        kube -n decant-system patch pod "${@/#/decant-node-}" --subresource=status \
            -p "$(agent_status)"
    } >>"$DIR/log/apply.log"
}
