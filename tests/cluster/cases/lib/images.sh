# shellcheck shell=bash
# An image server: real nginx on loopback, real disk images.
#
#   $HTTP/NAME, $HTTPS/NAME    as fast as it can
#   $HTTP/slow/NAME            4 MiB/s a connection, so that something can happen in mid-fill
#   $HTTP/auth/NAME            user "decant", password "let-me-in"
#   $HTTP/norange/NAME         Range is ignored
#   $HTTP/demo/NAME            96 MiB/s, slow enough to watch
#   $HTTP/broken               503
# $IMAGES is the served folder, $IMAGES_CA the certificate that https presents.

# free_port: a TCP port that nobody listens on now.
free_port()
{
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# ext4_image FILE MIB [FOLDER]: a disk image with a real file system and real files in it.
ext4_image()
{
    local staged
    staged=$(mktemp -d)
    cp -a "${3:-/usr/share/perl5}" "$staged/" 2>/dev/null || cp -a /etc "$staged/"
    rm -f "$1"
    truncate -s "$2M" "$1"
    mkfs.ext4 -q -F -d "$staged" "$1"
    rm -rf "$staged"
}

# start_images DIR: exports HTTP, HTTPS, IMAGES, IMAGES_CA, IMAGES_DIR.
start_images()
{
    export IMAGES_DIR=$1 IMAGES=$1/www IMAGES_CA=$1/ca.crt
    local http https
    http=$(free_port)
    https=$(free_port)
    mkdir -p "$IMAGES" "$1/tmp"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
        -subj /CN=image-server -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' \
        -keyout "$1/tls.key" -out "$IMAGES_CA" 2>/dev/null
    printf 'decant:%s\n' "$(openssl passwd -apr1 let-me-in)" >"$1/htpasswd"
    cat >"$1/nginx.conf" <<EOF
daemon on;
pid $1/nginx.pid;
error_log $1/error.log;
worker_processes 1;
user root;
events {}
http {
    access_log $1/access.log;
    sendfile on;
    etag on;
    client_body_temp_path $1/tmp; proxy_temp_path $1/tmp; fastcgi_temp_path $1/tmp;
    uwsgi_temp_path $1/tmp; scgi_temp_path $1/tmp;
    server {
        listen 127.0.0.1:$http;
        listen 127.0.0.1:$https ssl;
        ssl_certificate $IMAGES_CA;
        ssl_certificate_key $1/tls.key;
        root $IMAGES;
        location /slow/ { alias $IMAGES/; limit_rate 4m; }
        location /norange/ { alias $IMAGES/; max_ranges 0; }
        location /auth/ {
            alias $IMAGES/;
            auth_basic images;
            auth_basic_user_file $1/htpasswd;
        }
        location /demo/ { alias $IMAGES/; limit_rate 96m; }
        location /broken { return 503; }
    }
}
EOF
    nginx -c "$1/nginx.conf" -e "$1/error.log"
    export HTTP=http://127.0.0.1:$http HTTPS=https://localhost:$https
}

stop_images()
{
    [[ -f ${IMAGES_DIR:-/nonexistent}/nginx.pid ]] || return 0
    kill "$(<"$IMAGES_DIR/nginx.pid")" 2>/dev/null || true
}
