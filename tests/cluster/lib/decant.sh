# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Decant's own programs and the CSI sidecars beside its reference driver.

readonly DECANT_PROGRAMS=(decant-csi decant-node decant-controller)

# check_programs BIN: stop before anything is started if one is missing.
check_programs()
{
    local program
    for program in "${DECANT_PROGRAMS[@]}"; do
        [[ -x $1/$program ]] ||
            die "$1/$program is missing: build it, name another --bin, or use --no-decant"
    done
}

# One provisioner on each node, as beside any driver of local volumes. Its waits before it
# takes a claim are meant for hundreds of nodes that want the same one.
define_provisioner()
{
    define "csi-provisioner.$1" NODE_NAME="$1" "$PROGRAMS/csi-provisioner" \
        --kubeconfig="$DIR/decant-csi.kubeconfig" --csi-address="unix://$(csi_socket "$1")" \
        --feature-gates=Topology=true --strict-topology --immediate-topology=false \
        --node-deployment --node-deployment-immediate-binding=true \
        --node-deployment-base-delay=10ms --node-deployment-max-delay=1s \
        --kube-api-qps=500 --kube-api-burst=1000 --worker-threads=100 \
        --retry-interval-start=100ms --retry-interval-max=2s --default-fstype=ext4 \
        --extra-create-metadata
}

define_attacher()
{
    define csi-attacher "$PROGRAMS/csi-attacher" \
        --kubeconfig="$DIR/decant-csi.kubeconfig" --csi-address="unix://$(csi_socket "$1")" \
        --kube-api-qps=500 --kube-api-burst=1000 --worker-threads=100 \
        --retry-interval-start=100ms --retry-interval-max=2s --default-fstype=ext4
}

# define_node_programs BIN NODE
define_node_programs()
{
    local bin=$1 node=$2 home=$DIR/$2
    mkdir -p "$home/csi-data" "$home/state" "$home/kubelet/plugins/$DRIVER" \
        "$home/kubelet/plugins_registry"
    define "decant-csi.$node" "$bin/decant-csi" --endpoint "unix://$(csi_socket "$node")" \
        --node-id "$node" --data-dir "$home/csi-data"
    define_provisioner "$node"
    define "decant-node.$node" "$bin/decant-node" --node-name "$node" \
        --listen "127.0.0.1:$(port "decant-node.$node")" --tls-dir "$DIR/tls/node" \
        --kubelet-dir "$home/kubelet" --state-dir "$home/state"
}

# start_decant BIN NODE...
start_decant()
{
    local bin=$1 node name
    shift
    "$REPO/deploy/certs" "$DIR/tls" >/dev/null
    token_kubeconfig "$DIR/decant-csi.kubeconfig" decant-csi
    token_kubeconfig "$DIR/decant-controller.kubeconfig" decant-controller

    for node in "$@"; do
        define_node_programs "$bin" "$node"
        launch "decant-csi.$node"
        launch "decant-node.$node"
    done
    make_agent_pods "$@"
    for node in "$@"; do
        await "decant-csi.$node" 10
        await "decant-node.$node" 10
        launch "csi-provisioner.$node"
    done
    define_attacher "$1"
    launch csi-attacher
    define decant-controller "$bin/decant-controller" \
        --kubeconfig "$DIR/decant-controller.kubeconfig" --namespace decant-system \
        --volumes-namespace decant-volumes --tls-dir "$DIR/tls/controller" \
        --direct-driver "$DRIVER"
    launch decant-controller
    for name in $(process_names); do
        await "$name" 10
    done
}
