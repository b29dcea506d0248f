# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Certificates and kubeconfigs of the control plane: DIR/pki, made anew for each cluster.

# openssl_config CA SUBJECT EXTENSION...: CA is "true" or "false".
openssl_config()
{
    local ca=$1 subject=$2
    shift 2
    printf '[req]\nprompt = no\ndistinguished_name = dn\nx509_extensions = ext\n[dn]\n'
    tr , '\n' <<<"$subject"
    printf '[ext]\nbasicConstraints = critical,CA:%s\nsubjectKeyIdentifier = hash\n' "$ca"
    printf '%s\n' "$@"
}

# certify NAME ISSUER SUBJECT EXTENSION...: NAME.key and NAME.crt; ISSUER "" makes an authority.
certify()
{
    local name=$1 issuer=$2 subject=$3 by=() ca=true
    shift 3
    if [[ -n $issuer ]]; then
        by=(-CA "$DIR/pki/$issuer.crt" -CAkey "$DIR/pki/$issuer.key")
        ca=false
    fi
    openssl req -x509 -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -sha256 \
        -days 3650 -config <(openssl_config $ca "$subject" "$@") "${by[@]}" \
        -keyout "$DIR/pki/$name.key" -out "$DIR/pki/$name.crt" 2>>"$DIR/log/openssl.log" ||
        die "openssl cannot make the certificate $name; see $DIR/log/openssl.log"
}

make_pki()
{
    local local_names="DNS:localhost,IP:127.0.0.1" service client=extendedKeyUsage=clientAuth
    service="DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,IP:10.96.0.1"

    certify ca "" "CN=decant-test-ca" keyUsage=critical,keyCertSign,cRLSign
    certify kube-apiserver ca "CN=kube-apiserver" extendedKeyUsage=serverAuth \
        "subjectAltName=$local_names,$service"
    certify admin ca "O=system:masters,CN=admin" $client
    certify kube-controller-manager ca "CN=system:kube-controller-manager" $client
    certify kube-scheduler ca "CN=system:kube-scheduler" $client

    # An authority of its own: whoever it certifies may do anything to etcd.
    certify etcd-ca "" "CN=decant-test-etcd-ca" keyUsage=critical,keyCertSign,cRLSign
    certify etcd etcd-ca "CN=etcd" extendedKeyUsage=serverAuth,clientAuth \
        "subjectAltName=$local_names"

    # The pair that signs ServiceAccount tokens.
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 \
        -out "$DIR/pki/sa.key" 2>>"$DIR/log/openssl.log"
    openssl pkey -in "$DIR/pki/sa.key" -pubout -out "$DIR/pki/sa.pub"
}

# kubeconfig FILE USER-LINE...: the lines say who, as in the `user` of a kubeconfig.
kubeconfig()
{
    local file=$1
    shift
    {
        cat <<EOF
apiVersion: v1
kind: Config
current-context: test
contexts: [{name: test, context: {cluster: test, user: test}}]
clusters:
  - name: test
    cluster:
      server: https://127.0.0.1:$(port kube-apiserver)
      certificate-authority: $DIR/pki/ca.crt
users:
  - name: test
    user:
EOF
        printf '      %s\n' "$@"
    } >"$file"
}

# certificate_kubeconfig FILE NAME: the identity of the certificate NAME.
certificate_kubeconfig()
{
    kubeconfig "$1" "client-certificate: $DIR/pki/$2.crt" "client-key: $DIR/pki/$2.key"
}

# token_kubeconfig FILE ACCOUNT: the identity of a ServiceAccount in decant-system, and thus
# exactly the rights that deploy/ gives it.
token_kubeconfig()
{
    local token
    token=$(kube -n decant-system create token "$2" --duration=720h) ||
        die "no token for ServiceAccount $2 in decant-system: do deploy/rbac and deploy/csi have it?"
    kubeconfig "$1" "token: $token"
}
