# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The control plane: etcd, kube-apiserver, kube-controller-manager, kube-scheduler.

# kubectl as the administrator. Its cache goes with the cluster, not to the user's home.
kube() { KUBECACHEDIR=$DIR/kubectl-cache "$PROGRAMS/kubectl" --kubeconfig "$DIR/kubeconfig" "$@"; }

define_etcd()
{
    local client peer pki=$DIR/pki
    client=https://127.0.0.1:$(port etcd)
    peer=https://127.0.0.1:$(port etcd-peer)
    define etcd ETCD_UNSUPPORTED_ARCH="$(uname -m | sed s/aarch64/arm64/)" etcd \
        --name=test --data-dir="$DIR/etcd" --logger=zap --log-level=warn \
        --listen-client-urls="$client" --advertise-client-urls="$client" \
        --listen-peer-urls="$peer" --initial-advertise-peer-urls="$peer" \
        --initial-cluster="test=$peer" \
        --client-cert-auth --trusted-ca-file="$pki/etcd-ca.crt" \
        --cert-file="$pki/etcd.crt" --key-file="$pki/etcd.key" \
        --peer-client-cert-auth --peer-trusted-ca-file="$pki/etcd-ca.crt" \
        --peer-cert-file="$pki/etcd.crt" --peer-key-file="$pki/etcd.key"
}

# endpoint-reconciler-type: EndpointSlices refuse loopback addresses, and nobody here goes
# through the `kubernetes` Service.
define_apiserver()
{
    local pki=$DIR/pki
    define kube-apiserver "$PROGRAMS/kube-apiserver" \
        --etcd-servers="https://127.0.0.1:$(port etcd)" --etcd-cafile="$pki/etcd-ca.crt" \
        --etcd-certfile="$pki/etcd.crt" --etcd-keyfile="$pki/etcd.key" \
        --bind-address=127.0.0.1 --advertise-address=127.0.0.1 \
        --secure-port="$(port kube-apiserver)" --endpoint-reconciler-type=none \
        --tls-cert-file="$pki/kube-apiserver.crt" \
        --tls-private-key-file="$pki/kube-apiserver.key" --client-ca-file="$pki/ca.crt" \
        --service-account-issuer=https://kubernetes.default.svc \
        --service-account-key-file="$pki/sa.pub" \
        --service-account-signing-key-file="$pki/sa.key" \
        --service-cluster-ip-range=10.96.0.0/16 --allow-privileged=true \
        --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
        --audit-policy-file="$CLUSTER_SRC/audit-policy.yaml" \
        --audit-log-path="$DIR/log/audit.log" --profiling=false
}

# No node lifecycle controller: there is no kubelet to send heartbeats.
# QPS: the default (20 calls a second) would be all that a test with many claims measures.
define_controller_manager()
{
    local pki=$DIR/pki
    define kube-controller-manager "$PROGRAMS/kube-controller-manager" \
        --kubeconfig="$DIR/kube-controller-manager.kubeconfig" --leader-elect=false \
        --secure-port=0 --bind-address=127.0.0.1 \
        --controllers='*,-node-lifecycle-controller' \
        --use-service-account-credentials --service-account-private-key-file="$pki/sa.key" \
        --root-ca-file="$pki/ca.crt" --cluster-signing-cert-file="$pki/ca.crt" \
        --cluster-signing-key-file="$pki/ca.key" \
        --flex-volume-plugin-dir="$DIR/flexvolume" \
        --kube-api-qps=500 --kube-api-burst=1000 --profiling=false
}

define_scheduler()
{
    cat >"$DIR/kube-scheduler.yaml" <<EOF
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
leaderElection: {leaderElect: false}
clientConnection: {kubeconfig: $DIR/kube-scheduler.kubeconfig, qps: 500, burst: 1000}
EOF
    define kube-scheduler "$PROGRAMS/kube-scheduler" --config="$DIR/kube-scheduler.yaml" \
        --secure-port=0 --bind-address=127.0.0.1
}

start_control_plane()
{
    make_pki
    certificate_kubeconfig "$DIR/kubeconfig" admin
    certificate_kubeconfig "$DIR/kube-controller-manager.kubeconfig" kube-controller-manager
    certificate_kubeconfig "$DIR/kube-scheduler.kubeconfig" kube-scheduler

    define_etcd
    define_apiserver
    define_controller_manager
    define_scheduler
    launch etcd
    await etcd 20
    launch kube-apiserver
    await kube-apiserver 60
    launch kube-controller-manager
    launch kube-scheduler
}

# apply FILE...: the manifests of deploy/, as an installer would.
apply()
{
    local file files=()
    for file in "$@"; do
        # A kustomization is for kustomize; what it lists is here as well.
        [[ ! -f $file || $file == */kustomization.yaml ]] || files+=(-f "$file")
    done
    ((${#files[@]})) || return 0
    kube apply --server-side "${files[@]}" >>"$DIR/log/apply.log" 2>&1 || {
        tail -n 12 "$DIR/log/apply.log" >&2
        die "cannot apply the manifests of deploy/: the whole log is $DIR/log/apply.log"
    }
}

# Of deploy/csi only what is no workload: there is no kubelet, `up` runs the programs itself.
apply_manifests()
{
    local namespace
    apply "$REPO"/deploy/crds/*.yaml
    kube wait --for=condition=Established crd --all --timeout=20s >>"$DIR/log/apply.log" 2>&1 ||
        [[ ! -d $REPO/deploy/crds ]] || die "a CRD of deploy/crds is not established; see $DIR/log/apply.log"
    apply "$REPO"/deploy/rbac/*.yaml
    for namespace in decant-system decant-volumes; do
        kube get namespace "$namespace" >/dev/null 2>&1 && continue
        say "deploy/rbac has no namespace $namespace: making a plain one"
        kube create namespace "$namespace" >>"$DIR/log/apply.log"
    done
    apply "$REPO"/deploy/csi/{rbac,csidriver,storageclass}.yaml
}
